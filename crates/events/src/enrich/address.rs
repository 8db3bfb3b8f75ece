//! Taking network addresses out of what is kept.
//!
//! A member of an object goes, at any depth, if its name says that it is an address (`ip`, `$ip`,
//! `ip_override`, `clientIp`, `X-Forwarded-For`, …) **and** its value is one, or a list with one. What only
//! looks like an address elsewhere stays: `10.0.22.1` may be a version. What is said of a *rejected* message
//! is for people to read, so there whatever looks like an address is blotted out.
//!
//! The rest of the JSON stays as it was written, byte for byte. An event without such a member costs one
//! look at the ends of its names.

use std::borrow::Cow;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use serde::de::{Deserialize, Deserializer, Error, MapAccess, Visitor};
use serde_json::value::RawValue;

/// What stands in the place of an address in text.
const BLOT: &str = "[address]";

/// The longest address, in letters.
const MAX_ADDRESS: usize = 45;

/// How names of addresses end, letters and digits only, in lower case.
const ENDINGS: [&str; 11] = [
    "ip",
    "ips",
    "ipaddress",
    "ipaddresses",
    "ipaddr",
    "ipv4",
    "ipv6",
    "ipoverride",
    "remoteaddr",
    "remoteaddress",
    "forwardedfor",
];

/// Names under which a whole number is an address too.
const NUMERIC: [&str; 4] = ["ip", "ipaddress", "ipv4", "clientip"];

/// Reads an address, with or without its port, its brackets or its zone; of a list the first.
#[must_use]
pub fn parse(text: &str) -> Option<IpAddr> {
    let token = text.trim_start().split([',', ';', ' ', '/', '%']).next()?.trim_matches('"');
    if let Some(inner) = token.strip_prefix('[') {
        return inner.split(']').next()?.parse::<Ipv6Addr>().ok().map(IpAddr::from);
    }
    if let Ok(address) = token.parse::<Ipv6Addr>() {
        return Some(address.to_ipv4_mapped().map_or(IpAddr::V6(address), IpAddr::V4));
    }
    parse_v4(token.split(':').next()?).map(IpAddr::V4)
}

/// Four numbers up to 255, leading noughts or not.
fn parse_v4(text: &str) -> Option<Ipv4Addr> {
    let mut octets = [0_u8; 4];
    let mut parts = text.split('.');
    for octet in &mut octets {
        let part =
            parts.next().filter(|p| (1..=3).contains(&p.len()) && p.bytes().all(|b| b.is_ascii_digit()))?;
        *octet = part.parse().ok()?;
    }
    parts.next().is_none().then(|| octets.into())
}

/// The same JSON without its addresses, and the first of them; none if there is nothing to take out.
#[must_use]
pub fn taken_out(json: &str) -> Option<(String, Option<IpAddr>)> {
    let mut first = None;
    if !may_hold_address(json.as_bytes()) {
        return None;
    }
    without(json, &mut first).map(|left| (left, first))
}

/// Whether some name ends like that of an address, or is written in a way that hides how it ends.
fn may_hold_address(json: &[u8]) -> bool {
    let hides = |at: usize| matches!(json.get(at + 1..at + 5), Some([b'u', b'0', b'0', b'2'..=b'7']));
    memchr::memchr_iter(b':', json).any(|colon| {
        let before = json[..colon].trim_ascii_end();
        match before {
            [.., a, b, b'"'] if is_ending(a.to_ascii_lowercase(), b.to_ascii_lowercase()) => {
                let name = &before[..before.len() - 1];
                let from = memchr::memrchr(b'"', name).map_or(0, |quote| quote + 1);
                std::str::from_utf8(&name[from..]).is_ok_and(names_address)
            }
            _ => false,
        }
    }) || memchr::memchr_iter(b'\\', json).any(hides)
}

/// Whether one of [`ENDINGS`] has these for its last two letters.
fn is_ending(a: u8, b: u8) -> bool {
    matches!(
        (a, b),
        (b'i', b'p')
            | (b'p', b's')
            | (b's', b's')
            | (b'e', b's')
            | (b'd', b'r')
            | (b'v', b'4' | b'6')
            | (b'd', b'e')
            | (b'o', b'r')
    )
}

/// Whether a member of this name may hold an address.
fn names_address(name: &str) -> bool {
    let ends_with = |ending: &str| {
        let mut letters =
            name.bytes().rev().filter(u8::is_ascii_alphanumeric).map(|b| b.to_ascii_lowercase());
        ending.bytes().rev().all(|wanted| letters.next() == Some(wanted))
    };
    ENDINGS.iter().any(|ending| ends_with(ending))
}

