//! `tradewind identity`: over HTTP, since the server that runs has the data directory.

use serde_json::{Value, json};

use super::remote::Remote;
use super::{say, say_json};
use crate::cli::{IdentityArguments, IdentityCommand};
use crate::config::Loaded;
use crate::failure::Failure;

/// Asks the server, and prints what it answers: who is who around the subject.
pub(crate) fn run(loaded: &Loaded, arguments: &IdentityArguments, as_json: bool) -> Result<(), Failure> {
    let mut remote = Remote::new(&loaded.config, &arguments.server)?;
    let found = match &arguments.what {
        IdentityCommand::Show { subject } => {
            remote.ask("GET", &format!("/v1/identity/{}", in_path(subject)), None)?
        }
        IdentityCommand::Merge { into, from, reason } => {
            let body = json!({"into": into, "from": from, "reason": reason});
            remote.ask("POST", "/v1/identity/merge", Some(&body))?
        }
        IdentityCommand::Split { subject, from, reason } => {
            let body = json!({"subject": subject, "from": from, "reason": reason});
            remote.ask("POST", "/v1/identity/split", Some(&body))?
        }
    };
    if as_json { say_json(&found) } else { show(&found) }
}

/// A subject as it may stand in a path.
fn in_path(subject: &str) -> String {
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"-._~:".contains(byte);
    let escaped = |byte: u8| if plain(&byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") };
    subject.bytes().map(escaped).collect()
}

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap_or("-")
}

fn list<'a>(value: &'a Value, name: &str) -> &'a [Value] {
    value[name].as_array().map_or(&[], Vec::as_slice)
}

fn words(values: &[Value]) -> String {
    values.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(", ")
}

fn show(found: &Value) -> Result<(), Failure> {
    say(format!("{:12} {}", "person", text(&found["person"], "id")));
    say(format!("{:12} {}", "users", words(list(&found["person"], "users"))));
    say(format!("{:12} {}", "ids", words(list(found, "nodes"))));
    for edge in list(found, "edges") {
        let ignored = edge["ignored"].as_str().map_or_else(String::new, |why| format!(", ignored: {why}"));
        let (one, other, kind) = (text(edge, "one"), text(edge, "other"), text(edge, "kind"));
        let (first, last) = (text(edge, "firstAt"), text(edge, "lastAt"));
        say(format!("{kind:12} {one} and {other}, {first} to {last}{ignored}"));
    }
    for suggestion in list(found, "suggestions") {
        say(format!(
            "{:12} {} share {}",
            "suggestion",
            words(list(suggestion, "users")),
            text(suggestion, "because")
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subject_in_a_path_is_escaped() {
        assert_eq!(in_path("user_id:a/b c?é"), "user_id:a%2Fb%20c%3F%C3%A9");
    }
}
