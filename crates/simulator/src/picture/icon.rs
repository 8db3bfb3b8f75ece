//! Icons in a short notation, and their rendering.
//!
//! An icon is drawn in a square of 400 units, standing at about y = 306. It is a list of shapes, `;` between
//! them. A shape is a paint, a blank but for paths, and a form:
//!
//! | paint | is | | form | is |
//! |---|---|---|---|---|
//! | `b` | body: main colour, shaded, with the material's pattern | | `M…` | an SVG path |
//! | `m` `d` `l` | main, darker, lighter | | `c x y r` | a circle |
//! | `a` | accent | | `e x y rx ry` | an ellipse |
//! | `w` `k` | paper, ink | | `r x y w h r` | a rectangle with its corner's radius |
//!
//! `f` is fire and lamplight, `g` and `v` are leaves, `s` is steel; they keep their colour in every palette.
//! `L`, `D`, `A`, `K`, `F`, `G` draw a path's line instead of filling it; `N` draws a broad one of steel.

use std::fmt::Write as _;

use super::icons_gifts::ICONS as GIFTS;
use super::icons_home::ICONS as HOME;
use super::icons_outdoors::ICONS as OUTDOORS;
use super::palette::Palette;

/// Colours of things that have only one.
const FIRE: &str = "#f2a33c";
const LEAF: &str = "#5d8f5b";
const YOUNG_LEAF: &str = "#8fb56a";
const STEEL: &str = "#c3ccd2";

/// The icon with this name.
pub(super) fn named(name: &str) -> Option<&'static str> {
    let all = OUTDOORS.iter().chain(HOME).chain(GIFTS);
    all.copied().find(|(known, _)| *known == name).map(|(_, shapes)| shapes)
}

/// The form of a shape as an element without its end: `<circle cx=…`.
fn form(text: &str) -> Option<String> {
    let mut words = text.split_whitespace();
    match words.next()? {
        "c" => {
            Some(format!(r#"<circle cx="{}" cy="{}" r="{}""#, words.next()?, words.next()?, words.next()?))
        }
        "e" => Some(format!(
            r#"<ellipse cx="{}" cy="{}" rx="{}" ry="{}""#,
            words.next()?,
            words.next()?,
            words.next()?,
            words.next()?
        )),
        "r" => {
            let (x, y, width, height) = (words.next()?, words.next()?, words.next()?, words.next()?);
            let radius = words.next().unwrap_or("0");
            Some(format!(r#"<rect x="{x}" y="{y}" width="{width}" height="{height}" rx="{radius}""#))
        }
        _ => Some(format!(r#"<path d="{text}""#)),
    }
}

/// Draws an icon. `gradient` and `pattern` are the ids of the body's paints.
pub(super) fn render(shapes: &str, palette: &Palette, gradient: &str, pattern: &str) -> String {
    let mut svg = String::with_capacity(2_048);
    for shape in shapes.split(';') {
        let shape = shape.trim();
        let Some((paint, Some(element))) = shape.split_at_checked(1).map(|(p, f)| (p, form(f.trim()))) else {
            continue;
        };
        let color = match paint {
            "m" => palette.main.as_str(),
            "d" | "D" => &palette.dark,
            "l" | "L" => &palette.light,
            "a" | "A" => &palette.accent,
            "w" => &palette.paper,
            "f" | "F" => FIRE,
            "g" | "G" => LEAF,
            "v" => YOUNG_LEAF,
            "s" | "N" => STEEL,
            _ => &palette.ink,
        };
        let _ = match paint {
            "b" => write!(svg, r#"{element} fill="url(#{gradient})"/>{element} fill="url(#{pattern})"/>"#),
            "L" => write!(svg, r#"{element} fill="none" stroke="{color}" stroke-opacity=".75"/>"#),
            "N" => write!(svg, r#"{element} fill="none" stroke="{color}" stroke-width="22"/>"#),
            "D" | "A" | "K" | "F" | "G" => write!(svg, r#"{element} fill="none" stroke="{color}"/>"#),
            _ => write!(svg, r#"{element} fill="{color}"/>"#),
        };
    }
    svg
}
