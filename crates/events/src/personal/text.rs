//! E-mail addresses within text, and telephone numbers that are ids.

/// Endings of files whose names look like addresses: `hero@2x.png`.
const FILES: [&str; 8] = ["png", "jpg", "jpeg", "gif", "webp", "svg", "avif", "css"];

/// How `@` is written: plainly, and in addresses of pages once and twice.
const SIGNS: [&str; 3] = ["%2540", "%40", "@"];

/// The text with something else for each e-mail address in it; none if there is none.
#[must_use]
pub fn without(text: &str, put: &mut dyn FnMut(&str) -> String) -> Option<String> {
    memchr::memchr2(b'@', b'%', text.as_bytes())?;
    let mut out = String::new();
    let (mut done, mut from) = (0, 0);
    while let Some((sign, width)) = next_sign(text, from) {
        from = sign + width;
        let start = start_of(text, done, sign);
        let end = end_of(text, sign + width);
        if start == sign || !is_host(&text[sign + width..end]) {
            continue;
        }
        out.push_str(&text[done..start]);
        let address = format!("{}@{}", decoded(&text[start..sign]), decoded(&text[sign + width..end]));
        out.push_str(&put(&address));
        (done, from) = (end, end);
    }
    (done > 0).then(|| out + &text[done..])
}

/// An id with something else for the e-mail addresses in it, or for all of it where it is a telephone number.
#[must_use]
pub fn id_without(id: &str, put: &mut dyn FnMut(&str) -> String) -> Option<String> {
    if is_phone(id) {
        return Some(put(id));
    }
    without(id, put)
}

/// Whether an id can only be a telephone number: it begins with `+`, and has 7 to 15 digits and nothing
/// else but what stands between them.
#[must_use]
pub fn is_phone(id: &str) -> bool {
    let Some(rest) = id.trim().strip_prefix('+') else { return false };
    let digits = rest.bytes().filter(u8::is_ascii_digit).count();
    (7..=15).contains(&digits) && rest.bytes().all(|b| b.is_ascii_digit() || b" -./()".contains(&b))
}

/// The text with `x` for each letter and `0` for each digit: what is left of a message that is not JSON.
#[must_use]
pub fn shape(text: &str) -> String {
    let shaped = |c: char| match c {
        c if c.is_ascii_digit() => '0',
        c if c.is_alphanumeric() => 'x',
        c => c,
    };
    text.chars().map(shaped).collect()
}

/// What is said of a message with its own words made unreadable: what stands in quotes and backquotes, and
/// e-mail addresses.
#[must_use]
pub fn said_without(words: &str) -> String {
    let mut out = String::with_capacity(words.len());
    for (index, part) in words.split("string \"").enumerate() {
        match (index, part.split_once('"')) {
            (0, _) => out.push_str(part),
            (_, Some((_, rest))) => out.extend(["string \"…\"", rest]),
            (_, None) => out.push_str("string \"…"),
        }
    }
    let out = out.split("integer `").enumerate().fold(String::new(), |mut all, (index, part)| {
        match (index, part.split_once('`')) {
            (0, _) => all.push_str(part),
            (_, Some((_, rest))) => all.extend(["integer `…`", rest]),
            (_, None) => all.push_str("integer `…"),
        }
        all
    });
    without(&out, &mut |_| "[e-mail]".to_owned()).unwrap_or(out)
}

fn next_sign(text: &str, from: usize) -> Option<(usize, usize)> {
    let bytes = text.as_bytes();
    memchr::memchr2_iter(b'@', b'%', &bytes[from..]).find_map(|at| {
        let rest = &text[from + at..];
        SIGNS.iter().find(|sign| rest.starts_with(**sign)).map(|sign| (from + at, sign.len()))
    })
}

/// Where the name before a sign begins; not before `least`.
fn start_of(text: &str, least: usize, sign: usize) -> usize {
    let mut start = sign;
    while start > least {
        let before = &text[least..start];
        let width = match escape(before) {
            Some((width, byte)) if is_name_part(byte) => width,
            Some(_) => break,
            None => match before.chars().next_back() {
                Some(c) if c.is_alphanumeric() || "._+-'~!#$*".contains(c) => c.len_utf8(),
                _ => break,
            },
        };
        start -= width;
    }
    start
}

/// The escape that a text ends with: its length, and the byte that it stands for.
fn escape(text: &str) -> Option<(usize, u8)> {
    let bytes = text.as_bytes();
    let twice = bytes.len().checked_sub(5).filter(|&at| bytes[at..].starts_with(b"%25"));
    let at = twice.or_else(|| bytes.len().checked_sub(3).filter(|&at| bytes[at] == b'%'))?;
    let digits = std::str::from_utf8(&bytes[bytes.len() - 2..]).ok()?;
    Some((bytes.len() - at, u8::from_str_radix(digits, 16).ok()?))
}

fn is_name_part(byte: u8) -> bool {
    byte >= 0x80 || byte.is_ascii_alphanumeric() || b"._+-'~!#$*".contains(&byte)
}

fn end_of(text: &str, from: usize) -> usize {
    let rest = &text[from..];
    let length = rest.find(|c: char| !(c.is_alphanumeric() || c == '.' || c == '-')).unwrap_or(rest.len());
    from + rest[..length].trim_end_matches(['.', '-']).len()
}

fn is_host(host: &str) -> bool {
    let Some((domain, top)) = host.rsplit_once('.') else { return false };
    let is_top = top.len() >= 2 && (top.chars().all(char::is_alphabetic) || top.starts_with("xn--"));
    !domain.is_empty() && is_top && !FILES.contains(&top.to_ascii_lowercase().as_str())
}

/// The text with its escapes read, at most twice.
fn decoded(text: &str) -> String {
    let once = |text: &str| {
        let mut out = Vec::with_capacity(text.len());
        let mut rest = text.as_bytes();
        while let [first, after @ ..] = rest {
            let hex = after.get(..2).and_then(|h| std::str::from_utf8(h).ok());
            match hex.filter(|_| *first == b'%').and_then(|h| u8::from_str_radix(h, 16).ok()) {
                Some(byte) => {
                    out.push(byte);
                    rest = &after[2..];
                }
                None => {
                    out.push(*first);
                    rest = after;
                }
            }
        }
        String::from_utf8_lossy(&out).into_owned()
    };
    if text.contains('%') { once(&once(text)) } else { text.to_owned() }
}
