//! Errors as Feast's client reads them: the body is a JSON text, which is JSON itself and names an exception
//! of the module `feast.errors`. The client raises that one.

use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use tradewind_features::PlanError;
use tradewind_pipeline::PipelineError;

use crate::problem::clipped;

/// The longest message, in bytes.
const MAX_MESSAGE_BYTES: usize = 1_000;

/// An exception of `feast.errors`.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct FeastError {
    status: StatusCode,
    class: &'static str,
    message: String,
}

impl FeastError {
    fn new(status: StatusCode, class: &'static str, message: impl Into<String>) -> Self {
        Self { status, class, message: clipped(message.into(), MAX_MESSAGE_BYTES) }
    }

    /// The request is wrong.
    pub(super) fn bad(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "FeastError", message)
    }

    /// The body is not what this path takes.
    pub(super) fn body(error: &serde_json::Error) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, "FeastError", format!("the body does not read: {error}"))
    }

    /// There is no such thing here.
    pub(super) fn unsupported(message: &str) -> Self {
        Self::new(StatusCode::NOT_IMPLEMENTED, "FeastProviderNotImplementedError", message)
    }

    /// There is no such view.
    pub(super) fn no_view(name: &str) -> Self {
        Self::of_plan(&PlanError::View(name.chars().take(80).collect()))
    }

    /// There is no such push source.
    pub(super) fn no_push_source(name: &str) -> Self {
        let name: String = name.chars().take(80).collect();
        let message = format!("Unable to find push source '{name}'.");
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, "PushSourceNotFoundException", message)
    }

    /// An entity's column is none of any view.
    pub(super) fn no_entity(name: &str) -> Self {
        let name: String = name.chars().take(80).collect();
        let message = format!("Entity {name} does not exist: no feature view has this join key");
        Self::new(StatusCode::NOT_FOUND, "EntityNotFoundException", message)
    }

    pub(super) fn of_plan(error: &PlanError) -> Self {
        let (status, class) = match error {
            PlanError::View(_) => (StatusCode::NOT_FOUND, "FeatureViewNotFoundException"),
            PlanError::Version { .. } => (StatusCode::NOT_FOUND, "FeatureViewVersionNotFound"),
            PlanError::Service(_) => (StatusCode::NOT_FOUND, "FeatureServiceNotFoundException"),
            PlanError::Collision(_) => (StatusCode::BAD_REQUEST, "FeatureNameCollisionError"),
            PlanError::Feature { .. } => (StatusCode::BAD_REQUEST, "SpecifiedFeaturesNotPresentError"),
            PlanError::Name(_) | PlanError::Count(_) => (StatusCode::BAD_REQUEST, "FeastError"),
        };
        Self::new(status, class, error.to_string())
    }

    /// The handler panicked.
    pub(super) fn bug() -> Self {
        let message = "the request could not be handled; this is a bug, please report it";
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "FeastError", message)
    }

    pub(super) fn unreadable(error: &PipelineError) -> Self {
        tracing::error!(%error, "features could not be read");
        let message = "the features could not be read; see the program's log";
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "FeastError", message)
    }

    /// A problem document in Feast's words.
    pub(super) fn of_problem(status: StatusCode, document: &[u8]) -> Self {
        #[derive(Deserialize)]
        struct Document {
            detail: String,
            code: String,
        }
        let class = match status {
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => "FeastPermissionError",
            _ => "FeastError",
        };
        let message = serde_json::from_slice::<Document>(document)
            .map_or_else(|_| status.to_string(), |d| format!("{} ({})", d.detail, d.code));
        Self::new(status, class, message)
    }

    /// The body.
    fn text(&self) -> String {
        let inner = serde_json::json!({
            "module": "feast.errors",
            "class": self.class,
            "message": self.message,
        });
        serde_json::Value::String(inner.to_string()).to_string()
    }
}

impl IntoResponse for FeastError {
    fn into_response(self) -> Response {
        (self.status, [(header::CONTENT_TYPE, "application/json")], self.text()).into_response()
    }
}
