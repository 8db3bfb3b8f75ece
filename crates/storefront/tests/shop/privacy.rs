//! The banner, the page of privacy, and what follows from them.

use tradewind_kernel::Subject;

use super::memory::{self, Health};
use super::{Browser, StatusCode};

const BANNER: &str = "aria-label=\"Privacy choices\"><div";

/// What the browser's own id said last.
fn said(browser: &Browser) -> serde_json::Value {
    browser.engine.choices().pop().unwrap().1
}

#[tokio::test]
async fn the_banner_asks_until_it_is_answered_and_neither_answer_is_easier() {
    let mut browser = Browser::new();
    let page = browser.get("/c/camping?page=2&from=d&slot=x.1").await;
    page.shows(&[BANNER, "value=\"/c/camping?page=2\"", "<details><summary>Choose by purpose"]);
    page.hides(&["checked", "<script"]);
    let class_of = |choice: &str| {
        let at = page.body.find(&format!("name=\"choice\" value=\"{choice}\"")).unwrap();
        page.body[page.body[..at].rfind("<button").unwrap()..at].to_owned()
    };
    assert_eq!(class_of("accept"), class_of("refuse"), "both buttons are alike");
    let banner = page.body.find(BANNER).unwrap();
    assert!(banner < page.body.find("<header").unwrap(), "the keyboard comes to it first");

    let kept = browser.post("/privacy/choices", "choice=refuse&back=%2Fc%2Fcamping%3Fpage%3D2").await;
    assert_eq!((kept.status, kept.header("location")), (StatusCode::SEE_OTHER, "/c/camping?page=2"));
    browser.get("/c/camping").await.hides(&[BANNER]);
    let own = Subject::Anonymous(browser.cookie("tw_anon").unwrap().to_owned());
    assert_eq!(browser.engine.choices().pop().unwrap().0, own);
    let purposes = said(&browser)["purposes"].clone();
    assert!(purposes.as_object().unwrap().values().all(|said| said == false), "{purposes}");
    let notice = said(&browser)["notice"].clone();
    assert_eq!(
        (&notice["id"], notice["hash"].as_str().map(str::len)),
        (&"storefront.banner".into(), Some(16))
    );
    browser.set_cookie("tw_choice", "0");
    browser.get("/").await.shows(&[BANNER]);
}

#[tokio::test]
async fn each_purpose_can_be_chosen_and_changed_again() {
    let mut browser = Browser::new();
    browser
        .post("/privacy/choices", "choice=save&back=%2F&analytics=yes&personalization=yes&made_up=yes")
        .await;
    let banner = said(&browser);
    assert_eq!(banner["source"], "banner");
    let purposes = &banner["purposes"];
    let allowed = [&purposes["analytics"], &purposes["personalization"], &purposes["ads_sharing"]];
    assert_eq!(
        (allowed, purposes.as_object().unwrap().len()),
        ([&true.into(), &true.into(), &false.into()], 5)
    );
    let page = browser.get("/privacy").await;
    page.shows(&[
        "id=\"page-analytics\" name=\"analytics\" value=\"yes\" checked",
        "you said so on 2026-11-21",
    ]);
    page.hides(&[BANNER, "name=\"ads_sharing\" value=\"yes\" checked"]);
    browser.post("/privacy/choices", "choice=accept&back=%2Fprivacy").await;
    assert_eq!(said(&browser)["source"], "privacy_page");
    for odd in ["", "choice=perhaps", "back=%2F"] {
        assert_eq!(browser.post("/privacy/choices", odd).await.status, StatusCode::BAD_REQUEST, "{odd}");
    }
    let elsewhere = browser.post("/privacy/choices", "choice=refuse&back=%2F%2Fevil.example").await;
    assert_eq!(elsewhere.header("location"), "/");
}

#[tokio::test]
async fn a_browser_that_refuses_sharing_has_refused_it() {
    let mut browser = Browser::new().with("sec-gpc", "1");
    browser
        .get("/p/p26")
        .await
        .shows(&["Global Privacy Control", "name=\"ads_sharing\" value=\"yes\" disabled"]);
    let context = browser.last("Product Viewed").context.unwrap();
    assert!(context.get().contains("\"consent\":{\"gpc\":true}"), "{}", context.get());
    browser.post("/privacy/choices", "choice=accept&back=%2F").await;
    let purposes = said(&browser)["purposes"].clone();
    assert_eq!((&purposes["ads_sharing"], &purposes["analytics"]), (&false.into(), &true.into()));
}

