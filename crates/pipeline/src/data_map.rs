//! What this crate stores, declared field by field: see [`tradewind_kernel::data_map`].

use tradewind_kernel::data_map::Stored;
use tradewind_kernel::stored;

use tradewind_people::identity::Command;

use crate::audiences::{Audience, AudienceNote, AudienceSpec, Membership, Moved, SIZES};
use crate::dead_letters::{Attempt, KeptLetter, Letter, LetterTotals};
use crate::entry::Entry;
use crate::identity::rows::NodeRow;
use crate::outbox::{AudienceMoved, EventHappened, ProductLine};
use crate::tables::Tables;
use crate::vault::FieldKind;

/// Kinds of log records.
type Kinds = Entry<'static>;
stored! {
    pub(crate) static TABLES: struct Tables, "state/", Aggregates {
        profiles: Behaviour, Personalization, "Subject key → profile.";
        links: Pseudonym, Analytics, "Anonymous id → whose it is.";
        edges: Pseudonym, Analytics, "Nodes and edges of the identity graph, see `rows`.";
        merges: Pseudonym, Analytics, "Merges and splits of users, under the same keys.";
        sessions: Behaviour, ModelTraining, "Session number (u32 big-endian) → session record.";
        items: Shop, Operation, "Item number (u32 big-endian) → product id.";
        words: Shop, Operation, "Word (u32 big-endian) → its text, see `facts`.";
        products: Shop, Operation, "Item number (u32 big-endian) → product, JSON.";
        popularity: Aggregate, Analytics, "Item number (u32 big-endian) → popularity's raw value (f64 big-endian).";
        counters: Aggregate, Analytics, "Event name → how many were applied (u64 big-endian).";
        imported: Operational, Operation, "Hash of an imported message's id → nothing.";
        duplicates: Operational, Operation, "Offset of a chunk's first record (u64 big-endian) → bits, and more, see `duplicates`.";
        consent: Consent, Rights, "Subject key → what the person agreed to.";
        dead_letters: Free, Operation, "Log offset (u64 big-endian) → what could not be processed there.";
        outbox: Behaviour, Operation, "Log offset (u64 big-endian) and id → what others are to be told, see `outbox`.";
        features: Inferred, Declared, "`view@v2`, a zero byte, an entity's key → row of features, see `features`.";
        feature_views: Shop, Operation, "`view/` or `service/` and a name → declaration of features.";
        groups: Aggregate, Analytics, "Key of a group of people → what is counted of it.";
        seasons: Aggregate, Analytics, "Word of a category (u32 big-endian) → counts by month.";
        audiences: Shop, Operation, "Name → definition of an audience.";
        memberships: Inferred, Personalization, "Subject key → the audiences that somebody is in.";
        meta: Operational, Operation, "The offset and the format version.";
    }
}

stored! {
    pub(crate) static LETTER: struct Letter, "log/ and state/dead_letters", DeadLetters {
        received_at: Operational, Operation, "When it was received; 0 when a record does not tell.";
        dialect: Operational, Operation, "In whose form it is written; `LOG_DIALECT` for a record of the log.";
        key: Operational, Operation, "The fingerprint of the key that it was sent with, never the key.";
        index: Operational, Operation, "Where it stood in its request, from 0.";
        code: Operational, Operation, "Why it could not be processed, in snake case.";
        detail: Free, Operation, "The same in words.";
        payload: Free, Operation, "It, as it was sent.";
        cut: Operational, Operation, "Whether the payload, or its envelope, is not whole.";
        envelope: Free, Operation, "What its dialect needs to read it again, in the dialect's own JSON.";
    }
}

stored! {
    pub(crate) static ATTEMPT: struct Attempt, "state/dead_letters, in a letter", DeadLetters {
        at: Operational, Operation, "When.";
        by: Operational, Operation, "By whom: the fingerprint of a key.";
        code: Operational, Operation, "Why it failed, in snake case; none if it did not.";
        detail: Operational, Operation, "The same in words.";
    }
}

stored! {
    pub(crate) static KEPT_LETTER: struct KeptLetter, "state/dead_letters", DeadLetters {
        letter: Free, Operation, "The letter.";
        is_resolved: Operational, Operation, "Whether it was re-driven, so that nothing is left to do.";
        history: Operational, Operation, "Attempts, oldest first, at most 16.";
    }
}

stored! {
    pub(crate) static LETTER_TOTALS: struct LetterTotals, "state/meta", Aggregates {
        kept: Aggregate, Operation, "Kept, the resolved ones included.";
        waiting: Aggregate, Operation, "Those of them that wait for somebody.";
        bytes: Aggregate, Operation, "Bytes of their payloads.";
        pushed_out: Aggregate, Operation, "Lost to the limits since the data directory began.";
        first: Aggregate, Operation, "No letter has an id below this; where the search for the oldest begins.";
    }
}

stored! {
    pub(crate) static NODE_ROW: struct NodeRow, "state/edges", People {
        edges: Operational, Operation, "Its edges.";
        devices: Operational, Operation, "A user's anonymous ids.";
        is_full: Operational, Operation, "Whether more claimed it than may, so that it belongs to nobody.";
        tombstone: Operational, Operation, "That it was erased by a command, and until when its edges are gone.";
    }
}

