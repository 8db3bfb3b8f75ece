//! Webhooks out: a receiver that fails, stalls and turns away, and a server that is killed. The oracle stands in
//! the receiver: every order arrives, each under one id, and nothing else does.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::http::{HeaderMap, HeaderName};
use serde_json::{Value, json};
use standardwebhooks::Webhook;
use tradewind_bench::{Client, Server, request};

use crate::support::{House, KEY, PROGRAM, Rng, exits, send};

mod erased;

const SECRET: &str = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3";
/// Kills of the server.
const KILLS: usize = 6;
/// The longest time from a cycle's first request to its kill.
const LONGEST_MS: usize = 1_500;
/// Orders of a batch.
const BATCH: usize = 8;

/// What the receiver does with a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Deed {
    Take,
    Answer(u16),
    /// Says nothing until the client goes.
    Stall,
}

/// A request that came.
#[derive(Debug, Clone)]
struct Came {
    id: String,
    message: String,
    deed: Deed,
    /// What is wrong with it.
    fault: Option<String>,
}

/// A real HTTP server that keeps what it gets.
struct Receiver {
    address: SocketAddr,
    came: Arc<Mutex<Vec<Came>>>,
}

impl Receiver {
    /// `deed` says what to do with the n-th request.
    fn start(deed: impl Fn(usize) -> Deed + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let (address, came) = (listener.local_addr().unwrap(), Arc::new(Mutex::new(Vec::new())));
        let (deed, count, kept) = (Arc::new(deed), Arc::new(AtomicUsize::new(0)), Arc::clone(&came));
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let (deed, count, kept) = (Arc::clone(&deed), Arc::clone(&count), Arc::clone(&kept));
                std::thread::spawn(move || talk(stream.unwrap(), &*deed, &count, &kept));
            }
        });
        Self { address, came }
    }

    fn came(&self) -> Vec<Came> {
        self.came.lock().unwrap().clone()
    }

    /// The ids of each message that was taken.
    fn taken(&self) -> BTreeMap<String, BTreeSet<String>> {
        let mut taken: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for came in self.came().into_iter().filter(|came| came.deed == Deed::Take) {
            taken.entry(came.message).or_default().insert(came.id);
        }
        taken
    }

    /// A configuration that tells it of orders.
    fn toml(&self, retry_seconds: &[u32]) -> String {
        format!(
            "[[webhooks]]\nname = 'crm'\nurl = 'http://{}/hooks'\nsecrets = ['{SECRET}']\n\
             events = ['order completed']\nretry_seconds = {retry_seconds:?}\ntimeout_ms = 1000\n\
             private_network = true\n",
            self.address
        )
    }
}

/// Serves one connection until the client goes.
fn talk(stream: TcpStream, deed: &dyn Fn(usize) -> Deed, count: &AtomicUsize, kept: &Mutex<Vec<Came>>) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let mut stream = stream;
    while let Some((headers, body)) = read_request(&mut reader) {
        let json: Value = serde_json::from_slice(&body).unwrap_or_default();
        let fault = fault_of(&headers, &body, &json);
        let deed = deed(count.fetch_add(1, Ordering::AcqRel));
        let id = headers["webhook-id"].to_str().unwrap().to_owned();
        let message = json["data"]["messageId"].as_str().unwrap_or_default().to_owned();
        kept.lock().unwrap().push(Came { id, message, deed, fault });
        let status = match deed {
            Deed::Take => 200,
            Deed::Answer(status) => status,
            Deed::Stall => {
                // Ends when the client has hung up.
                let _ = reader.read_to_end(&mut Vec::new());
                return;
            }
        };
        let retry_after = if status == 429 { "retry-after: 1\r\n" } else { "" };
        let answer = format!("HTTP/1.1 {status} x\r\n{retry_after}content-length: 2\r\n\r\nok");
        if stream.write_all(answer.as_bytes()).is_err() {
            return;
        }
    }
}

