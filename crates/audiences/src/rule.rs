//! A rule: its checking, and whom it fits.

mod asker;
mod error;
mod functions;
mod names;

use cel::Program;
use tradewind_kernel::{Purpose, Purposes};
use tradewind_people::traits::{self, Trait};
use tradewind_pipeline::MAX_RULE_CHARS;

pub use asker::Asker;
pub use error::RuleError;
pub use names::Place;

/// The deepest nesting of brackets.
const MAX_DEPTH: usize = 32;

/// A compiled rule; an [`Asker`] asks it.
#[derive(Debug)]
pub struct Rule {
    program: Program,
    traits: Vec<&'static Trait>,
    reads_history: bool,
}

impl Rule {
    /// Compiles a rule.
    ///
    /// # Errors
    /// [`RuleError`] when it does not read, or names what there is not.
    pub fn compile(source: &str) -> Result<Self, RuleError> {
        if source.chars().count() > MAX_RULE_CHARS || depth(source) > MAX_DEPTH {
            return Err(RuleError::TooLarge);
        }
        let program = Program::compile(source).map_err(|errors| syntax(&errors))?;
        let names = names::of(program.expression(), program.source_info());
        if names.loops > 1 {
            return Err(RuleError::NestedLoops);
        }
        let reads_history = check_calls(&names.calls)?;
        let mut traits: Vec<&'static Trait> = Vec::new();
        for (name, place) in names.variables {
            let Some(known) = traits::find(name) else {
                let nearest = nearest(name, traits::ALL.iter().map(|one| one.name));
                return Err(RuleError::UnknownTrait { name: name.to_owned(), place, nearest });
            };
            if traits.iter().all(|one| one.name != known.name) {
                traits.push(known);
            }
        }
        traits.sort_unstable_by_key(|one| one.name);
        if traits.is_empty() && !reads_history {
            return Err(RuleError::NoTrait);
        }
        Ok(Self { program, traits, reads_history })
    }

    /// The traits that it reads, by name.
    #[must_use]
    pub fn traits(&self) -> &[&'static Trait] {
        &self.traits
    }

    /// Whether it reads the history of events.
    #[must_use]
    pub const fn reads_history(&self) -> bool {
        self.reads_history
    }

    /// The purposes that what it reads needs.
    #[must_use]
    pub fn purposes(&self) -> Purposes {
        let purposes: Purposes = self.traits.iter().map(|one| one.purpose).collect();
        if self.reads_history { purposes.with(Purpose::Personalization) } else { purposes }
    }

    /// The shortest time, in milliseconds without an event, after which something that it reads is told no more.
    #[must_use]
    pub fn shortest_ttl_ms(&self) -> Option<i64> {
        self.traits.iter().filter_map(|one| one.ttl_ms).min()
    }
}

/// Checks what a rule calls. Gives whether it reads the history of events.
fn check_calls(calls: &[names::Call<'_>]) -> Result<bool, RuleError> {
    let mut reads_history = false;
    for call in calls {
        if !functions::is_known(call.name) {
            let (name, nearest) = (call.name.to_owned(), nearest(call.name, functions::all()));
            return Err(RuleError::UnknownFunction { name, place: call.place, nearest });
        }
        let Some((name, args, usage)) = functions::OVER_HISTORY.iter().find(|(name, ..)| *name == call.name)
        else {
            continue;
        };
        if call.args != *args || call.text.is_none_or(|text| text.trim().is_empty()) {
            return Err(RuleError::Usage { name, place: call.place, usage });
        }
        reads_history = true;
    }
    Ok(reads_history)
}

fn syntax(errors: &cel::ParseErrors) -> RuleError {
    let first = errors.errors.first();
    let place = first.and_then(|error| {
        let [line, column] = [error.pos.0, error.pos.1].map(|n| usize::try_from(n).ok());
        Some(Place { line: line?, column: column? })
    });
    let why = first.map_or_else(|| errors.to_string(), |error| error.msg.clone());
    RuleError::Syntax { why: one_line(&why), place }
}

/// How deep a reader would have to go: open brackets, signs in a row, and alternatives.
fn depth(source: &str) -> usize {
    let (mut open, mut signs, mut most) = (0usize, 0, 0);
    for letter in source.chars().filter(|letter| !letter.is_whitespace()) {
        signs = if matches!(letter, '!' | '-') { signs + 1 } else { 0 };
        match letter {
            '(' | '[' | '{' => open += 1,
            ')' | ']' | '}' => open = open.saturating_sub(1),
            _ => {}
        }
        most = most.max(open + signs);
    }
    most.max(source.matches('?').count())
}

fn one_line(words: &str) -> String {
    words.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(300).collect()
}

fn nearest(name: &str, all: impl Iterator<Item = &'static str>) -> Option<&'static str> {
    let scored = all.map(|one| (strsim::jaro_winkler(one, name), one));
    let best = scored.max_by(|a, b| a.0.total_cmp(&b.0))?;
    (best.0 > 0.75).then_some(best.1)
}

#[cfg(test)]
mod tests;
