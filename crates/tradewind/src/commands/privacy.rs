//! `tradewind privacy`: over HTTP, since the server that runs has the data directory.

use std::io::Read;
use std::path::Path;

use serde_json::{Value, json};
use tradewind_api::DataMap;

use super::remote::Remote;
use super::{say, say_json};
use crate::cli::{MapFormat, PrivacyArguments, PrivacyCommand, SubjectsArguments};
use crate::config::Loaded;
use crate::failure::Failure;

/// How long one look-up waits for a request's end.
const WAIT_MS: u32 = 25_000;
/// Subjects of one request.
const AT_ONCE: usize = tradewind_govern::MAX_SUBJECTS;

/// Asks the server, and prints what it answers.
pub(crate) fn run(loaded: &Loaded, arguments: &PrivacyArguments, as_json: bool) -> Result<(), Failure> {
    if let PrivacyCommand::Verify { receipt, key } = &arguments.what {
        return verify(receipt, key.as_deref(), as_json);
    }
    if let PrivacyCommand::DataMap { format } = &arguments.what {
        return data_map(if as_json { MapFormat::Json } else { *format });
    }
    let mut remote = Remote::new(&loaded.config, &arguments.server)?;
    let (kind, who, suppress) = match &arguments.what {
        PrivacyCommand::Erase { who, suppress } => ("erase", who, *suppress),
        PrivacyCommand::Export { who } => ("export", who, false),
        PrivacyCommand::Restrict { who } => ("restrict", who, false),
        PrivacyCommand::Suppress { who } => ("suppress", who, false),
        PrivacyCommand::Unsuppress { who } => ("unsuppress", who, false),
        PrivacyCommand::Status { id } => {
            let status = remote.ask("GET", &path_of(id)?, None)?;
            return show(&status, as_json);
        }
        PrivacyCommand::Confirm { id } => {
            let status = remote.ask("POST", &format!("{}/confirm", path_of(id)?), None)?;
            let ended = wait(&mut remote, status)?;
            return show(&ended, as_json);
        }
        PrivacyCommand::List => return list(&remote.ask("GET", "/v1/privacy/requests", None)?, as_json),
        PrivacyCommand::Retention => {
            return kept(&remote.ask("GET", "/v1/privacy/retention", None)?, as_json);
        }
        PrivacyCommand::Verify { .. } | PrivacyCommand::DataMap { .. } => return Ok(()),
    };
    let subjects = subjects_of(who)?;
    // All are asked for before the first is waited for: the server carries out together what waits together.
    let mut asked = Vec::new();
    for some in subjects.chunks(AT_ONCE) {
        let mut body = json!({"type": kind, "subjects": some});
        if suppress {
            body["suppress"] = true.into();
        }
        asked.push(remote.ask("POST", "/v1/privacy/requests", Some(&body))?);
    }
    let mut ended = Vec::with_capacity(asked.len());
    for status in asked {
        ended.push(if who.no_wait { status } else { wait(&mut remote, status)? });
    }
    ended.iter().try_for_each(|status| match who.no_wait {
        true if !as_json => {
            say(status["id"].as_str().unwrap_or_default());
            Ok(())
        }
        true => say_json(status),
        false => show(status, as_json),
    })
}

/// Waits for a request's end.
fn wait(remote: &mut Remote, mut status: Value) -> Result<Value, Failure> {
    let id = status["id"].as_str().unwrap_or_default().to_owned();
    while matches!(status["status"].as_str(), Some("INITIALIZED" | "RUNNING")) {
        status = remote.ask("GET", &format!("{}?wait_ms={WAIT_MS}", path_of(&id)?), None)?;
    }
    Ok(status)
}

fn data_map(format: MapFormat) -> Result<(), Failure> {
    let map = DataMap::new();
    match format {
        MapFormat::Json => return say_json(&map),
        MapFormat::Markdown => say(map.markdown().trim_end()),
        MapFormat::Csv => say(map.csv().trim_end()),
    }
    Ok(())
}

