//! The shop: what everybody can see of it, and the truth behind.

mod generate;
mod stock;
mod text;

use rustc_hash::FxHashMap;
use tradewind_catalog::{Availability, Product};
use tradewind_kernel::{Currency, UtcMillis};

use crate::data::{BRANDS, LeafSpec};
use crate::math::Latent;

/// What a shop is made from. Equal parameters make equal shops, byte for byte.
#[derive(Debug, Clone)]
pub struct ShopParams {
    /// The seed of everything random about it.
    pub seed: u64,
    /// How many products it sells; at least 3 for each of the 48 leaf categories are made.
    pub products: usize,
    /// The names of its warehouses; stock lies in one to all of them.
    pub locations: Vec<String>,
    /// The currency of all its prices.
    pub currency: Currency,
    /// When its products were last written.
    pub as_of: UtcMillis,
}

impl Default for ShopParams {
    /// 2,000 products in euro, three warehouses, as of 2026-01-01.
    fn default() -> Self {
        Self {
            seed: 1,
            products: 2_000,
            locations: ["Whitby", "Rotterdam", "Leipzig"].map(str::to_owned).to_vec(),
            currency: Currency::EUR,
            as_of: UtcMillis::new(1_767_225_600_000),
        }
    }
}

/// What decides whether a product is chosen. Nothing of it can be read from the catalog directly.
#[derive(Debug, Clone)]
pub struct Truth {
    /// Its leaf, an index into [`Shop::leaves`].
    pub leaf: u16,
    /// Its department, an index into [`Shop::departments`].
    pub department: u16,
    /// Its character: the leaf's, blended with style, brand and colour. Length 1.
    pub latent: Latent,
    /// How good it is; utility, about normal with deviation 0.5.
    pub quality: f64,
    /// What each month adds to its utility, January first.
    pub season: [f64; 12],
    /// Natural logarithm of its price over the leaf's typical price.
    pub relative_price: f64,
    /// The products that belong to it (fuel to its stove), as indexes into [`Shop::products`], ascending.
    pub complements: Vec<u32>,
    /// Which of the leaf's nouns names it.
    pub(crate) noun: u8,
}

/// A leaf of the category tree.
#[derive(Debug)]
pub struct Leaf {
    /// From the root to the leaf.
    pub path: Vec<String>,
    /// Its address on the site, such as `/c/camping/shelter/tents`.
    pub url: String,
    /// The direction of its products in the latent space. Length 1.
    pub latent: Latent,
    /// Its products as indexes into [`Shop::products`], in the order that its page shows them.
    pub members: Vec<u32>,
    /// The leaves whose products are taken along with its own, as indexes into [`Shop::leaves`].
    pub goes_with: Vec<u16>,
    /// Its department, an index into [`Shop::departments`].
    pub department: u16,
    pub(crate) newest: Vec<u32>,
    pub(crate) spec: &'static LeafSpec,
}

/// A synthetic shop.
#[derive(Debug)]
pub struct Shop {
    pub(crate) seed: u64,
    pub(crate) currency: Currency,
    pub(crate) products: Vec<Product>,
    pub(crate) truths: Vec<Truth>,
    pub(crate) leaves: Vec<Leaf>,
    pub(crate) departments: Vec<String>,
    pub(crate) department_latents: Vec<Latent>,
    pub(crate) style_latents: Vec<Latent>,
    index: FxHashMap<String, u32>,
}

impl Shop {
    /// Makes the shop of these parameters. Takes some 20 ms for 2,000 products.
    #[must_use]
    pub fn generate(params: &ShopParams) -> Self {
        generate::shop(params)
    }

    /// The shop's name.
    #[must_use]
    pub fn name(&self) -> &'static str {
        "Harbour & Fell"
    }

    /// A line to go under the name.
    #[must_use]
    pub fn tagline(&self) -> &'static str {
        "Good things for coast, hill and home"
    }

    /// The seed that it was made from.
    #[must_use]
    pub fn seed(&self) -> u64 {
        self.seed
    }

    /// The currency of all its prices.
    #[must_use]
    pub fn currency(&self) -> Currency {
        self.currency
    }

    /// The catalog. A product's index here is what the simulator's other parts number it by.
    #[must_use]
    pub fn products(&self) -> &[Product] {
        &self.products
    }

    /// What is true of each product, in the order of [`Shop::products`].
    #[must_use]
    pub fn truths(&self) -> &[Truth] {
        &self.truths
    }

    /// The leaves of the category tree.
    #[must_use]
    pub fn leaves(&self) -> &[Leaf] {
        &self.leaves
    }

    /// The roots of the category tree.
    #[must_use]
    pub fn departments(&self) -> &[String] {
        &self.departments
    }

    /// The names of the brands that it carries.
    #[must_use]
    pub fn brands(&self) -> Vec<&'static str> {
        BRANDS.iter().map(|brand| brand.name).collect()
    }

    /// The index of the product with this id.
    #[must_use]
    pub fn index_of(&self, id: &str) -> Option<u32> {
        self.index.get(id).copied()
    }

    /// The product with this id.
    #[must_use]
    pub fn product(&self, id: &str) -> Option<&Product> {
        self.index_of(id).map(|item| &self.products[item as usize])
    }

    pub(crate) fn truth(&self, item: u32) -> &Truth {
        &self.truths[item as usize]
    }

    pub(crate) fn leaf_of(&self, item: u32) -> &Leaf {
        &self.leaves[usize::from(self.truth(item).leaf)]
    }

    pub(crate) fn in_stock(&self, item: u32) -> bool {
        self.products[item as usize].availability == Availability::InStock
    }

    /// Price and cost of one piece, minor units.
    pub(crate) fn price_and_cost_minor(&self, item: u32) -> (i64, i64) {
        let product = &self.products[item as usize];
        (product.price.map_or(0, |p| p.minor), product.cost.map_or(0, |c| c.minor))
    }

    /// How strongly `item` completes `with`: 1 where it fits it, less where only their leaves go together.
    pub(crate) fn completes(&self, item: u32, with: u32) -> f64 {
        let (truth, other) = (self.truth(item), self.truth(with));
        if other.complements.binary_search(&item).is_ok() {
            1.0
        } else if self.leaves[usize::from(other.leaf)].goes_with.contains(&truth.leaf) {
            0.45
        } else {
            0.0
        }
    }
}
