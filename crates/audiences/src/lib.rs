//! Audiences: rules over traits, and how many people they fit.
//!
//! A rule is an expression of CEL, the Common Expression Language, over the traits that
//! [`tradewind_people::traits`] declares: `orders >= 2 && category_affinity["Camping"] > 0.4`. It is compiled
//! once and then asked about one profile after the other; it reads the traits that it names and no others.
//!
//! A trait that is missing or not permitted is `null`. What compares it fails, and a rule that fails fits
//! nobody; `a || b` holds where either does. Times are texts, RFC 3339, which compare as times do.
//!
//! Limits: rules of at most [`MAX_RULE_CHARS`]. Pure: no I/O, the time is the context's.

mod estimate;
mod rule;

pub use estimate::{Estimate, IsWhole};
pub use rule::{Asker, MAX_RULE_CHARS, Place, Rule, RuleError};
