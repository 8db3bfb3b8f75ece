//! The configuration file.
//!
//! The program is no library, so its configuration is compiled here a second time, from the same files; what
//! it needs of the program besides stands in `failure.rs` there.

use std::path::PathBuf;
use std::sync::OnceLock;

use serde_json::Value;
use tempfile::TempDir;

use crate::log_segment::scratch;

/// The file's name.
const NAME: &str = "tradewind.toml";

#[path = "../../tradewind/src/config.rs"]
mod file;

use file::{Config, load};

/// Any text, as `tradewind.toml`.
pub fn check(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let dir = scratch(NAME, text.as_bytes());
    let loaded = match load(Some(&dir.path().join(NAME)), &[]) {
        Ok(loaded) => loaded,
        Err(failure) => {
            let told = failure.to_string();
            return assert!(!told.is_empty() && !told.contains("did you mean ''"), "{told}");
        }
    };
    let keys = loaded.explain();
    assert_eq!(keys.len(), known_keys(), "a key is not told");
    let local = matches!(loaded.config.serve.host.as_str(), "127.0.0.1" | "::1" | "localhost");
    let keyed = !loaded.config.collect.write_keys.is_empty() && !loaded.config.api.keys.is_empty();
    assert_eq!(loaded.check_exposure(false).is_ok(), local || keyed);
    reads_back(&loaded.config, &keys);
}

/// A file that sets nothing.
fn nothing() -> PathBuf {
    static DIR: OnceLock<TempDir> = OnceLock::new();
    DIR.get_or_init(|| scratch(NAME, b"")).path().join(NAME)
}

/// How many keys there are.
fn known_keys() -> usize {
    static COUNT: OnceLock<usize> = OnceLock::new();
    *COUNT.get_or_init(|| match load(Some(&nothing()), &[]) {
        Ok(loaded) => loaded.explain().len(),
        Err(failure) => panic!("the defaults do not load: {failure}"),
    })
}

/// Every key that is told, set by flags, gives the same configuration.
fn reads_back(config: &Config, keys: &[(String, Value, String)]) {
    let flags: Vec<(&str, Value)> =
        keys.iter().map(|(key, value, _)| (key.as_str(), value.clone())).collect();
    match load(Some(&nothing()), &flags) {
        Ok(again) => assert_eq!(&again.config, config),
        Err(failure) => panic!("the configuration does not read back: {failure}"),
    }
}
