//! What is built in, with the traits of profiles: each trait is a feature of the same name, declared where it is
//! folded and nowhere else.

use tradewind_features::{Feature, Registry, Scalar, ValueType};
use tradewind_people::traits::{self, Trait, TraitType};

/// Behind the name of a trait of shares: the feature that has the words.
pub(super) const VALUES: &str = "";
/// Behind the name of a trait of shares: the feature that has their strengths, in the same order.
pub(super) const STRENGTHS: &str = "_strengths";

/// The views that the program brings.
pub(crate) fn registry() -> Registry {
    let features: Vec<Feature> = traits::ALL.iter().flat_map(of_trait).collect();
    Registry::with_traits(&features)
}

/// The features of a trait: one, or of shares the words and their strengths.
fn of_trait(one: &Trait) -> Vec<Feature> {
    let kind = match one.kind {
        TraitType::Flag => ValueType::one(Scalar::Bool),
        TraitType::Integer => ValueType::one(Scalar::Int64),
        TraitType::Number => ValueType::one(Scalar::Double),
        TraitType::Text => ValueType::one(Scalar::String),
        TraitType::Time => ValueType::one(Scalar::UnixTimestamp),
        TraitType::Texts | TraitType::Shares => ValueType::list(Scalar::String),
    };
    let feature = |suffix: &str, kind: ValueType, unit: &str, words: String| Feature {
        unit: unit.to_owned(),
        from: Some(format!("profile.{}", one.name)),
        description: words,
        purpose: Some(one.purpose),
        ttl_seconds: one.ttl_ms.and_then(|ms| u64::try_from(ms / 1_000).ok()),
        ..Feature::new(format!("{}{suffix}", one.name), kind)
    };
    let words = one.description.to_owned();
    if one.kind != TraitType::Shares {
        let unit = if one.kind == TraitType::Time { "seconds since 1970" } else { one.unit };
        return vec![feature(VALUES, kind, unit, words)];
    }
    let strengths = format!("How strong each of {} is, in their order.", one.name);
    let numbers = ValueType::list(Scalar::Double);
    vec![feature(VALUES, kind, "", words), feature(STRENGTHS, numbers, one.unit, strengths)]
}

#[cfg(test)]
mod tests {
    use super::*;
    use tradewind_features::built_in::SUBJECT_PROFILE;

    #[test]
    fn each_trait_is_a_feature_with_all_that_is_declared_of_it() {
        let registry = registry();
        let view = registry.view(SUBJECT_PROFILE, None).unwrap();
        let names: std::collections::BTreeSet<&str> =
            view.spec.features.iter().map(|f| f.name.as_str()).collect();
        assert_eq!(names.len(), view.spec.features.len(), "each name once");
        for one in traits::ALL {
            let feature = &view.spec.features[view.position(one.name).unwrap()];
            assert_eq!(feature.purpose, Some(one.purpose), "{}", one.name);
            assert_eq!(feature.ttl_seconds.is_some(), one.ttl_ms.is_some(), "{}", one.name);
            assert!(!feature.description.is_empty() && feature.from.is_some(), "{}", one.name);
        }
        assert!(names.contains("category_affinity_strengths") && names.contains("device_class"));
    }
}
