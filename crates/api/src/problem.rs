//! Every error that the native API answers with: RFC 9457 problem documents.
//!
//! A code is stable and has a page under `docs/errors/`, which the program serves at the problem's `type`.

use std::time::Duration;

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use crate::admission::retry;

/// What went wrong, as a program can tell it apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "each has its page under docs/errors")]
pub enum Code {
    BadGzip,
    BatchInvalid,
    BatchTooLong,
    BodyTooLarge,
    EventsRejected,
    Internal,
    InvalidJson,
    InvalidRequest,
    MasterKeys,
    MethodNotAllowed,
    MissingApiKey,
    MissingWriteKey,
    NoConsent,
    NotFound,
    Overloaded,
    RedriveFailed,
    RestrictUnavailable,
    QuotaExceeded,
    SqlInvalid,
    SqlLimit,
    SqlUnavailable,
    Stopped,
    StorageFull,
    TooDeep,
    TooSlow,
    UnknownApiKey,
    UnknownPlacement,
    UnknownWriteKey,
    UnsupportedEncoding,
    VaultForbidden,
    WebhookNotConfigured,
    WebhookSignature,
    WebhookStopped,
}

impl Code {
    /// All codes.
    pub const ALL: [Self; 33] = [
        Self::BadGzip,
        Self::BatchInvalid,
        Self::BatchTooLong,
        Self::BodyTooLarge,
        Self::EventsRejected,
        Self::Internal,
        Self::InvalidJson,
        Self::InvalidRequest,
        Self::MasterKeys,
        Self::MethodNotAllowed,
        Self::MissingApiKey,
        Self::MissingWriteKey,
        Self::NoConsent,
        Self::NotFound,
        Self::Overloaded,
        Self::RedriveFailed,
        Self::RestrictUnavailable,
        Self::QuotaExceeded,
        Self::SqlInvalid,
        Self::SqlLimit,
        Self::SqlUnavailable,
        Self::Stopped,
        Self::StorageFull,
        Self::TooDeep,
        Self::TooSlow,
        Self::UnknownApiKey,
        Self::UnknownPlacement,
        Self::UnknownWriteKey,
        Self::UnsupportedEncoding,
        Self::VaultForbidden,
        Self::WebhookNotConfigured,
        Self::WebhookSignature,
        Self::WebhookStopped,
    ];

    /// Its text, and the name of its page; its status; its title.
    const fn facts(self) -> (&'static str, StatusCode, &'static str) {
        match self {
            Self::BadGzip => ("bad-gzip", StatusCode::BAD_REQUEST, "The body is not gzip"),
            Self::BatchInvalid => ("batch-invalid", StatusCode::BAD_REQUEST, "The batch is not a batch"),
            Self::BatchTooLong => ("batch-too-long", StatusCode::PAYLOAD_TOO_LARGE, "The batch is too long"),
            Self::BodyTooLarge => ("body-too-large", StatusCode::PAYLOAD_TOO_LARGE, "The body is too large"),
            Self::EventsRejected => ("events-rejected", StatusCode::BAD_REQUEST, "Events were rejected"),
            Self::Internal => ("internal", StatusCode::INTERNAL_SERVER_ERROR, "Something failed inside"),
            Self::InvalidJson => ("invalid-json", StatusCode::BAD_REQUEST, "The body is not JSON"),
            Self::InvalidRequest => ("invalid-request", StatusCode::BAD_REQUEST, "The request is invalid"),
            Self::MasterKeys => ("master-keys", StatusCode::CONFLICT, "The master keys cannot be rotated"),
            Self::MethodNotAllowed => {
                ("method-not-allowed", StatusCode::METHOD_NOT_ALLOWED, "The method is not allowed")
            }
            Self::MissingApiKey => ("missing-api-key", StatusCode::UNAUTHORIZED, "An API key is missing"),
            Self::MissingWriteKey => {
                ("missing-write-key", StatusCode::UNAUTHORIZED, "A write key is missing")
            }
            Self::NoConsent => ("no-consent", StatusCode::FORBIDDEN, "There is no consent to this"),
            Self::NotFound => ("not-found", StatusCode::NOT_FOUND, "There is nothing here"),
            Self::Overloaded => ("overloaded", StatusCode::TOO_MANY_REQUESTS, "Too much at once"),
            Self::RedriveFailed => {
                ("redrive-failed", StatusCode::UNPROCESSABLE_ENTITY, "The letter still cannot be processed")
            }
            Self::RestrictUnavailable => {
                ("restrict-unavailable", StatusCode::NOT_IMPLEMENTED, "Nothing can be restricted yet")
            }
            Self::QuotaExceeded => ("quota-exceeded", StatusCode::TOO_MANY_REQUESTS, "The quota is used up"),
            Self::SqlInvalid => ("sql-invalid", StatusCode::BAD_REQUEST, "The query is refused"),
            Self::SqlLimit => {
                ("sql-limit", StatusCode::UNPROCESSABLE_ENTITY, "The query needs more than it may have")
            }
            Self::SqlUnavailable => {
                ("sql-unavailable", StatusCode::SERVICE_UNAVAILABLE, "There is no lake to ask")
            }
            Self::Stopped => ("stopped", StatusCode::SERVICE_UNAVAILABLE, "The server takes nothing now"),
            Self::StorageFull => ("storage-full", StatusCode::SERVICE_UNAVAILABLE, "The storage is full"),
            Self::TooDeep => ("too-deep", StatusCode::BAD_REQUEST, "The body is nested too deeply"),
            Self::TooSlow => ("too-slow", StatusCode::REQUEST_TIMEOUT, "The body came too slowly"),
            Self::UnknownApiKey => ("unknown-api-key", StatusCode::UNAUTHORIZED, "The API key is unknown"),
            Self::UnknownPlacement => {
                ("unknown-placement", StatusCode::BAD_REQUEST, "The placement is unknown")
            }
            Self::UnknownWriteKey => {
                ("unknown-write-key", StatusCode::UNAUTHORIZED, "The write key is unknown")
            }
            Self::UnsupportedEncoding => {
                ("unsupported-encoding", StatusCode::UNSUPPORTED_MEDIA_TYPE, "The encoding is not supported")
            }
            Self::VaultForbidden => {
                ("vault-forbidden", StatusCode::FORBIDDEN, "This key may not open the vault")
            }
            Self::WebhookNotConfigured => {
                ("webhook-not-configured", StatusCode::SERVICE_UNAVAILABLE, "Webhooks are not set up")
            }
            Self::WebhookSignature => {
                ("webhook-signature", StatusCode::UNAUTHORIZED, "The webhook's signature does not hold")
            }
            Self::WebhookStopped => ("webhook-stopped", StatusCode::CONFLICT, "The endpoint gets nothing"),
        }
    }

