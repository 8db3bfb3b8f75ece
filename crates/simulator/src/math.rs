//! Latent vectors and calendar arithmetic.

use tradewind_kernel::UtcMillis;

use crate::rng::Rng;

/// Dimensions of a latent vector.
pub const LATENT_DIMENSIONS: usize = 10;

/// A product's character or a shopper's taste; of length 1 where not said otherwise.
pub type Latent = [f64; LATENT_DIMENSIONS];

/// A random direction.
pub(crate) fn direction(rng: &mut Rng) -> Latent {
    unit_length(std::array::from_fn(|_| rng.normal()))
}

/// The inner product.
pub(crate) fn dot(a: &Latent, b: &Latent) -> f64 {
    a.iter().zip(b).map(|(x, y)| x * y).sum()
}

/// The same direction with length 1.
pub(crate) fn unit_length(vector: Latent) -> Latent {
    let length = dot(&vector, &vector).sqrt().max(1e-9);
    vector.map(|x| x / length)
}

/// The direction of a weighted sum.
pub(crate) fn blend(parts: &[(f64, &Latent)]) -> Latent {
    unit_length(std::array::from_fn(|i| parts.iter().map(|(weight, vector)| weight * vector[i]).sum()))
}

/// Whole days since 1970-01-01.
pub(crate) fn day_number(at: UtcMillis) -> i64 {
    at.get().div_euclid(UtcMillis::DAY)
}

/// The month, January being 0 (Howard Hinnant's civil calendar).
pub(crate) fn month_index(at: UtcMillis) -> usize {
    let day_of_era = (day_number(at) + 719_468).rem_euclid(146_097);
    let year = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year + year / 4 - year / 100);
    let from_march = (5 * day_of_year + 2) / 153;
    usize::try_from((from_march + 2) % 12).unwrap_or(0)
}

/// The weekday, Monday being 0.
pub(crate) fn weekday_index(at: UtcMillis) -> usize {
    usize::try_from((day_number(at) + 3).rem_euclid(7)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_calendar_is_right() {
        let check = |text: &str, month: usize, weekday: usize| {
            let at = UtcMillis::parse(text).unwrap();
            assert_eq!((month_index(at), weekday_index(at)), (month, weekday), "{text}");
        };
        check("1970-01-01T00:00:00Z", 0, 3);
        check("2024-02-29T23:59:59Z", 1, 3);
        check("2026-07-27T12:00:00Z", 6, 0);
        check("2025-12-31T12:00:00Z", 11, 2);
        check("1969-12-31T12:00:00Z", 11, 2);
    }
}
