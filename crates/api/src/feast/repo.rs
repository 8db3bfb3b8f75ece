//! `GET /v1/feast/repo.tar.gz`: a Feast repository of everything that is declared.
//!
//! `feast apply` takes it as it is: `feature_store.yaml` with this server as the remote online store, and
//! `definitions.py` with entities, views and services. Each view names a Parquet file for offline use,
//! `data/<view>.parquet`, with the columns of its keys and features, `event_timestamp` and `created`.
//!
//! The names that go into Python are checked when they are declared, and stand behind a prefix, since `import` is
//! a fine name of a view; texts are written as JSON strings, which Python reads alike.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::Write as _;
use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use flate2::Compression;
use flate2::write::GzEncoder;
use tradewind_features::{Registry, Scalar, ServiceSpec, Source, ValueType, View};

use crate::auth::check_api_key;
use crate::problem::{Code, Problem};
use crate::state::Api;

/// `GET /v1/feast/repo.tar.gz`
#[utoipa::path(get, path = "/v1/feast/repo.tar.gz", tag = "features",
    responses((status = 200, description = "feature_store.yaml and definitions.py, for `feast apply`"),
        (status = 401, body = crate::problem::ProblemDocument)))]
pub(crate) async fn serve(State(api): State<Arc<Api>>, headers: HeaderMap) -> Result<Response, Problem> {
    check_api_key(&api, &headers)?;
    let host = headers.get(header::HOST).and_then(|h| h.to_str().ok()).filter(|h| is_host(h));
    let server = format!("http://{}", host.unwrap_or("127.0.0.1:8080"));
    let registry = api.pipeline.feature_registry();
    let files = [("feature_store.yaml", yaml(&server)), ("definitions.py", definitions(&registry))];
    let archive = archive(&files, api.now().get() / 1_000).map_err(|error| {
        tracing::error!(%error, "the Feast repository could not be packed");
        Problem::new(Code::Internal, "the repository could not be packed; see the program's log")
    })?;
    let disposition = "attachment; filename=\"feast-repo.tar.gz\"";
    let told = [(header::CONTENT_TYPE, "application/gzip"), (header::CONTENT_DISPOSITION, disposition)];
    Ok((told, archive).into_response())
}

/// Whether a Host header may go into a file as it is.
fn is_host(host: &str) -> bool {
    host.bytes().all(|b| b.is_ascii_alphanumeric() || b".-:[]".contains(&b))
}

fn yaml(server: &str) -> String {
    format!(
        "# Made by Tradewind. Run `feast apply` in this folder; fetch it again when definitions change.\n\
         project: tradewind\n\
         registry: data/registry.db\n\
         provider: local\n\
         online_store:\n  type: remote\n  path: {server}\n\
         offline_store:\n  type: file\n\
         entity_key_serialization_version: 3\n\
         auth:\n  type: no_auth\n"
    )
}

/// A text as a Python literal.
fn text(words: &str) -> String {
    serde_json::Value::from(words).to_string()
}

fn python_type(kind: ValueType) -> String {
    let scalar = match kind.scalar {
        Scalar::Int64 => "Int64",
        Scalar::Double => "Float64",
        Scalar::Float => "Float32",
        Scalar::String => "String",
        Scalar::Bool => "Bool",
        Scalar::UnixTimestamp => "UnixTimestamp",
        Scalar::Bytes => "Bytes",
    };
    if kind.is_list { format!("Array({scalar})") } else { scalar.to_owned() }
}

fn definitions(registry: &Registry) -> String {
    let mut py = String::from(
        "# Made by Tradewind from what is declared there; changes here do not reach it.\n\
         from datetime import timedelta\n\n\
         from feast import Entity, FeatureService, FeatureView, Field, FileSource, PushSource, ValueType\n\
         from feast.types import Array, Bool, Bytes, Float32, Float64, Int64, String, UnixTimestamp\n\n",
    );
    let mut keys: BTreeMap<String, (ValueType, &str)> = BTreeMap::new();
    for view in registry.newest() {
        let entity = view.spec.entity.as_str();
        keys.extend(view.spec.keys().into_iter().map(|k| (k.name, (k.kind, entity))));
    }
    for (name, (kind, entity)) in &keys {
        let kind = if kind.scalar == Scalar::Int64 { "INT64" } else { "STRING" };
        // Writing into a text does not fail.
        let _ = writeln!(
            py,
            "entity_{name} = Entity(name={0}, join_keys=[{0}], value_type=ValueType.{kind}, tags={{\"entity\": {1}}})",
            text(name),
            text(entity)
        );
    }
    let mut pushes: BTreeMap<&str, String> = BTreeMap::new();
    for view in registry.newest() {
        define_view(&mut py, view, &mut pushes);
    }
    for service in registry.services() {
        define_service(&mut py, registry, service);
    }
    py
}

