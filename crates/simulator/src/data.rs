//! The tables that the shop is made of. Only data; [`crate::shop`] puts it together.

mod brands;
mod camping;
mod clothing;
mod home;
mod kitchen;
mod paper_garden;
mod people;
mod travel;
mod words;

pub(crate) use brands::{BRANDS, Brand};
pub(crate) use people::{FIRST_NAMES, LAST_NAMES, REGIONS, Region};
pub(crate) use words::{
    COLORS, MATERIALS_OF, MISSING_QUERIES, SERIES, SHOP_COLORS, STYLE_LINES, STYLES, color_hex,
};

/// How demand moves over the year.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Season {
    Flat,
    Spring,
    Summer,
    Autumn,
    Winter,
    Gift,
    Holiday,
}

impl Season {
    /// What each month, January first, adds to a product's utility.
    pub(crate) const fn curve(self) -> [f64; 12] {
        match self {
            Self::Flat => [0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.1, 0.2, 0.2],
            Self::Spring => [-0.5, 0.0, 0.6, 0.9, 0.8, 0.3, 0.0, -0.1, 0.0, -0.2, -0.6, -0.7],
            Self::Summer => [-0.8, -0.6, -0.2, 0.3, 0.7, 1.0, 1.0, 0.7, 0.1, -0.4, -0.8, -0.8],
            Self::Autumn => [0.0, -0.2, -0.1, -0.1, -0.2, -0.4, -0.4, 0.1, 0.8, 0.9, 0.5, 0.1],
            Self::Winter => [0.8, 0.5, 0.0, -0.4, -0.7, -0.9, -0.9, -0.5, 0.1, 0.6, 0.9, 1.0],
            Self::Gift => [-0.4, 0.1, -0.1, -0.1, 0.2, -0.1, -0.2, -0.2, -0.1, 0.2, 0.9, 1.2],
            Self::Holiday => [-0.2, -0.1, 0.2, 0.3, 0.5, 0.8, 0.8, 0.3, -0.1, -0.2, -0.2, 0.4],
        }
    }

    /// The value of the attribute `season`.
    pub(crate) const fn label(self) -> &'static str {
        match self {
            Self::Flat | Self::Gift | Self::Holiday => "all year",
            Self::Spring => "spring",
            Self::Summer => "summer",
            Self::Autumn => "autumn",
            Self::Winter => "winter",
        }
    }
}

/// What a product's variants differ in.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Sizes {
    /// There is one variant.
    One,
    /// XS to XXL.
    Apparel,
    /// European shoe sizes.
    Shoes,
    /// Named options, each somewhat dearer than the one before.
    Options(&'static [&'static str]),
}

/// A leaf of the category tree and how its products are made.
#[derive(Debug)]
pub(crate) struct LeafSpec {
    /// From the root to the leaf.
    pub path: &'static [&'static str],
    /// Its share of the catalog, relative to the others.
    pub weight: f64,
    /// Lowest and highest price, major units.
    pub price: (f64, f64),
    /// Share of the price that stays with the shop.
    pub margin: f64,
    /// What a product is called, with the icon that pictures it.
    pub nouns: &'static [(&'static str, &'static str)],
    /// What stands before the noun, cheapest first; empty takes the material.
    pub qualifiers: &'static [&'static str],
    /// What it is made of.
    pub materials: &'static [&'static str],
    /// When it sells.
    pub season: Season,
    /// What can be chosen.
    pub sizes: Sizes,
    /// Names of leaves that shoppers take with it.
    pub goes_with: &'static [&'static str],
    /// The attribute by which it fits products of other leaves, and its values.
    pub system: Option<(&'static str, &'static [&'static str])>,
    /// Whether it runs out and is bought again.
    pub consumable: bool,
    /// First sentences of a description.
    pub lines: &'static [&'static str],
}

impl LeafSpec {
    /// What most leaves have in common.
    pub(crate) const BASE: Self = Self {
        path: &[],
        weight: 10.0,
        price: (10.0, 20.0),
        margin: 0.5,
        nouns: &[],
        qualifiers: &[],
        materials: &[],
        season: Season::Flat,
        sizes: Sizes::One,
        goes_with: &[],
        system: None,
        consumable: false,
        lines: &[],
    };

    /// The leaf's own name.
    pub(crate) fn name(&self) -> &'static str {
        self.path.last().copied().unwrap_or_default()
    }
}

/// All leaves, department by department.
pub(crate) fn leaves() -> impl Iterator<Item = &'static LeafSpec> {
    let departments: [&'static [LeafSpec]; 6] = [
        camping::LEAVES,
        travel::LEAVES,
        clothing::LEAVES,
        kitchen::LEAVES,
        home::LEAVES,
        paper_garden::LEAVES,
    ];
    departments.into_iter().flatten()
}
