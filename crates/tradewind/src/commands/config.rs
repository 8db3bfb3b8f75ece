//! `tradewind config show`

use serde_json::{Value, json};

use super::{say, say_json};
use crate::config::Loaded;
use crate::failure::Failure;

/// Prints every setting with its origin. Keys are secrets and are shown by their number only,
/// webhooks by their names.
pub(crate) fn show(loaded: &Loaded, as_json: bool) -> Result<(), Failure> {
    let settings = loaded.explain();
    if as_json {
        let all: Vec<Value> = settings
            .into_iter()
            .map(|(key, value, from)| json!({"key": key, "value": shown(&key, value), "from": from}))
            .collect();
        return say_json(&all);
    }
    let width = settings.iter().map(|(key, ..)| key.len()).max().unwrap_or(0);
    for (key, value, from) in settings {
        let value = shown(&key, value).to_string();
        say(format!("{key:width$} = {value:<24} # {from}"));
    }
    Ok(())
}

fn shown(key: &str, value: Value) -> Value {
    match &value {
        Value::Array(keys) if (key.ends_with("keys") || key.ends_with("secrets")) && !keys.is_empty() => {
            format!("({} not shown)", keys.len()).into()
        }
        Value::Array(webhooks) if key == "webhooks" && !webhooks.is_empty() => {
            let named = webhooks.iter().map(|webhook| webhook["name"].clone());
            Value::Array(named.collect())
        }
        _ => value,
    }
}
