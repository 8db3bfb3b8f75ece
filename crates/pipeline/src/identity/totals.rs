//! The graph in numbers, under `identity` in `meta`: three u64, big-endian.

use tradewind_ports::StateStore;

use crate::measures;
use crate::pipeline::PipelineError;
use crate::tables::{IDENTITY, Tables, u64_of};

/// How many there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Totals {
    /// Users with an anonymous id.
    pub(crate) users: u64,
    /// Those of them with two and more.
    pub(crate) on_several_devices: u64,
    /// Edges that were refused.
    pub(crate) refused: u64,
}

impl Totals {
    pub(crate) fn load(store: &dyn StateStore, tables: &Tables) -> Result<Self, PipelineError> {
        let bytes = store.get(tables.meta, IDENTITY)?.unwrap_or_default();
        let number = |n: usize| bytes.get(n * 8..n * 8 + 8).and_then(u64_of).unwrap_or(0);
        Ok(Self { users: number(0), on_several_devices: number(1), refused: number(2) })
    }

    pub(crate) fn encode(self) -> Vec<u8> {
        [self.users, self.on_several_devices, self.refused].map(u64::to_be_bytes).concat()
    }

    /// Tells the metrics.
    pub(crate) fn tell(self) {
        measures::identities(self.users, self.on_several_devices, self.refused);
    }

    /// A user's anonymous ids became more or fewer.
    pub(crate) fn devices_changed(&mut self, before: u32, after: u32) {
        let step = |total: &mut u64, at_least: u32| match (before >= at_least, after >= at_least) {
            (false, true) => *total += 1,
            (true, false) => *total = total.saturating_sub(1),
            _ => {}
        };
        step(&mut self.users, 1);
        step(&mut self.on_several_devices, 2);
    }
}