fn define_view<'a>(py: &mut String, view: &'a View, pushes: &mut BTreeMap<&'a str, String>) {
    let spec = &view.spec;
    let name = &spec.name;
    // Writing into a text does not fail.
    let _ = write!(
        py,
        "\nfile_{name} = FileSource(name=\"{name}_file\", path=\"data/{name}.parquet\", \
         timestamp_field=\"event_timestamp\", created_timestamp_column=\"created\")\n"
    );
    let source = match &spec.source {
        // Views that share a push source share its batch source too: the first one's.
        Source::Push(push) => pushes
            .entry(push)
            .or_insert_with(|| {
                let variable = format!("push_{push}");
                let _ =
                    writeln!(py, "{variable} = PushSource(name={}, batch_source=file_{name})", text(push));
                variable
            })
            .clone(),
        _ => format!("file_{name}"),
    };
    let entities: Vec<String> = spec.keys().iter().map(|k| format!("entity_{}", k.name)).collect();
    let _ = write!(
        py,
        "view_{name} = FeatureView(\n    name={},\n    entities=[{}],\n    ttl=timedelta(seconds={}),\n    schema=[\n",
        text(name),
        entities.join(", "),
        spec.ttl_seconds
    );
    for feature in &spec.features {
        let _ = writeln!(
            py,
            "        Field(name={}, dtype={}, description={}, tags={{\"unit\": {}}}),",
            text(&feature.name),
            python_type(feature.kind),
            text(&feature.description),
            text(&feature.unit)
        );
    }
    let _ = write!(
        py,
        "    ],\n    source={source},\n    online=True,\n    description={},\n    owner={},\n    \
         tags={{\"purpose\": {}, \"version\": \"{}\"}},\n)\n",
        text(&spec.description),
        text(&spec.owner),
        text(spec.purpose.as_str()),
        view.version
    );
}

fn define_service(py: &mut String, registry: &Registry, service: &ServiceSpec) {
    let mut views: Vec<(String, Vec<String>)> = Vec::new();
    for name in &service.features {
        // Feast's definitions are of the newest versions; a pinned one is read by its own name.
        let Ok(planned) = registry.look_up(name) else { continue };
        let view = planned.view.spec.name.clone();
        let place = views.iter().position(|(v, _)| *v == view).unwrap_or_else(|| {
            views.push((view, Vec::new()));
            views.len() - 1
        });
        let features = planned.features.iter().map(|&n| text(&planned.view.spec.features[n].name));
        views[place].1.extend(features);
    }
    let projections: Vec<String> =
        views.iter().map(|(view, features)| format!("view_{view}[[{}]]", features.join(", "))).collect();
    // Writing into a text does not fail.
    let _ = write!(
        py,
        "\nservice_{0} = FeatureService(\n    name={1},\n    features=[{2}],\n    description={3},\n    owner={4},\n)\n",
        service.name,
        text(&service.name),
        projections.join(", "),
        text(&service.description),
        text(&service.owner)
    );
}

/// Packs files as ustar (POSIX.1-1988), gzipped.
fn archive(files: &[(&str, String)], modified_s: i64) -> std::io::Result<Vec<u8>> {
    let mut tar = Vec::new();
    for (name, content) in files {
        tar.extend_from_slice(&header_of(name, content.len(), modified_s.max(0)));
        tar.extend_from_slice(content.as_bytes());
        tar.resize(tar.len().next_multiple_of(512), 0);
    }
    tar.resize(tar.len() + 1_024, 0);
    let mut packed = GzEncoder::new(Vec::new(), Compression::default());
    packed.write_all(&tar)?;
    packed.finish()
}

fn header_of(name: &str, size_bytes: usize, modified_s: i64) -> [u8; 512] {
    let mut header = [0u8; 512];
    let mut put = |at: usize, field: &str| header[at..at + field.len()].copy_from_slice(field.as_bytes());
    put(0, name);
    put(100, "0000644\0");
    put(108, "0000000\0");
    put(116, "0000000\0");
    put(124, &format!("{size_bytes:011o}\0"));
    put(136, &format!("{modified_s:011o}\0"));
    // The sum is taken with blanks in its own place.
    put(148, "        ");
    put(156, "0");
    put(257, "ustar\x0000");
    let sum: u32 = header.iter().copied().map(u32::from).sum();
    header[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    header
}
