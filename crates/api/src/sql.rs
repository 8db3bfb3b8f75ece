//! `POST /v1/sql`: SQL over the lake, behind the API key.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use tradewind_ports::{SqlAnswer, SqlEngine, SqlError, SqlForm};
use utoipa::ToSchema;

use crate::auth::check_api_key;
use crate::body::read_json;
use crate::problem::{Code, Problem, ProblemDocument};
use crate::state::Api;

/// How many rows a CSV or Arrow answer has.
const ROWS: HeaderName = HeaderName::from_static("x-row-count");
/// Whether rows were left out of a CSV or Arrow answer.
const TRUNCATED: HeaderName = HeaderName::from_static("x-truncated");

/// A query.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SqlRequest {
    /// One statement that reads: SELECT, EXPLAIN, SHOW TABLES or DESCRIBE.
    sql: String,
    /// `json` if absent.
    #[serde(default)]
    format: SqlFormat,
}

/// How the answer is written.
#[derive(Debug, Clone, Copy, Default, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum SqlFormat {
    /// `{"rows":[{…}],"rowCount":1,"truncated":false,"elapsedMs":3}`
    #[default]
    Json,
    /// With a header line; `X-Row-Count` and `X-Truncated` tell the rest.
    Csv,
    /// An Arrow IPC stream; `X-Row-Count` and `X-Truncated` tell the rest.
    Arrow,
}

/// `POST /v1/sql`
#[utoipa::path(post, path = "/v1/sql", tag = "sql", request_body = SqlRequest,
    responses((status = 200, description = "the rows, as JSON, CSV or an Arrow IPC stream"),
        (status = 400, body = ProblemDocument), (status = 401, body = ProblemDocument),
        (status = 422, body = ProblemDocument), (status = 429, body = ProblemDocument),
        (status = 503, body = ProblemDocument)))]
pub(crate) async fn query(
    State(api): State<Arc<Api>>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    check_api_key(&api, &headers)?;
    let body = read_json(&headers, body).await?;
    let request: SqlRequest = serde_json::from_slice(&body).map_err(|error| {
        let detail = format!(r#"send {{"sql":"select …","format":"json"}}: {error}"#);
        Problem::new(Code::InvalidRequest, detail)
    })?;
    let engine = engine_of(&api)?;
    let form = match request.format {
        SqlFormat::Json => SqlForm::Json,
        SqlFormat::Csv => SqlForm::Csv,
        SqlFormat::Arrow => SqlForm::Arrow,
    };
    let answer = engine.query(&request.sql, form).await.map_err(|error| problem_of(&error))?;
    Ok(response_of(request.format, answer))
}

/// What is told where there is no lake.
pub(crate) const NO_LAKE: &str =
    "this server answers no SQL: set lake.enabled, and run a program that has the feature `lake`";

/// The engine that answers, if there is one.
pub(crate) fn engine_of(api: &Api) -> Result<&dyn SqlEngine, Problem> {
    api.sql.as_deref().ok_or_else(|| Problem::new(Code::SqlUnavailable, NO_LAKE))
}

pub(crate) fn problem_of(error: &SqlError) -> Problem {
    let code = match error {
        SqlError::Query(_) => Code::SqlInvalid,
        SqlError::TooSlow { .. } | SqlError::TooLarge { .. } => Code::SqlLimit,
        SqlError::Busy | SqlError::Starting => Code::Overloaded,
        SqlError::Engine(cause) => {
            tracing::error!(cause, "a query failed");
            Code::Internal
        }
    };
    Problem::new(code, error.to_string())
}

fn response_of(format: SqlFormat, answer: SqlAnswer) -> Response {
    let content_type = match format {
        SqlFormat::Json => return json_of(&answer).into_response(),
        SqlFormat::Csv => "text/csv; charset=utf-8; header=present",
        SqlFormat::Arrow => "application/vnd.apache.arrow.stream",
    };
    let truncated = HeaderValue::from_static(if answer.is_truncated { "true" } else { "false" });
    let told = [
        (header::CONTENT_TYPE, HeaderValue::from_static(content_type)),
        (ROWS, HeaderValue::from(answer.rows)),
        (TRUNCATED, truncated),
    ];
    (told, answer.body).into_response()
}

/// The engine's rows are JSON already and are put in as they are.
fn json_of(answer: &SqlAnswer) -> impl IntoResponse + use<> {
    let mut body = br#"{"rows":"#.to_vec();
    body.extend_from_slice(&answer.body);
    let rest = format!(
        r#","rowCount":{},"truncated":{},"elapsedMs":{}}}"#,
        answer.rows,
        answer.is_truncated,
        answer.took.as_millis()
    );
    body.extend_from_slice(rest.as_bytes());
    ([(header::CONTENT_TYPE, "application/json")], body)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[tokio::test]
    async fn rows_are_put_into_the_answer_as_they_are() {
        let answer = |body: &[u8]| SqlAnswer {
            body: body.to_vec(),
            rows: 2,
            is_truncated: true,
            took: Duration::from_millis(7),
        };
        let response = response_of(SqlFormat::Json, answer(br#"[{"a":1},{"a":null}]"#));
        let bytes = axum::body::to_bytes(response.into_body(), 1_000).await.unwrap();
        let value: serde_json::Value = serde_json::from_slice(&bytes).unwrap();
        assert_eq!(value["rows"][1]["a"], serde_json::Value::Null);
        assert_eq!((&value["rowCount"], &value["truncated"]), (&2.into(), &true.into()));
        assert_eq!(value["elapsedMs"], 7);
        let response = response_of(SqlFormat::Csv, answer(b"a\n1\n"));
        assert_eq!(
            (&response.headers()[ROWS], &response.headers()[TRUNCATED]),
            (&"2".parse().unwrap(), &"true".parse().unwrap())
        );
    }

    #[test]
    fn each_error_has_its_code() {
        let code = |error| problem_of(&error).code;
        assert_eq!(code(SqlError::Query("no".into())), Code::SqlInvalid);
        assert_eq!(code(SqlError::TooSlow { limit: Duration::ZERO }), Code::SqlLimit);
        assert_eq!(code(SqlError::TooLarge { limit_mib: 1 }), Code::SqlLimit);
        assert_eq!(code(SqlError::Busy), Code::Overloaded);
        assert_eq!(code(SqlError::Starting), Code::Overloaded);
    }
}
