//! Looking: searches, lists, recommendations, promotions, products.

use super::entries;

entries! {
    ProductsSearched: "Somebody searched." => "search suggestions, intent, and searches without results",
        required ["query"]
        recommended ["results_count|number_of_results", "products[].position"]
        optional ["number_of_results", "list_id", "@products", "@decision"];
    ProductListViewed: "A list was shown: a category, search results, a collection." =>
        "impressions: what was seen and not clicked",
        required ["products", "products[].product_id|sku"]
        recommended ["list_id", "products[].position", "category"]
        optional ["@products", "@decision", "currency"];
    ProductListFiltered: "A list was narrowed or ordered." => "taste for attributes, and impressions",
        required []
        recommended ["list_id", "filters|sorts", "products", "products[].product_id|sku", "products[].position"]
        optional ["sorts", "category", "@products", "currency"];
    QuizAnswered: "A question about taste was answered: what somebody looks for, likes or wants to pay." =>
        "taste at once: affinities for the categories, brands and attributes that were named",
        required ["category@wanted|brand|attributes|price_max"]
        recommended ["quiz_id"]
        optional ["brand@wanted", "attributes", "price_max", "question", "answer", "currency"];
    RecommendationsViewed: "Slots that a decision filled were rendered." =>
        "impressions of decisions: click rates, position-bias correction, counterfactual evaluation",
        required ["decision_id", "products", "products[].product_id|sku"]
        recommended ["placement", "products[].position"]
        optional ["list_id", "@products", "currency"];
    PromotionViewed: "A banner or teaser was shown." => "choosing among promotions",
        required ["promotion_id"]
        recommended ["creative", "position@promotion"]
        optional ["name@promotion", "@decision"];
    PromotionClicked: "A banner or teaser was clicked." => "choosing among promotions",
        required ["promotion_id"]
        recommended ["creative", "position@promotion"]
        optional ["name@promotion", "@decision"];
    ProductClicked: "A product in a list was clicked." => "sessions, co-occurrence, popularity; results by list and decision",
        required ["product_id|sku"]
        recommended ["position", "list_id", "decision_id"]
        optional ["@product", "placement", "currency"];
    ProductViewed: "A product's page was shown." => "sessions, co-occurrence, popularity, recently viewed",
        required ["product_id|sku"]
        recommended ["price", "currency", "name", "category", "stock|availability"]
        optional ["@product", "value", "@decision"];
    ProductAddedToWishlist: "A product was put on a list of wishes." => "strong interest without an order",
        required ["product_id|sku"]
        recommended ["price", "currency"]
        optional ["@product", "wishlist_id", "wishlist_name", "@decision"];
    ProductRemovedFromWishlist: "A product was taken off a list of wishes." => "interest that has gone",
        required ["product_id|sku"]
        recommended []
        optional ["@product", "wishlist_id", "wishlist_name", "currency"];
    WishlistProductAddedToCart: "A wished product was put into the cart." => "carts, and what wishes lead to",
        required ["product_id|sku"]
        recommended ["price", "currency", "quantity", "cart_id"]
        optional ["@product", "wishlist_id", "wishlist_name"];
    ProductShared: "A product was shared." => "interest",
        required ["product_id|sku"]
        recommended []
        optional ["share_via", "share_message", "recipient", "@product", "currency"];
    CartShared: "A cart was shared." => "interest",
        required []
        recommended ["cart_id", "products", "products[].product_id|sku"]
        optional ["share_via", "share_message", "recipient", "@products", "currency"];
    ProductReviewed: "A product was reviewed." => "liking, beyond clicks and orders",
        required ["product_id|sku"]
        recommended ["rating", "review_id"]
        optional ["sku", "review_body", "name"];
    ExperimentViewed: "A variation of an experiment was shown: the exposure." => "measuring the experiment",
        required ["experiment_id", "variation_id|variation_name"]
        recommended []
        optional ["experiment_name", "variation_name"];
}
