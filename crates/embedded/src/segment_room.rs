//! Whether the log may grow, and what keeps it from that.

use std::io;

use tradewind_ports::NoRoom;

use crate::segment_log::LogOptions;

/// Whether an error of the disk says that nothing was wrong but the room.
pub(crate) fn is_full(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
}

/// What is missing, given what there is. Once the reserve was reached, a sixteenth more than it must be free,
/// so that the log does not open and close with every small file of somebody else. Free space that nobody
/// tells refuses nothing: a write that fails will.
pub(crate) fn missing(
    options: &LogOptions,
    size_bytes: u64,
    free_bytes: Option<u64>,
    before: Option<NoRoom>,
) -> Option<NoRoom> {
    let reserve_bytes = options.disk_reserve_bytes;
    let wanted_bytes = match before {
        Some(NoRoom::Disk { .. }) => reserve_bytes.saturating_add(reserve_bytes / 16),
        _ => reserve_bytes,
    };
    if let Some(free_bytes) = free_bytes.filter(|&free_bytes| free_bytes < wanted_bytes) {
        return Some(NoRoom::Disk { free_bytes, reserve_bytes });
    }
    let max_bytes = options.max_bytes;
    (max_bytes > 0 && size_bytes >= max_bytes).then_some(NoRoom::Bound { size_bytes, max_bytes })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_is_told() {
        let options = LogOptions { disk_reserve_bytes: 160, max_bytes: 1_000, ..LogOptions::default() };
        let full = |free_bytes| Some(NoRoom::Disk { free_bytes, reserve_bytes: 160 });
        let check = |size_bytes, free_bytes, before, expected| {
            assert_eq!(missing(&options, size_bytes, free_bytes, before), expected);
        };
        check(999, Some(160), None, None);
        check(999, Some(159), None, full(159));
        check(999, Some(169), full(3), full(169));
        check(999, Some(170), full(3), None);
        check(999, None, full(3), None);
        let bound = Some(NoRoom::Bound { size_bytes: 1_000, max_bytes: 1_000 });
        check(1_000, Some(160), bound, bound);
        check(999, Some(160), bound, None);
        assert_eq!(missing(&LogOptions::default(), u64::MAX, Some(0), None), None);
    }
}
