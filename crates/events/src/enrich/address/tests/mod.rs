use super::*;

#[track_caller]
fn check(json: &str, expected: &str) {
    let left = taken_out(json).map_or_else(|| json.to_owned(), |(left, _)| left);
    assert_eq!(left, expected, "{json}");
    assert!(serde_json::from_str::<serde_json::Value>(&left).is_ok());
}

#[track_caller]
fn stays(json: &str) {
    assert_eq!(taken_out(json), None, "{json}");
}

#[test]
fn addresses_go_and_the_rest_stays_as_it_was_written() {
    check(r#"{"ip":"203.0.113.7"}"#, "{}");
    check(r#"{"a":1e2,"ip":"2001:db8::1","b": [1 , 2]}"#, r#"{"a":1e2,"b":[1 , 2]}"#);
    check(r#"{"$ip":"203.0.113.7","x":1}"#, r#"{"x":1}"#);
    check(r#"{"ip" : "203.0.113.7"}"#, "{}");
    check(r#"{"ip":"203.0.113.7","ip":"203.0.113.8"}"#, "{}");
    for name in [
        "ip_override",
        "clientIp",
        "IP-Address",
        "X-Forwarded-For",
        "REMOTE_ADDR",
        "ipv6",
        "user_ipaddress",
        "browser_ip",
    ] {
        check(&format!(r#"{{"{name}":"203.0.113.7"}}"#), "{}");
    }
    for value in [
        "\"203.0.113.7:443\"",
        "\"[2001:db8::1]:443\"",
        "\"fe80::1%eth0\"",
        "\"203.0.113.7, 10.0.0.1\"",
        "[\"203.0.113.7\"]",
        "3405803783",
        "\"::ffff:203.0.113.7\"",
        "\"203.000.113.007\"",
        "\"203.0.113.0/24\"",
    ] {
        check(&format!(r#"{{"ip":{value},"x":"ä"}}"#), r#"{"x":"ä"}"#);
    }
    check(r#"{"a":[{"ip":"203.0.113.7"},3],"b":{"c":{"ip":"::1"}}}"#, r#"{"a":[{},3],"b":{"c":{}}}"#);
    check(r#"{"\u0069p":"203.0.113.7"}"#, "{}");
    check(r#"{"i\u0070":"\u0032\u00303.0.113.7","q\"":1}"#, r#"{"q\"":1}"#);
}

#[test]
fn what_is_no_address_stays() {
    stays("{}");
    stays(r#"{"ip":"IP67","zip":"10115","tip":5,"ship":"10.5","membership":40000000}"#);
    stays(r#"{"version":"10.0.22.1","note":"from 203.0.113.7"}"#);
    stays(r#"{"description":"ip: 203.0.113.7, \"ip\":","address":"1 Main St","color":"red"}"#);
    stays(r#"{"ip":null,"ips":[],"ipAddress":{}}"#);
    stays(r#"{"x":"a\u003cb"}"#);
}

#[test]
fn the_first_address_is_told() {
    let first = |json: &str| taken_out(json).and_then(|(_, first)| first).map(|a| a.to_string());
    assert_eq!(first(r#"{"ip":"203.0.113.7, 10.0.0.1"}"#).as_deref(), Some("203.0.113.7"));
    assert_eq!(first(r#"{"ip":"::ffff:203.0.113.7"}"#).as_deref(), Some("203.0.113.7"));
    assert_eq!(first(r#"{"x":{"ip":"2001:db8::1"}}"#).as_deref(), Some("2001:db8::1"));
}

#[test]
fn text_is_blotted() {
    let check = |text: &str, expected: &str| assert_eq!(blotted(text), expected, "{text}");
    check(r#"{"ip":"203.0.113.7","t":"12:30:45"}"#, r#"{"ip":"[address]","t":"12:30:45"}"#);
    check("ip:203.0.113.7.", "ip:[address].");
    check("face:203.0.113.7 2001:db8::1]", "face:[address] [address]]");
    check(
        "[2001:db8::7]:443 1.2.3 2026-11-21T12:30:00.000Z ä",
        "[[address]]:443 1.2.3 2026-11-21T12:30:00.000Z ä",
    );
    check("", "");
    check("203.0.113.7203.0.113.7", "[address][address]");
}
