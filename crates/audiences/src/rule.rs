//! A rule: its checking, and whom it fits.

use std::collections::HashMap;

use cel::{Context as Scope, Program, Value};
use tradewind_kernel::Purposes;
use tradewind_people::Profile;
use tradewind_people::traits::{self, Context, Trait, TraitValue};

/// The longest rule, in characters.
pub const MAX_RULE_CHARS: usize = 2_000;
/// The deepest nesting of brackets.
const MAX_DEPTH: usize = 32;

/// Why a rule is none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RuleError {
    /// It is too long or too deep.
    #[error("a rule has at most {MAX_RULE_CHARS} characters, and brackets at most {MAX_DEPTH} deep")]
    TooLarge,
    /// It is no CEL.
    #[error("the rule does not read: {0}")]
    Syntax(String),
    /// It names what is no trait.
    #[error("'{name}' is no trait{}; GET /v1/traits lists them", nearest.as_ref().map_or_else(String::new, |n| format!(": did you mean '{n}'?")))]
    UnknownTrait {
        /// What it names.
        name: String,
        /// The trait whose name is most like it.
        nearest: Option<&'static str>,
    },
    /// It names no trait at all.
    #[error("the rule names no trait, so it would fit everybody or nobody; GET /v1/traits lists them")]
    NoTrait,
}

/// A compiled rule.
#[derive(Debug)]
pub struct Rule {
    program: Program,
    traits: Vec<&'static Trait>,
}

impl Rule {
    /// Compiles a rule.
    ///
    /// # Errors
    /// [`RuleError`] when it does not read, or names what is no trait.
    pub fn compile(source: &str) -> Result<Self, RuleError> {
        if source.chars().count() > MAX_RULE_CHARS || depth(source) > MAX_DEPTH {
            return Err(RuleError::TooLarge);
        }
        let program =
            Program::compile(source).map_err(|errors| RuleError::Syntax(one_line(&errors.to_string())))?;
        let mut traits = Vec::new();
        let mut names: Vec<String> =
            program.references().variables().iter().map(ToString::to_string).collect();
        names.sort_unstable();
        for name in names {
            match traits::find(&name) {
                Some(known) => traits.push(known),
                None => return Err(RuleError::UnknownTrait { nearest: nearest(&name), name }),
            }
        }
        if traits.is_empty() { Err(RuleError::NoTrait) } else { Ok(Self { program, traits }) }
    }

    /// The traits that it reads.
    #[must_use]
    pub fn traits(&self) -> &[&'static Trait] {
        &self.traits
    }

    /// The purposes that the traits need which it reads.
    #[must_use]
    pub fn purposes(&self) -> Purposes {
        self.traits.iter().map(|one| one.purpose).collect()
    }

    /// Whether a profile fits, with what these purposes allow to read of it.
    #[must_use]
    pub fn fits(&self, profile: &Profile, context: &Context<'_>, purposes: Purposes) -> bool {
        let mut scope = Scope::default();
        for one in &self.traits {
            let is_permitted = purposes.contains(one.purpose);
            let value = if is_permitted { one.value(profile, context) } else { TraitValue::Missing };
            scope.add_variable_from_value(one.name, of(value));
        }
        matches!(self.program.execute(&scope), Ok(Value::Bool(true)))
    }
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

fn nearest(name: &str) -> Option<&'static str> {
    let scored = traits::ALL.iter().map(|one| (strsim::jaro_winkler(one.name, name), one.name));
    let best = scored.max_by(|a, b| a.0.total_cmp(&b.0))?;
    (best.0 > 0.75).then_some(best.1)
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

#[cfg(test)]
mod tests {
    use tradewind_kernel::{Currency, Purpose, UtcMillis};
    use tradewind_people::facts::StatedTaste;
    use tradewind_people::{Act, Action};

    use super::*;

    /// Someone with two orders and a liking for word 0.
    fn someone() -> Profile {
        let stated = StatedTaste { categories: vec![0], ..StatedTaste::default() };
        let mut profile = Profile::default();
        for at in [0, 1_000] {
            let buy =
                Act { at: UtcMillis::new(at), action: Some(Action::Buy), items: &[(1, 1)], ..Act::default() };
            profile.apply(&Act { stated: Some(&stated), ..buy }, 0);
        }
        profile
    }

    #[track_caller]
    fn check(rule: &str, expected: bool) {
        let word = |word| (word == 0).then(|| "Camping".to_owned());
        let context = Context { now: UtcMillis::new(1_000), word: &word, currency: Currency::EUR };
        assert_eq!(
            Rule::compile(rule).unwrap().fits(&someone(), &context, Purposes::ALL),
            expected,
            "{rule}"
        );
    }

    #[test]
    fn rules_fit() {
        check("orders >= 2", true);
        check("orders > 2", false);
        check("category_affinity['Camping'] > 0.5", true);
        check("'Kitchen' in category_affinity", false);
        check("lifecycle_stage == 'active' && !is_first_time_shopper", true);
        check("lifecycle_stage in ['vip', 'lapsed']", false);
        check("last_seen < '2026-01-01T00:00:00.000Z'", true);
        check("last_category.startsWith('Camping')", false);
    }

    #[test]
    fn what_is_missing_fits_nobody_and_hides_no_alternative() {
        check("category_affinity['Kitchen'] > 0.1", false);
        check("category_affinity['Kitchen'] > 0.1 || orders == 2", true);
        check("price_sensitivity > 0.1", false);
        check("orders", false);
    }

    #[test]
    fn what_is_not_permitted_is_not_read() {
        let rule = Rule::compile("orders >= 2").unwrap();
        assert_eq!(rule.purposes(), Purposes::NONE.with(Purpose::Analytics));
        let word = |_| None;
        let context = Context { now: UtcMillis::new(1_000), word: &word, currency: Currency::EUR };
        assert!(rule.fits(&someone(), &context, rule.purposes()));
        assert!(!rule.fits(&someone(), &context, Purposes::ALL.without(Purpose::Analytics)));
    }

    #[test]
    fn what_is_no_rule_is_told() {
        let error = |rule: &str| Rule::compile(rule).unwrap_err();
        let unknown = error("order > 2").to_string();
        assert!(unknown.contains("'order' is no trait: did you mean 'orders'?"), "{unknown}");
        assert!(matches!(error("orders >"), RuleError::Syntax(_)));
        assert_eq!(error("1 == 1"), RuleError::NoTrait);
        assert_eq!(error(&"(".repeat(40)), RuleError::TooLarge);
        assert_eq!(error(&"x".repeat(2_001)), RuleError::TooLarge);
        assert_eq!(error(&"!".repeat(40)), RuleError::TooLarge);
        check(&["orders - 1 != 7"; 40].join(" && "), true);
    }
}
