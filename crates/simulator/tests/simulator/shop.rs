//! The shop's invariants.

use std::collections::BTreeSet;

use tradewind_catalog::{Availability, Product};
use tradewind_simulator::{Shop, ShopParams};

fn shop(seed: u64) -> Shop {
    Shop::generate(&ShopParams { seed, ..ShopParams::default() })
}

fn feed(shop: &Shop) -> String {
    serde_json::to_string(shop.products()).unwrap()
}

#[test]
fn one_seed_makes_one_shop() {
    assert_eq!(feed(&shop(1)), feed(&shop(1)));
    assert_ne!(feed(&shop(1)), feed(&shop(2)));
}

#[test]
fn as_many_products_as_asked_for() {
    for products in [300, 2_000, 5_000] {
        let shop = Shop::generate(&ShopParams { products, ..ShopParams::default() });
        assert_eq!(shop.products().len(), products);
    }
    assert_eq!(Shop::generate(&ShopParams { products: 0, ..ShopParams::default() }).products().len(), 144);
}

#[test]
fn every_product_is_whole() {
    let shop = shop(1);
    for product in shop.products() {
        let (price, cost) = (product.price.unwrap(), product.cost.unwrap());
        assert!(0 < cost.minor && cost.minor < price.minor, "{}", product.title);
        assert!(product.image_url.as_deref() == Some(&format!("/media/{}.svg", product.id)));
        assert!(product.url.as_deref() == Some(&format!("/p/{}", product.id)));
        assert!((2..=3).contains(&product.category_path.len()) && !product.description.is_empty());
        assert!(["color", "material", "style", "season"].iter().all(|a| product.attributes.contains_key(*a)));
        assert!(product.variants.iter().all(|v| v.sku.starts_with(&product.id) && v.stock.len() == 3));
        for other in &product.compatible_with {
            let other = shop.product(other).unwrap();
            assert!(
                other.compatible_with.contains(&product.id) && other.category_path != product.category_path
            );
        }
        assert_eq!(shop.product(&product.id), Some(product));
    }
}

#[test]
fn ids_titles_and_skus_are_unique() {
    let shop = shop(1);
    let unique = |what: fn(&Product) -> &str| shop.products().iter().map(what).collect::<BTreeSet<_>>().len();
    assert_eq!(unique(|p| &p.id), 2_000);
    assert_eq!(unique(|p| &p.title), 2_000);
    let skus: Vec<&str> = shop.products().iter().flat_map(|p| &p.variants).map(|v| v.sku.as_str()).collect();
    assert_eq!(skus.iter().collect::<BTreeSet<_>>().len(), skus.len());
}

#[test]
fn the_assortment_looks_like_a_shop() {
    let shop = shop(1);
    let sizes: Vec<usize> = shop.leaves().iter().map(|leaf| leaf.members.len()).collect();
    assert_eq!((sizes.len(), shop.departments().len()), (48, 8));
    assert!(*sizes.iter().max().unwrap() > 10 * *sizes.iter().min().unwrap(), "the long tail: {sizes:?}");
    let out = shop.products().iter().filter(|p| p.availability == Availability::OutOfStock).count();
    assert!((60..=240).contains(&out), "{out} out of stock");
    let compatible = shop.products().iter().filter(|p| !p.compatible_with.is_empty()).count();
    assert!(compatible > 150, "{compatible} with parts");
}
