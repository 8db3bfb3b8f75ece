//! One spelling of each address and number.
//!
//! A full library of numbering plans would weigh more than the rest of the program's domain and change every
//! few weeks; pseudonyms need the same answer for the same text for ever. So numbers are read by the rules
//! that hold everywhere: a `+` or `00` says that the country's code follows, up to 15 digits (E.164), and a
//! number without either is national, of the country that the shop names.

use unicode_normalization::UnicodeNormalization;

/// The digits of an international number.
const DIGITS: std::ops::RangeInclusive<usize> = 7..=15;

/// An e-mail address in one spelling: compatibility forms made plain (NFKC), lower case, without what stands
/// around it. `None` when it is none.
#[must_use]
pub fn email(text: &str) -> Option<String> {
    let text = text.trim().trim_start_matches(['<', '"']).trim_end_matches(['>', '"']);
    let text = text.strip_prefix("mailto:").unwrap_or(text);
    let plain: String = text.nfkc().flat_map(char::to_lowercase).collect();
    let plain = plain.trim().trim_end_matches('.');
    let (name, host) = plain.rsplit_once('@')?;
    let is_fine = !name.is_empty() && !host.is_empty() && !plain.contains(char::is_whitespace);
    is_fine.then(|| plain.to_owned())
}

/// A telephone number as `+` and digits (E.164). A national one is completed with the country's calling code,
/// such as `49`; its leading `0` is the trunk prefix and goes (in Italy it would stay; such numbers have to
/// come with their `+39`). `None` when it is none, or national and no code is given.
#[must_use]
pub fn phone(text: &str, calling_code: Option<&str>) -> Option<String> {
    let text: String = text.nfkc().collect();
    let text = text.trim();
    let text = text.strip_prefix("tel:").unwrap_or(text).replace("(0)", "");
    let is_part = |c: char| c.is_ascii_digit() || " +-./()\u{a0}\u{2010}\u{2011}\u{2013}".contains(c);
    if !text.chars().all(is_part) || text.trim_start_matches([' ', '(']).chars().skip(1).any(|c| c == '+') {
        return None;
    }
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    let whole = if text.contains('+') {
        digits
    } else if let Some(rest) = digits.strip_prefix("00") {
        rest.to_owned()
    } else {
        let code = calling_code?.trim_start_matches('+');
        format!("{code}{}", digits.strip_prefix('0').unwrap_or(&digits))
    };
    (DIGITS.contains(&whole.len()) && !whole.starts_with('0')).then(|| format!("+{whole}"))
}
