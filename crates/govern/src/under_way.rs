//! Whom an erasure under way means, for the start after a crash.
//!
//! The state and the log forget somebody first, and the other places after that: then no fingerprint finds them
//! again. So the keys stand in a blob until every place is through, as JSON `{"v":1,"keys":[…],"turns":[{…}],
//! "shop":…}`. What an erasure that failed left there is carried out with the next one.

use serde::{Deserialize, Serialize};
use tradewind_kernel::UtcMillis;
use tradewind_pipeline::{Turn, Whose};
use tradewind_ports::{BlobError, BlobStore};

/// The blob.
pub(crate) const NAME: &str = "erasures/under_way";
const VERSION: u8 = 1;

#[derive(Serialize, Deserialize)]
struct Stored {
    v: u8,
    keys: Vec<String>,
    #[serde(default)]
    turns: Vec<StoredTurn>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    shop: Option<String>,
}

#[derive(Serialize, Deserialize)]
struct StoredTurn {
    anonymous: String,
    from: UtcMillis,
    until: UtcMillis,
}

tradewind_kernel::stored! {
    pub(crate) static STORED: struct Stored, "blobs/erasures/under_way", People {
        v: Operational, Rights, "The version of the form.";
        keys: Pseudonym, Rights, "Whom an erasure under way means; gone when it is through.";
        turns: Pseudonym, Rights, "Their turns at browsers that others used too.";
        shop: Shop, Rights, "The shop that is meant as a whole.";
    }
}

tradewind_kernel::stored! {
    pub(crate) static STORED_TURN: struct StoredTurn, "blobs/erasures/under_way", People {
        anonymous: Pseudonym, Rights, "The browser's id.";
        from: Behaviour, Rights, "From when on.";
        until: Behaviour, Rights, "Up to when.";
    }
}

/// Whom an erasure meant that did not end; nobody if there is none, or if it does not read.
pub(crate) fn get(blobs: &dyn BlobStore) -> Result<Whose, BlobError> {
    let Some(bytes) = blobs.get(NAME)? else { return Ok(Whose::default()) };
    match serde_json::from_slice::<Stored>(&bytes) {
        Ok(Stored { v: VERSION, keys, turns, shop }) => {
            let turns =
                turns.into_iter().map(|t| Turn { anonymous: t.anonymous, from: t.from, until: t.until });
            Ok(Whose::new(keys).with_turns(turns).with_shop(shop))
        }
        _ => {
            tracing::error!(
                "the note of whom an interrupted erasure meant does not read; fingerprints must do"
            );
            Ok(Whose::default())
        }
    }
}

/// Notes whom an erasure means, with whom one before it meant that did not end. Gives all of them; durable.
pub(crate) fn put(blobs: &dyn BlobStore, whose: &Whose) -> Result<Whose, BlobError> {
    let all = Whose::together([whose, &get(blobs)?]);
    let turn = |t: Turn| StoredTurn { anonymous: t.anonymous, from: t.from, until: t.until };
    let stored = Stored {
        v: VERSION,
        keys: all.keys().map(str::to_owned).collect(),
        turns: all.turns().map(turn).collect(),
        shop: all.shop().map(str::to_owned),
    };
    blobs.delete(NAME)?;
    // Text, numbers and lists: it cannot fail.
    blobs.put(NAME, &serde_json::to_vec(&stored).unwrap_or_default())?;
    Ok(all)
}

/// Every place is through.
pub(crate) fn clear(blobs: &dyn BlobStore) -> Result<(), BlobError> {
    blobs.delete(NAME)
}

#[cfg(test)]
mod tests {
    use super::*;
    use tradewind_embedded::BlobFiles;

    /// As version 1 wrote it; this program and every later one must read it.
    const V1: &str = r#"{"v":1,"keys":["a:d","u:ann"],"turns":[{"anonymous":"t","from":1,"until":9}],"shop":"kiosk.myshopify.com"}"#;

    #[test]
    fn version_1_still_reads_and_what_did_not_end_is_kept() {
        let dir = tempfile::tempdir().unwrap();
        let blobs = BlobFiles::new(dir.path().to_owned());
        blobs.put(NAME, V1.as_bytes()).unwrap();
        let all = put(&blobs, &Whose::default()).unwrap();
        assert_eq!(String::from_utf8(blobs.get(NAME).unwrap().unwrap()).unwrap(), V1);
        assert_eq!((all.keys().collect::<Vec<_>>(), all.turns().count()), (vec!["a:d", "u:ann"], 1));
        let both = put(&blobs, &Whose::new(["u:bob".to_owned()])).unwrap();
        assert_eq!((both.keys().count(), both.shop()), (3, Some("kiosk.myshopify.com")));
        clear(&blobs).unwrap();
        assert_eq!(get(&blobs).unwrap().keys().count(), 0);
        blobs.put(NAME, b"{}").unwrap();
        assert_eq!(get(&blobs).unwrap().keys().count(), 0);
    }
}
