//! What this crate stores, declared field by field: see [`tradewind_kernel::data_map`].

use tradewind_kernel::data_map::Stored;
use tradewind_kernel::stored;

use crate::consent::{Change, Choice, Notice, RECORD};
use crate::history::HISTORY;
use crate::identity::{Sighting, Span, Tombstone};
use crate::intent::SessionCounts;
use crate::priors::GroupCounts;
use crate::profile::{CartLine, Profile, Touch};
use crate::reach::Reach;
use crate::session::{Click, OpenSession, SessionRecord};
use crate::taste::{Mean, Taste};
stored! {
    pub(crate) static PROFILE: struct Profile, "state/profiles", People {
        first_seen: Behaviour, Analytics, "When the first event happened.";
        last_seen: Behaviour, Analytics, "When the latest did.";
        events: Behaviour, Analytics, "Events, each counted once.";
        sessions: Behaviour, Analytics, "Sessions begun.";
        actions: Behaviour, Personalization, "Times that each action was done, counted by event and product.";
        orders: Orders, Personalization, "Orders completed.";
        refunds: Orders, Personalization, "Orders given back, in whole or in part.";
        revenue_minor: Orders, Analytics, "What the orders earned, in minor units by currency; refunds are not taken off.";
        recent: Behaviour, Personalization, "Products touched, oldest first.";
        bought: Orders, Personalization, "Products bought, oldest first, each once.";
        cart: Behaviour, Personalization, "What lies in the cart.";
        session: Behaviour, Personalization, "The current session, or the last.";
        last_order_at: Orders, Personalization, "When the latest order was completed.";
        taste: Inferred, Personalization, "What they like and pay.";
        reach: Technical, Analytics, "Through what they come.";
        history: Behaviour, Personalization, "What was done lately, see `History`.";
    }
}

stored! {
    pub(crate) static GROUP_COUNTS: struct GroupCounts, "state/groups", Aggregates {
        people: Aggregate, Analytics, "People counted at their first visit.";
        buyers: Aggregate, Analytics, "Those of them who ordered on it.";
        bands: Aggregate, Analytics, "Those of them who looked at prices of each band.";
        categories: Aggregate, Analytics, "Categories, as words, each with how many of them looked at it.";
    }
}

stored! {
    pub(crate) static TOUCH: struct Touch, "state/profiles, in a profile", People {
        item: Behaviour, Personalization, "The product's item number.";
        action: Behaviour, Personalization, "What was done.";
        at: Behaviour, Personalization, "When.";
    }
}

stored! {
    pub(crate) static CART_LINE: struct CartLine, "state/profiles, in a profile", People {
        item: Behaviour, Personalization, "The product's item number.";
        quantity: Behaviour, Personalization, "How many; never zero.";
    }
}

stored! {
    pub(crate) static OPEN_SESSION: struct OpenSession, "state/profiles, in a profile", People {
        started_at: Behaviour, Personalization, "When its first event happened.";
        last_at: Behaviour, Personalization, "When its latest event happened.";
        events: Behaviour, Personalization, "Events so far, those without a product included.";
        number: Behaviour, Personalization, "Its number in the session index; given with its first product.";
        items: Behaviour, Personalization, "The products that models see, in order; at most `MAX_SESSION_ITEMS`, the latest.";
        counts: Behaviour, Personalization, "What happened in it.";
    }
}

stored! {
    pub(crate) static SESSION_COUNTS: struct SessionCounts, "state/profiles, in a session", People {
        views: Behaviour, Personalization, "Product pages seen, and clicks on products in lists.";
        repeats: Behaviour, Personalization, "Those of them that were seen before in this session.";
        same_category: Behaviour, Personalization, "Those of them in the same category as the one before.";
        revisits: Behaviour, Personalization, "Those of them that were seen in an earlier session.";
        adds: Behaviour, Personalization, "Products put into the cart.";
        removes: Behaviour, Personalization, "Products taken out of it.";
        searches: Behaviour, Personalization, "Searches.";
        lists: Behaviour, Personalization, "Lists seen, narrowed or ordered.";
        checkout: Behaviour, Personalization, "How far the checkout got: 0 not at all, 1 the cart was seen, 2 it began, 3 payment was given.";
        orders: Behaviour, Personalization, "Orders.";
        last_category: Behaviour, Personalization, "The category of the product touched last, as a word.";
    }
}

stored! {
    pub(crate) static REACH: struct Reach, "state/profiles, in a profile", People {
        devices: Technical, Analytics, "Devices with their events, at most one entry each.";
        first_channel: Technical, Analytics, "The channel of the first touch.";
        first_channel_at: Technical, Analytics, "When that was.";
        last_channel: Technical, Analytics, "The channel of the latest touch.";
        last_channel_at: Technical, Analytics, "When that was.";
        country: Technical, Analytics, "The country of the latest event that told one.";
    }
}

