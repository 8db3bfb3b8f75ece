//! How a visit began: through a search, a social network, a mail, an advertisement, a link, or by itself.
//!
//! The first rule that fits decides:
//!
//! | what is there | channel |
//! |---|---|
//! | `utm_medium` that is known: `cpc`, `ppc`, `paid…`, `display`, … | `paid` |
//! | … `email`, `newsletter`, … | `email` |
//! | … `social`, … or one with `social` in it | `social` |
//! | … `organic` | `search` |
//! | … `referral`, `affiliate`, `partner`, … | `referral` |
//! | a click id of an advertisement (`gclid`, `msclkid`, `ttclid`, …) | `paid` |
//! | a click id that posts and mails carry too (`fbclid`; `mc_eid`) | `social`; `email` |
//! | `utm_source` that is a search engine, a network or a mail service by name, else any campaign | that; `referral` |
//! | a referrer of another host that is known as one of these, else any | that; `referral` |
//! | a page whose referrer is known to be blank | `direct` |
//!
//! A referrer of the page's own host, of a host above or below it, or of a payment service says nothing, and
//! neither does an event without a page: such events have no channel, and belong to the visit that began
//! before. So `direct` is said of a page that begins a visit, never of what is done on it.

/// What a page's visitor came with. Texts as they were sent; blank counts as absent.
#[derive(Debug, Clone, Copy, Default)]
pub struct Arrival<'a> {
    /// `context.campaign.source`
    pub source: Option<&'a str>,
    /// `context.campaign.medium`
    pub medium: Option<&'a str>,
    /// The page's address.
    pub url: Option<&'a str>,
    /// The page's query, where the address has none.
    pub search: Option<&'a str>,
    /// The page before.
    pub referrer: Option<&'a str>,
    /// Whether this is the view of a page of which it is known that none came before.
    pub begins: bool,
}

/// How a visit began.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Visit {
    /// `search`, `social`, `email`, `paid`, `direct` or `referral`.
    pub channel: Option<&'static str>,
    /// The campaign's source, else the vendor of the click id, else the referring host; in lower case, at
    /// most 100 characters.
    pub source: Option<String>,
}

/// The longest source that is kept, in characters.
const MAX_SOURCE: usize = 100;

const PAID: &str = "paid";
const EMAIL: &str = "email";
const SOCIAL: &str = "social";
const SEARCH: &str = "search";
const REFERRAL: &str = "referral";

/// Click ids, the channel that each speaks of, and its vendor.
const CLICK_IDS: [(&str, &str, &str); 25] = [
    ("gclid", PAID, "google"),
    ("gbraid", PAID, "google"),
    ("wbraid", PAID, "google"),
    ("dclid", PAID, "google"),
    ("msclkid", PAID, "bing"),
    ("ttclid", PAID, "tiktok"),
    ("twclid", PAID, "twitter"),
    ("li_fat_id", PAID, "linkedin"),
    ("rdt_cid", PAID, "reddit"),
    ("scclid", PAID, "snapchat"),
    ("sccid", PAID, "snapchat"),
    ("epik", PAID, "pinterest"),
    ("yclid", PAID, "yandex"),
    ("obclid", PAID, "outbrain"),
    ("tblci", PAID, "taboola"),
    ("criteo_id", PAID, "criteo"),
    ("srsltid", SEARCH, "google"),
    ("fbclid", SOCIAL, "facebook"),
    ("igsh", SOCIAL, "instagram"),
    ("igshid", SOCIAL, "instagram"),
    ("mc_eid", EMAIL, "mailchimp"),
    ("mc_cid", EMAIL, "mailchimp"),
    ("_kx", EMAIL, "klaviyo"),
    ("_hsenc", EMAIL, "hubspot"),
    ("vero_id", EMAIL, "vero"),
];

