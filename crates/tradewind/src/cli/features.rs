//! Commands of the feature store.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::ServerArguments;

#[derive(Debug, Args)]
pub(crate) struct FeaturesArguments {
    #[command(flatten)]
    pub(crate) server: ServerArguments,
    #[command(subcommand)]
    pub(crate) what: FeaturesCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum FeaturesCommand {
    /// List the views and services
    List,
    /// Show all versions of a view, or a service
    Show {
        /// The view's or the service's
        name: String,
    },
    /// Show what something comes from, and what comes of it
    Lineage {
        /// A source, a view, a feature (view:feature), a service or a model
        name: String,
    },
    /// Make a training set: what was known at given times, and nothing later. From the lake of a running server
    /// with --sql, or from files with --view, --entities and --history
    TrainingSet(TrainingSetArguments),
}

#[derive(Debug, Args)]
pub(crate) struct TrainingSetArguments {
    #[command(flatten)]
    pub(crate) lake: LakeSetArguments,
    /// The view's declaration, JSON
    #[arg(long, value_name = "FILE", required_unless_present = "sql")]
    pub(crate) view: Option<PathBuf>,
    /// Join keys and event_timestamp, CSV
    #[arg(long, value_name = "FILE", required_unless_present = "sql")]
    pub(crate) entities: Option<PathBuf>,
    /// Join keys, features, event_timestamp and created, CSV
    #[arg(long, value_name = "FILE", required_unless_present = "sql")]
    pub(crate) history: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct LakeSetArguments {
    /// A query of the lake that gives the join keys, event_timestamp and what else is to be learned
    #[arg(long, value_name = "QUERY", conflicts_with_all = ["view", "entities", "history"])]
    pub(crate) sql: Option<String>,
    /// Features, view:feature, separated by commas
    #[arg(long, value_name = "NAMES", value_delimiter = ',', requires = "sql")]
    pub(crate) features: Vec<String>,
    /// A feature service, in their place
    #[arg(long, value_name = "NAME", requires = "sql", conflicts_with = "features")]
    pub(crate) service: Option<String>,
    /// Name features view__feature
    #[arg(long, requires = "sql")]
    pub(crate) full_names: bool,
}
