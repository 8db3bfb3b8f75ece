//! Camping.

use super::{LeafSpec, Season, Sizes};

const VALVE: Option<(&str, &[&str])> = Some(("valve", &["screw-on EN 417", "click-on", "liquid fuel"]));
const CELL: Option<(&str, &[&str])> = Some(("power", &["AAA", "18650 cell", "USB-C core pack"]));

pub(super) const LEAVES: &[LeafSpec] = &[
    LeafSpec {
        path: &["Camping", "Shelter", "Tents"],
        weight: 60.0,
        price: (119.0, 749.0),
        margin: 0.42,
        nouns: &[
            ("Trekking Tent", "tent"),
            ("Dome Tent", "dome"),
            ("Tunnel Tent", "dome"),
            ("Bell Tent", "tent"),
        ],
        qualifiers: &["1-Person", "2-Person", "3-Person", "4-Person"],
        materials: &["ripstop nylon", "polycotton", "recycled polyester"],
        season: Season::Summer,
        goes_with: &["Sleeping bags", "Sleeping mats", "Headlamps & lanterns"],
        lines: &[
            "Pitches in minutes and shrugs off a night of hill weather.",
            "Room to sit up, store wet boots and wait out the rain.",
            "A dependable shelter for long weekends and longer walks.",
        ],
        ..LeafSpec::BASE
    },
    LeafSpec {
        path: &["Camping", "Sleeping", "Sleeping bags"],
        weight: 48.0,
        price: (59.0, 429.0),
        margin: 0.44,
        nouns: &[("Sleeping Bag", "sleeping_bag"), ("Mummy Bag", "sleeping_bag"), ("Camp Quilt", "blanket")],
        qualifiers: &["+10°", "+5°", "0°", "−5°", "−12°"],
        materials: &["recycled polyester", "hydrophobic down", "synthetic down"],
        season: Season::Summer,
        sizes: Sizes::Options(&["Regular", "Long"]),
        goes_with: &["Sleeping mats", "Tents"],
        lines: &[
            "Light, warm and small enough for the bottom of the pack.",
            "A roomy cut with a draught collar for cold mornings.",
        ],
        ..LeafSpec::BASE
    },
    LeafSpec {
        path: &["Camping", "Sleeping", "Sleeping mats"],
        weight: 36.0,
        price: (24.0, 219.0),
        margin: 0.46,
        nouns: &[("Sleeping Mat", "mat"), ("Air Mat", "mat"), ("Folding Mat", "mat")],
        qualifiers: &["R2", "R3", "R4", "R6"],
        materials: &["closed-cell foam", "recycled polyester", "ripstop nylon"],
        season: Season::Summer,
        sizes: Sizes::Options(&["Regular", "Wide"]),
        goes_with: &["Sleeping bags", "Tents"],
        lines: &[
            "Takes the edge off stones, roots and cold ground.",
            "Rolls up to the size of a water bottle.",
        ],
        ..LeafSpec::BASE
    },
    LeafSpec {
        path: &["Camping", "Camp kitchen", "Camp stoves"],
        weight: 34.0,
        price: (34.0, 229.0),
        margin: 0.45,
        nouns: &[("Trail Stove", "stove"), ("Two-Burner Stove", "stove"), ("Stove System", "stove")],
        qualifiers: &["Solo", "Duo", "Basecamp"],
        materials: &["stainless steel", "titanium", "aluminium"],
        season: Season::Summer,
        goes_with: &["Fuel", "Camp cookware"],
        system: VALVE,
        lines: &[
            "Boils half a litre in under three minutes, even in wind.",
            "A steady simmer for proper camp cooking.",
        ],
        ..LeafSpec::BASE
    },
    LeafSpec {
        path: &["Camping", "Camp kitchen", "Fuel"],
        weight: 14.0,
        price: (4.5, 22.0),
        margin: 0.35,
        nouns: &[("Gas Canister", "fuel"), ("Fuel Bottle", "bottle"), ("Fuel Canister", "fuel")],
        qualifiers: &["100 g", "230 g", "450 g"],
        materials: &["steel", "aluminium"],
        season: Season::Summer,
        goes_with: &["Camp stoves"],
        system: VALVE,
        consumable: true,
        lines: &["A clean-burning four-season blend.", "Reliable fuel down to ten below zero."],
        ..LeafSpec::BASE
    },
    LeafSpec {
        path: &["Camping", "Camp kitchen", "Camp cookware"],
        weight: 52.0,
        price: (9.0, 119.0),
        margin: 0.52,
        nouns: &[
            ("Cook Set", "pot"),
            ("Camp Pot", "pot"),
            ("Camp Kettle", "kettle"),
            ("Spork Set", "cutlery"),
            ("Camp Mug", "mug"),
        ],
        materials: &["titanium", "enamel", "aluminium", "stainless steel"],
        season: Season::Summer,
        goes_with: &["Camp stoves", "Fuel"],
        lines: &[
            "Nests neatly, weighs little and cleans up with a handful of sand.",
            "For stews, porridge and the second pot of tea.",
        ],
        ..LeafSpec::BASE
    },
    LeafSpec {
        path: &["Camping", "Light & power", "Headlamps & lanterns"],
        weight: 64.0,
        price: (19.0, 139.0),
        margin: 0.5,
        nouns: &[
            ("Headlamp", "headlamp"),
            ("Camp Lantern", "lantern"),
            ("Running Headlamp", "headlamp"),
            ("Storm Lantern", "lantern"),
        ],
        qualifiers: &["150", "300", "450", "800"],
        materials: &["recycled ABS", "aluminium", "polycarbonate"],
        season: Season::Autumn,
        goes_with: &["Batteries & chargers", "Tents"],
        system: CELL,
        lines: &[
            "An even, warm beam with a red light for reading maps.",
            "Bright when needed and kind to sleeping neighbours.",
        ],
        ..LeafSpec::BASE
    },
    LeafSpec {
        path: &["Camping", "Light & power", "Batteries & chargers"],
        weight: 22.0,
        price: (6.0, 79.0),
        margin: 0.4,
        nouns: &[("Rechargeable Pack", "battery"), ("Battery Set", "battery"), ("Field Charger", "battery")],
        qualifiers: &["800", "2000", "5000", "10000"],
        materials: &["lithium-ion", "nickel-metal hydride"],
        goes_with: &["Headlamps & lanterns"],
        system: CELL,
        consumable: true,
        lines: &[
            "Holds its charge on the shelf and in the cold.",
            "Good for five hundred cycles and a long winter.",
        ],
        ..LeafSpec::BASE
    },
];
