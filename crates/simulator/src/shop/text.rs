//! Titles, descriptions and addresses.

use rustc_hash::FxHashSet;

use crate::data::{LeafSpec, SERIES, STYLE_LINES};
use crate::rng::Rng;

/// How often another series is tried before a colour is added to a title.
const TRIES: usize = 12;

/// A title that no other product has: series, qualifier or material, noun; at need the colour.
pub(super) fn title(
    spec: &LeafSpec,
    (noun, qualifier, material, color): (usize, Option<usize>, &str, &str),
    taken: &mut FxHashSet<String>,
    rng: &mut Rng,
) -> String {
    let noun = spec.nouns[noun].0;
    let middle = qualifier.map_or_else(|| short_material(material, noun), |q| spec.qualifiers[q].to_owned());
    let build = |series: &str| match middle.as_str() {
        "" => format!("{series} {noun}"),
        middle => format!("{series} {middle} {noun}"),
    };
    for _ in 0..TRIES {
        let title = build(SERIES[rng.below(SERIES.len())]);
        if taken.insert(title.clone()) {
            return title;
        }
    }
    for number in 1.. {
        let plain = format!("{}, {}", build(SERIES[rng.below(SERIES.len())]), capital(color));
        let title = if number < TRIES { plain } else { format!("{plain} No. {number}") };
        if taken.insert(title.clone()) {
            return title;
        }
    }
    String::new()
}

/// A material as a title says it; nothing where the noun says it already.
fn short_material(material: &str, noun: &str) -> String {
    let word = match material.split_once(' ') {
        Some(("recycled" | "hydrophobic" | "powder-coated" | "borosilicate", rest)) => rest,
        Some(("full-grain", _)) => "leather",
        Some(("stainless" | "carbon", _)) => "steel",
        _ => material,
    };
    let words = || noun.split([' ', '-']).map(str::to_lowercase);
    let said = words().any(|w| w == word || (w == "wool" && word.contains("wool")) || w == "down");
    if said || words().any(|w| w == "down" || w == "canvas" || w == "fleece") {
        String::new()
    } else {
        capital_words(word)
    }
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

fn capital_words(text: &str) -> String {
    text.split(' ').map(capital).collect::<Vec<_>>().join(" ")
}

/// One to three sentences.
pub(super) fn description(spec: &LeafSpec, style: usize, brand_line: &str, rng: &mut Rng) -> String {
    let mut sentences = vec![*rng.pick(spec.lines)];
    if rng.chance(0.7) {
        sentences.push(STYLE_LINES[style]);
    }
    if rng.chance(0.5) {
        sentences.push(brand_line);
    }
    sentences.join(" ")
}

/// A name as a part of an address.
pub(super) fn slug(name: &str) -> String {
    let lower = name.to_lowercase();
    let words = lower.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join("-")
}
