//! What is asked for, looked up: features by name, or those of a service.

use std::sync::Arc;

use crate::registry::Registry;
use crate::view::View;

/// Features of one read at most.
const MAX_COLUMNS: usize = 1_000;

/// A feature as it is named: `view:feature`, `view@v2:feature`; without a feature, all of the view.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FeatureRef<'a> {
    /// The view's name.
    pub view: &'a str,
    /// The version; the newest if none is named.
    pub version: Option<u32>,
    /// The feature; all of them if none is named.
    pub feature: Option<&'a str>,
}

/// Why features cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    /// It is no name of a feature.
    #[error("'{0}' names no feature: write view:feature or view@v2:feature")]
    Name(String),
    /// There is no such view.
    #[error("feature view '{0}' does not exist")]
    View(String),
    /// There is no such version.
    #[error("version {version} of feature view '{view}' does not exist")]
    Version {
        /// The view.
        view: String,
        /// The version asked for.
        version: u32,
    },
    /// The view has no such feature.
    #[error("feature view '{view}' has no feature '{feature}'")]
    Feature {
        /// The view.
        view: String,
        /// The feature asked for.
        feature: String,
    },
    /// There is no such service.
    #[error("feature service '{0}' does not exist")]
    Service(String),
    /// Two columns of the answer would have the same name.
    #[error("two of the features are named '{0}': ask with full_feature_names")]
    Collision(String),
    /// Too much at once, or nothing.
    #[error("a read is of 1 to 1,000 features, and this one is of {0}")]
    Count(usize),
}

impl<'a> FeatureRef<'a> {
    /// Reads a name.
    ///
    /// # Errors
    /// [`PlanError::Name`].
    pub fn parse(text: &'a str) -> Result<Self, PlanError> {
        let wrong = || PlanError::Name(text.chars().take(160).collect());
        let (view, feature) = match text.split_once(':') {
            Some((view, feature)) => (view, Some(feature)),
            None => (text, None),
        };
        let (view, version) = match view.split_once('@') {
            Some((view, "latest")) => (view, None),
            Some((view, version)) => {
                let version = version.strip_prefix(['v', 'V']).and_then(|n| n.parse().ok());
                (view, Some(version.ok_or_else(wrong)?))
            }
            None => (view, None),
        };
        if view.is_empty() || feature.is_some_and(str::is_empty) {
            return Err(wrong());
        }
        Ok(Self { view, version, feature })
    }
}

/// A view of a read, and which of its features are read.
#[derive(Debug, Clone)]
pub struct PlannedView {
    /// The view, in the version that is read.
    pub view: Arc<View>,
    /// The version that was asked for by number.
    pub pinned: Option<u32>,
    /// Where the features stand in its rows.
    pub features: Vec<usize>,
}

/// A column of the answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// Which of the plan's views it is of.
    pub view: usize,
    /// Which of that view's features that are read it is.
    pub place: usize,
}

/// A read, looked up.
#[derive(Debug, Clone, Default)]
pub struct ReadPlan {
    /// The views, each once in a version.
    pub views: Vec<PlannedView>,
    /// The columns, as they were asked for.
    pub columns: Vec<Column>,
}

impl Registry {
    /// Looks one name up: its view, and which of the view's features are meant.
    ///
    /// # Errors
    /// [`PlanError`] when there is none.
    pub fn look_up(&self, name: &str) -> Result<PlannedView, PlanError> {
        let FeatureRef { view, version, feature } = FeatureRef::parse(name)?;
        if self.versions(view).is_empty() {
            return Err(PlanError::View(clip(view)));
        }
        let Some(found) = self.view(view, version) else {
            return Err(PlanError::Version { view: clip(view), version: version.unwrap_or_default() });
        };
        let features = match feature {
            None => (0..found.spec.features.len()).collect(),
            Some(feature) => {
                let missing = || PlanError::Feature { view: clip(view), feature: clip(feature) };
                vec![found.position(feature).ok_or_else(missing)?]
            }
        };
        Ok(PlannedView { view: Arc::clone(found), pinned: version, features })
    }

    /// Plans the read of a list of features. Full names have the view before them, `view__feature`.
    ///
    /// # Errors
    /// [`PlanError`] when one of them is not there, or two would have one name.
    pub fn plan(&self, names: &[impl AsRef<str>], naming: Naming) -> Result<ReadPlan, PlanError> {
        let mut plan = ReadPlan::default();
        for name in names {
            let asked = self.look_up(name.as_ref())?;
            let is_same = |v: &PlannedView| Arc::ptr_eq(&v.view, &asked.view) && v.pinned == asked.pinned;
            let view = plan.views.iter().position(is_same).unwrap_or_else(|| {
                plan.views.push(PlannedView { features: Vec::new(), ..asked.clone() });
                plan.views.len() - 1
            });
            for feature in asked.features {
                plan.column(view, feature, naming);
                if plan.columns.len() > MAX_COLUMNS {
                    return Err(PlanError::Count(plan.columns.len()));
                }
            }
        }
        plan.checked()
    }