    /// Its text, such as `invalid-json`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        self.facts().0
    }
}

/// One thing that is wrong with a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct FieldError {
    /// Where, as a JSON pointer (RFC 6901).
    pub pointer: String,
    /// A code in snake case.
    pub code: String,
    /// What is wrong, and what would be right.
    pub detail: String,
}

/// Why a request was not done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// What went wrong, as a program can tell it apart.
    pub code: Code,
    /// What is wrong this time, and what to do.
    pub detail: String,
    /// What is wrong with which part of the request.
    pub errors: Vec<FieldError>,
    /// The least time until it may go better, where a 429 or a 503 knows it.
    pub wait: Duration,
}

/// A problem as it is written.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Problem)]
pub(crate) struct ProblemDocument<'a> {
    /// The address of the code's page.
    #[serde(rename = "type")]
    kind: String,
    /// The code's title.
    title: &'static str,
    /// The HTTP status.
    status: u16,
    /// What is wrong this time, and what to do.
    detail: &'a str,
    /// The code.
    code: &'static str,
    /// The detail once more, under the name that Segment's Python client reads.
    message: &'a str,
    /// What is wrong with which part of the request.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    errors: &'a [FieldError],
}

/// The longest detail, in bytes.
const MAX_DETAIL_BYTES: usize = 1_000;

impl Problem {
    /// A problem of this code; `detail` says what is wrong this time and what to do, in at most 1,000 bytes.
    #[must_use]
    pub fn new(code: Code, detail: impl Into<String>) -> Self {
        let detail = clipped(detail.into(), MAX_DETAIL_BYTES);
        Self { code, detail, errors: Vec::new(), wait: Duration::ZERO }
    }

    /// The same, not to be tried again before so long.
    #[must_use]
    pub fn after(mut self, wait: Duration) -> Self {
        self.wait = wait;
        self
    }

    /// The same with a list of what is wrong where.
    #[must_use]
    pub fn with_errors(mut self, errors: Vec<FieldError>) -> Self {
        self.errors = errors;
        self
    }
}

/// Cuts a text that is too long: a JSON error may quote all of what it did not expect.
pub(crate) fn clipped(mut text: String, max_bytes: usize) -> String {
    if text.len() > max_bytes {
        text.truncate(text.floor_char_boundary(max_bytes));
        text.push('…');
    }
    text
}

impl Problem {
    /// The document's text.
    fn document(&self) -> Vec<u8> {
        let (code, status, title) = self.code.facts();
        let document = ProblemDocument {
            kind: format!("/docs/errors/{code}"),
            title,
            status: status.as_u16(),
            detail: &self.detail,
            code,
            message: &self.detail,
            errors: &self.errors,
        };
        serde_json::to_vec(&document).unwrap_or_default()
    }
}

/// The answer, as bytes of HTTP/1.1, to a client for whom no connection is left.
#[must_use]
pub fn no_connection_left() -> Vec<u8> {
    let detail = "as many connections are open as serve.max_connections allows; come back later";
    let problem = Problem::new(Code::Overloaded, detail);
    let (document, after) = (problem.document(), retry::after(problem.wait));
    let mut answer = format!(
        "HTTP/1.1 {}\r\ncontent-type: application/problem+json\r\nretry-after: {after}\r\n\
         connection: close\r\ncontent-length: {}\r\n\r\n",
        problem.code.facts().1,
        document.len()
    )
    .into_bytes();
    answer.extend(document);
    answer
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = self.code.facts().1;
        let mut response = (status, self.document()).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if status == StatusCode::TOO_MANY_REQUESTS || status == StatusCode::SERVICE_UNAVAILABLE {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(retry::after(self.wait)));
        }
        if matches!(self.code, Code::BodyTooLarge | Code::TooSlow) {
            // What is left of the body will not be read, so the connection cannot be used again.
            headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
        }
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Basic realm=\"tradewind\""));
        }
        response
    }
}
