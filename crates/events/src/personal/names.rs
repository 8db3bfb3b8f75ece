//! Which names say that a value is personal.

use std::sync::LazyLock;

use rustc_hash::{FxHashMap, FxHashSet};

/// Where a member stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Zone {
    /// Anywhere else.
    Plain,
    /// In what is said of a group of people, such as a company.
    Group,
    /// In what is said of a person: `traits`, `customer`, …
    Person,
    /// In what is said of where to send or bill something.
    Place,
}

/// What a name says of its value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Class {
    Email,
    Phone,
    /// Of a person, whatever its form.
    Personal,
    /// An object, or a list of them, that tells of a person.
    Person,
    /// An object that tells where to send something, a price otherwise.
    Place,
    /// Nothing.
    Free,
}

/// The longest name that is looked at, in letters and digits.
const MAX_NAME: usize = 32;

/// A name's letters and digits in lower case.
pub(super) fn plain(name: &str) -> String {
    name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// Names of e-mail addresses.
const EMAIL: [&str; 14] = [
    "email",
    "emails",
    "mail",
    "emailaddress",
    "emailaddresses",
    "useremail",
    "customeremail",
    "contactemail",
    "billingemail",
    "shippingemail",
    "primaryemail",
    "workemail",
    "newemail",
    "oldemail",
];
/// Names of telephone numbers.
const PHONE: [&str; 19] = [
    "phone",
    "phones",
    "phonenumber",
    "phonenumbers",
    "mobile",
    "mobilephone",
    "mobilenumber",
    "telephone",
    "tel",
    "cellphone",
    "homephone",
    "workphone",
    "contactphone",
    "customerphone",
    "userphone",
    "billingphone",
    "shippingphone",
    "smsnumber",
    "whatsapp",
];
/// Names of what is personal wherever it stands.
const PERSONAL: [&str; 55] = [
    "firstname",
    "lastname",
    "middlename",
    "fullname",
    "surname",
    "familyname",
    "givenname",
    "maidenname",
    "username",
    "nickname",
    "customername",
    "contactname",
    "birthday",
    "birthdate",
    "dateofbirth",
    "dob",
    "ssn",
    "taxid",
    "nationalid",
    "passportnumber",
    "iban",
    "sha256emailaddress",
    "sha256phonenumber",
    "sha256firstname",
    "sha256lastname",
    "sha256street",
    "emailhash",
    "hashedemail",
    "emailsha256",
    "emailmd5",
    "phonehash",
    "hashedphone",
    "phonesha256",
    "address",
    "addresses",
    "shippingaddress",
    "billingaddress",
    "deliveryaddress",
    "defaultaddress",
    "homeaddress",
    "postaladdress",
    "useraddress",
    "street",
    "streetaddress",
    "streetname",
    "street1",
    "street2",
    "address1",
    "address2",
    "addressline1",
    "addressline2",
    "postalcode",
    "postcode",
    "zip",
    "zipcode",
];
/// Names of objects that tell of a person.
const PERSON: [&str; 12] = [
    "traits",
    "set",
    "setonce",
    "user",
    "customer",
    "person",
    "userdata",
    "userproperties",
    "recipient",
    "buyer",
    "shopper",
    "contact",
];
/// Names of objects that tell where to send something.
const PLACE: [&str; 4] = ["shipping", "billing", "delivery", "destination"];
/// Names of what is personal in what is said of a person.
const OF_PERSON: [&str; 3] = ["avatar", "initials", "displayname"];
/// Names of what is personal in what is said of a place.
const OF_PLACE: [&str; 14] = [
    "city",
    "state",
    "province",
    "provincecode",
    "region",
    "county",
    "country",
    "countrycode",
    "company",
    "latitude",
    "longitude",
    "line1",
    "line2",
    "housenumber",
];

/// What a name says, before it is known where it stands.
#[derive(Debug, Clone, Copy)]
enum Word {
    Anywhere(Class),
    /// `name`: of a person or where something is sent.
    Name,
    OfPerson,
    OfPlace,
}

/// All names, and how those end that count anywhere.
pub(super) struct Names {
    words: FxHashMap<&'static [u8], Word>,
    /// One bit for each three letters.
    endings: Box<[u64; ENDINGS]>,
}

/// Words of bits: five bits of each of three letters.
const ENDINGS: usize = 1 << 15 >> 6;

/// The names, made once.
pub(super) static NAMES: LazyLock<Names> = LazyLock::new(|| {
    let (mut words, mut endings) = (FxHashMap::default(), Box::new([0; ENDINGS]));
    let anywhere: [(&'static [&'static str], Class); 5] = [
        (&EMAIL, Class::Email),
        (&PHONE, Class::Phone),
        (&PERSONAL, Class::Personal),
        (&PERSON, Class::Person),
        (&PLACE, Class::Place),
    ];
    for (names, class) in anywhere {
        for name in names {
            words.insert(name.as_bytes(), Word::Anywhere(class));
            if let [.., a, b, c] = name.as_bytes() {
                let bit = ending(*a, *b, *c);
                endings[bit >> 6] |= 1 << (bit & 63);
            }
        }
    }
    words.insert(b"name", Word::Name);
    words.extend(OF_PERSON.iter().map(|name| (name.as_bytes(), Word::OfPerson)));
    words.extend(OF_PLACE.iter().map(|name| (name.as_bytes(), Word::OfPlace)));
    Names { words, endings }
});

