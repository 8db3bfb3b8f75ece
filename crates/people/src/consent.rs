//! What a person agreed to: the signals, the regions' rules, the ledger, and the one way to personal data.
//!
//! A [`Signal`] is what one source says (a consent map, `Sec-GPC`, a TC string …), as purposes granted and
//! denied. Several signals of one event make a [`Told`], in which a denial by any of them wins. The
//! [`Record`] of a person folds what was told, the latest of each purpose counting, in whatever order it
//! comes. Where nothing was ever told, the [`Policy`] of the person's region decides. Both together give the
//! [`Standing`], which alone can make a [`Permitted`]: there is no other way to hold personal data for a
//! purpose.
//!
//! Pure: no I/O, no clock. A signal that does not read is a denial of all that it could speak of.

mod category;
mod context;
mod iab;
mod permitted;
mod policy;
mod record;
mod signal;

pub use category::{Categories, CategoryError};
pub use context::Sources;
pub use iab::{of_gpp, of_tc_string};
pub use permitted::{
    AdsSharing, Analytics, Experimentation, ForPurpose, MarketingEmail, MarketingPush, MarketingSms,
    ModelTraining, Permitted, Personalization, Refusal, Standing,
};
pub use policy::{Mode, Policy, PolicyError, Region, RegionError};
pub(crate) use record::RECORD;
pub use record::{Change, Choice, MAX_HISTORY, Notice, Record};
pub use signal::{Signal, SignalKind, SignalKinds, Told};

#[cfg(test)]
mod tests;