/// A line for each class of data.
fn kept(all: &Value, as_json: bool) -> Result<(), Failure> {
    if as_json {
        return say_json(all);
    }
    for one in all.as_array().into_iter().flatten() {
        let text = |name: &str| one[name].as_str().unwrap_or("-").to_owned();
        let days = match one["days"].as_u64() {
            Some(0) => format!("for ever ({})", text("setting")),
            Some(days) => format!("{days} days ({})", text("setting")),
            None => format!("until: {}", text("ends")),
        };
        let removed = one["removedCount"].as_u64().map_or_else(
            || "nothing was removed yet".to_owned(),
            |count| format!("{count} removed at {}", text("removedAt")),
        );
        let (oldest, next) = (text("oldestAt"), text("nextRunAt"));
        say(format!("{}: {days}; oldest {oldest}; {removed}; next {next}", text("class")));
    }
    Ok(())
}

fn list(all: &Value, as_json: bool) -> Result<(), Failure> {
    if as_json {
        return say_json(all);
    }
    for one in all.as_array().into_iter().flatten() {
        let text = |name: &str| one[name].as_str().unwrap_or("-").to_owned();
        say(format!("{} {} {} {}", text("requestedAt"), text("id"), text("type"), text("status")));
    }
    Ok(())
}

/// Who is meant, by the command line and by the file.
fn subjects_of(who: &SubjectsArguments) -> Result<Vec<String>, Failure> {
    let mut subjects = who.subjects.clone();
    if let Some(path) = &who.file {
        let text = String::from_utf8(read(path)?)
            .map_err(|e| Failure::input(format!("{} is no text: {e}", path.display())))?;
        let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
        subjects.extend(lines.map(str::to_owned));
    }
    if subjects.is_empty() {
        return Err(Failure::input("nobody is named"));
    }
    Ok(subjects)
}

/// A file's content, or standard input for `-`.
fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    let unread = |e: std::io::Error| Failure::input(format!("{} does not read: {e}", path.display()));
    if path != Path::new("-") {
        return std::fs::read(path).map_err(unread);
    }
    let mut bytes = Vec::new();
    std::io::stdin().read_to_end(&mut bytes).map_err(unread)?;
    Ok(bytes)
}

fn path_of(id: &str) -> Result<String, Failure> {
    if !id.is_empty() && id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-') {
        return Ok(format!("/v1/privacy/requests/{id}"));
    }
    Err(Failure::failed(format!("'{id}' is no id of a request")))
}

/// Prints the export or the receipt where there is one, else how far the request is.
fn show(status: &Value, as_json: bool) -> Result<(), Failure> {
    let (id, stage) = (&status["id"], status["status"].as_str().unwrap_or("-"));
    if stage == "FAILED" {
        let why = status["error"].as_str().unwrap_or("it does not say why");
        return Err(Failure::failed(format!("request {id} failed: {why}")));
    }
    if as_json {
        return say_json(status);
    }
    match ["export", "receipt"].iter().map(|name| &status[*name]).find(|value| !value.is_null()) {
        Some(found) => say_json(found),
        None => {
            say(format!(
                "request {} ({}): {stage}",
                id.as_str().unwrap_or("-"),
                status["type"].as_str().unwrap_or("-")
            ));
            Ok(())
        }
    }
}

fn verify(path: &Path, key: Option<&str>, as_json: bool) -> Result<(), Failure> {
    let receipt = tradewind_govern::verify(&read(path)?).map_err(Failure::failed)?;
    if let Some(key) = key.filter(|key| !key.eq_ignore_ascii_case(&receipt.public_key)) {
        let own = &receipt.public_key;
        return Err(Failure::failed(format!("the receipt holds, but under the key {own}, not {key}")));
    }
    if as_json {
        return say_json(&receipt);
    }
    let things: u64 = receipt.found.values().sum();
    say(format!(
        "the receipt holds: request {}, finished {}, {} ids, {things} things removed, under the key {}",
        receipt.request,
        receipt.finished_at,
        receipt.prints.len(),
        receipt.public_key
    ));
    if key.is_none() {
        say("compare that key with the one that the shop gave you, or give it with --key");
    }
    Ok(())
}
