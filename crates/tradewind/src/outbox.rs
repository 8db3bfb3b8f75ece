//! Webhooks out, as the configuration has them: whom to tell, and the books of what is on its way.

use std::path::Path;
use std::sync::Arc;

use tradewind_embedded::FjallStore;
use tradewind_govern::Rights;
use tradewind_pipeline::Outlet;
use tradewind_ports::Offset;
use tradewind_webhooks::{Deliverer, Endpoint, Outbox};

use crate::config::Config;
use crate::failure::Failure;
use crate::house::House;
use crate::webhook::endpoints;

/// The block cache of the books, in bytes: what waits is read once.
const CACHE_BYTES: u64 = 4 << 20;

/// Endpoints and books, before anybody delivers.
pub(crate) struct Post {
    endpoints: Vec<Endpoint>,
    books: Option<Arc<FjallStore>>,
    end: Offset,
}

impl Post {
    /// Looks up what is configured and what the books say; `end` is the log's end before the pipeline is opened.
    /// There are books from the first start with an endpoint on.
    pub(crate) fn open(config: &Config, data_dir: &Path, end: Offset) -> Result<Self, Failure> {
        let (endpoints, dir) = (endpoints(&config.webhooks)?, data_dir.join("outbox"));
        let is_there = !endpoints.is_empty() || dir.is_dir();
        let books = is_there.then(|| FjallStore::open(&dir, CACHE_BYTES)).transpose();
        Ok(Self { endpoints, books: books.map_err(Failure::failed)?.map(Arc::new), end })
    }

    /// What the pipeline is to let out.
    pub(crate) fn outlet(&self) -> Result<Outlet, Failure> {
        let Some(books) = &self.books else { return Ok(Outlet::default()) };
        tradewind_webhooks::outlet(&**books, &self.endpoints, self.end).map_err(Failure::failed)
    }
}

/// Opens the books, where there is anything to deliver or to keep account of. Nothing leaves yet.
pub(crate) fn open(house: &House) -> Result<Option<Arc<Outbox>>, Failure> {
    let Post { endpoints, books: Some(books), end } = &house.post else { return Ok(None) };
    tradewind_webhooks::describe_metrics();
    let (books, clock) = (Arc::clone(books), Arc::clone(&house.clock));
    let outbox = Outbox::open(books, endpoints.clone(), *end, clock).map_err(Failure::failed)?;
    Ok(Some(Arc::new(outbox)))
}

/// Begins to deliver, once nobody is left in the books who is to be forgotten.
pub(crate) fn deliver(
    outbox: Option<&Arc<Outbox>>,
    house: &House,
    rights: &Arc<Rights>,
) -> Result<Option<Deliverer>, Failure> {
    let Some(outbox) = outbox else { return Ok(None) };
    let (rights, pipeline) = (Arc::clone(rights), Arc::clone(&house.pipeline));
    let started = Deliverer::start(Arc::clone(outbox), pipeline, move || rights.is_ready());
    started.map(Some).map_err(Failure::failed)
}
