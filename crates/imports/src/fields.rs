//! Reading a field: amounts, quantities, dates, ids. Small and pure.

use tradewind_kernel::UtcMillis;

use crate::Reason;

/// The longest id, customer or country, in bytes.
pub(crate) const MAX_ID_BYTES: usize = 64;

/// The longest name that is kept, in characters.
pub(crate) const MAX_NAME_CHARS: usize = 1_024;

/// The largest quantity of one row.
const MAX_QUANTITY: u32 = 10_000_000;

/// The largest amount of one row, in minor units.
const MAX_MINOR: i64 = 4_200_000_000;

/// An id, if it is short enough to be one.
pub(crate) fn id(text: &str) -> Result<&str, Reason> {
    if text.len() <= MAX_ID_BYTES { Ok(text) } else { Err(Reason::TooLong) }
}

/// A decimal number of major units as hundredths, the third digit after the point rounding.
pub(crate) fn amount_minor(text: &str) -> Result<i64, Reason> {
    let (negative, digits) = sign(text);
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    if whole.len() + fraction.len() == 0 || whole.len() > 12 {
        return Err(Reason::BadPrice);
    }
    let mut minor = 0i64;
    for byte in whole.bytes().chain(fraction.bytes().chain(*b"00").take(2)) {
        minor = minor * 10 + digit(byte).ok_or(Reason::BadPrice)?;
    }
    if !fraction.bytes().all(|b| b.is_ascii_digit()) {
        return Err(Reason::BadPrice);
    }
    minor += i64::from(fraction.as_bytes().get(2).is_some_and(|&third| third >= b'5'));
    if minor > MAX_MINOR { Err(Reason::BadPrice) } else { Ok(if negative { -minor } else { minor }) }
}

/// A whole number other than zero, `.0` allowed: whether it is negative, and how many.
pub(crate) fn quantity(text: &str) -> Result<(bool, u32), Reason> {
    let (negative, digits) = sign(text);
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let plain = whole.bytes().all(|b| b.is_ascii_digit()) && fraction.bytes().all(|b| b == b'0');
    let count = whole.parse().ok().filter(|count| plain && (1..=MAX_QUANTITY).contains(count));
    count.map(|count| (negative, count)).ok_or(Reason::BadQuantity)
}

fn sign(text: &str) -> (bool, &str) {
    text.strip_prefix('-')
        .map_or_else(|| (false, text.strip_prefix('+').unwrap_or(text)), |rest| (true, rest))
}

fn digit(byte: u8) -> Option<i64> {
    byte.is_ascii_digit().then(|| i64::from(byte - b'0'))
}

/// Reads dates, the last one remembered: neighbouring rows mostly share theirs.
#[derive(Debug)]
pub(crate) struct Dates {
    now: UtcMillis,
    last: (String, UtcMillis),
}

impl Dates {
    /// Dates up to `now`.
    pub(crate) fn until(now: UtcMillis) -> Self {
        Self { now, last: (String::new(), UtcMillis::default()) }
    }

    /// `2010-12-01 08:26:00`, any form of RFC 3339, or month first: `12/1/2010 8:26`. UTC unless it says so.
    pub(crate) fn read(&mut self, text: &str) -> Result<UtcMillis, Reason> {
        if text == self.last.0 && !text.is_empty() {
            return Ok(self.last.1);
        }
        let slashed = if text.contains('/') { iso_from_slashes(text) } else { None };
        let at = UtcMillis::parse(slashed.as_deref().unwrap_or(text)).map_err(|_| Reason::BadDate)?;
        if at > self.now {
            return Err(Reason::BadDate);
        }
        self.last.0.clear();
        self.last.0.push_str(text);
        self.last.1 = at;
        Ok(at)
    }
}

