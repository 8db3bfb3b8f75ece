//! `tradewind evaluate`

use indicatif::ProgressBar;
use tradewind_learning::evaluate::{self, Progress};
use tradewind_models::{CoParams, KnnParams};

use super::say_json;
use crate::cli::EvaluateCommand;
use crate::failure::Failure;
use crate::progress;

/// Evaluates by one of the protocols; the report is one line of JSON.
pub(crate) fn run(what: &EvaluateCommand) -> Result<(), Failure> {
    let bar = progress::spinner("reading");
    let report = |progress: Progress| show(&bar, progress);
    match what {
        EvaluateCommand::Sessions { train, test } => {
            let result = evaluate::sessions(train, test, &KnnParams::default(), report);
            bar.finish_and_clear();
            say_json(&result.map_err(Failure::input)?)
        }
        EvaluateCommand::Sequences { file } => {
            let result = evaluate::sequences(file, &CoParams::default(), report);
            bar.finish_and_clear();
            say_json(&result.map_err(Failure::input)?)
        }
    }
}

fn show(bar: &ProgressBar, progress: Progress) {
    bar.set_message(match progress {
        Progress::Reading { lines } => format!("{lines} lines"),
        Progress::Fitting => "fitting".to_owned(),
        Progress::Scoring { done } => format!("{done} scored"),
        _ => String::new(),
    });
}
