//! What is known of a shopper: a pure fold of what the shopper did.
//!
//! [`Profile::apply`] takes one [`Act`] and gives its [`Effects`]; it does no I/O and reads no clock, so a
//! replay of the log gives the same profile, byte for byte. Sizes are bounded (see the constants of
//! [`profile`]), so a profile stays within some 4 KiB whatever its shopper does.

mod act;
pub mod consent;
pub mod data_map;
pub mod facts;
pub mod history;
pub mod identity;
pub mod intent;
pub mod priors;
pub mod profile;
mod reach;
mod session;
mod stored;
pub mod taste;
pub mod traits;
pub mod vault;

pub use act::{Act, Action};
pub use profile::{CartLine, Effects, Profile, Touch};
pub use reach::Reach;
pub use session::{Click, OpenSession, SESSION_GAP_MS, SessionRecord};
pub use stored::{StoredError, decode, encode};
