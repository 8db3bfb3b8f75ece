//! Against a socket that plays the endpoint.

use std::io::{Read, Write};
use std::net::TcpListener;

use super::*;
use crate::endpoint::EndpointSettings;
use crate::endpoint::tests::{SECRET, settings};

const NOW: UtcMillis = UtcMillis::new(1_674_087_231_000);

fn endpoint(url: &str, reach: Reach) -> Endpoint {
    let settings = EndpointSettings { reach, timeout_ms: 2_000, ..settings("crm", url) };
    Endpoint::all(vec![settings]).unwrap().remove(0)
}

fn post(endpoint: &Endpoint) -> Outcome {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let client = Client::new(std::iter::once(endpoint)).unwrap();
    runtime.block_on(client.post(endpoint, "msg_1", NOW, br#"{"a":1}"#.to_vec()))
}

/// Answers one request, and gives it with what came of it.
fn exchange_with(answer: &'static [u8]) -> (String, Outcome) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/hooks?k=1", listener.local_addr().unwrap());
    let server = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let (mut request, mut part) = (Vec::new(), [0; 4_096]);
        while !request.ends_with(br#"{"a":1}"#) {
            let read = stream.read(&mut part).unwrap();
            assert!(read > 0, "the request ends early: {}", String::from_utf8_lossy(&request));
            request.extend_from_slice(&part[..read]);
        }
        stream.write_all(answer).unwrap();
        String::from_utf8(request).unwrap()
    });
    let outcome = post(&endpoint(&url, Reach::Anywhere));
    (server.join().unwrap(), outcome)
}

#[test]
fn a_post_is_signed_and_its_answer_read() {
    let answer = b"HTTP/1.1 503 x\r\nretry-after: 7\r\ncontent-length: 2\r\n\r\nno";
    let (request, outcome) = exchange_with(answer);
    assert_eq!(outcome, Outcome::Answer { status: 503, retry_after_ms: Some(7_000) });
    let (head, body) = request.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("POST /hooks?k=1 HTTP/1.1\r\n"), "{head}");
    for line in [
        "content-type: application/json",
        "webhook-id: msg_1",
        "webhook-timestamp: 1674087231",
        "webhook-signature: v1,8zQW9pUHrc0r3jrwYyOkMS/kFOAuZlkJutZDyKI/JEg=",
    ] {
        assert!(head.lines().any(|l| l == line), "{line} is not in {head}");
    }
    assert_eq!((body, SECRET.len()), (r#"{"a":1}"#, 38));
}

#[test]
fn a_redirect_is_not_followed() {
    let (_, outcome) =
        exchange_with(b"HTTP/1.1 302 x\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n");
    assert_eq!((outcome.status(), outcome.cause()), (Some(302), "redirected"));
}

#[test]
fn nobody_there_and_nobody_answering_are_told_apart() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    assert_eq!(post(&endpoint(&url, Reach::Anywhere)).cause(), "timeout");
    drop(listener);
    assert_eq!(post(&endpoint(&url, Reach::Anywhere)).cause(), "unreachable");
}

#[test]
fn a_name_that_leads_into_the_own_network_is_refused() {
    let lookup = |reach| {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let name: Name = "localhost".parse().unwrap();
        runtime.block_on(Resolver(reach).call(name)).map(Iterator::count).map_err(|e| e.to_string())
    };
    assert!(lookup(Reach::Internet).unwrap_err().contains("private_network"));
    assert!(lookup(Reach::Anywhere).unwrap() > 0);
    // The same by way of a whole connection: the check of the url is passed by, as a name that changes would do.
    let mut endpoint = endpoint("http://localhost:9/", Reach::Anywhere);
    endpoint.reach = Reach::Internet;
    assert_eq!(post(&endpoint).cause(), "address_refused");
}

#[test]
fn tls_is_spoken_to_https_only() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("https://{}/", listener.local_addr().unwrap());
    let server = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut hello = [0; 5];
        stream.read_exact(&mut hello).unwrap();
        hello
    });
    let endpoint = endpoint(&url, Reach::Anywhere);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    // Without the machine's certificates, of which a bare one has none.
    let client = Client::new(std::iter::empty()).unwrap();
    let outcome = runtime.block_on(client.post(&endpoint, "msg_1", NOW, Vec::new()));
    assert_eq!(outcome.cause(), "unreachable");
    let [kind, major, ..] = server.join().unwrap();
    assert_eq!((kind, major), (22, 3), "a handshake of TLS");
}
