//! Which table an event belongs to.

use tradewind_events::{EventName, Kind};

/// The tables of events, one for each family of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Family {
    Browse,
    Searches,
    Carts,
    Checkouts,
    Orders,
    Promotions,
    Identities,
    Other,
}

impl Family {
    /// All of them.
    pub(crate) const ALL: [Self; 8] = [
        Self::Browse,
        Self::Searches,
        Self::Carts,
        Self::Checkouts,
        Self::Orders,
        Self::Promotions,
        Self::Identities,
        Self::Other,
    ];

    /// Its table.
    pub(crate) const fn table(self) -> &'static str {
        match self {
            Self::Browse => "browse",
            Self::Searches => "searches",
            Self::Carts => "carts",
            Self::Checkouts => "checkouts",
            Self::Orders => "orders",
            Self::Promotions => "promotions",
            Self::Identities => "identities",
            Self::Other => "other",
        }
    }

    /// The family of an event. By the canonical spelling, so that an event that a newer vocabulary knows
    /// goes where its name says.
    pub(crate) fn of(kind: Kind, name: Option<&str>) -> Self {
        match kind {
            Kind::Page | Kind::Screen => return Self::Browse,
            Kind::Identify | Kind::Alias | Kind::Group => return Self::Identities,
            Kind::Track => {}
        }
        let parsed = EventName::parse(name.unwrap_or_default());
        match parsed.as_str() {
            "Products Searched" => Self::Searches,
            "Product List Viewed"
            | "Product List Filtered"
            | "Recommendations Viewed"
            | "Product Clicked"
            | "Product Viewed"
            | "Product Shared"
            | "Product Reviewed" => Self::Browse,
            "Promotion Viewed" | "Promotion Clicked" => Self::Promotions,
            "Product Added"
            | "Product Removed"
            | "Cart Viewed"
            | "Cart Shared"
            | "Product Added to Wishlist"
            | "Product Removed from Wishlist"
            | "Wishlist Product Added to Cart" => Self::Carts,
            "Checkout Started"
            | "Checkout Step Viewed"
            | "Checkout Step Completed"
            | "Checkout Field Edited"
            | "Checkout Error"
            | "Payment Info Entered"
            | "Coupon Entered"
            | "Coupon Applied"
            | "Coupon Denied"
            | "Coupon Removed" => Self::Checkouts,
            "Order Completed" | "Order Updated" | "Order Refunded" | "Order Cancelled"
            | "Order Fulfilled" | "Shipment Delivered" | "Return Requested" | "Order Returned" => {
                Self::Orders
            }
            _ => Self::Other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_event_has_its_family() {
        for (name, family) in [
            ("product viewed", Family::Browse),
            ("Products Searched", Family::Searches),
            ("Product Added", Family::Carts),
            ("Coupon Denied", Family::Checkouts),
            ("Order Refunded", Family::Orders),
            ("Promotion Clicked", Family::Promotions),
            ("Size Guide Opened", Family::Other),
        ] {
            assert_eq!(Family::of(Kind::Track, Some(name)), family, "{name}");
        }
        assert_eq!(Family::of(Kind::Page, Some("Order Completed")), Family::Browse);
        assert_eq!(Family::of(Kind::Alias, None), Family::Identities);
        assert_eq!(Family::of(Kind::Track, None), Family::Other);
    }
}
