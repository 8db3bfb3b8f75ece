//! The cart, the checkout, signing in and out.

use super::{Browser, StatusCode, properties};

const ADDRESS: &str =
    "email=ann%40example.com&name=Ann&address=1+Quay&postcode=1000&city=Port&country=Denmark";

#[tokio::test]
async fn a_cart_is_filled_changed_and_emptied() {
    let mut browser = Browser::new();
    let added = browser.post("/cart/add", "product_id=p25&quantity=2").await;
    assert_eq!((added.status, added.header("location")), (StatusCode::SEE_OTHER, "/cart"));
    browser.post("/cart/add", "product_id=p11&sku=p11-L").await;
    assert_eq!(browser.cookie("tw_cart"), Some("p25*2.p11~p11-L*1"));
    let cart = browser.get("/cart").await;
    cart.shows(&["Enamel Mug", "€371.60", "€188.20", "€559.80", "Goes well with", "class=\"count\">3<"]);
    browser.post("/cart/update", "product_id=p25&quantity=1").await;
    browser.post("/cart/remove", "product_id=p11&sku=p11-L").await;
    assert_eq!(browser.cookie("tw_cart"), Some("p25*1"));
    browser.post("/cart/update", "product_id=p25&quantity=0").await;
    assert_eq!(browser.cookie("tw_cart"), None);
    browser.get("/cart").await.shows(&["Your cart is empty"]);
    let changes: Vec<_> =
        browser.recorded().into_iter().filter(|name| name.starts_with("Product ")).collect();
    assert_eq!(
        changes,
        ["Product Added", "Product Added", "Product Removed", "Product Removed", "Product Removed"]
    );
}

#[tokio::test]
async fn an_order_is_checked_recorded_once_and_private() {
    let mut browser = Browser::new();
    browser.post("/cart/add", "product_id=p25&quantity=2").await;
    let form = browser.get("/checkout").await;
    form.shows(&["autocomplete=\"street-address\"", "<label for=\"email\">", "€371.60"]);
    let wrong = browser.post("/checkout", "email=ann&name=%3Cb%3E").await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    wrong.shows(&["5 entries need", "aria-invalid=\"true\"", "value=\"&lt;b&gt;\""]);
    let id = "0198c2c4-7a7e-7c3e-9d8b-0123456789ab";
    let placed = browser.post("/checkout", &format!("order_id={id}&{ADDRESS}")).await;
    assert_eq!(placed.header("location"), format!("/order/{id}"));
    assert_eq!(browser.cookie("tw_cart"), None);
    let order = browser.last("Order Completed");
    let seen = properties(&order);
    assert_eq!((order.message_id.as_str(), &seen["order_id"]), (id, &id.into()));
    assert_eq!((&seen["revenue"], &seen["products"][0]["quantity"]), (&371.6.into(), &2.into()));
    assert!(!format!("{:?}", browser.engine.events()).contains("Quay"), "an address is in an event");
    let thanks = browser.get(&format!("/order/{id}")).await;
    thanks.shows(&["Thank you", "456789AB", "Enamel Mug", "Trending now"]);
    let mut other = Browser::new();
    other.get(&format!("/order/{id}")).await.hides(&["2 × Enamel Mug"]);
    assert_eq!(browser.get("/checkout").await.header("location"), "/cart");
}

#[tokio::test]
async fn signing_in_says_who_and_signing_out_starts_afresh() {
    let mut browser = Browser::new();
    browser.get("/account").await.shows(&["E-mail or customer number"]);
    let before = browser.cookie("tw_anon").unwrap().to_owned();
    assert_eq!(browser.post("/account/sign-in", "user=+").await.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(browser.post("/account/sign-in", "user=Ann@Example.com").await.status, StatusCode::SEE_OTHER);
    let said = browser.engine.events().pop().unwrap();
    assert_eq!(
        (said.user_id.as_deref(), said.anonymous_id.as_ref()),
        (Some("ann@example.com"), Some(&before))
    );
    assert_eq!(said.traits.unwrap().get(), r#"{"email":"ann@example.com"}"#);
    browser.get("/account").await.shows(&["<b>ann@example.com</b>", "Sign out"]);
    browser.get("/").await;
    assert_eq!(browser.engine.asked().last().unwrap()["subject"]["userId"], "ann@example.com");
    browser.post("/account/sign-out", "").await;
    assert_eq!(browser.cookie("tw_user"), None);
    assert_ne!(browser.cookie("tw_anon"), Some(before.as_str()));
}
