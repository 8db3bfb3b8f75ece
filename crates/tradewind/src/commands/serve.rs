//! `tradewind serve`

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::serve::ListenerExt;
use tokio::net::TcpListener;
use tradewind_api::{Api, ApiSettings};

use crate::config::{Config, Loaded};
use crate::failure::Failure;
use crate::house::House;
use crate::lake::Lake;
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
    };
    let lake = Lake::start(config, house)?;
    let (pipeline, decider) = (Arc::clone(&house.pipeline), Arc::clone(&house.decider));
    let api = Arc::new(Api::new(pipeline, decider, settings, Some(prometheus)).with_sql(lake.sql()));
    let shop = art.map(|art| shopfront::router(Arc::clone(&api), art, &config.shop));
    let router = tradewind_api::router(api, shop);
    let served = runtime.block_on(listen(config, router, ready));
    runtime.shutdown_timeout(GRACE);
    // Commits what was taken; the pipeline still knows what is a duplicate.
    drop(lake);
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
    let listener = listener.tap_io(|stream| {
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "a connection keeps Nagle's algorithm");
        }
    });
    let (stopping, stopped) = tokio::sync::oneshot::channel();
    let server = axum::serve(listener, router).with_graceful_shutdown(async {
        told_to_stop().await;
        tracing::info!("stopping");
        // The receiver lives as long as the server does.
        let _ = stopping.send(());
    });
    let give_up = async {
        let _ = stopped.await;
        tokio::time::sleep(GRACE).await;
    };
    tokio::select! {
        ended = server => ended.map_err(Failure::failed),
        () = give_up => Ok(()),
    }
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
