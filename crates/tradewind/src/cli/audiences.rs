//! Commands about audiences.

use clap::{Args, Subcommand};

use super::ServerArguments;

#[derive(Debug, Args)]
pub(crate) struct AudiencesArguments {
    #[command(flatten)]
    pub(crate) server: ServerArguments,
    #[command(subcommand)]
    pub(crate) what: AudiencesCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum AudiencesCommand {
    /// List the audiences with their sizes
    List,
    /// Show one
    Get {
        /// Its name
        name: String,
    },
    /// Define one, or define it otherwise
    Put {
        /// Its name: up to 64 of a-z, 0-9, - and _
        name: String,
        /// Whom it holds, in CEL, such as 'orders >= 2 && days_since_event("Order Completed") < 30'
        #[arg(long)]
        rule: String,
        /// What it is for, in words
        #[arg(long, default_value = "")]
        description: String,
        /// What it is used for, such as marketing_email [default: personalization]
        #[arg(long)]
        purpose: Option<String>,
    },
    /// Delete one; nobody is told
    Delete {
        /// Its name
        name: String,
    },
    /// Estimate how many people a rule fits, and keep nothing
    Preview {
        /// In CEL
        rule: String,
    },
}
