//! SIGKILL under load, again and again. The oracle stands outside of the process: what was acknowledged must
//! be there, whatever was sent may be, and each exactly once however often it was delivered.
//!
//! A killed process loses nothing that it has written, so this tests the order of writing and
//! acknowledging, recovery and deduplication; that an fsync reaches the disk is beyond it.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use serde_json::{Value, json};
use tradewind_bench::{Client, Server, request};

use crate::support::{KEY, PROGRAM, Rng, exits, number_from, send};

/// Kills, unless the variable says otherwise.
const CYCLES: usize = 20;
/// The variable: `make test-crash CYCLES=…` sets it.
const CYCLES_VARIABLE: &str = "CRASH_CYCLES";
const WRITERS: usize = 4;
/// Subjects of one writer; nobody else sends for them.
const SUBJECTS: usize = 40;
const BATCH: usize = 20;
/// After so many cycles a line tells how far it is, so that a long run that is stopped has said something.
const TOLD_EVERY: usize = 10;
/// The longest time from the first request of a cycle to its kill.
const LONGEST_MS: usize = 300;
const NAMES: [&str; 3] = ["Product Viewed", "Product Added", "Size Guide Opened"];

fn cycles() -> usize {
    number_from(CYCLES_VARIABLE).unwrap_or(CYCLES)
}

#[derive(Debug, Clone)]
struct Message {
    id: String,
    subject: usize,
    name: usize,
    acked: bool,
}

/// One client with its memory: every message that it ever sent.
pub(crate) struct Writer {
    number: usize,
    rng: Rng,
    messages: Vec<Message>,
    /// Batches that were sent and not acknowledged.
    pending: Vec<Vec<usize>>,
    deliveries: u64,
}

impl Writer {
    fn new(number: usize) -> Self {
        let rng = Rng(number as u64 + 1);
        Self { number, rng, messages: Vec::new(), pending: Vec::new(), deliveries: 0 }
    }

    fn subject(&self, subject: usize) -> String {
        format!("w{}-s{subject}", self.number)
    }

    /// The next batch: one that is due again, or a new one with old messages among the new ones.
    fn next_batch(&mut self) -> Vec<usize> {
        if !self.pending.is_empty() && self.rng.below(2) == 0 {
            let at = self.rng.below(self.pending.len());
            return self.pending.swap_remove(at);
        }
        (0..BATCH).map(|_| self.next_message()).collect()
    }

    fn next_message(&mut self) -> usize {
        if !self.messages.is_empty() && self.rng.below(4) == 0 {
            return self.rng.below(self.messages.len());
        }
        let id = format!("w{}-m{}", self.number, self.messages.len());
        let (subject, name) = (self.rng.below(SUBJECTS), self.rng.below(NAMES.len()));
        self.messages.push(Message { id, subject, name, acked: false });
        self.messages.len() - 1
    }

    fn body(&self, batch: &[usize]) -> Vec<u8> {
        let event = |&index: &usize| {
            let message = &self.messages[index];
            json!({"type": "track", "messageId": message.id, "event": NAMES[message.name],
                "anonymousId": self.subject(message.subject), "properties": {"product_id": format!("p{}", index % 50)}})
        };
        json!({"batch": batch.iter().map(event).collect::<Vec<_>>()}).to_string().into_bytes()
    }

    /// Sends a batch. Only a 200 is an acknowledgement.
    fn deliver(&mut self, client: &mut Client, batch: Vec<usize>) -> bool {
        let bytes = request("POST", "/v1/batch", &[KEY], &self.body(&batch));
        self.deliveries += batch.len() as u64;
        let acked = client.exchange(&bytes).is_ok_and(|answer| {
            assert!(matches!(answer.status, 200 | 429), "{}", String::from_utf8_lossy(answer.body));
            answer.status == 200
        });
        if acked {
            batch.iter().for_each(|&index| self.messages[index].acked = true);
        } else {
            self.pending.push(batch);
        }
        acked
    }

    /// Sends until the server is gone.
    fn write(&mut self, address: SocketAddr, started: &AtomicU64, killed: &AtomicBool) -> bool {
        while !killed.load(Ordering::Acquire) {
            let Ok(mut client) = Client::connect(address) else { continue };
            loop {
                let batch = self.next_batch();
                started.fetch_add(1, Ordering::Release);
                if !self.deliver(&mut client, batch) {
                    break;
                }
            }
        }
        !self.pending.is_empty()
    }

    /// Sends what is left until all of it is acknowledged.
    fn finish(&mut self, client: &mut Client) {
        while let Some(batch) = self.pending.pop() {
            assert!(self.deliver(client, batch), "the server is up, and does not take a batch");
        }
    }

    /// By subject: how many messages were acknowledged, and how many were sent.
    fn counts(&self) -> Vec<(u64, u64)> {
        let mut counts = vec![(0, 0); SUBJECTS];
        for message in &self.messages {
            counts[message.subject].0 += u64::from(message.acked);
            counts[message.subject].1 += 1;
        }
        counts
    }
}

fn profile(client: &mut Client, subject: &str) -> Value {
    let reply = send(client, "GET", &format!("/v1/profiles/anonymous_id:{subject}"), &[], b"");
    assert!(matches!(reply.status, 200 | 404), "{reply:?}");
    reply.json
}

