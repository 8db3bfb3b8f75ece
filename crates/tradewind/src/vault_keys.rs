//! Where the vault's master keys come from: a file, a variable of the environment, or a command.
//!
//! Without a setting they are in `master.key` of the data directory, made at the first start and readable by
//! the program's own user only. Whoever copies the data directory then copies the key with it, so the start
//! warns of it.

use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use tradewind_people::vault::{KEY_BYTES, MasterKey, MasterKeys};
use tradewind_pipeline::vault::MasterSource;
use zeroize::Zeroizing;

use crate::failure::Failure;

/// The file in the data directory.
const FILE: &str = "master.key";
/// The longest text of keys, in bytes.
const MAX_TEXT_BYTES: usize = 64 << 10;

/// Fills bytes from the machine's own source of randomness.
///
/// # Panics
/// Where the machine gives none: a key that can be guessed would be worse than no program.
pub(crate) fn entropy(bytes: &mut [u8]) {
    if let Err(error) = getrandom::fill(bytes) {
        panic!("the machine gives no random bytes: {error}");
    }
}

/// A source of master keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Source {
    /// A file; in the data directory it is made where it is missing.
    File { path: PathBuf, in_data_dir: bool },
    /// A variable of the environment.
    Variable(String),
    /// What a command prints, run by the shell.
    Command(String),
}

impl Source {
    /// Reads the setting `vault.master_key`.
    pub(crate) fn parse(setting: &str, data_dir: &Path) -> Result<Self, Failure> {
        let given = |rest: &str| (!rest.trim().is_empty()).then(|| rest.trim().to_owned());
        let source = match setting.split_once(':') {
            None if setting.is_empty() => Some(Self::File { path: data_dir.join(FILE), in_data_dir: true }),
            Some(("file", path)) => {
                given(path).map(|path| Self::File { path: path.into(), in_data_dir: false })
            }
            Some(("env", name)) => given(name).map(Self::Variable),
            Some(("command", line)) => given(line).map(Self::Command),
            _ => None,
        };
        let wrong = "vault.master_key is none of file:PATH, env:NAME and command:LINE";
        source.ok_or_else(|| Failure::Config(wrong.to_owned()))
    }

    /// Makes the file in the data directory where it is missing; not where the vault is there already, since
    /// another key would open nothing of it. Warns that it lies there.
    pub(crate) fn make_ready(&self, vault_is_new: bool) -> Result<(), Failure> {
        let Self::File { path, in_data_dir: true } = self else { return Ok(()) };
        if !path.exists() {
            if !vault_is_new {
                return Err(Failure::Config(format!(
                    "{} is missing, and the vault beside it was sealed with it: put it back, or name the keys by \
                     vault.master_key",
                    path.display()
                )));
            }
            let mut bytes = Zeroizing::new([0; KEY_BYTES]);
            entropy(bytes.as_mut_slice());
            self.store(&MasterKeys::one(MasterKey::new(*bytes))).map_err(Failure::failed)?;
        }
        tracing::warn!(
            file = %path.display(),
            "THE VAULT'S MASTER KEY LIES IN THE DATA DIRECTORY: whoever copies the directory can open the vault. \
             Move it elsewhere and name it by vault.master_key"
        );
        Ok(())
    }

    fn text(&self) -> Result<Zeroizing<String>, String> {
        let text = match self {
            Self::File { path, .. } => {
                std::fs::read_to_string(path).map_err(|e| format!("{} does not read: {e}", path.display()))?
            }
            Self::Variable(name) => {
                variable(name).ok_or_else(|| format!("the variable {name} is not set"))?
            }
            Self::Command(line) => {
                let output = Command::new("/bin/sh").args(["-c", line]).output();
                let output =
                    output.map_err(|e| format!("the command of vault.master_key does not run: {e}"))?;
                if !output.status.success() {
                    return Err(format!("the command of vault.master_key ended with {}", output.status));
                }
                String::from_utf8(output.stdout).map_err(|_| "the command printed no text".to_owned())?
            }
        };
        if text.len() > MAX_TEXT_BYTES {
            return Err(format!("there are over {MAX_TEXT_BYTES} bytes of keys"));
        }
        Ok(Zeroizing::new(text))
    }
}

#[expect(clippy::disallowed_methods, reason = "the configuration names the variable, whatever it is called")]
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

impl MasterSource for Source {
    fn is_writable(&self) -> bool {
        matches!(self, Self::File { .. })
    }

    fn load(&self) -> Result<MasterKeys, String> {
        MasterKeys::parse(&self.text()?).map_err(|e| e.to_string())
    }

    fn store(&self, keys: &MasterKeys) -> Result<(), String> {
        let Self::File { path, .. } = self else {
            return Err("only a file can be written".to_owned());
        };
        write_durably(path, &keys.to_text())
            .map_err(|e| format!("{} could not be written: {e}", path.display()))
    }
}

/// Puts a file that only its owner reads in the place of another, so that a power cut leaves one of the two.
fn write_durably(path: &Path, text: &str) -> std::io::Result<()> {
    let new = path.with_extension("new");
    match std::fs::remove_file(&new) {
        Err(e) if e.kind() != ErrorKind::NotFound => return Err(e),
        _ => {}
    }
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&new)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    std::fs::rename(&new, path)?;
    let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(folder)?.sync_all()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn the_setting_names_a_source() {
        let parse = |setting: &str| Source::parse(setting, Path::new("/data")).ok();
        let file = |path: &str, in_data_dir| Some(Source::File { path: path.into(), in_data_dir });
        assert_eq!(parse(""), file("/data/master.key", true));
        assert_eq!(parse("file:/etc/keys"), file("/etc/keys", false));
        assert_eq!(parse("env:KEYS"), Some(Source::Variable("KEYS".into())));
        assert_eq!(parse("command:pass show a:b"), Some(Source::Command("pass show a:b".into())));
        for wrong in ["/etc/keys", "file:", "vault:x", "env: "] {
            assert_eq!(parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_file_of_ones_own_is_made_once_and_read_by_nobody_else() {
        let dir = tempfile::tempdir().unwrap();
        let source = Source::parse("", dir.path()).unwrap();
        assert!(matches!(source.make_ready(false), Err(Failure::Config(_))), "another key opens nothing");
        source.make_ready(true).unwrap();
        let made = source.load().unwrap().to_text();
        source.make_ready(false).unwrap();
        assert_eq!(source.load().unwrap().to_text(), made);
        let mode = std::fs::metadata(dir.path().join(FILE)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        let keys = source.load().unwrap().with(MasterKey::new([9; KEY_BYTES]));
        source.store(&keys).unwrap();
        assert_eq!(source.load().unwrap().ids().count(), 2);
    }

    #[test]
    fn a_command_prints_keys() {
        let keys = MasterKeys::one(MasterKey::new([3; KEY_BYTES]));
        let line = format!("printf '%s' '{}'", keys.to_text().lines().last().unwrap());
        let source = Source::Command(line);
        assert_eq!(source.load().unwrap().in_use().id(), keys.in_use().id());
        assert!(source.store(&keys).is_err() && !source.is_writable());
        assert!(Source::Command("exit 3".into()).load().unwrap_err().contains('3'));
        assert!(Source::Variable("TRADEWIND_NO_SUCH_VARIABLE".into()).load().is_err());
    }
}
