//! `tradewind features training-set`: rows of a history joined to the times that a model is trained for, each
//! with what was known then and nothing later.
//!
//! With `--sql` a running server makes it from the lake ([`from_lake`]). Without, three files and no server: the view as JSON, the form of `PUT /v1/features/views/{name}`; the asks as CSV with the
//! view's join keys and `event_timestamp`; the history as CSV with the join keys, every feature,
//! `event_timestamp` and perhaps `created`. An empty field is no value; lists are JSON. What comes out is the
//! asks, their other columns included, with the features behind them, in the order of the asks.

use std::io::Write;
use std::path::{Path, PathBuf};

use csv::StringRecord;
use serde_json::Value as Json;
use tradewind_features::{
    EntityTime, HistoryRow, Registry, Row, Scalar, Value, ValueType, View, ViewSpec, entity_key,
    point_in_time_join,
};
use tradewind_kernel::UtcMillis;

use crate::cli::{LakeSetArguments, TrainingSetArguments};
use crate::failure::Failure;

/// Joins files, and prints CSV.
pub(crate) fn run(arguments: &TrainingSetArguments) -> Result<(), Failure> {
    let named = |file: &Option<PathBuf>| {
        file.clone().ok_or_else(|| Failure::input("name --view, --entities and --history, or --sql"))
    };
    let view = view_of(&named(&arguments.view)?)?;
    let asks = Table::read(&named(&arguments.entities)?)?;
    let history = Table::read(&named(&arguments.history)?)?;
    let entities = asks.entities(&view)?;
    let history = history.rows(&view)?;
    let joined = point_in_time_join(&entities, &history, view.ttl_ms());
    let mut out = csv::Writer::from_writer(std::io::stdout().lock());
    let names = view.spec.features.iter().map(|f| f.name.as_str());
    out.write_record(asks.header.iter().chain(names)).map_err(Failure::failed)?;
    for (ask, values) in asks.records.iter().zip(joined) {
        let none = vec![None; view.spec.features.len()];
        let fields: Vec<String> = values.unwrap_or(&none).iter().map(|v| field(v.as_ref())).collect();
        out.write_record(ask.iter().chain(fields.iter().map(String::as_str))).map_err(Failure::failed)?;
    }
    out.into_inner().map_err(Failure::failed)?.flush().map_err(Failure::failed)
}

/// What the server is asked for.
pub(crate) fn request_of(lake: &LakeSetArguments, sql: &str) -> Json {
    let mut ask = serde_json::json!({ "entities": sql, "fullFeatureNames": lake.full_names });
    match &lake.service {
        Some(service) => ask["service"] = service.as_str().into(),
        None => ask["features"] = lake.features.clone().into(),
    }
    ask
}

/// Prints what the server answered as CSV; what was left out is told on standard error.
pub(crate) fn from_lake(answer: &Json) -> Result<(), Failure> {
    let columns: Vec<&str> =
        answer["columns"].as_array().into_iter().flatten().filter_map(Json::as_str).collect();
    let mut out = csv::Writer::from_writer(std::io::stdout().lock());
    out.write_record(&columns).map_err(Failure::failed)?;
    for row in answer["rows"].as_array().into_iter().flatten() {
        let field = |column: &&str| match &row[*column] {
            Json::Null => String::new(),
            Json::String(text) => text.clone(),
            value => value.to_string(),
        };
        out.write_record(columns.iter().map(field)).map_err(Failure::failed)?;
    }
    out.into_inner().map_err(Failure::failed)?.flush().map_err(Failure::failed)?;
    if let Some(left_out) = answer["leftOut"].as_u64().filter(|rows| *rows > 0) {
        // Where even this cannot be written there is nobody to tell.
        let _ = writeln!(
            std::io::stderr(),
            "tradewind: {left_out} rows are left out, because those whom they are about do not agree to it"
        );
    }
    Ok(())
}

fn view_of(path: &Path) -> Result<View, Failure> {
    let wrong = |why: &dyn std::fmt::Display| Failure::input(format!("{}: {why}", path.display()));
    let text = std::fs::read_to_string(path).map_err(|e| wrong(&e))?;
    let spec: ViewSpec = serde_json::from_str(&text).map_err(|e| wrong(&e))?;
    let put = Registry::default().put_view(&spec).map_err(|e| wrong(&e))?;
    Ok(View::clone(put.view()))
}

/// A CSV file in memory.
struct Table {
    name: String,
    header: StringRecord,
    records: Vec<StringRecord>,
}

impl Table {
    fn read(path: &Path) -> Result<Self, Failure> {
        let name = path.display().to_string();
        let wrong = |e: csv::Error| Failure::input(format!("{name}: {e}"));
        let mut reader = csv::Reader::from_path(path).map_err(wrong)?;
        let header = reader.headers().map_err(wrong)?.clone();
        let records = reader.into_records().collect::<Result<_, _>>().map_err(wrong)?;
        Ok(Self { name, header, records })
    }

