use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::Mutex as PlainMutex;
use serde_json::value::RawValue;
use tempfile::TempDir;
use tradewind_embedded::FjallStore;
use tradewind_events::Kind;
use tradewind_kernel::UtcMillis;
use tradewind_people::vault::{MasterKey, is_pseudonym};
use tradewind_ports::block_on;

use super::*;

/// A source in memory that can be written.
struct InMemory(Arc<PlainMutex<MasterKeys>>);

impl MasterSource for InMemory {
    fn is_writable(&self) -> bool {
        true
    }
    fn load(&self) -> Result<MasterKeys, String> {
        Ok(self.0.lock().clone())
    }
    fn store(&self, keys: &MasterKeys) -> Result<(), String> {
        *self.0.lock() = keys.clone();
        Ok(())
    }
}

struct Place {
    dir: TempDir,
    keys: Arc<PlainMutex<MasterKeys>>,
    drawn: Arc<AtomicU64>,
}

impl Place {
    fn new() -> Self {
        let keys = Arc::new(PlainMutex::new(MasterKeys::one(MasterKey::new([1; 32]))));
        Self { dir: tempfile::tempdir().unwrap(), keys, drawn: Arc::default() }
    }

    fn store(&self) -> Arc<FjallStore> {
        Arc::new(FjallStore::open(self.dir.path(), 8 << 20).unwrap())
    }

    fn open(&self) -> Vault {
        let drawn = Arc::clone(&self.drawn);
        let entropy: Entropy = Box::new(move |bytes| {
            for chunk in bytes.chunks_mut(8) {
                let n = drawn.fetch_add(1, Ordering::Relaxed).wrapping_mul(0x9E37_79B9_7F4A_7C15);
                chunk.copy_from_slice(&n.to_le_bytes()[..chunk.len()]);
            }
        });
        let settings = VaultSettings { rules: Rules::default(), calling_code: Some("49".into()) };
        Vault::open(self.store(), Box::new(InMemory(Arc::clone(&self.keys))), settings, entropy).unwrap()
    }
}

fn identify(user: &str, traits: &str) -> Event {
    let mut event = Event::new(Kind::Identify, "m".into(), UtcMillis::new(0), UtcMillis::new(0));
    event.user_id = Some(user.into());
    event.traits = RawValue::from_string(traits.into()).ok();
    event
}

fn protect(vault: &Vault, event: Event) -> Event {
    let mut events = [event];
    block_on(vault.protect(&mut events)).unwrap();
    let [event] = events;
    event
}

fn opened(vault: &Vault, subject: &Subject) -> Vec<(String, String)> {
    let fields = vault.unseal(subject).unwrap();
    fields.into_iter().map(|f| (f.field, f.value.as_str().to_owned())).collect()
}

const ANN: &str = r#"{"email":"Ann@Shop.example","firstName":"Ann","phone":"0170 1234567","plan":"gold"}"#;

fn fields_of_ann() -> Vec<(String, String)> {
    [("traits.email", "Ann@Shop.example"), ("traits.firstName", "Ann"), ("traits.phone", "0170 1234567")]
        .map(|(f, v)| (f.to_owned(), v.to_owned()))
        .into()
}

