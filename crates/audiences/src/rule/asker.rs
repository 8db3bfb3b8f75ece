//! Asking rules about profiles: what CEL needs for it is made once, and then used for one profile after another.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use cel::{Context as Scope, Value};
use tradewind_events::EventName;
use tradewind_kernel::{Purpose, Purposes, UtcMillis};
use tradewind_people::Profile;
use tradewind_people::history::{History, NameHash};
use tradewind_people::traits::{Context, TraitValue};

use super::{Rule, functions};

/// The history of the profile that is being asked about; none where it may not be read.
#[derive(Debug, Default)]
struct Current {
    history: Option<History>,
    now: UtcMillis,
}

/// Asks rules about profiles. Making one takes some 50 µs; it belongs to one thread.
pub struct Asker {
    scope: Scope<'static, 'static>,
    current: Arc<Mutex<Current>>,
}

impl std::fmt::Debug for Asker {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Asker").finish_non_exhaustive()
    }
}

impl Default for Asker {
    fn default() -> Self {
        Self::new()
    }
}

fn locked(current: &Mutex<Current>) -> MutexGuard<'_, Current> {
    // What it holds is set anew before each question.
    current.lock().unwrap_or_else(PoisonError::into_inner)
}

fn hash_of(name: &str) -> NameHash {
    NameHash::of(EventName::canonical(name))
}

impl Asker {
    /// One that has not been asked yet.
    #[must_use]
    pub fn new() -> Self {
        let current = Arc::<Mutex<Current>>::default();
        let mut scope = Scope::default();
        let shared = Arc::clone(&current);
        let count = move |name: Arc<String>, days: i64| {
            let current = locked(&shared);
            let days = u32::try_from(days.max(0)).unwrap_or(u32::MAX);
            let count = current.history.as_ref().map(|h| h.count(hash_of(&name), days, current.now));
            count.map_or(Value::Null, |count| Value::Int(i64::try_from(count).unwrap_or(i64::MAX)))
        };
        let shared = Arc::clone(&current);
        let days_since = move |name: Arc<String>| {
            let current = locked(&shared);
            let days = current.history.as_ref().and_then(|h| h.days_since(hash_of(&name), current.now));
            days.map_or(Value::Null, |days| Value::Int(i64::try_from(days).unwrap_or(i64::MAX)))
        };
        // Neither is a function of the language's own, the only ones that are refused.
        let _ = scope.add_function(functions::COUNT_EVENTS, count);
        let _ = scope.add_function(functions::DAYS_SINCE_EVENT, days_since);
        Self { scope, current }
    }

    /// Whether a profile fits a rule, with what these purposes allow to read of it.
    #[must_use]
    pub fn fits(&self, rule: &Rule, profile: &Profile, context: &Context<'_>, purposes: Purposes) -> bool {
        if rule.reads_history {
            let may_read = purposes.contains(Purpose::Personalization);
            let history = may_read.then(|| profile.history.clone());
            *locked(&self.current) = Current { history, now: context.now };
        }
        let mut scope = self.scope.new_inner_scope();
        for one in &rule.traits {
            let is_permitted = purposes.contains(one.purpose);
            let value = if is_permitted { one.value(profile, context) } else { TraitValue::Missing };
            scope.add_variable_from_value(one.name, of(value));
        }
        matches!(rule.program.execute(&scope), Ok(Value::Bool(true)))
    }
}

fn of(value: TraitValue) -> Value {
    match value {
        TraitValue::Missing => Value::Null,
        TraitValue::Flag(flag) => Value::Bool(flag),
        TraitValue::Integer(number) => Value::Int(number),
        TraitValue::Number(number) => Value::Float(number),
        TraitValue::Text(text) => text.into(),
        TraitValue::Time(at) => at.to_rfc3339().into(),
        TraitValue::Texts(texts) => texts.into(),
        TraitValue::Shares(shares) => shares.into_iter().collect::<HashMap<String, f64>>().into(),
    }
}