#[tokio::test]
async fn who_refuses_gets_the_shop_of_a_stranger_and_reads_why() {
    let mut browser = Browser::new();
    browser.get("/p/p26").await;
    browser.get("/").await.shows(&["For you", "Because you viewed", "arranged for this visit"]);
    browser.post("/privacy/choices", "choice=refuse&back=%2F").await;
    let home = browser.get("/").await;
    home.shows(&["Popular in the shop", "not personal", "any stranger would see here", "same for everybody"]);
    home.hides(&["For you", "Because you viewed", "Recently viewed", "degraded"]);
    browser.get("/privacy").await.shows(&["nothing reads what is kept of you"]);
    browser.get("/console/live").await.shows(&["data-why=\"no_consent\"", "does not agree"]);
    browser.post("/privacy/choices", "choice=accept&back=%2F").await;
    browser.get("/").await.shows(&["Because you viewed"]);
}

#[tokio::test]
async fn the_page_tells_what_is_known_and_hands_it_out() {
    let mut browser = Browser::new();
    browser.get("/privacy").await.shows(&["Nothing yet.", "Download my data", "Delete my data"]);
    browser.get("/p/p26").await;
    let events = browser.recorded().len();
    browser.get("/privacy").await.shows(&["Recently viewed", "Double Wall Mug"]);
    assert_eq!(browser.recorded().len(), events, "looking records nothing");
    let file = browser.post("/privacy/download", "").await;
    assert_eq!(file.header("content-disposition"), "attachment; filename=\"my-data.json\"");
    file.shows(&[browser.cookie("tw_anon").unwrap()]);
}

#[tokio::test]
async fn deletion_needs_a_word_and_leaves_a_stranger() {
    let mut browser = Browser::new();
    browser.post("/cart/add", "product_id=p25").await;
    browser.post("/privacy/choices", "choice=accept&back=%2F").await;
    let before = browser.cookie("tw_anon").unwrap().to_owned();
    assert_eq!(browser.post("/privacy/delete", "").await.status, StatusCode::BAD_REQUEST);
    assert!(browser.engine.erased().is_empty());
    let events = browser.recorded().len();
    let gone = browser.post("/privacy/delete", "sure=yes").await;
    gone.shows(&["Deleted", "request-1", "class=\"count none\">0<"]);
    assert_eq!(browser.engine.erased(), [Subject::Anonymous(before.clone())]);
    assert_eq!(browser.recorded().len(), events, "nothing is recorded of who was erased");
    assert_ne!(browser.cookie("tw_anon"), Some(before.as_str()));
    assert_eq!((browser.cookie("tw_cart"), browser.cookie("tw_choice")), (None, None));
}

#[tokio::test]
async fn an_account_is_neither_handed_out_nor_deleted_without_a_password() {
    let mut browser = Browser::new();
    browser.post("/account/sign-in", "user=ann%40example.com").await;
    browser.get("/privacy").await.hides(&["Download my data", "Delete my data"]);
    for path in ["/privacy/download", "/privacy/delete"] {
        let refused = browser.post(path, "sure=yes").await;
        assert_eq!(refused.status, StatusCode::FORBIDDEN);
        refused.hides(&["events"]);
    }
    assert!(browser.engine.erased().is_empty());
    browser.post("/privacy/choices", "choice=refuse&back=%2F").await;
    assert_eq!(browser.engine.choices().pop().unwrap().0, Subject::User("ann@example.com".into()));
    browser.post("/account/sign-out", "").await;
    browser.get("/").await.shows(&[BANNER]);
}

#[tokio::test]
async fn a_choice_that_is_not_kept_is_not_said_to_be() {
    let mut browser = Browser::at(memory::goods(), Health::Broken);
    let answer = browser.post("/privacy/choices", "choice=refuse&back=%2F").await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
    answer.shows(&["could not be kept"]);
    browser.get("/").await.shows(&[BANNER]);
    browser.get("/privacy").await.shows(&["cannot be told at the moment"]);
}

#[tokio::test]
async fn crawlers_and_the_checkout_are_left_alone() {
    let mut robot = Browser::new().with("user-agent", "Googlebot/2.1");
    robot.get("/").await.hides(&[BANNER]);
    let mut browser = Browser::new();
    browser.post("/cart/add", "product_id=p25").await;
    browser.get("/checkout").await.hides(&[BANNER]);
}
