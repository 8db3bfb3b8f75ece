use std::collections::BTreeSet;

use super::*;
use crate::{Shop, ShopParams, hero};

/// Titles as a real gift shop writes them.
const FOREIGN: [&str; 24] = [
    "WHITE HANGING HEART T-LIGHT HOLDER",
    "JUMBO BAG RED RETROSPOT",
    "REGENCY CAKESTAND 3 TIER",
    "PARTY BUNTING",
    "LUNCH BAG BLACK SKULL.",
    "ASSORTED COLOUR BIRD ORNAMENT",
    "ALARM CLOCK BAKELIKE RED",
    "PACK OF 72 RETROSPOT CAKE CASES",
    "CHOCOLATE HOT WATER BOTTLE",
    "VICTORIAN GLASS HANGING T-LIGHT",
    "HOME BUILDING BLOCK WORD",
    "DOORMAT UNION FLAG",
    "WOODEN PICTURE FRAME WHITE FINISH",
    "SET OF 3 CAKE TINS PANTRY DESIGN",
    "RABBIT NIGHT LIGHT",
    "PAPER CHAIN KIT 50'S CHRISTMAS",
    "IVORY KITCHEN SCALES",
    "PINK FAIRY CAKE CHILDRENS APRON",
    "METAL SIGN TAKE IT OR LEAVE IT",
    "BLUE POLKADOT BOWL",
    "GREEN GIANT GARDEN THERMOMETER",
    "SILK PURSE BABUSHKA PINK",
    "RETROSPOT TEA SET CERAMIC 11 PC",
    "GARDENERS KNEELING PAD",
];

fn foreign(title: &str) -> Product {
    Product { id: format!("F{}", text_key(title)), title: title.to_owned(), ..Product::default() }
}

/// Whether every element is closed in turn and every attribute is quoted.
fn is_well_formed(svg: &str) -> bool {
    let mut open: Vec<&str> = Vec::new();
    for tag in svg.split('<').skip(1) {
        let Some((inside, _)) = tag.split_once('>') else { return false };
        let name = inside.split([' ', '/']).next().unwrap_or_default();
        if inside.matches('"').count() % 2 != 0 {
            return false;
        }
        if let Some(closed) = inside.strip_prefix('/') {
            if open.pop() != Some(closed) {
                return false;
            }
        } else if !inside.ends_with('/') {
            open.push(name);
        }
    }
    open.is_empty() && svg.starts_with("<svg ")
}

#[test]
fn pictures_are_small_self_contained_svg() {
    let shop = Shop::generate(&ShopParams::default());
    for product in shop.products().iter().cloned().chain(FOREIGN.map(foreign)) {
        let svg = picture(&product);
        assert!(svg.len() < PICTURE_LIMIT_BYTES, "{} takes {} bytes", product.title, svg.len());
        assert!(is_well_formed(&svg), "{}", product.title);
        for banned in ["<script", "href", "<image", "@import", "onload", "foreignObject"] {
            assert!(!svg.contains(banned), "{} has {banned}", product.title);
        }
    }
    assert!(is_well_formed(&hero(&shop)));
}

#[test]
fn titles_cannot_smuggle_markup() {
    let svg = picture(&foreign("<script>alert(1)</script> \"&' zzz"));
    assert!(is_well_formed(&svg) && !svg.contains("script"));
}

#[test]
fn every_leaf_has_its_own_drawing() {
    let mut drawings = BTreeSet::new();
    for spec in leaves() {
        for (noun, name) in spec.nouns {
            assert!(icon::named(name).is_some(), "{noun} has no icon {name}");
        }
        let product = Product {
            id: "same".into(),
            title: spec.nouns[0].0.into(),
            category_path: spec.path.iter().map(|level| (*level).to_owned()).collect(),
            ..Product::default()
        };
        assert!(drawings.insert(picture(&product)), "{} looks like another leaf", spec.name());
    }
}

#[test]
fn color_and_material_show() {
    let mug = |color: &str, material: &str| {
        let mut product = foreign("Mug");
        product.attributes.insert("color".into(), color.into());
        product.attributes.insert("material".into(), material.into());
        picture(&product)
    };
    assert_ne!(mug("navy", "enamel"), mug("rust", "enamel"));
    assert_ne!(mug("navy", "enamel"), mug("navy", "bamboo"));
}

#[test]
fn words_of_real_titles_are_understood() {
    let check = |title: &str, icon: &str| assert_eq!(keywords::icon_for(title), Some(icon), "{title}");
    check("WHITE HANGING HEART T-LIGHT HOLDER", "tealight");
    check("JUMBO BAG RED RETROSPOT", "tote");
    check("ALARM CLOCK BAKELIKE GREEN", "alarm");
    check("SET/20 RED RETROSPOT PAPER NAPKINS", "paper");
    check("WOODEN FRAME ANTIQUE WHITE", "frame");
    check("BIRTHDAY CARD, RETRO SPOT", "card");
    assert_eq!(keywords::icon_for("POSTAGE"), None);
}

/// Writes sheets of pictures and the hero into a temporary folder, to be looked at:
/// `TRADEWIND_KEEP_SHEET=1 cargo test -p tradewind-simulator contact_sheet -- --nocapture` keeps it and says where.
#[test]
fn contact_sheet() {
    let shop = Shop::generate(&ShopParams::default());
    let folder = tempfile::tempdir().unwrap();
    let mut shown: Vec<Product> = Vec::new();
    for spec in leaves() {
        for (noun, _) in spec.nouns {
            let fits = |p: &&Product| {
                p.category_path.last().is_some_and(|l| l == spec.name())
                    && p.title.ends_with(&format!(" {noun}"))
            };
            shown.extend(shop.products().iter().find(fits).cloned());
        }
    }
    shown.extend(FOREIGN.map(foreign));
    for (nth, page) in shown.chunks(48).enumerate() {
        let mut sheet = String::from(
            r#"<svg xmlns="http://www.w3.org/2000/svg" width="1600" height="1290" viewBox="0 0 1600 1290">"#,
        );
        for (place, product) in page.iter().enumerate() {
            let (x, y) = (place % 8 * 200, place / 8 * 215);
            let svg = picture(product).replacen(
                "<svg ",
                &format!(r#"<svg x="{x}" y="{y}" width="196" height="196" "#),
                1,
            );
            let title = product.title.replace('&', "and");
            sheet += &format!(
                r#"{svg}<text x="{x}" y="{}" font-size="11" font-family="sans-serif">{title}</text>"#,
                y + 208
            );
        }
        sheet += "</svg>";
        std::fs::write(folder.path().join(format!("sheet{nth}.svg")), sheet).unwrap();
    }
    std::fs::write(folder.path().join("hero.svg"), hero(&shop)).unwrap();
    assert!(shown.len() > 140, "{}", shown.len());
    if std::option_env!("TRADEWIND_KEEP_SHEET").is_some() {
        println!("{}", folder.keep().display());
    }
}
