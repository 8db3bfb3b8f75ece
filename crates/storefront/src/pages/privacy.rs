//! What the shop may do with what it knows of somebody, what that is, and the ways to take it along or be rid of it.
//!
//! The banner's forms and this page's end in the same [`choose`]. Looking at the page is not recorded: it would
//! change what it shows. Download and deletion are for a browser that nobody has signed in on: its id is a secret
//! that only the browser has. Whoever is signed in was taken at their word ([`super::account`]), and a word is not
//! enough to hand out or delete what belongs to somebody; the shop's staff does that.

use std::collections::BTreeMap;
use std::time::Duration;

use axum::Form as Sent;
use axum::extract::State;
use axum::extract::rejection::FormRejection;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use minijinja::context;
use minijinja::value::Serde;
use serde::Serialize;
use serde_json::Value;
use tokio::time::timeout;
use tradewind_kernel::{Subject, fresh_id};

use crate::cart::Cart;
use crate::consent::{self, Form};
use crate::console;
use crate::cookies;
use crate::render::{self, Head, Visitor};
use crate::state::{App, Shared};
use crate::visit::Visit;

/// How long the page waits for what it shows.
const BUDGET: Duration = Duration::from_secs(1);
/// How long a choice may take until it holds.
const CHOICE_BUDGET: Duration = Duration::from_secs(3);
/// The page itself.
const PAGE: &str = "/privacy";

#[derive(Debug, Serialize)]
struct PrivacyPage {
    form: Form,
    subject: String,
    /// What is known, drawn as in the console; empty for nothing.
    known: String,
    is_withheld: bool,
    /// Whether this browser may download and delete.
    is_own: bool,
    /// Whether it could be told at all.
    is_told: bool,
}

#[derive(Debug, Serialize)]
struct Gone<'a> {
    request: &'a str,
}

async fn consent_of(app: &App, visit: &Visit) -> Option<Value> {
    let told = timeout(BUDGET, app.engine.consent(&visit.subject())).await;
    told.inspect_err(|_| tracing::warn!("a record of consent did not come in time")).ok().flatten()
}

/// The browser's own id, while it belongs to nobody.
fn own_subject(visit: &Visit, consent: Option<&Value>) -> Option<Subject> {
    let own = Subject::Anonymous(visit.anonymous_id.clone());
    let is_own = visit.user_id.is_none() && consent?["subject"] == own.to_string();
    is_own.then_some(own)
}

/// `GET /privacy`.
pub(crate) async fn show(State(app): State<Shared>, visit: Visitor) -> Response {
    let consent = consent_of(&app, &visit).await;
    let known = timeout(BUDGET, app.engine.profile(&visit.subject())).await.ok().flatten();
    let known = known.map(|known| console::profile::tree(&known, &app.shop()));
    let known = known.and_then(|tree| {
        app.templates.draw("panels.html", context! { panel => "profile", view => Serde(tree) })
    });
    let page = PrivacyPage {
        form: Form::of(consent.as_ref(), &visit, PAGE.to_owned()),
        subject: visit.subject().to_string(),
        known: known.unwrap_or_default(),
        is_withheld: consent::is_withheld(consent.as_ref()),
        is_own: own_subject(&visit, consent.as_ref()).is_some(),
        is_told: consent.is_some(),
    };
    render::page(&app, &visit, "privacy.html", &Head::private("Your privacy"), &page)
}

/// `POST /privacy/choices`: `choice` is `accept`, `refuse` or `save`; with the last, each purpose that is named is
/// allowed, every other refused.
pub(crate) async fn choose(
    State(app): State<Shared>,
    visit: Visitor,
    form: Result<Sent<BTreeMap<String, String>>, FormRejection>,
) -> Response {
    let Ok(Sent(form)) = form else { return render::bad_form(&app, &visit) };
    let said = form.get("choice").map_or("", String::as_str);
    let back = form.get("back").map_or("/", String::as_str);
    let source = if back == PAGE { "privacy_page" } else { "banner" };
    let choice = match said {
        "accept" => consent::choice(&visit, |_| true, source),
        "refuse" => consent::choice(&visit, |_| false, source),
        "save" => consent::choice(&visit, |name| form.contains_key(name), source),
        _ => return render::bad_form(&app, &visit),
    };
    let kept = timeout(CHOICE_BUDGET, app.engine.choose(&visit.subject(), choice)).await;
    match kept {
        Ok(Ok(())) => render::see_other(local(back), [consent::chosen()]),
        Ok(Err(error)) => not_kept(&app, &visit, &error),
        Err(_) => not_kept(&app, &visit, "it took too long"),
    }
}

