//! Pages to read in a browser, without any other server: the API reference and the errors.

use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Response};
use rust_embed::Embed;
use serde_json::Value;

use crate::extract::Path;
use crate::openapi;
use crate::problem::{Code, Problem};

#[derive(Embed)]
#[folder = "../../docs/errors"]
struct ErrorPages;

const STYLE: &str = "body{font:16px/1.55 system-ui,sans-serif;max-width:60rem;margin:0 auto;padding:2rem 1.25rem;\
color:#1b2430;background:#fbfaf7}h1{font-size:1.9rem}h2{margin-top:2.5rem;border-bottom:1px solid #d9d4c8;\
padding-bottom:.3rem}code,pre{font:14px/1.5 ui-monospace,monospace;background:#f0ece2;border-radius:4px}\
code{padding:.1em .3em}pre{padding:.8rem;overflow:auto}summary{cursor:pointer;padding:.5rem 0;font-weight:600}\
.m{display:inline-block;min-width:3.6rem;text-align:center;border-radius:4px;color:#fff;background:#0b5c6b;\
font-size:.8rem;padding:.1rem .4rem;margin-right:.6rem}table{border-collapse:collapse;width:100%}\
td,th{text-align:left;vertical-align:top;padding:.35rem .6rem;border-bottom:1px solid #e4dfd3}\
@media(prefers-color-scheme:dark){body{background:#12171d;color:#e6e3db}code,pre{background:#1f2730}\
h2,td,th{border-color:#33404c}a{color:#7fd0dc}}";

fn page(title: &str, body: &str) -> String {
    format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" \
         content=\"width=device-width\"><title>{}</title><style>{STYLE}</style></head><body><main>{body}\
         </main></body></html>",
        escape(title)
    )
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// Escapes text and sets what stands between backticks as code.
fn prose(text: &str) -> String {
    let mut out = String::new();
    for (n, part) in escape(text).split('`').enumerate() {
        if n > 0 {
            out.push_str(if n % 2 == 1 { "<code>" } else { "</code>" });
        }
        out.push_str(part);
    }
    out
}

/// `GET /docs`: the API reference, rendered from the OpenAPI document.
pub(crate) async fn reference() -> Html<String> {
    let document = serde_json::to_value(openapi::document()).unwrap_or_default();
    let mut body = format!(
        "<h1>Tradewind API</h1><p>{}</p><p>The same as <a href=\"/openapi.json\">OpenAPI 3.1</a>.</p>",
        prose(document["info"]["description"].as_str().unwrap_or_default())
    );
    for tag in document["tags"].as_array().into_iter().flatten() {
        let name = tag["name"].as_str().unwrap_or_default();
        body.push_str(&format!("<h2>{}</h2>", prose(tag["description"].as_str().unwrap_or_default())));
        for (path, methods) in document["paths"].as_object().into_iter().flatten() {
            for (method, operation) in methods.as_object().into_iter().flatten() {
                if operation["tags"][0].as_str() == Some(name) {
                    body.push_str(&operation_html(path, method, operation));
                }
            }
        }
    }
    body.push_str("<h2>Types</h2>");
    for (name, schema) in document["components"]["schemas"].as_object().into_iter().flatten() {
        body.push_str(&schema_html(name, schema));
    }
    body.push_str("<h2>Errors</h2><ul>");
    for code in Code::ALL.map(Code::as_str) {
        body.push_str(&format!("<li><a href=\"/docs/errors/{code}\">{code}</a></li>"));
    }
    body.push_str("</ul>");
    Html(page("Tradewind API", &body))
}

