//! The banner of the storefront's home: hills and sea in the evening.

use std::fmt::Write as _;

use crate::picture::palette::{Rgb, blend, hex, parse};
use crate::rng::Rng;
use crate::shop::Shop;

/// Size of the banner.
const WIDTH: i32 = 1_600;
const HEIGHT: i32 = 500;

/// The layers' colours, far to near.
const LAYERS: [&str; 5] = ["#a9b7b4", "#7f9c9a", "#557f80", "#35616a", "#1f4450"];

/// A ridge as a path: `calm` is the height of its waves, `base` its mean height, both in units of the banner.
fn ridge(rng: &mut Rng, base: f64, calm: f64) -> String {
    let mut path = format!("M0 {HEIGHT}V{base:.0}");
    let steps = 6 + rng.below(3);
    let (mut from, width) = (base, f64::from(WIDTH) / steps as f64);
    for step in 0..steps {
        let x = width * step as f64;
        let to = base + calm * rng.between(-1.0, 1.0);
        let _ = write!(
            path,
            "C{:.0} {from:.0} {:.0} {to:.0} {:.0} {to:.0}",
            x + width * 0.4,
            x + width * 0.6,
            x + width
        );
        from = to;
    }
    let _ = write!(path, "V{HEIGHT}Z");
    path
}

