//! Personal data for one named purpose, and the only way to it.

use std::fmt;
use std::marker::PhantomData;
use std::ops::Deref;

use tradewind_kernel::{Purpose, Purposes};

/// A purpose as a type, so that what is permitted for one cannot be used for another.
pub trait ForPurpose: sealed::Sealed + Copy + fmt::Debug + Send + Sync + 'static {
    /// The purpose.
    const PURPOSE: Purpose;
}

mod sealed {
    pub trait Sealed {}
}

macro_rules! purposes {
    ($($name:ident),+) => {
        $(
            #[doc = concat!("[`Purpose::", stringify!($name), "`] as a type.")]
            #[derive(Debug, Clone, Copy, PartialEq, Eq)]
            pub enum $name {}
            impl sealed::Sealed for $name {}
            impl ForPurpose for $name {
                const PURPOSE: Purpose = Purpose::$name;
            }
        )+
    };
}

purposes!(
    Analytics,
    Personalization,
    ModelTraining,
    Experimentation,
    MarketingEmail,
    MarketingSms,
    MarketingPush,
    AdsSharing
);

/// Something of a person that may be used for the purpose `P`, and for no other.
///
/// Only [`Standing::permit`] makes one. It cannot be made by hand:
///
/// ```compile_fail
/// use tradewind_people::consent::{Permitted, Personalization};
/// let profile: Permitted<Personalization, u32> = Permitted { value: 7, purpose: std::marker::PhantomData };
/// ```
///
/// nor from a value, nor be turned from one purpose to another:
///
/// ```compile_fail
/// use tradewind_people::consent::{ModelTraining, Permitted, Personalization, Policy};
/// let standing = Policy::off().standing(None);
/// let profile: Permitted<Personalization, u32> = standing.permit(7).unwrap();
/// let training: Permitted<ModelTraining, u32> = profile;
/// ```
///
/// This is how one comes by it:
///
/// ```
/// use tradewind_people::consent::{Permitted, Personalization, Policy};
/// let standing = Policy::off().standing(None);
/// let profile: Permitted<Personalization, u32> = standing.permit(7).unwrap();
/// assert_eq!(*profile, 7);
/// ```
pub struct Permitted<P, T> {
    value: T,
    purpose: PhantomData<fn() -> P>,
}

impl<P: ForPurpose, T> Permitted<P, T> {
    /// What is permitted, further worked on for the same purpose.
    pub fn map<U>(self, work: impl FnOnce(T) -> U) -> Permitted<P, U> {
        Permitted { value: work(self.value), purpose: PhantomData }
    }

    /// The same, borrowed.
    pub fn as_ref(&self) -> Permitted<P, &T> {
        Permitted { value: &self.value, purpose: PhantomData }
    }

    /// The purpose.
    #[must_use]
    pub fn purpose(&self) -> Purpose {
        P::PURPOSE
    }
}

impl<P, T> Deref for Permitted<P, T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

impl<P, T: Clone> Clone for Permitted<P, T> {
    fn clone(&self) -> Self {
        Self { value: self.value.clone(), purpose: PhantomData }
    }
}

impl<P: ForPurpose, T> fmt::Debug for Permitted<P, T> {
    /// Without the value: what is of a person does not belong into a line of a log.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Permitted").field("purpose", &P::PURPOSE).finish_non_exhaustive()
    }
}

/// Why something may not be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("there is no consent to {0}")]
pub struct Refusal(pub Purpose);

/// What a person agrees to, all told. Only a [`Policy`](super::Policy) makes one, from a record of the ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    allowed: Purposes,
}

impl Standing {
    pub(super) const fn new(allowed: Purposes) -> Self {
        Self { allowed }
    }

    /// What is allowed.
    #[must_use]
    pub const fn allowed(self) -> Purposes {
        self.allowed
    }

    /// Whether a purpose is allowed.
    #[must_use]
    pub const fn allows(self, purpose: Purpose) -> bool {
        self.allowed.contains(purpose)
    }

    /// What is allowed by this standing and by another one.
    #[must_use]
    pub const fn narrowed_by(self, other: Self) -> Self {
        Self { allowed: self.allowed.and(other.allowed) }
    }

    /// Gives something out for a purpose.
    ///
    /// # Errors
    /// [`Refusal`] when there is no consent to it; the value is dropped.
    pub fn permit<P: ForPurpose, T>(self, value: T) -> Result<Permitted<P, T>, Refusal> {
        if self.allows(P::PURPOSE) {
            Ok(Permitted { value, purpose: PhantomData })
        } else {
            Err(Refusal(P::PURPOSE))
        }
    }
}
