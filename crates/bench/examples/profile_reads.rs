//! What reading profiles and features costs over HTTP, and how soon an event is in its profile:
//! `cargo run --release -p tradewind-bench --example profile_reads -- PROGRAM EMPTY_FOLDER [PEOPLE [PER_SECOND]]`.
//!
//! Fills a server of its own with so many people (1,000,000), two events each. Then 64 connections read by a
//! schedule fixed in advance (5,000 a second for 10 s), all people equally likely, so that nearly every read goes
//! past the cache; latency counts from when a request should have been sent. Last, while reads go on at a fifth
//! of that rate, events of single people: from before one is sent until an answer shows it.

use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::Value;
use tradewind_bench::{BenchError, Client, Server, request};

type Failure = Box<dyn std::error::Error + Send + Sync>;

const BATCH: usize = 500;
const SENDERS: usize = 4;
const READERS: u32 = 64;
const SECONDS: u32 = 10;
const PROBES: usize = 500;

/// Numbers that look random, from a seed (xorshift).
struct Random(u64);

impl Random {
    fn below(&mut self, count: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % count as u64).unwrap_or(0)
    }
}

#[expect(clippy::disallowed_methods, reason = "requests go by a schedule")]
fn pause(length: Duration) {
    std::thread::sleep(length);
}

fn track(person: usize, n: usize, name: &str) -> String {
    format!(
        r#"{{"type":"track","event":"{name}","userId":"u{person}","messageId":"{person}-{n}","properties":{{"product_id":"p{}","category":"c{} > d","brand":"b{}","price":12.5,"currency":"EUR"}}}}"#,
        person % 5_000,
        person % 40,
        person % 300
    )
}

fn profile_of(person: usize) -> Vec<u8> {
    request("GET", &format!("/v1/profiles/user_id:u{person}"), &[], b"")
}

fn features_of(person: usize) -> Vec<u8> {
    let body = format!(
        r#"{{"features":["subject_profile:orders","subject_profile:events","subject_profile:last_seen","subject_profile:is_first_time_shopper","subject_profile:session_product_ids"],"entities":{{"subject":["user_id:u{person}"]}}}}"#
    );
    request("POST", "/get-online-features", &[("Content-Type", "application/json")], body.as_bytes())
}

/// Sends until it is taken: a server that asks to come back is given time.
fn send(client: &mut Client, body: &str) -> Result<(), BenchError> {
    let bytes = request("POST", "/v1/batch", &[("Content-Type", "application/json")], body.as_bytes());
    loop {
        match client.exchange(&bytes)?.status {
            200 => return Ok(()),
            429 | 503 => pause(Duration::from_millis(50)),
            _ => return Err(BenchError::Answer("a batch was not taken")),
        }
    }
}

