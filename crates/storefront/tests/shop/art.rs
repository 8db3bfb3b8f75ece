//! Simple pictures: a shape on a colour, chosen by the product's department and id.

use tradewind_catalog::Product;

/// A shape for each department.
const SHAPES: [(&str, &str); 7] = [
    ("Camping", "<path d='M60 300 200 90l140 210Z'/><path d='M200 90v210l-48 0Z' opacity='.45'/>"),
    ("Clothing", "<path d='M140 100q60 45 120 0l70 55-38 60-32-20v120H140V195l-32 20-38-60Z'/>"),
    (
        "Kitchen",
        "<path d='M110 140h150v110a60 60 0 0 1-60 60h-30a60 60 0 0 1-60-60Z'/><path d='M260 165h25a35 35 0 0 1 0 70h-25' fill='none' stroke-width='20'/>",
    ),
    (
        "Bags",
        "<rect x='115' y='130' width='170' height='185' rx='40'/><path d='M155 135v-20a45 45 0 0 1 90 0v20' fill='none' stroke-width='18'/>",
    ),
    ("Lights", "<circle cx='200' cy='190' r='75'/><rect x='165' y='260' width='70' height='60' rx='14'/>"),
    (
        "Bikes",
        "<circle cx='125' cy='245' r='62' fill='none' stroke-width='18'/><circle cx='280' cy='245' r='62' fill='none' stroke-width='18'/><path d='M125 245l50-90h80l25 90M175 155l40 90' fill='none' stroke-width='16'/>",
    ),
    ("Water", "<path d='M200 80q90 110 90 160a90 90 0 0 1-180 0q0-50 90-160Z'/>"),
];

/// A square picture of a product.
pub(crate) fn picture(product: &Product) -> String {
    let department = product.category_path.first().map_or("", String::as_str);
    let fallback = "<circle cx='200' cy='200' r='95'/>";
    let shape = SHAPES.iter().find(|(name, _)| *name == department).map_or(fallback, |(_, shape)| shape);
    let turn = product.id.bytes().fold(7u32, |sum, byte| sum.wrapping_mul(31).wrapping_add(u32::from(byte)));
    let hue = (turn % 12) * 30;
    format!(
        "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 400 400'><rect width='400' height='400' \
         fill='hsl({hue} 32% 88%)'/><ellipse cx='200' cy='330' rx='120' ry='12' fill='hsl({hue} 30% 76%)'/>\
         <g fill='hsl({hue} 42% 38%)' stroke='hsl({hue} 42% 38%)' stroke-width='0' stroke-linecap='round'>{shape}</g></svg>"
    )
}

/// A coast in the morning.
pub(crate) fn hero() -> String {
    "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 1600 500' preserveAspectRatio='xMidYMid slice'>\
     <rect width='1600' height='500' fill='#f6d9b8'/><circle cx='1180' cy='190' r='90' fill='#f4a76c'/>\
     <path d='M0 330q260-140 520-40t520-60 560 30v240H0Z' fill='#7fb0a8'/>\
     <path d='M0 400q300-90 640-20t560-30 400 10v140H0Z' fill='#2f7f83'/>\
     <path d='M0 455q420-50 800-10t800-15v70H0Z' fill='#0f4c55'/>\
     <path d='M1010 350l70-190v190Zm82-140v140h60Z' fill='#fff6ea'/><path d='M985 362h190l-24 26H1012Z' fill='#a93c1c'/></svg>"
        .to_owned()
}
