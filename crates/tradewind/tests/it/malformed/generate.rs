//! The bodies.

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Value, json};

use crate::support::{KEY, Rng, view};

/// What may come back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Expect {
    /// A 4xx problem.
    Refused,
    /// A 200 that names what is bad, or a 4xx problem.
    Named,
    /// A 200.
    Taken,
    /// A 200 or a 4xx problem.
    Either,
}

/// One request.
#[derive(Debug)]
pub(crate) struct Case {
    pub(crate) what: &'static str,
    pub(crate) path: String,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: Vec<u8>,
    pub(crate) expect: Expect,
    /// Where the request breaks off, if it does.
    pub(crate) cut: Option<usize>,
    /// The body is so much too large that the answer may be lost with the connection.
    pub(crate) may_reset: bool,
}

const COLLECTING: [&str; 5] = ["/v1/batch", "/v1/track", "/v1/t", "/v1/identify", "/v1/import"];

/// Values of every type, most of them wrong anywhere.
pub(crate) fn odd(rng: &mut Rng) -> String {
    let fixed = [
        "null",
        "true",
        "false",
        "0",
        "-1",
        "1e400",
        "-1e400",
        "1e-400",
        "[]",
        "{}",
        "\"\"",
        "\"   \"",
        "-0.0",
        "99999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999",
        "9223372036854775807",
        "-9223372036854775808",
        "\"9223372036854775807\"",
        "\"-9223372036854775808\"",
        "18446744073709551615",
        "\"9999-12-31T23:59:59Z\"",
        "\"-9999-01-01T00:00:00Z\"",
        "\"0000-00-00T99:99:99Z\"",
        "\"\\u0000\"",
        "\"a\\u0000b\"",
        "\"\\ud800\"",
        "\"\\udc00\\ud800\"",
        "\"\\u202e\\ufeff\"",
        "[null]",
        "[[[]]]",
        "{\"\":{}}",
        "{\"a\":1,\"a\":2}",
        "\"NaN\"",
        "\"Infinity\"",
        "[1e308,1e308,1e308]",
        "0.1e-1000",
    ];
    match rng.below(fixed.len() + 2) {
        n if n < fixed.len() => fixed[n].to_owned(),
        n if n == fixed.len() => format!("\"{}\"", "x".repeat(rng.below(40_000))),
        _ => format!("\"{}\"", "ж\u{1F6D2}".repeat(rng.below(600))),
    }
}

const FIELDS: [&str; 20] = [
    "type",
    "messageId",
    "userId",
    "anonymousId",
    "previousId",
    "groupId",
    "event",
    "name",
    "category",
    "timestamp",
    "originalTimestamp",
    "sentAt",
    "writeKey",
    "properties",
    "traits",
    "context",
    "integrations",
    "receivedAt",
    "channel",
    "version",
];
const PROPERTIES: [&str; 16] = [
    "product_id",
    "sku",
    "name",
    "price",
    "quantity",
    "category",
    "brand",
    "variant",
    "currency",
    "revenue",
    "total",
    "products",
    "order_id",
    "image_url",
    "url",
    "query",
];
const EVENTS: [&str; 7] = [
    "Product Viewed",
    "Product Added",
    "Product Removed",
    "Order Completed",
    "Order Refunded",
    "Products Searched",
    "Product List Viewed",
];

/// A message with odd values in some fields.
fn odd_message(rng: &mut Rng) -> String {
    let mut fields: Vec<(String, String)> = vec![
        ("type".into(), "\"track\"".into()),
        ("anonymousId".into(), format!("\"odd-{}\"", rng.below(50))),
        ("event".into(), format!("\"{}\"", rng.pick(&EVENTS))),
        ("properties".into(), odd_properties(rng)),
    ];
    for _ in 0..1 + rng.below(3) {
        let (name, value) = ((*rng.pick(&FIELDS)).to_owned(), odd(rng));
        match fields.iter_mut().find(|f| f.0 == name) {
            // One in five stays twice in the object.
            Some(field) if rng.below(5) > 0 => field.1 = value,
            _ => fields.push((name, value)),
        }
    }
    object(&fields)
}

fn odd_properties(rng: &mut Rng) -> String {
    let mut fields = vec![("product_id".to_owned(), format!("\"p{}\"", rng.below(30)))];
    for _ in 0..rng.below(4) {
        fields.push(((*rng.pick(&PROPERTIES)).to_owned(), odd(rng)));
    }
    if rng.below(3) == 0 {
        let line = |rng: &mut Rng| {
            object(&[("product_id".into(), odd(rng)), ((*rng.pick(&PROPERTIES)).into(), odd(rng))])
        };
        let lines: Vec<String> = (0..rng.below(5)).map(|_| line(rng)).collect();
        fields.push(("products".into(), format!("[{}]", lines.join(","))));
    }
    object(&fields)
}

