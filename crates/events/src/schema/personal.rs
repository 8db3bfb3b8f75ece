//! Finding e-mail addresses where none should be.

use serde_json::{Map, Value};

/// Properties that may hold one: the traits that are reserved for it.
const RESERVED: [&str; 2] = ["email", "username"];
/// Endings of files whose names look like addresses: `hero@2x.png`.
const FILES: [&str; 7] = ["png", "jpg", "jpeg", "gif", "webp", "svg", "avif"];
/// Levels of nesting that are looked into.
const MAX_DEPTH: usize = 8;

/// Tells the path of each property that holds an e-mail address, once each: `form.note`, `products[].name`.
pub(super) fn mail_addresses(fields: &Map<String, Value>, tell: &mut dyn FnMut(String)) {
    let mut told: Vec<String> = Vec::new();
    look(fields, "", 0, &mut |path| {
        if !told.contains(&path) {
            told.push(path.clone());
            tell(path);
        }
    });
}

fn look(fields: &Map<String, Value>, under: &str, depth: usize, tell: &mut dyn FnMut(String)) {
    for (name, value) in fields.iter().filter(|(name, _)| !RESERVED.contains(&name.as_str())) {
        look_at(value, &|| format!("{under}{name}"), depth, tell);
    }
}

fn look_at(value: &Value, path: &dyn Fn() -> String, depth: usize, tell: &mut dyn FnMut(String)) {
    match value {
        Value::String(text) if holds_address(text) => tell(path()),
        Value::Object(inner) if depth < MAX_DEPTH => look(inner, &format!("{}.", path()), depth + 1, tell),
        Value::Array(items) if depth < MAX_DEPTH => {
            for item in items {
                look_at(item, &|| format!("{}[]", path()), depth + 1, tell);
            }
        }
        _ => {}
    }
}

/// Whether some word of a text has the form of an address, `name@host.tld`, or of the pseudonym that was put
/// in its place.
pub(super) fn holds_address(text: &str) -> bool {
    if text.contains("em_") && text.split(|c: char| !c.is_alphanumeric() && c != '_').any(stands_for_one) {
        return true;
    }
    if !text.contains('@') && !text.contains("%40") {
        return false;
    }
    let text = text.replace("%40", "@");
    let is_part = |c: char| c.is_alphanumeric() || "._%+-@".contains(c);
    text.split(|c| !is_part(c)).any(is_address)
}

/// Whether a word is a pseudonym of an address: `em_`, the number of an epoch, and 32 letters and digits.
fn stands_for_one(word: &str) -> bool {
    let parts = word.strip_prefix("em_").and_then(|rest| rest.split_once('_'));
    parts.is_some_and(|(epoch, rest)| epoch.bytes().all(|b| b.is_ascii_digit()) && rest.len() == 32)
}

fn is_address(word: &str) -> bool {
    let Some((name, host)) = word.trim_matches(['.', '-']).split_once('@') else { return false };
    let Some((domain, top)) = host.rsplit_once('.') else { return false };
    let is_top = top.len() >= 2 && top.chars().all(char::is_alphabetic);
    !name.is_empty() && !domain.is_empty() && !host.contains('@') && is_top && !FILES.contains(&top)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_and_what_looks_like_them() {
        for text in [
            "em_3_7wf2dixnz4nq3r766pepvqqvbnpe44v6",
            "a@b.example",
            "to: Ann <ann.o+x@mail.shop.example>.",
            "https://x/?m=a%40b.example&c=1",
        ] {
            assert!(holds_address(text), "{text}");
        }
        for text in
            ["@handle", "hero@2x.png", "a @ b.example", "5 @ 3.50", "a@localhost", "x@y@z.example", ""]
        {
            assert!(!holds_address(text), "{text}");
        }
    }

    #[test]
    fn the_path_says_where() {
        let json = r#"{"email":"a@b.example","form":{"note":"a@b.example"},"products":[{"name":"a@b.example"},
            {"name":"c@d.example"}],"tags":["a@b.example"]}"#;
        let mut found = Vec::new();
        mail_addresses(&serde_json::from_str(json).unwrap(), &mut |path| found.push(path));
        assert_eq!(found, ["form.note", "products[].name", "tags[]"]);
    }
}
