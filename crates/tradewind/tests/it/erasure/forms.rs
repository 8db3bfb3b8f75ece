//! Marks, and every form that they are looked for in.

use aho_corasick::{AhoCorasick, AhoCorasickKind};
use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;

use crate::support::Rng;

/// Sixteen characters that nothing compresses and nothing else has.
pub(crate) fn mark(rng: &mut Rng) -> String {
    let letters = b"abcdefghijklmnopqrstuvwxyz0123456789";
    (0..16).map(|_| char::from(*rng.pick(letters))).collect()
}

/// The text in plain, in base64 wherever it begins, in hexadecimal digits, and percent-encoded.
fn forms(text: &str) -> Vec<String> {
    let mut all = vec![text.to_owned()];
    for lead in 0..3 {
        // The characters that hold nothing but bits of the text: those of its neighbours are left out.
        let padded = [&[0; 2][..lead], text.as_bytes()].concat();
        let encoded = STANDARD_NO_PAD.encode(&padded);
        let (from, to) = ((lead * 8).div_ceil(6), padded.len() * 8 / 6);
        all.push(encoded[from..to].to_owned());
    }
    let hex: Vec<String> = text.bytes().map(|byte| format!("{byte:02x}")).collect();
    all.push(hex.concat());
    all.push(hex.concat().to_uppercase());
    for digits in [hex.clone(), hex.iter().map(|pair| pair.to_uppercase()).collect()] {
        all.push(digits.iter().map(|pair| format!("%{pair}")).collect());
    }
    all
}

/// Finds marks.
pub(crate) struct Finder<'a> {
    marks: Vec<&'a str>,
    forms_each: usize,
    search: AhoCorasick,
}

impl<'a> Finder<'a> {
    /// Looks for marks in all of their forms.
    pub(crate) fn of_all_forms(marks: impl Iterator<Item = &'a str>) -> Self {
        Self::of(marks, forms)
    }

    /// Looks for marks as they are.
    pub(crate) fn of_plain(marks: impl Iterator<Item = &'a str>) -> Self {
        Self::of(marks, |mark| vec![mark.to_owned()])
    }

    fn of(marks: impl Iterator<Item = &'a str>, forms: impl Fn(&str) -> Vec<String>) -> Self {
        let marks: Vec<&str> = marks.collect();
        let patterns: Vec<String> = marks.iter().flat_map(|mark| forms(mark)).collect();
        let search =
            AhoCorasick::builder().kind(Some(AhoCorasickKind::ContiguousNFA)).build(&patterns).unwrap();
        Self { forms_each: patterns.len() / marks.len(), marks, search }
    }

    /// The marks that are there, each once.
    pub(crate) fn find(&self, bytes: &[u8]) -> Vec<&'a str> {
        let found = self.search.find_iter(bytes).map(|found| found.pattern().as_usize() / self.forms_each);
        let found: std::collections::BTreeSet<usize> = found.collect();
        found.into_iter().map(|mark| self.marks[mark]).collect()
    }
}

#[test]
fn each_form_is_found_wherever_it_begins() {
    let mut rng = Rng(3);
    let (mark, other) = (mark(&mut rng), mark(&mut rng));
    let finder = Finder::of_all_forms([mark.as_str(), other.as_str()].into_iter());
    for before in 0..7 {
        let text = format!("{}{mark}--", "x".repeat(before));
        let base64 = STANDARD_NO_PAD.encode(&text);
        let hex: String = text.bytes().map(|byte| format!("{byte:02x}")).collect();
        let percent: String = text.bytes().map(|byte| format!("%{byte:02X}")).collect();
        for form in [text, base64, hex, percent] {
            assert_eq!(finder.find(form.as_bytes()), [mark.as_str()], "{form}");
        }
    }
    assert!(finder.find(&mark.as_bytes()[1..]).is_empty());
}
