//! Device class, operating system and browser, from the user agent and from client hints.
//!
//! A table of our own rather than a library: what is wanted are a dozen names without versions, and the
//! crates that do this either stopped in 2021 (woothee, before today's crawlers), or carry thousands of
//! regular expressions and cost some half a millisecond a string (the uap family).
//!
//! Rows are tried from the top, and the first that fits counts. An iPad that asks for the desktop's page
//! sends what a Mac sends, to the letter: it counts as a desktop unless another word gives it away.

/// What a user agent says, in words of a closed set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Agent {
    /// `phone`, `tablet`, `desktop`, `tv`, `console`, `wearable`, `bot` or `server`.
    pub device: Option<&'static str>,
    /// The operating system.
    pub os: Option<&'static str>,
    /// The browser.
    pub browser: Option<&'static str>,
}

/// Client hints, from the headers `Sec-CH-UA`, `Sec-CH-UA-Mobile` and `Sec-CH-UA-Platform` or from
/// `navigator.userAgentData`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Hints<'a> {
    /// The brands, as a header or as JSON: each name stands in quotes.
    pub brands: Option<&'a str>,
    /// Whether it is a phone.
    pub mobile: Option<bool>,
    /// The operating system.
    pub platform: Option<&'a str>,
}

/// Marks of programs that no person looks through.
const BOTS: [&str; 40] = [
    "crawl",
    "spider",
    "slurp",
    "facebookexternalhit",
    "facebookcatalog",
    "meta-external",
    "mediapartners-google",
    "google-inspectiontool",
    "google-extended",
    "google-read-aloud",
    "googleother",
    "apis-google",
    "feedfetcher",
    "bingpreview",
    "chatgpt-user",
    "claude-user",
    "claude-web",
    "anthropic-ai",
    "cohere-ai",
    "perplexity-user",
    "mistralai-user",
    "headlesschrome",
    "phantomjs",
    "electron-prerender",
    "prerender",
    "chrome-lighthouse",
    "gtmetrix",
    "pingdom",
    "site24x7",
    "statuscake",
    "datadogsynthetics",
    "newrelicpinger",
    "ia_archiver",
    "archive.org",
    "w3c_validator",
    "embedly",
    "vkshare",
    "skypeuripreview",
    "yandexmetrika",
    "scrapy",
];

/// What begins the user agent of a program on a server.
const SERVER_AGENTS: [&str; 31] = [
    "analytics-node",
    "analytics-python",
    "analytics-php",
    "analytics-ruby",
    "analytics-java",
    "analytics-go",
    "segment-analytics-python",
    "rudder",
    "posthog-node",
    "posthog-python",
    "snowplow-nodejs",
    "python",
    "axios/",
    "node",
    "undici",
    "got (",
    "go-http-client",
    "java/",
    "apache-httpclient",
    "ruby",
    "faraday",
    "guzzlehttp",
    "php",
    "symfony",
    "curl/",
    "wget/",
    "reqwest",
    "hyper/",
    "aiohttp",
    "libwww-perl",
    "dotnet",
];

/// Words of the names of libraries that run on servers.
const SERVER_WORDS: [&str; 16] = [
    "node", "nodejs", "python", "ruby", "php", "java", "go", "golang", "net", "dotnet", "csharp", "rust",
    "rs", "server", "clojure", "elixir",
];

const TVS: [&str; 19] = [
    "smart-tv",
    "smarttv",
    "smart tv",
    "googletv",
    "google tv",
    "android tv",
    "appletv",
    "apple tv",
    "tvos",
    "hbbtv",
    "webos.tv",
    "web0s",
    "netcast",
    "bravia",
    "roku",
    "; aft",
    "crkey",
    "viera",
    "philipstv",
];

const CONSOLES: [&str; 3] = ["playstation", "xbox", "nintendo"];

const WEARABLES: [&str; 6] = ["apple watch", "applewatch", "watchos", "wear os", "wearos", "galaxy watch"];

