//! The definitions of properties, and the groups in which they come.

use crate::schema::PropertyType;

/// What a property is, wherever it stands.
pub(super) struct Definition {
    /// Its name, or `name@sense` where a name has several.
    pub(super) key: &'static str,
    pub(super) kind: PropertyType,
    pub(super) unit: Option<&'static str>,
    pub(super) description: &'static str,
    pub(super) enables: &'static str,
}

/// Properties that come together.
pub(super) static GROUPS: &[(&str, &[&str])] = &[
    (
        "@product",
        &[
            "product_id",
            "sku",
            "name",
            "category",
            "brand",
            "variant",
            "price",
            "quantity",
            "coupon",
            "position",
            "position_base",
            "url",
            "image_url",
            "stock",
            "availability",
            "discount",
            "list_id",
        ],
    ),
    (
        "@order",
        &[
            "order_id",
            "checkout_id",
            "affiliation",
            "subtotal",
            "total",
            "revenue",
            "value",
            "tax",
            "shipping",
            "discount",
            "coupon@order",
            "currency",
            "shipping_method",
            "payment_method",
        ],
    ),
    ("@decision", &["decision_id", "placement", "list_id"]),
    ("@coupon", &["order_id", "cart_id", "coupon_id", "coupon_name", "discount"]),
    ("@message", &["campaign_id", "campaign_name"]),
];

/// Declares definitions, one to two lines each.
macro_rules! definitions {
    ($($key:literal $kind:ident $(in $unit:literal)?, $description:literal => $enables:literal;)*) => {
        static DEFINITIONS: &[Definition] = &[$(Definition {
            key: $key,
            kind: PropertyType::$kind,
            unit: definitions!(@unit $kind $($unit)?),
            description: $description,
            enables: $enables,
        }),*];
    };
    (@unit Money) => { Some("major units of currency") };
    (@unit $kind:ident $unit:literal) => { Some($unit) };
    (@unit $kind:ident) => { None };
}

/// The definition under a key.
pub(super) fn definition(key: &str) -> Option<&'static Definition> {
    DEFINITIONS.iter().find(|d| d.key == key)
}

