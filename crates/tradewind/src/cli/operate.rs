//! Commands that look after a running server: dead letters, the outbox, the keys of the vault.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::ServerArguments;

#[derive(Debug, Args)]
pub(crate) struct OutboxArguments {
    #[command(flatten)]
    pub(crate) server: ServerArguments,
    #[command(subcommand)]
    pub(crate) what: OutboxCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum OutboxCommand {
    /// List the endpoints, and the deliveries that failed, newest first
    List {
        /// Only of this endpoint
        #[arg(long)]
        endpoint: Option<String>,
        /// At most so many failed ones
        #[arg(long, default_value_t = 50)]
        limit: usize,
    },
    /// Deliver a failed one again
    Retry {
        /// As the list has it
        id: String,
    },
}

#[derive(Debug, Args)]
pub(crate) struct DeadLettersArguments {
    #[command(flatten)]
    pub(crate) server: ServerArguments,
    #[command(subcommand)]
    pub(crate) what: DeadLettersCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum DeadLettersCommand {
    /// List those that wait, newest first
    List {
        /// Only of this cause, such as id_missing
        #[arg(long)]
        cause: Option<String>,
        /// Only with ids below this
        #[arg(long, value_name = "ID")]
        before: Option<u64>,
        /// At most so many
        #[arg(long, default_value_t = 50)]
        limit: usize,
    },
    /// Show one with its payload and what was tried
    Show {
        /// As the list has it
        id: u64,
    },
    /// Read one again, as it was sent or put right; or all of a cause
    Redrive {
        /// As the list has it; without one, the newest that wait
        id: Option<u64>,
        /// The message as it should have been, JSON
        #[arg(long, value_name = "FILE", requires = "id")]
        payload: Option<PathBuf>,
        /// Only of this cause
        #[arg(long, conflicts_with = "id")]
        cause: Option<String>,
        /// At most so many
        #[arg(long, default_value_t = 100, conflicts_with = "id")]
        limit: usize,
    },
    /// Drop one that nobody needs
    Drop {
        /// As the list has it
        id: u64,
    },
}

#[derive(Debug, Args)]
pub(crate) struct KeysArguments {
    #[command(flatten)]
    pub(crate) server: ServerArguments,
    #[command(subcommand)]
    pub(crate) what: KeysCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum KeysCommand {
    /// Show the ids of the master keys, how many persons each stands for, and the epoch of the pseudonyms
    List,
    /// Put a new master key to use and forget the old one, while the server goes on
    Rotate {
        /// Begin a new epoch of pseudonyms instead; those of the one before are still found until the next
        #[arg(long)]
        pseudonyms: bool,
    },
}
