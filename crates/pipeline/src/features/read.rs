//! The one way to read features.

use tradewind_features::{EntityKind, PlannedView, Row, Source, Value, View, row_key};
use tradewind_kernel::{Purposes, Subject, UtcMillis};

use super::computed::{Seen, of_category, of_moment, of_product, of_profile};
use super::moment::Moment;
use super::stored_row;
use crate::facts::category_word;
use crate::identity;
use crate::items::Items;
use crate::measures;
use crate::pipeline::{Pipeline, PipelineError};

/// Entities that are computed under one lock, so that nobody waits long for it.
const AT_ONCE: usize = 256;

/// What became of one entity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RowState {
    /// There is a row.
    Present,
    /// There is none, or it may not be read.
    NotFound,
    /// There is one, older than the view allows.
    TooOld,
}

/// What a view says of the entities that were asked for, in their order.
#[derive(Debug, Clone, PartialEq)]
pub struct ViewRows {
    /// What became of each, and of when its row is; 0 where there is none.
    pub states: Vec<(RowState, UtcMillis)>,
    /// The values: those of the first entity, of the second and so on.
    values: Vec<Option<Value>>,
    width: usize,
}

impl ViewRows {
    fn with_room(entities: usize, width: usize) -> Self {
        Self { states: Vec::with_capacity(entities), values: Vec::with_capacity(entities * width), width }
    }

    /// The value of an entity's feature, by its place among those that are read.
    #[must_use]
    pub fn value(&self, entity: usize, place: usize) -> Option<&Value> {
        self.values.get(entity * self.width + place).and_then(Option::as_ref)
    }

    fn push(&mut self, at: UtcMillis, values: impl Iterator<Item = Option<Value>>) {
        self.states.push((RowState::Present, at));
        self.values.extend(values);
    }

    fn push_none(&mut self, state: RowState, at: UtcMillis) {
        self.states.push((state, at));
        self.values.extend(std::iter::repeat_n(None, self.width));
    }
}

impl Pipeline {
    /// Reads a view for entities, named by the texts of [`entity_key`](tradewind_features::entity_key). All
    /// reads of features about people come through here: a view whose purpose is not among `purposes`
    /// answers as if nothing were known.
    ///
    /// # Errors
    /// [`PipelineError`] when the state does not read.
    pub fn read_features(
        &self,
        planned: &PlannedView,
        entities: &[impl AsRef<str>],
        purposes: Purposes,
    ) -> Result<ViewRows, PipelineError> {
        let view = &planned.view;
        let now = self.inner.clock.now();
        let mut rows = ViewRows::with_room(entities.len(), planned.features.len());
        match &view.spec.source {
            Source::Traits => self.read_profiles(planned, entities, purposes, (now, &mut rows))?,
            Source::Catalog if view.spec.entity == EntityKind::Category => {
                self.read_categories(planned, entities, (now, &mut rows));
            }
            Source::Catalog => self.read_products(planned, entities, (now, &mut rows)),
            Source::Context => {
                let moment = Moment::of(now);
                let getters: Vec<_> = names(planned).map(of_moment).collect();
                for _ in entities {
                    rows.push(now, getters.iter().map(|get| get.and_then(|get| get(&moment))));
                }
            }
            Source::Push(_) | Source::Sql(_) => {
                self.read_stored(planned, entities, purposes, (now, &mut rows))?;
            }
        }
        measures::features_read(&view.versioned(), &rows.states, now);
        self.inner.live.feature_quality.note(planned, &rows, now);
        Ok(rows)
    }

    /// What of `purposes` the subject agrees to.
    fn permitted(&self, subject: &Subject, purposes: Purposes) -> Result<Purposes, PipelineError> {
        Ok(self.standing(subject)?.1.allowed().and(purposes))
    }

    /// The subject that holds what is known of an entity, and for what; `None` when it may not be read for this view.
    fn subject_of(
        &self,
        view: &View,
        entity: &str,
        purposes: Purposes,
    ) -> Result<Option<(Subject, Purposes)>, PipelineError> {
        let subject = subject(entity);
        let permitted = self.permitted(&subject, purposes)?;
        Ok(permitted.contains(view.spec.purpose).then_some((subject, permitted)))
    }

    fn read_profiles(
        &self,
        planned: &PlannedView,
        entities: &[impl AsRef<str>],
        purposes: Purposes,
        (now, rows): (UtcMillis, &mut ViewRows),
    ) -> Result<(), PipelineError> {
        let getters: Vec<_> = names(planned).map(of_profile).collect();
        for some in entities.chunks(AT_ONCE) {
            // The store is asked before the lock is taken.
            let mut found = Vec::with_capacity(some.len());
            for entity in some {
                let subject = self.subject_of(&planned.view, entity.as_ref(), purposes)?;
                let profile = |(subject, allowed): (Subject, Purposes)| {
                    let found = identity::profile(self.inner.place(), &subject)?;
                    Ok::<_, PipelineError>(found.map(|(_, profile)| (profile, allowed)))
                };
                found.push(subject.map_or(Ok(None), profile)?);
            }
            let (items, words) = (self.inner.live.items.read(), self.inner.live.words.read());
            let seen = self.seen(now, &items, &words);
            for profile in found {
                match profile {
                    Some((profile, allowed)) => rows.push(
                        profile.last_seen,
                        getters.iter().map(|get| get.and_then(|get| get.get(&seen, &profile, allowed))),
                    ),
                    None => rows.push_none(RowState::NotFound, UtcMillis::default()),
                }
            }
        }
        Ok(())
    }

