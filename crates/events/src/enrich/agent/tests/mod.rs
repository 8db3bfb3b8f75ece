use super::*;

#[track_caller]
fn check(user_agent: &str, device: &str, os: &str, browser: &str) {
    let agent = Agent::parse(user_agent);
    let found = [agent.device, agent.os, agent.browser].map(|word| word.unwrap_or("-"));
    assert_eq!(found, [device, os, browser], "{user_agent}");
}

#[test]
fn browsers_on_desktops() {
    let chrome = "AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36";
    check(&format!("Mozilla/5.0 (Windows NT 10.0; Win64; x64) {chrome}"), "desktop", "Windows", "Chrome");
    check(
        &format!("Mozilla/5.0 (Windows NT 10.0; Win64; x64) {chrome} Edg/131.0.0.0"),
        "desktop",
        "Windows",
        "Edge",
    );
    check(&format!("Mozilla/5.0 (X11; Linux x86_64) {chrome} OPR/116.0.0.0"), "desktop", "Linux", "Opera");
    check(&format!("Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) {chrome}"), "desktop", "ChromeOS", "Chrome");
    let safari = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Safari/605.1.15";
    check(safari, "desktop", "macOS", "Safari");
    check(
        "Mozilla/5.0 (X11; Ubuntu; Linux x86_64; rv:132.0) Gecko/20100101 Firefox/132.0",
        "desktop",
        "Linux",
        "Firefox",
    );
    check(
        "Mozilla/5.0 (Windows NT 6.1; WOW64; Trident/7.0; rv:11.0) like Gecko",
        "desktop",
        "Windows",
        "Internet Explorer",
    );
}

#[test]
fn phones_tablets_and_the_apps_on_them() {
    let iphone =
        "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko)";
    check(&format!("{iphone} Version/18.1 Mobile/15E148 Safari/604.1"), "phone", "iOS", "Safari");
    check(&format!("{iphone} CriOS/131.0.6778.73 Mobile/15E148 Safari/604.1"), "phone", "iOS", "Chrome");
    check(&format!("{iphone} FxiOS/132.0 Mobile/15E148 Safari/605.1.15"), "phone", "iOS", "Firefox");
    check(&format!("{iphone} GSA/342.0 Mobile/15E148 Safari/604.1"), "phone", "iOS", "Google app");
    check(
        &format!("{iphone} Mobile/22B83 [FBAN/FBIOS;FBAV/489.0.0.40;FBBV/661]"),
        "phone",
        "iOS",
        "Facebook",
    );
    check(
        &format!("{iphone} Mobile/22B83 Instagram 356.0.0.30 (iPhone14,5; iOS 18_1)"),
        "phone",
        "iOS",
        "Instagram",
    );
    check(&format!("{iphone} Mobile/15E148"), "phone", "iOS", "WebView");
    let android = "Mozilla/5.0 (Linux; Android 14; SM-S918B) AppleWebKit/537.36 (KHTML, like Gecko)";
    check(&format!("{android} Chrome/131.0.0.0 Mobile Safari/537.36"), "phone", "Android", "Chrome");
    check(
        &format!("{android} SamsungBrowser/26.0 Chrome/122.0.0.0 Mobile Safari/537.36"),
        "phone",
        "Android",
        "Samsung Internet",
    );
    check(&format!("{android} Chrome/131.0.0.0 Safari/537.36"), "tablet", "Android", "Chrome");
    let webview = "Mozilla/5.0 (Linux; Android 14; Pixel 8; wv) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/131.0.0.0 Mobile Safari/537.36";
    check(webview, "phone", "Android", "Android WebView");
    check(&format!("{webview} [FB_IAB/FB4A;FBAV/490.0.0.63.82;]"), "phone", "Android", "Facebook");
    check(
        "Mozilla/5.0 (Android 14; Mobile; rv:132.0) Gecko/132.0 Firefox/132.0",
        "phone",
        "Android",
        "Firefox",
    );
    check(
        "Mozilla/5.0 (Linux; Android 11; CUBOT X30) AppleWebKit/537.36 Chrome/131.0.0.0 Mobile Safari/537.36",
        "phone",
        "Android",
        "Chrome",
    );
    check(
        "Mozilla/5.0 (iPad; CPU OS 12_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/12.1 Mobile/15E148 Safari/604.1",
        "tablet",
        "iOS",
        "Safari",
    );
    // An iPad that asks for the desktop's page, in Chrome, says so; in Safari it cannot be told from a Mac.
    check(
        "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/131 Version/18.1 Safari/605.1.15",
        "tablet",
        "iOS",
        "Chrome",
    );
}