fn fill(server: &Server, people: usize) -> Result<(), Failure> {
    std::thread::scope(|scope| {
        let part = |sender: usize| -> Result<(), Failure> {
            let mut client = server.connect()?;
            for first in (0..people).step_by(BATCH).skip(sender).step_by(SENDERS) {
                let last = (first + BATCH).min(people);
                for (n, name) in ["Product Viewed", "Product Added"].into_iter().enumerate() {
                    let messages: Vec<String> = (first..last).map(|p| track(p, n, name)).collect();
                    send(
                        &mut client,
                        &format!(r#"{{"writeKey":"bench","batch":[{}]}}"#, messages.join(",")),
                    )?;
                }
            }
            Ok(())
        };
        let threads: Vec<_> = (0..SENDERS).map(|sender| scope.spawn(move || part(sender))).collect();
        threads.into_iter().try_for_each(|thread| thread.join().unwrap_or(Err("a sender panicked".into())))
    })
}

/// Reads by schedule; gives how long each took, in microseconds, sorted.
fn read(
    server: &Server,
    (people, per_second, seconds): (usize, u32, u32),
    bytes_of: fn(usize) -> Vec<u8>,
) -> Result<Vec<u64>, Failure> {
    let (gap, count) = (Duration::from_secs(1) / per_second, per_second * seconds);
    let began = Instant::now() + Duration::from_millis(100);
    let part = |reader: u32| -> Result<Vec<u64>, Failure> {
        let (mut client, mut took) = (server.connect()?, Vec::new());
        let mut random = Random(88_172_645_463_325_252 ^ (u64::from(reader) << 17));
        for n in (reader..count).step_by(READERS as usize) {
            let bytes = bytes_of(random.below(people));
            let due = began + gap * n;
            pause(due.saturating_duration_since(Instant::now()));
            let answer = client.exchange(&bytes)?;
            if answer.status != 200 {
                return Err(format!("a read was answered with {}", answer.status).into());
            }
            took.push(u64::try_from(due.elapsed().as_micros())?);
        }
        Ok(took)
    };
    let mut all = std::thread::scope(|scope| -> Result<Vec<u64>, Failure> {
        let threads: Vec<_> = (0..READERS).map(|reader| scope.spawn(move || part(reader))).collect();
        let mut all = Vec::new();
        for thread in threads {
            all.extend(thread.join().unwrap_or(Err("a reader panicked".into()))?);
        }
        Ok(all)
    })?;
    all.sort_unstable();
    Ok(all)
}

fn told(all: &[u64]) -> String {
    let at = |share: f64| all.get((all.len() as f64 * share) as usize).copied().unwrap_or(0) as f64 / 1e3;
    format!(
        "p50 {:.2} ms, p99 {:.2} ms, p99.9 {:.2} ms ({} of them)",
        at(0.5),
        at(0.99),
        at(0.999),
        all.len()
    )
}

/// From before an event is sent until its person's profile shows it.
fn visible(server: &Server, people: usize) -> Result<Vec<u64>, Failure> {
    let (mut client, mut random, mut took) = (server.connect()?, Random(9), Vec::new());
    for probe in 0..PROBES {
        let person = random.below(people);
        let events = |client: &mut Client| -> Result<u64, Failure> {
            let answer = client.exchange(&profile_of(person))?;
            let profile: Value = serde_json::from_slice(answer.body)?;
            profile["events"].as_u64().ok_or_else(|| "a profile without events".into())
        };
        let before = events(&mut client)?;
        let began = Instant::now();
        send(
            &mut client,
            &format!(r#"{{"writeKey":"bench","batch":[{}]}}"#, track(person, 10 + probe, "Product Viewed")),
        )?;
        while events(&mut client)? == before {}
        took.push(u64::try_from(began.elapsed().as_micros())?);
        pause(Duration::from_millis(15));
    }
    took.sort_unstable();
    Ok(took)
}

#[expect(clippy::print_stdout, reason = "an example's results")]
fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [program, folder, more @ ..] = &arguments[..] else {
        return Err("say which program, and an empty folder".into());
    };
    let people: usize = more.first().map_or(Ok(1_000_000), |text| text.parse())?;
    let per_second: u32 = more.get(1).map_or(Ok(5_000), |text| text.parse())?;
    let server = Server::start(Path::new(program), Path::new(folder), &[])?;
    let began = Instant::now();
    fill(&server, people)?;
    server.drained()?;
    println!("{people} people filled in {:.0} s", began.elapsed().as_secs_f64());
    for (what, bytes_of) in
        [("GET /v1/profiles", profile_of as fn(usize) -> Vec<u8>), ("5 features", features_of)]
    {
        read(&server, (people, per_second, 2), bytes_of)?;
        let before = server.cpu()?;
        let all = read(&server, (people, per_second, SECONDS), bytes_of)?;
        let cpu = server.cpu()?.saturating_sub(before).as_secs_f64() * 1e6 / all.len() as f64;
        println!("{what} at {per_second} a second: {}, {cpu:.0} µs of server CPU each", told(&all));
    }
    let shown = std::thread::scope(|scope| -> Result<Vec<u64>, Failure> {
        let load = scope.spawn(|| read(&server, (people, (per_second / 5).max(1), SECONDS), profile_of));
        let shown = visible(&server, people)?;
        load.join().unwrap_or(Err("a reader panicked".into()))?;
        Ok(shown)
    })?;
    println!("event to profile, under reads: {}", told(&shown));
    println!("peak memory {} MiB", server.peak_rss_bytes()? >> 20);
    server.kill();
    Ok(())
}
