//! The names that the engine understands.

/// A track event's name. Matched without regard to case or surrounding blanks; other names are kept as they are.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "each variant is the specification's own name, spelt without blanks")]
pub enum EventName {
    ProductsSearched,
    ProductListViewed,
    ProductListFiltered,
    PromotionViewed,
    PromotionClicked,
    ProductClicked,
    ProductViewed,
    ProductAdded,
    ProductRemoved,
    CartViewed,
    CheckoutStarted,
    CheckoutStepViewed,
    CheckoutStepCompleted,
    PaymentInfoEntered,
    OrderCompleted,
    OrderUpdated,
    OrderRefunded,
    OrderCancelled,
    CouponEntered,
    CouponApplied,
    CouponDenied,
    CouponRemoved,
    ProductAddedToWishlist,
    ProductRemovedFromWishlist,
    WishlistProductAddedToCart,
    ProductShared,
    CartShared,
    ProductReviewed,
    ExperimentViewed,
    /// A name outside the specification, as it was sent, blanks around it removed.
    Other(String),
}

/// Each known event with its canonical spelling.
const NAMES: [(&str, EventName); 29] = [
    ("Products Searched", EventName::ProductsSearched),
    ("Product List Viewed", EventName::ProductListViewed),
    ("Product List Filtered", EventName::ProductListFiltered),
    ("Promotion Viewed", EventName::PromotionViewed),
    ("Promotion Clicked", EventName::PromotionClicked),
    ("Product Clicked", EventName::ProductClicked),
    ("Product Viewed", EventName::ProductViewed),
    ("Product Added", EventName::ProductAdded),
    ("Product Removed", EventName::ProductRemoved),
    ("Cart Viewed", EventName::CartViewed),
    ("Checkout Started", EventName::CheckoutStarted),
    ("Checkout Step Viewed", EventName::CheckoutStepViewed),
    ("Checkout Step Completed", EventName::CheckoutStepCompleted),
    ("Payment Info Entered", EventName::PaymentInfoEntered),
    ("Order Completed", EventName::OrderCompleted),
    ("Order Updated", EventName::OrderUpdated),
    ("Order Refunded", EventName::OrderRefunded),
    ("Order Cancelled", EventName::OrderCancelled),
    ("Coupon Entered", EventName::CouponEntered),
    ("Coupon Applied", EventName::CouponApplied),
    ("Coupon Denied", EventName::CouponDenied),
    ("Coupon Removed", EventName::CouponRemoved),
    ("Product Added to Wishlist", EventName::ProductAddedToWishlist),
    ("Product Removed from Wishlist", EventName::ProductRemovedFromWishlist),
    ("Wishlist Product Added to Cart", EventName::WishlistProductAddedToCart),
    ("Product Shared", EventName::ProductShared),
    ("Cart Shared", EventName::CartShared),
    ("Product Reviewed", EventName::ProductReviewed),
    ("Experiment Viewed", EventName::ExperimentViewed),
];

impl EventName {
    /// Recognises a name in any case, blanks around it ignored.
    #[must_use]
    pub fn parse(name: &str) -> Self {
        let name = name.trim();
        NAMES
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map_or_else(|| Self::Other(name.to_owned()), |(_, event)| event.clone())
    }

    /// The canonical spelling.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Other(name) => name,
            known => NAMES.iter().find(|(_, event)| event == known).map_or("", |(name, _)| name),
        }
    }

    /// Whether the specification defines it.
    #[must_use]
    pub fn is_known(&self) -> bool {
        !matches!(self, Self::Other(_))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_reads_back() {
        for (name, event) in &NAMES {
            assert_eq!(EventName::parse(&format!("  {} ", name.to_uppercase())), *event);
            assert_eq!(event.as_str(), *name);
        }
        assert_eq!(EventName::parse(" Size Guide Opened ").as_str(), "Size Guide Opened");
    }
}
