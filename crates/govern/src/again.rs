//! Requests of before the start that this data directory has not seen to the end: they are carried out again, all
//! together. Only fingerprints are known of whom they mean.

use std::collections::BTreeSet;

use rustc_hash::FxHashMap;
use tradewind_kernel::{Subject, UtcMillis};
use tradewind_pipeline::{Turn, Whose};

use crate::job::{Finished, Job};
use crate::ledger::{Act, Line, Step, TurnPrint};
use crate::prints::Print;
use crate::request::{Stage, Status};
use crate::rights::{RightsError, fresh_status};

/// A request by its lines.
struct Open<'a> {
    id: &'a str,
    at: UtcMillis,
    act: Act,
    suppress: bool,
    lines: Vec<&'a Line>,
}

impl<'a> Open<'a> {
    fn all(lines: &'a [Line]) -> Vec<Self> {
        let ids: BTreeSet<&str> = lines.iter().map(|line| line.request.as_str()).collect();
        let open = |id: &'a str| {
            let own: Vec<&Line> = lines.iter().filter(|line| line.request == id).collect();
            let (at, act) =
                own.first().map_or((UtcMillis::default(), Act::Erase), |line| (line.at, line.act));
            Self { id, at, act, suppress: own.iter().any(|line| line.suppress), lines: own }
        };
        ids.into_iter().map(open).collect()
    }

    fn shop(&self) -> Option<String> {
        self.lines.iter().find_map(|line| line.shop.clone())
    }
}

impl Job {
    /// Carries out the requests of these lines.
    pub(crate) fn again(&self, lines: &[Line]) -> Result<(), RightsError> {
        let requests = Open::all(lines);
        tracing::warn!(
            requests = requests.len(),
            "the ledger of erasures knows of requests that this data directory has not seen to the end; they are \
             made again before anything is served"
        );
        self.drain()?;
        let people = self.find_again(&requests)?;
        let prints: Vec<Vec<String>> = requests
            .iter()
            .zip(&people)
            .map(|(request, whose)| self.remember_again(request, whose))
            .collect::<Result<_, _>>()?;
        let found = self.erase(&Whose::together(&people))?;
        let together = u32::try_from(requests.len()).unwrap_or(u32::MAX);
        for (request, prints) in requests.iter().zip(prints) {
            let Open { id, at, act, suppress, .. } = *request;
            let receipt = self.finish(&Finished { id, at, prints, suppress, act }, &found, together)?;
            self.shared.put(Status {
                stage: Stage::Finished,
                finished_at: Some(self.now()),
                found: found.clone(),
                receipt: Some(receipt),
                ..fresh_status(id, act.into(), at)
            });
        }
        Ok(())
    }

    /// Whom each request means, as far as this data directory knows them.
    fn find_again(&self, requests: &[Open<'_>]) -> Result<Vec<Whose>, RightsError> {
        let (pipeline, prints) = (&self.shared.setup.pipeline, self.shared.ledger.prints());
        let mut wanted: FxHashMap<Print, Vec<usize>> = FxHashMap::default();
        let mut turns: FxHashMap<Print, Vec<(usize, &TurnPrint)>> = FxHashMap::default();
        for (n, line) in
            requests.iter().enumerate().flat_map(|(n, one)| one.lines.iter().map(move |line| (n, line)))
        {
            line.prints().for_each(|print| wanted.entry(print).or_default().push(n));
            for turn in &line.turns {
                turn.print().into_iter().for_each(|print| turns.entry(print).or_default().push((n, turn)));
            }
        }
        let keys = pipeline.find_keys(&|key| {
            let print = prints.of(key);
            wanted.contains_key(&print) || turns.contains_key(&print)
        })?;
        let mut subjects = vec![Vec::new(); requests.len()];
        let mut at_browsers = vec![Vec::new(); requests.len()];
        for key in &keys {
            let (print, Some(subject)) = (prints.of(key), subject_of(key)) else { continue };
            if let Subject::Anonymous(id) = &subject {
                for (n, TurnPrint { from, until, .. }) in turns.get(&print).into_iter().flatten() {
                    at_browsers[*n].push(Turn { anonymous: id.clone(), from: *from, until: *until });
                }
            }
            wanted.get(&print).into_iter().flatten().for_each(|n| subjects[*n].push(subject.clone()));
        }
        for (request, subjects) in requests.iter().zip(&mut subjects) {
            if let Some(domain) = request.shop() {
                subjects.extend(pipeline.people_of_shop(&domain)?);
            }
        }
        let each: Vec<&[Subject]> = subjects.iter().map(Vec::as_slice).collect();
        let people = pipeline.people(&each)?.into_iter().zip(at_browsers).zip(requests);
        Ok(people
            .map(|((whose, turns), request)| whose.with_turns(turns).with_shop(request.shop()))
            .collect())
    }

    /// Writes to the ledger what it does not know yet of whom a request means, and gives all fingerprints.
    fn remember_again(&self, request: &Open<'_>, whose: &Whose) -> Result<Vec<String>, RightsError> {
        let known: BTreeSet<String> =
            request.lines.iter().flat_map(|line| line.prints.iter().cloned()).collect();
        let mut all: BTreeSet<String> = self.shared.ledger.prints().texts(whose.keys()).into_iter().collect();
        let is_news = !all.is_subset(&known);
        all.extend(known);
        let prints: Vec<String> = all.into_iter().collect();
        if is_news {
            let line = self.line(request.id, Step::Requested, request.act, prints.clone(), request.suppress);
            self.shared.append(&Line { turns: self.turn_prints(whose), shop: request.shop(), ..line })?;
        }
        Ok(prints)
    }
}

/// The subject behind a key.
fn subject_of(key: &str) -> Option<Subject> {
    let id = key.get(2..).filter(|id| !id.is_empty())?.to_owned();
    match key.get(..2)? {
        "u:" => Some(Subject::User(id)),
        "a:" => Some(Subject::Anonymous(id)),
        _ => None,
    }
}