/// What is wrong with a request, as the reference implementation judges its signature and its time.
fn fault_of(headers: &HeaderMap, body: &[u8], json: &Value) -> Option<String> {
    if let Err(error) = Webhook::new(SECRET).unwrap().verify(body, headers) {
        return Some(format!("{error} of {headers:?}"));
    }
    let text = String::from_utf8_lossy(body);
    let tells_too_much = ["example.org", "203.0.113.9", "traits", "context"].iter().any(|t| text.contains(t));
    let is_whole = json["type"] == "event.order_completed"
        && json["data"]["subject"] == json!({"userId": "ada"})
        && json["data"]["products"] == json!([{"productId": "p1", "quantity": 2, "priceMinor": 1_275}])
        && json["data"]["revenueMinor"] == 2_550;
    (tells_too_much || !is_whole).then(|| text.into_owned())
}

fn read_request(reader: &mut BufReader<TcpStream>) -> Option<(HeaderMap, Vec<u8>)> {
    let (mut line, mut headers) = (String::new(), HeaderMap::new());
    reader.read_line(&mut line).ok().filter(|read| *read > 0)?;
    line.starts_with("POST /hooks HTTP/1.1").then_some(())?;
    loop {
        line.clear();
        reader.read_line(&mut line).ok().filter(|read| *read > 0)?;
        let Some((name, value)) = line.trim_end().split_once(": ") else { break };
        headers.insert(name.parse::<HeaderName>().unwrap(), value.parse().unwrap());
    }
    let length = headers.get("content-length")?.to_str().ok()?.parse().ok()?;
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some((headers, body))
}

fn order(message_id: &str) -> Value {
    json!({"type": "track", "event": "Order Completed", "messageId": message_id, "userId": "ada",
        "context": {"ip": "203.0.113.9"}, "traits": {"email": "ada@example.org"},
        "properties": {"order_id": format!("o-{message_id}"), "currency": "EUR", "revenue": 25.5,
            "email": "ada@example.org", "products": [{"product_id": "p1", "price": 12.75, "quantity": 2}]}})
}

fn other(message_id: &str) -> Value {
    json!({"type": "track", "event": "Product Viewed", "messageId": message_id, "userId": "ada",
        "properties": {"product_id": "p1"}})
}

/// Waits until nothing waits for the endpoint any more, and gives what `/v1/outbox` says then.
fn delivered(server: &Server) -> Value {
    loop {
        server.drained().unwrap();
        let reply = send(&mut server.connect().unwrap(), "GET", "/v1/outbox", &[], b"");
        assert_eq!(reply.status, 200, "{reply:?}");
        if reply.json["endpoints"][0]["waiting"] == 0 {
            return reply.json;
        }
        std::thread::park_timeout(Duration::from_millis(50));
    }
}

/// Waits until a message has been taken.
fn arrived(receiver: &Receiver, message: &str) {
    while !receiver.taken().contains_key(message) {
        std::thread::park_timeout(Duration::from_millis(20));
    }
}

fn start(dir: &Path) -> Server {
    Server::start(Path::new(PROGRAM), dir, &[]).unwrap()
}

/// A sender with its memory: orders by number, and those that were not acknowledged.
#[derive(Default)]
struct Sender {
    orders: usize,
    owed: Vec<usize>,
    repeated: usize,
}

impl Sender {
    /// Sends batches until the server is gone: new orders, owed ones, and some that it has long.
    fn send(&mut self, address: SocketAddr, rng: &mut Rng) {
        let Ok(mut client) = Client::connect(address) else { return };
        loop {
            let mut numbers: Vec<usize> = std::mem::take(&mut self.owed);
            numbers.extend(self.orders..self.orders + BATCH);
            let again: Vec<usize> =
                (0..2).filter(|_| self.orders > 0).map(|_| rng.below(self.orders)).collect();
            self.orders += BATCH;
            let mut batch: Vec<Value> =
                numbers.iter().chain(&again).map(|n| order(&format!("m{n}"))).collect();
            batch.push(other(&format!("v{}", self.orders)));
            let body = json!({ "batch": batch }).to_string();
            let taken = client.exchange(&request("POST", "/v1/batch", &[KEY], body.as_bytes()));
            if !taken.is_ok_and(|answer| answer.status == 200) {
                self.owed = numbers;
                return;
            }
            self.repeated += again.len();
            std::thread::park_timeout(Duration::from_millis(120));
        }
    }
}

