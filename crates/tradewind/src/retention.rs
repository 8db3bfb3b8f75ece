//! The rules of retention on a house: what is removed by an erasure, by a note, or by something else.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tradewind_govern::{Ask, Kind, Retention, Rights, Rule, Stage};
use tradewind_kernel::data_map::Keep;
use tradewind_kernel::{Subject, UtcMillis};
use tradewind_pipeline::Pipeline;
use tradewind_webhooks::Outbox;

use crate::config::Config;
use crate::failure::Failure;
use crate::house::House;

/// People who are erased in one round; the others come the next time.
const PEOPLE_AT_ONCE: usize = 20_000;
/// Dead letters that are dropped in one round.
const LETTERS_AT_ONCE: usize = 10_000;
/// How often to look whether an erasure has ended.
const GLANCE: Duration = Duration::from_millis(200);

/// Starts to keep data to their age, once everything of before the start is carried out.
pub(crate) fn start(
    config: &Config,
    house: &House,
    rights: &Arc<Rights>,
    outbox: Option<&Arc<Outbox>>,
) -> Result<Arc<Retention>, Failure> {
    let pipeline = || Arc::clone(&house.pipeline);
    let settings = &config.retention;
    let people = |keep, rights| People { keep, days: settings.people_days, pipeline: pipeline(), rights };
    let mut rules: Vec<Arc<dyn Rule>> = vec![
        Arc::new(Log { days: config.storage.log_keep_days, pipeline: pipeline() }),
        Arc::new(LakeDays { days: config.lake.keep_days, root: config.data_dir.join("lake") }),
        Arc::new(Letters { days: settings.dead_letters_days, pipeline: pipeline() }),
        Arc::new(people(Keep::People, Some(Arc::clone(rights)))),
        Arc::new(people(Keep::Vault, None)),
        Arc::new(people(Keep::ConsentProof, None)),
        Arc::new(people(Keep::Features, None)),
    ];
    rules.extend(outbox.map(|outbox| Arc::new(Told(Arc::clone(outbox))) as Arc<dyn Rule>));
    let every = Duration::from_secs(60 * u64::from(settings.every_minutes.max(1)));
    let (blobs, clock, ready) = (Arc::new(house.blobs.clone()), Arc::clone(&house.clock), Arc::clone(rights));
    let started = Retention::start(rules, blobs, clock, every, move || ready.is_ready());
    started.map(Arc::new).map_err(Failure::failed)
}

/// Files of the log, which the thread `log-retention` removes.
struct Log {
    days: u32,
    pipeline: Arc<Pipeline>,
}

impl Rule for Log {
    fn keep(&self) -> Keep {
        Keep::RawEvents
    }

    fn days(&self) -> u32 {
        self.days
    }

    fn oldest(&self) -> Result<Option<UtcMillis>, String> {
        self.pipeline.oldest_of_log().map(|(at, _)| at).map_err(|e| e.to_string())
    }

    /// Records that were removed from the log's beginning.
    fn mark(&self) -> Option<u64> {
        self.pipeline.oldest_of_log().ok().map(|(_, start)| start)
    }
}

/// Days of the lake, which its own upkeep drops.
struct LakeDays {
    days: u32,
    root: PathBuf,
}

impl Rule for LakeDays {
    fn keep(&self) -> Keep {
        Keep::Lake
    }

    fn days(&self) -> u32 {
        self.days
    }

    /// By the folders of days; what a table has dropped lies there for another day.
    fn oldest(&self) -> Result<Option<UtcMillis>, String> {
        let days = |table: PathBuf| {
            names(&table).into_iter().filter_map(|name| name.strip_prefix("day=").map(str::to_owned))
        };
        let all = names(&self.root).into_iter().flat_map(|table| days(self.root.join(table)));
        Ok(all.filter_map(|day| UtcMillis::parse(&format!("{day}T00:00:00Z")).ok()).min())
    }
}

/// Names within a folder; none where there is no such.
fn names(dir: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(dir).into_iter().flatten().flatten();
    entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect()
}

/// Dead letters, which are dropped as by hand.
struct Letters {
    days: u32,
    pipeline: Arc<Pipeline>,
}

impl Rule for Letters {
    fn keep(&self) -> Keep {
        Keep::DeadLetters
    }

    fn days(&self) -> u32 {
        self.days
    }

    fn oldest(&self) -> Result<Option<UtcMillis>, String> {
        self.pipeline.oldest_letter().map_err(|e| e.to_string())
    }

    fn enforce(&self) -> Result<u64, String> {
        let before = self.pipeline.clock().now().plus(-i64::from(self.days) * UtcMillis::DAY);
        self.pipeline.drop_letters_before(before, LETTERS_AT_ONCE).map_err(|e| e.to_string())
    }
}

/// People who are not seen any more, and what belongs to them. They are erased as on request, with a receipt, by
/// the rule that has the rights; the others only tell.
struct People {
    keep: Keep,
    days: u32,
    pipeline: Arc<Pipeline>,
    rights: Option<Arc<Rights>>,
}

impl Rule for People {
    fn keep(&self) -> Keep {
        self.keep
    }

    fn days(&self) -> u32 {
        self.days
    }

    fn oldest(&self) -> Result<Option<UtcMillis>, String> {
        if self.rights.is_none() {
            return Ok(None);
        }
        self.pipeline.aging(None, 0).map(|aging| aging.oldest).map_err(|e| e.to_string())
    }

    fn enforce(&self) -> Result<u64, String> {
        let Some(rights) = &self.rights else { return Ok(0) };
        let keep_ms = i64::from(self.days) * UtcMillis::DAY;
        let idle = self.pipeline.aging(Some(keep_ms), PEOPLE_AT_ONCE).map_err(|e| e.to_string())?.idle;
        let asked: Vec<String> = idle
            .chunks(tradewind_govern::MAX_SUBJECTS)
            .map(|some| ask(rights, some.to_vec()))
            .collect::<Result<_, _>>()?;
        for id in asked {
            ended(rights, &id)?;
        }
        Ok(idle.len() as u64)
    }
}

fn ask(rights: &Rights, subjects: Vec<Subject>) -> Result<String, String> {
    let ask = Ask { kind: Kind::Erase, subjects, suppress: false, shop: None, id: None };
    rights.request(ask).map_err(|e| e.to_string())
}

/// Waits for the end of a request; what a stop leaves undone goes on at the next start.
fn ended(rights: &Rights, id: &str) -> Result<(), String> {
    loop {
        match rights.status(id) {
            Some(status) if status.stage == Stage::Failed => return Err(status.error.unwrap_or_default()),
            Some(status) if status.stage != Stage::Finished && !rights.is_stopping() => {}
            _ => return Ok(()),
        }
        std::thread::park_timeout(GLANCE);
    }
}

/// Failed webhooks, which go by themselves.
struct Told(Arc<Outbox>);

impl Rule for Told {
    fn keep(&self) -> Keep {
        Keep::Webhooks
    }

    fn days(&self) -> u32 {
        0
    }

    fn oldest(&self) -> Result<Option<UtcMillis>, String> {
        Ok(self.0.oldest_failed())
    }

    fn mark(&self) -> Option<u64> {
        Some(self.0.endpoints().iter().map(|endpoint| endpoint.lost).sum())
    }
}