/// Marks of a browser, before those that it also claims to be. Apps that show pages come first.
const BROWSERS: [(&str, &str); 49] = [
    ("fban/", "Facebook"),
    ("fbav/", "Facebook"),
    ("fb_iab", "Facebook"),
    ("instagram", "Instagram"),
    ("musical_ly", "TikTok"),
    ("bytedancewebview", "TikTok"),
    ("tiktok", "TikTok"),
    ("pinterest/", "Pinterest"),
    ("snapchat", "Snapchat"),
    ("linkedinapp", "LinkedIn"),
    ("twitter for", "X"),
    ("micromessenger", "WeChat"),
    (" line/", "LINE"),
    ("whatsapp", "WhatsApp"),
    ("gsa/", "Google app"),
    ("duckduckgo/", "DuckDuckGo"),
    (" ddg/", "DuckDuckGo"),
    ("edg/", "Edge"),
    ("edga/", "Edge"),
    ("edgios/", "Edge"),
    ("edge/", "Edge"),
    ("opr/", "Opera"),
    ("opera", "Opera"),
    ("opios/", "Opera"),
    ("opt/", "Opera"),
    ("samsungbrowser", "Samsung Internet"),
    ("yabrowser", "Yandex"),
    ("vivaldi", "Vivaldi"),
    ("brave", "Brave"),
    ("ucbrowser", "UC Browser"),
    ("ucweb", "UC Browser"),
    ("miuibrowser", "Mi Browser"),
    ("huaweibrowser", "Huawei Browser"),
    ("whale/", "Whale"),
    ("ecosia", "Ecosia"),
    ("silk/", "Silk"),
    ("seamonkey", "SeaMonkey"),
    ("firefox", "Firefox"),
    ("fxios", "Firefox"),
    ("focus/", "Firefox"),
    ("; wv)", "Android WebView"),
    ("crios/", "Chrome"),
    ("chromium", "Chrome"),
    ("chrome/", "Chrome"),
    ("msie ", "Internet Explorer"),
    ("trident/", "Internet Explorer"),
    ("android", "Android Browser"),
    ("safari/", "Safari"),
    ("applewebkit", "WebView"),
];

/// Marks of an operating system, before those that it also claims to be.
const SYSTEMS: [(&str, &str); 25] = [
    ("windows phone", "Windows Phone"),
    ("playstation", "PlayStation"),
    ("nintendo", "Nintendo"),
    ("windows", "Windows"),
    ("apple tv", "tvOS"),
    ("appletv", "tvOS"),
    ("tvos", "tvOS"),
    ("apple watch", "watchOS"),
    ("watchos", "watchOS"),
    ("iphone", "iOS"),
    ("ipad", "iOS"),
    ("ipod", "iOS"),
    ("cros ", "ChromeOS"),
    ("kaios", "KaiOS"),
    ("tizen", "Tizen"),
    ("web0s", "webOS"),
    ("webos", "webOS"),
    ("harmony", "HarmonyOS"),
    ("android", "Android"),
    ("roku", "Roku"),
    ("mac os x", "macOS"),
    ("macintosh", "macOS"),
    ("freebsd", "FreeBSD"),
    ("linux", "Linux"),
    ("x11", "Linux"),
];

/// Brands of client hints, each in its quotes. The first two are what others are made of.
const BRANDS: [(&str, &str); 11] = [
    ("\"Chromium\"", "Chrome"),
    ("\"Google Chrome\"", "Chrome"),
    ("\"Android WebView\"", "Android WebView"),
    ("\"Microsoft Edge\"", "Edge"),
    ("\"Opera", "Opera"),
    ("\"Brave\"", "Brave"),
    ("\"Vivaldi\"", "Vivaldi"),
    ("\"Samsung Internet\"", "Samsung Internet"),
    ("\"YaBrowser\"", "Yandex"),
    ("\"Yandex\"", "Yandex"),
    ("\"DuckDuckGo\"", "DuckDuckGo"),
];

/// Whether a user agent is that of a program on a server rather than of somebody's device.
#[must_use]
pub fn is_server_agent(user_agent: &str) -> bool {
    let starts = |mark: &str| user_agent.get(..mark.len()).is_some_and(|s| s.eq_ignore_ascii_case(mark));
    SERVER_AGENTS.iter().any(|mark| starts(mark))
}

/// Whether a library runs on servers, by a word of its name: `@segment/analytics-node`, `analytics-python`.
#[must_use]
pub fn is_server_library(name: &str) -> bool {
    let mut words = name.split(|c: char| !c.is_ascii_alphanumeric());
    words.any(|word| SERVER_WORDS.iter().any(|known| word.eq_ignore_ascii_case(known)))
}