    /// Plans the read of a service.
    ///
    /// # Errors
    /// [`PlanError`] when there is none.
    pub fn plan_service(&self, name: &str, naming: Naming) -> Result<ReadPlan, PlanError> {
        let service = self.service(name).ok_or_else(|| PlanError::Service(clip(name)))?;
        self.plan(&service.features, naming)
    }
}

/// How the columns of an answer are named.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Naming {
    /// `feature`
    Short,
    /// `view__feature`; with the version where one was asked for, `view@v2__feature`.
    Full,
}

impl ReadPlan {
    fn column(&mut self, view: usize, feature: usize, naming: Naming) {
        let planned = &mut self.views[view];
        // Asked for twice, it is answered once.
        if planned.features.contains(&feature) {
            return;
        }
        planned.features.push(feature);
        let short = &planned.view.spec.features[feature].name;
        let name = match (naming, planned.pinned) {
            (Naming::Short, _) => short.clone(),
            (Naming::Full, None) => format!("{}__{short}", planned.view.spec.name),
            (Naming::Full, Some(_)) => format!("{}__{short}", planned.view.versioned()),
        };
        self.columns.push(Column { name, view, place: planned.features.len() - 1 });
    }

    fn checked(self) -> Result<Self, PlanError> {
        if self.columns.is_empty() {
            return Err(PlanError::Count(0));
        }
        let mut names: Vec<&str> = self.columns.iter().map(|c| c.name.as_str()).collect();
        names.sort_unstable();
        match names.windows(2).find(|pair| pair[0] == pair[1]) {
            Some(pair) => Err(PlanError::Collision(pair[0].to_owned())),
            None => Ok(self),
        }
    }
}

fn clip(name: &str) -> String {
    name.chars().take(80).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registry::tests::habits;

    fn registry() -> Registry {
        let mut registry = Registry::default();
        registry.put_view(&habits()).unwrap();
        let mut changed = habits();
        changed.features[1].kind = crate::ValueType::parse("float").unwrap();
        registry.put_view(&changed).unwrap();
        registry
    }

    #[track_caller]
    fn check(names: &[&str], naming: Naming, expected: Result<&[&str], PlanError>) {
        let planned = registry().plan(names, naming).map(|plan| {
            let name = |c: &Column| {
                let view = &plan.views[c.view];
                let feature = &view.view.spec.features[view.features[c.place]];
                format!("{}={}:{}", c.name, view.view.versioned(), feature.name)
            };
            plan.columns.iter().map(name).collect::<Vec<_>>()
        });
        assert_eq!(planned, expected.map(|names| names.iter().map(ToString::to_string).collect()));
    }

    #[test]
    fn names_are_looked_up() {
        check(&["habits:spend"], Naming::Short, Ok(&["spend=habits@v2:spend"]));
        check(&["habits@v1:spend"], Naming::Full, Ok(&["habits@v1__spend=habits@v1:spend"]));
        check(
            &["habits"],
            Naming::Full,
            Ok(&["habits__visits=habits@v2:visits", "habits__spend=habits@v2:spend"]),
        );
        check(&["habits:spend", "habits:spend"], Naming::Short, Ok(&["spend=habits@v2:spend"]));
        let both = ["habits@v1:spend", "habits@v2:spend"];
        check(
            &both,
            Naming::Full,
            Ok(&["habits@v1__spend=habits@v1:spend", "habits@v2__spend=habits@v2:spend"]),
        );
        check(&both, Naming::Short, Err(PlanError::Collision("spend".into())));
        check(&["nobody:spend"], Naming::Short, Err(PlanError::View("nobody".into())));
        check(
            &["habits@v9:spend"],
            Naming::Short,
            Err(PlanError::Version { view: "habits".into(), version: 9 }),
        );
        let missing = PlanError::Feature { view: "habits".into(), feature: "x".into() };
        check(&["habits:x"], Naming::Short, Err(missing));
        for bad in ["", ":", "habits:", "habits@2:spend", "habits@v:spend"] {
            check(&[bad], Naming::Short, Err(PlanError::Name(bad.into())));
        }
        check(&[], Naming::Short, Err(PlanError::Count(0)));
    }

    #[test]
    fn a_service_is_its_list() {
        let mut registry = crate::registry::tests::with_orders();
        registry.put_view(&habits()).unwrap();
        let spec = r#"{"name":"s","features":["habits:visits","subject_profile:orders"]}"#;
        registry.put_service(&serde_json::from_str(spec).unwrap()).unwrap();
        let plan = registry.plan_service("s", Naming::Short).unwrap();
        assert_eq!((plan.views.len(), plan.columns.len()), (2, 2));
        assert_eq!(registry.plan_service("t", Naming::Short).unwrap_err(), PlanError::Service("t".into()));
    }
}
