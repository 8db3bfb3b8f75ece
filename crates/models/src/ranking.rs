//! Picking the best of many scored things, deterministically.
//!
//! A score and an id travel in one `u64` key: the bits of a positive `f32` order like the number itself, so
//! `score bits << 32 | !id` compares by score first and, at equal scores, puts the **lower id first**.

/// The key of a positive, finite score.
pub(crate) fn key(score: f32, id: u32) -> u64 {
    debug_assert!(score > 0.0 && score.is_finite());
    u64::from(score.to_bits()) << 32 | u64::from(!id)
}

/// The id and the score in a key.
pub(crate) fn unkey(key: u64) -> (u32, f32) {
    (!(key as u32), f32::from_bits((key >> 32) as u32))
}

/// Keeps the `n` largest keys, in no particular order.
pub(crate) fn keep_largest(keys: &mut Vec<u64>, n: usize) {
    if n == 0 {
        keys.clear();
    } else if n < keys.len() {
        keys.select_nth_unstable_by(n - 1, |a, b| b.cmp(a));
        keys.truncate(n);
    }
}

/// The `n` best as `(id, score)`, best first. Leaves `keys` cut down to them.
pub(crate) fn best(keys: &mut Vec<u64>, n: usize) -> Vec<(u32, f32)> {
    keep_largest(keys, n);
    keys.sort_unstable_by(|a, b| b.cmp(a));
    keys.iter().map(|&key| unkey(key)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn orders_by_score_then_by_lower_id() {
        let mut keys = vec![key(0.5, 7), key(2.0, 9), key(0.5, 3), key(1e-30, 1)];
        assert_eq!(best(&mut keys, 3), vec![(9, 2.0), (3, 0.5), (7, 0.5)]);
    }

    #[test]
    fn asks_for_none_or_for_too_many() {
        assert_eq!(best(&mut vec![key(1.0, 1)], 0), vec![]);
        assert_eq!(best(&mut vec![key(1.0, 1)], 9), vec![(1, 1.0)]);
        assert_eq!(best(&mut Vec::new(), 9), vec![]);
    }
}