/// Whether a value under a name of an address is one.
fn is_address(name: &str, json: &str, first: &mut Option<IpAddr>) -> bool {
    match json.as_bytes().first() {
        Some(b'"') => {
            let found = serde_json::from_str::<String>(json).ok().and_then(|text| parse(&text));
            *first = first.or(found);
            found.is_some()
        }
        Some(b'[') => serde_json::from_str::<Vec<&RawValue>>(json)
            .is_ok_and(|items| items.iter().any(|item| is_address(name, item.get(), first))),
        Some(b'0'..=b'9') => {
            let letters = || name.bytes().filter(u8::is_ascii_alphanumeric).map(|b| b.to_ascii_lowercase());
            let number = json.parse::<u32>().ok().filter(|n| *n >= 1 << 24);
            number.is_some() && NUMERIC.iter().any(|known| letters().eq(known.bytes()))
        }
        _ => false,
    }
}

/// The JSON of an object or a list without its addresses; none if it stays as it is.
fn without(json: &str, first: &mut Option<IpAddr>) -> Option<String> {
    let mut changed = false;
    let mut deeper = |raw: &RawValue, out: &mut String| {
        let json = raw.get();
        let nested = json.starts_with(['{', '[']) && may_hold_address(json.as_bytes());
        match if nested { without(json, first) } else { None } {
            Some(left) => {
                out.push_str(&left);
                changed = true;
            }
            None => out.push_str(json),
        }
    };
    let mut out = String::with_capacity(json.len());
    if json.starts_with('[') {
        let items: Vec<&RawValue> = serde_json::from_str(json).ok()?;
        for item in items {
            out.push(if out.is_empty() { '[' } else { ',' });
            deeper(item, &mut out);
        }
        out.push(']');
        return changed.then_some(out);
    }
    let Members(members) = serde_json::from_str(json).ok()?;
    let (mut taken, mut removed) = (None, false);
    out.push('{');
    for (name, value) in members {
        if names_address(&name) && is_address(&name, value.get(), &mut taken) {
            removed = true;
            continue;
        }
        if out.len() > 1 {
            out.push(',');
        }
        if name.bytes().all(|b| b >= b' ' && b != b'"' && b != b'\\') {
            out.extend(["\"", &*name, "\""]);
        } else {
            out.push_str(&serde_json::to_string(&name).ok()?);
        }
        out.push(':');
        deeper(value, &mut out);
    }
    out.push('}');
    let changed = changed || removed;
    *first = taken.or(*first);
    changed.then_some(out)
}

/// An object's members in their order, each as often as it stands there.
pub(crate) struct Members<'a>(pub(crate) Vec<(Cow<'a, str>, &'a RawValue)>);

struct MembersVisitor;

impl<'de> Visitor<'de> for MembersVisitor {
    type Value = Members<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut members = Vec::new();
        while let Some((Name(name), value)) = map.next_entry()? {
            members.push((name, value));
        }
        Ok(Members(members))
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Members<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(MembersVisitor)
    }
}

struct Name<'a>(Cow<'a, str>);

struct NameVisitor;

impl<'de> Visitor<'de> for NameVisitor {
    type Value = Name<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name")
    }

    fn visit_borrowed_str<E: Error>(self, name: &'de str) -> Result<Self::Value, E> {
        Ok(Name(Cow::Borrowed(name)))
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<Self::Value, E> {
        Ok(Name(Cow::Owned(name.to_owned())))
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Name<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(NameVisitor)
    }
}

/// Text with every address in it blotted out, wherever it stands; for what is shown of rejected messages.
#[must_use]
pub fn blotted(text: &str) -> String {
    let is_part = |c: char| c.is_ascii_hexdigit() || c == ':' || c == '.';
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find(is_part) {
        let (before, from) = rest.split_at(start);
        let (run, after) = from.split_at(from.find(|c| !is_part(c)).unwrap_or(from.len()));
        out.push_str(before);
        blot_run(run, &mut out);
        rest = after;
    }
    out.push_str(rest);
    out
}

/// Writes a run of letters that addresses are made of, its address blotted out.
fn blot_run(run: &str, out: &mut String) {
    let starts =
        run.char_indices().filter(|(at, _)| *at == 0 || matches!(run.as_bytes()[at - 1], b':' | b'.'));
    for (start, _) in starts {
        for end in (start + 2..=run.len().min(start + MAX_ADDRESS)).rev() {
            let part = &run[start..end];
            if part.parse::<Ipv6Addr>().is_ok() || parse_v4(part).is_some() {
                out.push_str(&run[..start]);
                out.push_str(BLOT);
                return blot_run(&run[end..], out);
            }
        }
    }
    out.push_str(run);
}

#[cfg(test)]
mod tests;
