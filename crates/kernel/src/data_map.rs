//! The words of the data map: what is stored, field by field, of what kind it is, what it is for, and for how long
//! it is kept.
//!
//! Whatever is stored is declared beside its type by [`stored!`](crate::stored). The macro takes the type apart
//! without `..`, so a field, or a variant, that is not declared does not compile:
//!
//! ```compile_fail
//! struct Row { seen: u32, forgotten: u32 }
//! tradewind_kernel::stored! {
//!     /// A row.
//!     pub static ROW: struct Row, "state", People { seen: Behaviour, Analytics, "How often they came."; }
//! }
//! ```
//!
//! ```
//! struct Row { seen: u32 }
//! tradewind_kernel::stored! {
//!     /// A row.
//!     pub static ROW: struct Row, "state", People { seen: Behaviour, Analytics, "How often they came."; }
//! }
//! assert_eq!(ROW.fields[0].name, "seen");
//! ```

/// What kind of data a field is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Data {
    /// An id that stands for a person, a browser, an order, or a fingerprint of one.
    Pseudonym,
    /// What names a person.
    Contact,
    /// What was done.
    Behaviour,
    /// Orders and amounts.
    Orders,
    /// Device, channel, place.
    Technical,
    /// Concluded from what was done.
    Inferred,
    /// Said by the shopper.
    Stated,
    /// What was agreed to, and the proof of it.
    Consent,
    /// Counts and models over many people: they name nobody.
    Aggregate,
    /// The shop's own: products, prices, declarations. It names nobody.
    Shop,
    /// What the program needs to do its work. It names nobody.
    Operational,
    /// Whatever the sender put there, but for what names a person.
    Free,
}

impl Data {
    /// Its name, in snake case.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pseudonym => "pseudonym",
            Self::Contact => "contact",
            Self::Behaviour => "behaviour",
            Self::Orders => "orders",
            Self::Technical => "technical",
            Self::Inferred => "inferred",
            Self::Stated => "stated",
            Self::Consent => "consent",
            Self::Aggregate => "aggregate",
            Self::Shop => "shop",
            Self::Operational => "operational",
            Self::Free => "free",
        }
    }
}

/// What a field is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Use {
    /// To take in, count once, order, deliver: no purpose that somebody agrees to.
    Operation,
    /// To honour and to prove what people may ask for by law.
    Rights,
    /// The purpose of that name.
    Analytics,
    /// The purpose of that name.
    Personalization,
    /// The purpose of that name.
    ModelTraining,
    /// As each declaration of features says.
    Declared,
}

impl Use {
    /// Its name, in snake case.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Operation => "operation",
            Self::Rights => "rights",
            Self::Analytics => "analytics",
            Self::Personalization => "personalization",
            Self::ModelTraining => "model_training",
            Self::Declared => "declared",
        }
    }
}

macro_rules! keeps {
    ($($(#[doc = $doc:literal])+ $name:ident $text:literal $setting:literal $default:literal $how:literal;)*) => {
        /// For how long something is kept: the one table of classes. A setting in days is 0 for ever.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Keep { $($(#[doc = $doc])+ $name,)* }

        impl Keep {
            /// All of them, in the order of the table.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            /// Its name, in snake case.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }

            /// What is in it.
            #[must_use]
            pub const fn holds(self) -> &'static str {
                match self { $(Self::$name => concat!($($doc),+).trim_ascii(),)* }
            }

            /// The setting of days that bounds it; empty where none does.
            #[must_use]
            pub const fn setting(self) -> &'static str {
                match self { $(Self::$name => $setting,)* }
            }

            /// What ends it without a setting, or beside one.
            #[must_use]
            pub const fn ends(self) -> &'static str {
                match self { $(Self::$name => $default,)* }
            }

            /// Who removes what is too old.
            #[must_use]
            pub const fn enforced_by(self) -> &'static str {
                match self { $(Self::$name => $how,)* }
            }
        }
    };
}

