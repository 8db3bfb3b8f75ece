//! The command line: what every command takes, and the commands by what they are about.

mod audiences;
mod features;
mod measure;
mod operate;
mod people;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

pub(crate) use self::audiences::{AudiencesArguments, AudiencesCommand};
pub(crate) use self::features::{FeaturesArguments, FeaturesCommand, LakeSetArguments, TrainingSetArguments};
pub(crate) use self::measure::{BenchArguments, BenchPart, EvaluateCommand};
pub(crate) use self::operate::{
    DeadLettersArguments, DeadLettersCommand, KeysArguments, KeysCommand, OutboxArguments, OutboxCommand,
};
pub(crate) use self::people::{
    IdentityArguments, IdentityCommand, MapFormat, PrivacyArguments, PrivacyCommand, SubjectsArguments,
};

/// Decides what to show each shopper: takes in a shop's events, learns, and answers within milliseconds.
#[derive(Debug, Parser)]
#[command(name = "tradewind", version, propagate_version = true, arg_required_else_help = true)]
pub(crate) struct Arguments {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What every command takes.
#[derive(Debug, Args)]
pub(crate) struct Global {
    /// Where everything is kept [default: ./tradewind-data]
    #[arg(long, global = true, value_name = "DIR")]
    pub(crate) data_dir: Option<PathBuf>,
    /// The configuration file [default: ./tradewind.toml, if it exists]
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Print results as JSON, for programs
    #[arg(long, global = true)]
    pub(crate) json: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Serve the API
    Serve(ServeArguments),
    /// Import a shop's history
    Import(ImportArguments),
    /// Train the models on everything that has been taken in
    Train,
    /// Make the state anew from the log
    Rebuild {
        /// Only compare it with the state that is there; exits with 1 if they differ
        #[arg(long)]
        check: bool,
    },
    /// Fill a demo shop and serve it, with a storefront and a console
    Demo(DemoArguments),
    /// Ask the lake: SQL over everything that happened, beside a running server too
    Sql(SqlArguments),
    /// Measure the models by public protocols
    #[command(subcommand)]
    Evaluate(EvaluateCommand),
    /// Measure what events and decisions cost on this machine, on a server of its own
    Bench(BenchArguments),
    /// Check the data of a stopped server, and change nothing
    Verify,
    /// Look at what a running server could not process, put it right or drop it
    DeadLetters(DeadLettersArguments),
    /// See who is who on a running server; merge users, or split them again
    Identity(IdentityArguments),
    /// Look at what a running server has told others, and ask for what failed again
    Outbox(OutboxArguments),
    /// List or rotate the keys of the vault
    Keys(KeysArguments),
    /// Look at a running server's feature store, and make training sets
    Features(FeaturesArguments),
    /// Define and look at a running server's audiences
    Audiences(AudiencesArguments),
    /// Carry out the rights of people on a running server: erase, export, restrict
    Privacy(PrivacyArguments),
    /// Look at the configuration
    #[command(subcommand)]
    Config(ConfigCommand),
    /// What events should look like, and what a shop's payloads lack
    #[command(subcommand)]
    Schema(SchemaCommand),
}

/// Which running server to ask.
#[derive(Debug, Clone, Args)]
pub(crate) struct ServerArguments {
    /// The server's address [default: what the configuration says, http://127.0.0.1:8080]
    #[arg(long, global = true, value_name = "URL")]
    pub(crate) server: Option<String>,
    /// An API key of the server [default: the first of the configuration's api.keys]
    #[arg(long, global = true, value_name = "KEY")]
    pub(crate) api_key: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct ServeArguments {
    /// The port to listen on [default: 8080]
    #[arg(long)]
    pub(crate) port: Option<u16>,
    /// The address to listen on [default: 127.0.0.1]
    #[arg(long)]
    pub(crate) host: Option<String>,
    /// Serve the demo storefront and the console too
    #[arg(long)]
    pub(crate) storefront: bool,
}

/// How rows are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum RowsFormat {
    /// A table for people
    Table,
    /// An array of objects
    Json,
    /// Comma-separated values with a header line
    Csv,
    /// An Arrow IPC stream
    Arrow,
}

#[derive(Debug, Args)]
pub(crate) struct SqlArguments {
    /// One statement that reads, such as "select name, count(*) from events group by name"
    pub(crate) sql: String,
    /// How rows are printed [default: table, with --json: json]
    #[arg(long)]
    pub(crate) format: Option<RowsFormat>,
}

/// What a file holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// UCI Online Retail, CSV of invoice lines
    OnlineRetail,
    /// REES46, CSV of view, cart and purchase events
    Rees46,
    /// JSON lines, each a message in Segment's form
    Events,
}

#[derive(Debug, Args)]
pub(crate) struct ImportArguments {
    /// What the files hold
    pub(crate) format: Format,
    /// The files, plain or zstd
    #[arg(required = true)]
    pub(crate) paths: Vec<PathBuf>,
    /// Write what could not be taken here, as JSON lines
    #[arg(long, value_name = "FILE")]
    pub(crate) rejects: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct DemoArguments {
    /// Use a real shop's file instead of the simulated shop: a format and its path
    #[arg(long, num_args = 2, value_names = ["FORMAT", "PATH"])]
    pub(crate) from: Option<Vec<String>>,
    /// The port to listen on [default: 8080]
    #[arg(long)]
    pub(crate) port: Option<u16>,
    /// The simulated shop's seed
    #[arg(long, default_value_t = 7)]
    pub(crate) seed: u64,
    /// Days of simulated history
    #[arg(long, default_value_t = 120)]
    pub(crate) days: u32,
    /// Simulated sessions a day
    #[arg(long, default_value_t = 250)]
    pub(crate) sessions_per_day: u32,
    /// Fill the shop and stop
    #[arg(long)]
    pub(crate) no_serve: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ConfigCommand {
    /// Print every setting that is in force, and where it comes from
    Show,
}

/// How a report is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ReportFormat {
    /// For people
    Text,
    /// For programs
    Json,
}

#[derive(Debug, Subcommand)]
pub(crate) enum SchemaCommand {
    /// Check payloads: what is missing, mistyped or unknown; exits with 6 if there is an error among it
    Check {
        /// A list of messages, a batch body, or one of either a line, as JSON; - reads standard input
        file: PathBuf,
        /// How to print what was found
        #[arg(long, value_enum, default_value_t = ReportFormat::Text)]
        format: ReportFormat,
    },
    /// List every event that has a schema
    List {
        /// Print the page of reference
        #[arg(long)]
        markdown: bool,
    },
    /// Show one event's schema; with --json as JSON Schema
    Show {
        /// The event's name, in any case
        event: String,
        /// The version of the schema [default: the newest]
        #[arg(long, value_name = "N")]
        schema_version: Option<u32>,
    },
}
