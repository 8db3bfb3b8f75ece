//! Everything that an event of the vocabulary can say, typed: for the lake, reports and training.
//!
//! As lenient as [`Commerce`](crate::Commerce), and dearer: some sixty properties are looked for. Decisions
//! and profiles read that one. Amounts are whole minor units of one currency; text is cut at 1,024
//! characters, lists at 2,000 items.

use serde::Deserialize;
use serde_json::value::RawValue;
use tradewind_kernel::{Currency, Money};

use crate::lenient;

/// Declares a public struct and the private one that is read from JSON: the same fields, amounts still in
/// major units there.
macro_rules! read_leniently {
    (
        $(#[$outer:meta])* $name:ident from $raw:ident,
        text { $($(#[$tm:meta])* $text:ident,)* }
        number { $($(#[$nm:meta])* $number:ident,)* }
        money { $($(#[$mm:meta])* $money:ident,)* }
    ) => {
        $(#[$outer])*
        #[derive(Debug, Clone, PartialEq, Default)]
        #[non_exhaustive]
        pub struct $name {
            $($(#[$tm])* pub $text: Option<String>,)*
            $($(#[$nm])* pub $number: Option<f64>,)*
            $($(#[$mm])* pub $money: Option<Money>,)*
        }

        #[derive(Deserialize, Default)]
        struct $raw {
            $(#[serde(default, deserialize_with = "lenient::text")] $text: Option<String>,)*
            $(#[serde(default, deserialize_with = "lenient::number")] $number: Option<f64>,)*
            $(#[serde(default, deserialize_with = "lenient::number")] $money: Option<f64>,)*
        }

        impl $raw {
            fn typed(self, currency: Currency) -> $name {
                let money = |major: Option<f64>| Money::from_major(major?, currency).ok();
                $name {
                    $($text: self.$text,)*
                    $($number: self.$number,)*
                    $($money: money(self.$money),)*
                }
            }
        }
    };
}

read_leniently! {
    /// A product as an event names it, with all that can be said of it.
    ProductDetails from RawProduct,
    text {
        /// The shop's product id.
        product_id,
        /// The stock-keeping unit.
        sku,
        /// Its category, a path or one name.
        category,
        /// What shoppers read.
        name,
        /// Who makes it.
        brand,
        /// Which of its variants.
        variant,
        /// A coupon on this product.
        coupon,
        /// Its page.
        url,
        /// Its picture.
        image_url,
        /// Whether it could be bought when it was seen: `in_stock`, `out_of_stock`, `preorder`, `backorder`.
        availability,
        /// The list in which it stood.
        list_id,
    }
    number {
        /// How many.
        quantity,
        /// Where in a list it stood, as sent; see [`ProductDetails::slot`].
        position,
        /// What the first position is called: 0 from GA4, else 1.
        position_base,
        /// How many there were when it was seen.
        stock,
    }
    money {
        /// Price of one.
        price,
        /// What was taken off the price.
        discount,
    }
}

impl ProductDetails {
    /// The id by which the engine knows the product: `product_id`, else `sku`.
    #[must_use]
    pub fn id(&self) -> Option<&str> {
        self.product_id.as_deref().or(self.sku.as_deref())
    }

    /// Its place in the list, the first being 0, whatever the sender calls it. Without a base positions
    /// count from 1, as is the custom with Segment.
    #[must_use]
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked to be in the range")]
    pub fn slot(&self) -> Option<u32> {
        let slot = self.position? - self.position_base.unwrap_or(1.0);
        (0.0..f64::from(u32::MAX)).contains(&slot).then_some(slot as u32)
    }
}

read_leniently! {
    /// The properties that are neither a list nor of one product.
    Facts from RawFacts,
    text {
        /// The order that it is about.
        order_id,
        /// The checkout that it belongs to.
        checkout_id,
        /// The cart that it is about.
        cart_id,
        /// The shop, or the part of it, that sold.
        affiliation,
        /// A coupon on the whole order.
        coupon,
        /// How it is sent.
        shipping_method,
        /// How it is paid.
        payment_method,
        /// The list that was shown.
        list_id,
        /// The decision that filled the list, as `/v1/decide` named it.
        decision_id,
        /// The place on the site that the decision was for.
        placement,
        /// A banner or teaser.
        promotion_id,
        /// What the promotion looked like.
        creative,
        /// The coupon that was typed in.
        coupon_id,
        /// What the coupon is called.
        coupon_name,
        /// Why something was denied, or sent back.
        reason,
        /// The list of wishes.
        wishlist_id,
        /// What the list of wishes is called.
        wishlist_name,
        /// Over what it was shared.
        share_via,
        /// What was said when it was shared.
        share_message,
        /// To whom it was shared: personal data of somebody else.
        recipient,
        /// The review.
        review_id,
        /// What the review says.
        review_body,
        /// The experiment of an exposure.
        experiment_id,
        /// What the experiment is called.
        experiment_name,
        /// The variation that was shown.
        variation_id,
        /// What the variation is called.
        variation_name,
        /// The message that was sent.
        email_id,
        /// Its subject line.
        email_subject,
        /// The campaign that it belongs to.
        campaign_id,
        /// What the campaign is called.
        campaign_name,
        /// The link that was followed.
        link_id,
        /// Where the link leads.
        link_url,
        /// The mailing list that was left.
        list_name,
        /// What went wrong in the checkout, as a program tells it apart.
        error_code,
        /// What went wrong in the checkout, in words.
        error_message,
        /// The field of a form that it is about.
        field,
        /// One parcel of an order.
        shipment_id,
        /// Who carries the parcel.
        carrier,
        /// One return of an order.
        return_id,
        /// What became of a return: `refunded`, `exchanged`, `store_credit`, `rejected`.
        outcome,
    }
    number {
        /// Which step of the checkout, from 1.
        step,
        /// How many products a search found; 0 is a search without results.
        results_count,
        /// The same under another name.
        number_of_results,
        /// The stars of a review.
        rating,
    }
    money {
        /// The sum of the products before discounts, tax and shipping.
        subtotal,
        /// `subtotal` with tax and shipping.
        total,
        /// What the shop earned: after discounts, before tax and shipping.
        revenue,
        /// What the event is worth, where nothing else says so.
        value,
        /// Tax.
        tax,
        /// Shipping.
        shipping,
        /// What was taken off.
        discount,
    }
}

/// One filter or one order of a list.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[non_exhaustive]
pub struct Criterion {
    /// By what, such as `color` or `price`.
    #[serde(default, rename = "type", deserialize_with = "lenient::text")]
    pub kind: Option<String>,
    /// How, such as `blue` or `desc`.
    #[serde(default, deserialize_with = "lenient::any_as_text")]
    pub value: Option<String>,
}

#[derive(Deserialize, Default)]
struct Lists {
    #[serde(default, deserialize_with = "lenient::text")]
    currency: Option<String>,
    #[serde(default, deserialize_with = "lenient::any_as_text")]
    query: Option<String>,
    #[serde(default, deserialize_with = "lenient::list")]
    products: Option<Vec<RawProduct>>,
    #[serde(default, deserialize_with = "lenient::list")]
    filters: Option<Vec<Criterion>>,
    #[serde(default, deserialize_with = "lenient::list")]
    sorts: Option<Vec<Criterion>>,
}

/// What an event of the vocabulary says, all of it, typed.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct CommerceDetails {
    /// The currency of every amount: as sent, else the shop's.
    pub currency: Currency,
    /// What was searched for: text, or the JSON of what was sent.
    pub query: Option<String>,
    /// The products it names: `products`, or the one in the properties themselves. Each has an id.
    pub products: Vec<ProductDetails>,
    /// By what a list was narrowed.
    pub filters: Vec<Criterion>,
    /// By what a list was ordered.
    pub sorts: Vec<Criterion>,
    /// Everything else.
    pub facts: Facts,
}

impl CommerceDetails {
    /// Reads properties. Amounts without a readable currency are in `shop_currency`.
    #[must_use]
    pub fn read(properties: Option<&RawValue>, shop_currency: Currency) -> Self {
        let lists: Lists = properties.map(lenient::properties).unwrap_or_default();
        let facts: RawFacts = properties.map(lenient::properties).unwrap_or_default();
        let currency =
            lists.currency.as_deref().and_then(|c| Currency::parse(c).ok()).unwrap_or(shop_currency);
        let own = || properties.map(lenient::properties::<RawProduct>).into_iter().collect();
        let named: Vec<RawProduct> = lists.products.unwrap_or_else(own);
        let products = named.into_iter().map(|p| p.typed(currency)).filter(|p| p.id().is_some()).collect();
        Self {
            currency,
            query: lists.query,
            products,
            filters: lists.filters.unwrap_or_default(),
            sorts: lists.sorts.unwrap_or_default(),
            facts: facts.typed(currency),
        }
    }

    /// How many products a search found, by either name. 0 is a search without results.
    #[must_use]
    pub fn results_count(&self) -> Option<u64> {
        let count = self.facts.results_count.or(self.facts.number_of_results)?;
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "checked to be in the range"
        )]
        (0.0..1e15).contains(&count).then_some(count as u64)
    }
}

#[cfg(test)]
mod tests;