/// A fir of three tiers, its foot at a point, `tall` units high.
fn fir(svg: &mut String, (x, y): (f64, f64), tall: f64, color: &str) {
    let _ = write!(
        svg,
        r#"<path fill="{color}" d="M{:.0} {y:.0}v-{:.0}h4v{:.0}z"#,
        x - 2.0,
        tall * 0.3,
        tall * 0.3
    );
    for (top, foot, half) in [(1.0, 0.62, 0.13), (0.82, 0.38, 0.19), (0.58, 0.1, 0.25)] {
        let _ = write!(
            svg,
            "M{x:.0} {:.0}L{:.0} {:.0}Q{x:.0} {:.0} {:.0} {:.0}Z",
            y - tall * top,
            x + tall * half,
            y - tall * foot,
            y - tall * foot - 4.0,
            x - tall * half,
            y - tall * foot
        );
    }
    svg.push_str(r#""/>"#);
}

/// The sea with the sun's path on it.
fn sea(svg: &mut String, rng: &mut Rng, sun_x: f64) {
    let _ = write!(svg, r##"<rect y="296" width="{WIDTH}" height="204" fill="url(#hs)"/>"##);
    for row in 0..16 {
        let y = 302.0 + 6.5 * f64::from(row);
        let spread = 16.0 + 9.0 * f64::from(row);
        for _ in 0..3 {
            let x = sun_x + spread * rng.normal() * 0.7;
            let long = rng.between(14.0, 30.0 + spread * 0.5);
            let _ = write!(
                svg,
                r##"<rect x="{:.0}" y="{y:.0}" width="{long:.0}" height="2.6" rx="1.3" fill="#fff3d6" fill-opacity=".55"/>"##,
                x - long / 2.0
            );
        }
    }
}

/// Clouds, gulls and a small sail.
fn life(svg: &mut String, rng: &mut Rng, sun_x: f64) {
    for _ in 0..5 {
        let (x, y) = (rng.between(60.0, 1_500.0), rng.between(50.0, 190.0));
        let long = rng.between(120.0, 280.0);
        let _ = write!(
            svg,
            r##"<path d="M{x:.0} {y:.0}h{long:.0}a11 11 0 0 1 0 22h-{:.0}a9 9 0 0 1 -6 -18a12 12 0 0 1 6 -4z" fill="#fff8ec" fill-opacity=".5"/>"##,
            long * 0.8
        );
    }
    for _ in 0..6 {
        let (x, y) = (sun_x + rng.between(-330.0, 330.0), rng.between(110.0, 220.0));
        let wing = rng.between(8.0, 15.0);
        let _ = write!(
            svg,
            r##"<path d="M{:.0} {y:.0}q{:.1} {:.1} {wing:.1} 0q{:.1} {:.1} {wing:.1} 0" fill="none" stroke="#3d5560" stroke-width="2.4" stroke-linecap="round"/>"##,
            x,
            wing / 2.0,
            -wing * 0.7,
            wing / 2.0,
            -wing * 0.7
        );
    }
    let x = sun_x - 190.0;
    let _ = write!(
        svg,
        r##"<path d="M{x:.0} 258V322L{:.0} 322Z" fill="#fbf3e2"/><path d="M{:.0} 268V322L{:.0} 322Z" fill="#d9694a"/><path d="M{:.0} 326H{:.0}L{:.0} 338H{:.0}Z" fill="#243f4a"/>"##,
        x - 34.0,
        x + 5.0,
        x + 30.0,
        x - 40.0,
        x + 38.0,
        x + 24.0,
        x - 28.0
    );
}

/// A lit tent on the near hill.
fn tent(svg: &mut String, x: f64, y: f64) {
    let _ = write!(
        svg,
        r##"<ellipse cx="{x:.0}" cy="{y:.0}" rx="190" ry="40" fill="url(#ht)"/><path d="M{x:.0} {:.0}L{:.0} {y:.0}H{:.0}Z" fill="#e08a4e"/><path d="M{x:.0} {:.0}L{:.0} {y:.0}H{:.0}Z" fill="#f7d58b"/><path d="M{x:.0} {:.0}L{:.0} {y:.0}H{:.0}Z" fill="#c2683a"/>"##,
        y - 74.0,
        x + 74.0,
        x - 74.0,
        y - 74.0,
        x + 6.0,
        x - 44.0,
        y - 74.0,
        x + 74.0,
        x + 6.0,
    );
}

/// Headlands to both sides of the sea, nearer ones lower and darker.
fn headlands(svg: &mut String, rng: &mut Rng) {
    for (layer, (left, right)) in
        [(520.0, 1_380.0), (430.0, 1_300.0), (330.0, 1_210.0)].into_iter().enumerate()
    {
        let (top, color) = (236.0 + 52.0 * layer as f64, LAYERS[layer + 1]);
        let rise = rng.between(14.0, 44.0);
        let _ = write!(
            svg,
            r#"<path d="M0 {HEIGHT}V{top:.0}C{:.0} {:.0} {:.0} {:.0} {left:.0} {:.0}C{:.0} {:.0} {:.0} {:.0} {:.0} {HEIGHT}Z" fill="{color}"/>"#,
            left * 0.3,
            top - rise,
            left * 0.55,
            top + rise,
            top + 54.0,
            left + 60.0,
            top + 66.0,
            left + 130.0,
            top + 90.0,
            left + 240.0
        );
        let _ = write!(
            svg,
            r#"<path d="M{WIDTH} {HEIGHT}V{:.0}C{:.0} {:.0} {:.0} {:.0} {right:.0} {:.0}C{:.0} {:.0} {:.0} {:.0} {:.0} {HEIGHT}Z" fill="{color}"/>"#,
            top - 24.0,
            right + 190.0,
            top - rise - 26.0,
            right + 70.0,
            top + rise,
            top + 60.0,
            right - 70.0,
            top + 74.0,
            right - 150.0,
            top + 100.0,
            right - 260.0
        );
    }
}

/// Draws the banner of a shop, 1600 × 500 units. Its left third is calm, for words to stand on.
#[must_use]
pub fn hero(shop: &Shop) -> String {
    let mut rng = Rng::new(&[shop.seed(), crate::rng::text_key("hero")]);
    let sun_x = 1_000.0 + 120.0 * rng.unit();
    let warm: Rgb = blend(parse("#f4b26b"), parse("#ef8f6b"), rng.unit());
    let mut svg = format!(
        concat!(
            r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {w} {h}" preserveAspectRatio="xMidYMid slice" role="img">"#,
            r##"<defs><linearGradient id="hk" x1="0" y1="0" x2="0" y2="1"><stop offset="0" stop-color="#8fb7bd"/>"##,
            r##"<stop offset=".38" stop-color="#f3ddb8"/><stop offset=".62" stop-color="{warm}"/></linearGradient>"##,
            r##"<linearGradient id="hs" x1="0" y1="0" x2="0" y2="1"><stop offset="0" stop-color="#e9b98a"/>"##,
            r##"<stop offset=".3" stop-color="#7fa3a6"/><stop offset="1" stop-color="#2d5f6c"/></linearGradient>"##,
            r##"<radialGradient id="hg"><stop offset="0" stop-color="#fff6dc" stop-opacity=".95"/>"##,
            r##"<stop offset=".3" stop-color="#ffe2a6" stop-opacity=".55"/><stop offset="1" stop-color="#ffe2a6" stop-opacity="0"/></radialGradient>"##,
            r##"<radialGradient id="ht"><stop offset="0" stop-color="#ffcf7a" stop-opacity=".6"/>"##,
            r##"<stop offset="1" stop-color="#ffcf7a" stop-opacity="0"/></radialGradient></defs>"##,
            r##"<rect width="{w}" height="{h}" fill="url(#hk)"/><circle cx="{x:.0}" cy="262" r="300" fill="url(#hg)"/>"##,
            r##"<circle cx="{x:.0}" cy="262" r="58" fill="#fff4d8"/>"##
        ),
        w = WIDTH,
        h = HEIGHT,
        warm = hex(warm),
        x = sun_x,
    );
    let _ = write!(
        svg,
        r#"<path d="{}" fill="{}" fill-opacity=".95"/>"#,
        ridge(&mut rng, 268.0, 26.0),
        LAYERS[0]
    );
    sea(&mut svg, &mut rng, sun_x);
    life(&mut svg, &mut rng, sun_x);
    headlands(&mut svg, &mut rng);
    let near = ridge(&mut rng, 436.0, 16.0);
    let _ = write!(svg, r#"<path d="{near}" fill="{}"/>"#, LAYERS[4]);
    for _ in 0..26 {
        let side = if rng.chance(0.45) { rng.between(10.0, 420.0) } else { rng.between(1_240.0, 1_590.0) };
        fir(&mut svg, (side, rng.between(440.0, 486.0)), rng.between(36.0, 104.0), "#16343e");
    }
    tent(&mut svg, 1_128.0, 462.0);
    svg.push_str("</svg>");
    svg
}
