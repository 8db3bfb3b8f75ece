//! One module per command.

mod audiences;
mod bench;
mod config;
mod dead_letters;
mod demo;
mod evaluate;
mod features;
mod identity;
mod import;
mod keys;
mod outbox;
mod privacy;
mod rebuild;
mod remote;
mod schema;
mod serve;
mod sql;
mod train;
mod training_set;
mod verify;

use serde::Serialize;
use serde_json::Value;

use crate::cli::{Arguments, Command, ConfigCommand, Global};
use crate::config::{Loaded, load};
use crate::failure::Failure;
use crate::logging;

/// Runs the command that the command line names.
pub(crate) fn run(arguments: Arguments) -> Result<(), Failure> {
    let Arguments { global, command } = arguments;
    match command {
        Command::Evaluate(what) => evaluate::run(&what),
        Command::Bench(arguments) => bench::run(&loaded(&global, Vec::new())?, &arguments, global.json),
        Command::Verify => verify::run(&loaded(&global, Vec::new())?, global.json),
        Command::DeadLetters(arguments) => {
            dead_letters::run(&loaded(&global, Vec::new())?, &arguments, global.json)
        }
        Command::Identity(arguments) => identity::run(&loaded(&global, Vec::new())?, &arguments, global.json),
        Command::Outbox(arguments) => outbox::run(&loaded(&global, Vec::new())?, &arguments, global.json),
        Command::Keys(arguments) => keys::run(&started(&global, Vec::new())?, &arguments, global.json),
        Command::Features(arguments) => features::run(&loaded(&global, Vec::new())?, &arguments, global.json),
        Command::Audiences(arguments) => {
            audiences::run(&loaded(&global, Vec::new())?, &arguments, global.json)
        }
        Command::Privacy(arguments) => privacy::run(&loaded(&global, Vec::new())?, &arguments, global.json),
        Command::Config(ConfigCommand::Show) => config::show(&loaded(&global, Vec::new())?, global.json),
        Command::Schema(what) => schema::run(&loaded(&global, Vec::new())?, &what, global.json),
        Command::Serve(arguments) => {
            let flags = flags([
                ("serve.port", arguments.port.map(Value::from)),
                ("serve.host", arguments.host.clone().map(Value::from)),
            ]);
            serve::run(&started(&global, flags)?, arguments.storefront)
        }
        Command::Import(arguments) => import::run(&started(&global, Vec::new())?, &arguments, global.json),
        Command::Rebuild { check } => rebuild::run(&started(&global, Vec::new())?, check, global.json),
        Command::Sql(arguments) => sql::run(&loaded(&global, Vec::new())?, &arguments, global.json),
        Command::Train => train::run(&started(&global, Vec::new())?, global.json),
        Command::Demo(arguments) => {
            let flags = flags([("serve.port", arguments.port.map(Value::from))]);
            demo::run(started(&global, flags)?, &arguments)
        }
    }
}

fn flags<const N: usize>(given: [(&'static str, Option<Value>); N]) -> Vec<(&'static str, Value)> {
    given.into_iter().filter_map(|(key, value)| Some((key, value?))).collect()
}

fn loaded(global: &Global, mut flags: Vec<(&'static str, Value)>) -> Result<Loaded, Failure> {
    if let Some(dir) = &global.data_dir {
        flags.push(("data_dir", dir.display().to_string().into()));
    }
    load(global.config.as_deref(), &flags)
}

/// The configuration, with logging set up by it.
fn started(global: &Global, flags: Vec<(&'static str, Value)>) -> Result<Loaded, Failure> {
    let loaded = loaded(global, flags)?;
    logging::start(&loaded.config.log)?;
    Ok(loaded)
}

/// Prints one line of a result for people.
#[expect(clippy::print_stdout, reason = "the one place where commands print their results")]
pub(crate) fn say(line: impl std::fmt::Display) {
    println!("{line}");
}

/// Prints a result for programs.
pub(crate) fn say_json(result: &impl Serialize) -> Result<(), Failure> {
    say(serde_json::to_string(result).map_err(Failure::failed)?);
    Ok(())
}
