use proptest::prelude::*;

use super::*;

fn key() -> PersonKey {
    PersonKey::new(std::array::from_fn(|n| u8::try_from(n).unwrap()))
}

fn hex(text: &str) -> Vec<u8> {
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
}

/// A value, a wrapped key and a pseudonym as version 1 writes them; every later program must read them.
#[test]
fn version_1_still_reads_and_writes_the_same() {
    let sealed = hex(SEALED_V1);
    assert_eq!(key().seal("u:7", "email", [9; 12], b"ann@shop.example").unwrap(), sealed);
    assert_eq!(*key().open("u:7", "email", &sealed).unwrap(), b"ann@shop.example");
    let masters = MasterKeys::parse(KEYS_V1).unwrap();
    assert_eq!(masters.ids().collect::<Vec<_>>(), ["old", "mk-66687aad"]);
    let wrapped = masters.wrap("u:7", &key(), [3; 12]).unwrap();
    assert_eq!(wrapped, hex(WRAPPED_V1));
    assert_eq!(masters.unwrap("u:7", &hex(WRAPPED_V1)).unwrap().bytes(), key().bytes());
    let epoch = Epoch { number: 3, salt: zeroize::Zeroizing::new([5; 32]) };
    assert_eq!(epoch.pseudonym(Identifier::Email, "ann@shop.example"), PSEUDONYM_V1);
    assert!(is_pseudonym(PSEUDONYM_V1));
    let again = MasterKeys::parse(&masters.to_text()).unwrap();
    assert_eq!(again.to_text(), masters.to_text());
}

const SEALED_V1: &str =
    "0109090909090909090909090921c5632e9de263e739b58adc055d0357f0f7a130be0382d83aadb0bfba26b800";
const WRAPPED_V1: &str = "010b6d6b2d3636363837616164030303030303030303030303e1c6a7b484a2d5ea7bb2be08890c4740f1824c80d469835f0b39e75179e9f1aee1903d472dabedfba63c94562207e836";
/// As Python makes it: `b32encode(hmac.new(b"\5" * 32, b"em\0ann@shop.example", "sha256").digest()[:20])`.
const PSEUDONYM_V1: &str = "em_3_7wf2dixnz4nq3r766pepvqqvbnpe44v6";
const KEYS_V1: &str = "# any words\nold AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=\n\
    AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n";

#[test]
fn texts_that_hold_no_keys_are_told_without_what_they_hold() {
    for bad in [
        "",
        "# nothing",
        "k secret-words",
        "AAAA",
        "a AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=\na AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=",
    ] {
        let told = MasterKeys::parse(bad).unwrap_err().to_string();
        assert!(!told.contains("secret-words") && !told.contains("AQEB"), "{told}");
    }
}

