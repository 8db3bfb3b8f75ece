//! Commands that measure: models by public protocols, and the server on this machine.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

/// What is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum BenchPart {
    /// Everything
    All,
    /// Taking in events
    Events,
    /// Taking in events one a request
    Singles,
    /// More events than can be taken, and how soon they are in profiles
    Overload,
    /// Decisions for a demo shop
    Decisions,
}

#[derive(Debug, Args)]
pub(crate) struct BenchArguments {
    /// What to measure
    #[arg(value_enum, default_value_t = BenchPart::All)]
    pub(crate) part: BenchPart,
    /// Seconds that each measurement takes, without its warm-up
    #[arg(long, default_value_t = 10)]
    pub(crate) seconds: u32,
    /// Events of a batch [default: 100, and 500 under overload]
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..=2_500))]
    pub(crate) batch: Option<u16>,
    /// The server's storage.max_lag_records under overload [default: the server's own]
    #[arg(long)]
    pub(crate) max_lag_records: Option<u64>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum EvaluateCommand {
    /// The next item of a session: HR@20 and MRR@20
    Sessions {
        /// Training sessions, one per line, items separated by commas
        #[arg(long)]
        train: PathBuf,
        /// Test lines: a prefix, a tab, the next item
        #[arg(long)]
        test: PathBuf,
    },
    /// The next item of a person, leave-last-out: HR@10 and NDCG@10
    Sequences {
        /// One person per line: an id, then items in the order of time
        #[arg(long)]
        file: PathBuf,
    },
}
