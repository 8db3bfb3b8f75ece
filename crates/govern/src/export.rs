//! Everything that is held of a person, as JSON.

use serde_json::{Value, json};
use tradewind_pipeline::{Entry, Held, Pipeline, PipelineError, Whose};

/// The most that an export takes of the log and the dead letters, in bytes as they are stored.
const MAX_BYTES: usize = 64 << 20;

/// Lists that grow.
#[derive(Default)]
struct Lists {
    events: Vec<Value>,
    decisions: Vec<Value>,
    audiences: Vec<Value>,
    dead_letters: Vec<Value>,
    unread: u64,
    bytes: usize,
}

/// What the pipeline holds of these people. Says so under `is_cut` where it is more than an export takes.
pub(crate) fn of_pipeline(pipeline: &Pipeline, whose: &Whose) -> Result<Value, PipelineError> {
    let mut lists = Lists::default();
    let mut is_cut = false;
    pipeline.each_held(whose, |held| {
        let (Held::Record(_, bytes) | Held::Letter(_, bytes)) = held;
        if lists.bytes + bytes.len() > MAX_BYTES {
            is_cut = true;
            return;
        }
        lists.bytes += bytes.len();
        lists.take(held);
    })?;
    let (anonymous, users): (Vec<&str>, Vec<&str>) = whose.keys().partition(|key| key.starts_with("a:"));
    let ids =
        |keys: Vec<&str>| keys.iter().filter_map(|key| key.get(2..)).map(Value::from).collect::<Value>();
    Ok(json!({
        "user_ids": ids(users),
        "anonymous_ids": ids(anonymous),
        "events": lists.events,
        "decisions": lists.decisions,
        "dead_letters": lists.dead_letters,
        "audiences": lists.audiences,
        "unread_records": lists.unread,
        "is_cut": is_cut,
    }))
}

impl Lists {
    fn take(&mut self, held: Held<'_>) {
        let found = match held {
            Held::Letter(_, json) => {
                serde_json::from_slice(json).map(|letter| self.dead_letters.push(letter))
            }
            Held::Record(_, bytes) => match Entry::read(bytes) {
                Ok(Entry::Event(event)) => serde_json::to_value(event).map(|event| self.events.push(event)),
                Ok(Entry::Decision(body)) => serde_json::from_slice(body.get(1..).unwrap_or_default())
                    .map(|one| self.decisions.push(one)),
                Ok(Entry::Audience(note)) => serde_json::to_value(note).map(|note| self.audiences.push(note)),
                // The table of letters has it, as far as it is kept.
                Ok(Entry::DeadLetter(_)) => Ok(()),
                Ok(_) | Err(_) => {
                    self.unread += 1;
                    Ok(())
                }
            },
        };
        self.unread += u64::from(found.is_err());
    }
}