/// Answers with trouble at first and now and then later.
fn moody(n: usize) -> Deed {
    const FIRST: [Deed; 6] = [
        Deed::Answer(500),
        Deed::Answer(429),
        Deed::Stall,
        Deed::Answer(500),
        Deed::Answer(302),
        Deed::Answer(503),
    ];
    match (FIRST.get(n), n % 17) {
        (Some(deed), _) => *deed,
        (None, 3) => Deed::Answer(500),
        (None, 9) => Deed::Answer(429),
        (None, 14) if n.is_multiple_of(3) => Deed::Stall,
        (None, _) => Deed::Take,
    }
}

#[test]
fn every_order_arrives_under_one_id_through_failures_and_kills_and_none_again_after_a_rebuild() {
    let receiver = Receiver::start(moody);
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("tradewind.toml"), receiver.toml(&[1; 30])).unwrap();
    let (mut sender, mut rng) = (Sender::default(), Rng(11));
    for _ in 0..KILLS {
        let server = start(dir.path());
        let address = server.address();
        let delay = Duration::from_millis((200 + rng.below(LONGEST_MS)) as u64);
        std::thread::scope(|scope| {
            let sending = scope.spawn(|| sender.send(address, &mut rng));
            std::thread::park_timeout(delay);
            server.kill();
            sending.join().unwrap();
        });
    }
    let server = start(dir.path());
    let owed: Vec<Value> = sender.owed.iter().map(|n| order(&format!("m{n}"))).collect();
    let body = json!({ "batch": owed }).to_string();
    assert_eq!(
        send(&mut server.connect().unwrap(), "POST", "/v1/batch", &[KEY], body.as_bytes()).status,
        200
    );
    (0..sender.orders).for_each(|n| arrived(&receiver, &format!("m{n}")));
    let outbox = delivered(&server);
    assert_eq!((&outbox["failed"], &outbox["endpoints"][0]["lost"]), (&json!([]), &json!(0)), "{outbox}");
    check_all(&receiver, sender.orders);
    assert!(sender.repeated > 0, "no message was sent twice");

    // A clean stop, and the state made anew from the log in each of the two ways: only what is new is sent.
    assert!(server.stop().unwrap().0.success());
    let (out, _) = exits(dir.path(), &["rebuild", "--check", "--json", "--data-dir", "."], 0);
    assert!(out.contains("\"same\":true"), "{out}");
    exits(dir.path(), &["rebuild", "--data-dir", "."], 0);
    only_the_new_one(&receiver, dir.path(), "after-rebuild");
    std::fs::remove_dir_all(dir.path().join("state")).unwrap();
    only_the_new_one(&receiver, dir.path(), "after-replay");
    println!("{}", check_all(&receiver, sender.orders + 2));
}

/// Each of so many messages was taken under an id of its own, whatever was answered before. Gives it in words.
fn check_all(receiver: &Receiver, orders: usize) -> String {
    let (taken, came) = (receiver.taken(), receiver.came());
    let faults: Vec<&String> = came.iter().filter_map(|came| came.fault.as_ref()).collect();
    assert!(faults.is_empty(), "{faults:?}");
    assert_eq!(taken.len(), orders);
    let ids: BTreeSet<&String> = came.iter().map(|came| &came.id).collect();
    assert_eq!(ids.len(), orders, "another id for the same order, or an order that nobody sent");
    assert!(taken.values().all(|ids| ids.len() == 1));
    let deeds = |deed: Deed| came.iter().filter(|came| came.deed == deed).count();
    let (failed, turned_away, stalled) =
        (deeds(Deed::Answer(500)), deeds(Deed::Answer(429)), deeds(Deed::Stall));
    assert!(failed > 0 && turned_away > 0 && stalled > 0);
    format!(
        "{orders} orders in {} attempts through {KILLS} kills: {failed} answered 500, {turned_away} 429, {stalled} \
         never; {} taken more than once",
        came.len(),
        deeds(Deed::Take) - orders
    )
}