/// Between all that was acknowledged and all that was sent.
fn check_bounds(server: &Server, writers: &[Writer]) {
    server.drained().unwrap();
    let mut client = server.connect().unwrap();
    for writer in writers {
        for (subject, (acked, sent)) in writer.counts().into_iter().enumerate() {
            let subject = writer.subject(subject);
            let events = profile(&mut client, &subject)["events"].as_u64().unwrap_or(0);
            assert!(events >= acked, "{subject} lost events: {acked} acknowledged, {events} there");
            assert!(events <= sent, "{subject} has {events} events of {sent} that were ever sent");
        }
    }
}

/// Exactly what was sent, by subject and by name. Gives how many events there are of each name.
pub(crate) fn check_exactly(server: &Server, writers: &[Writer]) -> BTreeMap<&'static str, u64> {
    let stats = server.drained().unwrap();
    let mut client = server.connect().unwrap();
    let mut by_name: BTreeMap<&'static str, u64> = BTreeMap::new();
    for writer in writers {
        for (subject, (acked, sent)) in writer.counts().into_iter().enumerate() {
            assert_eq!(acked, sent, "everything is acknowledged by now");
            let of = |name: usize| {
                writer.messages.iter().filter(|m| m.subject == subject && m.name == name).count() as u64
            };
            let profile = profile(&mut client, &writer.subject(subject));
            assert_eq!(profile["events"], sent, "{profile}");
            assert_eq!(profile["actions"]["view"].as_u64().unwrap_or(0), of(0), "{profile}");
            assert_eq!(profile["actions"]["add"].as_u64().unwrap_or(0), of(1), "{profile}");
            let in_cart = profile["cart"].as_array().unwrap().iter();
            assert_eq!(in_cart.map(|line| line["quantity"].as_u64().unwrap()).sum::<u64>(), of(1));
        }
        for message in &writer.messages {
            *by_name.entry(NAMES[message.name]).or_default() += 1;
        }
    }
    assert_eq!(stats["eventsTotal"], by_name.values().sum::<u64>());
    assert_eq!(stats["eventsByName"], json!(by_name));
    by_name
}

/// What was done so far, in words.
fn figures(in_flight: usize, writers: &[Writer]) -> String {
    let messages: usize = writers.iter().map(|w| w.messages.len()).sum();
    let deliveries: u64 = writers.iter().map(|w| w.deliveries).sum();
    format!("{in_flight} with batches in flight; {messages} messages delivered {deliveries} times")
}

/// Writers that have sent nothing yet.
pub(crate) fn new_writers() -> Vec<Writer> {
    (0..WRITERS).map(Writer::new).collect()
}

/// Everything that is left is sent and acknowledged.
pub(crate) fn finish(server: &Server, writers: &mut [Writer]) {
    check_bounds(server, writers);
    writers.iter_mut().for_each(|w| w.finish(&mut server.connect().unwrap()));
}

/// One kill, once `under_way` returns; gives whether any writer was left with a batch that was not acknowledged.
pub(crate) fn cycle(dir: &Path, writers: &mut [Writer], under_way: impl FnOnce()) -> bool {
    let server = Server::start(Path::new(PROGRAM), dir, &[]).unwrap();
    check_bounds(&server, writers);
    let (address, started, killed) = (server.address(), AtomicU64::new(0), AtomicBool::new(false));
    std::thread::scope(|scope| {
        let write = |writer| {
            let (started, killed) = (&started, &killed);
            scope.spawn(move || Writer::write(writer, address, started, killed))
        };
        let threads: Vec<_> = writers.iter_mut().map(write).collect();
        while started.load(Ordering::Acquire) == 0 {
            std::thread::yield_now();
        }
        under_way();
        killed.store(true, Ordering::Release);
        server.kill();
        threads.into_iter().fold(false, |any, thread| thread.join().unwrap() | any)
    })
}

#[test]
fn nothing_acknowledged_is_lost_and_nothing_counts_twice() {
    let dir = tempfile::tempdir().unwrap();
    let mut writers = new_writers();
    let mut rng = Rng(7);
    let (cycles, mut in_flight) = (cycles(), 0);
    for done in 1..=cycles {
        let delay = Duration::from_millis(rng.below(LONGEST_MS + 1) as u64);
        in_flight += usize::from(cycle(dir.path(), &mut writers, || std::thread::park_timeout(delay)));
        if done % TOLD_EVERY == 0 {
            println!("{done} of {cycles} kills: {}", figures(in_flight, &writers));
        }
    }
    let server = Server::start(Path::new(PROGRAM), dir.path(), &[]).unwrap();
    finish(&server, &mut writers);
    check_exactly(&server, &writers);
    let (status, log) = server.stop().unwrap();
    assert!(status.success() && !log.contains("panicked"), "{log}");
    let server = Server::start(Path::new(PROGRAM), dir.path(), &[]).unwrap();
    check_exactly(&server, &writers);
    server.stop().unwrap();
    exits(dir.path(), &["rebuild", "--check", "--data-dir", "."], 0);
    let messages: usize = writers.iter().map(|w| w.messages.len()).sum();
    let deliveries: u64 = writers.iter().map(|w| w.deliveries).sum();
    println!("{cycles} kills: {}, each applied once", figures(in_flight, &writers));
    assert!(in_flight * 2 > cycles, "only {in_flight} of {cycles} kills hit anything under way");
    assert!(deliveries > messages as u64, "nothing was delivered twice");
}
