//! Clothing.

use super::{LeafSpec, Season, Sizes};

pub(super) const LEAVES: &[LeafSpec] = &[
    LeafSpec {
        path: &["Clothing", "Outerwear", "Jackets"],
        weight: 170.0,
        price: (89.0, 499.0),
        margin: 0.52,
        nouns: &[
            ("Rain Jacket", "jacket"),
            ("Down Jacket", "puffer"),
            ("Parka", "jacket"),
            ("Wind Shell", "jacket"),
            ("Field Jacket", "jacket"),
            ("Gilet", "gilet"),
        ],
        materials: &["recycled nylon", "waxed cotton", "hydrophobic down", "softshell"],
        season: Season::Autumn,
        sizes: Sizes::Apparel,
        goes_with: &["Fleece & knitwear", "Hats & gloves"],
        lines: &[
            "Sheds rain, breathes uphill and packs into its own pocket.",
            "A quiet, well-cut layer for coast paths and city rain.",
            "Warm without bulk, with a hood that follows the head.",
        ],
        ..LeafSpec::BASE
    },
    LeafSpec {
        path: &["Clothing", "Outerwear", "Fleece & knitwear"],
        weight: 95.0,
        price: (49.0, 219.0),
        margin: 0.56,
        nouns: &[
            ("Fleece", "fleece"),
            ("Fisherman Jumper", "jumper"),
            ("Half-Zip", "fleece"),
            ("Cardigan", "jumper"),
        ],
        materials: &["lambswool", "merino", "recycled fleece"],
        season: Season::Winter,
        sizes: Sizes::Apparel,
        goes_with: &["Jackets", "Base layers"],
        lines: &[
            "The layer that is reached for first and put away last.",
            "Knitted thick and soft, and better every winter.",
        ],
        ..LeafSpec::BASE
    },
    LeafSpec {
        path: &["Clothing", "Trousers & shorts"],
        weight: 80.0,
        price: (45.0, 189.0),
        margin: 0.54,
        nouns: &[
            ("Walking Trousers", "trousers"),
            ("Climbing Pants", "trousers"),
            ("Canvas Trousers", "trousers"),
            ("Trail Shorts", "shorts"),
        ],
        materials: &["recycled nylon", "organic cotton", "softshell", "hemp"],
        season: Season::Spring,
        sizes: Sizes::Apparel,
        goes_with: &["Base layers", "Socks"],
        lines: &[
            "Stretches over stiles and dries on the walk home.",
            "Cut for movement, tidy enough for dinner.",
        ],
        ..LeafSpec::BASE
    },
    LeafSpec {
        path: &["Clothing", "Base layers"],
        weight: 60.0,
        price: (29.0, 99.0),
        margin: 0.55,
        nouns: &[("Crew Tee", "tee"), ("Long-Sleeve", "longsleeve"), ("Zip-Neck Base Layer", "longsleeve")],
        materials: &["merino", "organic cotton", "hemp"],
        season: Season::Winter,
        sizes: Sizes::Apparel,
        goes_with: &["Fleece & knitwear", "Socks"],
        lines: &["Fine, odourless and warm even when damp.", "Soft on the skin, flat at the seams."],
        ..LeafSpec::BASE
    },
    LeafSpec {
        path: &["Clothing", "Accessories", "Hats & gloves"],
        weight: 70.0,
        price: (14.0, 79.0),
        margin: 0.6,
        nouns: &[
            ("Beanie", "beanie"),
            ("Bobble Hat", "beanie"),
            ("Mittens", "mitten"),
            ("Liner Gloves", "mitten"),
            ("Sun Cap", "cap"),
        ],
        materials: &["lambswool", "merino", "recycled fleece"],
        season: Season::Winter,
        goes_with: &["Jackets", "Fleece & knitwear"],
        lines: &[
            "Keeps the wind out and lives in a coat pocket.",
            "Knitted in one piece, so there is nothing to rub.",
        ],
        ..LeafSpec::BASE
    },
    LeafSpec {
        path: &["Clothing", "Accessories", "Socks"],
        weight: 50.0,
        price: (9.0, 32.0),
        margin: 0.62,
        nouns: &[
            ("Hiking Sock", "sock"),
            ("Boot Sock", "sock"),
            ("Crew Sock", "sock"),
            ("Trail Sock", "sock"),
        ],
        materials: &["merino", "lambswool", "organic cotton"],
        sizes: Sizes::Options(&["36–39", "40–43", "44–47"]),
        goes_with: &["Boots", "Trail shoes"],
        consumable: true,
        lines: &[
            "Cushioned where boots press and thin where they do not.",
            "No blisters, no bunching, no fuss.",
        ],
        ..LeafSpec::BASE
    },
];
