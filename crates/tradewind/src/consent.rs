//! The configuration of consent: which rules hold, and what categories mean.

use tradewind_people::consent::{Categories, Policy, Region};

use crate::config::Consent;
use crate::failure::Failure;

/// The rules at work.
pub(crate) fn policy(config: &Consent) -> Result<Policy, Failure> {
    let policy = match (config.policy.as_str(), &config.policy_file) {
        ("off", _) => Policy::off(),
        ("regional", None) => Policy::default(),
        ("regional", Some(path)) => {
            let wrong = |why: &dyn std::fmt::Display| {
                Failure::Config(format!(
                    "consent.policy_file names {}, which cannot be used: {why}",
                    path.display()
                ))
            };
            let json = std::fs::read_to_string(path).map_err(|e| wrong(&e))?;
            Policy::from_json(&json).map_err(|e| wrong(&e))?
        }
        (other, _) => {
            return Err(Failure::Config(format!("consent.policy is '{other}': write regional or off")));
        }
    };
    let region = config.default_region.trim();
    if region.is_empty() {
        return Ok(policy);
    }
    let region = Region::parse(region)
        .map_err(|e| Failure::Config(format!("consent.default_region does not hold: {e}")))?;
    Ok(policy.with_default_region(Some(region)))
}

/// What categories of a consent banner mean.
pub(crate) fn categories(config: &Consent) -> Result<Categories, Failure> {
    Categories::with_own(&config.categories)
        .map_err(|e| Failure::Config(format!("consent.categories does not hold: {e}")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;

    fn of(change: impl FnOnce(&mut Consent)) -> Result<Policy, String> {
        let mut config = Config::default().consent;
        change(&mut config);
        policy(&config).map_err(|e| e.to_string())
    }

    #[test]
    fn rules_are_regional_unless_told_otherwise() {
        assert_eq!(of(|_| ()).unwrap(), Policy::default());
        assert_eq!(of(|c| c.policy = "off".into()).unwrap(), Policy::off());
        assert_eq!(of(|c| c.default_region = "fr".into()).unwrap().rule_of(None), "opt_in");
        assert!(of(|c| c.policy = "on".into()).unwrap_err().contains("regional or off"));
        assert!(of(|c| c.default_region = "Europe".into()).unwrap_err().contains("US-CA"));
        assert!(of(|c| c.policy_file = Some("missing.json".into())).unwrap_err().contains("missing.json"));
    }

    #[test]
    fn categories_name_known_purposes() {
        let mut config = Config::default().consent;
        config.categories.insert("Comfort".into(), vec!["personalization".into()]);
        assert!(categories(&config).is_ok());
        config.categories.insert("Other".into(), vec!["spying".into()]);
        assert!(categories(&config).is_err_and(|e| e.to_string().contains("spying")));
    }
}
