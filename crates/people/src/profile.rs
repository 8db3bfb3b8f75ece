//! The profile and its fold.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use tradewind_kernel::{Currency, UtcMillis};

use crate::history::History;
use crate::intent::Touched;
use crate::taste::Taste;
use crate::{Act, Action, Click, OpenSession, Reach};

/// Touched products that a profile remembers, the latest.
pub const MAX_RECENT: usize = 64;
/// Bought products that a profile remembers, the latest.
pub const MAX_BOUGHT: usize = 128;
/// Products of the current session that models see, the latest.
pub const MAX_SESSION_ITEMS: usize = 50;
/// Different products that a cart holds.
pub const MAX_CART: usize = 100;

/// One product touched, and when.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Touch {
    /// The product's item number.
    pub item: u32,
    /// What was done.
    pub action: Action,
    /// When.
    pub at: UtcMillis,
}

/// One product in the cart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct CartLine {
    /// The product's item number.
    pub item: u32,
    /// How many; never zero.
    pub quantity: u32,
}

/// What is known of one shopper. Stored by position: new fields go to the end, with a default.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Profile {
    /// When the first event happened.
    pub first_seen: UtcMillis,
    /// When the latest did.
    pub last_seen: UtcMillis,
    /// Events, each counted once.
    pub events: u64,
    /// Sessions begun.
    pub sessions: u32,
    /// Times that each action was done, counted by event and product.
    pub actions: BTreeMap<u8, u64>,
    /// Orders completed.
    pub orders: u32,
    /// Orders given back, in whole or in part.
    pub refunds: u32,
    /// What the orders earned, in minor units by currency; refunds are not taken off.
    pub revenue_minor: BTreeMap<String, i64>,
    /// Products touched, oldest first.
    pub recent: Vec<Touch>,
    /// Products bought, oldest first, each once.
    pub bought: Vec<u32>,
    /// What lies in the cart.
    pub cart: Vec<CartLine>,
    /// The current session, or the last.
    pub session: Option<OpenSession>,
    /// When the latest order was completed.
    #[serde(default)]
    pub last_order_at: Option<UtcMillis>,
    /// What they like and pay.
    #[serde(default)]
    pub taste: Taste,
    /// Through what they come.
    #[serde(default)]
    pub reach: Reach,
    /// What they did on which day.
    #[serde(default)]
    pub history: History,
}

/// What follows from an act beyond the profile itself.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Effects {
    /// The act began a session.
    pub session_started: bool,
    /// The session got the number that was offered.
    pub number_taken: bool,
    /// What was touched in the session of this number, in order.
    pub touched: Option<(u32, Vec<Click>)>,
}

fn keep_latest<T>(list: &mut Vec<T>, limit: usize) {
    if list.len() > limit {
        list.drain(..list.len() - limit);
    }
}

impl Profile {
    /// Folds in one act. `next_number` is the session number to take if this act needs one.
    pub fn apply(&mut self, act: &Act<'_>, next_number: u32) -> Effects {
        if self.events == 0 || act.at < self.first_seen {
            self.first_seen = act.at;
        }
        self.last_seen = if self.events == 0 { act.at } else { self.last_seen.max(act.at) };
        self.events += 1;
        self.count(act);
        self.remember(act);
        self.taste.apply(act);
        self.reach.apply(act.at, act.arrival);
        if let Some(name) = act.name {
            self.history.apply(act.at, name);
        }
        self.update_cart(act);
        self.update_session(act, next_number)
    }

    fn count(&mut self, act: &Act<'_>) {
        let Some(action) = act.action else { return };
        *self.actions.entry(action.into()).or_default() += act.items.len() as u64;
        match action {
            Action::Buy => {
                self.orders += 1;
                self.last_order_at = self.last_order_at.max(Some(act.at));
                if let Some(money) = act.revenue {
                    let sum = self.revenue_minor.entry(money.currency.to_string()).or_default();
                    *sum = sum.saturating_add(money.minor);
                }
            }
            Action::Return => self.refunds += 1,
            _ => {}
        }
    }

    fn remember(&mut self, act: &Act<'_>) {
        let Some(action) = act.action.filter(|a| a.shows_interest()) else { return };
        for &(item, _) in act.items {
            self.touch(Touch { item, action, at: act.at });
            if action == Action::Buy {
                self.bought.retain(|&b| b != item);
                self.bought.push(item);
            }
        }
        keep_latest(&mut self.bought, MAX_BOUGHT);
    }

    /// Remembers a touch in its place; the oldest makes room.
    fn touch(&mut self, touch: Touch) {
        let place = self.recent.partition_point(|t| t.at <= touch.at);
        if self.recent.len() < MAX_RECENT {
            self.recent.insert(place, touch);
        } else if let Some(place) = place.checked_sub(1) {
            self.recent[..=place].rotate_left(1);
            self.recent[place] = touch;
        }
    }

