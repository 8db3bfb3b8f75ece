//! Packs & Travel, and Footwear.

use super::{LeafSpec, Season, Sizes};

pub(super) const LEAVES: &[LeafSpec] = &[
    LeafSpec {
        path: &["Packs & Travel", "Backpacks"],
        weight: 120.0,
        price: (49.0, 289.0),
        margin: 0.5,
        nouns: &[
            ("Daypack", "backpack"),
            ("Trekking Pack", "backpack"),
            ("Roll-Top Backpack", "rolltop"),
            ("Commuter Backpack", "backpack"),
        ],
        qualifiers: &["14 L", "18 L", "24 L", "32 L", "45 L", "60 L"],
        materials: &["recycled nylon", "waxed canvas", "ripstop nylon", "recycled polyester"],
        season: Season::Holiday,
        goes_with: &["Bottles & flasks", "Travel accessories"],
        lines: &[
            "Carries close and stays quiet on long days.",
            "A clean-lined pack for the train and the trail.",
            "Pockets where hands expect them, and nowhere else.",
        ],
        ..LeafSpec::BASE
    },
    LeafSpec {
        path: &["Packs & Travel", "Duffels & holdalls"],
        weight: 46.0,
        price: (69.0, 349.0),
        margin: 0.52,
        nouns: &[("Duffel", "duffel"), ("Weekend Holdall", "duffel"), ("Expedition Duffel", "duffel")],
        qualifiers: &["35 L", "50 L", "70 L", "90 L"],
        materials: &["waxed canvas", "tarpaulin", "full-grain leather"],
        season: Season::Holiday,
        goes_with: &["Wash bags", "Travel accessories"],
        lines: &[
            "Swallows a weekend and still fits the overhead locker.",
            "Built for ferries, roof racks and wet piers.",
        ],
        ..LeafSpec::BASE
    },
    LeafSpec {
        path: &["Packs & Travel", "Suitcases"],
        weight: 38.0,
        price: (129.0, 489.0),
        margin: 0.48,
        nouns: &[("Cabin Case", "suitcase"), ("Travel Case", "suitcase"), ("Trunk", "suitcase")],
        qualifiers: &["36 L", "62 L", "95 L"],
        materials: &["polycarbonate", "aluminium", "recycled polyester"],
        season: Season::Holiday,
        goes_with: &["Travel accessories", "Wash bags"],
        lines: &[
            "Runs silently on four wheels and takes knocks without a mark.",
            "Splits into two calm, tidy halves.",
        ],
        ..LeafSpec::BASE
    },
    LeafSpec {
        path: &["Packs & Travel", "Wash bags"],
        weight: 26.0,
        price: (18.0, 79.0),
        margin: 0.58,
        nouns: &[("Wash Bag", "washbag"), ("Hanging Wash Bag", "washbag"), ("Dopp Kit", "washbag")],
        materials: &["waxed canvas", "full-grain leather", "recycled nylon"],
        season: Season::Gift,
        goes_with: &["Duffels & holdalls", "Suitcases"],
        lines: &["Keeps bottles upright and leaks to itself."],
        ..LeafSpec::BASE
    },
    LeafSpec {
        path: &["Packs & Travel", "Travel accessories"],
        weight: 58.0,
        price: (8.0, 69.0),
        margin: 0.6,
        nouns: &[
            ("Passport Wallet", "passport"),
            ("Luggage Tag", "tag"),
            ("Travel Adapter", "plug"),
            ("Padlock", "lock"),
            ("Packing Cubes", "washbag"),
        ],
        materials: &["full-grain leather", "recycled nylon", "aluminium", "recycled ABS"],
        season: Season::Holiday,
        goes_with: &["Suitcases", "Backpacks"],
        lines: &[
            "A small thing that makes a long journey easier.",
            "Slim, sturdy and always in the same pocket.",
        ],
        ..LeafSpec::BASE
    },
    LeafSpec {
        path: &["Footwear", "Boots"],
        weight: 90.0,
        price: (99.0, 329.0),
        margin: 0.46,
        nouns: &[
            ("Hiking Boot", "boot"),
            ("Mountain Boot", "boot"),
            ("Chelsea Boot", "chelsea"),
            ("Winter Boot", "boot"),
        ],
        qualifiers: &["Low", "Mid", "High"],
        materials: &["full-grain leather", "nubuck", "synthetic"],
        season: Season::Autumn,
        sizes: Sizes::Shoes,
        goes_with: &["Socks", "Shoe care"],
        lines: &[
            "Sure-footed on wet rock and comfortable from the first mile.",
            "Stitched to be resoled, not replaced.",
        ],
        ..LeafSpec::BASE
    },
    LeafSpec {
        path: &["Footwear", "Trail shoes"],
        weight: 75.0,
        price: (79.0, 199.0),
        margin: 0.47,
        nouns: &[("Trail Shoe", "shoe"), ("Approach Shoe", "shoe"), ("Fell Runner", "shoe")],
        qualifiers: &["Light", "Flow", "Guard"],
        materials: &["recycled mesh", "nubuck", "synthetic"],
        season: Season::Spring,
        sizes: Sizes::Shoes,
        goes_with: &["Socks"],
        lines: &[
            "Grips mud, sheds water and dries by lunch.",
            "A nimble shoe for quick feet and rough paths.",
        ],
        ..LeafSpec::BASE
    },
    LeafSpec {
        path: &["Footwear", "Sandals"],
        weight: 30.0,
        price: (45.0, 129.0),
        margin: 0.5,
        nouns: &[("Walking Sandal", "sandal"), ("River Sandal", "sandal"), ("Slide", "sandal")],
        materials: &["nubuck", "recycled webbing", "natural rubber"],
        season: Season::Summer,
        sizes: Sizes::Shoes,
        goes_with: &["Travel accessories"],
        lines: &["For warm rocks, cold rivers and the walk to the bakery."],
        ..LeafSpec::BASE
    },
    LeafSpec {
        path: &["Footwear", "Shoe care"],
        weight: 16.0,
        price: (6.0, 34.0),
        margin: 0.56,
        nouns: &[("Boot Wax", "tin"), ("Proofing Spray", "bottle"), ("Cleaning Kit", "tin")],
        materials: &["beeswax", "water-based", "plant oil"],
        season: Season::Autumn,
        goes_with: &["Boots", "Trail shoes"],
        consumable: true,
        lines: &["Feeds leather, keeps water out and smells faintly of pine."],
        ..LeafSpec::BASE
    },
];