impl Agent {
    /// What a user agent says.
    #[must_use]
    pub fn parse(user_agent: &str) -> Self {
        let text = user_agent.to_ascii_lowercase();
        let has = |marks: &[&str]| marks.iter().any(|mark| text.contains(mark));
        let first = |rows: &[(&str, &'static str)]| {
            rows.iter().find(|(mark, _)| text.contains(mark)).map(|(_, name)| *name)
        };
        let is_bot = has(&BOTS) || text.replace("cubot", "").contains("bot") || text.starts_with("whatsapp/");
        if is_bot {
            return Self { device: Some("bot"), ..Self::default() };
        }
        if is_server_agent(user_agent) {
            return Self { device: Some("server"), ..Self::default() };
        }
        let is_apple_touch = has(&["macintosh"]) && has(&["mobile/", "crios/", "fxios/", "edgios/"]);
        let mut os = first(&SYSTEMS);
        if is_apple_touch {
            os = Some("iOS");
        }
        let device = if has(&TVS) || (has(&["tizen"]) && has(&[" tv"])) {
            Some("tv")
        } else if has(&CONSOLES) {
            Some("console")
        } else if has(&WEARABLES) {
            Some("wearable")
        } else if is_apple_touch
            || has(&["ipad", "kindle", "playbook"])
            || (has(&["tablet"]) && !has(&["tablet pc"]))
        {
            Some("tablet")
        } else if has(&["mobi", "iphone", "ipod", "windows phone", "kaios", "blackberry", "opera mini"]) {
            Some("phone")
        } else if has(&["android", "silk/"]) {
            Some("tablet")
        } else {
            os.map(|_| "desktop")
        };
        let browser =
            if text.starts_with("mozilla/") || text.starts_with("opera/") { first(&BROWSERS) } else { None };
        Self { device, os, browser }
    }

    /// The same with what client hints add: they name what Chrome's user agent hides or leaves out, and do
    /// not overrule what it says outright.
    #[must_use]
    pub fn with_hints(mut self, hints: &Hints<'_>) -> Self {
        if matches!(self.device, Some("bot" | "server")) {
            return self;
        }
        let brands = hints.brands.unwrap_or_default();
        let brand = BRANDS.iter().rev().find(|(mark, _)| brands.contains(mark)).map(|(_, name)| *name);
        if matches!(self.browser, None | Some("Chrome")) {
            self.browser = brand.or(self.browser);
        }
        let platform = hints.platform.map(|name| name.trim_matches('"').to_ascii_lowercase());
        if self.os.is_none() {
            self.os = platform.as_deref().and_then(system_of_platform);
        }
        match (hints.mobile, self.device) {
            (Some(true), None | Some("desktop")) => self.device = Some("phone"),
            (Some(false), None) if self.os == Some("Android") => self.device = Some("tablet"),
            (Some(false), None) if self.os.is_some() => self.device = Some("desktop"),
            _ => {}
        }
        self
    }

    /// The same with what an app says of its device where there is no user agent.
    #[must_use]
    pub fn or_app(mut self, kind: Option<&str>, model: Option<&str>, os: Option<&str>) -> Self {
        const CLASSES: [&str; 7] = ["phone", "tablet", "desktop", "tv", "console", "wearable", "server"];
        let is = |text: Option<&str>, word: &str| text.is_some_and(|t| t.eq_ignore_ascii_case(word));
        let starts = |text: Option<&str>, word: &str| {
            text.and_then(|t| t.get(..word.len())).is_some_and(|t| t.eq_ignore_ascii_case(word))
        };
        if self.os.is_none() {
            let name = os.map(str::to_ascii_lowercase);
            self.os = name.as_deref().and_then(system_of_platform);
        }
        if self.device.is_none() {
            let class = CLASSES.into_iter().find(|class| is(kind, class));
            let is_app = is(kind, "ios") || is(kind, "android") || is(kind, "mobile");
            self.device = match class {
                Some(class) => Some(class),
                None if starts(model, "ipad") => Some("tablet"),
                None if is_app || starts(model, "iphone") => Some("phone"),
                None => None,
            };
        }
        self
    }
}

/// An operating system by the name that it gives itself, in lower case.
fn system_of_platform(name: &str) -> Option<&'static str> {
    Some(match name {
        "windows" => "Windows",
        "macos" | "mac os x" | "mac os" => "macOS",
        "linux" => "Linux",
        "android" => "Android",
        "ios" | "ipados" | "iphone os" => "iOS",
        "chrome os" | "chromium os" | "chromeos" => "ChromeOS",
        "tvos" => "tvOS",
        "watchos" => "watchOS",
        _ => return None,
    })
}

#[cfg(test)]
mod tests;