fn not_kept(app: &App, visit: &Visit, error: &str) -> Response {
    tracing::warn!(error, "a choice was not kept");
    let detail = "Nothing has changed. Please try once more in a moment.";
    render::problem(app, visit, StatusCode::SERVICE_UNAVAILABLE, "Your choice could not be kept", detail)
}

/// An address of this shop; the home page for any other.
fn local(back: &str) -> &str {
    let is_path =
        back.starts_with('/') && !back.starts_with("//") && !back.contains(['\\', '\t', '\r', '\n']);
    if is_path { back } else { "/" }
}

/// `POST /privacy/download`: everything that is held, as a file.
pub(crate) async fn download(State(app): State<Shared>, visit: Visitor) -> Response {
    let consent = consent_of(&app, &visit).await;
    let Some(own) = own_subject(&visit, consent.as_ref()) else { return not_yours(&app, &visit) };
    let held = app.engine.export(&own).await;
    let text = held.and_then(|held| serde_json::to_string_pretty(&held).map_err(|error| error.to_string()));
    match text {
        Ok(text) => {
            let headers = [
                (header::CONTENT_TYPE, "application/json"),
                (header::CONTENT_DISPOSITION, "attachment; filename=\"my-data.json\""),
                (header::CACHE_CONTROL, "no-store"),
            ];
            (headers, text).into_response()
        }
        Err(error) => not_done(&app, &visit, &error),
    }
}

/// `POST /privacy/delete`: with `sure=yes`, erases what is held and gives the browser another id.
pub(crate) async fn delete(
    State(app): State<Shared>,
    visit: Visitor,
    form: Result<Sent<BTreeMap<String, String>>, FormRejection>,
) -> Response {
    let is_sure = form.is_ok_and(|Sent(form)| form.get("sure").is_some_and(|sure| sure == "yes"));
    if !is_sure {
        return render::bad_form(&app, &visit);
    }
    let consent = consent_of(&app, &visit).await;
    let Some(own) = own_subject(&visit, consent.as_ref()) else { return not_yours(&app, &visit) };
    let request = match app.engine.erase(&own).await {
        Ok(request) => request,
        Err(error) => return not_done(&app, &visit, &error),
    };
    // The page is drawn for the stranger that the browser is now.
    let visit = Visit { cart: Cart::default(), has_chosen: true, ..(**visit).clone() };
    let head = Head::private("Deleted");
    let mut page = render::page(&app, &visit, "deleted.html", &head, &Gone { request: &request });
    for cookie in forgotten(&app) {
        page.headers_mut().append(header::SET_COOKIE, cookie);
    }
    page
}

/// The cookies of somebody who was never here.
fn forgotten(app: &App) -> impl Iterator<Item = HeaderValue> {
    let anonymous_id = fresh_id(app.engine.now());
    let cookies = [
        cookies::set(cookies::ANONYMOUS, &anonymous_id, "/", cookies::YEAR_S),
        cookies::set(cookies::CART, "", "/", 0),
        cookies::set(cookies::ORDER, "", "/order", 0),
        cookies::set(cookies::CHOICE, "", "/", 0),
    ];
    cookies.into_iter().flatten()
}

fn not_yours(app: &App, visit: &Visit) -> Response {
    let detail = "Somebody has signed in on this browser, and this shop asks for no password, so it cannot tell \
        whether that is you. Its staff can hand out and delete what belongs to an account.";
    render::problem(app, visit, StatusCode::FORBIDDEN, "Not from here", detail)
}

fn not_done(app: &App, visit: &Visit, error: &str) -> Response {
    tracing::warn!(error, "a request of privacy was not carried out");
    let detail = "Please try once more in a moment, or ask the shop's staff.";
    render::problem(app, visit, StatusCode::SERVICE_UNAVAILABLE, "That could not be done now", detail)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_sent_elsewhere() {
        for odd in ["//evil.example", "https://evil.example", "/\\evil.example", "", "/a\nb", "javascript:x"]
        {
            assert_eq!(local(odd), "/", "{odd}");
        }
        assert_eq!(local("/c/camping?page=2"), "/c/camping?page=2");
    }
}