#[test]
fn things_in_the_living_room_and_on_the_wrist() {
    check(
        "Mozilla/5.0 (Web0S; Linux/SmartTV) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/94.0 Safari/537.36 WebAppManager",
        "tv",
        "webOS",
        "Chrome",
    );
    check(
        "Mozilla/5.0 (SMART-TV; LINUX; Tizen 7.0) AppleWebKit/537.36 (KHTML, like Gecko) Version/7.0 TV Safari/537.36",
        "tv",
        "Tizen",
        "Safari",
    );
    check(
        "Mozilla/5.0 (Linux; Android 9; AFTKA) AppleWebKit/537.36 (KHTML, like Gecko) Silk/120.1 like Chrome/120 Safari/537.36",
        "tv",
        "Android",
        "Silk",
    );
    check(
        "Mozilla/5.0 (PlayStation; PlayStation 5/6.00) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/13.0 Safari/605.1.15",
        "console",
        "PlayStation",
        "Safari",
    );
    check(
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64; Xbox; Xbox Series X) AppleWebKit/537.36 Chrome/131.0 Safari/537.36 Edg/131.0",
        "console",
        "Windows",
        "Edge",
    );
    check("ShopApp/2.1 (Apple Watch; watchOS 11.1)", "wearable", "watchOS", "-");
}

#[test]
fn bots_and_servers_are_nobodys_device() {
    let bots = [
        "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
        "Mozilla/5.0 (Linux; Android 6.0.1; Nexus 5X) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0 Mobile Safari/537.36 (compatible; Googlebot/2.1)",
        "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; GPTBot/1.2; +https://openai.com/gptbot)",
        "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; ClaudeBot/1.0; +claudebot@anthropic.com)",
        "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko); compatible; ChatGPT-User/1.0",
        "facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)",
        "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/131.0 Safari/537.36",
        "WhatsApp/2.23.20.0",
        "Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)",
    ];
    for bot in bots {
        check(bot, "bot", "-", "-");
    }
    for server in [
        "axios/1.7.7",
        "python-requests/2.32.3",
        "analytics-node/3.1.0",
        "Go-http-client/1.1",
        "curl/8.5.0",
        "node",
    ] {
        check(server, "server", "-", "-");
    }
    check("ShopApp/1.0 CFNetwork/1568.200.51 Darwin/24.1.0", "-", "-", "-");
    check("", "-", "-", "-");
}

#[test]
fn client_hints_name_what_the_user_agent_hides() {
    let chrome = Agent::parse(
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/131.0.0.0 Safari/537.36",
    );
    let header = r#""Brave";v="131", "Chromium";v="131", "Not_A Brand";v="24""#;
    let hints = Hints { brands: Some(header), mobile: Some(false), platform: Some("\"Windows\"") };
    assert_eq!(chrome.with_hints(&hints), Agent { browser: Some("Brave"), ..chrome });
    let json = r#"[{"brand":"Google Chrome","version":"131"},{"brand":"Chromium","version":"131"}]"#;
    let phone = Hints { brands: Some(json), mobile: Some(true), platform: Some("Android") };
    let expected = Agent { device: Some("phone"), os: Some("Android"), browser: Some("Chrome") };
    assert_eq!(Agent::default().with_hints(&phone), expected);
    let tablet = Hints { mobile: Some(false), ..phone };
    assert_eq!(Agent::default().with_hints(&tablet).device, Some("tablet"));
    let facebook = Agent { browser: Some("Facebook"), ..expected };
    assert_eq!(facebook.with_hints(&hints).browser, Some("Facebook"));
    let bot = Agent::parse("GPTBot/1.2");
    assert_eq!(bot.with_hints(&phone), bot);
}

#[test]
fn apps_name_their_device_themselves() {
    let none = Agent::default();
    assert_eq!(none.or_app(Some("ios"), Some("iPhone15,3"), Some("iOS")).device, Some("phone"));
    assert_eq!(none.or_app(Some("ios"), Some("iPad13,4"), Some("iPadOS")).device, Some("tablet"));
    assert_eq!(none.or_app(Some("android"), Some("Pixel 8"), Some("Android")).os, Some("Android"));
    assert_eq!(none.or_app(Some("toaster"), None, None), none);
}

#[test]
fn libraries_on_servers() {
    for name in [
        "@segment/analytics-node",
        "analytics-python",
        "Analytics.NET",
        "@rudderstack/rudder-sdk-node",
        "posthog-node",
    ] {
        assert!(is_server_library(name), "{name}");
    }
    for name in [
        "analytics.js",
        "RudderLabs JavaScript SDK",
        "analytics-kotlin",
        "analytics-swift",
        "web",
        "posthog-react-native",
        "",
    ] {
        assert!(!is_server_library(name), "{name}");
    }
}
