//! The brands of the shop's world. All of them are invented.

/// A maker.
#[derive(Debug)]
pub(crate) struct Brand {
    /// Its name.
    pub name: &'static str,
    /// The departments that it makes things for.
    pub departments: &'static [&'static str],
    /// Index into [`super::STYLES`].
    pub style: usize,
    /// From 0, plain and cheap, to 1.
    pub tier: f64,
    /// A sentence about it.
    pub line: &'static str,
}

pub(crate) const BRANDS: &[Brand] = &[
    Brand {
        name: "Fellwright",
        departments: &["Camping", "Packs & Travel", "Footwear"],
        style: 2,
        tier: 0.8,
        line: "Fellwright tests everything on its own hill.",
    },
    Brand {
        name: "Skerry",
        departments: &["Clothing", "Packs & Travel"],
        style: 4,
        tier: 0.6,
        line: "Skerry designs for salt, wind and long piers.",
    },
    Brand {
        name: "Lowland Supply",
        departments: &["Camping", "Clothing", "Packs & Travel", "Footwear"],
        style: 1,
        tier: 0.3,
        line: "Lowland Supply makes plain things well.",
    },
    Brand {
        name: "Ember & Ash",
        departments: &["Garden & Fire", "Camping", "Kitchen & Table"],
        style: 0,
        tier: 0.7,
        line: "Ember & Ash works with iron, oak and fire.",
    },
    Brand {
        name: "Nordvik",
        departments: &["Living", "Kitchen & Table", "Clothing"],
        style: 3,
        tier: 0.75,
        line: "Nordvik has kept to the same few forms since the start.",
    },
    Brand {
        name: "Tern & Thistle",
        departments: &["Living", "Desk & Paper", "Garden & Fire"],
        style: 4,
        tier: 0.5,
        line: "Tern & Thistle prints and weaves by the sea.",
    },
    Brand {
        name: "Oldfold",
        departments: &["Living", "Clothing", "Kitchen & Table"],
        style: 0,
        tier: 0.65,
        line: "Oldfold repairs what it sells, for as long as you own it.",
    },
    Brand {
        name: "Brightwater",
        departments: &["Kitchen & Table", "Packs & Travel", "Camping"],
        style: 5,
        tier: 0.4,
        line: "Brightwater likes colour, and so should your cupboard.",
    },
    Brand {
        name: "Marlow Works",
        departments: &["Desk & Paper", "Living", "Garden & Fire"],
        style: 1,
        tier: 0.55,
        line: "Marlow Works has one workshop and eleven people.",
    },
    Brand {
        name: "Highmoor",
        departments: &["Clothing", "Footwear", "Camping"],
        style: 2,
        tier: 0.9,
        line: "Highmoor equips mountain rescue teams in three countries.",
    },
    Brand {
        name: "Pebble & Pine",
        departments: &["Kitchen & Table", "Living", "Garden & Fire", "Desk & Paper"],
        style: 3,
        tier: 0.35,
        line: "Pebble & Pine plants a tree for every parcel.",
    },
    Brand {
        name: "Wayfarer Co.",
        departments: &["Packs & Travel", "Footwear", "Desk & Paper"],
        style: 5,
        tier: 0.45,
        line: "Wayfarer Co. makes luggage for people who miss trains.",
    },
    Brand {
        name: "Kittiwake",
        departments: &["Clothing", "Footwear", "Living"],
        style: 5,
        tier: 0.5,
        line: "Kittiwake dyes its yarn in small, lively lots.",
    },
    Brand {
        name: "Stonehouse",
        departments: &["Kitchen & Table", "Garden & Fire", "Living"],
        style: 0,
        tier: 0.85,
        line: "Stonehouse fires its kilns with waste wood.",
    },
];
