//! The words that every format shares: times, money, currencies, names, subjects.

use tradewind_events::{EventName, Stamps, corrected_time};
use tradewind_kernel::{Currency, Money, Subject, UtcMillis};

/// Up to this many minor units an amount survives being written as a decimal number and read as a float.
const MAX_EXACT_MINOR: u64 = 1 << 51;
/// 0000-01-01 and 9999-12-31T23:59:59.999, the range that is promised.
const YEARS_0_TO_9999: std::ops::RangeInclusive<i64> = -62_167_219_200_000..=253_402_300_799_999;

/// Any text, as each of them.
pub fn check(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    time(&text);
    money(&text);
    name(&text);
    subject(&text);
    if let Some(eights) = bytes.first_chunk::<24>() {
        stamps(eights);
    }
}

fn time(text: &str) {
    let Ok(at) = UtcMillis::parse(text) else { return };
    assert!(YEARS_0_TO_9999.contains(&at.get()), "{text:?} is {}", at.get());
    assert_eq!(UtcMillis::parse(&at.to_rfc3339()), Ok(at), "{text:?} as {}", at.to_rfc3339());
}

fn money(text: &str) {
    let (amount, code) = text.split_once(' ').unwrap_or((text, "EUR"));
    let Ok(currency) = Currency::parse(code) else { return };
    assert_eq!(Currency::parse(currency.as_str()), Ok(currency));
    assert!(currency.as_str().bytes().all(|b| b.is_ascii_uppercase()));
    let Ok(money) =
        amount.parse().map_or(Err(()), |major| Money::from_major(major, currency).map_err(|_| ()))
    else {
        return;
    };
    assert!(money.minor.unsigned_abs() <= 9_000_000_000_000_000);
    let shown = money.to_string();
    let back = shown
        .split_once(' ')
        .and_then(|(amount, code)| Money::from_major(amount.parse().ok()?, Currency::parse(code).ok()?).ok());
    if money.minor.unsigned_abs() < MAX_EXACT_MINOR {
        assert_eq!(back, Some(money), "{text:?} shown as {shown}");
    }
}

fn name(text: &str) {
    let name = EventName::parse(text);
    let canonical = name.as_str();
    assert_eq!(canonical.trim(), canonical);
    assert_eq!(EventName::canonical(text), canonical);
    assert_eq!(EventName::parse(canonical), name);
    assert_eq!(EventName::parse(&format!(" {canonical}\t")), name);
    if name.is_known() {
        assert!(canonical.eq_ignore_ascii_case(text.trim()));
    } else {
        assert_eq!(canonical, text.trim());
    }
}

fn subject(text: &str) {
    if let Ok(subject) = Subject::parse(text) {
        assert_eq!(subject.to_string(), text);
        assert!(subject.key().len() > 2);
    }
}

/// Any three times: the corrected one is never later than the receipt.
fn stamps(bytes: &[u8; 24]) {
    let number = |at: usize| {
        bytes[at..]
            .first_chunk::<8>()
            .map_or(UtcMillis::default(), |b| UtcMillis::new(i64::from_le_bytes(*b)))
    };
    let received = number(16);
    let times = [(Some(number(0)), Some(number(8))), (Some(number(0)), None), (None, Some(number(8)))];
    for (original, sent) in times {
        assert!(corrected_time(Stamps { original, sent, received }) <= received);
    }
}