    fn column(&self, name: &str) -> Result<usize, Failure> {
        let found = self.header.iter().position(|h| h == name);
        found.ok_or_else(|| Failure::input(format!("{} has no column {name}", self.name)))
    }

    fn wrong(&self, record: usize, why: &dyn std::fmt::Display) -> Failure {
        // The header is the first line.
        Failure::input(format!("{}, record {}: {why}", self.name, record + 1))
    }

    fn time(&self, record: usize, column: usize) -> Result<UtcMillis, Failure> {
        UtcMillis::parse(&self.records[record][column]).map_err(|e| self.wrong(record, &e))
    }

    /// The entities' keys, one a record.
    fn keys(&self, view: &View) -> Result<Vec<String>, Failure> {
        let columns: Vec<usize> =
            view.spec.keys().iter().map(|k| self.column(&k.name)).collect::<Result<_, _>>()?;
        let key = |record: &StringRecord| {
            let parts: Vec<&str> = columns.iter().map(|&c| &record[c]).collect();
            entity_key(&parts)
        };
        Ok(self.records.iter().map(key).collect())
    }

    fn entities(&self, view: &View) -> Result<Vec<EntityTime>, Failure> {
        let at = self.column("event_timestamp")?;
        let keys = self.keys(view)?.into_iter().enumerate();
        keys.map(|(n, entity)| Ok(EntityTime { entity, at: self.time(n, at)? })).collect()
    }

    fn rows(&self, view: &View) -> Result<Vec<HistoryRow>, Failure> {
        let (at, created) = (self.column("event_timestamp")?, self.column("created").ok());
        let features: Vec<(usize, ValueType)> = view
            .spec
            .features
            .iter()
            .map(|f| Ok((self.column(&f.name)?, f.kind)))
            .collect::<Result<_, Failure>>()?;
        let row = |(n, entity)| {
            let event_at = self.time(n, at)?;
            let created_at = created.map_or(Ok(event_at), |column| self.time(n, column))?;
            let value = |&(column, kind): &(usize, ValueType)| {
                value_of(kind, &self.records[n][column]).map_err(|e| self.wrong(n, &e))
            };
            let values = features.iter().map(value).collect::<Result<_, _>>()?;
            Ok(HistoryRow { entity, row: Row { event_at, created_at, values } })
        };
        self.keys(view)?.into_iter().enumerate().map(row).collect()
    }
}

/// A field as a value.
fn value_of(kind: ValueType, field: &str) -> Result<Option<Value>, String> {
    if field.is_empty() {
        return Ok(None);
    }
    if kind == ValueType::one(Scalar::Double) {
        // To the last bit, which the reader of JSON does not promise.
        let number = field.parse::<f64>().ok().filter(|n| n.is_finite());
        return number.map(|n| Some(Value::Double(n))).ok_or_else(|| format!("'{field}' is no {kind}"));
    }
    let is_text = matches!(kind.scalar, Scalar::String | Scalar::Bytes | Scalar::UnixTimestamp);
    let json = if is_text && !kind.is_list {
        // Times may be numbers.
        let number = field.parse::<i64>().ok().filter(|_| kind.scalar == Scalar::UnixTimestamp);
        number.map_or_else(|| Json::from(field), Json::from)
    } else {
        let plain = if kind.scalar == Scalar::Bool { field.to_ascii_lowercase() } else { field.to_owned() };
        serde_json::from_str(&plain).map_err(|_| format!("'{field}' is no {kind}"))?
    };
    Value::of_json(kind, &json).map_err(|e| e.to_string())
}

/// A value as a field.
fn field(value: Option<&Value>) -> String {
    match value {
        None => String::new(),
        Some(Value::Text(text)) => text.clone(),
        Some(value) => {
            let mut json = Vec::new();
            value.write_json(&mut json);
            let text = String::from_utf8_lossy(&json).into_owned();
            // Bytes are base64, and need no quotes.
            if matches!(value, Value::Bytes(_)) { text.trim_matches('"').to_owned() } else { text }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(kind: &str, given: &str, expected: Result<&str, &str>) {
        let kind = ValueType::parse(kind).unwrap();
        let written = value_of(kind, given).map(|value| field(value.as_ref()));
        assert_eq!(written.as_deref().map_err(String::as_str), expected);
    }

    #[test]
    fn fields_are_read_by_their_types() {
        check("int64", "7", Ok("7"));
        check("int64", "7.0", Ok("7"));
        check("int64", "", Ok(""));
        check("int64", "x", Err("'x' is no int64"));
        check("double", "0.1", Ok("0.1"));
        // One that a reader that is almost exact gets wrong.
        check("double", "41.05999771493823", Ok("41.05999771493823"));
        check("double", "inf", Err("'inf' is no double"));
        check("string", "7", Ok("7"));
        check("bool", "True", Ok("true"));
        check("bytes", "AAE=", Ok("AAE="));
        check("unix_timestamp", "1795207383", Ok("1795207383"));
        check("unix_timestamp", "2026-11-20T20:43:03Z", Ok("1795207383"));
        check("string_list", r#"["a"]"#, Ok(r#"["a"]"#));
    }
}