fn operation_html(path: &str, method: &str, operation: &Value) -> String {
    let mut html = format!(
        "<details><summary><span class=\"m\">{}</span><code>{}</code></summary>",
        escape(&method.to_uppercase()),
        escape(path)
    );
    for key in ["summary", "description"] {
        if let Some(text) = operation[key].as_str() {
            html.push_str(&format!("<p>{}</p>", prose(text)));
        }
    }
    for parameter in operation["parameters"].as_array().into_iter().flatten() {
        html.push_str(&format!(
            "<p>{} <code>{}</code>: {}</p>",
            escape(parameter["in"].as_str().unwrap_or_default()),
            escape(parameter["name"].as_str().unwrap_or_default()),
            prose(parameter["description"].as_str().unwrap_or_default())
        ));
    }
    let content = |body: &Value| type_html(&body["content"]["application/json"]["schema"]);
    if operation["requestBody"].is_object() {
        html.push_str(&format!("<p>Body: {}</p>", content(&operation["requestBody"])));
    }
    html.push_str("<table><tr><th>Status</th><th>Answer</th></tr>");
    for (status, response) in operation["responses"].as_object().into_iter().flatten() {
        html.push_str(&format!(
            "<tr><td>{}</td><td>{} {}</td></tr>",
            escape(status),
            content(response),
            prose(response["description"].as_str().unwrap_or_default())
        ));
    }
    html.push_str("</table></details>");
    html
}

fn schema_html(name: &str, schema: &Value) -> String {
    let mut html = format!(
        "<details id=\"{0}\"><summary>{0}</summary><p>{1}</p><table>",
        escape(name),
        prose(schema["description"].as_str().unwrap_or_default())
    );
    for (field, property) in schema["properties"].as_object().into_iter().flatten() {
        let required = schema["required"].as_array().is_some_and(|r| r.iter().any(|f| f == field));
        html.push_str(&format!(
            "<tr><td><code>{}</code>{}</td><td>{}</td><td>{}</td></tr>",
            escape(field),
            if required { "" } else { " (optional)" },
            type_html(property),
            prose(property["description"].as_str().unwrap_or_default())
        ));
    }
    html.push_str("</table></details>");
    html
}

/// A schema in a few words, linked where it is a named type.
fn type_html(schema: &Value) -> String {
    if let Some(name) = schema["$ref"].as_str().and_then(|r| r.rsplit('/').next()) {
        return format!("<a href=\"#{0}\">{0}</a>", escape(name));
    }
    for key in ["oneOf", "anyOf"] {
        if let Some(options) = schema[key].as_array() {
            return options.iter().map(type_html).collect::<Vec<_>>().join(" or ");
        }
    }
    match &schema["type"] {
        Value::String(kind) if kind == "array" => format!("list of {}", type_html(&schema["items"])),
        Value::String(kind) => escape(kind),
        Value::Array(kinds) => {
            kinds.iter().filter_map(Value::as_str).map(escape).collect::<Vec<_>>().join(" or ")
        }
        _ => String::new(),
    }
}

/// `GET /docs/errors/{code}`: what an error means and what to do about it.
pub(crate) async fn error_page(Path(code): Path<String>) -> Response {
    let Some(file) = ErrorPages::get(&format!("{code}.md")) else {
        return Problem::new(Code::NotFound, "there is no such error; /docs lists them all").into_response();
    };
    let text = String::from_utf8_lossy(&file.data);
    let mut body = String::new();
    for block in text.split("\n\n").map(str::trim).filter(|b| !b.is_empty()) {
        match block.strip_prefix("# ") {
            Some(title) => body.push_str(&format!("<h1>{}</h1>", prose(title))),
            None => body.push_str(&format!("<p>{}</p>", prose(block))),
        }
    }
    body.push_str("<p><a href=\"/docs\">All of the API</a></p>");
    (StatusCode::OK, Html(page(&code, &body))).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_has_its_page_and_every_page_its_code() {
        let mut pages: Vec<String> =
            ErrorPages::iter().map(|f| f.trim_end_matches(".md").to_owned()).collect();
        pages.retain(|name| name != "README");
        let mut codes: Vec<String> = Code::ALL.iter().map(|c| c.as_str().to_owned()).collect();
        pages.sort();
        codes.sort();
        assert_eq!(pages, codes);
    }

    #[tokio::test]
    async fn the_reference_names_every_path() {
        let Html(html) = reference().await;
        for path in [
            "/v1/decide",
            "/v1/batch",
            "/v1/track",
            "/v1/alias",
            "/v1/profiles/{subject}",
            "/v1/schemas/{event}",
            "DecideRequest",
        ] {
            assert!(html.contains(path), "{path}");
        }
    }

    #[test]
    fn nothing_breaks_out_of_the_page() {
        assert_eq!(prose("<b> `a & \"b\"`"), "&lt;b&gt; <code>a &amp; &quot;b&quot;</code>");
    }
}
