//! Recently viewed.

/// The `n` different items seen last, latest first. `history` is in time order, oldest first.
///
/// Takes time in `n` times the part of the history that is looked at; meant for strips of some dozen.
///
/// ```
/// assert_eq!(tradewind_models::latest_distinct(&[1, 2, 1, 3, 3], 2), [3, 1]);
/// ```
pub fn latest_distinct(history: &[u32], n: usize) -> Vec<u32> {
    let mut latest = Vec::with_capacity(n.min(history.len()));
    for &item in history.iter().rev() {
        if latest.len() == n {
            break;
        }
        if !latest.contains(&item) {
            latest.push(item);
        }
    }
    latest
}

#[cfg(test)]
mod tests {
    use super::latest_distinct;

    #[test]
    fn takes_each_item_once() {
        assert_eq!(latest_distinct(&[5, 4, 5, 4], 9), [4, 5]);
        assert_eq!(latest_distinct(&[5, 4], 0), [] as [u32; 0]);
        assert_eq!(latest_distinct(&[], 3), [] as [u32; 0]);
    }
}
