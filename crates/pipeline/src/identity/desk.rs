//! Identities as others see them: whose a profile is, what is known of an id, commands.

use std::sync::Arc;

use tradewind_kernel::Subject;
use tradewind_people::Profile;
use tradewind_people::identity::{Command, EdgeKind, Graph, Node, Owners, Person, Picture};

use super::rows::Book;
use crate::entry;
use crate::pipeline::{CollectError, Pipeline, PipelineError};
use crate::reads::{self, Place};

/// Ids beside the users that a picture shows the edges of.
const MAX_NEAR: usize = 1_000;

/// The user that a subject is: an anonymous id's latest owner. `None` where it is nobody's.
pub(crate) fn user_of(place: Place<'_>, subject: &Subject) -> Result<Option<String>, PipelineError> {
    Ok(match subject {
        Subject::User(user) => Some(user.clone()),
        Subject::Anonymous(anonymous) => {
            let owners = reads::link(place, anonymous)?;
            owners.as_ref().and_then(Owners::latest).map(str::to_owned)
        }
    })
}

/// The profile of a subject, and whom it is of: of a person who is several users, what all of these hold, put
/// together in the order of their ids, under the person's id.
pub(crate) fn profile(
    place: Place<'_>,
    subject: &Subject,
) -> Result<Option<(Subject, Arc<Profile>)>, PipelineError> {
    let subject = user_of(place, subject)?.map_or_else(|| subject.clone(), Subject::User);
    if let Subject::User(user) = &subject
        && let Some(person) = place.live.merged.load().persons.of(user)
    {
        let mut whole: Option<Profile> = None;
        for user in &person.users {
            let Some(part) = reads::profile(place, &Subject::User(user.clone()).key())? else { continue };
            match &mut whole {
                Some(whole) => whole.absorb(&part),
                None => whole = Some(Arc::unwrap_or_clone(part)),
            }
        }
        return Ok(whole.map(|profile| (Subject::User(person.id.clone()), Arc::new(profile))));
    }
    let found = reads::profile(place, &subject.key())?;
    Ok(found.map(|profile| (subject, profile)))
}

impl Pipeline {
    /// Takes commands about identities, all or none: on success they are durable and will be applied. Who may
    /// give them is for the caller to check.
    ///
    /// # Errors
    /// [`CollectError`]; then none of them was taken.
    pub async fn command_identities(&self, commands: &[Command]) -> Result<(), CollectError> {
        let records: Result<Vec<_>, _> = commands.iter().map(entry::of_command).collect();
        let end = self.append(records.map_err(|e| CollectError::TooLarge(e.to_string()))?).await?;
        for id in commands.iter().flat_map(Command::ids) {
            self.inner.watermarks.raise(id, end);
        }
        Ok(())
    }

    /// The person that a subject is, where it is more than one user.
    ///
    /// # Errors
    /// [`PipelineError`] when the state does not read.
    pub fn person(&self, subject: &Subject) -> Result<Option<Arc<Person>>, PipelineError> {
        let place = self.inner.place();
        let Some(user) = user_of(place, subject)? else { return Ok(None) };
        Ok(place.live.merged.load().persons.of(&user).cloned())
    }

    /// The users that a user is merged with directly.
    #[must_use]
    pub fn merged_with(&self, user: &str) -> Vec<String> {
        self.inner.live.merged.load().graph.merged_with(user).map(str::to_owned).collect()
    }

    /// What is known of an id: its person, all their ids, and every edge. `None` where nothing is.
    ///
    /// # Errors
    /// [`PipelineError`] when the state does not read.
    pub fn identity(&self, of: &Node) -> Result<Option<Picture>, PipelineError> {
        let place = self.inner.place();
        let book = Book { place, batch: None };
        let merged = place.live.merged.load_full();
        let user = of.subject().map(|subject| user_of(place, &subject)).transpose()?.flatten();
        let users = match &user {
            Some(user) => merged.persons.of(user).map_or_else(|| vec![user.clone()], |p| p.users.clone()),
            None => Vec::new(),
        };
        let mut graph = Graph::default();
        let mut near: Vec<Node> = Vec::new();
        let mut take = |graph: &mut Graph, node: &Node| -> Result<(), PipelineError> {
            for (id, span) in book.edges(node)? {
                near.push(id.far_end(node).clone());
                graph.put(id, span);
            }
            Ok(())
        };
        take(&mut graph, of)?;
        for user in &users {
            let node = Node::user(user);
            take(&mut graph, &node)?;
            for (id, span) in merged.graph.edges_of(&node) {
                graph.put(id.clone(), span.clone());
            }
        }
        near.retain(|node| node.as_user().is_none());
        near.sort_unstable();
        near.dedup();
        for node in near.iter().take(MAX_NEAR) {
            for (id, span) in book.edges(node)? {
                graph.put(id, span);
            }
        }
        let aliased: Vec<String> = graph
            .edges()
            .filter(|(id, _)| id.kind == EdgeKind::Alias)
            .map(|(id, _)| id.one.id().to_owned())
            .collect();
        for user in aliased.iter().chain(&user) {
            if reads::profile(place, &Node::user(user).key())?.is_some()
                || book.node(&Node::user(user))?.edges > 0
            {
                graph.know_user(user);
            }
        }
        let is_known = !graph.is_empty()
            || match of.subject() {
                Some(subject) => profile(place, &subject)?.is_some(),
                None => false,
            };
        Ok(is_known.then(|| graph.picture(of)))
    }
}
