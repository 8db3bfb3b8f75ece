//! How the messages come: some again, in another order, in batches of all sizes, over several connections to
//! a server that is killed now and then. What got no answer is sent again.

use std::collections::VecDeque;
use std::io::Write;
use std::net::SocketAddr;
use std::ops::Range;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::time::Duration;

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::json;
use tradewind_bench::{Client, Server, request};

use super::world::World;
use crate::support::{KEY, PROGRAM, Rng};

const CONNECTIONS: usize = 3;
/// The longest time from the batch that is waited for to the kill.
const LONGEST_MS: usize = 20;

/// How a server's life ends.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum End {
    Kill,
    Stop,
}

#[derive(Debug, Clone)]
struct Batch {
    /// Of the schedule.
    places: Range<usize>,
    is_packed: bool,
}

pub(super) struct Delivery<'w> {
    world: &'w World,
    /// Message by message, in the order of their first delivery.
    schedule: Vec<usize>,
    queue: Mutex<VecDeque<Batch>>,
    batches: usize,
    /// Batches sent again, since they were not answered.
    unanswered: AtomicU64,
    /// Or since they were refused, with a 429 or a 503.
    refused: AtomicU64,
}

/// The order of delivery: everything once and three in ten again. Most messages come near their place, some
/// far from it; of the repetitions a third come at once, a third within a tenth of the history, a third
/// anywhere.
fn shuffled(messages: usize, rng: &mut Rng) -> Vec<usize> {
    let mut places = Vec::with_capacity(messages * 13 / 10);
    for index in 0..messages {
        let window = if rng.below(10) < 7 { 500 } else { messages / 4 };
        places.push((index + rng.below(window), index));
    }
    for _ in 0..messages * 3 / 10 {
        let (first, index) = places[rng.below(messages)];
        let place = match rng.below(3) {
            0 => first + rng.below(20),
            1 => first + rng.below(messages / 10),
            _ => rng.below(messages),
        };
        places.push((place, index));
    }
    places.sort_by_key(|p| p.0);
    places.into_iter().map(|p| p.1).collect()
}

fn cut(length: usize, rng: &mut Rng) -> VecDeque<Batch> {
    let (mut batches, mut begin) = (VecDeque::new(), 0);
    while begin < length {
        let size = match rng.below(4) {
            0 => 1,
            1 => 2 + rng.below(50),
            _ => 100 + rng.below(400),
        };
        let end = length.min(begin + size);
        batches.push_back(Batch { places: begin..end, is_packed: rng.below(3) == 0 });
        begin = end;
    }
    batches
}

impl<'w> Delivery<'w> {
    pub(super) fn new(world: &'w World, rng: &mut Rng) -> Self {
        Self::of(world, shuffled(world.messages, rng), rng)
    }

    /// Every message once, in its order; over one connection it stays so.
    pub(super) fn in_order(world: &'w World, rng: &mut Rng) -> Self {
        Self::of(world, (0..world.messages).collect(), rng)
    }

    fn of(world: &'w World, schedule: Vec<usize>, rng: &mut Rng) -> Self {
        let queue = cut(schedule.len(), rng);
        let batches = queue.len();
        Self {
            world,
            schedule,
            queue: Mutex::new(queue),
            batches,
            unanswered: AtomicU64::new(0),
            refused: AtomicU64::new(0),
        }
    }

    /// Messages to be delivered, repetitions among them.
    pub(super) fn len(&self) -> usize {
        self.schedule.len()
    }

    pub(super) fn batches(&self) -> usize {
        self.batches
    }

    pub(super) fn unanswered(&self) -> u64 {
        self.unanswered.load(Ordering::Acquire)
    }

    pub(super) fn refused(&self) -> u64 {
        self.refused.load(Ordering::Acquire)
    }

    fn bytes(&self, batch: &Batch) -> Vec<u8> {
        let mut messages = self.schedule[batch.places.clone()].iter().map(|&i| self.world.message(i));
        let (path, body) = if batch.places.len() == 1 {
            let message = messages.next().unwrap();
            (format!("/v1/{}", message.kind()), message.json())
        } else {
            ("/v1/batch".to_owned(), json!({"batch": messages.map(|m| m.json()).collect::<Vec<_>>()}))
        };
        let body = body.to_string().into_bytes();
        if !batch.is_packed {
            return request("POST", &path, &[KEY], &body);
        }
        let mut packer = GzEncoder::new(Vec::new(), Compression::fast());
        packer.write_all(&body).unwrap();
        request("POST", &path, &[KEY, ("content-encoding", "gzip")], &packer.finish().unwrap())
    }

    /// Sends until nothing is left or the server is gone. Tells of each batch that was acknowledged.
    pub(super) fn write(&self, address: SocketAddr, acknowledged: &Sender<()>, over: &AtomicBool) {
        let Ok(mut client) = Client::connect(address) else { return };
        while !over.load(Ordering::Acquire) {
            let Some(batch) = self.queue.lock().unwrap().pop_front() else { return };
            let answer = client.exchange(&self.bytes(&batch));
            let is_broken = answer.is_err();
            if let Ok(answer) = answer {
                let text = String::from_utf8_lossy(answer.body);
                assert!(matches!(answer.status, 200 | 429 | 503), "{text}");
                if answer.status == 200 {
                    assert!(!text.contains("rejected"), "{text}");
                    // Nobody counts any more once the server is to end.
                    let _ = acknowledged.send(());
                    continue;
                }
            }
            // Some come next, some come last.
            let again = if is_broken { &self.unanswered } else { &self.refused };
            let is_soon = again.fetch_add(1, Ordering::AcqRel).is_multiple_of(2);
            let mut queue = self.queue.lock().unwrap();
            if is_soon {
                queue.push_front(batch);
            } else {
                queue.push_back(batch);
            }
            drop(queue);
            if is_broken {
                match Client::connect(address) {
                    Ok(fresh) => client = fresh,
                    Err(_) => return,
                }
            }
        }
    }

    /// A server's life: it ends a moment after it acknowledged this many batches, if there are as many. Gives
    /// whether that left a batch without an answer.
    pub(super) fn live(&self, dir: &Path, acknowledged: usize, end: End, rng: &mut Rng) -> bool {
        let before = self.unanswered();
        let server = Server::start(Path::new(PROGRAM), dir, &[]).unwrap();
        let (address, over) = (server.address(), AtomicBool::new(false));
        let (sender, receiver) = channel();
        std::thread::scope(|scope| {
            for _ in 0..CONNECTIONS {
                let (sender, over) = (sender.clone(), &over);
                scope.spawn(move || self.write(address, &sender, over));
            }
            drop(sender);
            let _ = receiver.iter().take(acknowledged).count();
            std::thread::park_timeout(Duration::from_millis(rng.below(LONGEST_MS + 1) as u64));
            match end {
                End::Kill => server.kill(),
                End::Stop => {
                    let (status, log) = server.stop().unwrap();
                    assert!(status.success() && !log.contains("panicked"), "{log}");
                }
            }
            over.store(true, Ordering::Release);
        });
        self.unanswered() > before
    }

    /// The rest, until all of it is acknowledged.
    pub(super) fn finish(&self, address: SocketAddr, connections: usize) {
        let (sender, _receiver) = channel();
        let over = AtomicBool::new(false);
        while !self.queue.lock().unwrap().is_empty() {
            std::thread::scope(|scope| {
                for _ in 0..connections {
                    scope.spawn(|| self.write(address, &sender.clone(), &over));
                }
            });
        }
    }
}