definitions! {
    // A product.
    "product_id" String, "The shop's id of the product, the same as in the feed." =>
        "knowing the product: without an id the event teaches nothing about it";
    "sku" String, "The stock-keeping unit; stands in for product_id where only it is sent." =>
        "telling the variants of a product apart";
    "name" String, "What shoppers read." => "showing products that no feed has told of";
    "category" String, "A path with > or / between its levels, or one name." =>
        "popularity by category, and categories of products that no feed has told of";
    "brand" String, "Who makes it." => "taste for brands";
    "variant" String, "Which of its variants." => "taste for sizes and colours";
    "price" Money, "The price of one." => "margin guardrails, revenue lift, and price sensitivity";
    "quantity" Integer in "pieces", "How many." => "right amounts in carts and orders; without it 1 is taken";
    "coupon" String, "A coupon on this product." => "telling a discount's effect from a recommendation's";
    "position" Integer, "Its place in the list, the first being 1." =>
        "position-bias correction: without it a click on the first place looks like taste";
    "position_base" Integer, "What the first place is called: 1 if this is absent, 0 from GA4." =>
        "positions with one meaning across dialects";
    "url" String, "Its page." => "links to products that no feed has told of";
    "image_url" String, "Its picture." => "pictures of products that no feed has told of";
    "stock" Integer in "pieces", "How many there were when it was seen." =>
        "telling what was not wanted from what was not to be had";
    "availability" String, "in_stock, out_of_stock, preorder or backorder, when it was seen." =>
        "telling what was not wanted from what was not to be had";
    // Where it was seen, and why.
    "list_id" String, "The list in which it was shown." => "results by list, and clicks joined to what was shown";
    "decision_id" String, "The id of the decision that filled the list, from the answer to /v1/decide." =>
        "evaluating decisions: clicks joined to what was shown, counterfactual estimates, lift by placement";
    "placement" String, "The place on the site that was filled." => "results by placement";
    "products" Array, "Products, each an object." => "knowing which products it is about";
    "filters" Array, "What the list was narrowed by: objects with type and value." => "taste for attributes";
    "sorts" Array, "What the list was ordered by: objects with type and value." => "price sensitivity";
    "category@wanted" Any, "The category that is looked for, a path, or a list of such." => "taste for categories";
    "brand@wanted" Any, "The brand that is liked, or a list of such." => "taste for brands";
    "attributes" Object, "Attributes that are looked for, each name with its value." => "taste for attributes";
    "price_max" Money, "The most that one product should cost." => "keeping to a budget";
    "quiz_id" String, "The quiz." => "telling quizzes apart";
    "question" String, "What was asked." => "";
    "answer" Any, "What was answered, in the quiz's own terms. No personal data." => "";
    "query" Any, "What was searched for: text, or an object." => "search suggestions, and intent";
    "results_count" Integer in "products", "How many products were found; 0 is a search without results." =>
        "finding searches without results, and what the range lacks";
    "number_of_results" Integer in "products", "The same as results_count, under another name." => "";
    "promotion_id" String, "The banner or teaser." => "choosing among promotions";
    "creative" String, "What the promotion looked like." => "comparing creatives";
    "name@promotion" String, "What the promotion is called." => "";
    "position@promotion" String, "Where on the page it stood." => "position-bias correction of promotions";
    // Orders and money.
    "order_id" String, "The shop's id of the order." =>
        "counting an order once, and refunding it: without it neither is possible";
    "checkout_id" String, "The checkout that led to it." => "following a checkout from step to step";
    "cart_id" String, "The shop's id of the cart." => "joining the events of one cart, and orders from the shop's back end";
    "affiliation" String, "The shop, or the part of it, that sells." => "results by shop";
    "currency" Currency, "The currency of every amount, an ISO 4217 code." =>
        "adding up amounts: without it the shop's own currency is taken";
    "value" Money, "What the event is worth." => "stands in for revenue where that is not sent";
    "revenue" Money, "What the shop earned: after discounts, before tax and shipping." =>
        "revenue lift, the measure of every experiment: without it total, value or the sum of prices is taken";
    "subtotal" Money, "The sum of the products, before tax and shipping." => "";
    "total" Money, "The subtotal with tax and shipping." => "stands in for revenue where that is not sent";
    "tax" Money, "Tax." => "checking that revenue is without tax";
    "shipping" Money, "What the shopper pays for shipping." => "checking that revenue is without shipping";
    "discount" Money, "What was taken off." => "margin guardrails";
    "coupon@order" String, "A coupon on the whole order." => "telling a discount's effect from a recommendation's";
    "coupon_id" String, "The coupon that was typed in." => "telling coupons apart";
    "coupon_name" String, "What the coupon is called." => "";
    "reason" String, "Why." => "finding what keeps shoppers from buying";
    // The checkout.
    "step" Integer, "Which step of the checkout, from 1." => "finding the step at which shoppers leave";
    "shipping_method" String, "How it is sent." => "";
    "payment_method" String, "How it is paid." => "";
    "error_code" String, "What went wrong, as a program tells it apart." => "counting checkout errors by cause";
    "error_message" String, "What the shopper was told. No personal data." => "";
    "field" String, "Which field of the form; never what was typed." => "finding the field at which shoppers give up";
    // Wishes, sharing, reviews, experiments.
    "wishlist_id" String, "The list of wishes." => "";
    "wishlist_name" String, "What the list is called." => "";
    "share_via" String, "Over what it was shared." => "";
    "share_message" String, "What was said. Better left out: it may hold personal data." => "";
    "recipient" String, "To whom. Better left out: it is somebody else's personal data." => "";
    "review_id" String, "The review." => "counting a review once";
    "review_body" String, "What it says." => "";
    "rating" Number in "stars", "How many stars; text is read as a number." => "liking, beyond clicks and orders";
    "experiment_id" String, "The experiment." => "measuring the experiment: exposures count from this event";
    "experiment_name" String, "What it is called." => "";
    "variation_id" String, "The variation that was shown." => "comparing variations";
    "variation_name" String, "What it is called." => "";
    // Messages.
    "email_id" String, "The message." => "joining what was sent, opened and clicked";
    "email_subject" String, "Its subject line." => "";
    "campaign_id" String, "The campaign." => "results by campaign, and not writing too often";
    "campaign_name" String, "What it is called." => "";
    "link_id" String, "The link that was followed." => "";
    "link_url" String, "Where it leads." => "what was clicked in a message";
    "list_id@mailing" String, "The mailing list that was left." => "keeping to it: no more messages of this list";
    "list_name" String, "What the mailing list is called." => "";
    "campaign" Object, "The push campaign: name, source, medium, content." => "results by campaign";
    "action" String, "What was tapped." => "";
    // After the order.
    "shipment_id" String, "One parcel." => "orders in several parcels";
    "carrier" String, "Who carries it." => "";
    "delivered_at" Time, "When it arrived." => "times of delivery, and when to ask for a review";
    "fulfilled_at" Time, "When it left the shop." => "times of delivery";
    "return_id" String, "The return." => "counting a return once";
    "outcome" String, "What became of it: refunded, exchanged, store_credit or rejected." =>
        "return rates by product: what comes back should be recommended less";
    "condition" String, "How the product came back: new, opened or damaged." => "";
}
