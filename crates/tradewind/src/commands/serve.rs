//! `tradewind serve`

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use tokio::net::TcpListener;
use tradewind_api::{AdmissionSettings, Api, ApiSettings};

use crate::config::{Config, Loaded};
use crate::door::{self, Limits};
use crate::failure::Failure;
use crate::house::House;
use crate::shopfront::{self, Art};

/// How long open requests may take to end once the program is told to stop.
const GRACE: Duration = Duration::from_secs(5);

/// Serves until it is told to stop.
pub(crate) fn run(loaded: &Loaded, storefront: bool) -> Result<(), Failure> {
    loaded.check_exposure(storefront)?;
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
    let settings = ApiSettings {
        write_keys: config.collect.write_keys.clone(),
        api_keys: config.api.keys.clone(),
        allowed_origins: config.collect.allowed_origins.clone(),
        admission: AdmissionSettings {
            events_per_second_per_key: config.collect.events_per_second_per_key,
            events_per_second: config.collect.events_per_second,
            burst_seconds: config.collect.burst_seconds,
            max_inflight_bytes: config.serve.max_inflight_mib.saturating_mul(1 << 20),
            read_timeout: Duration::from_millis(config.serve.read_timeout_ms),
        },
    };
    let (pipeline, decider) = (Arc::clone(&house.pipeline), Arc::clone(&house.decider));
    let api = Arc::new(Api::new(pipeline, decider, settings, Some(prometheus)));
    let shop = art.map(|art| shopfront::router(Arc::clone(&api), art, &config.shop));
    let router = tradewind_api::router(api, shop);
    let served = runtime.block_on(listen(config, router, ready));
    runtime.shutdown_timeout(GRACE);
    served?;
    house.pipeline.sync().map_err(Failure::failed)
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
