//! Every version of every view, and the services.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::built_in;
use crate::check::{self, DeclarationError, MAX_SERVICES, MAX_VERSIONS, MAX_VIEWS, refuse};
use crate::view::{Feature, ServiceSpec, Source, View, ViewSpec};

/// What a declaration did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Put {
    /// The view has a new version, or its first.
    NewVersion(Arc<View>),
    /// The schema is that of the newest version, whose words are these now; or nothing changed at all.
    SameVersion(Arc<View>),
}

impl Put {
    /// The version that applies now.
    #[must_use]
    pub fn view(&self) -> &Arc<View> {
        match self {
            Self::NewVersion(view) | Self::SameVersion(view) => view,
        }
    }
}

/// The declarations that are in force.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Registry {
    /// By name, the oldest version first.
    views: BTreeMap<String, Vec<Arc<View>>>,
    services: BTreeMap<String, Arc<ServiceSpec>>,
}

impl Default for Registry {
    /// What is built in, without the traits, which only those who fold profiles know.
    fn default() -> Self {
        Self::with_traits(&[])
    }
}

impl Registry {
    /// What is built in, the traits of profiles among it.
    #[must_use]
    pub fn with_traits(traits: &[Feature]) -> Self {
        let one = |spec: ViewSpec| (spec.name.clone(), vec![Arc::new(View { spec, version: 1 })]);
        Self { views: built_in::views(traits).into_iter().map(one).collect(), services: BTreeMap::new() }
    }

    /// Declares a view. A schema that differs from the newest version's makes a new version; rows of the
    /// older ones stay beside it.
    ///
    /// # Errors
    /// [`DeclarationError`]; nothing has changed then.
    pub fn put_view(&mut self, spec: &ViewSpec) -> Result<Put, DeclarationError> {
        check::view(spec)?;
        self.check_keys(spec)?;
        if !self.views.contains_key(&spec.name) && self.views.len() >= MAX_VIEWS {
            return Err(refuse("/name", "there are 1,000 views already"));
        }
        if self.is_built_in(&spec.name) {
            return Err(refuse("/name", format!("'{}' is built in; take another name", spec.name)));
        }
        let versions = self.views.entry(spec.name.clone()).or_default();
        if let Some(newest) = versions.last_mut().filter(|v| v.spec.has_schema_of(spec)) {
            let mut spec = spec.clone();
            // Rows are by position: the order of the version stays.
            let place = |name: &str| newest.position(name).unwrap_or(usize::MAX);
            spec.features.sort_by_key(|f| place(&f.name));
            *newest = Arc::new(View { spec, version: newest.version });
            return Ok(Put::SameVersion(Arc::clone(newest)));
        }
        if versions.len() >= MAX_VERSIONS {
            return Err(refuse("/features", "the view has 100 versions already"));
        }
        let version = versions.last().map_or(1, |v| v.version + 1);
        let view = Arc::new(View { spec: spec.clone(), version });
        versions.push(Arc::clone(&view));
        Ok(Put::NewVersion(view))
    }

    /// A join key of one name is of one type and entity in all views, as an entity of Feast is.
    fn check_keys(&self, spec: &ViewSpec) -> Result<(), DeclarationError> {
        for (n, key) in spec.keys().iter().enumerate() {
            let others = self.newest().filter(|v| v.spec.name != spec.name);
            for other in others {
                let Some(same) = other.spec.keys().into_iter().find(|k| k.name == key.name) else { continue };
                if same.kind != key.kind || other.spec.entity != spec.entity {
                    let (kind, entity) = (same.kind, other.spec.entity.as_str());
                    let view = &other.spec.name;
                    let reason = format!("'{}' is the {kind} key of a {entity} in view {view}", key.name);
                    return Err(refuse(format!("/joinKeys/{n}"), reason));
                }
            }
        }
        Ok(())
    }

