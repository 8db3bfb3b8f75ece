//! What this crate stores, declared field by field: see [`tradewind_kernel::data_map`].

use tradewind_kernel::data_map::Stored;
use tradewind_kernel::stored;

use crate::ledger::{Line, TurnPrint};
use crate::receipt::Receipt;
use crate::retention::REMOVED;
use crate::under_way::{STORED, STORED_TURN};
stored! {
    pub(crate) static LINE: struct Line, "erasures/ledger.jsonl, or privacy.ledger_dir", Ledger {
        v: Operational, Rights, "The version of the form.";
        seq: Operational, Rights, "Its number, from 1, without gaps.";
        at: Operational, Rights, "When it was written.";
        state: Operational, Rights, "How far the request is.";
        request: Operational, Rights, "The request's id.";
        act: Operational, Rights, "What is asked for.";
        prints: Pseudonym, Rights, "Who is meant, in hexadecimal digits.";
        suppress: Operational, Rights, "Whether nothing more is taken of them.";
        turns: Pseudonym, Rights, "When browsers that others used too were theirs: once the state forgets whose a browser was, only this tells.";
        shop: Shop, Rights, "The shop that is meant as a whole.";
    }
}

stored! {
    pub(crate) static TURN_PRINT: struct TurnPrint, "erasures/ledger.jsonl, in a line", Ledger {
        print: Pseudonym, Rights, "The browser's, in hexadecimal digits.";
        from: Behaviour, Rights, "From when on.";
        until: Behaviour, Rights, "Up to when.";
    }
}

stored! {
    pub(crate) static RECEIPT: struct Receipt, "blobs/receipts", Receipts {
        version: Operational, Rights, "The version of the form.";
        request: Operational, Rights, "The request's id.";
        requested_at: Operational, Rights, "When it was asked for, RFC 3339.";
        finished_at: Operational, Rights, "When it was done, RFC 3339.";
        prints: Pseudonym, Rights, "Who was erased: a fingerprint of each key, in hexadecimal digits.";
        requests_together: Operational, Rights, "How many requests were carried out together, since they waited together or after a restore; `found` counts for all of them.";
        found: Aggregate, Rights, "What was found and removed, by place.";
        places: Operational, Rights, "Every place that was searched.";
        remarks: Operational, Rights, "What is to be known of a place beside the count, such as what had left it before.";
        ledger_seq: Operational, Rights, "The line of the ledger that the request stands in.";
        public_key: Operational, Rights, "The key that it is signed with, in hexadecimal digits.";
        signature: Operational, Rights, "The signature, in hexadecimal digits.";
    }
}

/// All of it.
pub static ALL: &[&Stored] = &[&LINE, &TURN_PRINT, &RECEIPT, &STORED, &STORED_TURN, &REMOVED];
