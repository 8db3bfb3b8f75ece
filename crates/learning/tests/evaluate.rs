//! The protocols on small files with known outcomes, and the floors on public data where it is at hand.

use std::io::Write;
use std::path::{Path, PathBuf};
use tempfile::NamedTempFile;
use tradewind_learning::evaluate::{self, EvaluateError, Progress};
use tradewind_models::{CoParams, KnnParams};

fn file(content: &[u8]) -> NamedTempFile {
    let mut file = NamedTempFile::new().expect("a temporary file");
    file.write_all(content).expect("room for a few bytes");
    file
}

fn sessions(train: &[u8], test: &[u8]) -> Result<evaluate::SessionsReport, EvaluateError> {
    evaluate::sessions(file(train).path(), file(test).path(), &KnnParams::default(), |_| ())
}

fn sequences(content: &[u8]) -> Result<evaluate::SequencesReport, EvaluateError> {
    evaluate::sequences(file(content).path(), &CoParams::default(), |_| ())
}

const TRAIN: &[u8] = b"shirt,tie\nhat,shirt,tie\r\nhat,coat\nscarf\n";
const TEST: &[u8] = b"hat,shirt\ttie\nnever-seen\ttie\nshirt\tnever-seen\nshirt\tscarf\n";

#[test]
fn every_test_line_counts_and_unknown_targets_are_misses() {
    let report = sessions(TRAIN, TEST).unwrap();
    assert_eq!((report.prefixes, report.unknown_targets), (4, 1));
    assert_eq!((report.index.sessions, report.index.clicks, report.index.items), (4, 8, 5));
    assert!((report.hr_at_20 - 0.25).abs() < 1e-12);
    assert!(report.mrr_at_20 > 0.0 && report.mrr_at_20 <= 0.25);
}

#[test]
fn compression_is_told_by_content_not_by_name() {
    let (train, test) = (zstd::encode_all(TRAIN, 1).unwrap(), zstd::encode_all(TEST, 1).unwrap());
    let (plain, packed) = (sessions(TRAIN, TEST).unwrap(), sessions(&train, &test).unwrap());
    assert_eq!((plain.hr_at_20, plain.mrr_at_20), (packed.hr_at_20, packed.mrr_at_20));
}

#[test]
fn reports_have_the_agreed_shape() {
    let report = serde_json::to_value(sessions(TRAIN, TEST).unwrap()).unwrap();
    assert_eq!(report["protocol"], "sessions");
    for pointer in [
        "/prefixes",
        "/hr_at_20",
        "/mrr_at_20",
        "/index/cpu_seconds",
        "/index/bytes_per_click",
        "/predict_cpu_us/mean",
        "/predict_cpu_us/p50",
        "/predict_cpu_us/p99",
    ] {
        assert!(report.pointer(pointer).is_some_and(serde_json::Value::is_number), "{pointer}: {report}");
    }
    let report = serde_json::to_value(sequences(b"u a b c\n").unwrap()).unwrap();
    assert_eq!(report["protocol"], "leave-last-out");
    for field in ["users", "hr_at_10", "ndcg_at_10", "fit_cpu_seconds"] {
        assert!(report[field].is_number(), "{field}: {report}");
    }
}

#[test]
fn malformed_lines_are_named() {
    let refusal = |train: &[u8], test: &[u8]| sessions(train, test).unwrap_err().to_string();
    assert!(refusal(b"a,b\n\na,,b\n", TEST).ends_with("line 3: expected item ids separated by commas"));
    assert!(refusal(b"a b\n", TEST).contains("line 1: "));
    assert!(refusal(TRAIN, b"a\tb\na,b\n").contains("line 2: expected item ids separated by commas, a tab"));
    assert!(refusal(TRAIN, b"a\tb\tc\n").contains("line 1: "));
    assert!(refusal(TRAIN, b"a\t\n").contains("line 1: "));
    assert!(refusal(TRAIN, b"\n").ends_with("has nothing to score"));
    assert!(sequences(b"u a b c\nlonely\n").unwrap_err().to_string().contains("line 2: "));
    assert!(matches!(sequences(b"u a b\n"), Err(EvaluateError::Empty { .. })));

    let missing = evaluate::sequences(Path::new("/no/such/file"), &CoParams::default(), |_| ());
    assert!(matches!(missing, Err(EvaluateError::Open { .. })));
    let cut = &zstd::encode_all(TRAIN, 1).unwrap()[..12];
    assert!(matches!(sessions(cut, TEST), Err(EvaluateError::Read { .. })));
}

#[test]
fn the_last_item_is_left_out_and_the_second_last_is_not_fitted() {
    // Fitted: a→b, twice, and nothing of y but q.
    let report = sequences(b"x a b c d\nz a b d c\ny q a b\n").unwrap();
    assert_eq!((report.users, report.skipped_users, report.items, report.interactions), (3, 0, 5, 11));
    assert!((report.hr_at_10 - 1.0).abs() < 1e-12, "fewer than ten candidates: {report:?}");
    // y: b comes first. x and z: their targets have no score; of 5 items 3 are masked, so they rank second.
    let expected = (1.0 + 2.0 / 3.0_f64.log2()) / 3.0;
    assert!((report.ndcg_at_10 - expected).abs() < 1e-12, "{report:?}");
}

#[test]
fn short_histories_are_skipped_and_repeats_are_masked() {
    let report = sequences(b"x a b a\ny a\nz a b\n").unwrap();
    assert_eq!((report.users, report.skipped_users), (1, 2));
    assert_eq!(report.hr_at_10, 0.0, "the target is in the history");
}

#[test]
fn progress_is_told() {
    let mut seen = Vec::new();
    let train = file(&TRAIN.repeat(500));
    evaluate::sessions(train.path(), file(TEST).path(), &KnnParams::default(), |step| seen.push(step))
        .unwrap();
    assert_eq!(
        seen,
        [Progress::Reading { lines: 1_000 }, Progress::Reading { lines: 2_000 }, Progress::Fitting]
    );
}

/// A public data set beside the checkout, or none, said aloud.
fn shared(path: &str) -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data").join(path);
    if !path.exists() {
        eprintln!("SKIPPED: {} is not at hand", path.display());
    }
    path.exists().then_some(path)
}

#[test]
fn retailrocket_stays_above_the_floor() {
    let folder = "sessions/retailrocket";
    let (Some(train), Some(test)) =
        (shared(&format!("{folder}/train.txt.zst")), shared(&format!("{folder}/test.tsv.zst")))
    else {
        return;
    };
    let report = evaluate::sessions(&train, &test, &KnnParams::default(), |_| ()).unwrap();
    assert_eq!((report.prefixes, report.index.sessions), (15_132, 126_168));
    assert!(report.hr_at_20 >= 0.576 && report.mrr_at_20 >= 0.284, "{report:?}");
    assert!(report.index.bytes_per_click < 9.0, "{report:?}");
}

#[test]
fn beauty_stays_above_the_floor() {
    let Some(file) = shared("sequences/beauty.txt.zst") else { return };
    let report = evaluate::sequences(&file, &CoParams::default(), |_| ()).unwrap();
    assert_eq!((report.users, report.items, report.interactions), (22_363, 12_101, 198_502));
    assert!(report.hr_at_10 >= 0.086 && report.ndcg_at_10 >= 0.054, "{report:?}");
}
