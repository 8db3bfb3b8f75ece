//! Living.

use super::{LeafSpec, Season, Sizes};

const FITTING: Option<(&str, &[&str])> = Some(("fitting", &["E27", "E14", "GU10"]));

pub(super) const LEAVES: &[LeafSpec] = &[
    LeafSpec {
        path: &["Living", "Textiles", "Blankets & throws"],
        weight: 72.0,
        price: (35.0, 229.0),
        margin: 0.58,
        nouns: &[
            ("Throw", "blanket"),
            ("Wool Blanket", "blanket"),
            ("Picnic Blanket", "blanket"),
            ("Bedspread", "blanket"),
        ],
        materials: &["lambswool", "merino", "recycled cotton", "linen"],
        season: Season::Winter,
        goes_with: &["Cushions", "Candles"],
        lines: &[
            "Woven on old looms and washed in soft water.",
            "For the sofa in January and the beach in July.",
        ],
        ..LeafSpec::BASE
    },
    LeafSpec {
        path: &["Living", "Textiles", "Cushions"],
        weight: 56.0,
        price: (19.0, 89.0),
        margin: 0.6,
        nouns: &[("Cushion", "cushion"), ("Floor Cushion", "cushion"), ("Bolster", "cushion")],
        materials: &["linen", "recycled cotton", "lambswool", "velvet"],
        season: Season::Autumn,
        sizes: Sizes::Options(&["40 × 40 cm", "50 × 50 cm"]),
        goes_with: &["Blankets & throws"],
        lines: &["Filled generously, with a cover that comes off for the wash."],
        ..LeafSpec::BASE
    },
    LeafSpec {
        path: &["Living", "Textiles", "Rugs"],
        weight: 28.0,
        price: (59.0, 429.0),
        margin: 0.55,
        nouns: &[("Rug", "rug"), ("Runner", "rug"), ("Door Mat", "rug")],
        materials: &["lambswool", "jute", "recycled cotton"],
        season: Season::Autumn,
        sizes: Sizes::Options(&["60 × 90 cm", "120 × 180 cm", "160 × 230 cm"]),
        goes_with: &["Cushions", "Lamps"],
        lines: &["Flat-woven, hard-wearing and quiet underfoot."],
        ..LeafSpec::BASE
    },
    LeafSpec {
        path: &["Living", "Lighting", "Lamps"],
        weight: 62.0,
        price: (39.0, 289.0),
        margin: 0.54,
        nouns: &[
            ("Table Lamp", "lamp"),
            ("Desk Lamp", "desk_lamp"),
            ("Floor Lamp", "floor_lamp"),
            ("Pendant", "pendant"),
        ],
        materials: &["brass", "powder-coated steel", "stoneware", "oak"],
        season: Season::Autumn,
        goes_with: &["Bulbs"],
        system: FITTING,
        lines: &[
            "A soft pool of light for evenings indoors.",
            "A plain, well-made lamp that dims to a glow.",
        ],
        ..LeafSpec::BASE
    },
    LeafSpec {
        path: &["Living", "Lighting", "Bulbs"],
        weight: 14.0,
        price: (4.5, 19.0),
        margin: 0.45,
        nouns: &[("Filament Bulb", "bulb"), ("Opal Bulb", "bulb"), ("Reflector Bulb", "bulb")],
        qualifiers: &["2 W", "4 W", "7 W"],
        materials: &["clear glass", "opal glass", "smoked glass"],
        season: Season::Autumn,
        goes_with: &["Lamps"],
        system: FITTING,
        consumable: true,
        lines: &["Warm white, flicker-free and good for fifteen thousand hours."],
        ..LeafSpec::BASE
    },
    LeafSpec {
        path: &["Living", "Candles"],
        weight: 54.0,
        price: (7.0, 49.0),
        margin: 0.64,
        nouns: &[
            ("Scented Candle", "candle"),
            ("Pillar Candle", "pillar"),
            ("Tea Lights", "tealight"),
            ("Candle Holder", "holder"),
        ],
        qualifiers: &["Pine & Smoke", "Sea Salt", "Wild Thyme", "Fig", "Peat Fire", "Heather Honey"],
        materials: &["soy wax", "beeswax", "rapeseed wax"],
        season: Season::Gift,
        goes_with: &["Blankets & throws"],
        consumable: true,
        lines: &["Burns evenly and smells of somewhere you have been.", "Hand-poured in small batches."],
        ..LeafSpec::BASE
    },
    LeafSpec {
        path: &["Living", "Chairs & stools"],
        weight: 40.0,
        price: (59.0, 549.0),
        margin: 0.45,
        nouns: &[
            ("Folding Chair", "camp_chair"),
            ("Lounge Chair", "chair"),
            ("Stool", "stool"),
            ("Dining Chair", "chair"),
        ],
        materials: &["oak", "beech", "powder-coated steel", "walnut"],
        season: Season::Spring,
        goes_with: &["Cushions", "Rugs"],
        lines: &[
            "Joined, not screwed, and finished in natural oil.",
            "Light enough to follow the sun around the house.",
        ],
        ..LeafSpec::BASE
    },
    LeafSpec {
        path: &["Living", "Clocks"],
        weight: 18.0,
        price: (29.0, 189.0),
        margin: 0.56,
        nouns: &[("Wall Clock", "clock"), ("Alarm Clock", "alarm"), ("Tide Clock", "clock")],
        materials: &["brass", "oak", "powder-coated steel"],
        season: Season::Gift,
        goes_with: &["Lamps"],
        lines: &["A silent movement behind a face that reads at a glance."],
        ..LeafSpec::BASE
    },
];
