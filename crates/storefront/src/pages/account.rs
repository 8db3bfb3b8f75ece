//! Signing in and out. A demo: whoever names an id is taken for it, there is no password.
//!
//! Signing out also gives the browser a new anonymous id, so that the next person at it starts afresh, and is
//! asked anew what may be done with their data.

use axum::Form;
use axum::extract::State;
use axum::extract::rejection::FormRejection;
use axum::http::StatusCode;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use tradewind_kernel::fresh_id;

use crate::cookies;
use crate::record::Record;
use crate::render::{self, Head, Visitor};
use crate::state::Shared;
use crate::text;

/// The wire form of signing in.
#[derive(Debug, Deserialize)]
pub(crate) struct SignIn {
    user: String,
}

#[derive(Debug, Default, Serialize)]
struct AccountPage {
    given: String,
    error: &'static str,
}

/// `GET /account`.
pub(crate) async fn show(State(app): State<Shared>, visit: Visitor) -> Response {
    Record::of(&visit, "Account").page("Account").send(&app).await;
    render::page(&app, &visit, "account.html", &Head::private("Account"), &AccountPage::default())
}

/// `POST /account/sign-in`.
pub(crate) async fn sign_in(
    State(app): State<Shared>,
    visit: Visitor,
    form: Result<Form<SignIn>, FormRejection>,
) -> Response {
    let Ok(Form(form)) = form else { return render::bad_form(&app, &visit) };
    let Some(user_id) = cookies::clean_user_id(&form.user) else {
        let error = "Enter an e-mail address or a customer number of at most 128 characters.";
        let page = AccountPage { given: text::clip(&form.user, 128), error };
        let mut page = render::page(&app, &visit, "account.html", &Head::private("Account"), &page);
        *page.status_mut() = StatusCode::UNPROCESSABLE_ENTITY;
        return page;
    };
    Record::of(&visit, "Account").identify(&user_id).send(&app).await;
    let cookie = cookies::set(cookies::USER, &text::encode(&user_id), "/", cookies::MONTH_S);
    render::see_other("/account", [cookie])
}

/// `POST /account/sign-out`.
pub(crate) async fn sign_out(State(app): State<Shared>) -> Response {
    let anonymous_id = fresh_id(app.engine.now());
    render::see_other(
        "/account",
        [
            cookies::set(cookies::USER, "", "/", 0),
            cookies::set(cookies::ANONYMOUS, &anonymous_id, "/", cookies::YEAR_S),
            cookies::set(cookies::CHOICE, "", "/", 0),
        ],
    )
}
