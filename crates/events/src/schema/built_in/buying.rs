//! Buying: cart, coupons, checkout, the order.

use super::entries;

entries! {
    ProductAdded: "A product was put into the cart." => "carts, add-ons, popularity",
        required ["product_id|sku"]
        recommended ["price", "currency", "quantity", "cart_id"]
        optional ["@product", "value", "@decision"];
    ProductRemoved: "A product was taken out of the cart." => "carts as they are",
        required ["product_id|sku"]
        recommended ["quantity", "cart_id"]
        optional ["@product", "value", "currency"];
    CartViewed: "The cart was looked at." => "carts as they are",
        required []
        recommended ["cart_id", "products", "products[].product_id|sku", "products[].price", "products[].quantity", "currency"]
        optional ["@products", "value"];
    CheckoutStarted: "The checkout began." => "finding where shoppers leave",
        required []
        recommended ["order_id|checkout_id", "products", "products[].product_id|sku", "value|revenue|total", "currency"]
        optional ["@order", "@products", "cart_id"];
    CheckoutStepViewed: "A step of the checkout was shown." => "finding the step at which shoppers leave",
        required ["step"]
        recommended ["checkout_id"]
        optional ["shipping_method", "payment_method", "order_id"];
    CheckoutStepCompleted: "A step of the checkout was done." => "finding the step at which shoppers leave",
        required ["step"]
        recommended ["checkout_id"]
        optional ["shipping_method", "payment_method", "order_id"];
    CheckoutFieldEdited: "A field of the checkout's form was changed." => "finding the field at which shoppers give up",
        required ["field"]
        recommended ["checkout_id", "step"]
        optional ["order_id", "cart_id"];
    CheckoutError: "The checkout showed an error." => "counting checkout errors, and what they cost",
        required ["error_code|error_message"]
        recommended ["checkout_id", "step", "field"]
        optional ["error_message", "order_id", "cart_id", "payment_method", "shipping_method", "value", "currency"];
    PaymentInfoEntered: "How to pay was said." => "finding where shoppers leave",
        required []
        recommended ["checkout_id", "step"]
        optional ["shipping_method", "payment_method", "order_id"];
    OrderCompleted: "An order was placed." => "what was bought, with what, and for how much: the goal of every decision",
        required ["order_id", "products", "products[].product_id|sku"]
        recommended ["revenue|total|value", "currency", "products[].price", "products[].quantity", "cart_id"]
        optional ["@order", "@products"];
    OrderUpdated: "An order was changed." => "orders as they are",
        required ["order_id"]
        recommended ["revenue|total|value", "currency", "products", "products[].product_id|sku"]
        optional ["@order", "@products"];
    OrderCancelled: "An order was cancelled." => "revenue as it stays",
        required ["order_id"]
        recommended ["revenue|total|value", "currency"]
        optional ["@order", "products", "@products", "reason"];
    CouponEntered: "A coupon was typed in." => "telling a discount's effect from a recommendation's",
        required ["coupon_id|coupon_name"]
        recommended ["cart_id|order_id"]
        optional ["@coupon"];
    CouponApplied: "A coupon took effect." => "telling a discount's effect from a recommendation's",
        required ["coupon_id|coupon_name"]
        recommended ["cart_id|order_id", "discount"]
        optional ["@coupon", "currency"];
    CouponDenied: "A coupon was refused." => "finding what keeps shoppers from buying",
        required ["coupon_id|coupon_name"]
        recommended ["cart_id|order_id", "reason"]
        optional ["@coupon"];
    CouponRemoved: "A coupon was taken back." => "telling a discount's effect from a recommendation's",
        required ["coupon_id|coupon_name"]
        recommended ["cart_id|order_id"]
        optional ["@coupon", "currency"];
}
