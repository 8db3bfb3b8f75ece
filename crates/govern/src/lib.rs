//! The rights of people: erasure that is remembered and proved, suppression, export.
//!
//! [`Rights`] takes requests and carries them out in their order on a thread of its own, erasures that wait one behind
//! the other together. An erasure is written
//! to the [`Ledger`] before it begins, so that a crash only interrupts it, and so that it is made again on a
//! data directory that comes from an older backup. At its end stands a signed [`Receipt`]. Neither the ledger
//! nor a receipt holds an id: both name people by [`Prints`], which only the ledger's salt can make.
//!
//! What other parts keep of people they register as a [`Place`]. How long classes of data are kept, and what is
//! removed for its age, is [`Retention`]'s.

mod again;
pub mod data_map;
mod export;
mod hex;
mod job;
mod ledger;
mod lines;
mod measures;
mod place;
mod prints;
mod receipt;
mod request;
mod retention;
mod rights;
mod secrets;
mod suppression;
mod under_way;

pub use ledger::{Act, Ledger, LedgerError, Line, Step, TurnPrint};
pub use measures::describe_metrics;
pub use place::{Consents, Place};
pub use prints::{Print, Prints};
pub use receipt::{Receipt, Seal, VerifyError, verify};
pub use request::{Ask, Kind, MAX_SUBJECTS, Stage, Status};
pub use retention::{Removed, Retention, Rule, Standing};
pub use rights::{Rights, RightsError, Setup};
pub use suppression::Suppression;
