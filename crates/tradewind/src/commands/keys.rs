//! `tradewind keys`: the vault's keys, in a running server over HTTP, else in the data directory itself.

use std::sync::Arc;

use serde_json::{Value, json};
use tradewind_embedded::{DataDir, DataDirError};
use tradewind_pipeline::vault::Vault;

use super::remote::Remote;
use super::{say, say_json};
use crate::cli::{KeysArguments, KeysCommand};
use crate::config::Loaded;
use crate::failure::Failure;
use crate::house::open_vault;

/// Lists or rotates.
pub(crate) fn run(loaded: &Loaded, arguments: &KeysArguments, as_json: bool) -> Result<(), Failure> {
    let done = match DataDir::open(&loaded.config.data_dir) {
        Ok(dir) => here(&open_vault(&dir, &loaded.config)?, &arguments.what)?,
        Err(DataDirError::InUse(_)) => there(loaded, arguments)?,
        Err(error) => return Err(error.into()),
    };
    if as_json {
        return say_json(&done);
    }
    tell(&done);
    Ok(())
}

/// Nobody serves: the vault is opened here.
fn here(vault: &Arc<Vault>, what: &KeysCommand) -> Result<Value, Failure> {
    let json = match what {
        KeysCommand::List => vault.keys().map(|report| json!(report)),
        KeysCommand::Rotate { pseudonyms: false } => vault.rotate_master().map(|done| json!(done)),
        KeysCommand::Rotate { pseudonyms: true } => vault.rotate_pseudonyms().map(|done| json!(done)),
    };
    json.map_err(Failure::failed)
}

/// A server has the directory: it does it, and goes on serving.
fn there(loaded: &Loaded, arguments: &KeysArguments) -> Result<Value, Failure> {
    let mut server = arguments.server.clone();
    if server.api_key.is_none() {
        server.api_key = loaded.config.vault.api_keys.first().cloned();
    }
    if server.api_key.is_none() {
        let why = "a server is running, and vault.api_keys names no key to ask it with: set one, or stop the server";
        return Err(Failure::Config(why.to_owned()));
    }
    let mut remote = Remote::new(&loaded.config, &server)?;
    match &arguments.what {
        KeysCommand::List => remote.ask("GET", "/v1/vault-keys", None),
        KeysCommand::Rotate { pseudonyms } => {
            let what = if *pseudonyms { "pseudonyms" } else { "master" };
            remote.ask("POST", &format!("/v1/vault-keys/rotate?what={what}"), None)
        }
    }
}

fn tell(done: &Value) {
    if let Some(masters) = done["masters"].as_array() {
        for master in masters {
            let state = if master["in_use"] == true { "in use" } else { "being replaced" };
            say(format!("{} {state}, wraps the keys of {} persons", word(&master["id"]), master["persons"]));
        }
        let previous = if done["previous_epoch"].is_null() { "none" } else { "is still found" };
        say(format!("pseudonyms: epoch {}, the one before: {previous}", done["epoch"]));
    } else if done["master"].is_string() {
        say(format!(
            "{} is in use now, and wraps the keys of {} persons",
            word(&done["master"]),
            done["persons"]
        ));
    } else {
        say(format!(
            "pseudonyms are made in epoch {} now; {} names were made in it",
            done["epoch"], done["names"]
        ));
    }
}

fn word(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}
