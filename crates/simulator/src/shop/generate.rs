//! Puts the tables together into a shop.

use std::collections::BTreeMap;

use rustc_hash::FxHashSet;
use tradewind_catalog::{Availability, Origin, Product};
use tradewind_kernel::Money;

use super::{Leaf, Shop, ShopParams, Truth, stock, text};
use crate::data::{BRANDS, Brand, COLORS, LeafSpec, MATERIALS_OF, SHOP_COLORS, STYLES, leaves};
use crate::math::{Latent, blend, direction};
use crate::rng::{Rng, text_key};

/// The number of the first product.
const FIRST_ID: usize = 1_001;

/// The least products in a leaf.
const LEAST_PER_LEAF: usize = 3;

/// The parts of the hidden space that products share.
struct Space {
    leaves: Vec<Latent>,
    styles: Vec<Latent>,
    brands: Vec<Latent>,
    colors: Vec<Latent>,
}

/// A product on its way, with what it was made from.
struct Draft {
    product: Product,
    truth: Truth,
    system: Option<&'static str>,
}

/// See [`Shop::generate`].
pub(super) fn shop(params: &ShopParams) -> Shop {
    let specs: Vec<&'static LeafSpec> = leaves().collect();
    let mut departments: Vec<String> = Vec::new();
    for spec in &specs {
        if !departments.iter().any(|name| name == spec.path[0]) {
            departments.push(spec.path[0].to_owned());
        }
    }
    let mut rng = Rng::new(&[params.seed, text_key("shop")]);
    let department_latents: Vec<Latent> = departments.iter().map(|_| direction(&mut rng)).collect();
    let department_of = |spec: &LeafSpec| departments.iter().position(|d| d == spec.path[0]).unwrap_or(0);
    let space = Space {
        leaves: specs
            .iter()
            .map(|spec| {
                blend(&[(0.6, &department_latents[department_of(spec)]), (0.8, &direction(&mut rng))])
            })
            .collect(),
        styles: STYLES.iter().map(|_| direction(&mut rng)).collect(),
        brands: BRANDS.iter().map(|_| direction(&mut rng)).collect(),
        colors: COLORS[..SHOP_COLORS].iter().map(|_| direction(&mut rng)).collect(),
    };
    let mut titles = FxHashSet::default();
    let mut drafts = Vec::with_capacity(params.products);
    for (leaf, count) in sizes(&specs, params.products).into_iter().enumerate() {
        for number in 0..count {
            let mut own = Rng::new(&[params.seed, text_key(specs[leaf].name()), number as u64]);
            drafts.push(draft(
                params,
                specs[leaf],
                (leaf, department_of(specs[leaf])),
                &space,
                &mut titles,
                &mut own,
            ));
        }
    }
    rng.shuffle(&mut drafts);
    let leaves = specs
        .iter()
        .zip(&space.leaves)
        .map(|(spec, latent)| leaf(spec, *latent, &specs, department_of(spec)));
    let mut shop = Shop {
        seed: params.seed,
        currency: params.currency,
        leaves: leaves.collect(),
        department_latents,
        departments,
        style_latents: space.styles,
        ..number(drafts, params)
    };
    arrange(&mut shop, &mut rng);
    shop
}

/// How many products each leaf gets: by weight, at least [`LEAST_PER_LEAF`], `total` together.
fn sizes(specs: &[&LeafSpec], total: usize) -> Vec<usize> {
    let all: f64 = specs.iter().map(|spec| spec.weight).sum();
    let mut carried = 0.0;
    let mut sizes: Vec<usize> = specs
        .iter()
        .map(|spec| {
            carried += spec.weight / all * total as f64;
            let whole = carried.round().max(0.0);
            carried -= whole;
            whole as usize
        })
        .collect();
    for size in &mut sizes {
        *size = (*size).max(LEAST_PER_LEAF);
    }
    let surplus = sizes.iter().sum::<usize>().saturating_sub(total);
    if let Some(largest) = sizes.iter_mut().max() {
        *largest = largest.saturating_sub(surplus).max(LEAST_PER_LEAF);
    }
    sizes
}

fn leaf(spec: &'static LeafSpec, latent: Latent, specs: &[&LeafSpec], department: usize) -> Leaf {
    let goes_with = spec.goes_with.iter().filter_map(|name| specs.iter().position(|s| s.name() == *name));
    Leaf {
        path: spec.path.iter().map(|level| (*level).to_owned()).collect(),
        url: format!("/c/{}", spec.path.iter().map(|level| text::slug(level)).collect::<Vec<_>>().join("/")),
        latent,
        members: Vec::new(),
        goes_with: goes_with.map(|i| u16::try_from(i).unwrap_or(0)).collect(),
        department: u16::try_from(department).unwrap_or(0),
        newest: Vec::new(),
        spec,
    }
}

/// A brand of the leaf's department, and its index.
fn brand_for(spec: &LeafSpec, rng: &mut Rng) -> (usize, &'static Brand) {
    let fitting: Vec<usize> =
        (0..BRANDS.len()).filter(|&b| BRANDS[b].departments.contains(&spec.path[0])).collect();
    let brand = fitting[rng.below(fitting.len()).min(rng.below(fitting.len()))];
    (brand, &BRANDS[brand])
}

