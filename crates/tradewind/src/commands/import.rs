//! `tradewind import`

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

use indicatif::ProgressBar;
use serde::Serialize;
use tradewind_catalog::{Origin, Product};
use tradewind_events::Event;
use tradewind_imports::{Item, Reject, Sink, SinkError, Tally};

use super::{say, say_json};
use crate::cli::{Format, ImportArguments};
use crate::config::Loaded;
use crate::failure::Failure;
use crate::house::House;
use crate::progress;

/// Items handed to the log at once.
const CHUNK: usize = 1_000;

/// What an import did.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Report {
    /// What became of the rows.
    #[serde(flatten)]
    pub(crate) tally: Tally,
    /// Events that were not there before.
    pub(crate) new_events: u64,
    /// Products that were not there before, or are newer than what was.
    pub(crate) new_products: u64,
}

/// Imports files one after the other.
pub(crate) fn run(loaded: &Loaded, arguments: &ImportArguments, as_json: bool) -> Result<(), Failure> {
    let house = House::open(&loaded.config)?;
    let mut rejects = match &arguments.rejects {
        Some(path) => {
            let file = File::create(path)
                .map_err(|e| Failure::failed(format!("{} cannot be written: {e}", path.display())))?;
            Some(BufWriter::new(file))
        }
        None => None,
    };
    for path in &arguments.paths {
        let report = file(&house, arguments.format, path, rejects.as_mut())?;
        if as_json {
            say_json(&report)?;
        } else {
            tell(path, &report);
        }
    }
    if let Some(file) = &mut rejects {
        file.flush().map_err(Failure::failed)?;
    }
    house.pipeline.sync().map_err(Failure::failed)
}

fn tell(path: &Path, report: &Report) {
    let tally = &report.tally;
    let rejected: u64 = tally.rejected.values().sum();
    say(format!(
        "{}: {} rows read = {} taken + {} rejected",
        path.display(),
        tally.rows_read,
        tally.rows_taken,
        rejected
    ));
    for (reason, count) in &tally.rejected {
        say(format!("  {count:>9} {reason}"));
    }
    say(format!(
        "  {} events, {} of them new; {} products, {} of them new or changed",
        tally.events, report.new_events, tally.products, report.new_products
    ));
}

/// Imports one file and waits until it is applied.
pub(crate) fn file(
    house: &House,
    format: Format,
    path: &Path,
    rejects: Option<&mut BufWriter<File>>,
) -> Result<Report, Failure> {
    let named = |e: &dyn std::fmt::Display| Failure::input(format!("{}: {e}", path.display()));
    let source = tradewind_imports::open(path).map_err(|e| named(&e))?;
    let bar = progress::bytes(0, "importing");
    let mut intake = Intake {
        house,
        rejects,
        bar: &bar,
        products: Vec::new(),
        events: Vec::new(),
        report: Report::default(),
    };
    let now = house.clock.now();
    let tally = match format {
        Format::OnlineRetail => tradewind_imports::online_retail(source, now, &mut intake),
        Format::Rees46 => tradewind_imports::rees46(source, now, &mut intake),
        Format::Events => {
            let parse = |line: &str| {
                tradewind_api::parse_line(line, now).map_err(|r| format!("{}: {}", r.code, r.message))
            };
            tradewind_imports::events(source, &parse, &mut intake)
        }
    };
    let tally = tally.map_err(|e| named(&e))?;
    intake.flush()?;
    let report = Report { tally, ..intake.report };
    bar.finish_and_clear();
    let spinner = progress::spinner("applying");
    house.drain()?;
    spinner.finish_and_clear();
    Ok(report)
}

/// Takes what an import reads to the log, leaving out what is there already.
struct Intake<'a> {
    house: &'a House,
    rejects: Option<&'a mut BufWriter<File>>,
    bar: &'a ProgressBar,
    products: Vec<Product>,
    events: Vec<Event>,
    report: Report,
}

impl Intake<'_> {
    fn flush(&mut self) -> Result<(), Failure> {
        if !self.products.is_empty() {
            self.house.put_products(&self.products)?;
            self.report.new_products += self.products.len() as u64;
            self.products.clear();
        }
        if !self.events.is_empty() {
            self.house.collect(&self.events)?;
            self.report.new_events += self.events.len() as u64;
            self.events.clear();
        }
        Ok(())
    }

    /// Whether the catalog has this product from a feed, as new as this or newer.
    fn is_known(&self, product: &Product) -> bool {
        let live = self.house.pipeline.live();
        let item = live.items.read().number(&product.id);
        let known = item.and_then(|item| live.catalog.load().get(item).cloned());
        known.is_some_and(|k| k.origin == Origin::Feed && k.updated_at >= product.updated_at)
    }
}

impl Sink for Intake<'_> {
    fn take(&mut self, item: Item) -> Result<(), SinkError> {
        match item {
            Item::Product(product) if self.is_known(&product) => {}
            Item::Product(product) => self.products.push(product),
            Item::Event(event) => {
                let known = self.house.pipeline.is_imported(&event.message_id).map_err(SinkError::new)?;
                if !known {
                    self.events.push(event);
                }
            }
        }
        if self.products.len() + self.events.len() >= CHUNK {
            self.flush().map_err(|e| SinkError::new(e.to_string()))?;
        }
        Ok(())
    }

    fn reject(&mut self, reject: Reject<'_>) -> Result<(), SinkError> {
        let Some(file) = &mut self.rejects else { return Ok(()) };
        let line = serde_json::json!({
            "line": reject.line, "reason": reject.reason, "detail": reject.detail, "row": reject.row,
        });
        writeln!(file, "{line}").map_err(SinkError::new)
    }

    fn progress(&mut self, bytes_done: u64, bytes_total: u64) {
        self.bar.set_length(bytes_total);
        self.bar.set_position(bytes_done);
    }
}
