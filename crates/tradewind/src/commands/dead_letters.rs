//! `tradewind dead-letters`: over HTTP, since the server that runs has the data directory.

use serde_json::{Map, Value, json};

use super::remote::Remote;
use super::{say, say_json};
use crate::cli::{DeadLettersArguments, DeadLettersCommand};
use crate::config::Loaded;
use crate::failure::Failure;

/// Characters of a payload in the list for people.
const SHOWN: usize = 60;

/// Asks the server, and prints what it answers.
pub(crate) fn run(loaded: &Loaded, arguments: &DeadLettersArguments, as_json: bool) -> Result<(), Failure> {
    let mut remote = Remote::new(&loaded.config, &arguments.server)?;
    match &arguments.what {
        DeadLettersCommand::List { cause, before, limit } => {
            let mut path = format!("/v1/dead-letters?limit={limit}");
            if let Some(before) = before {
                path.push_str(&format!("&before={before}"));
            }
            if let Some(cause) = cause {
                path.push_str(&format!("&cause={}", word(cause)?));
            }
            let page = remote.ask("GET", &path, None)?;
            if as_json { say_json(&page) } else { list(&page) }
        }
        DeadLettersCommand::Show { id } => {
            let letter = remote.ask("GET", &format!("/v1/dead-letters/{id}"), None)?;
            if as_json { say_json(&letter) } else { show(&letter) }
        }
        DeadLettersCommand::Redrive { id: Some(id), payload, .. } => {
            let fixed = payload.as_ref().map(|path| {
                let text = std::fs::read_to_string(path)
                    .map_err(|e| Failure::input(format!("{} does not read: {e}", path.display())))?;
                serde_json::from_str::<Value>(&text)
                    .map_err(|e| Failure::input(format!("{} is not JSON: {e}", path.display())))
            });
            let body = fixed.transpose()?.map(|payload| json!({ "payload": payload }));
            let done = remote.ask("POST", &format!("/v1/dead-letters/{id}/redrive"), body.as_ref())?;
            if as_json {
                return say_json(&done);
            }
            let was = if done["already"] == true { "had been re-driven before" } else { "was re-driven" };
            say(format!("letter {id} {was}"));
            Ok(())
        }
        DeadLettersCommand::Redrive { id: None, cause, limit, .. } => {
            let mut body = Map::from_iter([("limit".to_owned(), (*limit).into())]);
            body.extend(cause.as_ref().map(|cause| ("cause".to_owned(), cause.as_str().into())));
            let done = remote.ask("POST", "/v1/dead-letters/redrive", Some(&body.into()))?;
            if as_json { say_json(&done) } else { many(&done) }
        }
        DeadLettersCommand::Drop { id } => {
            remote.ask("DELETE", &format!("/v1/dead-letters/{id}"), None)?;
            if as_json {
                return say_json(&json!({"id": id, "dropped": true}));
            }
            say(format!("letter {id} was dropped"));
            Ok(())
        }
    }
}

/// A cause as it may stand in a query.
fn word(cause: &str) -> Result<&str, Failure> {
    if cause.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_') {
        return Ok(cause);
    }
    Err(Failure::failed(format!("'{cause}' is no cause; the list shows some, such as id_missing")))
}

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap_or("-")
}

fn list(page: &Value) -> Result<(), Failure> {
    for letter in page["letters"].as_array().into_iter().flatten() {
        let payload: String = text(letter, "payload").chars().take(SHOWN).collect();
        let (at, cause, dialect) =
            (text(letter, "receivedAt"), text(letter, "cause"), text(letter, "dialect"));
        say(format!("{:>10}  {at:24}  {cause:20}  {dialect:12}  {payload}", letter["id"].to_string()));
    }
    let totals = &page["totals"];
    let (waiting, kept, lost) = (&totals["waiting"], &totals["kept"], &totals["pushedOut"]);
    say(format!("{waiting} wait of {kept} kept; {lost} older ones were lost to the limits"));
    if let Some(next) = page["next"].as_u64() {
        say(format!("further ones: --before {next}"));
    }
    Ok(())
}

fn show(letter: &Value) -> Result<(), Failure> {
    for name in
        ["id", "state", "cause", "detail", "receivedAt", "dialect", "keyFingerprint", "index", "isCut"]
    {
        let value = &letter[name];
        say(format!("{name:15} {}", value.as_str().map_or_else(|| value.to_string(), str::to_owned)));
    }
    for attempt in letter["history"].as_array().into_iter().flatten() {
        let outcome = text(attempt, "outcome");
        let why = attempt["cause"].as_str().map_or_else(String::new, |cause| format!(": {cause}"));
        say(format!("{:15} {} by {}: {outcome}{why}", "attempt", text(attempt, "at"), text(attempt, "by")));
    }
    say(text(letter, "payload"));
    Ok(())
}

fn many(done: &Value) -> Result<(), Failure> {
    let failed = done["failed"].as_array().map_or(&[][..], Vec::as_slice);
    say(format!("{} letters were re-driven, {} still cannot be processed", done["redriven"], failed.len()));
    for one in failed {
        say(format!("{:>10}  {:20}  {}", one["id"].to_string(), text(one, "cause"), text(one, "detail")));
    }
    Ok(())
}
