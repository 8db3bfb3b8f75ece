//! The slow way: through every member, with what each name and text says.

use base64::Engine;
use base64::alphabet::{STANDARD, URL_SAFE};
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use serde_json::Value;
use serde_json::value::RawValue;

use super::names::{Class, NAMES, Zone};
use super::{Keeper, Rules, fast, text};
use crate::enrich::address::Members;

/// Levels of nesting that are looked into; what lies deeper goes.
const MAX_DEPTH: usize = 40;
/// The most letters of a field's path.
const MAX_PATH: usize = 120;
/// Digits of the shortest telephone number.
const LEAST_DIGITS: usize = 5;

const LENIENT: GeneralPurposeConfig =
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
/// Both alphabets of base64, with padding or without.
const BASE64: [GeneralPurpose; 2] =
    [GeneralPurpose::new(&STANDARD, LENIENT), GeneralPurpose::new(&URL_SAFE, LENIENT)];

/// What becomes of a value.
enum Fate {
    Stays,
    Goes,
    Becomes(String),
}

pub(super) struct Walk<'a> {
    pub(super) rules: &'a Rules,
    pub(super) ids: &'a [(String, String)],
    pub(super) keeper: &'a mut dyn Keeper,
    /// Where the walk is: `context.traits`.
    pub(super) path: String,
}

