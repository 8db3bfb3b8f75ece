//! Taking personal values out of what is kept.
//!
//! A member of an object is personal if its name says so (`email`, `firstName`, `shipping_address`, …; see
//! [`names`]) or if its text holds an e-mail address, whatever its name. Names are read without case and
//! without what is neither letter nor digit. What `name`, `city` and the like mean depends on where they
//! stand: a product has a name too.
//!
//! What becomes of a value is the [`Keeper`]'s to say: an address or a number is replaced by the name that the
//! keeper gives it, anything else goes. The rest of the JSON stays as it was written, byte for byte.
//!
//! An event without anything personal costs one look at the ends of its names and one at its `@`: under a
//! microsecond for an event of 1 KB.
//!
//! **What stays**: names, numbers and addresses of people within other text (a comment, a search), in values
//! whose name does not tell, and what is encrypted or packed by the sender, but for JSON in base64.

mod fast;
mod names;
pub mod text;
mod walk;

use rustc_hash::FxHashSet;
use serde_json::value::RawValue;

use crate::{Event, Kind};

pub use names::Zone;

/// Who decides what stands in the place of a personal value. `field` is its path, such as `traits.email`.
pub trait Keeper {
    /// An e-mail address: the whole value of a member that is named so. `None` removes the member.
    fn email(&mut self, field: &str, value: &str) -> Option<String>;
    /// A telephone number: the whole value of a member that is named so. `None` removes the member.
    fn phone(&mut self, field: &str, value: &str) -> Option<String>;
    /// Any other personal value, as text or as JSON; its member is removed.
    fn other(&mut self, field: &str, value: &str);
    /// An e-mail address within a text, decoded; gives what is put in its place.
    fn within(&mut self, field: &str, address: &str) -> String;
    /// An e-mail address or telephone number that is, or is in, the id of somebody; gives what is put in its
    /// place, the same for the same one for as long as the person is known.
    fn id(&mut self, slot: IdSlot, address: &str) -> String;
}

/// Which id of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IdSlot {
    /// The shop's id of the person, or the one that an alias replaces.
    User,
    /// The browser's id.
    Anonymous,
}

/// What is personal beside what is so everywhere.
#[derive(Debug, Clone, Default)]
pub struct Rules {
    more: FxHashSet<String>,
}

impl Rules {
    /// With further names of members whose values are personal, wherever they stand; spelling does not count.
    #[must_use]
    pub fn with(fields: &[String]) -> Self {
        Self { more: fields.iter().map(|name| names::plain(name)).filter(|n| !n.is_empty()).collect() }
    }

    /// Takes what is personal out of an event. Gives whether there was anything.
    pub fn take_out(&self, event: &mut Event, keeper: &mut dyn Keeper) -> bool {
        let mut ids = Vec::new();
        let mut found = false;
        let slots = [
            (&mut event.user_id, IdSlot::User),
            (&mut event.anonymous_id, IdSlot::Anonymous),
            (&mut event.previous_id, IdSlot::User),
            (&mut event.group_id, IdSlot::User),
        ];
        for (id, slot) in slots {
            let Some(raw) = id.as_deref() else { continue };
            if let Some(put) = text::id_without(raw, &mut |address| keeper.id(slot, address)) {
                found = true;
                ids.push((id.replace(put.clone()).unwrap_or_default(), put));
            }
        }
        let traits = if event.kind == Kind::Group { Zone::Group } else { Zone::Person };
        let parts = [
            ("properties", &mut event.properties, Zone::Plain),
            ("traits", &mut event.traits, traits),
            ("context", &mut event.context, Zone::Plain),
        ];
        for (name, part, zone) in parts {
            let Some(raw) = part.as_deref() else { continue };
            if let Some(left) = self.json_without(raw.get(), zone, name, &ids, keeper) {
                found = true;
                *part = RawValue::from_string(left).ok().filter(|raw| raw.get() != "{}");
            }
        }
        let source = event.enriched.as_mut().and_then(|enriched| enriched.source.as_mut());
        let texts =
            [("name", event.name.as_mut()), ("message", Some(&mut event.message_id)), ("source", source)];
        for (name, text) in texts {
            let Some(text) = text else { continue };
            if let Some(left) = text::without(text, &mut |address| keeper.within(name, address)) {
                found = true;
                *text = left;
            }
        }
        found
    }

    /// The JSON of a part of an event without what is personal; none if it stays as it is. `ids` are ids of
    /// the event that have to go, and what stands in their place.
    fn json_without(
        &self,
        json: &str,
        zone: Zone,
        path: &str,
        ids: &[(String, String)],
        keeper: &mut dyn Keeper,
    ) -> Option<String> {
        if ids.is_empty() && !fast::may_hold(json.as_bytes(), zone, &self.more) {
            return None;
        }
        walk::Walk { rules: self, ids, keeper, path: path.to_owned() }.value(json, zone, 0)
    }

    /// JSON of any dialect without what is personal, and without what stands in text as JSON; nothing is left
    /// but its shape where it is not JSON.
    #[must_use]
    pub fn message_without(&self, message: &str, keeper: &mut dyn Keeper) -> Option<String> {
        if serde_json::from_str::<&RawValue>(message).is_err() {
            return Some(text::shape(message));
        }
        walk::Walk { rules: self, ids: &[], keeper, path: String::new() }.value(message, Zone::Plain, 0)
    }
}

#[cfg(test)]
mod tests;
