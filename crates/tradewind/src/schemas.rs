//! The schema registry with the shop's own files.

use std::fs;
use std::path::{Path, PathBuf};

use tradewind_events::schema::Registry;

use crate::config::Config;
use crate::failure::Failure;

/// The largest file of schemas, in bytes.
const MAX_FILE_BYTES: u64 = 4 << 20;

/// The built-in vocabulary and what the shop adds: every `*.json` of `collect.schemas_dir`, in the order of
/// their names.
pub(crate) fn load(config: &Config) -> Result<Registry, Failure> {
    let mut registry = Registry::default();
    let Some(dir) = &config.collect.schemas_dir else { return Ok(registry) };
    for path in files(dir)? {
        let name = path.display().to_string();
        let unreadable = |e: &dyn std::fmt::Display| Failure::Config(format!("{name} cannot be read: {e}"));
        if fs::metadata(&path).map_err(|e| unreadable(&e))?.len() > MAX_FILE_BYTES {
            return Err(unreadable(&format!("it is larger than {MAX_FILE_BYTES} bytes")));
        }
        let json = fs::read_to_string(&path).map_err(|e| unreadable(&e))?;
        registry.add(&name, &json).map_err(|e| Failure::Config(e.to_string()))?;
    }
    Ok(registry)
}

fn files(dir: &Path) -> Result<Vec<PathBuf>, Failure> {
    let unreadable = |e: std::io::Error| {
        Failure::Config(format!("collect.schemas_dir is {}, which cannot be read: {e}", dir.display()))
    };
    let mut files = Vec::new();
    for entry in fs::read_dir(dir).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        if path.extension().is_some_and(|e| e == "json") {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}
