//! The stored form: one byte of version, then MessagePack arrays. Version 1 is the only one so far.

use serde::Serialize;
use serde::de::DeserializeOwned;

/// The version byte that [`encode`] writes.
const FORMAT_VERSION: u8 = 1;

/// Most records fit into this without growing.
const USUAL_BYTES: usize = 768;

/// Bytes that do not read, or a value that does not write.
#[derive(Debug, thiserror::Error)]
#[error("the stored record does not read: {0}")]
pub struct StoredError(String);

/// Writes a profile or a session record.
///
/// # Errors
/// Only what MessagePack cannot hold, which neither of them is.
pub fn encode<T: Serialize>(value: &T) -> Result<Vec<u8>, StoredError> {
    let mut bytes = Vec::with_capacity(USUAL_BYTES);
    bytes.push(FORMAT_VERSION);
    rmp_serde::encode::write(&mut bytes, value).map_err(|e| StoredError(e.to_string()))?;
    Ok(bytes)
}

/// Reads what [`encode`] of this or an earlier version wrote.
///
/// # Errors
/// [`StoredError`] when the bytes are damaged or of a newer version.
pub fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, StoredError> {
    match bytes.split_first() {
        Some((&FORMAT_VERSION, body)) => rmp_serde::from_slice(body).map_err(|e| StoredError(e.to_string())),
        Some((version, _)) => Err(StoredError(format!("it has version {version}; run a newer program"))),
        None => Err(StoredError("it is empty".into())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::{Arrival, Channel, Country, Device, Fact, ItemFacts, price_level};
    use crate::history::{History, NameHash};
    use crate::taste::Taste;
    use crate::{Act, Action, Click, Profile, Reach, SessionRecord};
    use std::sync::Arc;
    use tradewind_kernel::{Currency, Money, UtcMillis};

    /// A session record as version 1 wrote it.
    const FIXTURE_V1: &[u8] = &[1, 0x94, 9, 0xcd, 3, 0xe8, 0xcd, 7, 0xd0, 0x91, 0x93, 5, 1, 0xc3];

    /// A profile as version 1 wrote it, in hex: a view, then the purchase of the same product.
    const PROFILE_V1: &str = "019ccd03e8cd07d002018201010501010081a3455552cd03e792930501cd03e8930505cd07d091059095cd03e8cd07d002039105";

    fn bytes_of(hex: &str) -> Vec<u8> {
        (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect()
    }

    #[test]
    fn version_1_of_a_profile_still_reads() {
        let act = |at, action, revenue| Act {
            at: UtcMillis::new(at),
            action: Some(action),
            items: &[(5, 2)],
            revenue,
            ..Act::default()
        };
        let mut profile = Profile::default();
        profile.apply(&act(1_000, Action::View, None), 3);
        profile.apply(&act(2_000, Action::Buy, Some(Money::new(999, Currency::EUR))), 4);
        let read = decode::<Profile>(&bytes_of(PROFILE_V1)).unwrap();
        assert_eq!((&read.recent, &read.bought, read.orders), (&profile.recent, &profile.bought, 1));
        assert_eq!(read.session.unwrap().items, [5]);
        assert_eq!((read.last_order_at, read.taste, read.reach), (None, Taste::default(), Reach::default()));
    }

    /// A profile as version 1 writes it with what it has learned to keep, in hex: of a product of two
    /// categories, a brand, an attribute and a price, looked at on a phone and then bought.
    const PROFILE_V1_FULL: &str = "019fcf0000018bcfe56be8cf0000018bcfe573b80301820102050101008093930501cf0000018bcfe56be8930505cf0000018bcfe56fd0930501cf0000018bcfe573b891059096cf0000018bcfe56be8cf0000018bcfe573b8030391059b0100000000000000000101cf0000018bcfe56fd09b929200ce00031f039201ce00031f03919202ce00031f03919203ce00031f0391019203cd2bdc9202d1fed49201d1fed4010100c0969192000302cf0000018bcfe56be802cf0000018bcfe573b8cd4742";

    /// The same as version 1 writes it since it remembers what was done on which day.
    const PROFILE_V1_HISTORY: &str = "01dc0010cf0000018bcfe56be8cf0000018bcfe573b80301820102050101008093930501cf0000018bcfe56be8930505cf0000018bcfe56fd0930501cf0000018bcfe573b891059096cf0000018bcfe56be8cf0000018bcfe573b8030391059b0100000000000000000101cf0000018bcfe56fd09b929200ce00031f039201ce00031f03919202ce00031f03919203ce00031f0391019203cd2bdc9202d1fed49201d1fed4010100c0969192000302cf0000018bcfe56be802cf0000018bcfe573b8cd474291cf4cdb896d4cef0003";

    #[test]
    fn version_1_with_taste_reads_and_with_days_writes_the_same() {
        let item = ItemFacts {
            categories: vec![0, 1],
            brand: Some(2),
            attributes: vec![3],
            price_level: price_level(1_999),
            is_reduced: true,
        };
        let facts = [Fact { item: Arc::new(item), relative_price: Some(-300) }];
        let country = Country::parse("GB");
        let arrival = Arrival { device: Some(Device::Phone), channel: Some(Channel::Email), country };
        let act = |at: i64, action| Act {
            at: UtcMillis::new(1_700_000_000_000 + at),
            action: Some(action),
            items: &[(5, 2)],
            facts: &facts,
            arrival,
            name: Some(NameHash::of("Product Viewed")),
            ..Act::default()
        };
        let mut profile = Profile::default();
        profile.apply(&act(1_000, Action::View), 3);
        profile.apply(&act(2_000, Action::Buy), 4);
        profile.apply(&act(3_000, Action::View), 4);
        let hex: String = encode(&profile).unwrap().iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(hex, PROFILE_V1_HISTORY);
        assert_eq!(decode::<Profile>(&encode(&profile).unwrap()).unwrap(), profile);
        // The longer header of the array, and what came to its end, is all that the older form lacks.
        let without = format!("019f{}", &hex["01dc0010".len()..hex.len() - "91cf".len() - 16]);
        assert_eq!(without, PROFILE_V1_FULL);
        let older = decode::<Profile>(&bytes_of(PROFILE_V1_FULL)).unwrap();
        assert_eq!(older, Profile { history: History::default(), ..profile });
    }

    #[test]
    fn version_1_still_reads() {
        let record = SessionRecord {
            subject_hash: 9,
            started_at: UtcMillis::new(1_000),
            last_at: UtcMillis::new(2_000),
            clicks: vec![Click { item: 5, action: Action::View, news: true }],
        };
        assert_eq!(encode(&record).unwrap(), FIXTURE_V1);
        assert_eq!(decode::<SessionRecord>(FIXTURE_V1).unwrap(), record);
        assert!(decode::<SessionRecord>(&FIXTURE_V1[..5]).is_err());
        assert!(decode::<SessionRecord>(&[7, 1]).is_err());
    }
}
