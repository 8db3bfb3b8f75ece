//! One visit, from the first page to the last.

use tradewind_events::{Event, Kind, Origin};
use tradewind_kernel::UtcMillis;

use super::lists::{self, Shown};
use super::write::{self, Facts, Line, quoted};
use crate::rng::Rng;
use crate::shop::Shop;
use crate::shopper::{Channel, Shopper};
use crate::visit::{Intent, SessionContext};

/// At most this many lists are looked at in one visit.
const MAX_LISTS: u32 = 14;

/// At most this many products of one list are opened.
const MAX_CLICKS: usize = 3;

/// How a visit begins.
#[derive(Debug, Clone, Copy)]
pub(super) struct Opening {
    /// When.
    pub at: UtcMillis,
    /// Its number in the history.
    pub number: u64,
    /// What its luck is drawn from.
    pub luck: u64,
    /// Whether the browser is signed in.
    pub signed_in: bool,
    /// The number of the next order.
    pub next_order: u64,
}

/// What a visit leaves behind.
#[derive(Debug)]
pub(super) struct Outcome {
    /// Its events, in order.
    pub events: Vec<Event>,
    /// What happens days later because of it.
    pub later: Vec<Event>,
    /// When it ended.
    pub ended_at: UtcMillis,
    /// Whether the browser is signed in now.
    pub signed_in: bool,
    /// Orders placed.
    pub orders: u64,
}

/// A visit under way.
pub(super) struct Scene<'a> {
    pub shop: &'a Shop,
    pub facts: &'a Facts,
    pub shopper: &'a Shopper,
    pub context: SessionContext,
    pub rng: Rng,
    pub cart: Vec<Line>,
    /// Products that the shopper has made up their mind to buy.
    pub decided: Vec<u32>,
    pub user: Option<String>,
    pub seed: u64,
    pub next_order: u64,
    pub orders: u64,
    pub later: Vec<Event>,
    anonymous: String,
    surroundings: String,
    now: UtcMillis,
    events: Vec<Event>,
}

/// Plays a visit.
pub(super) fn play(shop: &Shop, facts: &Facts, shopper: &Shopper, opening: Opening, seed: u64) -> Outcome {
    let mut rng = Rng::new(&[shopper.key, opening.luck, opening.number]);
    let context = shop.visit(shopper, opening.luck, opening.at);
    let shares =
        if shopper.returning { [0.42, 0.22, 0.18, 0.08, 0.10] } else { [0.18, 0.36, 0.02, 0.20, 0.24] };
    let channel = Channel::ALL[rng.weighted(&shares)];
    let known = opening.signed_in && rng.chance(0.8);
    let mut scene = Scene {
        shop,
        facts,
        shopper,
        cart: Vec::new(),
        decided: Vec::new(),
        user: shopper.user_id.clone().filter(|_| known),
        seed,
        next_order: opening.next_order,
        orders: 0,
        later: Vec::new(),
        anonymous: shopper.anonymous_id(context.device),
        surroundings: write::surroundings(shopper, context.device, channel),
        now: opening.at,
        events: Vec::with_capacity(16),
        context,
        rng,
    };
    scene.wander(channel);
    scene.leave_or_buy();
    Outcome {
        ended_at: scene.now,
        signed_in: scene.user.is_some(),
        orders: scene.orders,
        events: scene.events,
        later: scene.later,
    }
}

