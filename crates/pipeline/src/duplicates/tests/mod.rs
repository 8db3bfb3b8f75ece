use tradewind_embedded::FjallStore;

use super::*;

fn open(dir: &std::path::Path) -> (FjallStore, Tables) {
    let store = FjallStore::open(dir, 8 << 20).unwrap();
    let tables = Tables::open(&store).unwrap();
    (store, tables)
}

/// The rows as this program first wrote them, by key; this one and every later one must read them. Records
/// 4,097 and 4,106 count for nothing, and of the events of 4,100 those in the places 0 and 258.
fn fixture() -> [(Vec<u8>, Vec<u8>); 2] {
    let chunk = vec![0, 0, 0, 0, 0, 0, 0x10, 0];
    let mut bits = vec![0; 512];
    bits[..2].copy_from_slice(&[0b1_0010, 0b100]);
    let events = vec![0, 0, 0, 0, 0, 0, 0x10, 0, 0, 4];
    [(chunk, bits), (events, vec![1, 0, 0, 0, 0, 0, 0, 1, 2])]
}

fn expected() -> Repetitions {
    Repetitions { records: vec![4_097, 4_106], events: BTreeMap::from([(4_100, vec![0, 258])]) }
}

#[test]
fn the_rows_still_read() {
    let dir = tempfile::tempdir().unwrap();
    let (store, tables) = open(dir.path());
    let mut batch = Batch::default();
    for (key, value) in fixture() {
        batch.put(tables.duplicates, key, value);
    }
    store.commit(&batch).unwrap();
    let read = |range| read(&store, &tables, range).unwrap();
    assert_eq!(read(0..10_000), expected());
    assert_eq!(read(4_098..4_101), Repetitions { records: Vec::new(), ..expected() });
    assert_eq!(read(4_101..4_106), Repetitions::default());
    let all = read(0..10_000);
    assert!(all.has_record(4_106) && all.has_event(4_106, 7) && !all.has_record(4_100));
    assert!(all.has_event(4_100, 258) && !all.has_event(4_100, 1) && !all.has_event(4_101, 0));
}

#[test]
fn the_rows_are_written_as_they_always_were() {
    let dir = tempfile::tempdir().unwrap();
    let (store, tables) = open(dir.path());
    let mut older = Duplicates::default();
    older.note(Uncounted::Record(4_097), None, &store, &tables).unwrap();
    let mut changed = Duplicates::default();
    for what in [Uncounted::Event(4_100, 0), Uncounted::Event(4_100, 258), Uncounted::Record(4_106)] {
        changed.note(what, Some(&older), &store, &tables).unwrap();
    }
    let mut batch = Batch::default();
    changed.write(&tables, &mut batch);
    store.commit(&batch).unwrap();
    let rows: Vec<_> = store.scan(tables.duplicates, &[]).map(Result::unwrap).collect();
    let rows: Vec<_> = rows.iter().map(|(key, value)| (key.to_vec(), value.to_vec())).collect();
    assert_eq!(rows, fixture());
}

#[test]
fn a_record_of_several_events_without_a_row_of_its_own_counts_for_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let (store, tables) = open(dir.path());
    let [(key, value), _] = fixture();
    let mut batch = Batch::default();
    batch.put(tables.duplicates, key, value);
    store.commit(&batch).unwrap();
    let found = read(&store, &tables, 0..10_000).unwrap();
    assert_eq!(found, Repetitions::of_records(vec![4_097, 4_100, 4_106]));
}

#[test]
fn a_newer_row_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let (store, tables) = open(dir.path());
    let [_, (key, _)] = fixture();
    let mut batch = Batch::default();
    batch.put(tables.duplicates, key, [2, 0, 0, 0, 0]);
    store.commit(&batch).unwrap();
    assert!(read(&store, &tables, 0..10_000).unwrap_err().to_string().contains("repetitions"));
}
