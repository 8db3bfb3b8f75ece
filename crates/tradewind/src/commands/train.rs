//! `tradewind train`

use super::{say, say_json};
use crate::config::Loaded;
use crate::failure::Failure;
use crate::house::House;
use crate::progress;

/// Trains on everything that is applied, and keeps the artifact.
pub(crate) fn run(loaded: &Loaded, as_json: bool) -> Result<(), Failure> {
    let house = House::open(&loaded.config)?;
    let bar = progress::spinner("training");
    let trained = house.train();
    bar.finish_and_clear();
    let trained = trained?;
    if as_json {
        return say_json(&trained.info);
    }
    let info = &trained.info;
    say(format!(
        "trained model {} on {} sessions of {} shoppers ({} touches, {} baskets), {} to {}, in {:.1} CPU s",
        info.version,
        info.sessions,
        info.shoppers,
        info.interactions,
        info.baskets,
        info.window.0,
        info.window.1,
        info.cpu_seconds
    ));
    Ok(())
}