    fn update_cart(&mut self, act: &Act<'_>) {
        match act.action {
            Some(Action::Add) => {
                for &(item, quantity) in act.items {
                    if let Some(line) = self.cart.iter_mut().find(|l| l.item == item) {
                        line.quantity = line.quantity.saturating_add(quantity);
                    } else if quantity > 0 && self.cart.len() < MAX_CART {
                        self.cart.push(CartLine { item, quantity });
                    }
                }
            }
            Some(Action::Remove) => {
                for &(item, quantity) in act.items {
                    if let Some(line) = self.cart.iter_mut().find(|l| l.item == item) {
                        line.quantity = line.quantity.saturating_sub(quantity);
                    }
                }
                self.cart.retain(|l| l.quantity > 0);
            }
            Some(Action::Buy) => self.cart.retain(|l| act.items.iter().all(|&(item, _)| item != l.item)),
            _ => {}
        }
    }

    fn update_session(&mut self, act: &Act<'_>, next_number: u32) -> Effects {
        let mut effects = Effects::default();
        let in_current = self.session.as_ref().is_some_and(|s| s.holds(act.at));
        let late = self.session.as_ref().is_some_and(|s| act.at < s.started_at);
        if !in_current {
            self.sessions += 1;
            effects.session_started = true;
            if late {
                return effects;
            }
            self.session = Some(OpenSession::begin(act.at));
        }
        let Some(session) = &mut self.session else { return effects };
        session.events += 1;
        session.started_at = session.started_at.min(act.at);
        session.last_at = session.last_at.max(act.at);
        session.counts.signal(act.signal);
        if let Some(action) = act.action {
            Self::count_in_session(&self.recent, session, action, act);
        }
        let Some(action) = act.action.filter(|a| a.shows_interest()) else { return effects };
        let mut touched = Vec::with_capacity(act.items.len());
        for &(item, _) in act.items {
            let news = session.is_news(item, action);
            if news {
                session.items.push(item);
            }
            touched.push(Click { item, action, news });
        }
        keep_latest(&mut session.items, MAX_SESSION_ITEMS);
        if !touched.is_empty() {
            effects.number_taken = session.number.is_none();
            effects.touched = Some((*session.number.get_or_insert(next_number), touched));
        }
        effects
    }

    /// Counts what was done for the session's intent; `recent` has it already, the session's items not yet.
    fn count_in_session(recent: &[Touch], session: &mut OpenSession, action: Action, act: &Act<'_>) {
        if action == Action::Buy {
            return session.counts.order();
        }
        let looks = matches!(action, Action::Click | Action::View);
        for (place, &(item, _)) in act.items.iter().enumerate() {
            let facts = act.facts.get(place);
            let touched = Touched {
                is_repeat: looks && session.is_news(item, action) && session.items.contains(&item),
                is_revisit: looks && recent.iter().any(|t| t.item == item && t.at < session.started_at),
                category: facts.and_then(|f| f.item.categories.last().copied()),
            };
            session.counts.touch(action, touched);
        }
    }

    /// Takes in what another profile of the same person holds, when its anonymous id becomes known.
    pub fn absorb(&mut self, other: &Self) {
        if other.events == 0 {
            return;
        }
        self.first_seen =
            if self.events == 0 { other.first_seen } else { self.first_seen.min(other.first_seen) };
        self.last_seen = self.last_seen.max(other.last_seen);
        self.events += other.events;
        self.sessions += other.sessions;
        self.orders += other.orders;
        self.refunds += other.refunds;
        for (action, count) in &other.actions {
            *self.actions.entry(*action).or_default() += count;
        }
        for (currency, minor) in &other.revenue_minor {
            let sum = self.revenue_minor.entry(currency.clone()).or_default();
            *sum = sum.saturating_add(*minor);
        }
        self.recent.extend_from_slice(&other.recent);
        self.recent.sort_by_key(|t| t.at);
        keep_latest(&mut self.recent, MAX_RECENT);
        let known = std::mem::take(&mut self.bought);
        self.bought = other.bought.iter().copied().filter(|b| !known.contains(b)).collect();
        self.bought.extend(known);
        keep_latest(&mut self.bought, MAX_BOUGHT);
        for line in &other.cart {
            if self.cart.len() < MAX_CART && self.cart.iter().all(|l| l.item != line.item) {
                self.cart.push(*line);
            }
        }
        self.last_order_at = self.last_order_at.max(other.last_order_at);
        self.taste.absorb(&other.taste);
        self.reach.absorb(&other.reach);
        self.history.absorb(&other.history);
        let theirs_is_later = match (&self.session, &other.session) {
            (Some(ours), Some(theirs)) => theirs.last_at > ours.last_at,
            (ours, _) => ours.is_none(),
        };
        if theirs_is_later {
            self.session.clone_from(&other.session);
        }
    }

    /// The products of the current session at `now`, oldest first; none once it has ended.
    #[must_use]
    pub fn session_items(&self, now: UtcMillis) -> &[u32] {
        self.session.as_ref().filter(|s| s.holds(now)).map_or(&[], |s| &s.items)
    }

    /// What the orders earned in one currency, in minor units.
    #[must_use]
    pub fn revenue_in(&self, currency: Currency) -> i64 {
        self.revenue_minor.get(currency.as_str()).copied().unwrap_or(0)
    }
}

#[cfg(test)]
mod tests;
