//! The data map: every field that is stored, with its class, what it is for and how long it is kept, made from the
//! declarations. `GET /v1/privacy/data-map`.
//!
//! A field of a stored type that is not declared does not compile ([`tradewind_kernel::stored`]); a stored type, or
//! a column of the lake, that nobody declared fails a test here.

mod others;

use std::fmt::Write;
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use serde::Serialize;
use tradewind_kernel::data_map::{Keep, Stored};
use tradewind_people::traits;
use utoipa::ToSchema;

use crate::auth::check_api_key;
use crate::problem::{Problem, ProblemDocument};
use crate::state::Api;

/// A field that is stored, or a trait that is read off one.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct MapEntry {
    /// Where it lies, from the data directory.
    pub place: &'static str,
    /// What it belongs to.
    pub record: &'static str,
    /// Its name.
    pub field: &'static str,
    /// What it says.
    pub what: String,
    /// What kind of data it is.
    pub class: &'static str,
    /// What it is for.
    pub purpose: &'static str,
    /// Its class of retention, see `classes`.
    pub retention: &'static str,
}

/// A class of retention.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct MapClass {
    /// Its name.
    pub name: &'static str,
    /// What is in it.
    pub holds: String,
    /// The setting of days that bounds it; empty where none does.
    pub setting: &'static str,
    /// What ends it without a setting, or beside one.
    pub ends: &'static str,
    /// Who removes what is too old.
    pub enforced_by: &'static str,
}

/// The whole map.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct DataMap {
    /// Classes of retention.
    pub classes: Vec<MapClass>,
    /// Fields.
    pub fields: Vec<MapEntry>,
}

/// Everything that is declared as stored.
fn declared() -> impl Iterator<Item = &'static Stored> {
    let crates = [
        tradewind_events::data_map::ALL,
        tradewind_people::data_map::ALL,
        tradewind_pipeline::data_map::ALL,
        tradewind_features::data_map::ALL,
        tradewind_decide::data_map::ALL,
        tradewind_webhooks::data_map::ALL,
        tradewind_govern::data_map::ALL,
        tradewind_catalog::data_map::ALL,
        others::ALL,
    ];
    crates.into_iter().flatten().copied()
}

impl DataMap {
    /// The map of this program.
    #[must_use]
    pub fn new() -> Self {
        let class = |keep: &Keep| MapClass {
            name: keep.as_str(),
            holds: keep.holds().to_owned(),
            setting: keep.setting(),
            ends: keep.ends(),
            enforced_by: keep.enforced_by(),
        };
        let stored = declared().flat_map(|stored| {
            stored.fields.iter().map(|field| MapEntry {
                place: stored.place,
                record: stored.name,
                field: field.name,
                what: field.what.to_owned(),
                class: field.data.as_str(),
                purpose: field.purpose.as_str(),
                retention: stored.keep.as_str(),
            })
        });
        let read = traits::ALL.iter().map(|one| MapEntry {
            place: "state/profiles, read as a trait",
            record: "trait",
            field: one.name,
            what: one.description.to_owned(),
            class: one.class.as_str(),
            purpose: one.purpose.as_str(),
            retention: Keep::People.as_str(),
        });
        Self { classes: Keep::ALL.iter().map(class).collect(), fields: stored.chain(read).collect() }
    }

    /// As a page of Markdown.
    #[must_use]
    pub fn markdown(&self) -> String {
        let mut page = String::from(
            "# Data map\n\nMade from the declarations of what is stored.\n\n## Classes of retention\n\n\
             | class | holds | days by | ends also by | removed by |\n|---|---|---|---|---|\n",
        );
        // Writing to a string does not fail.
        for class in &self.classes {
            let setting =
                if class.setting.is_empty() { String::new() } else { format!("`{}`", class.setting) };
            let MapClass { name, holds, ends, enforced_by, .. } = class;
            let _ = writeln!(page, "| {name} | {holds} | {setting} | {ends} | {enforced_by} |");
        }
        page.push_str("\n## Fields\n\n| place | record | field | what | class | purpose | retention |\n|---|---|---|---|---|---|---|\n");
        for one in &self.fields {
            let MapEntry { place, record, field, what, class, purpose, retention } = one;
            let what = what.replace('|', "\\|");
            let _ = writeln!(
                page,
                "| {place} | {record} | `{field}` | {what} | {class} | {purpose} | {retention} |"
            );
        }
        page
    }

    /// The fields as CSV, after RFC 4180.
    #[must_use]
    pub fn csv(&self) -> String {
        let mut page = String::from("place,record,field,what,class,purpose,retention\r\n");
        for one in &self.fields {
            let MapEntry { place, record, field, what, class, purpose, retention } = one;
            let cells = [place, record, field, what.as_str(), class, purpose, retention];
            let quoted: Vec<String> =
                cells.iter().map(|cell| format!("\"{}\"", cell.replace('"', "\"\""))).collect();
            page.push_str(&quoted.join(","));
            page.push_str("\r\n");
        }
        page
    }
}

impl Default for DataMap {
    fn default() -> Self {
        Self::new()
    }
}

/// `GET /v1/privacy/data-map`
#[utoipa::path(get, path = "/v1/privacy/data-map", tag = "privacy",
    responses((status = 200, body = DataMap), (status = 401, body = ProblemDocument)))]
pub(crate) async fn show(State(api): State<Arc<Api>>, headers: HeaderMap) -> Result<Json<DataMap>, Problem> {
    check_api_key(&api, &headers)?;
    Ok(Json(DataMap::new()))
}

#[cfg(test)]
mod tests;
