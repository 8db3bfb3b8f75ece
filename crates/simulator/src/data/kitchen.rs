//! Kitchen & Table.

use super::{LeafSpec, Season, Sizes};

const BREW: Option<(&str, &[&str])> = Some(("filter size", &["size 02", "size 04", "63 mm disc"]));

pub(super) const LEAVES: &[LeafSpec] = &[
    LeafSpec {
        path: &["Kitchen & Table", "Mugs & cups"],
        weight: 110.0,
        price: (9.0, 39.0),
        margin: 0.62,
        nouns: &[("Mug", "mug"), ("Espresso Cup", "mug"), ("Tumbler", "tumbler"), ("Breakfast Cup", "mug")],
        materials: &["stoneware", "enamel", "porcelain", "bamboo"],
        season: Season::Gift,
        goes_with: &["Coffee makers", "Tableware"],
        lines: &[
            "A generous handle, a thick wall and a long-lasting warmth.",
            "Glazed by hand, so no two are quite alike.",
        ],
        ..LeafSpec::BASE
    },
    LeafSpec {
        path: &["Kitchen & Table", "Coffee", "Coffee makers"],
        weight: 40.0,
        price: (24.0, 189.0),
        margin: 0.48,
        nouns: &[
            ("Moka Pot", "moka"),
            ("French Press", "press"),
            ("Pour-Over Set", "dripper"),
            ("Coffee Grinder", "grinder"),
        ],
        materials: &["aluminium", "stainless steel", "borosilicate glass", "stoneware"],
        season: Season::Gift,
        goes_with: &["Coffee filters", "Mugs & cups"],
        system: BREW,
        lines: &[
            "Makes the first ten minutes of the day worth getting up for.",
            "Simple to use, simple to clean, hard to break.",
        ],
        ..LeafSpec::BASE
    },
    LeafSpec {
        path: &["Kitchen & Table", "Coffee", "Coffee filters"],
        weight: 12.0,
        price: (4.5, 24.0),
        margin: 0.5,
        nouns: &[("Paper Filters", "filter"), ("Steel Filter", "filter"), ("Cotton Filter", "filter")],
        qualifiers: &["Pack of 40", "Pack of 100", "Reusable"],
        materials: &["unbleached paper", "stainless steel", "organic cotton"],
        goes_with: &["Coffee makers"],
        system: BREW,
        consumable: true,
        lines: &["A clear cup without a papery taste."],
        ..LeafSpec::BASE
    },
    LeafSpec {
        path: &["Kitchen & Table", "Bottles & flasks"],
        weight: 84.0,
        price: (14.0, 59.0),
        margin: 0.57,
        nouns: &[
            ("Water Bottle", "bottle"),
            ("Vacuum Flask", "flask"),
            ("Travel Tumbler", "tumbler"),
            ("Food Jar", "jar"),
        ],
        materials: &["stainless steel", "titanium", "borosilicate glass", "recycled plastic"],
        season: Season::Summer,
        sizes: Sizes::Options(&["350 ml", "500 ml", "750 ml"]),
        goes_with: &["Backpacks", "Mugs & cups"],
        lines: &[
            "Hot for twelve hours, cold for a day, and never in the bag.",
            "One-handed lid, no rattles, no leaks.",
        ],
        ..LeafSpec::BASE
    },
    LeafSpec {
        path: &["Kitchen & Table", "Knives & boards"],
        weight: 44.0,
        price: (16.0, 179.0),
        margin: 0.5,
        nouns: &[
            ("Chef's Knife", "knife"),
            ("Paring Knife", "knife"),
            ("Chopping Board", "board"),
            ("Pocket Knife", "knife"),
        ],
        materials: &["carbon steel", "stainless steel", "oak", "walnut"],
        season: Season::Gift,
        goes_with: &["Pots & pans"],
        lines: &["Holds an edge and sits easily in the hand.", "Oiled, balanced and made to be handed down."],
        ..LeafSpec::BASE
    },
    LeafSpec {
        path: &["Kitchen & Table", "Pots & pans"],
        weight: 48.0,
        price: (29.0, 269.0),
        margin: 0.47,
        nouns: &[("Skillet", "pan"), ("Casserole", "pot"), ("Saucepan", "pot"), ("Kettle", "kettle")],
        materials: &["cast iron", "carbon steel", "enamel", "copper"],
        season: Season::Winter,
        sizes: Sizes::Options(&["20 cm", "24 cm", "28 cm"]),
        goes_with: &["Knives & boards", "Tableware"],
        lines: &[
            "From hob to oven to table, for the next forty years.",
            "Heats slowly, holds it long and browns beautifully.",
        ],
        ..LeafSpec::BASE
    },
    LeafSpec {
        path: &["Kitchen & Table", "Tableware"],
        weight: 66.0,
        price: (8.0, 89.0),
        margin: 0.6,
        nouns: &[
            ("Dinner Plate", "plate"),
            ("Bowl", "bowl"),
            ("Serving Platter", "plate"),
            ("Jug", "jug"),
            ("Cutlery Set", "cutlery"),
        ],
        materials: &["stoneware", "porcelain", "enamel", "olive wood"],
        season: Season::Gift,
        goes_with: &["Mugs & cups"],
        lines: &[
            "Made to be used every day and still look good on Sunday.",
            "Soft edges and a glaze like wet sand.",
        ],
        ..LeafSpec::BASE
    },
];
