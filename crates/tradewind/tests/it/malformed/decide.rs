//! Requests for decisions that make no sense.

use crate::support::Rng;

use super::generate::{Case, Expect, odd};

/// Turns the case into one for `/v1/decide`.
pub(crate) fn decide_case(case: &mut Case, rng: &mut Rng) {
    case.path = "/v1/decide".into();
    case.headers.clear();
    let good = r#"{"name":"home.for_you"}"#;
    let place = |text: &str| format!("{{\"placements\":[{text}]}}");
    let odd = odd(rng);
    let refused = Expect::Refused;
    let (what, body, expect) = match rng.below(17) {
        0 => (
            "a limit below one",
            place(&format!(
                r#"{{"name":"home.for_you","limit":{}}}"#,
                rng.pick(&["0", "-1", "-9223372036854775808"])
            )),
            refused,
        ),
        1 => (
            "a limit far above",
            place(&format!(
                r#"{{"name":"home.for_you","limit":{}}}"#,
                rng.pick(&["101", "1000000000", "9223372036854775807", "1e9", "1e400"])
            )),
            refused,
        ),
        2 => ("an odd limit", place(&format!(r#"{{"name":"home.for_you","limit":{odd}}}"#)), Expect::Either),
        3 => ("10,000 placements", place(&vec![good; 10_000].join(",")), refused),
        4 => ("no placements", place(""), refused),
        5 => {
            ("anchors of other types", place(r#"{"name":"product.similar","anchors":[true,{},[]]}"#), refused)
        }
        6 => (
            "odd anchors",
            place(&format!(r#"{{"name":"product.similar","anchors":{odd}}}"#)),
            Expect::Either,
        ),
        7 => (
            "odd anchors in a list",
            place(&format!(r#"{{"name":"product.similar","anchors":[{odd},{odd}]}}"#)),
            Expect::Either,
        ),
        8 => (
            "201 anchors",
            place(&format!(r#"{{"name":"product.similar","anchors":[{}1]}}"#, "1,".repeat(200))),
            refused,
        ),
        9 => ("an odd name", place(&format!(r#"{{"name":{odd}}}"#)), refused),
        10 => ("an odd subject", format!(r#"{{"subject":{odd},"placements":[{good}]}}"#), Expect::Either),
        11 => (
            "an odd id",
            format!(r#"{{"subject":{{"anonymousId":{odd},"userId":{odd}}},"placements":[{good}]}}"#),
            Expect::Either,
        ),
        12 => ("an odd context", format!(r#"{{"context":{odd},"placements":[{good}]}}"#), Expect::Either),
        13 => (
            "an odd cart",
            format!(
                r#"{{"context":{{"cart":{odd},"category":{odd}}},"placements":[{{"name":"cart.add_ons"}}]}}"#
            ),
            Expect::Either,
        ),
        14 => (
            "an odd deadline",
            format!(
                r#"{{"deadlineMs":{},"placements":[{good}]}}"#,
                rng.pick(&["0", "-1", "5001", "1e400", "\"5\"", "18446744073709551616"])
            ),
            refused,
        ),
        15 => ("odd flags", format!(r#"{{"allowDuplicates":{odd},"placements":[{good}]}}"#), Expect::Either),
        _ => ("odd all over", odd, refused),
    };
    (case.what, case.body, case.expect) = (what, body.into_bytes(), expect);
    if rng.below(20) == 0 {
        case.body.truncate(rng.below(case.body.len()));
        (case.what, case.expect) = ("a cut request for a decision", refused);
    }
}
