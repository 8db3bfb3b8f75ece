//! What every page has at hand.

use std::sync::Arc;

use tokio::sync::Semaphore;

use crate::engine::Engine;
use crate::media::Assets;
use crate::render::Templates;
use crate::shop::{Shelf, Shop};
use crate::site::Site;

/// How many consoles may follow the stream at once; a further one is asked to come back.
const MAX_STREAMS: usize = 64;

/// What every page has at hand: made once, shared by all requests.
pub(crate) struct App {
    /// The engine.
    pub(crate) engine: Arc<dyn Engine>,
    /// The shop's own words.
    pub(crate) site: Site,
    /// The page templates.
    pub(crate) templates: Templates,
    /// Style sheets, scripts and the mark.
    pub(crate) assets: Assets,
    /// The places left for consoles that follow the stream.
    pub(crate) streams: Arc<Semaphore>,
    shelf: Shelf,
}

/// [`App`] as handlers take it.
pub(crate) type Shared = Arc<App>;

impl App {
    /// Reads the templates and arranges the catalog.
    pub(crate) fn new(engine: Arc<dyn Engine>, site: Site) -> Self {
        Self {
            shelf: Shelf::new(engine.as_ref()),
            engine,
            site,
            templates: Templates::new(),
            assets: Assets::new(),
            streams: Arc::new(Semaphore::new(MAX_STREAMS)),
        }
    }

    /// The catalog, arranged.
    pub(crate) fn shop(&self) -> Arc<Shop> {
        self.shelf.current(self.engine.as_ref())
    }
}
