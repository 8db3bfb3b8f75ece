//! Markup in every place that somebody else can write to, and input that is not what a form sends.

use tradewind_catalog::Product;
use tradewind_kernel::{Currency, Money};

use super::memory::Health;
use super::{Browser, StatusCode};

const MARKUP: &str = "<script>alert(1)</script>\"'&";

#[tokio::test]
async fn markup_is_shown_and_never_run() {
    let product = Product {
        id: "\"><script>".into(),
        title: MARKUP.into(),
        description: MARKUP.into(),
        category_path: vec![MARKUP.into()],
        brand: Some(MARKUP.into()),
        price: Some(Money::new(100, Currency::EUR)),
        attributes: [(MARKUP.to_owned(), MARKUP.to_owned()), ("color".to_owned(), MARKUP.to_owned())].into(),
        ..Product::default()
    };
    let twin = Product { id: "twin".into(), brand: Some("Other".into()), ..product.clone() };
    let mut browser = Browser::at(vec![product, twin], Health::Well).with("user-agent", MARKUP);
    browser.set_cookie("tw_user", "%3Cscript%3Ealert(1)%3C%2Fscript%3E%22");
    browser.post("/cart/add", "product_id=twin").await;
    let pages = [
        "/",
        "/p/%22%3E%3Cscript%3E",
        "/p/%22%3E%3Cscript%3E?from=%22%3E&slot=%22%3E.1",
        "/c/script-alert-1-script",
        "/search?q=%3Cscript%3Ealert(1)%3C/script%3E%22'",
        "/search?q=zzz%22%3E%3Cscript%3E&brand=%22%3E%3Cscript%3E",
        "/cart",
        "/checkout",
        "/account",
    ];
    for path in pages {
        let page = browser.get(path).await;
        assert_eq!(page.status, StatusCode::OK, "{path}");
        page.hides(&["<script", "alert(1)</", "\"'&"]);
    }
    let console = browser.get("/console").await;
    assert_eq!(console.body.matches("<script").count(), 1, "its own script only");
    let lost = browser.get("/%3Cscript%3E").await;
    assert_eq!(lost.status, StatusCode::NOT_FOUND);
    lost.hides(&["<script"]);
}

#[tokio::test]
async fn odd_requests_get_a_clear_answer() {
    let mut browser = Browser::new();
    let cases = [
        ("POST", "/cart/add", Some(""), 400),
        ("POST", "/cart/add", Some("product_id=p25&quantity=many"), 400),
        ("POST", "/cart/add", Some("product_id=p25&quantity=0"), 400),
        ("POST", "/cart/add", Some("product_id=p25&quantity=-3"), 400),
        ("POST", "/cart/add", Some("product_id=nothing"), 404),
        ("POST", "/cart/add", Some("product_id=p11&sku=made-up"), 400),
        ("POST", "/cart/add", None, 400),
        ("POST", "/cart/add", Some("product_id=%ff%fe"), 404),
        ("POST", "/cart/update", Some("product_id=nothing&quantity=99999999999"), 303),
        ("POST", "/cart/remove", Some("product_id=nothing"), 303),
        ("POST", "/checkout", Some(""), 303),
        ("GET", "/cart/add", None, 405),
        ("DELETE", "/", None, 405),
        ("GET", "/p/%ff", None, 404),
        ("GET", "/c/%ff", None, 404),
        ("GET", "/order/x", None, 404),
        ("GET", "/search?q=%ff&page=-1&sort=%00", None, 200),
        ("GET", "/search?q=a&q=b&page=9999999999999999999999", None, 200),
        ("GET", "/c/camping?page=0&brand=&color=%zz", None, 200),
        ("GET", "/wp-login.php", None, 404),
    ];
    for (method, uri, body, status) in cases {
        let answer = browser.send(method, uri, body).await;
        assert_eq!(answer.status.as_u16(), status, "{method} {uri} {body:?}");
        assert!(status == 303 || answer.body.contains("<h1"), "{method} {uri} has no page");
    }
    let large = format!("product_id={}", "x".repeat(20_000));
    assert_eq!(browser.post("/cart/add", &large).await.status.as_u16(), 400);
}

#[tokio::test]
async fn another_sites_form_changes_nothing() {
    let mut browser = Browser::new().with("sec-fetch-site", "cross-site");
    for (path, form) in [("/cart/add", "product_id=p25"), ("/account/sign-in", "user=mallory")] {
        assert_eq!(browser.post(path, form).await.status, StatusCode::FORBIDDEN);
    }
    assert_eq!((browser.cookies.len(), browser.recorded().len()), (0, 0));
    assert_eq!(browser.get("/").await.status, StatusCode::OK, "links from elsewhere work");
}

#[tokio::test]
async fn made_up_cookies_are_left_out() {
    let mut browser = Browser::new();
    browser.set_cookie("tw_anon", "me");
    browser.set_cookie("tw_cart", "p25*2.nothing*1.p11~fake*1.%zz*1.p26*1000");
    browser.set_cookie("tw_user", "%00");
    let cart = browser.get("/cart").await;
    cart.shows(&["Enamel Mug", "class=\"count\">2<", "Sign in"]);
    assert_eq!(browser.cookie("tw_anon").map(str::len), Some(36));
}