fn object(fields: &[(String, String)]) -> String {
    let fields: Vec<String> = fields.iter().map(|(name, value)| format!("\"{name}\":{value}")).collect();
    format!("{{{}}}", fields.join(","))
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn good(rng: &mut Rng) -> Vec<u8> {
    let id = rng.next();
    json!({"batch": [view(&format!("m{id}"), &format!("odd-{}", id % 50), "p1")]}).to_string().into_bytes()
}

fn good_for(path: &str, rng: &mut Rng) -> Vec<u8> {
    let body = good(rng);
    if path.ends_with("batch") || path.ends_with("import") {
        return body;
    }
    let batch: Value = serde_json::from_slice(&body).unwrap();
    batch["batch"][0].to_string().into_bytes()
}

/// A request from a seed.
pub(crate) fn case(rng: &mut Rng) -> Case {
    let path = (*rng.pick(&COLLECTING)).to_owned();
    let mut case = Case {
        what: "",
        headers: vec![(KEY.0, KEY.1.to_owned())],
        body: Vec::new(),
        expect: Expect::Either,
        cut: None,
        may_reset: false,
        path,
    };
    match rng.below(100) {
        0..35 => odd_fields(&mut case, rng),
        35..60 => super::decide::decide_case(&mut case, rng),
        60..72 => no_json(&mut case, rng),
        72..82 => lists(&mut case, rng),
        82..92 => compressed(&mut case, rng),
        92..97 => unusual_requests(&mut case, rng),
        _ => too_large(&mut case, rng),
    }
    case
}

fn odd_fields(case: &mut Case, rng: &mut Rng) {
    case.what = "odd fields";
    case.body = odd_message(rng).into_bytes();
    if case.path.ends_with("batch") || case.path.ends_with("import") {
        let more: Vec<String> = (0..rng.below(4)).map(|_| odd_message(rng)).collect();
        let all = std::iter::once(String::from_utf8_lossy(&case.body).into_owned()).chain(more);
        let outer = if rng.below(3) == 0 {
            format!(",\"{}\":{}", rng.pick(&FIELDS), odd(rng))
        } else {
            String::new()
        };
        case.body = format!("{{\"batch\":[{}]{outer}}}", all.collect::<Vec<_>>().join(",")).into_bytes();
    }
}

fn no_json(case: &mut Case, rng: &mut Rng) {
    case.expect = Expect::Refused;
    let whole = good_for(&case.path, rng);
    (case.what, case.body) = match rng.below(7) {
        0 => ("nothing", Vec::new()),
        1 => ("cut JSON", whole[..rng.below(whole.len())].to_vec()),
        2 => {
            let mut bad = whole;
            let at = bad.windows(4).position(|w| w == b"odd-").unwrap_or(0);
            bad[at] = 0xff;
            ("bad UTF-8", bad)
        }
        3 => {
            let mut bad = whole;
            let at = rng.below(bad.len());
            bad.insert(at, 0);
            ("a NUL", bad)
        }
        4 => ("random bytes", (0..rng.below(2_000)).map(|_| rng.next().to_le_bytes()[0]).collect()),
        5 => ("two values", [&whole[..], &whole[..]].concat()),
        _ => ("a form", b"data=eyJiYXRjaCI6W119&ip=1".to_vec()),
    };
}

fn lists(case: &mut Case, rng: &mut Rng) {
    case.path = (*rng.pick(&["/v1/batch", "/v1/import"])).to_owned();
    let many = |count: usize, item: &str| format!("{{\"batch\":[{}]}}", vec![item; count].join(","));
    let deep = 1 + rng.below(5_000);
    let (what, body, expect) = match rng.below(11) {
        0 => ("100,000 nulls", many(100_000, "null"), Expect::Refused),
        1 => ("2,501 messages", many(2_501, r#"{"type":"track"}"#), Expect::Refused),
        2 => (
            "odd items",
            format!("{{\"batch\":[{}]}}", ["1", "null", "\"x\"", "[]", "{}"].join(",")),
            Expect::Refused,
        ),
        3 => ("odd among good", mixed(rng), Expect::Named),
        4 => ("an empty batch", "{\"batch\":[]}".into(), Expect::Refused),
        5 => (
            "no list",
            format!("{{\"batch\":{}}}", rng.pick(&["{}", "1", "null", "\"[]\""])),
            Expect::Refused,
        ),
        6 => ("a bare list", "[{},{}]".into(), Expect::Refused),
        7 => ("a bare value", odd(rng), Expect::Refused),
        8 => (
            "deep lists",
            format!("{{\"batch\":[{}{}]}}", "[".repeat(40 + deep), "]".repeat(40 + deep)),
            Expect::Refused,
        ),
        9 => ("deep objects, open", "{\"batch\":".repeat(40 + deep), Expect::Refused),
        _ => ("two batches", "{\"batch\":[],\"batch\":[]}".into(), Expect::Refused),
    };
    (case.what, case.body, case.expect) = (what, body.into_bytes(), expect);
}

fn mixed(rng: &mut Rng) -> String {
    let good = String::from_utf8(good_for("/v1/track", rng)).unwrap();
    let large =
        format!(r#"{{"type":"track","event":"x","userId":"u","properties":{{"x":[{}1]}}}}"#, "1,".repeat(20));
    format!("{{\"batch\":[{good},7,{{\"type\":\"track\"}},{{\"type\":\"nonsense\",\"userId\":1}},{large}]}}")
}

fn compressed(case: &mut Case, rng: &mut Rng) {
    let whole = good_for(&case.path, rng);
    let encoding = |case: &mut Case, name: &str| case.headers.push(("content-encoding", name.to_owned()));
    case.expect = Expect::Refused;
    match rng.below(8) {
        0 => {
            (case.what, case.body) = ("a bomb of 10 MB", gzip(&vec![b' '; 10 << 20]));
            encoding(case, "gzip");
        }
        1 => {
            let packed = gzip(&whole);
            (case.what, case.body) = ("cut gzip", packed[..rng.below(packed.len())].to_vec());
            encoding(case, "gzip");
        }
        2 => {
            (case.what, case.body) = ("no gzip", whole);
            encoding(case, "gzip");
        }
        3 => {
            (case.what, case.body) = ("gzip without telling", gzip(&whole));
        }
        4 => {
            (case.what, case.body) = ("unknown encoding", whole);
            let names = ["br", "deflate", "zstd", "gzip, gzip", "GZIP2", "x"];
            encoding(case, names[rng.below(names.len())]);
        }
        5 => {
            (case.what, case.body) = ("gzip in gzip", gzip(&gzip(&whole)));
            encoding(case, "gzip");
        }
        6 => {
            let mut packed = gzip(&whole);
            let at = rng.below(packed.len());
            packed[at] ^= 1 << rng.below(8);
            (case.what, case.body, case.expect) = ("a bit of gzip turned", packed, Expect::Either);
            encoding(case, "gzip");
        }
        _ => {
            (case.what, case.body, case.expect) = ("good gzip", gzip(&whole), Expect::Taken);
            encoding(case, "GZip");
        }
    }
}

fn unusual_requests(case: &mut Case, rng: &mut Rng) {
    case.body = good_for(&case.path, rng);
    match rng.below(6) {
        0 => {
            case.what = "a body that breaks off";
            case.cut = Some(150 + rng.below(case.body.len()));
        }
        1 => {
            (case.what, case.expect) = ("no key", Expect::Refused);
            case.headers.clear();
        }
        2 => {
            (case.what, case.expect) = ("a broken key", Expect::Refused);
            case.headers = vec![("authorization", "Basic ???".into())];
        }
        3 => {
            (case.what, case.expect) = ("strict, odd", Expect::Refused);
            case.path = "/v1/batch?strict=1".into();
            case.body = mixed(rng).into_bytes();
        }
        4 => {
            case.what = "odd queries";
            let odd = [
                "strict=%ff",
                "strict=%zz",
                "writeKey=a&writeKey=b",
                "strict[]=1",
                "&&&=",
                "strict=1&strict=1",
            ];
            case.path = format!("{}?{}", case.path, rng.pick(&odd));
        }
        _ => {
            (case.what, case.expect) = ("another content type", Expect::Taken);
            case.headers.push((
                "content-type",
                (*rng.pick(&["text/plain", "x/y; charset=", "multipart/form-data"])).into(),
            ));
        }
    }
}

fn too_large(case: &mut Case, rng: &mut Rng) {
    case.expect = Expect::Refused;
    let size = if rng.below(2) == 0 { 600 << 10 } else { 3 << 20 };
    case.may_reset = size > 1 << 20;
    (case.what, case.body) = match rng.below(3) {
        0 => ("a huge string", format!("{{\"batch\":[\"{}\"]}}", "x".repeat(size)).into_bytes()),
        1 => ("blanks", vec![b' '; size]),
        _ => ("NULs", vec![0; size]),
    };
}
