//! Clients that send too much, too slowly, or over too many connections; and a healthy one beside them.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;

use serde_json::json;

use crate::support::{House, KEY, Reply, send, view};

/// A connection that is written to by hand.
fn raw(house: &House) -> TcpStream {
    let stream = TcpStream::connect(house.server.address()).unwrap();
    stream.set_nodelay(true).unwrap();
    stream
}

/// Reads until the server closes; a reset is an end too.
fn read_to_the_end(stream: &mut TcpStream) -> String {
    let (mut all, mut piece) = (Vec::new(), [0; 4 << 10]);
    loop {
        match stream.read(&mut piece) {
            Ok(0) => break,
            Ok(count) => all.extend_from_slice(&piece[..count]),
            Err(error) if error.kind() == ErrorKind::ConnectionReset => break,
            Err(error) => panic!("{error}"),
        }
    }
    String::from_utf8_lossy(&all).into_owned()
}

fn is_well(house: &House) {
    let reply = send(&mut house.client(), "POST", "/v1/track", &[KEY], &body("well"));
    assert_eq!(reply.status, 200, "{reply:?}");
}

/// So many views that their key has to wait for most of a minute.
fn many() -> Vec<u8> {
    let all: Vec<_> = (0..60).map(|n| view(&format!("m{n}"), "cy", "p1")).collect();
    json!({"batch": all}).to_string().into_bytes()
}

fn body(message_id: &str) -> Vec<u8> {
    view(message_id, "cy", "p1").to_string().into_bytes()
}

#[test]
fn half_a_head_is_cut_and_a_healthy_client_beside_it_served() {
    let house = House::with(&[], "serve.read_timeout_ms = 150\n");
    let mut slow = raw(&house);
    slow.write_all(b"POST /v1/track HTTP/1.1\r\nhost: x\r\ncontent-le").unwrap();
    is_well(&house);
    assert_eq!(read_to_the_end(&mut slow), "");
    // After a whole request the clock starts anew, so that the second head may not come slowly either.
    let mut later = raw(&house);
    later.write_all(b"GET /livez HTTP/1.1\r\nhost: x\r\n\r\n").unwrap();
    let (mut answer, mut piece) = (Vec::new(), [0; 1 << 10]);
    while !answer.ends_with(b"ok\n") {
        let count = later.read(&mut piece).unwrap();
        assert!(count > 0, "{}", String::from_utf8_lossy(&answer));
        answer.extend_from_slice(&piece[..count]);
    }
    later.write_all(b"GET /livez HTT").unwrap();
    assert_eq!(read_to_the_end(&mut later), "");
    is_well(&house);
    let metrics = house.get("/metrics").text;
    assert!(metrics.contains("tradewind_requests_refused_total{reason=\"slow\"} 2\n"), "{metrics}");
}

#[test]
fn a_body_that_stops_or_trickles_is_cut() {
    let house = House::with(&[], "serve.read_timeout_ms = 150\n");
    let head =
        b"POST /v1/track HTTP/1.1\r\nhost: x\r\nauthorization: Basic d2s6\r\ncontent-length: 100000\r\n\r\n{";
    let mut stopped = raw(&house);
    stopped.write_all(head).unwrap();
    is_well(&house);
    let answer = read_to_the_end(&mut stopped);
    assert!(answer.starts_with("HTTP/1.1 408") && answer.contains("\"code\":\"too-slow\""), "{answer}");

    // A byte whenever the last was read keeps every pause short; the whole takes too long all the same.
    let mut trickling = raw(&house);
    trickling.write_all(head).unwrap();
    let mut reading = trickling.try_clone().unwrap();
    let ended = std::thread::spawn(move || read_to_the_end(&mut reading));
    while !ended.is_finished() && trickling.write_all(b" ").is_ok() {
        is_well(&house);
    }
    let answer = ended.join().unwrap();
    assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 408"), "{answer}");
    let metrics = house.get("/metrics").text;
    assert!(metrics.contains("tradewind_requests_refused_total{reason=\"slow\"} 2\n"), "{metrics}");
}

#[test]
fn a_connection_that_nobody_uses_is_closed() {
    let house = House::with(&[], "serve.idle_timeout_ms = 150\n");
    let (mut silent, mut done) = (raw(&house), raw(&house));
    done.write_all(b"GET /livez HTTP/1.1\r\nhost: x\r\n\r\n").unwrap();
    assert!(read_to_the_end(&mut done).ends_with("ok\n"));
    assert_eq!(read_to_the_end(&mut silent), "");
    is_well(&house);
}

#[test]
fn connections_over_the_limit_are_told_when_to_come_back() {
    let house = House::with(&[], "serve.max_connections = 2\n");
    let mut first = house.client();
    let mut second = house.client();
    for client in [&mut first, &mut second] {
        assert_eq!(send(client, "GET", "/livez", &[], b"").status, 200);
    }
    let reply: Reply = send(&mut house.client(), "GET", "/livez", &[], b"");
    reply.is_problem(429, "overloaded");
    assert!((1..=3).contains(&reply.header("retry-after").unwrap().parse::<u64>().unwrap()));
    assert_eq!(send(&mut first, "GET", "/livez", &[], b"").status, 200);
    drop(second);
    // The place is free as soon as the server has seen the end.
    while send(&mut house.client(), "GET", "/livez", &[], b"").status != 200 {
        assert_eq!(send(&mut first, "GET", "/livez", &[], b"").status, 200);
    }
}

#[test]
fn a_key_over_its_quota_waits_and_others_do_not() {
    let toml = "collect.write_keys = ['wk', 'other']\ncollect.events_per_second_per_key = 1\n\
                collect.burst_seconds = 3\n";
    let house = House::with(&[], toml);
    let mut client = house.client();
    assert_eq!(send(&mut client, "POST", "/v1/batch", &[KEY], &many()).status, 200);
    // The refusal leaves the connection as it was, the body unread or not.
    for _ in 0..3 {
        let refused = send(&mut client, "POST", "/v1/batch", &[KEY], &many());
        refused.is_problem(429, "quota-exceeded");
        let after: u64 = refused.header("retry-after").unwrap().parse().unwrap();
        assert!((1..=60).contains(&after), "{after}");
    }
    let other = ("authorization", "Basic b3RoZXI6");
    assert_eq!(send(&mut client, "POST", "/v1/track", &[other], &body("theirs")).status, 200);
    assert_eq!(house.get("/v1/profiles/anonymous_id:cy").json["events"], 61);
    let metrics = house.get("/metrics").text;
    assert!(metrics.contains("tradewind_requests_refused_total{reason=\"quota_key\"} 3\n"), "{metrics}");
}

#[test]
fn a_large_refused_body_is_read_so_that_the_answer_is_seen() {
    let toml =
        "collect.write_keys = ['wk']\ncollect.events_per_second_per_key = 1\ncollect.burst_seconds = 1\n";
    let house = House::with(&[], toml);
    let mut client = house.client();
    assert_eq!(send(&mut client, "POST", "/v1/batch", &[KEY], &many()).status, 200);
    let padded = json!({"batch": [view("big", "cy", "p1")], "pad": "x".repeat(500_000)}).to_string();
    for _ in 0..5 {
        send(&mut client, "POST", "/v1/batch", &[KEY], padded.as_bytes()).is_problem(429, "quota-exceeded");
    }
}
