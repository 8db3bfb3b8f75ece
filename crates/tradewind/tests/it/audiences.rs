//! Audiences from outside: defined on the command line, followed through kills, told once, the same after a
//! rebuild, and left at once by whoever withdraws.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};
use tradewind_bench::{Server, request};

use crate::support::{KEY, PROGRAM, exits, send};

const SECRET: &str = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3";
/// People who buy before and between the kills.
const PEOPLE: usize = 60;
const KILLS: usize = 4;

/// What was told: type, audience and user, with the ids of the webhooks that told it.
type Told = BTreeMap<(String, String, String), BTreeSet<String>>;

/// Takes everything that it is told.
fn receiver() -> (String, Arc<Mutex<Told>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let (address, told) = (listener.local_addr().unwrap(), Arc::<Mutex<Told>>::default());
    let kept = Arc::clone(&told);
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let kept = Arc::clone(&kept);
            std::thread::spawn(move || take(stream.unwrap(), &kept));
        }
    });
    (format!("http://{address}/hooks"), told)
}

fn take(mut stream: TcpStream, kept: &Mutex<Told>) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    loop {
        let (mut id, mut length, mut line) = (String::new(), 0, String::new());
        loop {
            line.clear();
            if reader.read_line(&mut line).is_err() || line.is_empty() {
                return;
            }
            let Some((name, value)) = line.trim_end().split_once(": ") else {
                if line.trim_end().is_empty() { break } else { continue }
            };
            match name.to_ascii_lowercase().as_str() {
                "webhook-id" => value.clone_into(&mut id),
                "content-length" => length = value.parse().unwrap(),
                _ => {}
            }
        }
        let mut body = vec![0; length];
        if reader.read_exact(&mut body).is_err() {
            return;
        }
        let json: Value = serde_json::from_slice(&body).unwrap();
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let data = &json["data"];
        let what = (text(&json["type"]), text(&data["audience"]), text(&data["subject"]["userId"]));
        kept.lock().unwrap().entry(what).or_default().insert(id);
        if stream.write_all(b"HTTP/1.1 200 x\r\ncontent-length: 2\r\n\r\nok").is_err() {
            return;
        }
    }
}

fn start(dir: &Path) -> Server {
    Server::start(Path::new(PROGRAM), dir, &[]).unwrap()
}

fn get(server: &Server, path: &str) -> Value {
    let reply = send(&mut server.connect().unwrap(), "GET", path, &[], b"");
    assert_eq!(reply.status, 200, "{path}: {reply:?}");
    reply.json
}

/// Looks again and again until it is so.
fn until(what: impl Fn() -> bool) {
    while !what() {
        std::thread::park_timeout(Duration::from_millis(20));
    }
}

fn order(n: usize) -> Value {
    json!({"type": "track", "event": "Order Completed", "messageId": format!("m{n}"), "userId": format!("u{n}"),
        "properties": {"order_id": format!("o{n}"), "revenue": 20, "products": [{"product_id": "p"}]}})
}

/// Sends orders until all are taken, or the server is gone.
fn buy(server: std::net::SocketAddr, people: std::ops::Range<usize>) {
    let Ok(mut client) = tradewind_bench::Client::connect(server) else { return };
    for n in people {
        let body = order(n).to_string();
        if client.exchange(&request("POST", "/v1/track", &[KEY], body.as_bytes())).is_err() {
            return;
        }
    }
}

fn entered(told: &Mutex<Told>, n: usize) -> bool {
    let who = ("audience.entered".to_owned(), "buyers".to_owned(), format!("u{n}"));
    told.lock().unwrap().contains_key(&who)
}

#[test]
fn who_goes_in_is_told_once_through_kills_and_rebuilds_and_who_withdraws_goes_out() {
    let (url, told) = receiver();
    let dir = tempfile::tempdir().unwrap();
    let toml = format!(
        "[[webhooks]]\nname = 'ads'\nurl = '{url}'\nsecrets = ['{SECRET}']\n\
         events = ['Audience Entered', 'Audience Exited']\nretry_seconds = [1, 1, 1, 1, 1]\nprivate_network = true\n"
    );
    std::fs::write(dir.path().join("tradewind.toml"), toml).unwrap();
    let server = start(dir.path());
    let run = |server: &Server, arguments: &[&str], code| {
        let address = format!("http://{}", server.address());
        exits(dir.path(), &[&["audiences", "--server", &address], arguments].concat(), code).0
    };
    let put = ["put", "buyers", "--rule", "orders >= 1", "--purpose", "ads_sharing"];
    assert!(run(&server, &put, 0).contains("who goes in and out"));
    let (_, wrong) = exits(
        dir.path(),
        &[
            "audiences",
            "--server",
            &format!("http://{}", server.address()),
            "put",
            "x",
            "--rule",
            "oders > 1",
        ],
        1,
    );
    assert!(wrong.contains("'oders' (line 1, column 1) is no trait: did you mean 'orders'?"), "{wrong}");
    server.kill();
    for round in 0..KILLS {
        let server = start(dir.path());
        let address = server.address();
        std::thread::scope(|scope| {
            let buying = scope.spawn(move || buy(address, 0..(round + 1) * PEOPLE / KILLS));
            std::thread::park_timeout(Duration::from_millis(60 * round as u64));
            server.kill();
            buying.join().unwrap();
        });
    }
    let server = start(dir.path());
    buy(server.address(), 0..PEOPLE);
    until(|| get(&server, "/v1/audiences/buyers")["size"] == PEOPLE);
    until(|| (0..PEOPLE).all(|n| entered(&told, n)));
    assert_eq!(get(&server, "/v1/profiles/user_id:u7")["audiences"], json!(["buyers"]));
    assert!(run(&server, &["list"], 0).contains(&format!("{PEOPLE} people")));
    assert!(run(&server, &["preview", "orders >= 1"], 0).starts_with(&format!("{PEOPLE} people")));

    // The state made anew, in each of the two ways, tells nobody again.
    assert!(server.stop().unwrap().0.success());
    let (out, _) = exits(dir.path(), &["rebuild", "--check", "--json", "--data-dir", "."], 0);
    assert!(out.contains("\"same\":true"), "{out}");
    std::fs::remove_dir_all(dir.path().join("state")).unwrap();
    let server = start(dir.path());
    buy(server.address(), PEOPLE..PEOPLE + 1);
    until(|| entered(&told, PEOPLE));
    assert_eq!(get(&server, "/v1/audiences/buyers")["size"], PEOPLE + 1);
    let known = told.lock().unwrap().clone();
    assert_eq!(known.len(), PEOPLE + 1);
    assert!(known.values().all(|ids| ids.len() == 1), "{known:?}");

    let deny = json!({"purposes": {"ads_sharing": false}}).to_string();
    let reply = send(&mut server.connect().unwrap(), "PUT", "/v1/consent/user_id:u7", &[], deny.as_bytes());
    assert_eq!(reply.status, 200, "{reply:?}");
    assert_eq!(get(&server, "/v1/profiles/user_id:u7")["audiences"], json!([]));
    let out = ("audience.exited".to_owned(), "buyers".to_owned(), "u7".to_owned());
    until(|| told.lock().unwrap().contains_key(&out));
    assert_eq!(get(&server, "/v1/audiences/buyers")["size"], PEOPLE);
    assert!(run(&server, &["delete", "buyers"], 0).contains("is deleted"));
    assert_eq!(get(&server, "/v1/profiles/user_id:u8")["audiences"], json!([]));
    assert!(server.stop().unwrap().0.success());
}
