//! The file as it is written, cut and refused.

use super::*;

/// Lines as version 1 wrote them; this program and every later one must read them.
const V1: &str = concat!(
    r#"{"v":1,"seq":1,"at":7,"state":"requested","request":"r1","type":"erase","prints":["000102030405060708090a0b0c0d0e0f"],"suppress":true}"#,
    "\n",
    r#"{"v":1,"seq":2,"at":8,"state":"done","request":"r1","type":"erase","prints":[],"suppress":true}"#,
    "\n",
    r#"{"v":1,"seq":3,"at":9,"state":"requested","request":"r2","type":"unsuppress","prints":["000102030405060708090a0b0c0d0e0f"],"suppress":false}"#,
    "\n",
);

fn line(request: &str) -> Line {
    let prints = vec!["00".repeat(16)];
    let (at, request) = (UtcMillis::new(5), request.to_owned());
    let turns = Vec::new();
    Line {
        v: 0,
        seq: 0,
        at,
        state: Step::Requested,
        request,
        act: Act::Erase,
        prints,
        suppress: false,
        turns,
        shop: None,
    }
}

fn file(dir: &Path) -> PathBuf {
    dir.join(FILE)
}

/// A folder with a salt and this file.
fn with_file(text: &str) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("salt"), [1; 32]).unwrap();
    std::fs::write(file(dir.path()), text).unwrap();
    dir
}

#[test]
fn version_1_still_reads_and_writes_the_same() {
    let dir = with_file(V1);
    let (_, lines) = Ledger::open(dir.path()).unwrap();
    assert_eq!(lines.len(), 3);
    assert_eq!(lines[0].prints().next().unwrap()[..3], [0, 1, 2]);
    let again = tempfile::tempdir().unwrap();
    let (ledger, none) = Ledger::open(again.path()).unwrap();
    assert!(none.is_empty());
    for line in lines {
        ledger.append(line).unwrap();
    }
    assert_eq!(std::fs::read_to_string(file(again.path())).unwrap(), V1);
}

#[test]
fn a_torn_last_line_is_cut_wherever_it_ends() {
    let whole = V1.match_indices('\n').nth(1).unwrap().0 + 1;
    for length in whole..V1.len() {
        let dir = with_file(&V1[..length]);
        let (ledger, lines) = Ledger::open(dir.path()).unwrap();
        assert_eq!(lines.len(), 2, "{length}");
        assert_eq!(ledger.append(line("r3")).unwrap(), 3);
        drop(ledger);
        let (_, lines) = Ledger::open(dir.path()).unwrap();
        assert_eq!((lines.len(), lines[2].request.as_str()), (3, "r3"));
    }
}

#[test]
fn damage_and_newer_lines_are_errors() {
    let damaged = [
        V1.replacen("{\"v\":1,\"seq\":2", "{\"v\":2,\"seq\":2", 1),
        V1.replacen("\"seq\":2", "\"seq\":4", 1),
        V1.replacen("0001", "00x1", 1),
        V1.replacen("\"requested\"", "\"forgotten\"", 1),
    ];
    for text in damaged {
        let dir = with_file(&text);
        assert!(matches!(Ledger::open(dir.path()), Err(LedgerError::Damaged { .. })), "{text}");
        assert_eq!(std::fs::read_to_string(file(dir.path())).unwrap(), text, "nothing was changed");
    }
}

#[test]
fn the_salt_stays_and_is_missed() {
    let lost = with_file(V1);
    std::fs::remove_file(lost.path().join("salt")).unwrap();
    assert!(Ledger::open(lost.path()).is_err_and(|error| error.to_string().contains("salt is lost")));
    let dir = tempfile::tempdir().unwrap();
    let print = |dir: &Path| Ledger::open(dir).unwrap().0.prints().of("u:1");
    assert_eq!(print(dir.path()), print(dir.path()));
    assert_ne!(print(dir.path()), print(tempfile::tempdir().unwrap().path()));
}
