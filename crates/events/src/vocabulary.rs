//! The names that the engine understands: Segment's Ecommerce specification, its email and push events, and
//! what a shop's models need beyond it.
//!
//! A name is looked up for each event at acceptance and again in the projection, so the lookup is a table
//! made at compile time: one hash over the length and four letters, then one comparison.

macro_rules! vocabulary {
    ($($variant:ident $name:literal,)*) => {
        /// A track event's name. Matched without regard to case or surrounding blanks; other names are kept as they are.
        #[derive(Debug, Clone, PartialEq, Eq, Hash)]
        #[expect(missing_docs, reason = "each variant is the specification's own name, spelt without blanks")]
        pub enum EventName {
            $($variant,)*
            /// A name outside the specification, as it was sent, blanks around it removed.
            Other(String),
        }

        /// The canonical spelling of each known event.
        const NAMES: &[&str] = &[$($name),*];

        /// The known events, in the order of their spellings.
        static KNOWN: &[EventName] = &[$(EventName::$variant),*];

        impl EventName {
            /// The canonical spelling.
            #[must_use]
            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$variant => $name,)*
                    Self::Other(name) => name,
                }
            }
        }
    };
}

vocabulary! {
    ProductsSearched "Products Searched",
    ProductListViewed "Product List Viewed",
    ProductListFiltered "Product List Filtered",
    QuizAnswered "Quiz Answered",
    RecommendationsViewed "Recommendations Viewed",
    PromotionViewed "Promotion Viewed",
    PromotionClicked "Promotion Clicked",
    ProductClicked "Product Clicked",
    ProductViewed "Product Viewed",
    ProductAdded "Product Added",
    ProductRemoved "Product Removed",
    CartViewed "Cart Viewed",
    CheckoutStarted "Checkout Started",
    CheckoutStepViewed "Checkout Step Viewed",
    CheckoutStepCompleted "Checkout Step Completed",
    CheckoutFieldEdited "Checkout Field Edited",
    CheckoutError "Checkout Error",
    PaymentInfoEntered "Payment Info Entered",
    OrderCompleted "Order Completed",
    OrderUpdated "Order Updated",
    OrderRefunded "Order Refunded",
    OrderCancelled "Order Cancelled",
    OrderFulfilled "Order Fulfilled",
    ShipmentDelivered "Shipment Delivered",
    ReturnRequested "Return Requested",
    OrderReturned "Order Returned",
    CouponEntered "Coupon Entered",
    CouponApplied "Coupon Applied",
    CouponDenied "Coupon Denied",
    CouponRemoved "Coupon Removed",
    ProductAddedToWishlist "Product Added to Wishlist",
    ProductRemovedFromWishlist "Product Removed from Wishlist",
    WishlistProductAddedToCart "Wishlist Product Added to Cart",
    ProductShared "Product Shared",
    CartShared "Cart Shared",
    ProductReviewed "Product Reviewed",
    ExperimentViewed "Experiment Viewed",
    EmailDelivered "Email Delivered",
    EmailOpened "Email Opened",
    EmailLinkClicked "Email Link Clicked",
    EmailBounced "Email Bounced",
    EmailMarkedAsSpam "Email Marked as Spam",
    Unsubscribed "Unsubscribed",
    PushNotificationReceived "Push Notification Received",
    PushNotificationTapped "Push Notification Tapped",
    PushNotificationBounced "Push Notification Bounced",
    ConsentPreferenceUpdated "Segment Consent Preference Updated",
}

/// Places of the table: a power of two, four times the number of names or more.
const PLACES: usize = 256;
/// A place that holds no name.
const EMPTY: u8 = u8::MAX;

/// Each name's index at the place that its letters say, or at the next free one.
static TABLE: [u8; PLACES] = table();

#[expect(clippy::cast_possible_truncation, reason = "there are fewer names than places, and 256 places")]
const fn table() -> [u8; PLACES] {
    assert!(NAMES.len() * 4 <= PLACES, "the table is too full");
    let mut table = [EMPTY; PLACES];
    let mut index = 0;
    while index < NAMES.len() {
        let mut place = place_of(NAMES[index].as_bytes());
        while table[place] != EMPTY {
            place = (place + 1) % PLACES;
        }
        table[place] = index as u8;
        index += 1;
    }
    table
}

/// Where the search for a name begins. Letters of either case give the same place.
const fn place_of(name: &[u8]) -> usize {
    let len = name.len();
    if len < 4 {
        return 0;
    }
    // Bit 5 tells the cases of a letter apart; what else it mixes up, the comparison tells apart.
    let (first, last) = ((name[0] | 0x20) as usize, (name[len - 1] | 0x20) as usize);
    let (middle, late) = ((name[len / 2] | 0x20) as usize, (name[len - 4] | 0x20) as usize);
    (len.wrapping_mul(37) ^ first.wrapping_mul(5) ^ middle.wrapping_mul(59) ^ last.wrapping_mul(11) ^ late)
        % PLACES
}

/// The index of a name without blanks around it.
fn index_of(name: &str) -> Option<usize> {
    let mut place = place_of(name.as_bytes());
    loop {
        let index = usize::from(TABLE[place]);
        match NAMES.get(index) {
            // Most names come in their canonical spelling, which is quicker to compare.
            Some(known) if *known == name || known.eq_ignore_ascii_case(name) => return Some(index),
            Some(_) => place = (place + 1) % PLACES,
            None => return None,
        }
    }
}

impl EventName {
    /// Recognises a name in any case, blanks around it ignored.
    #[must_use]
    pub fn parse(name: &str) -> Self {
        let name = name.trim();
        index_of(name).map_or_else(|| Self::Other(name.to_owned()), |index| KNOWN[index].clone())
    }

    /// The canonical spelling of a known name; another one without the blanks around it.
    #[must_use]
    pub fn canonical(name: &str) -> &str {
        let name = name.trim();
        index_of(name).map_or(name, |index| NAMES[index])
    }

    /// Every known event, in the order of a visit.
    #[must_use]
    pub fn all() -> &'static [Self] {
        KNOWN
    }

    /// Whether the vocabulary defines it.
    #[must_use]
    pub fn is_known(&self) -> bool {
        !matches!(self, Self::Other(_))
    }
}

#[cfg(test)]
mod tests;
