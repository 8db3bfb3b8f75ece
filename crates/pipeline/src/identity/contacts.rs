//! The addresses that an event states of whom it is about, as the vault has named them.
//!
//! They are read of a sign-in (`identify`: its traits) and of an order, and of the context's traits beside these:
//! other events cost nothing. A pseudonym is that of its epoch, so the graph forgets with the epochs. An address
//! never makes two people one: it is told, and suggested where two users have the same.

use serde::Deserialize;
use serde_json::value::RawValue;
use tradewind_events::{EventName, EventView, Kind};
use tradewind_people::identity::{EdgeId, EdgeKind, Node, Span};
use tradewind_people::vault::{Identifier, pseudonym_kind};

use super::weave::says_nothing_new;
use crate::pipeline::PipelineError;
use crate::plan::Plan;
use crate::reads::Reads;

#[derive(Default, Deserialize)]
#[serde(default)]
struct Traits<'a> {
    #[serde(borrow)]
    email: Option<&'a RawValue>,
    #[serde(borrow)]
    phone: Option<&'a RawValue>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Context<'a> {
    #[serde(borrow)]
    traits: Option<&'a RawValue>,
}

fn node_of(value: Option<&RawValue>) -> Option<Node> {
    // A pseudonym needs no escapes; what has some is none.
    let text: &str = serde_json::from_str(value?.get()).ok()?;
    Some(match pseudonym_kind(text)? {
        Identifier::Email => Node::Email(text.to_owned()),
        Identifier::Phone => Node::Phone(text.to_owned()),
    })
}

fn nodes_of(traits: &RawValue) -> impl Iterator<Item = Node> {
    let Traits { email, phone } = serde_json::from_str(traits.get()).unwrap_or_default();
    [node_of(email), node_of(phone)].into_iter().flatten()
}

/// Of whom an event speaks: the user where one is named.
fn owner_of(event: &EventView<'_>) -> Option<Node> {
    let user = event.user_id.as_deref().map(Node::user);
    user.or_else(|| event.anonymous_id.as_deref().map(Node::anonymous))
}

/// An edge between whom an event is about and an address that it states.
pub(crate) struct Contact {
    id: EdgeId,
    /// Whether it said nothing new, as things were before the batch.
    is_known: bool,
}

/// The addresses that an event states of whom it is about.
pub(crate) fn stated_by(
    reads: &Reads<'_>,
    event: &EventView<'_>,
    name: Option<&EventName>,
) -> Result<Vec<Contact>, PipelineError> {
    if event.kind != Kind::Identify && name.is_none_or(|name| name.as_str() != "Order Completed") {
        return Ok(Vec::new());
    }
    let context: Context<'_> =
        event.context.and_then(|context| serde_json::from_str(context.get()).ok()).unwrap_or_default();
    let mut contacts: Vec<Contact> = Vec::new();
    for node in event.properties.into_iter().chain(context.traits).flat_map(nodes_of) {
        let Some(id) = owner_of(event).and_then(|owner| EdgeId::new(node, owner, EdgeKind::Contact)) else {
            continue;
        };
        let is_known = says_nothing_new(reads, &id, event.occurred_at)?;
        if contacts.iter().all(|contact| contact.id != id) {
            contacts.push(Contact { id, is_known });
        }
    }
    Ok(contacts)
}

impl Plan {
    /// Writes the addresses that an event states.
    pub(crate) fn contacts(
        &mut self,
        reads: &Reads<'_>,
        event: &EventView<'_>,
        stated: &[Contact],
    ) -> Result<(), PipelineError> {
        for Contact { id, is_known } in stated {
            if *is_known && !self.woven.has_erased {
                continue;
            }
            self.weave(reads, id, Span::of(EdgeKind::Contact, event.occurred_at, &event.message_id))?;
        }
        Ok(())
    }
}
