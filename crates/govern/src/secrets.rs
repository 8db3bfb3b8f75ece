//! Secrets in files: 32 random bytes, made at first use, that only the program's user may read.

use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

/// The secret in a file of the folder, made if it is not there.
pub(crate) fn read_or_make(dir: &Path, name: &str) -> std::io::Result<[u8; 32]> {
    let path = dir.join(name);
    match std::fs::read(&path) {
        Ok(bytes) => bytes.try_into().map_err(|_| {
            let wrong = format!("{} does not hold 32 bytes", path.display());
            std::io::Error::new(ErrorKind::InvalidData, wrong)
        }),
        Err(error) if error.kind() == ErrorKind::NotFound => make(dir, name),
        Err(error) => Err(error),
    }
}

/// Whole or not at all: written beside, synced, then renamed.
fn make(dir: &Path, name: &str) -> std::io::Result<[u8; 32]> {
    let mut secret = [0; 32];
    getrandom::fill(&mut secret).map_err(|e| std::io::Error::other(e.to_string()))?;
    let unfinished = dir.join(format!("{name}.unfinished"));
    let mut file =
        OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&unfinished)?;
    file.write_all(&secret)?;
    file.sync_all()?;
    std::fs::rename(&unfinished, dir.join(name))?;
    File::open(dir)?.sync_all()?;
    Ok(secret)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn a_secret_stays_and_is_private() {
        let dir = tempfile::tempdir().unwrap();
        let secret = read_or_make(dir.path(), "salt").unwrap();
        assert_eq!(read_or_make(dir.path(), "salt").unwrap(), secret);
        assert_ne!(read_or_make(dir.path(), "key").unwrap(), secret);
        let mode = std::fs::metadata(dir.path().join("salt")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        std::fs::write(dir.path().join("salt"), b"short").unwrap();
        assert!(read_or_make(dir.path(), "salt").is_err());
    }
}
