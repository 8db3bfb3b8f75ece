//! Templates and what surrounds every page.

use std::sync::Arc;

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use minijinja::syntax::SyntaxConfig;
use minijinja::value::Serde;
use minijinja::{AutoEscape, Environment, Output, UndefinedBehavior, context};
use serde::Serialize;

use crate::consent::Form;
use crate::state::App;
use crate::text;
use crate::view::Link;
use crate::visit::Visit;

/// Every template by its name; names end in `.html`, so all values are escaped.
const TEMPLATES: [(&str, &str); 20] = [
    ("macros.html", include_str!("../templates/macros.html")),
    ("consent.html", include_str!("../templates/consent.html")),
    ("layout.html", include_str!("../templates/layout.html")),
    ("home.html", include_str!("../templates/home.html")),
    ("listing.html", include_str!("../templates/listing.html")),
    ("category.html", include_str!("../templates/category.html")),
    ("search.html", include_str!("../templates/search.html")),
    ("product.html", include_str!("../templates/product.html")),
    ("cart.html", include_str!("../templates/cart.html")),
    ("checkout.html", include_str!("../templates/checkout.html")),
    ("order.html", include_str!("../templates/order.html")),
    ("account.html", include_str!("../templates/account.html")),
    ("privacy.html", include_str!("../templates/privacy.html")),
    ("deleted.html", include_str!("../templates/deleted.html")),
    ("problem.html", include_str!("../templates/problem.html")),
    ("console_layout.html", include_str!("../templates/console_layout.html")),
    ("console.html", include_str!("../templates/console.html")),
    ("live.html", include_str!("../templates/live.html")),
    ("live_panel.html", include_str!("../templates/live_panel.html")),
    ("panels.html", include_str!("../templates/panels.html")),
];

/// How many departments the header names.
const MAX_NAV: usize = 8;

/// What a shopper sees should a template ever fail.
const BROKEN: &str = "<!doctype html><title>Sorry</title><h1>This page could not be drawn</h1>\
    <p>It is our fault and has been logged. <a href=\"/\">Back to the shop</a></p>";

/// The compiled templates.
pub(crate) struct Templates(Environment<'static>);

impl Templates {
    /// Compiles all templates. One that does not compile is logged and missing; a test keeps that from
    /// happening.
    pub(crate) fn new() -> Self {
        let mut environment = Environment::new();
        match SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build() {
            Ok(syntax) => environment.set_syntax(syntax),
            Err(error) => tracing::error!(%error, "the template syntax is not set"),
        }
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        environment.set_formatter(print);
        for (name, source) in TEMPLATES {
            if let Err(error) = environment.add_template(name, source) {
                tracing::error!(name, %error, "a template does not compile");
            }
        }
        Self(environment)
    }

    /// Draws one template, or `None` with a line in the log.
    pub(crate) fn draw(&self, name: &str, context: minijinja::Value) -> Option<String> {
        let drawn = self.0.get_template(name).and_then(|template| template.render(context));
        drawn.inspect_err(|error| tracing::error!(name, error = ?error, "a template failed")).ok()
    }
}

/// Prints a value. Text is escaped for elements and quoted attributes, as minijinja does it but for the slash,
/// which needs no escape there and makes up a good part of every address.
fn print(
    out: &mut Output<'_>,
    state: &mut minijinja::State<'_, '_>,
    value: &minijinja::Value,
) -> Result<(), minijinja::Error> {
    let text = value.as_str().filter(|_| !value.is_safe() && *state.auto_escape() == AutoEscape::Html);
    let Some(text) = text else { return minijinja::escape_formatter(out, state, value) };
    let mut rest = text;
    while let Some(at) = rest.find(['&', '<', '>', '"', '\'']) {
        out.write_str(&rest[..at])?;
        out.write_str(match rest.as_bytes()[at] {
            b'&' => "&amp;",
            b'<' => "&lt;",
            b'>' => "&gt;",
            b'"' => "&quot;",
            _ => "&#39;",
        })?;
        rest = &rest[at + 1..];
    }
    Ok(out.write_str(rest)?)
}

/// What the layout needs to know of a page.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Head {
    /// The title, without the shop's name.
    pub(crate) title: String,
    /// One sentence for search engines.
    pub(crate) description: String,
    /// The address that search engines should keep; empty to keep the page out of them.
    pub(crate) canonical: String,
    /// What the search field shows.
    pub(crate) query: String,
    /// Whether header and footer are reduced, as in a checkout.
    pub(crate) is_quiet: bool,
}

