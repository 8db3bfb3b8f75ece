//! Reading a request's body within bounds: size, compression, encoding, depth.

use std::io::Read;

use axum::body::Body;
use axum::http::{HeaderMap, header};
use bytes::Bytes;
use flate2::read::MultiGzDecoder;

use crate::problem::{Code, Problem};

/// The largest body, compressed or not, in bytes. Clients cut their batches at 480 KB.
pub(crate) const MAX_BODY_BYTES: usize = 512 << 10;
/// The deepest nesting of objects and lists.
pub(crate) const MAX_DEPTH: usize = 32;

/// Reads, decompresses and checks a JSON body. What comes back is UTF-8 and not nested too deeply.
pub(crate) async fn read_json(headers: &HeaderMap, body: Body) -> Result<Bytes, Problem> {
    unpack(headers, axum::body::to_bytes(body, MAX_BODY_BYTES).await.map_err(|_| too_large())?)
}

/// Decompresses and checks a JSON body of at most [`MAX_BODY_BYTES`].
pub(crate) fn unpack(headers: &HeaderMap, raw: Bytes) -> Result<Bytes, Problem> {
    let bytes = match headers.get(header::CONTENT_ENCODING).map(|v| v.as_bytes().to_ascii_lowercase()) {
        None => raw,
        Some(encoding) if encoding == b"identity" || encoding.is_empty() => raw,
        Some(encoding) if encoding == b"gzip" || encoding == b"x-gzip" => gunzip(&raw)?,
        Some(encoding) => {
            let name = String::from_utf8_lossy(&encoding).chars().take(32).collect::<String>();
            let detail = format!("Content-Encoding '{name}' is not known: send gzip or nothing");
            return Err(Problem::new(Code::UnsupportedEncoding, detail));
        }
    };
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

fn too_large() -> Problem {
    let detail = format!("the body is over {MAX_BODY_BYTES} bytes, or it broke off; send smaller batches");
    Problem::new(Code::BodyTooLarge, detail)
}

fn gunzip(raw: &[u8]) -> Result<Bytes, Problem> {
    let mut out = Vec::new();
    let limit = MAX_BODY_BYTES as u64 + 1;
    match MultiGzDecoder::new(raw).take(limit).read_to_end(&mut out) {
        Ok(_) if out.len() > MAX_BODY_BYTES => Err(too_large()),
        Ok(_) => Ok(Bytes::from(out)),
        Err(error) => Err(Problem::new(Code::BadGzip, format!("the body does not decompress: {error}"))),
    }
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
        assert_eq!(gunzip(&bomb).unwrap_err().code, Code::BodyTooLarge);
        assert_eq!(gunzip(b"no gzip").unwrap_err().code, Code::BadGzip);
    }
}
