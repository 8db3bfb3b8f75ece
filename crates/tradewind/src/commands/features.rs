//! `tradewind features`: over HTTP, since the server that runs has the data directory.

use serde_json::Value;

use super::remote::Remote;
use super::{say, say_json, training_set};
use crate::cli::{FeaturesArguments, FeaturesCommand};
use crate::config::Loaded;
use crate::failure::Failure;

/// Asks the server, and prints what it answers.
pub(crate) fn run(loaded: &Loaded, arguments: &FeaturesArguments, as_json: bool) -> Result<(), Failure> {
    if let FeaturesCommand::TrainingSet(files) = &arguments.what
        && files.lake.sql.is_none()
    {
        return training_set::run(files);
    }
    let mut remote = Remote::new(&loaded.config, &arguments.server)?;
    match &arguments.what {
        FeaturesCommand::List => {
            let all = remote.ask("GET", "/v1/features", None)?;
            if as_json { say_json(&all) } else { list(&all) }
        }
        FeaturesCommand::Show { name } => {
            let one = remote.ask("GET", &format!("/v1/features/{}", escaped(name)), None)?;
            if as_json { say_json(&one) } else { show(&one) }
        }
        FeaturesCommand::Lineage { name } => {
            let found = remote.ask("GET", &format!("/v1/features/{}/lineage", escaped(name)), None)?;
            if as_json { say_json(&found) } else { lineage(&found) }
        }
        FeaturesCommand::TrainingSet(set) => {
            let ask = training_set::request_of(&set.lake, set.lake.sql.as_deref().unwrap_or_default());
            let made = remote.ask("POST", "/v1/features/training-set", Some(&ask))?;
            if as_json { say_json(&made) } else { training_set::from_lake(&made) }
        }
    }
}

/// A name as one segment of a path.
fn escaped(name: &str) -> String {
    let one = |byte: u8| match byte {
        b if b.is_ascii_alphanumeric() || b"_-.:@".contains(&b) => char::from(b).to_string(),
        b => format!("%{b:02X}"),
    };
    name.bytes().map(one).collect()
}

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().filter(|t| !t.is_empty()).unwrap_or("-")
}

fn items(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

/// Where a view's values come from, in a word.
fn source(view: &Value) -> String {
    match &view["source"] {
        Value::String(word) => word.clone(),
        Value::Object(fields) => {
            fields.iter().next().map_or_else(String::new, |(kind, what)| match kind.as_str() {
                "push" => format!("push {}", what.as_str().unwrap_or_default()),
                kind => kind.to_owned(),
            })
        }
        _ => String::new(),
    }
}

fn list(all: &Value) -> Result<(), Failure> {
    for view in items(&all["views"]) {
        let (name, entity) = (text(view, "name"), text(view, "entity"));
        let (version, count) = (&view["version"], items(&view["features"]).count());
        let words = text(view, "description");
        say(format!("{name:24} v{version:<3} {entity:9} {count:>3} features  {:16}  {words}", source(view)));
    }
    for service in items(&all["services"]) {
        let features: Vec<&str> = items(&service["features"]).filter_map(Value::as_str).collect();
        say(format!("{:24} service: {}", text(service, "name"), features.join(", ")));
    }
    Ok(())
}

fn show(one: &Value) -> Result<(), Failure> {
    for view in items(&one["versions"]) {
        say(format!("{} v{}", text(view, "name"), view["version"]));
        let keys: Vec<&str> = items(&view["joinKeys"]).map(|k| text(k, "name")).collect();
        say(format!("  entity       {} by {}", text(view, "entity"), keys.join(", ")));
        say(format!("  source       {}", source(view)));
        say(format!("  ttl          {} s", view["ttlSeconds"]));
        for name in ["purpose", "owner", "description"] {
            say(format!("  {name:12} {}", text(view, name)));
        }
        for feature in items(&view["features"]) {
            let (name, kind) = (text(feature, "name"), text(feature, "type"));
            let rate = feature["missingRate"].as_f64();
            let missing = rate.map_or_else(String::new, |rate| format!("  ({:.1} % missing)", rate * 100.0));
            say(format!(
                "  {name:28} {kind:14} {:20} {}{missing}",
                text(feature, "unit"),
                text(feature, "description")
            ));
        }
    }
    if let Some(service) = one.get("service") {
        say(format!("{} (service)", text(service, "name")));
        for feature in items(&service["features"]).filter_map(Value::as_str) {
            say(format!("  {feature}"));
        }
        let models: Vec<&str> = items(&service["models"]).filter_map(Value::as_str).collect();
        say(format!("  read by {}", if models.is_empty() { "no model".into() } else { models.join(", ") }));
    }
    Ok(())
}

fn lineage(found: &Value) -> Result<(), Failure> {
    for (words, name) in [("comes from", "upstream"), ("is", "of"), ("goes into", "downstream")] {
        if items(&found[name]).next().is_some() {
            say(words);
        }
        for node in items(&found[name]) {
            let live = items(&found["liveModels"])
                .find(|model| node["kind"] == "model" && model["name"] == node["name"]);
            let live = live.map_or_else(String::new, |model| match model["version"].as_str() {
                Some(version) => format!("  live, version {version}"),
                None => "  live".to_owned(),
            });
            say(format!("  {:8} {}{live}", text(node, "kind"), text(node, "name")));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_one_segment_of_a_path() {
        assert_eq!(escaped("habits@v1:visits"), "habits@v1:visits");
        assert_eq!(escaped("a/b ?ä"), "a%2Fb%20%3F%C3%A4");
    }
}