proptest! {
    #[test]
    fn only_the_right_key_person_and_field_open(
        value in prop::collection::vec(any::<u8>(), 0..200),
        person in "[ua]:[a-z]{1,8}", field in "[a-z.]{1,12}",
        other in "[ua]:[a-z]{1,8}", nonce: [u8; 12], flip in any::<(usize, u8)>(),
    ) {
        let sealed = key().seal(&person, &field, nonce, &value).unwrap();
        prop_assert_eq!(&*key().open(&person, &field, &sealed).unwrap(), &value);
        if other != person {
            prop_assert_eq!(key().open(&other, &field, &sealed).err(), Some(VaultCryptoError::DoesNotOpen));
        }
        let longer = format!("{field}x");
        prop_assert!(key().open(&person, &longer, &sealed).is_err());
        // The end of the person and the beginning of the field do not run into one another.
        let (moved, rest) = person.split_at(person.len() - 1);
        let shifted = format!("{rest}{field}");
        prop_assert!(key().open(moved, &shifted, &sealed).is_err());
        prop_assert!(PersonKey::new([7; 32]).open(&person, &field, &sealed).is_err());
        let (at, bit) = (flip.0 % sealed.len(), 1 << (flip.1 % 8));
        let mut damaged = sealed.clone();
        damaged[at] ^= bit;
        prop_assert!(key().open(&person, &field, &damaged).is_err());
        prop_assert!(key().open(&person, &field, &sealed[..at]).is_err());
    }

    #[test]
    fn a_wrapped_key_survives_rotation_until_its_master_is_gone(one: [u8; 32], two: [u8; 32], nonce: [u8; 12]) {
        prop_assume!(one != two);
        let first = MasterKeys::one(MasterKey::new(one));
        let wrapped = first.wrap("u:1", &key(), nonce).unwrap();
        let both = first.with(MasterKey::new(two));
        let opened = both.unwrap("u:1", &wrapped).unwrap();
        let again = both.wrap("u:1", &opened, nonce).unwrap();
        let last = both.only_in_use();
        let (last_one, own) = (last.unwrap("u:1", &again).unwrap(), key());
        prop_assert_eq!(last_one.bytes(), own.bytes());
        let is_unknown = matches!(last.unwrap("u:1", &wrapped), Err(VaultCryptoError::UnknownMaster(_)));
        prop_assert!(is_unknown);
        prop_assert!(both.unwrap("u:2", &again).is_err());
    }
}

#[test]
fn an_epoch_overlaps_with_the_next_and_with_no_other() {
    let salt = |n: u8| zeroize::Zeroizing::new([n; 32]);
    let first = Epochs { current: Epoch { number: 1, salt: salt(1) }, previous: None };
    let names = |epochs: &Epochs| epochs.names(Identifier::Email, "a@b.example").collect::<Vec<_>>();
    let [one] = names(&first).try_into().unwrap();
    let second = first.next([2; 32]);
    let [two, found] = <[String; 2]>::try_from(names(&second)).unwrap();
    assert_eq!(found, one);
    let third = names(&second.next([3; 32]));
    assert!(third.contains(&two) && !third.contains(&one));
    assert_ne!(first.current.pseudonym(Identifier::Phone, "a@b.example"), one);
}

#[test]
fn what_is_a_pseudonym() {
    assert!(!is_pseudonym("em_1_short") && !is_pseudonym("em__") && !is_pseudonym("ann@shop.example"));
    assert!(!is_pseudonym(&format!("em_x_{}", "a".repeat(32))));
    assert!(is_pseudonym(&format!("ph_12_{}", "a".repeat(32))));
}

#[test]
fn one_address_has_one_spelling() {
    for text in [
        " Ann.O@Shop.EXAMPLE ",
        "ann.o@shop.example",
        "mailto:ann.o@shop.example",
        "<ann.o@shop.example>",
        "ann.o＠shop.example",
        "ann.o@shop.example.",
    ] {
        assert_eq!(email(text).as_deref(), Some("ann.o@shop.example"), "{text}");
    }
    assert_eq!(email("ÄNN@bücher.example").as_deref(), Some("änn@bücher.example"));
    for text in ["", "ann", "@shop.example", "ann@", "ann o@shop.example"] {
        assert_eq!(email(text), None, "{text}");
    }
}

#[test]
fn one_number_has_one_spelling() {
    for text in [
        "+49 170 1234567",
        "0049-170-1234567",
        "+49 (0)170 / 123 45 67",
        "0170 1234567",
        "tel:+491701234567",
        "(0170) 1234567",
        "＋４９ 170 1234567",
    ] {
        assert_eq!(phone(text, Some("49")).as_deref(), Some("+491701234567"), "{text}");
    }
    assert_eq!(phone("0170 1234567", None), None);
    assert_eq!(phone("(555) 123-4567", Some("1")).as_deref(), Some("+15551234567"));
    for text in ["", "+49", "12ab", "+1234567890123456", "1+234567890", "+0123456789"] {
        assert_eq!(phone(text, None), None, "{text}");
    }
}