stored! {
    pub(crate) static EVENT_HAPPENED: struct EventHappened, "state/outbox and outbox/", Webhooks {
        name: Behaviour, Operation, "Its name in the vocabulary's spelling.";
        message_id: Operational, Operation, "The message's id.";
        subject: Pseudonym, Operation, "Whose it is; an anonymous id that belongs to a user is told as that user.";
        occurred_at: Behaviour, Operation, "When it happened, by the corrected clock.";
        received_at: Behaviour, Operation, "When it was taken in.";
        order_id: Pseudonym, Operation, "The order that it is about.";
        products: Orders, Operation, "The products that it names, at most 100.";
        products_left_out: Orders, Operation, "How many more it names.";
        revenue: Orders, Operation, "What the shop earned by it.";
    }
}

stored! {
    pub(crate) static PRODUCT_LINE: struct ProductLine, "state/outbox and outbox/, in an effect", Webhooks {
        id: Orders, Operation, "Its id.";
        quantity: Orders, Operation, "How many.";
        price: Orders, Operation, "The price of one.";
    }
}

stored! {
    pub(crate) static RECORDS: enum Kinds, "log/", RawEvents {
        Event: Behaviour, Analytics, "Something that a shopper did, see `Event`.";
        Product: Shop, Operation, "A product, see `Product`.";
        Decision: Behaviour, Personalization, "What was shown to whom, see `DecisionRecord`.";
        DeadLetter: Free, Operation, "What became of something that could not be processed, see `Letter`.";
        Change: Shop, Operation, "A change of the catalog.";
        Erased: Operational, Rights, "Zeros in the place of something erased.";
        Identity: Pseudonym, Analytics, "A command about who is who: ids, a reason, who asked.";
        Features: Inferred, Declared, "Rows or declarations of features, see `Row`.";
        Audience: Inferred, Personalization, "A definition of an audience, or who goes in and out, see `Moved`.";
    }
}

stored! {
    pub(crate) static COMMANDS: enum Command, "log/", RawEvents {
        Merge: Pseudonym, Analytics, "That two users are one person, and why.";
        Split: Pseudonym, Analytics, "That they are not, and why.";
        Contact: Pseudonym, Analytics, "A hash that belongs to somebody.";
        Erase: Pseudonym, Rights, "That a node is gone.";
    }
}

stored! {
    pub(crate) static VAULT: enum FieldKind, "vault/", Vault {
        Other: Contact, Rights, "A name, an address, or an e-mail address within a text, sealed.";
        Email: Contact, Rights, "An e-mail address, sealed, and its pseudonym.";
        Phone: Contact, Rights, "A telephone number, sealed, and its pseudonym.";
        EmailId: Contact, Rights, "An id that is an e-mail address, sealed.";
        PhoneId: Contact, Rights, "An id that is a telephone number, sealed.";
    }
}

stored! {
    pub(crate) static AUDIENCE_NOTE: enum AudienceNote, "log/", RawEvents {
        Put: Shop, Operation, "An audience's definition, see `AudienceSpec`.";
        Delete: Shop, Operation, "That an audience is gone.";
        Evaluated: Shop, Operation, "That everybody was asked about a definition.";
        Moved: Inferred, Personalization, "That somebody goes in or out, see `Moved`.";
    }
}

stored! {
    pub(crate) static AUDIENCE_SPEC: struct AudienceSpec, "log/ and state/audiences", Shop {
        name: Shop, Operation, "Its name.";
        rule: Shop, Operation, "Whom it holds.";
        description: Shop, Operation, "What it is for, in words.";
        purpose: Shop, Operation, "What it is used for.";
    }
}

stored! {
    pub(crate) static AUDIENCE: struct Audience, "state/audiences", Shop {
        id: Shop, Operation, "Its number, which no other one ever gets.";
        spec: Shop, Operation, "What it is.";
        revision: Shop, Operation, "How often it was defined otherwise, from 1.";
        created_at: Shop, Operation, "When it was first put.";
        updated_at: Shop, Operation, "When this revision was.";
        evaluated: Shop, Operation, "The revision that everybody was asked about.";
    }
}

stored! {
    pub(crate) static MOVED: struct Moved, "log/", RawEvents {
        subject: Pseudonym, Personalization, "Whose it is.";
        entered: Inferred, Personalization, "Numbers of audiences that they go into.";
        exited: Inferred, Personalization, "Numbers of audiences that they go out of.";
        at: Inferred, Personalization, "When that was decided.";
    }
}

stored! {
    pub(crate) static MEMBERSHIP: struct Membership, "state/memberships", People {
        of: Inferred, Personalization, "Numbers of audiences, each with the time of going in.";
    }
}

stored! {
    pub(crate) static AUDIENCE_MOVED: struct AudienceMoved, "state/outbox and outbox/", Webhooks {
        audience: Inferred, Operation, "The audience's name.";
        id: Shop, Operation, "Its number.";
        revision: Shop, Operation, "The revision that decided.";
        subject: Pseudonym, Operation, "Whose it is.";
        crossing: Inferred, Operation, "In or out.";
        at: Inferred, Operation, "When that was decided.";
    }
}

/// All of it.
pub static ALL: &[&Stored] = &[
    &TABLES,
    &LETTER,
    &ATTEMPT,
    &KEPT_LETTER,
    &LETTER_TOTALS,
    &NODE_ROW,
    &EVENT_HAPPENED,
    &PRODUCT_LINE,
    &RECORDS,
    &COMMANDS,
    &VAULT,
    &AUDIENCE_NOTE,
    &AUDIENCE_SPEC,
    &AUDIENCE,
    &SIZES,
    &MOVED,
    &MEMBERSHIP,
    &AUDIENCE_MOVED,
];
