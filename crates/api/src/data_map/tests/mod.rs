//! What is stored and not declared is found in the sources. Fields of declared types are the compiler's business.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::*;

/// Types with a stored form that hold no field of their own worth a line: their place in another type is declared.
const WITHIN: &[&str] = &[
    // Numbers and words that stand in a declared field.
    "Kind",
    "Origin",
    "Action",
    "Country",
    "EdgeKind",
    "Node",
    "Crossing",
    "Decayed",
    "Affinities",
    "Availability",
    "Level",
    "ValueType",
    "EntityKind",
    "Source",
    "Money",
    "Purpose",
    "Purposes",
    "Subject",
    "UtcMillis",
    "Step",
    "Act",
    "Stage",
    "PropertyType",
    "Currency",
    // Enums whose variants are declared under another name.
    "Note",
    "Effect",
    "Command",
    "Change",
    "Last",
];

fn crates() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

fn sources(dir: &Path, found: &mut Vec<(String, String)>) {
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() && name != "tests" {
            sources(&path, found);
        } else if name.ends_with(".rs") && name != "tests.rs" {
            let text = std::fs::read_to_string(&path).unwrap();
            let text = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default().to_owned();
            found.push((path.display().to_string(), text));
        }
    }
}

/// The types of a source that are both written and read: those with a stored form.
fn stored_types(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for part in text.split("#[derive(").skip(1) {
        let (derived, rest) = part.split_once(")]").unwrap_or_default();
        let names: Vec<&str> = derived.split(',').map(str::trim).collect();
        if !(names.contains(&"Serialize") && names.contains(&"Deserialize")) {
            continue;
        }
        let name = rest.lines().find_map(|line| {
            let line = line.trim_start();
            let line = line.strip_prefix("pub(crate) ").or_else(|| line.strip_prefix("pub ")).unwrap_or(line);
            let after = line.strip_prefix("struct ").or_else(|| line.strip_prefix("enum "))?;
            Some(after.chars().take_while(|c| c.is_alphanumeric()).collect::<String>())
        });
        // A macro's types have no name here; they stand in fields that are declared.
        found.extend(name.filter(|name| !name.is_empty()));
    }
    found
}

#[test]
fn every_stored_type_is_declared() {
    let declared: BTreeSet<&str> =
        declared().map(|stored| stored.name).chain(WITHIN.iter().copied()).collect();
    let (mut missing, mut count) = (Vec::new(), 0);
    for name in
        ["events", "people", "pipeline", "webhooks", "govern", "features", "decide", "catalog", "kernel"]
    {
        let mut files = Vec::new();
        sources(&crates().join(name).join("src"), &mut files);
        for (path, text) in files {
            for stored in stored_types(&text) {
                count += 1;
                if !declared.contains(stored.as_str()) {
                    missing.push(format!("{stored} in {path}"));
                }
            }
        }
    }
    assert!(count > 50, "the search finds what is there: {count}");
    assert!(missing.is_empty(), "declare these with stored! in their crate's data_map.rs: {missing:#?}");
}

#[test]
fn every_column_of_the_lake_is_declared() {
    let of = |file: &str| -> BTreeSet<String> {
        let text = std::fs::read_to_string(crates().join("lake/src").join(file)).unwrap();
        let text = text.split("#[cfg(test)]").next().unwrap_or_default().to_owned();
        let names = text.split("column(").skip(1).filter_map(|rest| {
            let name = rest.trim_start().strip_prefix('"')?;
            Some(name.split('"').next()?.to_owned())
        });
        names.collect()
    };
    for (record, file) in
        [("lake_events", "events.rs"), ("lake_decisions", "decisions.rs"), ("lake_products", "products.rs")]
    {
        let stored = declared().find(|stored| stored.name == record).unwrap();
        let known: BTreeSet<String> = stored.fields.iter().map(|field| field.name.to_owned()).collect();
        let found = of(file);
        assert!(found.len() > 10, "the search finds the columns of {file}");
        assert_eq!(known, found, "{record}: declare them in data_map/others.rs");
    }
}

#[test]
fn the_map_is_whole_and_reads_in_each_form() {
    let map = DataMap::new();
    assert!(map.fields.iter().all(|one| one.what.ends_with('.') && !one.place.is_empty()), "{map:?}");
    let mut seen = BTreeSet::new();
    for one in &map.fields {
        assert!(seen.insert((one.place, one.record, one.field)), "{one:?} is declared twice");
    }
    for class in &map.classes {
        assert!(!class.holds.is_empty() && !class.ends.is_empty() && !class.enforced_by.is_empty());
    }
    let (page, csv) = (map.markdown(), map.csv());
    assert_eq!(
        page.lines().filter(|line| line.starts_with("| ")).count(),
        map.fields.len() + map.classes.len() + 2
    );
    assert_eq!(csv.matches("\r\n").count(), map.fields.len() + 1);
    for (record, field) in
        [("Event", "user_id"), ("Profile", "taste"), ("trait", "orders"), ("FieldKind", "Email")]
    {
        assert!(map.fields.iter().any(|one| (one.record, one.field) == (record, field)), "{record}.{field}");
    }
}
