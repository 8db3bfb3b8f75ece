//! What this crate stores, declared field by field: see [`tradewind_kernel::data_map`].

use tradewind_kernel::data_map::Stored;
use tradewind_kernel::stored;

use crate::row::{Account, Delivery, LastAttempt, Stopped};
stored! {
    pub(crate) static DELIVERY: struct Delivery, "outbox/deliveries", Webhooks {
        endpoint: Operational, Operation, "Whom it is told.";
        effect: Behaviour, Operation, "What is told, see `EventHappened`.";
        taken_at: Operational, Operation, "When it was taken over.";
        attempts: Operational, Operation, "Attempts since it was taken over, or asked for again.";
        due_at: Operational, Operation, "When it is tried next; when it failed, once it has.";
        has_failed: Operational, Operation, "Whether it is tried no more by itself.";
        last: Operational, Operation, "What the last attempt came to.";
    }
}

stored! {
    pub(crate) static LAST_ATTEMPT: struct LastAttempt, "outbox/deliveries, in a delivery", Webhooks {
        at: Operational, Operation, "When.";
        status: Operational, Operation, "The answer's status.";
        cause: Operational, Operation, "Why it failed, in snake case.";
        detail: Operational, Operation, "The same in words.";
    }
}

stored! {
    pub(crate) static ACCOUNT: struct Account, "outbox/endpoints", Aggregates {
        since: Operational, Operation, "Records before this one are not its business: they were there before it was configured.";
        is_configured: Operational, Operation, "Whether the last start found it in the configuration.";
        stopped: Operational, Operation, "That it answered 410.";
        delivered: Aggregate, Operation, "Deliveries that arrived.";
        lost: Aggregate, Operation, "Failed ones that were lost to the limits.";
        delivered_at: Operational, Operation, "When the last delivery arrived.";
    }
}

stored! {
    pub(crate) static STOPPED: struct Stopped, "outbox/endpoints, in an account", Aggregates {
        at: Operational, Operation, "When.";
        fingerprint: Operational, Operation, "Its address and secrets then, see `fingerprint`.";
    }
}

/// All of it.
pub static ALL: &[&Stored] = &[&DELIVERY, &LAST_ATTEMPT, &ACCOUNT, &STOPPED];
