//! Colours that go together.

use crate::data::{COLORS, SHOP_COLORS, color_hex};

/// A colour: red, green, blue.
pub(crate) type Rgb = [u8; 3];

/// Near-black, and warm white.
const INK: Rgb = [0x26, 0x2b, 0x33];
const PAPER: Rgb = [0xfb, 0xf7, 0xee];

/// Accents; the one that stands out best against the main colour is taken, or the next best.
const ACCENTS: [Rgb; 6] = [
    [0xe3, 0xa8, 0x4a],
    [0xd8, 0x6a, 0x4b],
    [0xf2, 0xd8, 0xa2],
    [0x5f, 0xa3, 0x9a],
    [0xc8, 0x53, 0x5e],
    [0x3f, 0x5f, 0x7f],
];

/// The colours of one picture, as `#rrggbb`.
#[derive(Debug)]
pub(super) struct Palette {
    pub main: String,
    pub shade: String,
    pub sheen: String,
    pub dark: String,
    pub light: String,
    pub accent: String,
    pub paper: String,
    pub ink: String,
    pub sky: String,
    pub ground: String,
    pub shadow: String,
}

/// `#rrggbb` as a colour; grey where it is not that.
pub(crate) fn parse(hex: &str) -> Rgb {
    let part =
        |at: usize| hex.get(at..at + 2).and_then(|two| u8::from_str_radix(two, 16).ok()).unwrap_or(128);
    [part(1), part(3), part(5)]
}

/// A colour as `#rrggbb`.
pub(crate) fn hex(color: Rgb) -> String {
    format!("#{:02x}{:02x}{:02x}", color[0], color[1], color[2])
}

/// `share`, from 0 to 1, of the way from one colour to another.
pub(crate) fn blend(from: Rgb, to: Rgb, share: f64) -> Rgb {
    std::array::from_fn(|i| (f64::from(from[i]) * (1.0 - share) + f64::from(to[i]) * share).round() as u8)
}

/// How bright a colour looks, from 0 to 255.
fn brightness(color: Rgb) -> f64 {
    0.3 * f64::from(color[0]) + 0.59 * f64::from(color[1]) + 0.11 * f64::from(color[2])
}

fn distance(a: Rgb, b: Rgb) -> f64 {
    a.iter().zip(b).map(|(x, y)| (f64::from(*x) - f64::from(y)).powi(2)).sum::<f64>()
}

impl Palette {
    /// The palette of a product whose colour is said by the first of `hints` that names one, else drawn by `hash`.
    pub(super) fn of(hints: &[&str], hash: u64) -> Self {
        let drawn = COLORS[(hash % SHOP_COLORS as u64) as usize].1;
        let main = parse(hints.iter().find_map(|hint| color_hex(hint)).unwrap_or(drawn));
        let mut accents = ACCENTS;
        accents.sort_by(|a, b| distance(*b, main).total_cmp(&distance(*a, main)));
        let accent = accents[(hash >> 8) as usize % 3];
        let pale = brightness(main) > 178.0;
        let mood = if pale { blend(main, accents[0], 0.45) } else { main };
        Self {
            main: hex(main),
            sheen: hex(blend(main, PAPER, 0.22)),
            shade: hex(blend(main, INK, 0.2)),
            dark: hex(blend(main, INK, if pale { 0.42 } else { 0.5 })),
            light: hex(blend(main, PAPER, if pale { 0.6 } else { 0.55 })),
            accent: hex(accent),
            paper: hex(PAPER),
            ink: hex(INK),
            sky: hex(blend(mood, PAPER, 0.86)),
            ground: hex(blend(mood, PAPER, 0.62)),
            shadow: hex(blend(mood, INK, 0.6)),
        }
    }
}
