//! What browser SDKs fetch before they send anything.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, header};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::extract::{Path, Query};
use crate::state::Api;

/// `GET /v1/projects/{writeKey}/settings`: tells Segment's browser SDK to send to this server.
pub(crate) async fn segment_settings(Path(write_key): Path<String>, headers: HeaderMap) -> Json<Value> {
    let host = headers.get(header::HOST).and_then(|v| v.to_str().ok()).unwrap_or("localhost");
    let protocol = headers.get("x-forwarded-proto").and_then(|v| v.to_str().ok()).unwrap_or("http");
    Json(json!({"integrations": {"Segment.io": {
        "apiKey": write_key, "apiHost": format!("{host}/v1"), "protocol": protocol,
    }}}))
}

#[derive(Deserialize)]
pub(crate) struct RudderQuery {
    #[serde(default, rename = "writeKey")]
    write_key: String,
}

/// `GET /sourceConfig`: tells RudderStack's browser SDK that its source is enabled.
pub(crate) async fn rudder_config(
    State(api): State<Arc<Api>>,
    Query(query): Query<RudderQuery>,
) -> Json<Value> {
    Json(json!({
        "source": {
            "id": query.write_key, "name": "tradewind", "enabled": true, "destinations": [],
            "writeKey": query.write_key,
            "config": {"statsCollection": {"errors": {"enabled": false}, "metrics": {"enabled": false}}},
        },
        "updatedAt": api.now().to_rfc3339(),
    }))
}
