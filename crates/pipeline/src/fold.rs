//! The third step of a batch: profiles change, each by its own steps in their order. Pure but for reading
//! what a profile was before; the groups of a batch are shared among the cores.

use std::sync::Arc;

use rayon::prelude::*;
use tradewind_kernel::UtcMillis;
use tradewind_people::priors::{Before, Gain};
use tradewind_people::{Act, Click, Profile};

use crate::pipeline::PipelineError;
use crate::plan::{Plan, Step};
use crate::prepare::WORTH_SHARING;
use crate::reads::Reads;

/// Marks a session number as not given yet: what follows is the step that began the session.
const UNNUMBERED: u32 = 1 << 31;

/// What was touched in a session.
#[derive(Debug)]
pub(crate) struct Touched {
    /// Which step did it.
    step: u32,
    pub(crate) session: u32,
    /// The profile's number in the plan.
    pub(crate) owner: u32,
    pub(crate) at: UtcMillis,
    pub(crate) clicks: Vec<Click>,
}

/// What became of the profiles of a batch.
#[derive(Debug, Default)]
pub(crate) struct Folded {
    /// By their numbers in the plan; `None` for those that others have taken in.
    pub(crate) profiles: Vec<(u32, Option<Arc<Profile>>)>,
    /// In the log's order.
    pub(crate) touched: Vec<Touched>,
    /// Sessions that were begun.
    pub(crate) begun: u32,
    /// What first visits add to what is counted, in the log's order.
    pub(crate) gains: Vec<Gain>,
}

/// A group's part of it, sessions unnumbered.
#[derive(Default)]
struct Part {
    profiles: Vec<Slot>,
    touched: Vec<Touched>,
    begun: Vec<u32>,
    gains: Vec<(u32, Gain)>,
}

/// A profile of a group.
struct Slot {
    number: u32,
    profile: Option<Arc<Profile>>,
    /// Whether there was one before the batch.
    existed: bool,
}

/// Folds a plan. New sessions get numbers from `next_session` on, in the log's order.
pub(crate) fn fold(plan: &Plan, reads: &Reads<'_>, next_session: u32) -> Result<Folded, PipelineError> {
    let mut order: Vec<(u32, u32)> =
        (0..).zip(&plan.steps).map(|(step, (profile, _))| (plan.keys.group(*profile), step)).collect();
    order.sort_unstable();
    let groups: Vec<&[(u32, u32)]> = order.chunk_by(|a, b| a.0 == b.0).collect();
    let part = |group: &&[(u32, u32)]| of_group(plan, reads, group);
    let parts: Vec<Part> = if plan.steps.len() < WORTH_SHARING {
        groups.iter().map(part).collect::<Result<_, _>>()?
    } else {
        groups.par_iter().with_min_len(16).map(part).collect::<Result<_, _>>()?
    };
    Ok(numbered(parts, next_session))
}

fn of_group(plan: &Plan, reads: &Reads<'_>, group: &[(u32, u32)]) -> Result<Part, PipelineError> {
    let mut part = Part::default();
    for &(_, step) in group {
        let (profile, what) = &plan.steps[step as usize];
        match what {
            Step::Act { at, action, items, revenue, facts, signal, arrival, stated, counts, name } => {
                let act = Act {
                    at: *at,
                    action: *action,
                    items,
                    revenue: *revenue,
                    facts,
                    signal: *signal,
                    arrival: *arrival,
                    stated: stated.as_deref(),
                    name: *name,
                };
                let slot = part.slot(plan, reads, *profile)?.get_or_insert_default();
                let slot = Arc::make_mut(slot);
                let before = if *counts { Before::of(slot, &act) } else { None };
                let effects = slot.apply(&act, UNNUMBERED | step);
                let gain = before.and_then(|before| before.after(slot));
                part.gains.extend(gain.map(|gain| (step, gain)));
                if effects.number_taken {
                    part.begun.push(step);
                }
                if let Some((session, clicks)) = effects.touched {
                    part.touched.push(Touched { step, session, owner: *profile, at: *at, clicks });
                }
            }
            Step::Forget => {
                part.slot(plan, reads, *profile)?.take();
            }
            Step::Absorb(from) => {
                if let Some(taken) = part.slot(plan, reads, *from)?.take() {
                    let slot = part.slot(plan, reads, *profile)?.get_or_insert_default();
                    Arc::make_mut(slot).absorb(&taken);
                }
            }
        }
    }
    Ok(part)
}

impl Part {
    /// The place of a profile, as it is after the steps so far.
    fn slot(
        &mut self,
        plan: &Plan,
        reads: &Reads<'_>,
        number: u32,
    ) -> Result<&mut Option<Arc<Profile>>, PipelineError> {
        let place = match self.profiles.iter().position(|slot| slot.number == number) {
            Some(place) => place,
            None => {
                let before = reads.profile(plan.keys.key(number))?;
                self.profiles.push(Slot { number, existed: before.is_some(), profile: before });
                self.profiles.len() - 1
            }
        };
        Ok(&mut self.profiles[place].profile)
    }
}

/// Gives the sessions their numbers, and brings all parts together.
fn numbered(parts: Vec<Part>, next_session: u32) -> Folded {
    let mut begun: Vec<u32> = parts.iter().flat_map(|p| &p.begun).copied().collect();
    begun.sort_unstable();
    let number = |session: u32| match session & UNNUMBERED {
        0 => session,
        _ => {
            let rank = begun.partition_point(|step| *step < session & !UNNUMBERED);
            next_session + u32::try_from(rank).unwrap_or(u32::MAX)
        }
    };
    let mut gains: Vec<(u32, Gain)> = Vec::new();
    let mut folded = Folded { begun: u32::try_from(begun.len()).unwrap_or(u32::MAX), ..Folded::default() };
    for part in parts {
        for mut slot in part.profiles {
            let open = slot.profile.as_ref().and_then(|p| p.session.as_ref()?.number);
            if let Some(given) = open.filter(|given| given & UNNUMBERED != 0) {
                let session = slot.profile.as_mut().and_then(|p| Arc::make_mut(p).session.as_mut());
                session.into_iter().for_each(|session| session.number = Some(number(given)));
            }
            if slot.existed || slot.profile.is_some() {
                folded.profiles.push((slot.number, slot.profile));
            }
        }
        gains.extend(part.gains);
        folded.touched.extend(part.touched.into_iter().map(|t| Touched { session: number(t.session), ..t }));
    }
    folded.touched.sort_unstable_by_key(|t| t.step);
    gains.sort_unstable_by_key(|(step, _)| *step);
    folded.gains = gains.into_iter().map(|(_, gain)| gain).collect();
    folded
}
