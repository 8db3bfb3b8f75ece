//! `tradewind audiences`: over HTTP, since the server that runs has the data directory.

use serde_json::{Value, json};

use super::remote::Remote;
use super::{say, say_json};
use crate::cli::{AudiencesArguments, AudiencesCommand};
use crate::config::Loaded;
use crate::failure::Failure;

/// Asks the server, and prints what it answers.
pub(crate) fn run(loaded: &Loaded, arguments: &AudiencesArguments, as_json: bool) -> Result<(), Failure> {
    let mut remote = Remote::new(&loaded.config, &arguments.server)?;
    let (answer, print): (Value, fn(&Value)) = match &arguments.what {
        AudiencesCommand::List => (remote.ask("GET", "/v1/audiences", None)?, list),
        AudiencesCommand::Get { name } => (remote.ask("GET", &path(name)?, None)?, show),
        AudiencesCommand::Put { name, rule, description, purpose } => {
            let mut body = json!({ "rule": rule, "description": description });
            if let Some(purpose) = purpose {
                body["purpose"] = purpose.as_str().into();
            }
            (remote.ask("PUT", &path(name)?, Some(&body))?, show)
        }
        AudiencesCommand::Delete { name } => (remote.ask("DELETE", &path(name)?, None)?, |gone| {
            say(format!("{} is deleted", text(gone, "name")));
        }),
        AudiencesCommand::Preview { rule } => {
            let body = json!({ "rule": rule });
            (remote.ask("POST", "/v1/audiences/preview", Some(&body))?, preview)
        }
    };
    if as_json {
        return say_json(&answer);
    }
    print(&answer);
    Ok(())
}

/// Where an audience is.
fn path(name: &str) -> Result<String, Failure> {
    if !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-') {
        return Ok(format!("/v1/audiences/{name}"));
    }
    Err(Failure::failed(format!("'{name}' is no name of an audience: write up to 64 of a-z, 0-9, - and _")))
}

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().filter(|text| !text.is_empty()).unwrap_or("-")
}

fn list(all: &Value) {
    let audiences = all["audiences"].as_array().map_or(&[][..], Vec::as_slice);
    if audiences.is_empty() {
        say("there is no audience; `tradewind audiences put` defines one");
    }
    for one in audiences {
        let state = if one["evaluating"] == true { "being asked" } else { "" };
        let (name, size, rule) = (text(one, "name"), &one["size"], text(one, "rule"));
        say(format!("{name:24}  {size:>9} people  {:16}  {state:11}  {rule}", text(one, "purpose")));
    }
}

fn show(one: &Value) {
    say(format!("{} (revision {})", text(one, "name"), one["revision"]));
    for name in ["rule", "description", "purpose", "createdAt", "updatedAt"] {
        say(format!("  {name:12} {}", text(one, name)));
    }
    let asked = if one["evaluating"] == true { ", while everybody is still being asked" } else { "" };
    say(format!("  {:12} {} people{asked}", "size", one["size"]));
    let told =
        if one["told"] == true { "who goes in and out" } else { "nothing: its purpose stays in the house" };
    say(format!("  {:12} {told}", "webhooks get"));
}

fn preview(found: &Value) {
    let (size, low, high) = (&found["size"], &found["sizeLow"], &found["sizeHigh"]);
    say(format!("{size} people ({low} to {high}) of {}", found["population"]));
}
