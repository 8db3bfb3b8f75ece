//! What a page may do in the name of the person who sits before it: see and change what they agree to, have what
//! is held of them handed out or erased.
//!
//! For the demo storefront, which stands in the same program as a shop's server would stand beside it. It asks
//! for no key: whoever calls vouches that the person is who they say. Each goes the way of its HTTP call.

use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use tradewind_govern::{Ask, Kind};
use tradewind_kernel::Subject;

use crate::consent;
use crate::privacy::{RequestOut, ended, hand_over};
use crate::problem::{Code, Problem};
use crate::state::Api;

fn json<T: serde::Serialize>(answer: T) -> Result<Value, Problem> {
    serde_json::to_value(answer).map_err(|error| Problem::new(Code::Internal, error.to_string()))
}

/// What a subject agrees to, as `GET /v1/consent/{subject}` answers it.
///
/// # Errors
/// [`Problem`] when the record could not be read.
pub async fn consent_json(api: &Api, subject: &Subject) -> Result<Value, Problem> {
    json(consent::read(api, &api.subject(subject.clone())).await?)
}

/// Keeps a choice, the body of `PUT /v1/consent/{subject}`, and answers as that does: once it holds.
///
/// # Errors
/// [`Problem`] when the choice does not read, or could not be kept.
pub async fn choose_json(api: &Api, subject: &Subject, choice: Value) -> Result<Value, Problem> {
    let choice = serde_json::from_value(choice);
    let choice = choice.map_err(|error| Problem::new(Code::InvalidRequest, error.to_string()))?;
    json(consent::keep(api, &api.subject(subject.clone()), &choice).await?)
}

/// Hands a request about one subject over to `POST /v1/privacy/requests`, and answers as its look-up does: once
/// it has ended, or as it stands after `wait`.
///
/// # Errors
/// [`Problem`] when it could not be taken.
pub async fn privacy_json(
    api: &Arc<Api>,
    kind: Kind,
    subject: &Subject,
    wait: Duration,
) -> Result<Value, Problem> {
    let ask = Ask { kind, subjects: vec![subject.clone()], suppress: false, id: None, shop: None };
    let taken = hand_over(api, ask).await?;
    json(RequestOut::from(ended(api, &taken.id, wait).await?))
}
