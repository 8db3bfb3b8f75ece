//! What a request says of the one who sent it.

use std::convert::Infallible;
use std::net::{IpAddr, SocketAddr};

use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use tradewind_events::enrich::{Hints, is_server_agent};

use super::{Enricher, Place, WITHOUT_GEO};
use crate::state::Api;

/// The address at the other end of the connection, where the server knows it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Peer(pub(crate) Option<IpAddr>);

impl<S: Send + Sync> FromRequestParts<S> for Peer {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let info = parts.extensions.get::<ConnectInfo<SocketAddr>>();
        Ok(Self(info.map(|ConnectInfo(address)| address.ip())))
    }
}

/// Who sent a request, and who makes something of it.
#[derive(Clone, Copy)]
pub(crate) struct Sender<'a> {
    pub(crate) enricher: &'a Enricher,
    pub(super) user_agent: Option<&'a str>,
    pub(super) hints: Hints<'a>,
    /// Whether it may be the shopper's own device.
    pub(super) is_device: bool,
    /// Where the request came from.
    pub(super) place: Option<Place<'a>>,
    /// `Sec-GPC: 1`: the shopper does not want to be sold or shared.
    pub(super) opts_out: bool,
    /// The cookie `euconsent-v2`.
    pub(super) tc_cookie: Option<&'a str>,
}

impl<'a> Sender<'a> {
    /// The sender of a request to the collector.
    pub(crate) fn of(api: &'a Api, headers: &'a HeaderMap, Peer(peer): Peer) -> Self {
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        let user_agent = text(header::USER_AGENT.as_str()).map(str::trim).filter(|agent| !agent.is_empty());
        let is_device = user_agent.is_some_and(|agent| !is_server_agent(agent));
        let mobile = text("sec-ch-ua-mobile").and_then(|flag| match flag {
            "?1" => Some(true),
            "?0" => Some(false),
            _ => None,
        });
        let hints = Hints { brands: text("sec-ch-ua"), mobile, platform: text("sec-ch-ua-platform") };
        let address =
            peer.filter(|_| is_device).map(|peer| api.settings.trusted_proxies.client(peer, headers));
        let place = address.and_then(|address| api.enricher.place(address));
        let opts_out = text("sec-gpc") == Some("1");
        let tc_cookie = text(header::COOKIE.as_str()).and_then(tc_cookie);
        Self { enricher: &api.enricher, user_agent, hints, is_device, place, opts_out, tc_cookie }
    }

    /// The sender of history, of whom nothing is to be made: an event's context has to say it all.
    pub(crate) fn of_history(enricher: &'a Enricher) -> Self {
        let (user_agent, place) = (None, None);
        let (hints, tc_cookie) = (Hints::default(), None);
        Self { enricher, user_agent, hints, is_device: false, place, opts_out: false, tc_cookie }
    }

    /// Whether nothing is known of it.
    pub(super) fn says_nothing(&self) -> bool {
        self.user_agent.is_none()
            && self.hints == Hints::default()
            && !self.opts_out
            && self.tc_cookie.is_none()
    }

    /// Whether it is a program on a server.
    pub(super) fn is_server(&self) -> bool {
        self.user_agent.is_some() && !self.is_device
    }
}

/// The TC string among a request's cookies.
fn tc_cookie(cookies: &str) -> Option<&str> {
    let mut pairs = cookies.split(';').filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(name, _)| *name == "euconsent-v2").map(|(_, value)| value.trim_matches('"'))
}

impl Sender<'static> {
    /// Nobody, for the lines of a file.
    pub(crate) fn nobody() -> Self {
        Self::of_history(&WITHOUT_GEO)
    }
}

impl std::fmt::Debug for Sender<'_> {
    /// Without the place: what is written to a log must not tell where a shopper is.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sender").field("is_device", &self.is_device).finish_non_exhaustive()
    }
}