impl Head {
    /// A page with a title that search engines may keep under `canonical`.
    pub(crate) fn public(title: &str, description: &str, canonical: &str) -> Self {
        Self {
            title: title.to_owned(),
            description: text::clip(description, 160),
            canonical: canonical.to_owned(),
            ..Self::default()
        }
    }

    /// A page that search engines leave alone.
    pub(crate) fn private(title: &str) -> Self {
        Self { title: title.to_owned(), ..Self::default() }
    }
}

/// Draws a page within the layout.
pub(crate) fn page<T: Serialize>(app: &App, visit: &Visit, name: &str, head: &Head, page: &T) -> Response {
    let shop = app.shop();
    let departments: Vec<Link> =
        shop.departments().into_iter().take(MAX_NAV).map(|c| Link::new(c.title(), c.href())).collect();
    let context = context! {
        site => Serde(&app.site),
        head => Serde(head),
        page => Serde(page),
        departments => Serde(departments),
        cart_pieces => visit.cart.pieces(),
        user => visit.user_id.as_deref().unwrap_or_default(),
        user_label => text::clip(visit.user_id.as_deref().unwrap_or_default(), 18),
        path => visit.path.as_str(),
        banner => Serde(Form::banner(visit).filter(|_| !head.is_quiet)),
        assets => Serde(app.assets.hrefs()),
    };
    match app.templates.draw(name, context) {
        Some(html) => html_response(html),
        None => (StatusCode::INTERNAL_SERVER_ERROR, Html(BROKEN)).into_response(),
    }
}

/// A drawn page with the headers that it needs: never stored by a cache between.
pub(crate) fn html_response(html: String) -> Response {
    ([(header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache"))], Html(html)).into_response()
}

#[derive(Debug, Serialize)]
struct Problem<'a> {
    status: u16,
    title: &'a str,
    detail: &'a str,
}

/// A page that says what went wrong and where to go on.
pub(crate) fn problem(app: &App, visit: &Visit, status: StatusCode, title: &str, detail: &str) -> Response {
    let body = Problem { status: status.as_u16(), title, detail };
    let mut response = page(app, visit, "problem.html", &Head::private(title), &body);
    if response.status().is_success() {
        *response.status_mut() = status;
    }
    response
}

/// The page for an address that leads nowhere.
pub(crate) fn not_found(app: &App, visit: &Visit) -> Response {
    let detail = "The page may have moved, or the product is no longer sold. The search may find it.";
    problem(app, visit, StatusCode::NOT_FOUND, "Nothing at this address", detail)
}

/// The page for a form that could not be read.
pub(crate) fn bad_form(app: &App, visit: &Visit) -> Response {
    let detail = "Something in the form was missing or not readable. Please go back and try once more.";
    problem(app, visit, StatusCode::BAD_REQUEST, "That form could not be read", detail)
}

/// Sends the browser on with GET, setting cookies on the way.
pub(crate) fn see_other(to: &str, cookies: impl IntoIterator<Item = Option<HeaderValue>>) -> Response {
    let location = HeaderValue::from_str(to).unwrap_or(HeaderValue::from_static("/"));
    let mut response = (StatusCode::SEE_OTHER, [(header::LOCATION, location)]).into_response();
    for cookie in cookies.into_iter().flatten() {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    response
}

/// The visit, as handlers take it.
pub(crate) type Visitor = axum::Extension<Arc<Visit>>;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_template_compiles() {
        let mut environment = Environment::new();
        for (name, source) in TEMPLATES {
            environment.add_template(name, source).unwrap();
        }
    }

    #[test]
    fn an_address_never_breaks_out_of_its_header() {
        let response = see_other("/p/a\r\nX: y", [None]);
        assert_eq!(response.headers()[header::LOCATION], "/");
    }
}
