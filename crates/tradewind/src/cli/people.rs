//! Commands about people: who is who, and their rights.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use super::ServerArguments;

#[derive(Debug, Args)]
pub(crate) struct IdentityArguments {
    #[command(flatten)]
    pub(crate) server: ServerArguments,
    #[command(subcommand)]
    pub(crate) what: IdentityCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum IdentityCommand {
    /// Show a subject's person, their ids and why they belong together
    Show {
        /// `user_id:…` or `anonymous_id:…`
        subject: String,
    },
    /// Make two users one person; a split undoes it
    Merge {
        /// `user_id:…`
        into: String,
        /// `user_id:…`
        from: String,
        /// Who wants it, and why
        #[arg(long)]
        reason: String,
    },
    /// Make a user who was merged a person of its own again
    Split {
        /// `user_id:…`
        subject: String,
        /// Only from this user, to whom a merge joins it
        #[arg(long, value_name = "USER")]
        from: Option<String>,
        /// Who wants it, and why
        #[arg(long)]
        reason: String,
    },
}

#[derive(Debug, Args)]
pub(crate) struct PrivacyArguments {
    #[command(flatten)]
    pub(crate) server: ServerArguments,
    #[command(subcommand)]
    pub(crate) what: PrivacyCommand,
}

/// Who is meant.
#[derive(Debug, Args)]
pub(crate) struct SubjectsArguments {
    /// user_id:… or anonymous_id:…; every id that is linked to one of them is meant too
    #[arg(required_unless_present = "file", value_name = "SUBJECT")]
    pub(crate) subjects: Vec<String>,
    /// A file with further ones, one a line; - reads standard input
    #[arg(long, value_name = "FILE")]
    pub(crate) file: Option<PathBuf>,
    /// Print the request's id, and do not wait for its end
    #[arg(long)]
    pub(crate) no_wait: bool,
}

/// How the data map is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum MapFormat {
    /// Everything, as JSON
    Json,
    /// A page
    Markdown,
    /// The fields, as CSV
    Csv,
}

#[derive(Debug, Subcommand)]
pub(crate) enum PrivacyCommand {
    /// Remove everything that is held of people, and print the receipts
    Erase {
        #[command(flatten)]
        who: SubjectsArguments,
        /// Take nothing more of them afterwards
        #[arg(long)]
        suppress: bool,
    },
    /// Print everything that is held of people, as JSON
    Export {
        #[command(flatten)]
        who: SubjectsArguments,
    },
    /// Deny every purpose to people
    Restrict {
        #[command(flatten)]
        who: SubjectsArguments,
    },
    /// Take nothing more of people
    Suppress {
        #[command(flatten)]
        who: SubjectsArguments,
    },
    /// Take events of people again
    Unsuppress {
        #[command(flatten)]
        who: SubjectsArguments,
    },
    /// Carry out a request that awaits it, such as the erasure of a shop that Shopify asked for
    Confirm {
        /// As the program's log and `list` tell it
        id: String,
    },
    /// List the latest requests, newest first
    List,
    /// Tell how long each class of data is kept, and what was removed last
    Retention,
    /// Print every field that is stored, with its class, purpose and retention, without a server
    DataMap {
        /// json, markdown or csv
        #[arg(long, value_enum, default_value_t = MapFormat::Markdown)]
        format: MapFormat,
    },
    /// Tell what became of a request
    Status {
        /// As it was printed
        id: String,
    },
    /// Check a receipt, without a server; exits with 1 if it does not hold
    Verify {
        /// The receipt; - reads standard input
        receipt: PathBuf,
        /// The public key that it must be signed with, in hexadecimal digits
        #[arg(long, value_name = "HEX")]
        key: Option<String>,
    },
}
