//! Reads a file and prints the tally as JSON, the first items before it:
//! `cargo run --release -p tradewind-imports --example tally -- online-retail|rees46 FILE [ITEMS]`
#![expect(clippy::print_stdout, reason = "its output is its purpose")]

use std::error::Error;

use tradewind_imports::{Item, Reject, Sink, SinkError, online_retail, open, rees46};
use tradewind_kernel::{Clock, SystemClock};

struct Head(u64);

impl Sink for Head {
    fn take(&mut self, item: Item) -> Result<(), SinkError> {
        if self.0 > 0 {
            self.0 -= 1;
            println!("{item:?}");
        }
        Ok(())
    }

    fn reject(&mut self, _reject: Reject<'_>) -> Result<(), SinkError> {
        Ok(())
    }

    fn progress(&mut self, _bytes_done: u64, _bytes_total: u64) {}
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut args = std::env::args().skip(1);
    let (dialect, file) = (args.next().unwrap_or_default(), args.next().ok_or("a file is missing")?);
    let mut head = Head(args.next().map_or(Ok(0), |count| count.parse())?);
    let (source, now) = (open(file)?, SystemClock.now());
    let tally = match dialect.as_str() {
        "online-retail" => online_retail(source, now, &mut head)?,
        "rees46" => rees46(source, now, &mut head)?,
        _ => return Err("expected online-retail or rees46".into()),
    };
    println!("{}", serde_json::to_string(&tally)?);
    Ok(())
}