/// Hosts by the labels that they are made of: `google.` stands for any country's, the others for themselves
/// and everything below. Before a search engine stand its vendor's other services.
const HOSTS: [(&str, &str); 68] = [
    ("mail.google.com", EMAIL),
    ("com.google.android.gm", EMAIL),
    ("mail.yahoo.", EMAIL),
    ("outlook.live.com", EMAIL),
    ("outlook.office.com", EMAIL),
    ("outlook.office365.com", EMAIL),
    ("mail.aol.com", EMAIL),
    ("gmx.net", EMAIL),
    ("deref-gmx.net", EMAIL),
    ("web.de", EMAIL),
    ("deref-web.de", EMAIL),
    ("mail.ru", EMAIL),
    ("mail.proton.me", EMAIL),
    ("mail.zoho.", EMAIL),
    ("icloud.com", EMAIL),
    ("com.google.android.googlequicksearchbox", SEARCH),
    ("google.", SEARCH),
    ("bing.com", SEARCH),
    ("duckduckgo.com", SEARCH),
    ("yahoo.", SEARCH),
    ("ecosia.org", SEARCH),
    ("startpage.com", SEARCH),
    ("qwant.com", SEARCH),
    ("baidu.com", SEARCH),
    ("yandex.", SEARCH),
    ("ya.ru", SEARCH),
    ("naver.com", SEARCH),
    ("daum.net", SEARCH),
    ("seznam.cz", SEARCH),
    ("search.brave.com", SEARCH),
    ("kagi.com", SEARCH),
    ("ask.com", SEARCH),
    ("search.aol.com", SEARCH),
    ("suche.t-online.de", SEARCH),
    ("so.com", SEARCH),
    ("sogou.com", SEARCH),
    ("facebook.com", SOCIAL),
    ("com.facebook.katana", SOCIAL),
    ("messenger.com", SOCIAL),
    ("instagram.com", SOCIAL),
    ("com.instagram.android", SOCIAL),
    ("threads.net", SOCIAL),
    ("threads.com", SOCIAL),
    ("t.co", SOCIAL),
    ("twitter.com", SOCIAL),
    ("x.com", SOCIAL),
    ("linkedin.com", SOCIAL),
    ("lnkd.in", SOCIAL),
    ("pinterest.", SOCIAL),
    ("pin.it", SOCIAL),
    ("reddit.com", SOCIAL),
    ("youtube.com", SOCIAL),
    ("youtu.be", SOCIAL),
    ("tiktok.com", SOCIAL),
    ("snapchat.com", SOCIAL),
    ("bsky.app", SOCIAL),
    ("mastodon.social", SOCIAL),
    ("vk.com", SOCIAL),
    ("ok.ru", SOCIAL),
    ("weibo.com", SOCIAL),
    ("tumblr.com", SOCIAL),
    ("xing.com", SOCIAL),
    ("whatsapp.com", SOCIAL),
    ("wa.me", SOCIAL),
    ("t.me", SOCIAL),
    ("discord.com", SOCIAL),
    ("quora.com", SOCIAL),
    ("line.me", SOCIAL),
];

/// Services that a buyer passes through on the way to the order and back.
const PAYMENT_HOSTS: [&str; 9] = [
    "paypal.com",
    "klarna.com",
    "stripe.com",
    "adyen.com",
    "mollie.com",
    "sofort.com",
    "payments-amazon.com",
    "accounts.google.com",
    "appleid.apple.com",
];

/// Says how a visit began; nothing where the event does not tell.
#[must_use]
pub fn visit(arrival: &Arrival<'_>) -> Visit {
    let query = arrival.url.and_then(query_of).or(arrival.search).unwrap_or_default();
    let source = arrival.source.map(decoded).or_else(|| parameter(query, "utm_source"));
    let medium = arrival.medium.map(decoded).or_else(|| parameter(query, "utm_medium"));
    let clicked = click_id(query);
    let referrer = arrival.referrer.and_then(host_of).filter(|host| !is_internal(host, arrival.url));
    let of_medium = medium.as_deref().and_then(channel_of_medium);
    let campaign = source.is_some() || medium.is_some();
    let channel = of_medium
        .or(clicked.map(|(_, channel, _)| channel))
        .or_else(|| source.as_deref().and_then(channel_of_source))
        .or_else(|| campaign.then_some(REFERRAL))
        .or_else(|| referrer.as_deref().map(channel_of_host))
        .or_else(|| (arrival.begins && arrival.referrer.is_none()).then_some("direct"));
    let source = source.or_else(|| clicked.map(|(.., vendor)| vendor.to_owned())).or(referrer);
    Visit { channel, source }
}