#[test]
fn values_are_sealed_named_and_found() {
    let place = Place::new();
    let vault = place.open();
    let event = protect(&vault, identify("7", ANN));
    let traits: serde_json::Value = serde_json::from_str(event.traits.unwrap().get()).unwrap();
    assert!(
        is_pseudonym(traits["email"].as_str().unwrap()) && is_pseudonym(traits["phone"].as_str().unwrap())
    );
    assert_eq!((traits.get("firstName"), traits["plan"].as_str()), (None, Some("gold")));
    let seven = Subject::User("7".into());
    for _ in 0..2 {
        assert_eq!(opened(&vault, &seven), fields_of_ann());
        assert_eq!(vault.find(Identifier::Email, " ann@shop.EXAMPLE").unwrap(), std::slice::from_ref(&seven));
        assert_eq!(vault.find(Identifier::Phone, "+49 170 1234567").unwrap(), std::slice::from_ref(&seven));
        // What is known is not written again, and what is not is.
        protect(&vault, identify("7", ANN));
    }
    protect(&vault, identify("7", r#"{"firstName":"Anna"}"#));
    assert_eq!(opened(&vault, &seven)[1].1, "Anna");
    assert_eq!(vault.find(Identifier::Email, "bob@shop.example").unwrap(), []);
    assert_eq!(opened(&vault, &Subject::User("8".into())), []);
    drop(vault);
    assert_eq!(opened(&place.open(), &seven).len(), 3, "it is there after a restart");
}

#[test]
fn a_value_that_is_moved_to_another_person_does_not_open() {
    let place = Place::new();
    let vault = place.open();
    protect(&vault, identify("7", ANN));
    protect(&vault, identify("8", r#"{"firstName":"Bob"}"#));
    let (store, fields) = (Arc::clone(&vault.inner.store), vault.inner.tables.fields);
    let key = |person: &str| [rows::field_prefix(person), b"traits.firstName".to_vec()].concat();
    let of_ann = store.get(fields, &key("u:7")).unwrap().unwrap();
    let mut batch = tradewind_ports::Batch::default();
    batch.put(fields, key("u:8"), &of_ann);
    store.commit(&batch).unwrap();
    assert!(matches!(vault.unseal(&Subject::User("8".into())), Err(VaultError::Crypto(_))));
}

#[test]
fn a_rotated_master_leaves_everything_readable_and_the_old_one_gone() {
    let place = Place::new();
    let vault = place.open();
    for n in 0..1_200 {
        protect(&vault, identify(&n.to_string(), &format!(r#"{{"firstName":"Name{n}"}}"#)));
    }
    let old = vault.keys().unwrap().masters[0].id.clone();
    let rotated = vault.rotate_master().unwrap();
    assert_eq!(rotated.persons, 1_200);
    let report = vault.keys().unwrap();
    assert_eq!(report.masters, [MasterReport { id: rotated.master, in_use: true, persons: 1_200 }]);
    assert!(!place.keys.lock().ids().any(|id| id == old));
    drop(vault);
    let vault = place.open();
    for n in [0, 499, 500, 1_199] {
        assert_eq!(opened(&vault, &Subject::User(n.to_string()))[0].1, format!("Name{n}"));
    }
    drop(vault);
    *place.keys.lock() = MasterKeys::one(MasterKey::new([1; 32]));
    let source = Box::new(InMemory(Arc::clone(&place.keys)));
    let opened = Vault::open(place.store(), source, VaultSettings::default(), Box::new(|_| {}));
    assert!(
        matches!(opened, Err(VaultError::Crypto(VaultCryptoError::UnknownMaster(_)))),
        "the old one opens nothing"
    );
}

#[test]
fn names_lead_to_their_person_through_an_epoch_and_its_overlap_and_an_id_stays_itself() {
    let place = Place::new();
    let vault = place.open();
    let event = protect(&vault, identify("Ann@Shop.example", ANN));
    let id = event.user_id.clone().unwrap();
    let name = |event: &Event| event.traits.as_ref().unwrap().get().to_owned();
    assert!(is_pseudonym(&id));
    let ann = Subject::User(id.clone());
    let mut names = vec![name(&event)];
    for epoch in 2..5 {
        let renamed = vault.rotate_pseudonyms().unwrap();
        assert_eq!((renamed.epoch, renamed.names), (epoch, 3));
        assert_eq!(vault.subject(Subject::User("ann@shop.example".into())), ann);
        assert_eq!(vault.find(Identifier::Email, "ann@shop.example").unwrap(), std::slice::from_ref(&ann));
        let event = protect(&vault, identify("ann@SHOP.example", ANN));
        assert_eq!(event.user_id.as_deref(), Some(id.as_str()));
        assert!(!names.contains(&name(&event)), "names change with the epoch");
        names.push(name(&event));
    }
    // Names of an epoch that is gone lead to nobody.
    let (store, tables) = (&vault.inner.store, &vault.inner.tables);
    let rows = store.scan(tables.index, b"").chain(store.scan(tables.ids, b""));
    let keys: Vec<String> = rows.map(|row| String::from_utf8_lossy(&row.unwrap().0).into_owned()).collect();
    assert!(
        keys.iter().any(|key| key.starts_with("em_3_")) && keys.iter().any(|key| key.starts_with("em_4_"))
    );
    assert!(!keys.iter().any(|key| key.starts_with("em_1_") || key.starts_with("ph_2_")), "{keys:?}");
    assert!(store.get(tables.meta, rows::RENAMING).unwrap().is_none());
    drop(vault);
    assert_eq!(place.open().subject(Subject::User("ann@shop.example".into())), ann);
}

#[test]
fn an_id_of_the_epoch_before_is_found_while_the_names_are_being_made() {
    let place = Place::new();
    let vault = place.open();
    let id = protect(&vault, identify("Ann@Shop.example", ANN)).user_id.unwrap();
    writer::alone(&vault.jobs, Inner::begin_epoch).unwrap().unwrap();
    assert_eq!(vault.id("ann@shop.example"), id.as_str());
    assert_eq!(vault.find(Identifier::Email, "ann@shop.example").unwrap().len(), 1);
    // A crash here: the next rotation finishes first, so nobody is lost.
    drop(vault);
    let vault = place.open();
    vault.rotate_pseudonyms().unwrap();
    vault.rotate_pseudonyms().unwrap();
    assert_eq!(vault.id("ann@shop.example"), id.as_str());
}

#[test]
fn who_is_destroyed_is_found_by_nothing() {
    let place = Place::new();
    let vault = place.open();
    let id = protect(&vault, identify("ann@shop.example", ANN)).user_id.unwrap();
    protect(&vault, identify("8", r#"{"email":"bob@shop.example"}"#));
    let ann = Subject::User(id);
    assert_eq!(block_on(vault.destroy(&ann)).unwrap(), 4);
    block_on(vault.purge()).unwrap();
    assert_eq!(opened(&vault, &ann), []);
    assert_eq!(vault.find(Identifier::Email, "ann@shop.example").unwrap(), []);
    assert_eq!(vault.find(Identifier::Email, "bob@shop.example").unwrap().len(), 1);
    let tables = &vault.inner.tables;
    let all = [tables.persons, tables.fields, tables.index, tables.ids, tables.meta];
    let rows: Vec<_> = all.iter().flat_map(|table| vault.inner.store.scan(*table, b"")).collect();
    assert_eq!(rows.len(), 4, "one person, one field, one name, one epoch");
    // Nothing is believed to be sealed that is not there any more.
    protect(&vault, identify("ann@shop.example", ANN));
    assert_eq!(opened(&vault, &ann).len(), 4);
}

#[test]
fn a_message_that_is_kept_unread_is_sealed_for_whom_it_names() {
    let place = Place::new();
    let vault = place.open();
    let message = format!(r#"{{"userId":"7","type":"nothing","traits":{ANN}}}"#);
    let left = block_on(vault.protect_message(&message)).unwrap().unwrap();
    assert!(!left.contains("Ann") && !left.contains("0170") && left.contains("gold"), "{left}");
    assert_eq!(opened(&vault, &Subject::User("7".into())), fields_of_ann());
    // Read again later, it says the same and takes nothing away.
    let traits = serde_json::from_str::<serde_json::Value>(&left).unwrap()["traits"].to_string();
    let again = protect(&vault, identify("7", &traits));
    assert_eq!(again.traits.unwrap().get(), traits);
    assert_eq!(opened(&vault, &Subject::User("7".into())), fields_of_ann());
}

/// Rows as version 1 writes them; every later program must read them.
#[test]
fn rows_of_version_1_still_read() {
    let key = b"\0\x03u:7traits.email";
    assert_eq!(rows::field_of(key), Some(("u:7", "traits.email")));
    assert_eq!(rows::value_of(b"\x01\x03sealed"), Some((FieldKind::EmailId, &b"sealed"[..])));
    assert_eq!(rows::value_of(b"\x02\x03sealed"), None);
    assert_eq!(rows::value_of(b"\x01\x09sealed"), None);
    assert_eq!([rows::field_prefix("u:7"), b"traits.email".to_vec()].concat(), key);
    assert_eq!(rows::index_key("em_1_x", "u:7"), b"em_1_x\0u:7");
    assert_eq!(rows::sealed_field(FieldKind::Phone, "traits.phone"), "2 traits.phone");
    let kinds =
        [FieldKind::Other, FieldKind::Email, FieldKind::Phone, FieldKind::EmailId, FieldKind::PhoneId];
    assert_eq!(kinds.map(|kind| kind as u8), [0, 1, 2, 3, 4]);
}
