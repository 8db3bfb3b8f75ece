//! Reading a request's body within bounds: size, time, memory, compression, encoding, depth.
//!
//! A body may pause for `serve.read_timeout_ms` and take six times as long in all; who is slower is cut with
//! a 408, which clients take as a reason to send again.

use std::convert::Infallible;
use std::future::poll_fn;
use std::io::{self, Read};
use std::pin::Pin;
use std::time::Duration;

use axum::body::{Body, HttpBody};
use axum::extract::{FromRequest, Request};
use axum::http::{HeaderMap, header};
use bytes::{Bytes, BytesMut};
use flate2::read::MultiGzDecoder;
use serde::Deserialize;

use crate::admission::allowance::cost;
use crate::admission::gate::{Ticket, no_room};
use crate::measures;
use crate::problem::{Code, Problem};

/// The largest body, compressed or not, in bytes. Clients cut their batches at 480 KB.
pub(crate) const MAX_BODY_BYTES: usize = 512 << 10;
/// The deepest nesting of objects and lists.
pub(crate) const MAX_DEPTH: usize = 32;

/// How long a body may take in all, in times of the longest pause.
const PAUSES_IN_ALL: u32 = 6;
/// What is unpacked at a time, in bytes.
const UNPACKED_AT_A_TIME: usize = 32 << 10;

/// A body that was let in, and what it holds of the memory meant for bodies.
pub(crate) struct Inbound {
    body: Body,
    ticket: Option<Ticket>,
}

impl From<Body> for Inbound {
    fn from(body: Body) -> Self {
        Self { body, ticket: None }
    }
}

impl<S: Send + Sync> FromRequest<S> for Inbound {
    type Rejection = Infallible;

    async fn from_request(mut request: Request, _: &S) -> Result<Self, Infallible> {
        let ticket = request.extensions_mut().remove();
        Ok(Self { body: request.into_body(), ticket })
    }
}

/// The next piece of a body; an empty one where it has only trailers.
pub(crate) async fn next_frame(body: &mut Body) -> Option<Result<Bytes, axum::Error>> {
    let frame = poll_fn(|cx| Pin::new(&mut *body).poll_frame(cx)).await?;
    Some(frame.map(|frame| frame.into_data().unwrap_or_default()))
}

/// Reads, decompresses and checks a JSON body. What comes back is UTF-8 and not nested too deeply.
pub(crate) async fn read_json(headers: &HeaderMap, body: impl Into<Inbound>) -> Result<Bytes, Problem> {
    let Inbound { body, ticket } = body.into();
    let raw = read_raw(body, ticket.as_ref()).await?;
    unpack(headers, raw, |packed, unpacked| {
        ticket.as_ref().is_none_or(|ticket| ticket.held.resize(packed + cost(unpacked)))
    })
}

/// What a body says, in the form that is asked for. What does not read is a problem that begins with `wrong`.
pub(crate) fn parse<'a, T: Deserialize<'a>>(bytes: &'a [u8], wrong: &str) -> Result<T, Problem> {
    serde_json::from_slice(bytes).map_err(|error| {
        let code = if error.is_data() { Code::InvalidRequest } else { Code::InvalidJson };
        Problem::new(code, format!("{wrong}: {error}"))
    })
}

/// Decompresses and checks a JSON body of at most [`MAX_BODY_BYTES`]; `fits` says whether there is room for
/// so many bytes packed and so many unpacked.
pub(crate) fn unpack(
    headers: &HeaderMap,
    raw: Bytes,
    fits: impl Fn(usize, usize) -> bool,
) -> Result<Bytes, Problem> {
    let bytes = match headers.get(header::CONTENT_ENCODING).map(|v| v.as_bytes().to_ascii_lowercase()) {
        None => raw,
        Some(encoding) if encoding == b"identity" || encoding.is_empty() => raw,
        Some(encoding) if encoding == b"gzip" || encoding == b"x-gzip" => {
            gunzip(&raw, |unpacked| fits(raw.len(), unpacked))?
        }
        Some(encoding) => {
            let name = String::from_utf8_lossy(&encoding).chars().take(32).collect::<String>();
            let detail = format!("Content-Encoding '{name}' is not known: send gzip or nothing");
            return Err(Problem::new(Code::UnsupportedEncoding, detail));
        }
    };
    if !fits(0, bytes.len()) {
        return Err(no_room());
    }
    if let Err(error) = std::str::from_utf8(&bytes) {
        let detail = format!("the body is not UTF-8 from byte {}", error.valid_up_to());
        return Err(Problem::new(Code::InvalidJson, detail));
    }
    if depth_exceeds(&bytes, MAX_DEPTH) {
        let detail = format!("objects and lists are nested more than {MAX_DEPTH} levels deep; flatten them");
        return Err(Problem::new(Code::TooDeep, detail));
    }
    Ok(bytes)
}

/// Reads a body as it came, for a check that comes before everything else, and gives it back to be read.
pub(crate) async fn read_signed(Inbound { body, ticket }: Inbound) -> Result<(Bytes, Inbound), Problem> {
    let raw = read_raw(body, ticket.as_ref()).await?;
    Ok((raw.clone(), Inbound { body: Body::from(raw), ticket }))
}