keeps! {
    /// Events and decisions as they were written to the log, with the dead letters' own records.
    RawEvents "raw_events" "storage.log_keep_days"
        "an erasure; storage.log_max_mib" "the thread log-retention, by whole files of the log";
    /// The same as tables, with their columns.
    Lake "lake" "lake.keep_days" "an erasure" "the lake's upkeep, by whole days";
    /// Messages that could not be processed, as they wait.
    DeadLetters "dead_letters" "retention.dead_letters_days"
        "an erasure; storage.dead_letters_max and storage.dead_letters_mib push the oldest out"
        "the thread retention, by a note in the log";
    /// Profiles, whose an id is, sessions, and everything else of people who are not seen any more.
    People "people" "retention.people_days" "an erasure"
        "the thread retention, by an erasure with a receipt";
    /// What names people, sealed.
    Vault "vault" "retention.people_days" "an erasure, by the destroyed key" "as people";
    /// What people agreed to, with the latest 64 changes and their proof.
    ConsentProof "consent_proof" "retention.people_days" "an erasure" "as people";
    /// Rows of features that were pushed or materialised.
    Features "features" "retention.people_days" "an erasure; newer rows" "as people, where they are about people";
    /// Webhooks on their way.
    Webhooks "webhooks" "" "an erasure; delivery; 30 days after they failed" "the thread webhooks";
    /// Hashes of live messages' ids.
    MessageIds "message_ids" "" "7 to 14 days, by the week" "the projection";
    /// Hashes of imported messages' ids.
    ImportedIds "imported_ids" "" "never: an import must not count twice" "nobody";
    /// Receipts of erasures, which name nobody.
    Receipts "receipts" "" "never: they are the proof" "nobody";
    /// The ledger of erasures, which names nobody.
    Ledger "ledger" "" "never: without it an older backup brings people back" "nobody";
    /// Trained models.
    Models "models" "" "the newest and four before it" "the training";
    /// Counts, popularity, words, totals and positions, which name nobody.
    Aggregates "aggregates" "" "never" "nobody";
    /// Products and declarations of features.
    Shop "shop" "" "the feed" "the projection";
}

/// A declared field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Field {
    /// Its name in the program.
    pub name: &'static str,
    /// What kind of data it is.
    pub data: Data,
    /// What it is for.
    pub purpose: Use,
    /// What it says.
    pub what: &'static str,
}

/// Something that is stored, declared by [`stored!`](crate::stored).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stored {
    /// The type's name in the program.
    pub name: &'static str,
    /// Where it lies, from the data directory.
    pub place: &'static str,
    /// For how long.
    pub keep: Keep,
    /// All of its fields.
    pub fields: &'static [Field],
}

/// Declares what is stored of a type: its place, its class of retention, and each of its fields, or variants, with
/// the kind of data, the use and what it says. One that is missing does not compile.
#[macro_export]
macro_rules! stored {
    ($(#[$meta:meta])* $vis:vis static $map:ident: $shape:ident $type:ident, $place:literal, $keep:ident {
        $($field:ident: $data:ident, $use:ident, $what:literal;)*
    }) => {
        $(#[$meta])*
        $vis static $map: $crate::data_map::Stored = $crate::data_map::Stored {
            name: stringify!($type),
            place: $place,
            keep: $crate::data_map::Keep::$keep,
            fields: &[$($crate::data_map::Field {
                name: stringify!($field),
                data: $crate::data_map::Data::$data,
                purpose: $crate::data_map::Use::$use,
                what: $what,
            }),*],
        };
        $crate::stored!(@whole $shape $type $($field)*);
    };
    (@whole struct $type:ident $($field:ident)*) => {
        const _: fn(&$type) = |$type { $($field: _),* }| ();
    };
    (@whole enum $type:ident $($field:ident)*) => {
        const _: fn(&$type) = |one| match one { $($type::$field { .. } => (),)* };
    };
}