impl Walk<'_> {
    /// A value without what is personal; none if it stays as it is.
    pub(super) fn value(&mut self, json: &str, zone: Zone, depth: usize) -> Option<String> {
        let json = json.trim();
        match json.as_bytes().first() {
            Some(b'{' | b'[') if depth >= MAX_DEPTH => Some("null".to_owned()),
            Some(b'{') => self.object(json, zone, depth),
            Some(b'[') => self.list(json, depth, |walk, item| walk.value(item, zone, depth + 1)),
            Some(b'"') => self.text(json, depth),
            _ => None,
        }
    }

    fn object(&mut self, json: &str, zone: Zone, depth: usize) -> Option<String> {
        // A name that is no text: nobody could say what the object holds.
        let Ok(Members(members)) = serde_json::from_str(json) else { return Some("{}".to_owned()) };
        let mut out = String::with_capacity(json.len());
        let mut changed = false;
        out.push('{');
        for (name, value) in members {
            let safe = text::without(&name, &mut |address| self.keeper.within("name", address));
            changed |= safe.is_some();
            let name = safe.as_deref().unwrap_or(&name);
            let length = self.path.len();
            self.enter(name);
            let fate = self.member(name, value.get(), zone, depth);
            self.path.truncate(length);
            let kept = match fate {
                Fate::Goes => {
                    changed = true;
                    continue;
                }
                Fate::Becomes(json) => {
                    changed = true;
                    json
                }
                Fate::Stays => value.get().to_owned(),
            };
            if out.len() > 1 {
                out.push(',');
            }
            out.push_str(&Value::from(name).to_string());
            out.push(':');
            out.push_str(&kept);
        }
        out.push('}');
        changed.then_some(out)
    }

    fn enter(&mut self, name: &str) {
        if self.path.len() + name.len() < MAX_PATH {
            if !self.path.is_empty() {
                self.path.push('.');
            }
            self.path.push_str(name);
        }
    }

    fn member(&mut self, name: &str, json: &str, zone: Zone, depth: usize) -> Fate {
        let is_told = !matches!(json.as_bytes().first(), Some(b't' | b'f' | b'n')) && json != "\"\"";
        let class = NAMES.class_of(name.as_bytes(), zone, &self.rules.more);
        let nested = if zone == Zone::Place { Zone::Place } else { Zone::Plain };
        match class {
            _ if !is_told => Fate::Stays,
            Class::Free => self.through(json, nested, depth),
            Class::Person => self.through(json, Zone::Person, depth),
            Class::Place => self.through(json, Zone::Place, depth),
            Class::Personal => self.gone(json),
            Class::Email | Class::Phone if json.starts_with('[') => {
                let changed = self.list(json, depth, |walk, item| match walk.named(class, item) {
                    Fate::Stays => None,
                    Fate::Goes => Some("null".to_owned()),
                    Fate::Becomes(json) => Some(json),
                });
                changed.map_or(Fate::Stays, Fate::Becomes)
            }
            Class::Email | Class::Phone => self.named(class, json),
        }
    }

    fn through(&mut self, json: &str, zone: Zone, depth: usize) -> Fate {
        self.value(json, zone, depth + 1).map_or(Fate::Stays, Fate::Becomes)
    }

    /// An address or a number by its name.
    fn named(&mut self, class: Class, json: &str) -> Fate {
        let said = match json.as_bytes().first() {
            Some(b'"') => serde_json::from_str::<String>(json).unwrap_or_else(|_| json.to_owned()),
            Some(b'0'..=b'9') => json.to_owned(),
            Some(b'{' | b'[') => return self.gone(json),
            _ => return Fate::Stays,
        };
        let digits = said.bytes().filter(u8::is_ascii_digit).count();
        let put = match class {
            _ if said.trim().is_empty() => return Fate::Stays,
            Class::Email => self.keeper.email(&self.path, &said),
            _ if digits < LEAST_DIGITS => return self.gone(json),
            _ => self.keeper.phone(&self.path, &said),
        };
        put.map_or(Fate::Goes, |put| Fate::Becomes(Value::from(put).to_string()))
    }

    fn gone(&mut self, json: &str) -> Fate {
        match serde_json::from_str::<String>(json) {
            Ok(said) if said.trim().is_empty() => return Fate::Stays,
            Ok(said) => self.keeper.other(&self.path, &said),
            Err(_) => self.keeper.other(&self.path, json),
        }
        Fate::Goes
    }

    fn list(
        &mut self,
        json: &str,
        depth: usize,
        mut each: impl FnMut(&mut Self, &str) -> Option<String>,
    ) -> Option<String> {
        if depth >= MAX_DEPTH {
            return Some("null".to_owned());
        }
        let Ok(items) = serde_json::from_str::<Vec<&RawValue>>(json) else { return Some("[]".to_owned()) };
        let mut out = String::with_capacity(json.len());
        let mut changed = false;
        for item in items {
            out.push(if out.is_empty() { '[' } else { ',' });
            let left = each(self, item.get());
            changed |= left.is_some();
            out.push_str(left.as_deref().unwrap_or(item.get()));
        }
        out.push(']');
        changed.then_some(out)
    }

    fn text(&mut self, json: &str, depth: usize) -> Option<String> {
        let Ok(said) = serde_json::from_str::<String>(json) else {
            // Half of a pair of surrogates: the rest of the text may hold anything.
            let may = json.contains('@') || fast::hides(json.as_bytes());
            return may.then(|| "\"\"".to_owned());
        };
        if let Some((_, put)) = self.ids.iter().find(|(raw, _)| *raw == said) {
            return Some(Value::from(put.as_str()).to_string());
        }
        if said.trim_start().starts_with(['{', '[']) && serde_json::from_str::<&RawValue>(&said).is_ok() {
            return self.value(&said, Zone::Plain, depth + 1).map(|left| Value::from(left).to_string());
        }
        if said.starts_with("eyJ") {
            return self.packed(&said, depth).map(|left| Value::from(left).to_string());
        }
        let Self { keeper, path, .. } = self;
        let left = text::without(&said, &mut |address| keeper.within(path, address))?;
        Some(Value::from(left).to_string())
    }

    /// JSON in base64; a token of several parts goes, for it names somebody.
    fn packed(&mut self, said: &str, depth: usize) -> Option<String> {
        if said.split('.').count() == 3 && said.split('.').nth(1).is_some_and(|part| part.starts_with("eyJ"))
        {
            self.keeper.other(&self.path, said);
            return Some(String::new());
        }
        let (engine, bytes) = BASE64.iter().find_map(|engine| Some((engine, engine.decode(said).ok()?)))?;
        let inner = String::from_utf8(bytes).ok()?;
        serde_json::from_str::<&RawValue>(&inner).ok()?;
        self.value(&inner, Zone::Plain, depth + 1).map(|left| engine.encode(left))
    }
}
