//! Desk & Paper, and Garden & Fire.

use super::{LeafSpec, Season, Sizes};

const NIB: Option<(&str, &[&str])> =
    Some(("refill", &["G2 ballpoint", "converter cartridge", "0.7 mm lead"]));

pub(super) const LEAVES: &[LeafSpec] = &[
    LeafSpec {
        path: &["Desk & Paper", "Notebooks"],
        weight: 58.0,
        price: (7.0, 42.0),
        margin: 0.6,
        nouns: &[
            ("Notebook", "notebook"),
            ("Field Journal", "notebook"),
            ("Sketchbook", "notebook"),
            ("Week Planner", "planner"),
        ],
        qualifiers: &["A6 Pocket", "A5 Dotted", "A5 Lined", "A4 Plain"],
        materials: &["recycled paper", "linen", "full-grain leather"],
        season: Season::Gift,
        goes_with: &["Pens & pencils"],
        lines: &[
            "Opens flat, takes ink well and survives a rucksack.",
            "Thread-sewn, with a pocket for tickets and pressed flowers.",
        ],
        ..LeafSpec::BASE
    },
    LeafSpec {
        path: &["Desk & Paper", "Writing", "Pens & pencils"],
        weight: 36.0,
        price: (5.0, 119.0),
        margin: 0.55,
        nouns: &[("Ballpoint Pen", "pen"), ("Fountain Pen", "fountain"), ("Mechanical Pencil", "pen")],
        materials: &["brass", "aluminium", "walnut", "recycled ABS"],
        season: Season::Gift,
        goes_with: &["Notebooks", "Ink & refills"],
        system: NIB,
        lines: &["A good weight, a clean line and a clip that holds."],
        ..LeafSpec::BASE
    },
    LeafSpec {
        path: &["Desk & Paper", "Writing", "Ink & refills"],
        weight: 12.0,
        price: (3.5, 24.0),
        margin: 0.52,
        nouns: &[("Refill Set", "refill"), ("Bottled Ink", "ink"), ("Cartridge Set", "refill")],
        qualifiers: &["Pack of 3", "Pack of 6", "50 ml"],
        materials: &["pigment ink", "dye ink"],
        goes_with: &["Pens & pencils"],
        system: NIB,
        consumable: true,
        lines: &["Flows evenly, dries quickly and does not fade."],
        ..LeafSpec::BASE
    },
    LeafSpec {
        path: &["Desk & Paper", "Maps & guides"],
        weight: 44.0,
        price: (8.0, 39.0),
        margin: 0.44,
        nouns: &[
            ("Walking Map", "map"),
            ("Coast Guide", "book"),
            ("Trail Guide", "book"),
            ("Wall Map", "map"),
        ],
        qualifiers: &["North Coast", "High Fells", "Border Hills", "Western Isles", "River Valleys", "Lakes"],
        materials: &["waterproof paper", "recycled paper"],
        season: Season::Spring,
        goes_with: &["Backpacks", "Boots"],
        lines: &[
            "Surveyed on foot, with the good pubs marked.",
            "Clear contours, honest times and a few secrets.",
        ],
        ..LeafSpec::BASE
    },
    LeafSpec {
        path: &["Desk & Paper", "Cards & wrap"],
        weight: 30.0,
        price: (3.0, 18.0),
        margin: 0.65,
        nouns: &[
            ("Greeting Cards", "card"),
            ("Wrapping Paper", "wrap"),
            ("Postcard Set", "card"),
            ("Gift Box", "gift"),
        ],
        qualifiers: &["Set of 4", "Set of 8", "Set of 12"],
        materials: &["recycled paper", "cotton paper"],
        season: Season::Gift,
        goes_with: &["Candles", "Notebooks"],
        lines: &["Printed in two colours on paper with a little tooth."],
        ..LeafSpec::BASE
    },
    LeafSpec {
        path: &["Garden & Fire", "Garden tools"],
        weight: 34.0,
        price: (12.0, 99.0),
        margin: 0.5,
        nouns: &[
            ("Hand Trowel", "trowel"),
            ("Secateurs", "secateurs"),
            ("Garden Fork", "fork"),
            ("Watering Can", "can"),
        ],
        materials: &["carbon steel", "stainless steel", "copper"],
        season: Season::Spring,
        goes_with: &["Planters"],
        lines: &["Forged, not pressed, with an ash handle that fits the palm."],
        ..LeafSpec::BASE
    },
    LeafSpec {
        path: &["Garden & Fire", "Planters"],
        weight: 42.0,
        price: (12.0, 139.0),
        margin: 0.58,
        nouns: &[("Planter", "planter"), ("Window Box", "window_box"), ("Hanging Pot", "hanging_pot")],
        materials: &["terracotta", "stoneware", "zinc", "oak"],
        season: Season::Spring,
        sizes: Sizes::Options(&["Small", "Medium", "Large"]),
        goes_with: &["Garden tools"],
        lines: &["Frost-proof, well drained and better with age."],
        ..LeafSpec::BASE
    },
    LeafSpec {
        path: &["Garden & Fire", "Fire pits & grills"],
        weight: 20.0,
        price: (79.0, 499.0),
        margin: 0.42,
        nouns: &[("Fire Bowl", "firepit"), ("Camp Grill", "grill"), ("Fire Pit", "firepit")],
        materials: &["cast iron", "corten steel", "stainless steel"],
        season: Season::Summer,
        goes_with: &["Blankets & throws", "Chairs & stools"],
        lines: &["Throws a good heat and gathers people around it."],
        ..LeafSpec::BASE
    },
    LeafSpec {
        path: &["Garden & Fire", "Hammocks"],
        weight: 16.0,
        price: (35.0, 189.0),
        margin: 0.53,
        nouns: &[("Hammock", "hammock"), ("Double Hammock", "hammock"), ("Travel Hammock", "hammock")],
        materials: &["organic cotton", "ripstop nylon", "recycled cotton"],
        season: Season::Summer,
        goes_with: &["Blankets & throws"],
        lines: &["Two trees, ten minutes, nothing else to do."],
        ..LeafSpec::BASE
    },
    LeafSpec {
        path: &["Garden & Fire", "Bird & garden life"],
        weight: 14.0,
        price: (9.0, 69.0),
        margin: 0.57,
        nouns: &[("Bird Feeder", "feeder"), ("Nest Box", "nest_box"), ("Bee House", "nest_box")],
        materials: &["oak", "cedar", "zinc"],
        season: Season::Winter,
        goes_with: &["Planters", "Garden tools"],
        lines: &["Made of untreated wood, to the right measure for small guests."],
        ..LeafSpec::BASE
    },
];
