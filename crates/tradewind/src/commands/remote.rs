//! A running server, as commands talk to it: HTTP/1.1 on a blocking socket, without TLS.
//!
//! Meant for the operator's own machine; a server behind a proxy with TLS is asked with any HTTP client.

use std::net::{SocketAddr, ToSocketAddrs};

use serde_json::Value;
use tradewind_bench::{Client, request};

use crate::cli::ServerArguments;
use crate::config::Config;
use crate::failure::Failure;

/// A server and the key to it.
pub(crate) struct Remote {
    client: Client,
    key: Option<String>,
}

impl Remote {
    /// Connects to the server that is named, else to the one that the configuration describes.
    pub(crate) fn new(config: &Config, arguments: &ServerArguments) -> Result<Self, Failure> {
        let configured = || {
            let host = match config.serve.host.as_str() {
                "0.0.0.0" => "127.0.0.1",
                "::" => "::1",
                host => host,
            };
            let host = if host.contains(':') { format!("[{host}]") } else { host.to_owned() };
            format!("http://{host}:{}", config.serve.port)
        };
        let server = arguments.server.clone().unwrap_or_else(configured);
        let client = Client::connect(address_of(&server)?).map_err(|error| {
            Failure::failed(format!(
                "no server answers at {server} ({error}): start it with `tradewind serve`, or name it with --server"
            ))
        })?;
        let key = arguments.api_key.clone().or_else(|| config.api.keys.first().cloned());
        Ok(Self { client, key })
    }

    /// Asks, and gives the JSON of the answer; null when there is none.
    pub(crate) fn ask(&mut self, method: &str, path: &str, body: Option<&Value>) -> Result<Value, Failure> {
        let bearer = self.key.as_ref().map(|key| format!("Bearer {key}"));
        let mut headers = vec![("accept", "application/json")];
        headers.extend(bearer.as_ref().map(|bearer| ("authorization", bearer.as_str())));
        headers.extend(body.map(|_| ("content-type", "application/json")));
        let body = body.map_or_else(Vec::new, |body| body.to_string().into_bytes());
        let answer =
            self.client.exchange(&request(method, path, &headers, &body)).map_err(Failure::failed)?;
        let json: Value = serde_json::from_slice(answer.body).unwrap_or_default();
        if (200..300).contains(&answer.status) {
            return Ok(json);
        }
        let detail = json["detail"].as_str().unwrap_or("it does not say why");
        Err(Failure::failed(format!("the server answered {}: {detail}", answer.status)))
    }
}

/// The address behind `http://host:port`; port 80 without one.
fn address_of(server: &str) -> Result<SocketAddr, Failure> {
    let wrong = |why: &str| Failure::failed(format!("--server {server} {why}: give http://HOST:PORT"));
    let Some(rest) = server.strip_prefix("http://") else { return Err(wrong("is not http")) };
    let authority = rest.trim_end_matches('/');
    if authority.is_empty() || authority.contains('/') {
        return Err(wrong("names no host"));
    }
    let has_port = authority.rsplit_once(':').is_some_and(|(_, port)| port.parse::<u16>().is_ok());
    let full = if has_port { authority.to_owned() } else { format!("{authority}:80") };
    let mut found = full.to_socket_addrs().map_err(|e| wrong(&format!("is not found ({e})")))?;
    found.next().ok_or_else(|| wrong("is not found"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_have_a_scheme_a_host_and_perhaps_a_port() {
        let check = |server: &str| address_of(server).ok().map(|address| address.to_string());
        assert_eq!(check("http://127.0.0.1:8080").as_deref(), Some("127.0.0.1:8080"));
        assert_eq!(check("http://127.0.0.1/").as_deref(), Some("127.0.0.1:80"));
        assert_eq!(check("http://[::1]:81").as_deref(), Some("[::1]:81"));
        for wrong in ["127.0.0.1:80", "https://127.0.0.1", "http://", "http://127.0.0.1/v1"] {
            assert_eq!(check(wrong), None, "{wrong}");
        }
    }
}
