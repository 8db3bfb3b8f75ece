//! File dialects: what shops export, read as products and canonical events.
//!
//! A dialect reads one file, plain or zstd (told apart by the first bytes), hands each [`Item`] and each
//! [`Reject`] to a [`Sink`], and returns a [`Tally`]. It promises:
//!
//! * **Every row is accounted for:** `rows_read == rows_taken + Σ rejected`. Blank lines are no rows.
//! * **Importing again changes nothing:** message ids come from the content alone, at most 100 characters,
//!   and every event has [`Origin::Import`](tradewind_events::Origin::Import).
//! * **Reasons are a closed set:** [`Reason`].
//!
//! Limits: a row or line of at most 1 MiB; ids of at most 64 bytes; names of at most 1,024 characters;
//! amounts within ±42 million major units; quantities within ±10 million. [`online_retail()`] keeps the
//! file's rows in memory (16 bytes each, 200 bytes an invoice), the other dialects a few bytes a product.
//!
//! The file is the only thing that is read here; the clock's reading is passed in.
//!
//! ```
//! use tradewind_imports::{Item, Reject, Sink, SinkError, Source, online_retail};
//! use tradewind_kernel::UtcMillis;
//!
//! struct Print;
//! impl Sink for Print {
//!     fn take(&mut self, item: Item) -> Result<(), SinkError> {
//!         println!("{item:?}");
//!         Ok(())
//!     }
//!     fn reject(&mut self, reject: Reject<'_>) -> Result<(), SinkError> {
//!         println!("line {}: {}", reject.line, reject.reason);
//!         Ok(())
//!     }
//!     fn progress(&mut self, _bytes_done: u64, _bytes_total: u64) {}
//! }
//!
//! let file = "Invoice,StockCode,Description,Quantity,InvoiceDate,Price,Customer ID,Country\n\
//!             536365,85123A,WHITE HANGING HEART,6,2010-12-01 08:26:00,2.55,17850.0,United Kingdom\n";
//! let now = UtcMillis::parse("2026-01-31T09:30:00Z")?;
//! let tally = online_retail(Source::new(file.as_bytes(), file.len() as u64)?, now, &mut Print)?;
//! assert_eq!((tally.rows_read, tally.products, tally.events), (1, 1, 1));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod error;
mod fields;
mod intake;
mod lines;
mod online_retail;
mod reason;
mod rees46;
mod sink;
mod source;
mod table;

pub use error::ImportError;
pub use lines::events;
pub use online_retail::online_retail;
pub use reason::Reason;
pub use rees46::rees46;
pub use sink::{Item, Reject, Sink, SinkError, Tally};
pub use source::{Source, open};
