//! The rankings by popularity that decisions read, made anew now and then rather than at each request.

use tradewind_catalog::CatalogSnapshot;
use tradewind_models::Popularity;

/// Products kept of the whole shop's ranking.
const GLOBAL: usize = 500;
/// Products kept of each category's ranking.
const PER_CATEGORY: usize = 100;

/// Popular products, most popular first; only such as may be shown.
#[derive(Debug, Default, Clone)]
pub struct Trending {
    /// Of the whole shop, with log2 of the decayed weight relative to the first.
    pub global: Vec<(u32, f32)>,
    /// Of each category, by its number in the snapshot that they were made with.
    pub by_category: Vec<Vec<(u32, f32)>>,
}

impl Trending {
    /// Ranks the eligible products of a catalog.
    #[must_use]
    pub fn rank(popularity: &Popularity, catalog: &CatalogSnapshot) -> Self {
        let ranked = popularity.rank_filtered(usize::MAX, |item| catalog.eligible(item));
        let mut trending =
            Self { global: Vec::new(), by_category: vec![Vec::new(); catalog.categories().len()] };
        let top = ranked.first().map_or(0.0, |r| r.1);
        for (item, raw) in ranked {
            #[expect(clippy::cast_possible_truncation, reason = "a difference of ranks needs no more digits")]
            let entry = (item, (raw - top).exp2() as f32);
            if trending.global.len() < GLOBAL {
                trending.global.push(entry);
            }
            if let Some(list) = catalog.category_of(item).map(|c| &mut trending.by_category[usize::from(c)])
                && list.len() < PER_CATEGORY
            {
                list.push(entry);
            }
        }
        trending
    }

    /// The ranking of one category; empty when it has none.
    #[must_use]
    pub fn category(&self, number: u16) -> &[(u32, f32)] {
        self.by_category.get(usize::from(number)).map_or(&[], Vec::as_slice)
    }
}