async fn read_raw(body: Body, ticket: Option<&Ticket>) -> Result<Bytes, Problem> {
    let Some(ticket) = ticket else { return read_all(body).await };
    let whole = ticket.read_timeout.saturating_mul(PAUSES_IN_ALL);
    let reading = read_in_time(body, ticket.read_timeout);
    tokio::time::timeout(whole, reading).await.unwrap_or_else(|_| Err(too_slow()))
}

async fn read_all(body: Body) -> Result<Bytes, Problem> {
    axum::body::to_bytes(body, MAX_BODY_BYTES).await.map_err(|_| too_large())
}

/// Reads a body whose every piece comes within `pause`.
async fn read_in_time(mut body: Body, pause: Duration) -> Result<Bytes, Problem> {
    let said = usize::try_from(body.size_hint().lower()).unwrap_or(usize::MAX);
    if said > MAX_BODY_BYTES {
        return Err(too_large());
    }
    // Most bodies come in one piece, and are not copied.
    let (mut first, mut all) = (Bytes::new(), BytesMut::new());
    loop {
        let piece = match tokio::time::timeout(pause, next_frame(&mut body)).await {
            Err(_) => return Err(too_slow()),
            Ok(None) if all.is_empty() => return Ok(first),
            Ok(None) => return Ok(all.freeze()),
            Ok(Some(Err(_))) => return Err(too_large()),
            Ok(Some(Ok(piece))) => piece,
        };
        if first.len().max(all.len()) + piece.len() > MAX_BODY_BYTES {
            return Err(too_large());
        }
        if all.is_empty() && first.is_empty() {
            first = piece;
            continue;
        }
        if all.is_empty() {
            all.reserve(said.max(first.len() + piece.len()));
            all.extend_from_slice(&std::mem::take(&mut first));
        }
        all.extend_from_slice(&piece);
    }
}

fn too_slow() -> Problem {
    measures::request_refused("slow");
    let detail = "the body paused for longer than serve.read_timeout_ms, or took six times as long in all";
    Problem::new(Code::TooSlow, detail)
}

fn too_large() -> Problem {
    let detail = format!("the body is over {MAX_BODY_BYTES} bytes, or it broke off; send smaller batches");
    Problem::new(Code::BodyTooLarge, detail)
}

/// Unpacks at most as much as a body may have; `fits` says whether there is room for so many bytes.
fn gunzip(raw: &[u8], fits: impl Fn(usize) -> bool) -> Result<Bytes, Problem> {
    let (mut out, mut decoder) = (Vec::new(), MultiGzDecoder::new(raw));
    loop {
        let filled = out.len();
        if filled > MAX_BODY_BYTES {
            return Err(too_large());
        }
        let more = filled + UNPACKED_AT_A_TIME;
        if !fits(more.min(MAX_BODY_BYTES)) {
            return Err(no_room());
        }
        match decoder.by_ref().take(UNPACKED_AT_A_TIME as u64).read_to_end(&mut out) {
            Ok(0) => return Ok(Bytes::from(out)),
            Ok(_) => {}
            Err(error) => return Err(bad_gzip(&error)),
        }
    }
}

fn bad_gzip(error: &io::Error) -> Problem {
    Problem::new(Code::BadGzip, format!("the body does not decompress: {error}"))
}

/// Whether brackets outside strings nest deeper than `limit`. Says nothing about whether it is JSON.
pub(crate) fn depth_exceeds(json: &[u8], limit: usize) -> bool {
    let (mut depth, mut in_string, mut escaped) = (0usize, false, false);
    for &byte in json {
        if in_string {
            match byte {
                _ if escaped => escaped = false,
                b'\\' => escaped = true,
                b'"' => in_string = false,
                _ => {}
            }
            continue;
        }
        match byte {
            b'"' => in_string = true,
            b'{' | b'[' => {
                depth += 1;
                if depth > limit {
                    return true;
                }
            }
            b'}' | b']' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn depth_counts_brackets_outside_strings() {
        assert!(!depth_exceeds(br#"{"a":[{"b":"[[[[{{{{\"]]"}]}"#, 3));
        assert!(depth_exceeds(br#"{"a":[{"b":[]}]}"#, 3));
        assert!(!depth_exceeds(br#"[][][][]"#, 1));
    }

    #[test]
    fn a_bomb_is_cut_short() {
        let mut bomb = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        std::io::Write::write_all(&mut bomb, &vec![b' '; 64 << 20]).unwrap();
        let bomb = bomb.finish().unwrap();
        assert!(bomb.len() < 100_000);
        assert_eq!(gunzip(&bomb, |_| true).unwrap_err().code, Code::BodyTooLarge);
        assert_eq!(gunzip(b"no gzip", |_| true).unwrap_err().code, Code::BadGzip);
        let room = |unpacked: usize| unpacked < 100_000;
        assert_eq!(gunzip(&bomb, room).unwrap_err().code, Code::Overloaded);
    }

    #[test]
    fn what_was_packed_comes_out_whole() {
        for length in [0, 1, UNPACKED_AT_A_TIME, UNPACKED_AT_A_TIME + 1, MAX_BODY_BYTES] {
            let text: Vec<u8> = (0..length).map(|n| b"0123456789"[n % 10]).collect();
            let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
            std::io::Write::write_all(&mut packed, &text).unwrap();
            let unpacked = gunzip(&packed.finish().unwrap(), |_| true).unwrap();
            assert!(unpacked == text, "{length}");
        }
    }
}
