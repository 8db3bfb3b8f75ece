//! `tradewind outbox`: over HTTP, since the server that runs has the data directory.

use serde_json::Value;

use super::remote::Remote;
use super::{say, say_json};
use crate::cli::{OutboxArguments, OutboxCommand};
use crate::config::Loaded;
use crate::failure::Failure;

/// Asks the server, and prints what it answers.
pub(crate) fn run(loaded: &Loaded, arguments: &OutboxArguments, as_json: bool) -> Result<(), Failure> {
    let mut remote = Remote::new(&loaded.config, &arguments.server)?;
    match &arguments.what {
        OutboxCommand::List { endpoint, limit } => {
            let mut path = format!("/v1/outbox?limit={limit}");
            if let Some(endpoint) = endpoint {
                path.push_str(&format!("&endpoint={}", word(endpoint)?));
            }
            let page = remote.ask("GET", &path, None)?;
            if as_json { say_json(&page) } else { list(&page) }
        }
        OutboxCommand::Retry { id } => {
            let done = remote.ask("POST", &format!("/v1/outbox/{}/retry", word(id)?), None)?;
            if as_json {
                return say_json(&done);
            }
            let was = if done["already"] == true { "waits already" } else { "is due now" };
            say(format!("{id} {was}"));
            Ok(())
        }
    }
}

/// A name as it may stand in an address.
fn word(name: &str) -> Result<&str, Failure> {
    if !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-') {
        return Ok(name);
    }
    Err(Failure::failed(format!("'{name}' is neither an id nor an endpoint; the list shows some")))
}

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap_or("-")
}

fn list(page: &Value) -> Result<(), Failure> {
    let endpoints = page["endpoints"].as_array().map_or(&[][..], Vec::as_slice);
    if endpoints.is_empty() {
        say(
            "no endpoint is configured, so nothing is told to anybody; see [[webhooks]] in the engineer's guide",
        );
    }
    for endpoint in endpoints {
        let (waiting, delivered) = (&endpoint["waiting"], &endpoint["delivered"]);
        let (failed, lost) = (&endpoint["failed"], &endpoint["lost"]);
        say(format!(
            "{:16}  {:10}  {}: {delivered} delivered, {waiting} wait, {failed} failed, {lost} lost",
            text(endpoint, "name"),
            text(endpoint, "state"),
            text(endpoint, "origin")
        ));
    }
    for one in page["failed"].as_array().into_iter().flatten() {
        let (id, endpoint, at) = (text(one, "id"), text(one, "endpoint"), text(one, "failedAt"));
        let (kind, cause) = (text(one, "type"), text(one, "cause"));
        say(format!("{id}  {endpoint:16}  {at:24}  {kind:28}  {cause}"));
    }
    Ok(())
}
