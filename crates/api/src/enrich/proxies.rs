//! Whom to believe about the address that a request came from.
//!
//! `X-Forwarded-For` and `Forwarded` can be written by anybody. They count only when the peer is a proxy that
//! the configuration names, and then from the right: the first address that is no such proxy is the client.

use std::net::IpAddr;

use axum::http::{HeaderMap, header};
use ipnetwork::IpNetwork;
use tradewind_events::enrich::address;

/// Proxies whose word is taken for whom they forward.
#[derive(Debug, Clone, Default)]
pub struct TrustedProxies(Vec<IpNetwork>);

impl TrustedProxies {
    /// Proxies from addresses and networks, such as `10.0.0.7` and `10.0.0.0/8`.
    ///
    /// # Errors
    /// The text that is neither.
    pub fn parse(networks: &[String]) -> Result<Self, String> {
        let read = |text: &String| text.trim().parse().map_err(|_| text.clone());
        networks.iter().map(read).collect::<Result<_, _>>().map(Self)
    }

    fn trusts(&self, address: IpAddr) -> bool {
        self.0.iter().any(|network| network.contains(address))
    }

    /// The client's address, from the peer's and from what trusted proxies say.
    pub(super) fn client(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        let mut client = peer.to_canonical();
        if self.0.is_empty() || !self.trusts(client) {
            return client;
        }
        let all =
            |name| headers.get_all(name).iter().filter_map(|v| v.to_str().ok()).collect::<Vec<_>>().join(",");
        let mut hops = all("x-forwarded-for");
        if hops.is_empty() {
            hops = all(header::FORWARDED.as_str());
        }
        for hop in hops.rsplit(',') {
            let Some(address) = address::parse(forwarded_for(hop)) else { break };
            client = address.to_canonical();
            if !self.trusts(client) {
                break;
            }
        }
        client
    }
}

/// The address of one hop: as it is, or as `for="[2001:db8::1]:443";proto=https` has it.
fn forwarded_for(hop: &str) -> &str {
    let parts = hop.split(';').filter_map(|part| part.split_once('='));
    let mut named = parts.filter(|(name, _)| name.trim().eq_ignore_ascii_case("for"));
    named.next().map_or(hop, |(_, address)| address).trim().trim_matches('"')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(peer: &str, name: &'static str, value: &str, expected: &str) {
        let networks = ["10.0.0.0/8".to_owned(), "2001:db8:ffff::1".to_owned()];
        let proxies = TrustedProxies::parse(&networks).unwrap();
        let mut headers = HeaderMap::new();
        headers.insert(name, value.parse().unwrap());
        let found = proxies.client(peer.parse().unwrap(), &headers);
        assert_eq!(found.to_string(), expected, "{peer} {value}");
    }

    #[test]
    fn only_trusted_proxies_are_believed_and_from_the_right() {
        let name = "x-forwarded-for";
        check("203.0.113.7", name, "198.51.100.1", "203.0.113.7");
        check("10.0.0.1", name, "198.51.100.1", "198.51.100.1");
        check("::ffff:10.0.0.1", name, "198.51.100.1", "198.51.100.1");
        check("10.0.0.1", name, "192.0.2.66, 198.51.100.1, 10.2.3.4", "198.51.100.1");
        check("10.0.0.1", name, "192.0.2.66, nonsense", "10.0.0.1");
        check("10.0.0.1", name, "10.0.0.9", "10.0.0.9");
        check("2001:db8:ffff::1", name, "2001:db8::7", "2001:db8::7");
        check(
            "10.0.0.1",
            "forwarded",
            "for=192.0.2.66, for=\"[2001:db8::7]:443\";proto=https",
            "2001:db8::7",
        );
        check("10.0.0.1", "forwarded", "proto=https; For=198.51.100.1:80", "198.51.100.1");
    }

    #[test]
    fn what_is_no_network_is_named() {
        let parse = |text: &str| TrustedProxies::parse(&[text.to_owned()]).map(|_| ());
        assert_eq!(parse("10.0.0.0/33"), Err("10.0.0.0/33".to_owned()));
        assert_eq!(parse("proxy.example"), Err("proxy.example".to_owned()));
        assert_eq!(parse(" 10.0.0.7 "), Ok(()));
    }
}
