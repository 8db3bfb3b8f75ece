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
    /// Join a history to the times that a model is trained for: what was known then, and nothing later
    TrainingSet(TrainingSetArguments),
}

#[derive(Debug, Args)]
pub(crate) struct TrainingSetArguments {
    /// The view's declaration, JSON
    #[arg(long, value_name = "FILE")]
    pub(crate) view: PathBuf,
    /// Join keys and event_timestamp, CSV
    #[arg(long, value_name = "FILE")]
    pub(crate) entities: PathBuf,
    /// Join keys, features, event_timestamp and created, CSV
    #[arg(long, value_name = "FILE")]
    pub(crate) history: PathBuf,
}
