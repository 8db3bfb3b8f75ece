//! Opening the books: what the last process left, and what the configuration says now.

use tradewind_ports::TableId;

use super::*;

/// How many rows are changed in one commit.
const AT_ONCE: usize = 1_000;

/// The offset up to which effects were taken over, if any books were ever opened.
pub(crate) fn stored_cursor(store: &dyn StateStore) -> Result<Option<Offset>, StateError> {
    let tables = Tables::open(store)?;
    let bytes = store.get(tables.meta, CURSOR)?;
    Ok(bytes.and_then(|bytes| bytes.as_ref().try_into().ok()).map(u64::from_be_bytes))
}

impl Books {
    /// Opens the books for these endpoints. `end` is the log's end when the pipeline was about to be opened: an
    /// endpoint that is new gets effects of what comes from there on.
    pub(crate) fn open(
        store: Arc<dyn StateStore>,
        endpoints: Vec<Endpoint>,
        end: Offset,
        now: UtcMillis,
    ) -> Result<Self, StateError> {
        let tables = Tables::open(store.as_ref())?;
        let cursor = stored_cursor(store.as_ref())?.unwrap_or(end);
        let mut batch = Batch::default();
        batch.put(tables.meta, CURSOR, cursor.to_be_bytes());
        let mut desks = Vec::with_capacity(endpoints.len());
        for endpoint in endpoints {
            let row = store.get(tables.endpoints, endpoint.name.as_bytes())?;
            let known = row.map(|row| decode::<Account>(&row)).transpose()?;
            let desk = Desk::new(endpoint, known, end);
            desk.write(tables, &mut batch)?;
            desks.push(desk);
        }
        store.commit(&batch)?;
        let (under_way, recalled) = (BTreeSet::new(), BTreeSet::new());
        let mut books = Self { store, tables, desks, cursor, cursor_written_at: now, under_way, recalled };
        books.mark_missing()?;
        books.load(now)?;
        books.store.sync()?;
        Ok(books)
    }

    /// Notes which endpoints are not configured any more: when they are again, they begin anew.
    fn mark_missing(&self) -> Result<(), StateError> {
        let mut batch = Batch::default();
        for pair in self.store.scan(self.tables.endpoints, &[]) {
            let (name, row) = pair?;
            if self.desks.iter().all(|desk| desk.endpoint.name.as_bytes() != name.as_ref()) {
                let account = Account { is_configured: false, ..decode(&row)? };
                batch.put(self.tables.endpoints, name, encode(&account)?);
            }
        }
        self.store.commit(&batch)
    }

    /// Reads what waits and what has failed. What belongs to no endpoint stays for as long as a failed delivery.
    fn load(&mut self, now: UtcMillis) -> Result<(), StateError> {
        let (mut batch, mut without_endpoint) = (Batch::default(), 0_u64);
        for pair in self.store.scan(self.tables.deliveries, &[]) {
            let (key, row) = pair?;
            let Ok(id) = key.as_ref().try_into().map(EffectId) else { continue };
            let delivery: Delivery = decode(&row)?;
            match self.desks.iter_mut().find(|desk| desk.endpoint.name == delivery.endpoint) {
                Some(desk) if delivery.has_failed => _ = desk.failed.insert((delivery.due_at, id)),
                Some(desk) => _ = desk.waiting.insert((delivery.due_at, id)),
                None if now.since(delivery.taken_at) >= KEEP_FAILED_MS => {
                    remove(self.store.as_ref(), self.tables.deliveries, id, &mut batch)?;
                }
                None => without_endpoint += 1,
            }
        }
        if without_endpoint > 0 {
            tracing::warn!(
                deliveries = without_endpoint,
                "webhooks wait for endpoints that are not configured any more; they stay for 30 days"
            );
        }
        self.store.commit(&batch)
    }
}

fn remove(store: &dyn StateStore, table: TableId, id: EffectId, batch: &mut Batch) -> Result<(), StateError> {
    batch.delete(table, id.0);
    if batch.len() >= AT_ONCE { store.commit(&std::mem::take(batch)) } else { Ok(()) }
}

impl Desk {
    fn new(endpoint: Endpoint, known: Option<Account>, end: Offset) -> Self {
        let mut account = match known {
            Some(account) if account.is_configured => account,
            Some(account) => Account { since: end, ..account },
            None => Account { since: end, ..Account::default() },
        };
        account.is_configured = true;
        account.stopped = account.stopped.filter(|stopped| stopped.fingerprint == endpoint.fingerprint());
        Self {
            endpoint: Arc::new(endpoint),
            account,
            waiting: Timed::new(),
            failed: Timed::new(),
            in_flight: 0,
            troubles: 0,
            quiet_until: UtcMillis::default(),
        }
    }
}