    /// Declares a service, or declares it anew.
    ///
    /// # Errors
    /// [`DeclarationError`]; nothing has changed then.
    pub fn put_service(&mut self, spec: &ServiceSpec) -> Result<(), DeclarationError> {
        check::service(self, spec)?;
        if !self.services.contains_key(&spec.name) && self.services.len() >= MAX_SERVICES {
            return Err(refuse("/name", "there are 1,000 services already"));
        }
        self.services.insert(spec.name.clone(), Arc::new(spec.clone()));
        Ok(())
    }

    /// Puts versions back that were declared before, oldest first.
    pub fn restore_view(&mut self, versions: Vec<View>) {
        if let Some(name) = versions.first().map(|v| v.spec.name.clone())
            && !self.is_built_in(&name)
        {
            self.views.insert(name, versions.into_iter().map(Arc::new).collect());
        }
    }

    /// Puts a service back that was declared before.
    pub fn restore_service(&mut self, spec: ServiceSpec) {
        self.services.insert(spec.name.clone(), Arc::new(spec));
    }

    /// Whether the program brings this view.
    #[must_use]
    pub fn is_built_in(&self, name: &str) -> bool {
        let is_computed =
            |view: &Arc<View>| matches!(view.spec.source, Source::Traits | Source::Catalog | Source::Context);
        self.views.get(name).and_then(|v| v.first()).is_some_and(is_computed)
    }

    /// The newest version of every view, by name.
    pub fn newest(&self) -> impl Iterator<Item = &Arc<View>> {
        self.views.values().filter_map(|versions| versions.last())
    }

    /// All versions of a view, the oldest first; empty when there is none of this name.
    #[must_use]
    pub fn versions(&self, name: &str) -> &[Arc<View>] {
        self.views.get(name).map_or(&[], Vec::as_slice)
    }

    /// A view in one version, or in its newest.
    #[must_use]
    pub fn view(&self, name: &str, version: Option<u32>) -> Option<&Arc<View>> {
        let versions = self.versions(name);
        match version {
            None => versions.last(),
            Some(version) => versions.iter().find(|v| v.version == version),
        }
    }

    /// The newest versions of the views that take rows from a push source.
    pub fn pushed_by<'a>(&'a self, source: &'a str) -> impl Iterator<Item = &'a Arc<View>> {
        self.newest().filter(move |v| matches!(&v.spec.source, Source::Push(name) if name == source))
    }

    /// All services, by name.
    pub fn services(&self) -> impl Iterator<Item = &Arc<ServiceSpec>> {
        self.services.values()
    }

    /// A service.
    #[must_use]
    pub fn service(&self, name: &str) -> Option<&Arc<ServiceSpec>> {
        self.services.get(name)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// `habits(visits, spend)` of a customer by number.
    pub(crate) fn habits() -> ViewSpec {
        serde_json::from_str(
            r#"{"name":"habits","entity":"subject","joinKeys":[{"name":"customer","type":"int64"}],
               "features":[{"name":"visits","type":"int64"},{"name":"spend","type":"double"}],
               "source":{"push":"habits_push"},"ttlSeconds":60,"purpose":"personalization"}"#,
        )
        .unwrap()
    }

    /// What is built in, with one trait.
    pub(crate) fn with_orders() -> Registry {
        let kind = crate::ValueType::parse("int64").unwrap();
        let orders = Feature { from: Some("profile.orders".into()), ..Feature::new("orders", kind) };
        Registry::with_traits(&[orders])
    }