fn draft(
    params: &ShopParams,
    spec: &'static LeafSpec,
    (leaf, department): (usize, usize),
    space: &Space,
    titles: &mut FxHashSet<String>,
    rng: &mut Rng,
) -> Draft {
    let (brand_index, brand) = brand_for(spec, rng);
    let style = if rng.chance(0.6) { brand.style } else { rng.below(STYLES.len()) };
    let color = rng.below(SHOP_COLORS);
    let noun = rng.below(spec.nouns.len());
    let own = MATERIALS_OF.iter().find(|(of, _)| *of == spec.nouns[noun].0).map(|(_, materials)| *materials);
    let material = *rng.pick(own.unwrap_or(spec.materials));
    let qualifier = (!spec.qualifiers.is_empty()).then(|| rng.below(spec.qualifiers.len()));
    let title = text::title(spec, (noun, qualifier, material, COLORS[color].0), titles, rng);
    let rank = qualifier.map_or_else(|| rng.unit(), |q| (q as f64 + 0.5) / spec.qualifiers.len() as f64);
    let level = (0.45 * rank + 0.3 * brand.tier + 0.25 * rng.unit()).clamp(0.0, 1.0);
    let (low, high) = spec.price;
    let price = stock::shelf_price(low * libm::pow(high / low, level), params.currency);
    let margin = (spec.margin + 0.05 * rng.normal()).clamp(0.2, 0.8);
    let cost = ((price.minor as f64 * (1.0 - margin)).round() as i64).clamp(1, (price.minor - 1).max(1));
    let system = spec.system.map(|(_, values)| *rng.pick(values));
    let mut attributes = BTreeMap::from([
        ("color".to_owned(), COLORS[color].0.to_owned()),
        ("material".to_owned(), material.to_owned()),
        ("style".to_owned(), STYLES[style].to_owned()),
        ("season".to_owned(), spec.season.label().to_owned()),
    ]);
    attributes.extend(spec.system.zip(system).map(|((name, _), value)| (name.to_owned(), value.to_owned())));
    let latent = blend(&[
        (0.75, &space.leaves[leaf]),
        (0.5, &space.styles[style]),
        (0.3, &space.brands[brand_index]),
        (0.25, &space.colors[color]),
        (0.3, &direction(rng)),
    ]);
    let typical = 0.5 * (libm::log(low) + libm::log(high));
    let quality = 0.5 * rng.normal() + 0.2 * (brand.tier - 0.5);
    let product = Product {
        description: text::description(spec, style, brand.line, rng),
        category_path: spec.path.iter().map(|level| (*level).to_owned()).collect(),
        brand: Some(brand.name.to_owned()),
        price: Some(price),
        cost: Some(Money::new(cost, params.currency)),
        attributes,
        variants: stock::variants(spec, price, &params.locations, rng),
        origin: Origin::Feed,
        updated_at: params.as_of,
        title,
        ..Product::default()
    };
    let truth = Truth {
        leaf: u16::try_from(leaf).unwrap_or(0),
        department: u16::try_from(department).unwrap_or(0),
        latent,
        quality,
        season: spec.season.curve().map(|x| 0.8 * x + 0.1 * rng.normal()),
        relative_price: libm::log(price.minor as f64 / 10f64.powi(stock::exponent(params.currency)))
            - typical,
        complements: Vec::new(),
        noun: u8::try_from(noun).unwrap_or(0),
    };
    Draft { product, truth, system }
}

/// Gives drafts their ids and everything that is named by them.
fn number(drafts: Vec<Draft>, params: &ShopParams) -> Shop {
    let systems: Vec<Option<&str>> = drafts.iter().map(|d| d.system).collect();
    let (mut products, mut truths) = (Vec::with_capacity(drafts.len()), Vec::with_capacity(drafts.len()));
    for (place, Draft { mut product, truth, .. }) in drafts.into_iter().enumerate() {
        let id = format!("TW-{}", FIRST_ID + place);
        for (nth, variant) in product.variants.iter_mut().enumerate() {
            variant.sku = format!("{id}-{:02}", nth + 1);
        }
        let pieces: u32 = product.variants.iter().flat_map(|v| &v.stock).map(|s| s.quantity).sum();
        product.availability = if pieces == 0 { Availability::OutOfStock } else { Availability::InStock };
        product.image_url = Some(format!("/media/{id}.svg"));
        product.url = Some(format!("/p/{id}"));
        product.id = id;
        products.push(product);
        truths.push(truth);
    }
    for item in 0..truths.len() {
        let fits = |other: &usize| {
            systems[*other].is_some()
                && systems[*other] == systems[item]
                && truths[*other].leaf != truths[item].leaf
        };
        let fitting: Vec<usize> = (0..truths.len()).filter(fits).collect();
        products[item].compatible_with = fitting.iter().map(|&other| products[other].id.clone()).collect();
        truths[item].complements = fitting.iter().map(|&other| u32::try_from(other).unwrap_or(0)).collect();
    }
    let index = (0u32..).zip(&products).map(|(item, product)| (product.id.clone(), item)).collect();
    Shop {
        seed: params.seed,
        currency: params.currency,
        products,
        truths,
        leaves: Vec::new(),
        departments: Vec::new(),
        department_latents: Vec::new(),
        style_latents: Vec::new(),
        index,
    }
}

/// Puts products on their leaves' pages: roughly by quality, what is out of stock at the end.
fn arrange(shop: &mut Shop, rng: &mut Rng) {
    let mut ranks: Vec<f64> = shop.truths.iter().map(|t| 0.7 * t.quality + 0.4 * rng.normal()).collect();
    for (item, rank) in (0u32..).zip(&mut ranks) {
        let leaf = usize::from(shop.truth(item).leaf);
        shop.leaves[leaf].members.push(item);
        *rank -= if shop.in_stock(item) { 0.0 } else { 100.0 };
    }
    for leaf in &mut shop.leaves {
        leaf.newest = leaf.members.iter().rev().copied().collect();
        leaf.members.sort_by(|&a, &b| ranks[b as usize].total_cmp(&ranks[a as usize]));
    }
}
