use super::*;

const SHOP: &str = "https://www.shop.example/p/1";

#[track_caller]
fn check(arrival: &Arrival<'_>, channel: &str, source: &str) {
    let found = visit(arrival);
    let found = (found.channel.unwrap_or("-"), found.source.unwrap_or("-".into()));
    assert_eq!(found, (channel, source.to_owned()), "{arrival:?}");
}

#[track_caller]
fn medium(medium: &str, channel: &str) {
    let arrival =
        Arrival { source: Some("flyer"), medium: Some(medium), url: Some(SHOP), ..Arrival::default() };
    check(&arrival, channel, "flyer");
}

#[track_caller]
fn landed(query: &str, channel: &str, source: &str) {
    let url = format!("{SHOP}?{query}#top");
    check(&Arrival { url: Some(&url), ..Arrival::default() }, channel, source);
}

#[track_caller]
fn came_from(referrer: &str, channel: &str, source: &str) {
    let arrival = Arrival { url: Some(SHOP), referrer: Some(referrer), begins: true, ..Arrival::default() };
    check(&arrival, channel, source);
}

#[test]
fn the_medium_decides_first() {
    for paid in ["cpc", "PPC", "cpm", "paid", "paid_social", "paid-search", "display", "retargeting"] {
        medium(paid, "paid");
    }
    for email in ["email", "E-Mail", "newsletter"] {
        medium(email, "email");
    }
    for social in ["social", "social-network", "organic_social", "sm"] {
        medium(social, "social");
    }
    medium("organic", "search");
    medium("affiliate", "referral");
    medium("qr-code", "referral");
    landed("utm_medium=email&gclid=x&utm_source=News", "email", "news");
}

#[test]
fn click_ids_and_sources() {
    for (id, vendor) in [
        ("gclid", "google"),
        ("gbraid", "google"),
        ("wbraid", "google"),
        ("msclkid", "bing"),
        ("ttclid", "tiktok"),
        ("twclid", "twitter"),
        ("li_fat_id", "linkedin"),
        ("dclid", "google"),
        ("ScCid", "snapchat"),
    ] {
        landed(&format!("color=red&{id}=abc"), "paid", vendor);
    }
    landed("fbclid=abc", "social", "facebook");
    landed("fbclid=abc&gclid=abc", "paid", "google");
    landed("mc_eid=abc", "email", "mailchimp");
    landed("srsltid=abc", "search", "google");
    landed("gclid=", "-", "-");
    landed("utm_source=google", "search", "google");
    landed("utm_source=Facebook", "social", "facebook");
    landed("utm_source=newsletter", "email", "newsletter");
    landed("utm_source=Summer+Fair", "referral", "summer fair");
    landed("utm_source=google&utm_medium=cpc", "paid", "google");
    let split =
        Arrival { url: Some(SHOP), search: Some("?utm_source=bing&utm_medium=cpc"), ..Arrival::default() };
    check(&split, "paid", "bing");
}

#[test]
fn referrers() {
    came_from("https://www.google.co.uk/", "search", "google.co.uk");
    came_from("https://www.google.com", "search", "google.com");
    came_from("https://duckduckgo.com/?q=x", "search", "duckduckgo.com");
    came_from("https://de.search.yahoo.com/search", "search", "de.search.yahoo.com");
    came_from("https://mail.google.com/mail/u/0", "email", "mail.google.com");
    came_from("https://webmail.provider.example/", "email", "webmail.provider.example");
    came_from("android-app://com.google.android.gm/", "email", "com.google.android.gm");
    came_from("https://l.facebook.com/l.php?u=x", "social", "l.facebook.com");
    came_from("https://t.co/abc", "social", "t.co");
    came_from("https://www.pinterest.de/pin/1", "social", "pinterest.de");
    came_from("https://user@Blog.Example:8443/post?q#f", "referral", "blog.example");
    came_from("https://notgoogle.com/", "referral", "notgoogle.com");
    came_from("https://google.evil-long-domain.example/", "referral", "google.evil-long-domain.example");
    came_from("https://chatgpt.com/", "referral", "chatgpt.com");
}

/// A visit goes on: neither a channel nor a source.
#[test]
fn what_begins_no_visit_has_no_channel() {
    for own in [
        "https://www.shop.example/",
        "https://shop.example/cart",
        "https://m.shop.example/",
        "https://www.paypal.com/x",
    ] {
        came_from(own, "-", "-");
    }
    check(&Arrival::default(), "-", "-");
    check(&Arrival { url: Some(SHOP), ..Arrival::default() }, "-", "-");
}

#[test]
fn direct_is_a_page_before_which_there_was_none() {
    check(&Arrival { url: Some(SHOP), begins: true, ..Arrival::default() }, "direct", "-");
    let campaign = Arrival { source: Some("tv"), url: Some(SHOP), begins: true, ..Arrival::default() };
    check(&campaign, "referral", "tv");
}

#[test]
fn odd_texts_do_no_harm() {
    let long = "ß".repeat(5_000);
    for odd in ["", "://", "https://", "https://?", "?=&=&", "https://[::1]:80/", long.as_str()] {
        let _ = visit(&Arrival {
            source: None,
            medium: Some(odd),
            url: Some(odd),
            search: Some(odd),
            referrer: Some(odd),
            begins: true,
        });
    }
    let found = visit(&Arrival { source: Some(&long), ..Arrival::default() });
    assert_eq!(found.source.unwrap().chars().count(), 100);
}
