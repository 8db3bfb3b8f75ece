//! The one thing here that reaches the network: a POST, and its answer's status.
//!
//! Names are looked up for each connection, and addresses within the shop's own network are refused unless the
//! endpoint may be anywhere; the connection is made to the addresses that were checked. Redirects are not followed.
//! Of an answer's body 64 KiB are read at most, and thrown away. Connections are kept for 30 s.

use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper::header::{HeaderValue, RETRY_AFTER};
use hyper::{HeaderMap, Request, Response, body::Incoming};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client as Pooled;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::connect::dns::Name;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use rustls::{ClientConfig, RootCertStore};
use tower_service::Service;
use tradewind_kernel::UtcMillis;

use crate::address::is_private;
use crate::endpoint::{Endpoint, Reach};
use crate::schedule::{Outcome, retry_after_ms};
use crate::signature;

/// The most of an answer's body that is read, in bytes.
const MAX_ANSWER_BYTES: usize = 64 << 10;
/// How long a connection is kept that nothing is sent on.
const KEEP: Duration = Duration::from_secs(30);

/// Why nothing can be posted.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// Certificates.
    #[error(
        "an endpoint is https, and this machine has no root certificates to check it by ({0}): install them \
         (ca-certificates), or name a file in the variable SSL_CERT_FILE"
    )]
    NoRoots(String),
    /// The library's words.
    #[error("TLS cannot be set up: {0}")]
    Tls(#[from] rustls::Error),
}

type Connector = HttpsConnector<HttpConnector<Resolver>>;

/// Posts to endpoints.
pub(crate) struct Client {
    anywhere: Pooled<Connector, Full<Bytes>>,
    internet: Pooled<Connector, Full<Bytes>>,
}

impl Client {
    /// For these endpoints.
    pub(crate) fn new<'a>(endpoints: impl Iterator<Item = &'a Endpoint>) -> Result<Self, ClientError> {
        let mut endpoints = endpoints;
        let roots =
            if endpoints.any(|e| e.url.scheme() == "https") { roots()? } else { RootCertStore::empty() };
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
        let config = config.with_root_certificates(roots).with_no_client_auth();
        let pooled = |reach| {
            let mut tcp = HttpConnector::new_with_resolver(Resolver(reach));
            tcp.enforce_http(false);
            tcp.set_nodelay(true);
            let tls = HttpsConnectorBuilder::new().with_tls_config(config.clone());
            let connector = tls.https_or_http().enable_http1().wrap_connector(tcp);
            let mut builder = Pooled::builder(TokioExecutor::new());
            builder.pool_idle_timeout(KEEP).pool_timer(TokioTimer::new()).build(connector)
        };
        Ok(Self { anywhere: pooled(Reach::Anywhere), internet: pooled(Reach::Internet) })
    }

    /// Posts a body, signed for this moment.
    pub(crate) async fn post(&self, endpoint: &Endpoint, id: &str, now: UtcMillis, body: Vec<u8>) -> Outcome {
        let at_seconds = now.get().div_euclid(1_000);
        let signature = signature::header(&endpoint.secrets, id, at_seconds, &body);
        let request = Request::post(endpoint.url.as_str())
            .header("content-type", "application/json")
            .header("user-agent", concat!("tradewind/", env!("CARGO_PKG_VERSION")))
            .header("webhook-id", id)
            .header("webhook-timestamp", at_seconds)
            .header("webhook-signature", signature)
            .body(Full::new(Bytes::from(body)));
        let request = match request {
            Ok(request) => request,
            Err(error) => return Outcome::Nothing { cause: "unreachable", detail: error.to_string() },
        };
        let client = match endpoint.reach {
            Reach::Internet => &self.internet,
            Reach::Anywhere => &self.anywhere,
        };
        match tokio::time::timeout(endpoint.timeout, exchange(client, request)).await {
            Ok(Ok((status, headers))) => {
                let asked = headers.get(RETRY_AFTER).map(HeaderValue::to_str);
                let retry_after_ms = asked.and_then(Result::ok).and_then(|text| retry_after_ms(text, now));
                Outcome::Answer { status, retry_after_ms }
            }
            Ok(Err(error)) => told(&error),
            Err(_) => Outcome::Nothing {
                cause: "timeout",
                detail: format!("there was no answer within {} ms", endpoint.timeout.as_millis()),
            },
        }
    }
}

type Failed = hyper_util::client::legacy::Error;

async fn exchange(
    client: &Pooled<Connector, Full<Bytes>>,
    request: Request<Full<Bytes>>,
) -> Result<(u16, HeaderMap), Failed> {
    let response: Response<Incoming> = client.request(request).await?;
    let (head, body) = response.into_parts();
    // Read to its end so that the connection can be used again; what it says, or whether it ends, is no matter.
    let _ = Limited::new(body, MAX_ANSWER_BYTES).collect().await;
    Ok((head.status.as_u16(), head.headers))
}

/// An error of the connection in words, from the outermost cause to the innermost.
fn told(error: &Failed) -> Outcome {
    let (mut words, mut source) = (Vec::new(), std::error::Error::source(error));
    let mut cause = "unreachable";
    while let Some(inner) = source {
        if inner.is::<OwnAddress>() {
            cause = "address_refused";
        }
        let text = inner.to_string();
        if words.last() != Some(&text) {
            words.push(text);
        }
        source = inner.source();
    }
    Outcome::Nothing { cause, detail: words.join(": ") }
}

fn roots() -> Result<RootCertStore, ClientError> {
    let found = rustls_native_certs::load_native_certs();
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(found.certs);
    if roots.is_empty() {
        let why = found.errors.first().map_or_else(|| "none were found".to_owned(), ToString::to_string);
        return Err(ClientError::NoRoots(why));
    }
    Ok(roots)
}

/// Looks names up, and leaves out addresses that they must not lead to.
#[derive(Clone, Copy)]
struct Resolver(Reach);

/// A name leads into the shop's own network.
#[derive(Debug, thiserror::Error)]
#[error("the name leads to this machine or a private network, and private_network is not set")]
struct OwnAddress;

impl Service<Name> for Resolver {
    type Response = std::vec::IntoIter<SocketAddr>;
    type Error = Box<dyn std::error::Error + Send + Sync>;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Self::Error>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, name: Name) -> Self::Future {
        let reach = self.0;
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let is_allowed = |at: &SocketAddr| reach == Reach::Anywhere || !is_private(at.ip());
            let allowed: Vec<SocketAddr> = found.filter(is_allowed).collect();
            if allowed.is_empty() { Err(OwnAddress.into()) } else { Ok(allowed.into_iter()) }
        })
    }
}

#[cfg(test)]
mod tests;
