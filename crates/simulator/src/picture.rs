//! Pictures of products, drawn from what the catalog says of them.
//!
//! A picture is an SVG of 400 × 400 units, self-contained, without scripts or text elements but for the initials
//! of what nothing else is known of, and under [`PICTURE_LIMIT_BYTES`]. The category and the noun choose the
//! drawing, the colour its palette, material and style its texture; the id varies what is left.

mod icon;
mod icons_gifts;
mod icons_home;
mod icons_outdoors;
mod keywords;
pub(crate) mod palette;
mod pattern;

use tradewind_catalog::Product;

use crate::data::leaves;
use crate::rng::{mix, text_key};
use palette::Palette;

/// The most that a picture takes, bytes.
pub const PICTURE_LIMIT_BYTES: usize = 6 * 1_024;

/// Draws a product: of the simulator's shop, or of any other by the words of its title.
#[must_use]
pub fn picture(product: &Product) -> String {
    let hash = mix(text_key(&product.id));
    let attribute = |name: &str| product.attributes.get(name).map_or("", String::as_str);
    let palette = Palette::of(&[attribute("color"), attribute("colour"), &product.title], hash);
    let (gradient, pattern, ground) =
        (format!("g{:x}", hash >> 40), format!("p{:x}", hash >> 40), format!("s{:x}", hash >> 40));
    let material = match attribute("material") {
        "" => product.title.as_str(),
        material => material,
    };
    let department = product.category_path.first().map_or("", String::as_str);
    let leaf = product.category_path.last().map_or("", String::as_str);
    let textile = department == "Clothing"
        || ["Blankets & throws", "Cushions", "Rugs", "Hammocks", "Sleeping bags"].contains(&leaf);
    let (drawing, may_flip) = match icon_of(product, leaf).and_then(icon::named) {
        Some(shapes) => (icon::render(shapes, &palette, &gradient, &pattern), true),
        None => (initials(&product.title, &palette, &gradient), false),
    };
    let texture = pattern::pattern(&pattern, material, attribute("style"), textile, &palette);
    let (scale, lean) = (0.9 + (hash >> 16 & 7) as f64 * 0.009, (hash >> 20 & 7) as f64 * 0.6 - 2.1);
    let flip = if !may_flip || hash >> 24 & 1 == 0 { 1.0 } else { -1.0 };
    format!(
        concat!(
            r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 400 400" role="img">"#,
            r#"<defs><linearGradient id="{g}" x1="0" y1="0" x2=".7" y2="1"><stop offset="0" stop-color="{sheen}"/>"#,
            r#"<stop offset=".45" stop-color="{main}"/><stop offset="1" stop-color="{shade}"/></linearGradient>"#,
            r#"<linearGradient id="{s}" x1="0" y1="0" x2="0" y2="1"><stop offset="0" stop-color="{sky}"/>"#,
            r#"<stop offset="1" stop-color="{ground}"/></linearGradient>"#,
            r#"<radialGradient id="{s}r"><stop offset="0" stop-color="{shadow}" stop-opacity=".42"/>"#,
            r#"<stop offset="1" stop-color="{shadow}" stop-opacity="0"/></radialGradient>{texture}</defs>"#,
            r#"<rect width="400" height="400" fill="url(#{s})"/>{backdrop}"#,
            r#"<ellipse cx="200" cy="318" rx="138" ry="20" fill="url(#{s}r)"/>"#,
            r#"<g transform="translate(200 306) rotate({lean:.1}) scale({x:.3} {scale:.3}) translate(-200 -306)" "#,
            r#"stroke-width="6" stroke-linecap="round" stroke-linejoin="round">{drawing}</g></svg>"#
        ),
        g = gradient,
        s = ground,
        sheen = palette.sheen,
        main = palette.main,
        shade = palette.shade,
        sky = palette.sky,
        ground = palette.ground,
        shadow = palette.shadow,
        texture = texture,
        backdrop = backdrop(hash >> 28, &palette),
        lean = lean,
        x = scale * flip,
        scale = scale,
        drawing = drawing,
    )
}

/// The icon of a product: by its leaf and noun, else by the words of title and category.
fn icon_of(product: &Product, leaf: &str) -> Option<&'static str> {
    let known = leaves().find(|spec| spec.name() == leaf && product.category_path.len() == spec.path.len());
    let by_noun = known.and_then(|spec| {
        let named = spec.nouns.iter().filter(|(noun, _)| product.title.contains(noun));
        named.max_by_key(|(noun, _)| noun.len()).or(spec.nouns.first()).map(|(_, icon)| *icon)
    });
    by_noun.or_else(|| keywords::icon_for(&product.title)).or_else(|| keywords::icon_for(leaf))
}

/// What stands behind the product.
fn backdrop(hash: u64, palette: &Palette) -> String {
    let Palette { paper, ground, light, .. } = palette;
    match hash % 5 {
        0 => format!(r#"<circle cx="200" cy="196" r="148" fill="{paper}" fill-opacity=".55"/>"#),
        1 => format!(r#"<path d="M76 400V196C76 30 324 30 324 196V400Z" fill="{paper}" fill-opacity=".5"/>"#),
        2 => format!(
            r#"<circle cx="296" cy="96" r="44" fill="{paper}" fill-opacity=".8"/><path d="M0 312C90 230 150 250 220 290S350 260 400 232V400H0Z" fill="{light}" fill-opacity=".5"/><path d="M0 340C110 296 220 330 400 300V400H0Z" fill="{ground}"/>"#
        ),
        3 => format!(
            r#"<path d="M0 306H400V400H0Z" fill="{paper}" fill-opacity=".42"/><circle cx="106" cy="118" r="62" fill="{paper}" fill-opacity=".55"/>"#
        ),
        _ => format!(
            r#"<path d="M-20 330C70 250 120 380 210 300S360 210 430 250V420H-20Z" fill="{paper}" fill-opacity=".5"/><circle cx="200" cy="170" r="118" fill="{light}" fill-opacity=".28"/>"#
        ),
    }
}

/// A parcel with the initials of a title of which no word is known.
fn initials(title: &str, palette: &Palette, gradient: &str) -> String {
    let letters: String = title
        .split(|c: char| !c.is_alphanumeric())
        .filter_map(|word| word.chars().next())
        .filter(char::is_ascii_alphabetic)
        .take(2)
        .collect::<String>()
        .to_uppercase();
    let Palette { dark, light, accent, paper, .. } = palette;
    format!(
        concat!(
            r#"<path d="M104 170L200 128L296 170L200 212Z" fill="{light}"/><path d="M104 170L200 212V306L104 262Z" fill="url(#{g})"/>"#,
            r#"<path d="M296 170L200 212V306L296 262Z" fill="{dark}"/><path d="M140 154L236 196V222L222 216V202L128 160Z" fill="{accent}"/>"#,
            r#"<circle cx="200" cy="220" r="46" fill="{paper}"/><text x="200" y="235" text-anchor="middle" "#,
            r#"font-family="Georgia,serif" font-size="42" fill="{dark}">{letters}</text>"#
        ),
        light = light,
        g = gradient,
        dark = dark,
        accent = accent,
        paper = paper,
        letters = letters,
    )
}

#[cfg(test)]
mod tests;
