//! Asking for a failed delivery again.

use super::*;

/// What came of the wish.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Asked {
    /// It is due now.
    Now,
    /// It waits already.
    Already,
    /// There is no such delivery: it has arrived, or was lost to the limits, or never was.
    Unknown,
    /// Its endpoint gets nothing.
    Stopped(String),
    /// Its endpoint is not configured.
    NotConfigured(String),
}

impl Books {
    /// Makes a failed delivery due now, with all its attempts before it.
    pub(crate) fn ask_again(&mut self, id: EffectId, now: UtcMillis) -> Result<Asked, StateError> {
        let Some(delivery) = self.delivery(id)? else { return Ok(Asked::Unknown) };
        let Some(desk) = self.desks.iter_mut().find(|desk| desk.endpoint.name == delivery.endpoint) else {
            return Ok(Asked::NotConfigured(delivery.endpoint));
        };
        if desk.account.stopped.is_some() {
            return Ok(Asked::Stopped(delivery.endpoint));
        }
        if !delivery.has_failed {
            return Ok(Asked::Already);
        }
        let mut batch = Batch::default();
        desk.failed.remove(&(delivery.due_at, id));
        desk.quiet_until = UtcMillis::default();
        desk.wait(id, Delivery { attempts: 0, ..delivery }, now, self.tables, &mut batch)?;
        self.store.commit(&batch)?;
        self.store.sync()?;
        Ok(Asked::Now)
    }
}
