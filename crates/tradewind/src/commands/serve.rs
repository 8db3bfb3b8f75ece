//! `tradewind serve`

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use tokio::net::TcpListener;
use tradewind_api::{AdmissionSettings, Api, ApiSettings, GeoDatabase, TrustedProxies};
use tradewind_audiences::Keeper;

use crate::config::{Config, Loaded};
use crate::door::{self, Limits};
use crate::failure::Failure;
use crate::house::House;
use crate::lake::Lake;
use crate::shopfront::{self, Art};

/// How long open requests may take to end once the program is told to stop.
const GRACE: Duration = Duration::from_secs(5);

/// Serves until it is told to stop.
pub(crate) fn run(loaded: &Loaded, storefront: bool) -> Result<(), Failure> {
    loaded.check_exposure(storefront)?;
    crate::schemas::load(&loaded.config)?;
    trusted_proxies(&loaded.config)?;
    let house = House::open(&loaded.config)?;
    if house.decider.models().is_none() {
        tracing::info!("no models have been trained yet; `tradewind train` makes some");
    }
    let art = storefront.then(Art::default);
    serve(&loaded.config, &house, art, || {})
}

/// Serves a house that is open; `ready` is called once it listens.
pub(crate) fn serve(
    config: &Config,
    house: &House,
    art: Option<Art>,
    ready: impl FnOnce(),
) -> Result<(), Failure> {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(Failure::failed)?;
    let prometheus = tradewind_api::install_metrics().map_err(Failure::failed)?;
    let geo = geo_database(config)?;
    let settings = ApiSettings {
        write_keys: config.collect.write_keys.clone(),
        api_keys: config.api.keys.clone(),
        vault_keys: config.vault.api_keys.clone(),
        allowed_origins: config.collect.allowed_origins.clone(),
        shopify_secrets: config.collect.shopify_secrets.clone(),
        schemas: Arc::new(crate::schemas::load(config)?),
        trusted_proxies: trusted_proxies(config)?,
        shop_redact: crate::rights::shop_redact(config)?,
        consent_categories: crate::consent::categories(&config.consent)?,
        admission: AdmissionSettings {
            events_per_second_per_key: config.collect.events_per_second_per_key,
            events_per_second: config.collect.events_per_second,
            burst_seconds: config.collect.burst_seconds,
            max_inflight_bytes: config.serve.max_inflight_mib.saturating_mul(1 << 20),
            read_timeout: Duration::from_millis(config.serve.read_timeout_ms),
        },
    };
    let lake = Lake::start(config, house)?;
    house.keep_log(config)?;
    let outbox = crate::outbox::open(house)?;
    let (pipeline, decider) = (Arc::clone(&house.pipeline), Arc::clone(&house.decider));
    let api = Api::new(pipeline, decider, settings, Some(prometheus)).with_geo(geo).with_sql(lake.sql());
    let api = api.with_outbox(outbox.clone());
    let api = api.with_vault(Arc::clone(&house.vault));
    let api = Arc::new(api);
    let rights = crate::rights::start(config, house, &api, &lake, outbox.as_ref())?;
    let deliverer = crate::outbox::deliver(outbox.as_ref(), house, &rights)?;
    let retention = crate::retention::start(config, house, &rights, outbox.as_ref())?;
    api.use_retention(Arc::clone(&retention));
    tradewind_audiences::describe_metrics();
    let keeper = Keeper::start(Arc::clone(&house.pipeline)).map_err(Failure::failed)?;
    let shop = art.map(|art| shopfront::router(Arc::clone(&api), art, &config.shop));
    let router = tradewind_api::router(api, shop);
    let served = runtime.block_on(listen(config, router, ready));
    runtime.shutdown_timeout(GRACE);
    // What is under way ends; what waits goes on at the next start.
    rights.stop();
    retention.stop();
    drop(keeper);
    // Commits what was taken; the pipeline still knows what is a duplicate.
    drop(lake);
    drop(deliverer);
    served?;
    house.pipeline.sync().map_err(Failure::failed)
}

/// Reads the geo database, if one is configured.
fn geo_database(config: &Config) -> Result<Option<GeoDatabase>, Failure> {
    let Some(path) = &config.collect.geo_database else { return Ok(None) };
    let wrong = |why: &dyn std::fmt::Display| {
        Failure::Config(format!("collect.geo_database names {}, which cannot be used: {why}", path.display()))
    };
    let bytes = std::fs::read(path).map_err(|e| wrong(&e))?;
    let geo = GeoDatabase::from_bytes(bytes).map_err(|e| wrong(&e))?;
    tracing::info!(kind = geo.kind(), built_seconds = geo.built_seconds(), "the geo database is in use");
    Ok(Some(geo))
}

fn trusted_proxies(config: &Config) -> Result<TrustedProxies, Failure> {
    TrustedProxies::parse(&config.serve.trusted_proxies).map_err(|wrong| {
        Failure::Config(format!(
            "serve.trusted_proxies holds '{wrong}', which is neither an address nor a network such as 10.0.0.0/8"
        ))
    })
}

async fn listen(config: &Config, router: Router, ready: impl FnOnce()) -> Result<(), Failure> {
    let address = format!("{}:{}", config.serve.host, config.serve.port);
    let listener = TcpListener::bind(&address)
        .await
        .map_err(|e| Failure::failed(format!("{address} cannot be listened on: {e}; give another --port")))?;
    let bound = listener.local_addr().map_err(Failure::failed)?;
    tracing::info!(address = %bound, data_dir = %config.data_dir.display(), "listening");
    ready();
    let limits = Limits {
        max_connections: config.serve.max_connections,
        read_timeout: Duration::from_millis(config.serve.read_timeout_ms),
        idle_timeout: Duration::from_millis(config.serve.idle_timeout_ms),
        grace: GRACE,
    };
    let stop = async {
        told_to_stop().await;
        tracing::info!("stopping");
    };
    door::serve(listener, router, limits, stop).await;
    Ok(())
}

/// Waits for Ctrl-C or a TERM signal.
async fn told_to_stop() {
    use tokio::signal::unix::{SignalKind, signal};
    let Ok(mut term) = signal(SignalKind::terminate()) else {
        let _ = tokio::signal::ctrl_c().await;
        return;
    };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        _ = term.recv() => {}
    }
}
