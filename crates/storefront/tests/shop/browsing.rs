//! Home, categories, products, the search: what they show.

use tradewind_catalog::Product;
use tradewind_kernel::{Currency, Money};

use super::memory::Health;
use super::{Browser, StatusCode};

/// A shop as the Online Retail data has it: capitals, no categories, no descriptions.
fn plain_shop() -> Browser {
    let product = |n: u32| Product {
        id: format!("85{n:03}A"),
        title: format!("WHITE HANGING HEART T-LIGHT HOLDER {n}"),
        price: Some(Money::new(255, Currency::GBP)),
        ..Product::default()
    };
    Browser::at((0..200).map(product).collect(), Health::Well)
}

#[tokio::test]
async fn a_home_page_is_small_and_says_why() {
    let mut browser = Browser::new();
    browser.get("/p/p26").await;
    let home = browser.get("/").await;
    assert_eq!(home.status, StatusCode::OK);
    assert!(home.body.len() < 60_000, "{} bytes", home.body.len());
    home.shows(&[
        "<h2 id=\"home-for_you\">For you",
        "Recently viewed",
        "Trending now",
        "Departments",
        "How this was decided",
        "Because you viewed",
        "Sessions like this",
        "slot=home.for_you.1",
        "Test &amp; Co",
        "href=\"/docs\"",
    ]);
    home.hides(&["<script", "style=", "http://fonts", "https://"]);
    let policy = home.header("content-security-policy");
    assert!(policy.starts_with("default-src 'self'") && !policy.contains("unsafe"));
    assert_eq!(browser.engine.asked().len(), 2, "one question a page");
}

#[tokio::test]
async fn a_shop_without_categories_has_no_empty_sections() {
    let mut browser = plain_shop();
    let home = browser.get("/").await;
    home.shows(&["White Hanging Heart T-Light Holder 1", "£2.55", "href=\"/search\""]);
    home.hides(&["Departments</h2>", "WHITE HANGING"]);
    let all = browser.get("/search?page=2").await;
    all.shows(&["All products", "Page 2 of 9", "/p/85024A"]);
}

#[tokio::test]
async fn a_category_filters_sorts_and_turns_pages() {
    let mut browser = Browser::new();
    let page = browser.get("/c/clothing").await;
    page.shows(&["<h1>Clothing</h1>", "/c/clothing/jackets", "10 products", "brand=Osk", "color=Navy"]);
    let filtered = browser.get("/c/clothing?brand=Osk&color=Sand").await;
    filtered.shows(&["2 products", "Clear all filters", "Fleece Overshirt"]);
    filtered.hides(&["Waxed Deck Coat"]);
    let sorted = browser.get("/c/clothing?sort=price&page=99").await;
    let at = |title: &str| sorted.body.find(title).unwrap();
    assert!(at("Rain Smock") < at("Fleece Overshirt"));
    assert_eq!(browser.get("/c/clothing/jackets").await.status, StatusCode::OK);
    assert_eq!(browser.get("/c/nowhere").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_product_page_has_all_that_is_known() {
    let mut browser = Browser::new();
    let page = browser.get("/p/p11").await;
    page.shows(&[
        "<h1>Headwind Shell Jacket</h1>",
        "from €183.20",
        "Only 3 left",
        "<select id=\"sku\"",
        "L · €188.20",
        "Weight (g)",
        "/c/clothing/jackets",
        "Bought together",
        "degraded",
        "Similar",
        "alt=\"Headwind Shell Jacket\"",
    ]);
    assert_eq!(browser.get("/p/none").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn the_search_finds_the_best_first_and_is_kind_about_nothing() {
    let mut browser = Browser::new();
    let found = browser.get("/search?q=TENTS").await;
    found.shows(&["Results for “TENTS”", "Lee Shore 2 Tent", "value=\"TENTS\""]);
    let both = browser.get("/search?q=enamel+mug").await;
    both.shows(&["1 product<", "Enamel Mug"]);
    let nothing = browser.get("/search?q=zzz").await;
    nothing.shows(&["Nothing matches “zzz”", "Trending now"]);
    assert_eq!(nothing.status, StatusCode::OK);
}

#[tokio::test]
async fn pictures_and_assets_are_kept_by_browsers() {
    let mut browser = Browser::new();
    let picture = browser.get("/media/p01.svg").await;
    assert_eq!(picture.header("content-type"), "image/svg+xml");
    assert!(picture.header("cache-control").contains("max-age=86400"));
    let tag = picture.header("etag").to_owned();
    let again = browser.with("if-none-match", &tag).get("/media/p01.svg").await;
    assert_eq!((again.status, again.body.len()), (StatusCode::NOT_MODIFIED, 0));
    let mut browser = Browser::new();
    browser.get("/media/hero.svg").await.shows(&["<svg"]);
    for gone in ["/media/p99.svg", "/media/p01.png", "/assets/shop.css", "/assets/..%2fCargo.toml"] {
        assert_eq!(browser.get(gone).await.status, StatusCode::NOT_FOUND, "{gone}");
    }
    let home = browser.get("/").await.body;
    let from = home.find("/assets/shop-").unwrap();
    let css = browser.get(&home[from..from + home[from..].find('"').unwrap()]).await;
    assert!(css.header("cache-control").contains("immutable") && css.body.contains("--paper"));
    css.hides(&["url(", "@import"]);
}

#[tokio::test]
async fn a_broken_engine_breaks_no_page() {
    let mut browser = Browser::at(super::memory::goods(), Health::Broken);
    let home = browser.get("/").await;
    home.shows(&["From the shop", "Plain catalog order", "Lee Shore 2 Tent"]);
    home.hides(&["For you"]);
    browser.get("/p/p11").await.shows(&["Similar", "Waxed Deck Coat", "Plain catalog order"]);
    assert_eq!(browser.post("/cart/add", "product_id=p25").await.status, StatusCode::SEE_OTHER);
    for path in ["/cart", "/checkout", "/search?q=mug", "/c/camping", "/account", "/console"] {
        assert_eq!(browser.get(path).await.status, StatusCode::OK, "{path}");
    }
}
