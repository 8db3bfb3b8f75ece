//! Runs every check over its corpus, over real clients' requests, and over mutations of both.

#![expect(clippy::unwrap_used, reason = "a test that cannot read its files has failed")]

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use tradewind_api::wire;
use tradewind_events::Origin;
use tradewind_fuzzing::mutate::Dice;
use tradewind_fuzzing::{RECEIVED, Target, targets};

/// Mutations of each target's files, shared out among them.
const MUTATIONS: usize = 4_000;
/// Those of the targets that write files.
const FILE_MUTATIONS: usize = 600;
/// The largest file of the corpora, in bytes, and all of them together.
const MAX_FILE_BYTES: usize = 16 << 10;
const MAX_CORPORA_BYTES: usize = 300 << 10;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz")
}

fn files(dir: &Path) -> Vec<(String, Vec<u8>)> {
    let mut files: Vec<_> = fs::read_dir(dir)
        .unwrap_or_else(|error| panic!("{}: {error}", dir.display()))
        .map(|entry| entry.unwrap().path())
        .map(|path| (path.file_name().unwrap().to_string_lossy().into_owned(), fs::read(&path).unwrap()))
        .collect();
    files.sort_unstable();
    files
}

fn corpus((name, _): Target) -> Vec<(String, Vec<u8>)> {
    files(&root().join("corpus").join(name))
}

/// Runs one target's check over many bytes, and keeps those on which it fails.
struct Run {
    target: Target,
    failures: Vec<String>,
}

impl Run {
    fn of(target: Target) -> Self {
        Self { target, failures: Vec::new() }
    }

    fn check(&mut self, file: &str, bytes: &[u8]) {
        let (name, check) = self.target;
        // A handful says enough.
        if self.failures.len() < 3 && catch_unwind(AssertUnwindSafe(|| check(bytes))).is_err() {
            let path = std::env::temp_dir().join(format!("tradewind-{name}-{}.bin", self.failures.len()));
            fs::write(&path, bytes).unwrap();
            let text = String::from_utf8_lossy(bytes);
            self.failures.push(format!("{name}, a form of {file}, kept in {}: {text:?}", path.display()));
        }
    }
}

/// Fails if any of the targets did; the panics of the checks stand above, in the same order.
#[track_caller]
fn all_hold(runs: impl Iterator<Item = Run>) {
    let failures: Vec<String> = runs.flat_map(|run| run.failures).collect();
    assert!(failures.is_empty(), "{} failures:\n{}", failures.len(), failures.join("\n"));
}

#[test]
fn every_target_has_its_corpus_and_its_fuzz_target() {
    let names: Vec<&str> = targets().iter().map(|(name, _)| *name).collect();
    let mut sorted: Vec<String> = names.iter().map(|name| format!("{name}.rs")).collect();
    sorted.sort_unstable();
    let of_folder =
        |dir: &str| files(&root().join(dir)).into_iter().map(|(name, _)| name).collect::<Vec<_>>();
    assert_eq!(of_folder("fuzz_targets"), sorted);
    let manifest = fs::read_to_string(root().join("Cargo.toml")).unwrap();
    for name in names {
        assert!(manifest.contains(&format!("name = \"{name}\"")), "fuzz/Cargo.toml has no target {name}");
        let source = fs::read_to_string(root().join(format!("fuzz_targets/{name}.rs"))).unwrap();
        assert!(source.contains(&format!("target!({name})")), "{source}");
    }
    let all: Vec<_> = targets().into_iter().flat_map(corpus).collect();
    assert!(all.iter().all(|(_, bytes)| bytes.len() <= MAX_FILE_BYTES));
    let total: usize = all.iter().map(|(_, bytes)| bytes.len()).sum();
    assert!(total <= MAX_CORPORA_BYTES, "the corpora have {total} bytes");
}

#[test]
fn every_file_of_the_corpora_holds() {
    all_hold(targets().into_iter().map(|target| {
        let (mut run, files) = (Run::of(target), corpus(target));
        assert!(files.len() >= 3, "{} has {} files", target.0, files.len());
        for (file, bytes) in files {
            run.check(&file, &bytes);
            for end in (0..bytes.len()).step_by(1 + bytes.len() / 64) {
                run.check(&file, &bytes[..end]);
            }
        }
        run
    }));
}

#[test]
fn mutations_of_the_corpora_hold() {
    all_hold(targets().into_iter().map(|target| {
        let (mut run, files) = (Run::of(target), corpus(target));
        let slow = matches!(target.0, "log_segment" | "config");
        let all = if slow { FILE_MUTATIONS } else { MUTATIONS };
        let mut dice = Dice::new(target.0.len() as u64);
        for n in 0..all {
            let (file, bytes) = &files[n % files.len()];
            let (_, other) = &files[dice.roll(files.len())];
            run.check(file, &dice.mutate(bytes, other));
        }
        run
    }));
}

/// Bodies of published clients' requests with their paths, where they are to be had.
fn captures() -> Vec<(String, String)> {
    let dir = root().join("../../shared/contracts/captures");
    if !dir.is_dir() {
        eprintln!("LEFT OUT: there are no captures of real clients in {}", dir.display());
        return Vec::new();
    }
    let lines = files(&dir).into_iter().flat_map(|(_, bytes)| {
        String::from_utf8(bytes).unwrap().lines().map(str::to_owned).collect::<Vec<_>>()
    });
    let request = |line: String| {
        let request: serde_json::Value = serde_json::from_str(&line).unwrap();
        let text = |name: &str| request[name].as_str().unwrap_or_default().to_owned();
        (text("u"), text("b"))
    };
    lines.map(request).filter(|(_, body)| !body.is_empty()).collect()
}

#[test]
fn what_real_clients_send_is_taken() {
    let mut seen = [0; 3];
    for (path, body) in captures() {
        let body = body.as_bytes();
        let (at, parsed) = match path.as_str() {
            "/v1/batch" | "/v1/b" => (0, wire::segment_batch(body, RECEIVED, Origin::Live)),
            "/batch/" => (1, wire::posthog(body, RECEIVED)),
            "/com.snowplowanalytics.snowplow/tp2" => (2, wire::snowplow(body, RECEIVED)),
            _ => continue,
        };
        seen[at] += 1;
        let parsed = parsed.unwrap();
        assert!(!parsed.is_empty() && parsed.iter().all(Result::is_ok), "{path}: {parsed:?}");
    }
    assert!(seen == [0; 3] || seen.iter().all(|&count| count > 0), "{seen:?}");
}

#[test]
fn captures_and_their_mutations_hold_everywhere() {
    let captures = captures();
    let names = ["segment", "body", "decide", "posthog", "ga4", "snowplow", "cloudevents"];
    let named = targets().into_iter().filter(|(name, _)| names.contains(name));
    all_hold(named.map(|target| {
        let (mut run, mut dice) = (Run::of(target), Dice::new(7));
        for (path, body) in &captures {
            // Two of the checks read how the body is sent from the first byte.
            let body = match target.0 {
                "body" | "cloudevents" => format!("\0{body}"),
                _ => body.clone(),
            };
            run.check(path, body.as_bytes());
            let (_, other) = &captures[dice.roll(captures.len())];
            for _ in 0..40 {
                run.check(path, &dice.mutate(body.as_bytes(), other.as_bytes()));
            }
        }
        run
    }));
}