/// `12/1/2010 8:26[:30]` as `2010-12-01 08:26:30`; a year of two digits is of this century.
fn iso_from_slashes(text: &str) -> Option<String> {
    let (date, time) = text.split_once(' ')?;
    let mut parts = date.split('/');
    let (month, day, year) = (part(parts.next()?)?, part(parts.next()?)?, part(parts.next()?)?);
    let mut clock = time.split(':');
    let (hour, minute) = (part(clock.next()?)?, part(clock.next()?)?);
    let second = clock.next().map_or(Some(0), part)?;
    let year = if year < 100 { year + 2000 } else { year };
    let over = parts.next().is_some() || clock.next().is_some();
    (!over).then(|| format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}"))
}

fn part(text: &str) -> Option<u16> {
    (text.len() <= 4 && text.bytes().all(|b| b.is_ascii_digit())).then(|| text.parse().ok())?
}

/// Percent-encodes everything but RFC 3986's unreserved characters, for one segment of a path.
pub(crate) fn path_segment(id: &str) -> String {
    let mut out = String::with_capacity(id.len());
    for byte in id.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~') {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

/// A name for shoppers: runs of blanks become one, and it is cut to 1,024 characters.
pub(crate) fn tidy(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    for word in name.split_whitespace() {
        if !out.is_empty() {
            out.push(' ');
        }
        out.push_str(word);
    }
    out.chars().take(MAX_NAME_CHARS).collect()
}

/// Minor units as a number of major ones, for an event's JSON; exact up to 90 trillion.
#[expect(clippy::cast_precision_loss, reason = "a file's amounts lie far below 2^53 minor units")]
pub(crate) fn major(minor: i64) -> f64 {
    minor as f64 / 100.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_exact() {
        let good =
            [("2.55", 255), ("-11062.06", -1_106_206), ("3", 300), (".5", 50), ("7.", 700), ("+1.10", 110)];
        for (text, minor) in
            good.into_iter().chain([("0.005", 1), ("0.004", 0), ("2.5499999", 255), ("0", 0)])
        {
            assert_eq!(amount_minor(text), Ok(minor), "{text}");
        }
        for text in ["", ".", "-", "1,5", "£3", "1e3", "NaN", "1.2x", "1.23x", "9999999999999", "42000001"] {
            assert_eq!(amount_minor(text), Err(Reason::BadPrice), "{text}");
        }
    }

    #[test]
    fn quantities_are_whole_and_not_zero() {
        assert_eq!(quantity("6"), Ok((false, 6)));
        assert_eq!(quantity("-80995.0"), Ok((true, 80_995)));
        for text in ["", "0", "-0", "1.5", "six", "--1", "+-1", "99999999999", "10000001"] {
            assert_eq!(quantity(text), Err(Reason::BadQuantity), "{text}");
        }
    }

    #[test]
    fn dates_in_both_forms() {
        let mut dates = Dates::until(UtcMillis::parse("2020-01-01T00:00:00Z").unwrap());
        let mut check = |text: &str, expected: &str| {
            assert_eq!(dates.read(text).unwrap().to_rfc3339(), expected, "{text}");
        };
        check("2010-12-01 08:26:00", "2010-12-01T08:26:00.000Z");
        check("2010-12-01 08:26", "2010-12-01T08:26:00.000Z");
        check("12/1/2010 8:26", "2010-12-01T08:26:00.000Z");
        check("12/1/10 8:26:30", "2010-12-01T08:26:30.000Z");
        check("2019-10-01 00:00:00 UTC", "2019-10-01T00:00:00.000Z");
        for text in ["", "13/1/2010 8:26", "12/1/2010", "1/2/3/4 8:26", "2020-01-01 00:00:01", "soon", "/ :"]
        {
            assert_eq!(dates.read(text), Err(Reason::BadDate), "{text}");
        }
    }

    #[test]
    fn odd_ids_make_safe_paths() {
        assert_eq!(path_segment("85123A"), "85123A");
        assert_eq!(path_segment("a b/é"), "a%20b%2F%C3%A9");
    }
}
