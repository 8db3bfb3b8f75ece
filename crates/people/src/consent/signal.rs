//! One source's word, and the words of one event together.

use tradewind_kernel::{Purpose, Purposes};

/// Characters that are kept of what a signal said.
const MAX_RAW_CHARS: usize = 120;

/// Where a signal comes from. Stored as a bit: only append.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SignalKind {
    /// `context.consent.categoryPreferences`
    Segment = 0,
    /// `context.consentManagement`
    RudderStack = 1,
    /// `Sec-GPC: 1`, or `navigator.globalPrivacyControl`.
    Gpc = 2,
    /// Google Consent Mode.
    ConsentMode = 3,
    /// A TC string of IAB Europe.
    Tcf = 4,
    /// A GPP string of IAB Tech Lab.
    Gpp = 5,
    /// A buyer's consent of the Universal Commerce Protocol.
    Ucp = 6,
    /// A shop's marketing consent, as Shopify tells it.
    Shopify = 7,
    /// `PUT /v1/consent`, or purposes by their names.
    Api = 8,
}

impl SignalKind {
    /// All of them, in the order of their numbers.
    pub const ALL: [Self; 9] = [
        Self::Segment,
        Self::RudderStack,
        Self::Gpc,
        Self::ConsentMode,
        Self::Tcf,
        Self::Gpp,
        Self::Ucp,
        Self::Shopify,
        Self::Api,
    ];

    /// Its name, as answers write it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Segment => "segment",
            Self::RudderStack => "rudderstack",
            Self::Gpc => "gpc",
            Self::ConsentMode => "consent_mode",
            Self::Tcf => "tcf",
            Self::Gpp => "gpp",
            Self::Ucp => "ucp",
            Self::Shopify => "shopify",
            Self::Api => "api",
        }
    }
}

/// A set of kinds, one bit each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SignalKinds(u16);

impl SignalKinds {
    /// The set with these bits.
    #[must_use]
    pub const fn from_bits(bits: u16) -> Self {
        Self(bits)
    }

    /// Its bits.
    #[must_use]
    pub const fn bits(self) -> u16 {
        self.0
    }

    /// The set with a kind more.
    #[must_use]
    pub const fn with(self, kind: SignalKind) -> Self {
        Self(self.0 | (1 << kind as u16))
    }

    /// Its kinds, in the order of their numbers.
    pub fn iter(self) -> impl Iterator<Item = SignalKind> {
        SignalKind::ALL.into_iter().filter(move |kind| self.0 & (1 << *kind as u16) != 0)
    }
}

/// What one source says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signal {
    /// Which source.
    pub kind: SignalKind,
    /// What it allows.
    pub granted: Purposes,
    /// What it forbids.
    pub denied: Purposes,
    /// What it said, its first 120 characters.
    pub raw: String,
}

impl Signal {
    /// A signal; what it both allows and forbids it forbids.
    #[must_use]
    pub fn new(kind: SignalKind, granted: Purposes, denied: Purposes, raw: &str) -> Self {
        let granted = minus(granted, denied);
        Self { kind, granted, denied, raw: raw.chars().take(MAX_RAW_CHARS).collect() }
    }

    /// `Sec-GPC: 1`: no sale, no sharing. It never allows anything.
    #[must_use]
    pub fn gpc() -> Self {
        let denied = Purposes::NONE.with(Purpose::AdsSharing);
        Self::new(SignalKind::Gpc, Purposes::NONE, denied, "Sec-GPC: 1")
    }

    /// Whether it says anything of any purpose.
    #[must_use]
    pub fn is_silent(&self) -> bool {
        self.granted == Purposes::NONE && self.denied == Purposes::NONE
    }
}

/// The signals of one event together: what any of them denies is denied.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Told {
    /// What is allowed.
    pub granted: Purposes,
    /// What is forbidden.
    pub denied: Purposes,
    /// Who said so.
    pub kinds: SignalKinds,
}

impl Told {
    /// Signals together.
    #[must_use]
    pub fn of(signals: &[Signal]) -> Self {
        let mut told = Self::default();
        for signal in signals.iter().filter(|s| !s.is_silent()) {
            told.granted = or(told.granted, signal.granted);
            told.denied = or(told.denied, signal.denied);
            told.kinds = told.kinds.with(signal.kind);
        }
        told.granted = minus(told.granted, told.denied);
        told
    }

    /// Whether nothing was said of any purpose.
    #[must_use]
    pub fn is_silent(&self) -> bool {
        self.granted == Purposes::NONE && self.denied == Purposes::NONE
    }
}

/// What is in either.
pub(super) const fn or(one: Purposes, other: Purposes) -> Purposes {
    Purposes::from_bits(one.bits() | other.bits())
}

/// What is in the first only.
pub(super) const fn minus(one: Purposes, other: Purposes) -> Purposes {
    Purposes::from_bits(one.bits() & !other.bits())
}
