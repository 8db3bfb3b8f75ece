//! The door: takes connections, and lets nobody hold one without using it.
//!
//! Limits, all of `[serve]`: `max_connections` open at once, more are answered 503 and closed;
//! `read_timeout_ms` for a request's head, from its first byte to its last, and for an answer that nobody
//! takes; `idle_timeout_ms` until the next request of a connection that is kept. A head has at most 64 KiB.
//! Bodies are timed where they are read, in the API.

mod watched;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use hyper::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tower_service::Service;

use self::watched::{Busy, Watched};

/// The largest head of a request, in bytes.
const MAX_HEAD_BYTES: usize = 64 << 10;
/// Connections over the limit that are told so at once; more than these are closed without a word.
const TURNED_AWAY_AT_ONCE: usize = 64;
/// How long one of those may take to hear it.
const TURNING_AWAY: Duration = Duration::from_secs(1);
/// The pause after the system could not give a connection, for want of file handles, say.
const BREATH: Duration = Duration::from_millis(100);

/// Bounds of connections.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    /// Open at once.
    pub(crate) max_connections: usize,
    /// For a head, and for an answer to be taken.
    pub(crate) read_timeout: Duration,
    /// Between requests.
    pub(crate) idle_timeout: Duration,
    /// How long open requests may take once the program is told to stop.
    pub(crate) grace: Duration,
}

/// Serves until `stop`, and then until open requests have ended, or the grace has.
pub(crate) async fn serve(listener: TcpListener, router: Router, limits: Limits, stop: impl Future) {
    let places = Arc::new(Semaphore::new(limits.max_connections.min(Semaphore::MAX_PERMITS)));
    let turned_away = Arc::new(Semaphore::new(TURNED_AWAY_AT_ONCE));
    let graceful = GracefulShutdown::new();
    let mut stop = std::pin::pin!(stop);
    loop {
        let accepted = tokio::select! {
            _ = &mut stop => break,
            accepted = listener.accept() => accepted,
        };
        let (stream, from) = match accepted {
            Ok(connection) => connection,
            Err(error) => {
                tracing::warn!(%error, "a connection could not be taken");
                tokio::time::sleep(BREATH).await;
                continue;
            }
        };
        if let Ok(place) = Arc::clone(&places).try_acquire_owned() {
            let connection = Connection { stream, from, place };
            tokio::spawn(connection.run(router.clone(), limits, graceful.watcher()));
        } else {
            tradewind_api::connection_refused();
            if let Ok(place) = Arc::clone(&turned_away).try_acquire_owned() {
                tokio::spawn(tokio::time::timeout(TURNING_AWAY, turn_away(stream, place)));
            }
        }
    }
    drop(listener);
    // Whoever has not ended by then is cut.
    let _ = tokio::time::timeout(limits.grace, graceful.shutdown()).await;
}

/// One connection and its place among the open ones.
struct Connection {
    stream: TcpStream,
    from: SocketAddr,
    place: OwnedSemaphorePermit,
}

impl Connection {
    async fn run(self, router: Router, limits: Limits, watcher: Watcher) {
        let Self { stream, from, place } = self;
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "a connection keeps Nagle's algorithm");
        }
        tradewind_api::connection_opened();
        let busy = Busy::default();
        let io = TokioIo::new(Watched::new(stream, limits.read_timeout, busy.clone()));
        let answer = service_fn(move |request: Request<Incoming>| {
            let at_work = busy.begin();
            let mut request = request.map(Body::new);
            request.extensions_mut().insert(ConnectInfo(from));
            let answer = router.clone().call(request);
            async move {
                let answer = answer.await;
                drop(at_work);
                answer
            }
        });
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            // hyper counts from the end of the last request, so this is the time between two.
            .header_read_timeout(limits.idle_timeout)
            .max_buf_size(MAX_HEAD_BYTES)
            .serve_connection(io, answer);
        if let Err(error) = watcher.watch(connection).await {
            tracing::debug!(%error, %from, "a connection broke off");
        }
        tradewind_api::connection_closed();
        drop(place);
    }
}

/// Says that there is no room. What the client sends meanwhile is read, so that it sees the answer.
async fn turn_away(mut stream: TcpStream, place: OwnedSemaphorePermit) {
    let answer = tradewind_api::no_connection_left();
    if stream.write_all(&answer).await.is_ok() && stream.shutdown().await.is_ok() {
        let mut unwanted = [0; 4 << 10];
        while matches!(stream.read(&mut unwanted).await, Ok(1..)) {}
    }
    drop(place);
}
