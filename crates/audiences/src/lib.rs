//! Audiences: rules over traits and events, how many people they fit, and who is in them.
//!
//! A [`Rule`] is an expression of CEL, the Common Expression Language, over the traits that
//! [`tradewind_people::traits`] declares: `orders >= 2 && category_affinity["Camping"] > 0.4`. It is compiled
//! once and then asked about one profile after the other by an [`Asker`]; it reads the traits that it names and
//! no others. Two functions read the history of events: `count_events("Product Viewed", 30)`, how often within
//! the last 30 days, today being one of them, and `days_since_event("Order Completed")`.
//!
//! A trait that is missing or not permitted is `null`, and so is a day that never was. What compares it fails, and
//! a rule that fails fits nobody; `a || b` holds where either does. Times are texts, RFC 3339, which compare as
//! times do.
//!
//! The [`Keeper`] is a thread that keeps the pipeline's audiences as their rules say: it asks about those whose
//! profile, consent or identity has changed, about everybody when a rule is new or another one, and about
//! everybody now and then because time goes on. What it decides goes through the log.
//!
//! Limits: rules of at most [`MAX_RULE_CHARS`](tradewind_pipeline::MAX_RULE_CHARS). Rules and estimates are
//! pure: no I/O, the time is the context's.

mod estimate;
mod keeper;
mod measures;
mod pass;
mod rule;
mod timers;

pub use estimate::{Estimate, IsWhole};
pub use keeper::{Keeper, Worker};
pub use measures::describe_metrics;
pub use rule::{Asker, Place, Rule, RuleError};