/// The number of three letters, whatever their case.
fn ending(a: u8, b: u8, c: u8) -> usize {
    usize::from(a & 31) << 10 | usize::from(b & 31) << 5 | usize::from(c & 31)
}

impl Names {
    /// Whether some name that counts anywhere may end like this one.
    pub(super) fn may_end(&self, name: &[u8]) -> bool {
        let [.., a, b, c] = name else { return false };
        let bit = ending(*a, *b, *c);
        let is_plain = [a, b, c].iter().all(|byte| byte.is_ascii_alphanumeric());
        !is_plain || self.endings[bit >> 6] >> (bit & 63) & 1 == 1
    }

    /// What a name says where it stands. Costs no allocation.
    pub(super) fn class_of(&self, name: &[u8], zone: Zone, more: &FxHashSet<String>) -> Class {
        let mut letters = [0_u8; MAX_NAME];
        let mut length = 0;
        for byte in name.iter().filter(|byte| byte.is_ascii_alphanumeric()) {
            if length == MAX_NAME {
                return if is_more(name, more) { Class::Personal } else { Class::Free };
            }
            letters[length] = byte.to_ascii_lowercase();
            length += 1;
        }
        match self.words.get(&letters[..length]) {
            Some(Word::Anywhere(class)) => *class,
            Some(Word::Name) if matches!(zone, Zone::Person | Zone::Place) => Class::Personal,
            Some(Word::OfPerson) if zone == Zone::Person => Class::Personal,
            Some(Word::OfPlace) if zone == Zone::Place => Class::Personal,
            _ if is_more(name, more) => Class::Personal,
            _ => Class::Free,
        }
    }
}

fn is_more(name: &[u8], more: &FxHashSet<String>) -> bool {
    !more.is_empty() && std::str::from_utf8(name).is_ok_and(|name| more.contains(&plain(name)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_that_counts_anywhere_passes_the_quick_look() {
        let all = [&EMAIL[..], &PHONE, &PERSONAL, &PERSON, &PLACE].concat();
        assert!(all.len() > 90);
        for name in all {
            let (upper, first) = (name.to_uppercase(), &name[..name.len() - 1]);
            let split = format!("{first}_{}", &name[name.len() - 1..]);
            for written in [name, &upper, &split] {
                assert!(NAMES.may_end(written.as_bytes()), "{written}");
                let class = NAMES.class_of(written.as_bytes(), Zone::Plain, &FxHashSet::default());
                assert_ne!(class, Class::Free, "{written}");
            }
        }
        assert!(!NAMES.may_end(b"title") && !NAMES.may_end(b"brand") && !NAMES.may_end(b"url"));
    }

    #[test]
    fn spelling_does_not_count_and_places_do() {
        let none = FxHashSet::default();
        let class = |name: &str, zone| NAMES.class_of(name.as_bytes(), zone, &none);
        for name in ["firstName", "first_name", "First Name", "$first_name", "FIRSTNAME"] {
            assert_eq!(class(name, Zone::Plain), Class::Personal, "{name}");
        }
        assert_eq!(class("name", Zone::Plain), Class::Free);
        assert_eq!(class("name", Zone::Group), Class::Free);
        assert_eq!(class("name", Zone::Person), Class::Personal);
        assert_eq!(class("city", Zone::Place), Class::Personal);
        assert_eq!(class("product_name", Zone::Person), Class::Free);
        let more = [plain("Loyalty-Card")].into_iter().collect();
        assert_eq!(NAMES.class_of(b"loyalty_card", Zone::Plain, &more), Class::Personal);
    }
}
