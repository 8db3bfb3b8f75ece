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
pub(crate) mod tests;
