//! `tradewind demo`: a shop with some months of history, trained and served.

use std::path::Path;

use clap::ValueEnum;
use tradewind_kernel::{Currency, UtcMillis};
use tradewind_simulator::{History, HistoryParams, Shop, ShopParams};

use super::serve::serve;
use super::{import, say};
use crate::cli::{DemoArguments, Format};
use crate::config::Loaded;
use crate::failure::Failure;
use crate::house::House;
use crate::progress;
use crate::shopfront::Art;

/// Events handed to the log at once.
const CHUNK: usize = 1_000;

/// What a data directory's demo is of is written here.
const MARKER: &str = "DEMO";
/// The end of the simulated history is written here, and that it is complete; one that was interrupted is
/// simulated again from the same time, and what is there already left out.
const HISTORY: &str = "DEMO_HISTORY";
/// Follows the time once the history is complete.
const FINISHED: &str = "complete";

/// Fills the shop if it is empty, trains if nothing was trained, and serves.
pub(crate) fn run(mut loaded: Loaded, arguments: &DemoArguments) -> Result<(), Failure> {
    loaded.check_exposure(true)?;
    // Its shoppers are made up, and its storefront asks nobody.
    "off".clone_into(&mut loaded.config.consent.policy);
    match arguments.from.as_deref() {
        None => {
            let shop = Shop::generate(&ShopParams { seed: arguments.seed, ..ShopParams::default() });
            loaded.config.shop.currency = shop.currency();
            let house = open(&loaded, &format!("simulated shop {}", arguments.seed))?;
            simulate(&loaded.config.data_dir, &house, &shop, arguments)?;
            let hero = tradewind_simulator::hero(&shop);
            let art = Art { name: shop.name().to_owned(), tagline: shop.tagline().to_owned(), hero };
            finish(&loaded, arguments, &house, art)
        }
        Some([format, path]) => {
            let known = Format::from_str(format, true)
                .map_err(|_| Failure::Config(format!("there is no format '{format}'; see import --help")))?;
            if known == Format::OnlineRetail {
                loaded.config.shop.currency = Currency::GBP;
            }
            let house = open(&loaded, &format!("{format} history"))?;
            import::file(&house, known, Path::new(path), None)?;
            let scenery = Shop::generate(&ShopParams { seed: arguments.seed, ..ShopParams::default() });
            let art = Art { hero: tradewind_simulator::hero(&scenery), ..Art::default() };
            finish(&loaded, arguments, &house, art)
        }
        Some(_) => Err(Failure::Config("--from takes a format and a path".into())),
    }
}

/// Opens the data directory, unless another shop is in it.
fn open(loaded: &Loaded, what: &str) -> Result<House, Failure> {
    let marker = loaded.config.data_dir.join(MARKER);
    let house = House::open(&loaded.config)?;
    let held = std::fs::read_to_string(&marker).ok();
    let empty = house.pipeline.live().catalog.load().is_empty();
    if held.as_deref().map(str::trim) == Some(what) {
        return Ok(house);
    }
    if held.is_some() || !empty {
        let held = held
            .map_or_else(|| "a shop that is no demo".to_owned(), |h| format!("the demo of the {}", h.trim()));
        return Err(Failure::failed(format!(
            "{} holds {held}: give the demo of the {what} another --data-dir",
            loaded.config.data_dir.display()
        )));
    }
    std::fs::write(&marker, format!("{what}\n"))
        .map_err(|e| Failure::failed(format!("{} cannot be written: {e}", marker.display())))?;
    Ok(house)
}

/// Writes the simulated shop and its history, unless that was done before.
fn simulate(data_dir: &Path, house: &House, shop: &Shop, arguments: &DemoArguments) -> Result<(), Failure> {
    if house.pipeline.live().catalog.load().is_empty() {
        house.put_products(shop.products())?;
    }
    let progress_file = data_dir.join(HISTORY);
    let noted = std::fs::read_to_string(&progress_file).unwrap_or_default();
    if noted.trim().ends_with(FINISHED) {
        return Ok(());
    }
    let failed =
        |e: std::io::Error| Failure::failed(format!("{} cannot be written: {e}", progress_file.display()));
    let now = match noted.trim().parse() {
        Ok(begun) => UtcMillis::new(begun),
        Err(_) => house.clock.now(),
    };
    std::fs::write(&progress_file, now.get().to_string()).map_err(failed)?;
    let start = now.plus(-i64::from(arguments.days) * UtcMillis::DAY);
    let history = History::new(
        shop,
        &HistoryParams {
            seed: arguments.seed,
            start,
            days: arguments.days,
            sessions_per_day: arguments.sessions_per_day,
            ..HistoryParams::default()
        },
    );
    let bar = progress::spinner("simulating");
    let mut chunk = Vec::with_capacity(CHUNK);
    let mut total = 0;
    for event in history.take_while(|e| e.occurred_at < now) {
        if !house.pipeline.is_imported(&event.message_id).map_err(Failure::failed)? {
            chunk.push(event);
        }
        if chunk.len() == CHUNK {
            house.collect(&chunk)?;
            total += chunk.len();
            bar.set_message(format!("{total} events"));
            chunk.clear();
        }
    }
    house.collect(&chunk)?;
    house.drain()?;
    bar.finish_and_clear();
    std::fs::write(&progress_file, format!("{} {FINISHED}", now.get())).map_err(failed)
}

fn finish(loaded: &Loaded, arguments: &DemoArguments, house: &House, art: Art) -> Result<(), Failure> {
    if house.decider.models().is_none() {
        let bar = progress::spinner("training");
        let trained = house.train();
        bar.finish_and_clear();
        trained?;
    }
    let stats =
        (house.pipeline.pulse(house.clock.now()).events_total, house.pipeline.live().catalog.load().len());
    say(format!("the shop has {} products and a history of {} events", stats.1, stats.0));
    if arguments.no_serve {
        return house.pipeline.sync().map_err(Failure::failed);
    }
    let base = format!(
        "http://{}:{}",
        loaded.config.serve.host.replace("127.0.0.1", "localhost"),
        loaded.config.serve.port
    );
    let example = example_product(house);
    serve(&loaded.config, house, Some(art), || invite(&base, &example))
}

/// A popular product, to try things with.
fn example_product(house: &House) -> String {
    let live = house.pipeline.live();
    let popular = live.popularity.read().rank(1).first().map(|p| p.0);
    let top = popular.or_else(|| live.catalog.load().iter().next().map(|(item, _)| item));
    let items = live.items.read();
    top.and_then(|item| items.id(item)).map_or_else(String::new, ToString::to_string)
}

fn invite(base: &str, product: &str) {
    say(format!(
        r#"
  storefront  {base}/
  console     {base}/console
  API         {base}/docs

Try, in another terminal:

  # a shopper looks at a product
  curl -u demo: {base}/v1/track -d '{{"anonymousId":"me","event":"Product Viewed","properties":{{"product_id":"{product}"}}}}'

  # what to show this shopper now
  curl {base}/v1/decide -d '{{"subject":{{"anonymousId":"me"}},"placements":[{{"name":"home.for_you","limit":4}}]}}'

  # what is known of this shopper
  curl {base}/v1/profiles/anonymous_id:me

Ctrl-C stops it; what happened is kept in the data directory."#
    ));
}