stored! {
    pub(crate) static TASTE: struct Taste, "state/profiles, in a profile", People {
        categories: Inferred, Personalization, "Words of categories, every level of a path.";
        brands: Inferred, Personalization, "Words of brands.";
        attributes: Inferred, Personalization, "Words of attributes.";
        recent_categories: Inferred, Personalization, "Words of the innermost categories touched, the latest last, each once.";
        price: Inferred, Personalization, "The price level of what was touched.";
        relative_price: Inferred, Personalization, "… against its category's.";
        chosen_relative_price: Inferred, Personalization, "The same of what was put into the cart or bought.";
        chosen: Inferred, Personalization, "Products put into the cart or bought.";
        chosen_reduced: Inferred, Personalization, "Those of them that were reduced.";
        coupons: Inferred, Personalization, "Coupons applied.";
        price_max_minor: Stated, Personalization, "The most they said they want to pay, in minor units of the shop's currency.";
    }
}

stored! {
    pub(crate) static MEAN: struct Mean, "state/profiles, in a taste", People {
        count: Inferred, Personalization, "Values so far, at most 16.";
        value: Inferred, Personalization, "The mean.";
    }
}

stored! {
    pub(crate) static SESSION_RECORD: struct SessionRecord, "state/sessions", People {
        subject_hash: Pseudonym, ModelTraining, "A hash of the subject's key: it groups one shopper's sessions and names nobody.";
        started_at: Behaviour, ModelTraining, "When its first product was touched.";
        last_at: Behaviour, ModelTraining, "When its latest was.";
        clicks: Behaviour, ModelTraining, "What was touched, in order.";
    }
}

stored! {
    pub(crate) static CLICK: struct Click, "state/sessions, in a session", People {
        item: Behaviour, ModelTraining, "The product's item number.";
        action: Behaviour, ModelTraining, "What was done.";
        news: Behaviour, ModelTraining, "Whether it told something new: the session index learns these only.";
    }
}

stored! {
    pub(crate) static CHOICE: struct Choice, "state/consent, in a record", ConsentProof {
        granted: Consent, Rights, "Whether it is allowed.";
        at: Consent, Rights, "When that was said.";
        kinds: Consent, Rights, "Who said so, as the bits of `SignalKinds`.";
    }
}

stored! {
    pub(crate) static CHANGE: struct Change, "state/consent, in a record", ConsentProof {
        at: Consent, Rights, "When it was said.";
        received_at: Consent, Rights, "When it reached us.";
        granted: Consent, Rights, "What was allowed, as bits.";
        denied: Consent, Rights, "What was forbidden, as bits.";
        kinds: Consent, Rights, "Who said so, as bits.";
        policy: Consent, Rights, "The version of the policies then.";
        message_id: Consent, Rights, "The id of the message that said so: the log holds it whole.";
        raw: Consent, Rights, "What the signals said, shortened.";
        source: Consent, Rights, "Where the choice was made, as the shop calls it.";
        notice: Consent, Rights, "What was shown.";
    }
}

stored! {
    pub(crate) static NOTICE: struct Notice, "state/consent, in a change", ConsentProof {
        id: Consent, Rights, "The shop's name for the text.";
        version: Consent, Rights, "Its version.";
        hash: Consent, Rights, "A hash of what was shown.";
    }
}

stored! {
    pub(crate) static SIGHTING: struct Sighting, "state/edges, in a span", People {
        at: Behaviour, Analytics, "When.";
        source: Pseudonym, Analytics, "By what.";
    }
}

stored! {
    pub(crate) static SPAN: struct Span, "state/edges and state/merges", People {
        first: Behaviour, Analytics, "The first.";
        last: Behaviour, Analytics, "The last.";
        is_renewed: Operational, Rights, "Whether one of the nodes was erased before: then only the last counts, and the first is the last.";
    }
}

stored! {
    pub(crate) static TOMBSTONE: struct Tombstone, "state/edges, in a node", People {
        at: Operational, Rights, "Up to when its edges are gone.";
        is_suppressed: Operational, Rights, "Whether it takes no further ones either.";
    }
}

/// All of it.
pub static ALL: &[&Stored] = &[
    &PROFILE,
    &TOUCH,
    &CART_LINE,
    &OPEN_SESSION,
    &SESSION_COUNTS,
    &REACH,
    &HISTORY,
    &GROUP_COUNTS,
    &TASTE,
    &MEAN,
    &SESSION_RECORD,
    &CLICK,
    &RECORD,
    &CHOICE,
    &CHANGE,
    &NOTICE,
    &SIGHTING,
    &SPAN,
    &TOMBSTONE,
];