    fn read_products(
        &self,
        planned: &PlannedView,
        entities: &[impl AsRef<str>],
        (now, rows): (UtcMillis, &mut ViewRows),
    ) {
        let getters: Vec<_> = names(planned).map(of_product).collect();
        let live = &self.inner.live;
        let catalog = live.catalog.load();
        for some in entities.chunks(AT_ONCE) {
            let (items, words, popularity) = (live.items.read(), live.words.read(), live.popularity.read());
            let seen = self.seen(now, &items, &words);
            for entity in some {
                let found = items.number(entity.as_ref()).and_then(|item| Some((item, catalog.get(item)?)));
                let Some((item, product)) = found else {
                    rows.push_none(RowState::NotFound, UtcMillis::default());
                    continue;
                };
                let score = popularity.score(item, now.get());
                rows.push(
                    product.updated_at,
                    getters.iter().map(|get| get.and_then(|get| get(&seen, product, score))),
                );
            }
        }
    }

    fn seen<'a>(&'a self, now: UtcMillis, items: &'a Items, words: &'a Items) -> Seen<'a> {
        Seen { now, currency: self.inner.settings.currency, items, words, live: &self.inner.live }
    }

    fn read_categories(
        &self,
        planned: &PlannedView,
        entities: &[impl AsRef<str>],
        (now, rows): (UtcMillis, &mut ViewRows),
    ) {
        let getters: Vec<_> = names(planned).map(of_category).collect();
        let live = &self.inner.live;
        for some in entities.chunks(AT_ONCE) {
            let (items, words) = (live.items.read(), live.words.read());
            let seen = self.seen(now, &items, &words);
            for entity in some {
                match category_word(&words, entity.as_ref()) {
                    Some(word) => {
                        rows.push(now, getters.iter().map(|get| get.and_then(|get| get(&seen, word))));
                    }
                    None => rows.push_none(RowState::NotFound, UtcMillis::default()),
                }
            }
        }
    }

    fn read_stored(
        &self,
        planned: &PlannedView,
        entities: &[impl AsRef<str>],
        purposes: Purposes,
        (now, rows): (UtcMillis, &mut ViewRows),
    ) -> Result<(), PipelineError> {
        let view = &planned.view;
        for entity in entities {
            match self.stored(view, entity.as_ref(), purposes)? {
                None => rows.push_none(RowState::NotFound, UtcMillis::default()),
                Some(row) if view.ttl_ms().is_some_and(|ttl| now.since(row.event_at) > ttl) => {
                    rows.push_none(RowState::TooOld, row.event_at);
                }
                Some(row) => {
                    let value = |&n: &usize| row.values.get(n).cloned().flatten();
                    rows.push(row.event_at, planned.features.iter().map(value));
                }
            }
        }
        Ok(())
    }

    /// The row of an entity. An anonymous id that belongs to a user finds the user's row first.
    fn stored(
        &self,
        view: &View,
        entity: &str,
        purposes: Purposes,
    ) -> Result<Option<std::sync::Arc<Row>>, PipelineError> {
        let inner = &self.inner;
        let (name, version) = (&view.spec.name, view.version);
        let row = |entity: &str| {
            let key = row_key(name, version, entity);
            if let Some(row) = inner.live.pending.read().feature_row(&key) {
                return Ok(Some(row));
            }
            stored_row(inner.store.as_ref(), &inner.tables, &key)
        };
        if !view.spec.entity.is_personal() {
            return row(entity);
        }
        let Some((subject, _)) = self.subject_of(view, entity, purposes)? else { return Ok(None) };
        if !view.is_of_subjects() {
            return row(entity);
        }
        if let Subject::Anonymous(anonymous) = &subject
            && let Some(user) = identity::user_of(inner.place(), &Subject::Anonymous(anonymous.clone()))?
            && let Some(row) = row(&Subject::User(user).key())?
        {
            return Ok(Some(row));
        }
        row(&view.entity_of(entity))
    }
}

/// Whom an entity's text names: `user_id:…`, `anonymous_id:…`, or a user's id as it is.
fn subject(entity: &str) -> Subject {
    Subject::parse(entity).unwrap_or_else(|_| Subject::User(entity.to_owned()))
}

fn names(planned: &PlannedView) -> impl Iterator<Item = &str> {
    planned.features.iter().map(|&n| planned.view.spec.features[n].name.as_str())
}