impl Scene<'_> {
    /// Looks at lists until the shopper has had enough.
    fn wander(&mut self, channel: Channel) {
        let lands = match channel {
            Channel::Social | Channel::Email => 0.5,
            Channel::Search | Channel::Paid => 0.3,
            Channel::Direct => 0.0,
        };
        let mut busy = if self.rng.chance(lands) && self.land() {
            true
        } else {
            let first = self.first_list(channel);
            self.look_at(&first)
        };
        while self.context.step < MAX_LISTS {
            let stay = match (busy, self.context.intent) {
                (true, Intent::BuyKnown) => 0.45,
                (true, _) => 0.76,
                (false, _) => 0.5,
            };
            if !self.rng.chance(stay) {
                break;
            }
            if self.user.is_none() && self.shopper.user_id.is_some() && self.rng.chance(0.05) {
                self.sign_in();
            }
            let next = self.next_list();
            busy = self.look_at(&next);
        }
    }

    /// Arrives at a product's page from outside. False where there is none to arrive at.
    fn land(&mut self) -> bool {
        let members = &self.shop.leaves()[usize::from(self.context.leaf.unwrap_or(0))].members;
        let item = self.context.wanted.unwrap_or_else(|| *self.rng.pick(members));
        let response = self.shop.respond_items(self.shopper, &self.context, &[Some(item)]);
        self.view(item);
        if response.added.is_some() {
            self.add(item, response.bought.is_some());
        }
        self.context.step += 1;
        true
    }

    fn first_list(&mut self, channel: Channel) -> Shown {
        if self.context.wanted.is_some() || self.rng.chance(0.12) {
            return lists::search(self.shop, &self.context, &mut self.rng);
        }
        match (channel, self.context.leaf) {
            (Channel::Search | Channel::Paid, Some(leaf)) => lists::category(self.shop, leaf, &mut self.rng),
            _ => lists::home(self.shop, &self.context),
        }
    }

    fn next_list(&mut self) -> Shown {
        let shop = self.shop;
        if let Some(line) = self.cart.last().copied().filter(|_| self.rng.chance(0.55)) {
            return lists::complements(shop, line.item, &mut self.rng);
        }
        if let Some(last) = self.context.viewed.last().copied().filter(|_| self.rng.chance(0.35)) {
            return lists::related(shop, last, &mut self.rng);
        }
        let Some(leaf) = self.context.leaf else { return lists::home(shop, &self.context) };
        let pull = if self.context.intent == Intent::Browse { 0.25 } else { 0.04 };
        if self.rng.chance(pull) {
            let around: Vec<f64> = shop.leaves().iter().map(|l| l.members.len() as f64).collect();
            let other = if shop.leaves()[usize::from(leaf)].goes_with.is_empty() || self.rng.chance(0.5) {
                u16::try_from(self.rng.weighted(&around)).unwrap_or(leaf)
            } else {
                *self.rng.pick(&shop.leaves()[usize::from(leaf)].goes_with)
            };
            self.context.leaf = Some(other);
            return lists::category(shop, other, &mut self.rng);
        }
        match self.rng.weighted(&[0.66, 0.27, 0.07]) {
            0 => lists::category(shop, leaf, &mut self.rng),
            1 => lists::search(shop, &self.context, &mut self.rng),
            _ => lists::home(shop, &self.context),
        }
    }

    /// Looks at a list and follows what it offers. Whether anything was clicked.
    fn look_at(&mut self, shown: &Shown) -> bool {
        self.announce(shown);
        let response = self.shop.respond_items(self.shopper, &self.context, &shown.items);
        self.context.step += 1;
        self.pause(2.0, 2.0 + 1.5 * response.examined as f64);
        for &position in response.clicked.iter().take(MAX_CLICKS).rev() {
            let Some(Some(item)) = shown.items.get(position).copied() else { continue };
            let click = format!(
                r#"{},"list_id":"{}","position":{}"#,
                self.facts.full[item as usize],
                shown.id,
                position + 1
            );
            self.track("Product Clicked", &click, &shown.path);
            self.pause(0.4, 0.6);
            self.view(item);
            if response.added == Some(position) {
                self.add(item, response.bought.is_some());
            }
        }
        !response.clicked.is_empty()
    }

    /// Writes that a list was shown.
    fn announce(&mut self, shown: &Shown) {
        let positions = self.facts.positions(&shown.items);
        match (&shown.query, shown.id) {
            (Some(query), _) => {
                let inside = format!(
                    r#""query":{},"results_count":{},"products":{positions}"#,
                    quoted(query),
                    shown.items.len()
                );
                self.track("Products Searched", &inside, &shown.path);
                return;
            }
            (None, "home") => self.page("Home", &shown.path),
            (None, "category") => self.page("Category", &shown.path),
            _ => {}
        }
        self.pause(0.2, 0.3);
        let category = match shown.category.as_str() {
            "" => String::new(),
            name => format!(r#","category":{}"#, quoted(name)),
        };
        let inside = format!(r#""list_id":"{}"{category},"products":{positions}"#, shown.id);
        self.track("Product List Viewed", &inside, &shown.path);
    }

    /// Opens a product's page.
    fn view(&mut self, item: u32) {
        let product = &self.shop.products()[item as usize];
        let price = self.facts.amount(product.price.map_or(0, |p| p.minor));
        let inside = format!(r#"{},"price":{price},{}"#, self.facts.full[item as usize], self.facts.currency);
        self.track("Product Viewed", &inside, product.url.as_deref().unwrap_or("/"));
        self.context.viewed.retain(|&seen| seen != item);
        self.context.viewed.push(item);
        self.pause(4.0, 24.0);
    }

    /// Lets time pass: at least `least_s`, on average `mean_s` more, both in seconds.
    pub(super) fn pause(&mut self, least_s: f64, mean_s: f64) {
        let seconds = least_s + self.rng.exponential(mean_s).min(8.0 * mean_s);
        self.now = self.now.plus((seconds * 1_000.0) as i64 + 1);
    }

    /// Writes a page view.
    fn page(&mut self, name: &str, path: &str) {
        let event = self.event(Kind::Page, Some(name), path);
        let properties = write::object(&format!(r#""name":"{name}","path":{}"#, quoted(path)));
        self.events.push(Event { properties, ..event });
    }

    /// Writes a track event with properties given as the inside of a JSON object.
    pub(super) fn track(&mut self, name: &str, inside: &str, path: &str) {
        let event = self.event(Kind::Track, Some(name), path);
        self.events.push(Event { properties: write::object(inside), ..event });
    }

    /// Tells the shop who the shopper is.
    pub(super) fn sign_in(&mut self) {
        self.user.clone_from(&self.shopper.user_id);
        let Some(user) = &self.user else { return };
        let (first, last) = self.shopper.full_name();
        let mail = format!("{first}.{last}.{user}@example.com").to_lowercase().replace('\'', "");
        let (country, _) = self.shopper.home();
        let inside = format!(
            r#""email":"{mail}","first_name":"{first}","last_name":"{last}","address":{{"country":"{country}"}}"#
        );
        let event = self.event(Kind::Identify, None, "/account");
        self.events.push(Event { traits: write::object(&inside), ..event });
        self.pause(0.3, 2.0);
    }

    /// An event of this visit, now.
    pub(super) fn event(&self, kind: Kind, name: Option<&str>, path: &str) -> Event {
        let context = write::object(&format!(r#"{},"page":{{"path":{}}}"#, self.surroundings, quoted(path)));
        Event {
            name: name.map(str::to_owned),
            user_id: self.user.clone(),
            anonymous_id: Some(self.anonymous.clone()),
            origin: Origin::Import,
            context,
            ..Event::new(kind, String::new(), self.now, self.now)
        }
    }
}
