//! What lines of the ledger mean: for whom nothing is taken of, and for the status of their requests.

use std::collections::BTreeMap;

use tradewind_ports::BlobStore;

use crate::job::receipt_name;
use crate::ledger::{Line, Step};
use crate::receipt::Receipt;
use crate::request::{Ask, Kind, Stage, Status};
use crate::rights::{RightsError, fresh_status};
use crate::suppression::Suppression;

/// A request that awaits a confirmation, out of its line: only of a shop as a whole does that say all.
pub(crate) fn ask_of(line: &Line) -> Ask {
    let (kind, shop) = (line.act.into(), line.shop.clone());
    Ask { kind, subjects: Vec::new(), suppress: line.suppress, shop, id: Some(line.request.clone()) }
}

/// What a line of the ledger means for whom nothing is taken of.
pub(crate) fn hold(suppression: &Suppression, line: &Line) {
    match Kind::from(line.act) {
        Kind::Suppress => suppression.add(line.prints()),
        _ if line.state == Step::Awaiting => {}
        Kind::Erase if line.suppress => suppression.add(line.prints()),
        Kind::Unsuppress => suppression.remove(line.prints()),
        _ => {}
    }
}

/// What a line of the ledger means for the request's status.
pub(crate) fn note(statuses: &mut BTreeMap<String, Status>, line: &Line) {
    let status = statuses
        .entry(line.request.clone())
        .or_insert_with(|| fresh_status(&line.request, line.act.into(), line.at));
    if line.state == Step::Awaiting {
        status.stage = Stage::AwaitingConfirmation;
    } else if line.state == Step::Requested {
        status.stage = Stage::Initialized;
    }
    if line.state == Step::Done || !status.kind.is_erasure() {
        (status.stage, status.finished_at) = (Stage::Finished, Some(line.at));
    }
}

/// The receipt of a request, if this data directory has it.
pub(crate) fn receipt(blobs: &dyn BlobStore, id: &str) -> Result<Option<Receipt>, RightsError> {
    let Some(bytes) = blobs.get(&receipt_name(id))? else { return Ok(None) };
    let read = serde_json::from_slice(&bytes);
    if let Err(error) = &read {
        tracing::error!(request = id, %error, "a receipt does not read; its erasure is made again");
    }
    Ok(read.ok())
}
