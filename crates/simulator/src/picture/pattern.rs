//! What materials and styles look like on a surface.

use super::palette::Palette;

/// Words of a material or style, and the texture that shows them.
const TEXTURES: &[(&str, &str)] = &[
    ("wool", "knit"),
    ("merino", "knit"),
    ("knit", "knit"),
    ("fleece", "knit"),
    ("down", "quilt"),
    ("canvas", "weave"),
    ("linen", "weave"),
    ("cotton", "weave"),
    ("hemp", "weave"),
    ("jute", "weave"),
    ("nylon", "grid"),
    ("polyester", "grid"),
    ("mesh", "grid"),
    ("webbing", "weave"),
    ("oak", "wood"),
    ("walnut", "wood"),
    ("beech", "wood"),
    ("cedar", "wood"),
    ("wood", "wood"),
    ("bamboo", "wood"),
    ("steel", "metal"),
    ("titanium", "metal"),
    ("aluminium", "metal"),
    ("copper", "metal"),
    ("brass", "metal"),
    ("zinc", "metal"),
    ("metal", "metal"),
    ("stoneware", "speckle"),
    ("enamel", "speckle"),
    ("porcelain", "glaze"),
    ("ceramic", "glaze"),
    ("terracotta", "speckle"),
    ("iron", "speckle"),
    ("nubuck", "speckle"),
    ("recycled paper", "speckle"),
    ("glass", "metal"),
    ("spot", "dots"),
    ("polkadot", "dots"),
    ("retrospot", "dots"),
    ("stripe", "stripe"),
];

/// The SVG pattern for a product's material and style, with this id.
pub(super) fn pattern(id: &str, material: &str, style: &str, textile: bool, palette: &Palette) -> String {
    let lower = material.to_lowercase();
    let texture =
        TEXTURES.iter().find(|(word, _)| lower.contains(word)).map_or("plain", |(_, texture)| texture);
    let printed = match style {
        "nordic" if textile => "nordic",
        "bold" if textile => "stripe",
        "coastal" if textile => "breton",
        "bold" if texture == "speckle" || texture == "glaze" => "dots",
        "coastal" if texture == "speckle" || texture == "glaze" => "breton",
        _ => texture,
    };
    let (width, height, marks) = match printed {
        "knit" => (16, 12, r#"<path d="M0 2L8 9L16 2" stroke="L" stroke-opacity=".38" stroke-width="2.5"/>"#),
        "weave" => (8, 8, r#"<path d="M0 2H8M2 0V8" stroke="L" stroke-opacity=".26" stroke-width="1.6"/>"#),
        "grid" => (22, 22, r#"<path d="M0 1H22M1 0V22" stroke="L" stroke-opacity=".3" stroke-width="1.4"/>"#),
        "quilt" => {
            (60, 30, r#"<path d="M0 28Q30 20 60 28" stroke="D" stroke-opacity=".32" stroke-width="3"/>"#)
        }
        "wood" => (
            90,
            34,
            r#"<path d="M0 8C24 2 50 15 90 8M0 24C36 31 58 18 90 24" stroke="D" stroke-opacity=".26" stroke-width="2.2"/>"#,
        ),
        "metal" => (
            130,
            400,
            r#"<path d="M34 0V400" stroke="L" stroke-opacity=".36" stroke-width="22"/><path d="M58 0V400" stroke="L" stroke-opacity=".3" stroke-width="6"/>"#,
        ),
        "speckle" => (
            36,
            36,
            r#"<g fill="D" fill-opacity=".34"><circle cx="6" cy="8" r="1.8"/><circle cx="24" cy="15" r="1.3"/><circle cx="13" cy="27" r="1.5"/><circle cx="31" cy="31" r="1.8"/></g>"#,
        ),
        "glaze" => (200, 400, r#"<path d="M60 0V400" stroke="L" stroke-opacity=".4" stroke-width="14"/>"#),
        "dots" => (
            38,
            38,
            r#"<g fill="P" fill-opacity=".62"><circle cx="10" cy="10" r="6"/><circle cx="29" cy="29" r="6"/></g>"#,
        ),
        "stripe" => (40, 40, r#"<path d="M0 14H40" stroke="A" stroke-opacity=".75" stroke-width="13"/>"#),
        "breton" => (40, 26, r#"<path d="M0 9H40" stroke="P" stroke-opacity=".55" stroke-width="7"/>"#),
        "nordic" => (
            40,
            40,
            r#"<path d="M20 6L31 20L20 34L9 20Z" stroke="P" stroke-opacity=".5" stroke-width="3"/><circle cx="20" cy="20" r="3" fill="P" fill-opacity=".6"/><circle cx="0" cy="0" r="3" fill="P" fill-opacity=".5"/><circle cx="40" cy="0" r="3" fill="P" fill-opacity=".5"/>"#,
        ),
        _ => (40, 40, ""),
    };
    let colored = marks
        .replace("\"L\"", &format!("\"{}\"", palette.paper))
        .replace("\"D\"", &format!("\"{}\"", palette.ink))
        .replace("\"A\"", &format!("\"{}\"", palette.accent))
        .replace("\"P\"", &format!("\"{}\"", palette.paper));
    format!(
        r#"<pattern id="{id}" width="{width}" height="{height}" patternUnits="userSpaceOnUse"><g fill="none">{colored}</g></pattern>"#
    )
}
