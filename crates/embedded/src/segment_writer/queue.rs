//! What waits for the writer, and how much of it is taken at once.

use std::ops::Range;
use std::sync::mpsc;
use std::time::{Duration, Instant};

use tokio::sync::oneshot;
use tradewind_ports::{AppendError, NoRoom, Offset};

use crate::segment::{self, FRAME_BYTES};

/// How long records wait for company that nobody waits for.
const LINGER: Duration = Duration::from_millis(50);
/// What waits for company at most, in bytes.
pub(crate) const LINGER_BYTES: usize = 1 << 20;

/// Records with their frames made.
#[derive(Default)]
pub(crate) struct Framed {
    pub(crate) frames: Vec<u8>,
    pub(crate) lengths: Vec<u32>,
}

/// Where the answer to an append goes.
pub(crate) type Reply = oneshot::Sender<Result<Range<Offset>, AppendError>>;

/// What the writer is told.
pub(crate) enum Job {
    /// To write records that somebody waits for.
    Append(Framed, Reply),
    /// That records wait in [`Shared::later`](crate::segment_log::Shared::later), where none did before.
    LaterWaits,
    /// That many do.
    LaterIsFull,
    /// To close the segment that is written to, so that it can be changed, unless nothing is in it.
    Roll(oneshot::Sender<Result<(), NoRoom>>),
}

impl Framed {
    pub(crate) fn push(&mut self, records: &[Vec<u8>]) {
        for record in records {
            segment::put_frame(&mut self.frames, record);
            self.lengths.push(u32::try_from(record.len() + FRAME_BYTES).unwrap_or(u32::MAX));
        }
    }

    /// Puts others behind these.
    pub(super) fn join(&mut self, others: &Self) {
        self.frames.extend_from_slice(&others.frames);
        self.lengths.extend_from_slice(&others.lengths);
    }
}

/// Records and whoever waits for them.
pub(crate) type Append = (Framed, Reply);

/// Takes all that waits; as long as nobody waits for any of it, a little longer.
pub(super) fn gather(
    jobs: &mpsc::Receiver<Job>,
    first: Job,
    taken: &mut Vec<Append>,
    rolls: &mut Vec<oneshot::Sender<Result<(), NoRoom>>>,
) {
    let began = Instant::now();
    let mut next = Some(first);
    let mut is_due = false;
    while let Some(job) = next {
        match job {
            Job::Append(framed, reply) => {
                is_due = true;
                taken.push((framed, reply));
            }
            Job::LaterIsFull => is_due = true,
            Job::Roll(reply) => {
                is_due = true;
                rolls.push(reply);
            }
            Job::LaterWaits => {}
        }
        next = if is_due {
            jobs.try_recv().ok()
        } else {
            jobs.recv_timeout(LINGER.saturating_sub(began.elapsed())).ok()
        };
    }
}
