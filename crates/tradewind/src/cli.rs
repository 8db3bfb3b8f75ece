//! The command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

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
    #[arg(required = true, value_name = "SUBJECT")]
    pub(crate) subjects: Vec<String>,
    /// Print the request's id, and do not wait for its end
    #[arg(long)]
    pub(crate) no_wait: bool,
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
