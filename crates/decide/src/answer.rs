//! What a decision answers.

use std::sync::Arc;

use serde::Serialize;
use tradewind_kernel::UtcMillis;

use crate::Placement;

/// What proposed a product.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// Sessions like this one.
    SessionKnn,
    /// What shoppers take after what this one took.
    CoOccurrence,
    /// What is bought in one order.
    BoughtTogether,
    /// Parts and accessories that the catalog says fit.
    Compatible,
    /// The shopper's own history.
    RecentlyViewed,
    /// Popular in the category.
    CategoryPopularity,
    /// Popular in the shop.
    Popularity,
    /// The catalog's order: nothing is known at all.
    Static,
}

impl Source {
    /// Its name, as answers write it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::SessionKnn => "session_knn",
            Self::CoOccurrence => "co_occurrence",
            Self::BoughtTogether => "bought_together",
            Self::Compatible => "compatible",
            Self::RecentlyViewed => "recently_viewed",
            Self::CategoryPopularity => "category_popularity",
            Self::Popularity => "popularity",
            Self::Static => "static",
        }
    }
}

/// One product in its place.
#[derive(Debug, Clone, PartialEq)]
pub struct Slot {
    /// The product's item number.
    pub item: u32,
    /// Its id.
    pub product_id: Arc<str>,
    /// Within (0, 1], falling from slot to slot; comparable within one placement's answer only.
    pub score: f32,
    /// What proposed it.
    pub source: Source,
    /// Why, in words for people.
    pub reasons: Vec<String>,
}

/// One placement, filled.
#[derive(Debug, Clone, PartialEq)]
pub struct PlacementAnswer {
    /// Which.
    pub placement: Placement,
    /// What could not be used though it should have been; empty when the answer is as good as it gets.
    pub degraded_reasons: Vec<&'static str>,
    /// The products, best first.
    pub slots: Vec<Slot>,
}

/// One call's answer, as it was given.
#[derive(Debug, Clone, PartialEq)]
pub struct Decision {
    /// Its id, a UUIDv7.
    pub id: String,
    /// When it was made.
    pub at: UtcMillis,
    /// Whom it was for, `user_id:…` or `anonymous_id:…`; empty for nobody.
    pub subject: String,
    /// The version of the trained models that took part.
    pub model_version: Option<Arc<str>>,
    /// How long it took, in microseconds of wall time.
    pub elapsed_us: u64,
    /// The placements in the order asked.
    pub placements: Vec<PlacementAnswer>,
}