fn channel_of_medium(medium: &str) -> Option<&'static str> {
    Some(match medium {
        "cpc" | "ppc" | "cpm" | "cpv" | "cpa" | "cpp" | "ads" | "ad" | "sem" | "display" | "banner"
        | "retargeting" | "remarketing" | "shopping" => PAID,
        "email" | "e-mail" | "e_mail" | "mail" | "newsletter" => EMAIL,
        "organic" | "seo" => SEARCH,
        "referral" | "affiliate" | "affiliates" | "partner" | "link" => REFERRAL,
        "sm" => SOCIAL,
        _ if medium.starts_with("paid") => PAID,
        _ if medium.contains("social") => SOCIAL,
        _ => return None,
    })
}

/// The channel of a source by name (`google`, `facebook`) or by host.
fn channel_of_source(source: &str) -> Option<&'static str> {
    match source {
        "email" | "newsletter" | "klaviyo" | "mailchimp" => return Some(EMAIL),
        "twitter" | "fb" | "ig" | "insta" | "snapchat" => return Some(SOCIAL),
        _ => {}
    }
    let is =
        |host: &str| host == source || host.strip_suffix(".com").or(host.strip_suffix('.')) == Some(source);
    HOSTS.iter().find(|(host, _)| is(host)).map(|(_, channel)| *channel)
}

fn channel_of_host(host: &str) -> &'static str {
    let known = HOSTS.iter().find(|(known, _)| is_or_below(host, known)).map(|(_, channel)| *channel);
    match known {
        Some(channel) => channel,
        None if host.starts_with("mail.") || host.starts_with("webmail.") => EMAIL,
        None => REFERRAL,
    }
}

/// Whether a host is this one or below it; one that ends in a dot fits any domain of a country.
fn is_or_below(host: &str, known: &str) -> bool {
    if known.ends_with('.') {
        let mut labels = Some(host);
        while let Some(from) = labels {
            if from.strip_prefix(known).is_some_and(|domain| domain.len() <= 6) {
                return true;
            }
            labels = from.split_once('.').map(|(_, rest)| rest);
        }
        return false;
    }
    host == known || host.strip_suffix(known).is_some_and(|rest| rest.ends_with('.'))
}

/// Whether a referrer is the shop itself, or a service that it sends its buyers through.
fn is_internal(host: &str, url: Option<&str>) -> bool {
    let own = url.and_then(host_of).is_some_and(|own| is_or_below(host, &own) || is_or_below(&own, host));
    own || PAYMENT_HOSTS.iter().any(|payment| is_or_below(host, payment))
}

/// The host of an address, in lower case, without `www.`, a user and a port.
fn host_of(url: &str) -> Option<String> {
    let (_, rest) = url.split_once("://")?;
    let authority = rest.split(['/', '?', '#']).next()?;
    let host = authority.rsplit('@').next()?;
    let host = if host.starts_with('[') { host } else { host.split(':').next()? };
    let host = host.get(..host.len().min(MAX_SOURCE))?.to_ascii_lowercase();
    let host = host.strip_prefix("www.").unwrap_or(&host);
    (!host.is_empty()).then(|| host.to_owned())
}

fn query_of(url: &str) -> Option<&str> {
    let (_, query) = url.split_once('?')?;
    Some(query.split('#').next().unwrap_or(query))
}

fn pairs(query: &str) -> impl Iterator<Item = (&str, &str)> {
    let query = query.strip_prefix('?').unwrap_or(query);
    query.split('&').filter_map(|pair| pair.split_once('=')).filter(|(_, value)| !value.is_empty())
}

fn parameter(query: &str, name: &str) -> Option<String> {
    pairs(query).find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| decoded(value))
}

/// The first row of the table that the query has an id of.
fn click_id(query: &str) -> Option<(&'static str, &'static str, &'static str)> {
    if query.is_empty() {
        return None;
    }
    let row = |key: &str| CLICK_IDS.iter().position(|(name, ..)| key.eq_ignore_ascii_case(name));
    pairs(query).filter_map(|(key, _)| row(key)).min().map(|at| CLICK_IDS[at])
}

/// In lower case, `+` and `%20` as blanks, cut to its limit.
fn decoded(text: &str) -> String {
    let text = text.replace("%20", " ").replace('+', " ");
    text.trim().chars().take(MAX_SOURCE).flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests;
