//! Small pure functions over text: addresses, titles, prices.

use tradewind_kernel::Money;

/// Words that stay small inside a title.
const SMALL_WORDS: [&str; 16] =
    ["a", "an", "and", "as", "at", "by", "for", "from", "in", "of", "on", "or", "the", "to", "with", "w"];

/// Percent-encodes everything but RFC 3986's unreserved characters, for a path segment, a query or a cookie.
pub(crate) fn encode(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for &byte in text.as_bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~') {
            out.push(char::from(byte));
        } else {
            out.push('%');
            for nibble in [byte >> 4, byte & 15] {
                out.push(char::from_digit(u32::from(nibble), 16).unwrap_or('0').to_ascii_uppercase());
            }
        }
    }
    out
}

/// Undoes [`encode`]. `None` for a broken escape or bytes that are not UTF-8.
pub(crate) fn decode(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            let digit = |b: Option<u8>| b.and_then(|b| char::from(b).to_digit(16));
            let (high, low) = (digit(rest.next())?, digit(rest.next())?);
            bytes.push(u8::try_from(high * 16 + low).ok()?);
        } else {
            bytes.push(byte);
        }
    }
    String::from_utf8(bytes).ok()
}

/// A category's name as part of an address: letters and digits in lower case, single dashes between.
pub(crate) fn slug(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        if letter.is_alphanumeric() {
            out.extend(letter.to_lowercase());
        } else if !out.is_empty() && !out.ends_with('-') {
            out.push('-');
        }
    }
    out.truncate(out.trim_end_matches('-').len());
    out
}

/// A title for reading: one all in capitals is set in title case, any other is left as it is.
pub(crate) fn display_title(title: &str) -> String {
    let letters = title.chars().filter(|c| c.is_alphabetic()).count();
    if letters < 4 || title.chars().any(char::is_lowercase) {
        return title.split_whitespace().collect::<Vec<_>>().join(" ");
    }
    let words = title.split_whitespace().enumerate();
    words.map(|(at, word)| display_word(word, at == 0)).collect::<Vec<_>>().join(" ")
}

fn display_word(word: &str, first: bool) -> String {
    let lower = word.to_lowercase();
    if !first && SMALL_WORDS.contains(&lower.as_str()) {
        return lower;
    }
    let letters = word.chars().filter(|c| c.is_alphabetic()).count();
    let spoken = lower.contains(['a', 'e', 'i', 'o', 'u', 'y']);
    if !spoken && (2..=3).contains(&letters) && letters == word.chars().count() {
        return word.to_owned();
    }
    let mut start = true;
    let mut out = String::with_capacity(word.len());
    for letter in lower.chars() {
        if start && letter.is_alphanumeric() {
            out.extend(letter.to_uppercase());
            start = false;
        } else {
            out.push(letter);
            start |= matches!(letter, '-' | '/' | '(' | '"' | '&' | '+' | '.');
        }
    }
    out
}

/// An attribute's or a field's name for reading: `waterproofRating` and `waterproof_rating` alike.
pub(crate) fn label(key: &str) -> String {
    let mut out = String::with_capacity(key.len() + 4);
    let mut was_lower = false;
    for letter in key.chars() {
        let breaks = matches!(letter, '_' | '-' | '.') || (letter.is_uppercase() && was_lower);
        if breaks && !out.is_empty() && !out.ends_with(' ') {
            out.push(' ');
        }
        match letter {
            '_' | '-' | '.' => {}
            _ if out.is_empty() => out.extend(letter.to_uppercase()),
            _ => out.extend(letter.to_lowercase()),
        }
        was_lower = letter.is_lowercase() || letter.is_ascii_digit();
    }
    out
}

/// What proposed a product, in words for people.
pub(crate) fn source(name: &str) -> String {
    match name {
        "session_knn" => "Sessions like this".to_owned(),
        "co_occurrence" => "Often taken next".to_owned(),
        "category_popularity" => "Popular in category".to_owned(),
        "popularity" => "Popular".to_owned(),
        "static" => "Catalog order".to_owned(),
        other => label(other),
    }
}

