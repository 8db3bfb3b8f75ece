//! Starting the program, and asking it things.

use std::path::Path;
use std::process::{Command, Output};

use serde_json::{Value, json};
use tempfile::TempDir;
use tradewind_bench::{Client, Server, request};

/// The program under test.
pub(crate) const PROGRAM: &str = env!("CARGO_BIN_EXE_tradewind");
/// `Authorization` with a write key and the colon behind it.
pub(crate) const KEY: (&str, &str) = ("authorization", "Basic d2s6");

/// An answer, its body read.
#[derive(Debug, Clone)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) text: String,
    /// Null when the body is no JSON.
    pub(crate) json: Value,
}

impl Reply {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut lines = self.head.lines().filter_map(|l| l.split_once(':'));
        lines.find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
    }

    /// Checks that it is a problem document with this status and code.
    #[track_caller]
    pub(crate) fn is_problem(&self, status: u16, code: &str) {
        assert_eq!((self.status, self.json["code"].as_str()), (status, Some(code)), "{self:?}");
        if let Err(why) = self.reads_as_problem() {
            panic!("{why}: {self:?}");
        }
    }

    /// Whether it is a problem document as RFC 9457 and our own house want it.
    pub(crate) fn reads_as_problem(&self) -> Result<(), String> {
        let json = &self.json;
        let text = |name: &str| json[name].as_str().filter(|t| !t.is_empty());
        let kind = self.header("content-type").unwrap_or("none");
        if !kind.starts_with("application/problem+json") {
            return Err(format!("content type {kind}"));
        }
        let Some(code) = text("code") else { return Err("no code".into()) };
        if text("detail").is_none() || text("title").is_none() {
            return Err("no detail or title".into());
        }
        if json["status"] != self.status || text("type") != Some(&format!("/docs/errors/{code}")) {
            return Err("another status or type".into());
        }
        Ok(())
    }
}

/// A server on a data directory that is deleted with it.
pub(crate) struct House {
    pub(crate) server: Server,
    pub(crate) dir: TempDir,
}

impl House {
    pub(crate) fn new() -> Self {
        Self::with(&[], "")
    }

    /// With further arguments, and the text of a `tradewind.toml`.
    pub(crate) fn with(arguments: &[&str], toml: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("tradewind.toml"), toml).unwrap();
        let server = Server::start(Path::new(PROGRAM), dir.path(), arguments).unwrap();
        Self { server, dir }
    }

    pub(crate) fn client(&self) -> Client {
        self.server.connect().unwrap()
    }

    pub(crate) fn get(&self, path: &str) -> Reply {
        send(&mut self.client(), "GET", path, &[], b"")
    }

    /// Sends JSON with a write key.
    pub(crate) fn post(&self, path: &str, body: &Value) -> Reply {
        send(&mut self.client(), "POST", path, &[KEY], body.to_string().as_bytes())
    }

    /// Stops it as an operator would, and starts it again.
    pub(crate) fn restart(self) -> Self {
        self.restart_and_tell().0
    }

    /// As [`House::restart`], with what the stopped one had logged.
    pub(crate) fn restart_and_tell(self) -> (Self, String) {
        let (status, log) = self.server.stop().unwrap();
        assert!(status.success(), "{status}\n{log}");
        let server = Server::start(Path::new(PROGRAM), self.dir.path(), &[]).unwrap();
        (Self { server, dir: self.dir }, log)
    }
}

/// Sends one request.
#[track_caller]
pub(crate) fn send(
    client: &mut Client,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &[u8],
) -> Reply {
    let answer = client.exchange(&request(method, path, headers, body));
    reply(&answer.unwrap_or_else(|e| panic!("{method} {path}: {e}")))
}

pub(crate) fn reply(answer: &tradewind_bench::Answer<'_>) -> Reply {
    Reply {
        status: answer.status,
        head: answer.head.to_owned(),
        text: String::from_utf8_lossy(answer.body).into_owned(),
        json: serde_json::from_slice(answer.body).unwrap_or_default(),
    }
}

/// A view of a product by a browser.
pub(crate) fn view(message_id: &str, anonymous_id: &str, product: &str) -> Value {
    json!({"type": "track", "event": "Product Viewed", "messageId": message_id, "anonymousId": anonymous_id,
        "properties": {"product_id": product, "name": format!("Product {product}"), "price": 12.5}})
}

/// A number that the command line sets for a test.
#[expect(clippy::disallowed_methods, reason = "how much a test does, not the program's configuration")]
pub(crate) fn number_from(variable: &str) -> Option<usize> {
    std::env::var(variable).ok().and_then(|text| text.parse().ok())
}

/// Runs a command of the program to its end, in `dir`.
pub(crate) fn run(dir: &Path, arguments: &[&str]) -> Output {
    Command::new(PROGRAM).args(arguments).current_dir(dir).output().unwrap()
}

/// Checks the exit code, and gives standard output and standard error.
#[track_caller]
pub(crate) fn exits(dir: &Path, arguments: &[&str], code: i32) -> (String, String) {
    let output = run(dir, arguments);
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let (out, err) = (text(&output.stdout), text(&output.stderr));
    assert_eq!(output.status.code(), Some(code), "{arguments:?}\n{out}\n{err}");
    (out, err)
}

/// Random numbers with a seed (SplitMix64): every run of a test sees the same.
#[derive(Debug, Clone)]
pub(crate) struct Rng(pub(crate) u64);

impl Rng {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub(crate) fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.next() % bound as u64).unwrap()
    }

    pub(crate) fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.below(from.len())]
    }
}
