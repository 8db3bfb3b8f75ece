//! After the order, and beside the shop: parcels, returns, messages, consent.

use super::entries;

entries! {
    OrderRefunded: "Money was given back: for the products named, or for the whole order where none is." =>
        "revenue as it stays, and products that come back",
        required ["order_id"]
        recommended ["products", "products[].product_id|sku", "revenue|total|value", "currency"]
        optional ["@order", "@products", "reason"];
    OrderFulfilled: "An order, or a parcel of it, left the shop." => "times of delivery",
        required ["order_id"]
        recommended ["products", "products[].product_id|sku", "fulfilled_at"]
        optional ["shipment_id", "carrier", "shipping_method", "affiliation", "@products", "currency"];
    ShipmentDelivered: "A parcel arrived." => "times of delivery, and when to ask for a review",
        required ["order_id"]
        recommended ["shipment_id", "delivered_at"]
        optional ["carrier", "products", "@products"];
    ReturnRequested: "Somebody wants to send products back." => "early notice of products that come back",
        required ["order_id"]
        recommended ["products", "products[].product_id|sku", "reason", "return_id"]
        optional ["@products", "currency"];
    OrderReturned: "Products came back." => "return rates by product, and revenue as it stays",
        required ["order_id"]
        recommended ["products", "products[].product_id|sku", "outcome", "reason", "return_id"]
        optional ["condition", "value", "revenue", "total", "currency", "@products"];
    EmailDelivered: "A message arrived." => "not writing too often",
        required []
        recommended ["email_id", "campaign_id"]
        optional ["email_subject", "@message"];
    EmailOpened: "A message was opened. Programs open messages too." => "when to write",
        required []
        recommended ["email_id", "campaign_id"]
        optional ["email_subject", "@message"];
    EmailLinkClicked: "A link in a message was followed." => "results of messages",
        required []
        recommended ["email_id", "campaign_id", "link_url|link_id"]
        optional ["email_subject", "link_id", "@message"];
    EmailBounced: "A message could not be delivered." => "not writing to addresses that do not work",
        required []
        recommended ["email_id", "campaign_id"]
        optional ["email_subject", "@message", "reason"];
    EmailMarkedAsSpam: "A message was called spam." => "not writing to this person again",
        required []
        recommended ["email_id", "campaign_id"]
        optional ["email_subject", "@message"];
    Unsubscribed: "Somebody left a mailing list." => "keeping to it",
        required []
        recommended ["list_id@mailing", "email_id"]
        optional ["list_name", "email_subject", "@message"];
    PushNotificationReceived: "A push notification arrived." => "not writing too often",
        required []
        recommended ["campaign_id|campaign"]
        optional ["campaign", "campaign_name"];
    PushNotificationTapped: "A push notification was tapped." => "results of messages",
        required []
        recommended ["campaign_id|campaign"]
        optional ["campaign", "campaign_name", "action"];
    PushNotificationBounced: "A push notification could not be delivered." => "not writing to devices that are gone",
        required []
        recommended ["campaign_id|campaign"]
        optional ["campaign", "campaign_name", "action"];
    ConsentPreferenceUpdated: "Somebody changed what they agree to; the choice is in context.consent." =>
        "keeping to it",
        required []
        recommended []
        optional [];
}