    #[test]
    fn an_embedding_has_its_length() {
        let spec = |dimensions: u32, kind: &str| {
            let json = format!(
                r#"{{"name":"looks","entity":"product","features":[{{"name":"v","type":"{kind}","dimensions":{dimensions}}}],
                    "source":{{"push":"looks"}},"purpose":"personalization"}}"#
            );
            serde_json::from_str::<ViewSpec>(&json).unwrap()
        };
        let mut registry = Registry::default();
        let Ok(Put::NewVersion(view)) = registry.put_view(&spec(3, "float_list")) else { panic!("refused") };
        let of = |numbers: &[f32]| {
            let list = numbers.iter().map(|n| crate::Value::Float(*n)).collect();
            let at = tradewind_kernel::UtcMillis::default();
            crate::Row { event_at: at, created_at: at, values: vec![Some(crate::Value::List(list))] }
        };
        assert!(of(&[0.1, 0.2, 0.3]).fits(&view) && !of(&[0.1, 0.2]).fits(&view));
        let longer = registry.put_view(&spec(4, "float_list")).unwrap();
        assert_eq!(longer.view().version, 2, "another length is another schema");
        for (dimensions, kind) in
            [(0, "float_list"), (5_000, "double_list"), (3, "string_list"), (3, "float")]
        {
            let error = registry.put_view(&spec(dimensions, kind)).unwrap_err();
            assert_eq!(error.pointer, "/features/0/dimensions", "{kind}");
        }
        let json = serde_json::to_value(&registry.view("looks", None).unwrap().spec).unwrap();
        assert_eq!(json["features"][0]["dimensions"], 4);
    }

    #[test]
    fn a_schema_makes_a_version_and_words_do_not() {
        let mut registry = Registry::default();
        assert!(matches!(registry.put_view(&habits()), Ok(Put::NewVersion(v)) if v.version == 1));
        let mut words = ViewSpec { description: "how often".into(), ttl_seconds: 5, ..habits() };
        words.features.reverse();
        let Ok(Put::SameVersion(view)) = registry.put_view(&words) else { panic!("a new version") };
        assert_eq!((view.version, view.spec.ttl_seconds), (1, 5));
        assert_eq!(view.position("visits"), Some(0), "rows that are stored keep their meaning");
        let mut more = habits();
        more.features[1].kind = crate::ValueType::parse("float").unwrap();
        assert!(matches!(registry.put_view(&more), Ok(Put::NewVersion(v)) if v.version == 2));
        assert_eq!(registry.view("habits", Some(1)).unwrap().spec.description, "how often");
        assert_eq!(registry.view("habits", None).unwrap().version, 2);
        assert_eq!(registry.pushed_by("habits_push").count(), 1);
    }

    #[track_caller]
    fn check(change: impl FnOnce(&mut ViewSpec), pointer: &str, words: &str) {
        let mut spec = habits();
        change(&mut spec);
        let error = Registry::default().put_view(&spec).unwrap_err();
        assert!(error.pointer == pointer && error.reason.contains(words), "{error}");
    }

    #[test]
    fn what_is_wrong_with_a_declaration_is_told() {
        check(|s| s.name = "Habits".into(), "/name", "a-z");
        check(|s| s.name = "a__b".into(), "/name", "single _");
        check(|s| s.name = "subject_profile".into(), "/name", "built in");
        check(|s| s.features.clear(), "/features", "1 to 256");
        check(|s| s.features[1].name = "visits".into(), "/features/1/name", "two columns");
        check(|s| s.features[1].name = "customer".into(), "/features/1/name", "two columns");
        check(|s| s.features[0].name = "created".into(), "/features/0/name", "every row");
        check(
            |s| s.join_keys[0].kind = crate::ValueType::parse("bool").unwrap(),
            "/joinKeys/0/type",
            "int64",
        );
        check(|s| s.join_keys[0].name = "subject".into(), "/joinKeys/0", "string key of a subject");
        check(|s| s.source = Source::Traits, "/source", "built in");
        check(|s| s.source = Source::Sql(" ".into()), "/source/sql", "not empty");
        check(|s| s.owner = "\u{7}".into(), "/owner", "control");
    }

    #[test]
    fn a_service_names_what_there_is() {
        let mut registry = Registry::default();
        registry.put_view(&habits()).unwrap();
        let service = |features: &[&str]| ServiceSpec {
            name: "ranker".into(),
            features: features.iter().map(ToString::to_string).collect(),
            models: vec!["ranker_v3".into()],
            owner: String::new(),
            description: String::new(),
        };
        assert!(registry.put_service(&service(&["habits@v1:visits", "subject_profile"])).is_ok());
        let error = registry.put_service(&service(&["habits:visits", "habits:nothing"])).unwrap_err();
        assert!(error.pointer == "/features/1" && error.reason.contains("'nothing'"), "{error}");
        assert!(registry.put_service(&service(&["habits@v2:visits"])).is_err());
    }
}
