//! What is asked of a decision.

use tradewind_kernel::Subject;

/// Placements that one call may ask for.
pub const MAX_PLACEMENTS: usize = 20;
/// Slots that one placement may ask for.
pub const MAX_LIMIT: usize = 100;

/// A place on the site that the engine knows how to fill.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Placement {
    /// What this shopper most likely wants next.
    HomeForYou,
    /// What is popular now, in a category if one is given.
    HomeTrending,
    /// What this shopper looked at last.
    HomeRecentlyViewed,
    /// What others look at who look at the anchors.
    ProductSimilar,
    /// What is bought in one order with the anchors.
    ProductBoughtTogether,
    /// What goes with the cart.
    CartAddOns,
}

impl Placement {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::HomeForYou,
        Self::HomeTrending,
        Self::HomeRecentlyViewed,
        Self::ProductSimilar,
        Self::ProductBoughtTogether,
        Self::CartAddOns,
    ];

    /// Its name, as requests and answers write it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::HomeForYou => "home.for_you",
            Self::HomeTrending => "home.trending",
            Self::HomeRecentlyViewed => "home.recently_viewed",
            Self::ProductSimilar => "product.similar",
            Self::ProductBoughtTogether => "product.bought_together",
            Self::CartAddOns => "cart.add_ons",
        }
    }

    /// The placement of a name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|p| p.name() == name)
    }
}

/// One placement to fill.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlacementAsk {
    /// Which.
    pub placement: Placement,
    /// Slots wanted, 1 to [`MAX_LIMIT`].
    pub limit: usize,
    /// Product ids that it is about.
    pub anchors: Vec<String>,
}

/// One call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ask {
    /// Who is asking; nobody is fine.
    pub subject: Option<Subject>,
    /// The anonymous id that came along with a user id.
    pub anonymous_id: Option<String>,
    /// What to fill, in the order in which placements choose.
    pub placements: Vec<PlacementAsk>,
    /// Product ids in the cart; `None` takes the cart from the profile.
    pub cart: Option<Vec<String>>,
    /// The category path that the page is about, ` > ` between levels.
    pub category: Option<String>,
    /// Whether a product may stand in several placements of the page.
    pub allow_duplicates: bool,
    /// The time that the answer may take, in milliseconds.
    pub budget_ms: u64,
}
