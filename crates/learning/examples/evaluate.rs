//! Prints the evaluation reports as JSON lines:
//! `cargo run --release -p tradewind-learning --example evaluate -- [sessions TRAIN TEST | sequences FILE]…`
#![expect(clippy::print_stdout, reason = "its output is its purpose")]

use std::error::Error;
use std::path::Path;
use tradewind_learning::evaluate;
use tradewind_models::{CoParams, KnnParams};

fn main() -> Result<(), Box<dyn Error>> {
    let mut args = std::env::args().skip(1);
    while let Some(protocol) = args.next() {
        let mut file = || args.next().ok_or("a file is missing");
        let report = match protocol.as_str() {
            "sessions" => {
                let (train, test) = (file()?, file()?);
                let params = KnnParams::default();
                serde_json::to_string(&evaluate::sessions(
                    Path::new(&train),
                    Path::new(&test),
                    &params,
                    |_| (),
                )?)?
            }
            "sequences" => serde_json::to_string(&evaluate::sequences(
                Path::new(&file()?),
                &CoParams::default(),
                |_| (),
            )?)?,
            _ => return Err("expected sessions or sequences".into()),
        };
        println!("{report}");
    }
    Ok(())
}