/// Starts the server, sends one order, and checks that nothing but it is delivered.
fn only_the_new_one(receiver: &Receiver, dir: &Path, message: &str) {
    let before = receiver.came().len();
    let server = start(dir);
    let body = order(message).to_string();
    assert_eq!(
        send(&mut server.connect().unwrap(), "POST", "/v1/track", &[KEY], body.as_bytes()).status,
        200
    );
    arrived(receiver, message);
    delivered(&server);
    assert!(receiver.came()[before..].iter().all(|came| came.message == message));
    assert!(server.stop().unwrap().0.success());
}

#[test]
fn what_failed_is_listed_and_delivered_again_and_410_ends_it() {
    let receiver = Receiver::start(|n| [Deed::Answer(500), Deed::Take, Deed::Answer(410)][n.min(2)]);
    let house = House::with(&[], &receiver.toml(&[]));
    assert_eq!(house.post("/v1/track", &order("m1")).status, 200);
    let failed = loop {
        let page = house.get("/v1/outbox").json;
        if page["failed"][0]["cause"] == "server_error" {
            break page["failed"][0].clone();
        }
        std::thread::park_timeout(Duration::from_millis(20));
    };
    assert_eq!((&failed["status"], &failed["attempts"]), (&json!(500), &json!(1)), "{failed}");
    let id = failed["id"].as_str().unwrap().to_owned();
    let server = format!("http://{}", house.server.address());
    let run = |arguments: &[&str], code| {
        exits(house.dir.path(), &[&["outbox", "--server", &server], arguments].concat(), code)
    };
    let (out, _) = run(&["list"], 0);
    assert!(out.contains(&id) && out.contains("server_error") && out.contains("1 failed"), "{out}");
    assert!(run(&["retry", &id], 0).0.contains("due now"));
    arrived(&receiver, "m1");
    let stand = delivered(&house.server)["endpoints"][0].clone();
    assert_eq!(
        (&stand["delivered"], &stand["failed"], &stand["state"]),
        (&json!(1), &json!(0), &json!("active"))
    );
    assert!(receiver.came().iter().all(|came| came.id == id));
    assert!(run(&["retry", &id], 1).1.contains("404"));
    let metrics = house.get("/metrics").text;
    let line = "tradewind_webhook_attempts_total{endpoint=\"crm\",outcome=\"server_error\"} 1";
    assert!(metrics.contains(line) && metrics.contains("tradewind_outbox_effects_total 1"), "{metrics}");

    assert_eq!(house.post("/v1/track", &order("m2")).status, 200);
    while house.get("/v1/outbox").json["endpoints"][0]["state"] != "stopped" {
        std::thread::park_timeout(Duration::from_millis(20));
    }
    let id = house.get("/v1/outbox").json["failed"][0]["id"].as_str().unwrap().to_owned();
    house.post(&format!("/v1/outbox/{id}/retry"), &json!({})).is_problem(409, "webhook-stopped");
    house.post("/v1/outbox/msg_1/retry", &json!({})).is_problem(404, "not-found");
    assert_eq!(receiver.came().len(), 3);
}

#[test]
fn an_endpoint_that_does_not_hold_is_refused_at_the_start_and_secrets_are_not_shown() {
    let dir = tempfile::tempdir().unwrap();
    let write = |url: &str| {
        let toml =
            format!("[[webhooks]]\nname = 'crm'\nurl = '{url}'\nsecrets = ['{SECRET}']\nevents = ['x']\n");
        std::fs::write(dir.path().join("tradewind.toml"), toml).unwrap();
    };
    for (url, part) in [("ftp://crm.example/", "ftp"), ("http://127.0.0.1/", "private_network"), ("x", "url")]
    {
        write(url);
        let (_, err) = exits(dir.path(), &["serve"], 3);
        assert!(err.contains("'crm'") && err.contains(part), "{err}");
    }
    write("https://crm.example/hooks?token=1");
    let (out, _) = exits(dir.path(), &["config", "show"], 0);
    assert!(out.contains("webhooks") && !out.contains(SECRET) && !out.contains("token"), "{out}");
}
