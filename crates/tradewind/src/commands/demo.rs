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

/// Fills the shop if it is empty, trains if nothing was trained, and serves.
pub(crate) fn run(mut loaded: Loaded, arguments: &DemoArguments) -> Result<(), Failure> {
    loaded.check_exposure()?;
    let config = &mut loaded.config;
    let art = match &arguments.from {
        Some(from) => {
            let [format, path] = from.as_slice() else {
                return Err(Failure::Config("--from takes a format and a path".into()));
            };
            let format = Format::from_str(format, true)
                .map_err(|_| Failure::Config(format!("there is no format '{format}'; see import --help")))?;
            if format == Format::OnlineRetail {
                config.shop.currency = Currency::GBP;
            }
            let house = House::open(config)?;
            import::file(&house, format, Path::new(path), None)?;
            return finish(&loaded, arguments, &house, real_shop_art(arguments.seed));
        }
        None => {
            let shop = Shop::generate(&ShopParams { seed: arguments.seed, ..ShopParams::default() });
            config.shop.currency = shop.currency();
            shop
        }
    };
    let house = House::open(config)?;
    simulate(&house, &art, arguments)?;
    let pictures = Art {
        name: art.name().to_owned(),
        tagline: art.tagline().to_owned(),
        hero: tradewind_simulator::hero(&art),
    };
    finish(&loaded, arguments, &house, pictures)
}

fn real_shop_art(seed: u64) -> Art {
    let scenery = Shop::generate(&ShopParams { seed, products: 50, ..ShopParams::default() });
    Art { hero: tradewind_simulator::hero(&scenery), ..Art::default() }
}

/// Writes the simulated shop and its history, unless that was done before.
fn simulate(house: &House, shop: &Shop, arguments: &DemoArguments) -> Result<(), Failure> {
    if house.pipeline.live().catalog.load().is_empty() {
        house.put_products(shop.products())?;
    }
    if house.pipeline.live().latest_event_at() > UtcMillis::default() {
        return Ok(());
    }
    let now = house.clock.now();
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
        chunk.push(event);
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
    Ok(())
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
    let top = live.trending.load().global.first().map(|t| t.0);
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
