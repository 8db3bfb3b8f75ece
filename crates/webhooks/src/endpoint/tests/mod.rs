use super::*;

pub(crate) const SECRET: &str = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3";

pub(crate) fn settings(name: &str, url: &str) -> EndpointSettings {
    EndpointSettings {
        name: name.into(),
        url: url.into(),
        secrets: vec![SECRET.into()],
        topics: vec!["order completed".into()],
        retry_seconds: DEFAULT_RETRY_SECONDS.to_vec(),
        timeout_ms: 15_000,
        reach: Reach::Internet,
    }
}

#[track_caller]
fn refused(settings: EndpointSettings, part: &str) {
    let error = Endpoint::all(vec![settings]).unwrap_err().to_string();
    assert!(error.contains(part), "{error}");
}

#[test]
fn an_endpoint_that_holds() {
    let endpoints = Endpoint::all(vec![settings("crm", "https://crm.example/hooks?k=1")]).unwrap();
    assert_eq!(endpoints[0].origin(), "https://crm.example");
    assert!(endpoints[0].topics.contains("Order Completed"));
    assert_eq!(endpoints[0].pauses_ms.iter().sum::<i64>(), 272_105 * 1_000);
}

#[test]
fn what_does_not_hold_is_told() {
    for (url, part) in [
        ("crm.example", "does not read"),
        ("ftp://crm.example/", "ftp"),
        ("file:///etc/passwd", "file"),
        ("https://ann:pw@crm.example/", "password"),
        ("http://127.0.0.1:9/", "private_network"),
        ("http://localhost/", "private_network"),
        ("http://a.LOCALHOST./", "private_network"),
        ("http://169.254.169.254/latest", "private_network"),
        ("http://[::1]/", "private_network"),
        ("http://0x7f.1/", "private_network"),
    ] {
        refused(settings("crm", url), part);
    }
    let ok = || settings("crm", "https://crm.example/");
    refused(EndpointSettings { name: "C R M".into(), ..ok() }, "no name");
    refused(EndpointSettings { secrets: Vec::new(), ..ok() }, "whsec_");
    refused(EndpointSettings { secrets: vec![SECRET.into(), "whsec_x".into()], ..ok() }, "whsec_");
    refused(EndpointSettings { topics: Vec::new(), ..ok() }, "wants no events");
    refused(EndpointSettings { retry_seconds: vec![1; 33], ..ok() }, "32");
    refused(EndpointSettings { timeout_ms: 0, ..ok() }, "60,000");
    assert_eq!(Endpoint::all(vec![ok(), ok()]).unwrap_err(), EndpointError::Twice("crm".into()));
    let here = EndpointSettings { reach: Reach::Anywhere, ..settings("crm", "http://127.0.0.1:9/") };
    assert!(Endpoint::all(vec![here]).is_ok());
}

#[test]
fn another_address_or_secret_is_another_endpoint() {
    let of = |settings| Endpoint::all(vec![settings]).unwrap()[0].fingerprint();
    let (one, other) = (settings("crm", "https://crm.example/a"), settings("crm", "https://crm.example/b"));
    let renamed = EndpointSettings { name: "other".into(), ..one.clone() };
    assert_eq!(of(one.clone()), of(renamed));
    assert_ne!(of(one.clone()), of(other));
    let secrets = vec![SECRET.into(), "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY4".into()];
    assert_ne!(of(one.clone()), of(EndpointSettings { secrets, ..one }));
}