/// An amount as shoppers read it: `€12.50`, `£1,249.00`, `¥1,200`, `12.50 CHF`.
pub(crate) fn price(money: Money) -> String {
    let symbol = match money.currency.as_str() {
        "EUR" => "€",
        "GBP" => "£",
        "USD" => "$",
        "JPY" => "¥",
        _ => "",
    };
    let plain = money.to_string();
    let number = plain.split(' ').next().unwrap_or_default();
    let (sign, digits) = number.strip_prefix('-').map_or(("", number), |digits| ("−", digits));
    let (major, minor) = digits.split_once('.').unwrap_or((digits, ""));
    let point = if minor.is_empty() { "" } else { "." };
    let unit = if symbol.is_empty() { format!("\u{a0}{}", money.currency) } else { String::new() };
    format!("{sign}{symbol}{}{point}{minor}{unit}", thousands(major))
}

/// Whole digits with a comma between thousands.
pub(crate) fn thousands(digits: &str) -> String {
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// An amount in major units, as Segment's specification wants prices.
pub(crate) fn major(money: Money) -> f64 {
    let exponent = i32::try_from(money.currency.exponent()).unwrap_or(2);
    #[expect(clippy::cast_precision_loss, reason = "amounts lie within the 53 bits that a float holds")]
    let minor = money.minor as f64;
    minor / 10f64.powi(exponent)
}

/// At most `max` characters of `text`, with an ellipsis where something was cut.
pub(crate) fn clip(text: &str, max: usize) -> String {
    if text.chars().count() <= max {
        return text.to_owned();
    }
    let cut: String = text.chars().take(max.saturating_sub(1)).collect();
    format!("{}…", cut.trim_end())
}

#[cfg(test)]
mod tests {
    use tradewind_kernel::Currency;

    use super::*;

    #[test]
    fn titles_in_capitals_are_set_gently() {
        let check = |given: &str, shown: &str| assert_eq!(display_title(given), shown);
        check("WHITE HANGING HEART T-LIGHT HOLDER", "White Hanging Heart T-Light Holder");
        check("SET OF 3 CAKE TINS PANTRY DESIGN ", "Set of 3 Cake Tins Pantry Design");
        check("BBQ SET/6 FOR THE GARDEN", "BBQ Set/6 for the Garden");
        check("ROUND TRAY 12CM", "Round Tray 12cm");
        check("iPhone CASE", "iPhone CASE");
        check("Trail  Tent", "Trail Tent");
        check("DOT", "DOT");
    }

    #[test]
    fn prices_read_well() {
        let check = |minor, code: &str, shown: &str| {
            assert_eq!(price(Money::new(minor, Currency::parse(code).unwrap())), shown);
        };
        check(1250, "EUR", "€12.50");
        check(124_900, "GBP", "£1,249.00");
        check(1_200_000, "JPY", "¥1,200,000");
        check(-5, "USD", "−$0.05");
        check(1250, "CHF", "12.50\u{a0}CHF");
    }

    #[test]
    fn text_survives_an_address() {
        for text in ["85123A", "a/b c&d=é\"<>", "100%", ""] {
            assert_eq!(decode(&encode(text)).as_deref(), Some(text));
        }
        assert_eq!((decode("%zz"), decode("%ff"), decode("%4")), (None, None, None));
        assert_eq!(slug(" Home & Kitchen: Mugs! "), "home-kitchen-mugs");
        assert_eq!(slug("!!"), "");
    }

    #[test]
    fn field_names_read_as_words() {
        assert_eq!(label("waterproofRating"), "Waterproof rating");
        assert_eq!(label("last_seen_at"), "Last seen at");
        assert_eq!(label("home.for_you"), "Home for you");
        assert_eq!(clip("Hanging heart", 8), "Hanging…");
    }
}
