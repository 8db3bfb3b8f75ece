//! What a shopper did, as the fold sees it.

use serde::{Deserialize, Serialize};
use tradewind_kernel::{Money, UtcMillis};

use crate::facts::{Arrival, Fact, Signal, StatedTaste};
use crate::history::NameHash;

/// How a shopper touched a product. Stored as its number: only append.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(into = "u8", try_from = "u8")]
pub enum Action {
    /// Chose it from a list.
    Click = 0,
    /// Saw its page.
    View = 1,
    /// Put it on a wish list.
    Wish = 2,
    /// Put it into the cart.
    Add = 3,
    /// Took it out of the cart.
    Remove = 4,
    /// Bought it.
    Buy = 5,
    /// Gave it back.
    Return = 6,
}

impl From<Action> for u8 {
    fn from(action: Action) -> Self {
        action as Self
    }
}

impl TryFrom<u8> for Action {
    type Error = String;

    fn try_from(number: u8) -> Result<Self, String> {
        let all = [Self::Click, Self::View, Self::Wish, Self::Add, Self::Remove, Self::Buy, Self::Return];
        all.get(usize::from(number)).copied().ok_or_else(|| format!("no action has the number {number}"))
    }
}

impl Action {
    /// Its name, as answers and the console write it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Click => "click",
            Self::View => "view",
            Self::Wish => "wish",
            Self::Add => "add",
            Self::Remove => "remove",
            Self::Buy => "buy",
            Self::Return => "return",
        }
    }

    /// Whether it shows interest, so that models learn from it.
    #[must_use]
    pub const fn shows_interest(self) -> bool {
        !matches!(self, Self::Remove | Self::Return)
    }

    /// How much it says for a product's popularity, a view being one.
    #[must_use]
    pub const fn weight(self) -> f64 {
        match self {
            Self::Click | Self::View => 1.0,
            Self::Wish => 2.0,
            Self::Add => 3.0,
            Self::Buy => 5.0,
            Self::Remove | Self::Return => 0.0,
        }
    }
}

/// One event of one shopper, its products as item numbers.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Act<'a> {
    /// When, the client's clock corrected.
    pub at: UtcMillis,
    /// What was done to the products; `None` for events without one (a page, a search).
    pub action: Option<Action>,
    /// The products in the event's order, with how many of each.
    pub items: &'a [(u32, u32)],
    /// What the shop earned with it, for an order.
    pub revenue: Option<Money>,
    /// What the products are, one for each of `items`; none where nobody looked.
    pub facts: &'a [Fact],
    /// What an event without an action says of the visit; of an order, whether a coupon was used.
    pub signal: Signal,
    /// How and from where it came.
    pub arrival: Arrival,
    /// What the shopper said of themselves with it.
    pub stated: Option<&'a StatedTaste>,
    /// Its name, of an event that has one.
    pub name: Option<NameHash>,
}
