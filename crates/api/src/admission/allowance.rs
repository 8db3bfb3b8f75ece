//! Bytes that may be under way, and those that a request holds of them.
//!
//! A body is counted four times over: itself, the events read from it, the records made of those, and their
//! copy in the log's queue. It is counted before it is read, by what it says of its length; a body that does
//! not say counts as one of the largest size. What turns out smaller is given back, and what unpacks to more
//! than was thought needs room first.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::http::{HeaderMap, header};

use crate::body::MAX_BODY_BYTES;

/// What a byte of an unpacked body costs, in bytes.
const COST_OF_A_BYTE: usize = 4;
/// What a compressed body is thought to unpack to, times its length.
const UNPACKS_TO: usize = 8;
/// What a request costs without its body, in bytes.
const COST_OF_A_REQUEST: usize = 1 << 10;

/// What a body of this length costs, in bytes.
pub(crate) const fn cost(body_bytes: usize) -> usize {
    COST_OF_A_REQUEST + body_bytes * COST_OF_A_BYTE
}

/// A body as its headers tell of it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Expected {
    length: usize,
    is_packed: bool,
}

impl Expected {
    pub(super) fn of(headers: &HeaderMap) -> Self {
        let is_packed = headers.contains_key(header::CONTENT_ENCODING);
        Self { length: said_length(headers), is_packed }
    }

    /// How many bytes there will be to read.
    pub(super) fn unpacked(self) -> usize {
        if self.is_packed { (self.length * UNPACKS_TO).min(MAX_BODY_BYTES) } else { self.length }
    }

    /// What the request will cost.
    pub(super) fn cost(self) -> usize {
        cost(self.unpacked()) + if self.is_packed { self.length } else { 0 }
    }
}

/// The length of a body by its headers, at most that of the largest.
fn said_length(headers: &HeaderMap) -> usize {
    let is_chunked = headers.contains_key(header::TRANSFER_ENCODING);
    let said = headers.get(header::CONTENT_LENGTH).and_then(|v| v.to_str().ok()?.parse::<usize>().ok());
    match said {
        Some(length) => length.min(MAX_BODY_BYTES),
        None if is_chunked => MAX_BODY_BYTES,
        None => 0,
    }
}

/// So many bytes, and how many of them are held.
#[derive(Debug)]
pub(crate) struct Allowance {
    limit: usize,
    held: AtomicUsize,
}

impl Allowance {
    pub(super) fn new(limit: usize) -> Self {
        Self { limit, held: AtomicUsize::new(0) }
    }

    /// Bytes that are held now.
    pub(super) fn held(&self) -> usize {
        self.held.load(Ordering::Relaxed)
    }

    /// Holds so many bytes, if they are free or nobody holds any: what is larger than all of it gets in alone.
    pub(super) fn reserve(self: &Arc<Self>, bytes: usize) -> Option<Reservation> {
        let reservation = Reservation { allowance: Arc::clone(self), bytes: AtomicUsize::new(0) };
        reservation.resize(bytes).then_some(reservation)
    }
}

/// Bytes held; dropping it gives them back.
#[derive(Debug)]
pub(crate) struct Reservation {
    allowance: Arc<Allowance>,
    bytes: AtomicUsize,
}

impl Reservation {
    /// Holds so many bytes instead. Says whether they were free; if not, all stays as it was.
    ///
    /// One task at a time may call it.
    pub(crate) fn resize(&self, bytes: usize) -> bool {
        let before = self.bytes.load(Ordering::Relaxed);
        let Allowance { limit, held } = self.allowance.as_ref();
        let changed = held.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |held| {
            let others = held.saturating_sub(before);
            (bytes <= before || others == 0 || others + bytes <= *limit).then_some(others + bytes)
        });
        if changed.is_ok() {
            self.bytes.store(bytes, Ordering::Relaxed);
        }
        changed.is_ok()
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        self.allowance.held.fetch_sub(*self.bytes.get_mut(), Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    #[test]
    fn what_is_held_is_given_back() {
        let allowance = Arc::new(Allowance::new(100));
        let first = allowance.reserve(60).unwrap();
        assert!(allowance.reserve(41).is_none());
        assert_eq!(allowance.held(), 60, "a refusal holds nothing");
        let second = allowance.reserve(40).unwrap();
        assert!(!second.resize(41) && first.resize(50) && second.resize(50));
        assert_eq!(allowance.held(), 100);
        drop(first);
        drop(second);
        assert_eq!(allowance.held(), 0);
    }

    #[test]
    fn the_largest_gets_in_alone() {
        let allowance = Arc::new(Allowance::new(100));
        let giant = allowance.reserve(1_000).unwrap();
        assert!(allowance.reserve(1).is_none() && giant.resize(2_000));
        drop(giant);
        assert!(allowance.reserve(1).is_some());
    }

    #[test]
    fn many_at_once_stay_within_it() {
        let allowance = Arc::new(Allowance::new(1_000));
        std::thread::scope(|scope| {
            for size in [7, 130, 333, 64] {
                let allowance = &allowance;
                scope.spawn(move || {
                    for _ in 0..10_000 {
                        let held = allowance.reserve(size);
                        assert!(allowance.held() <= 1_000);
                        if let Some(held) = held {
                            held.resize(size * 2);
                            assert!(allowance.held() <= 1_000);
                        }
                    }
                });
            }
        });
        assert_eq!(allowance.held(), 0);
    }

    #[test]
    fn a_body_is_counted_by_what_it_says() {
        let of = |headers: &[(header::HeaderName, &'static str)]| {
            let pairs = headers.iter().map(|(n, v)| (n.clone(), HeaderValue::from_static(v)));
            Expected::of(&HeaderMap::from_iter(pairs)).cost()
        };
        let (length, encoding) = (header::CONTENT_LENGTH, header::CONTENT_ENCODING);
        assert_eq!(of(&[]), cost(0));
        assert_eq!(of(&[(length.clone(), "1000")]), cost(1_000));
        assert_eq!(of(&[(length.clone(), "99999999999")]), cost(MAX_BODY_BYTES));
        assert_eq!(of(&[(header::TRANSFER_ENCODING, "chunked")]), cost(MAX_BODY_BYTES));
        assert_eq!(of(&[(length, "1000"), (encoding, "gzip")]), 1_000 + cost(8_000));
    }
}
