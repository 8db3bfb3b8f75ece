//! Money as whole minor units of a currency, never a float.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// An ISO 4217 code, such as `EUR`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Currency([u8; 3]);

/// Text or a number that cannot be money.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MoneyError {
    /// Not three letters.
    #[error("'{0}' is not an ISO 4217 currency code such as EUR")]
    Currency(String),
    /// Not finite, or beyond what minor units can hold.
    #[error("the amount is not a number within ±9 quadrillion minor units")]
    Amount,
}

impl std::fmt::Debug for Currency {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

impl std::fmt::Display for Currency {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Currency {
    /// Pound sterling.
    pub const GBP: Self = Self(*b"GBP");
    /// Euro.
    pub const EUR: Self = Self(*b"EUR");
    /// US dollar.
    pub const USD: Self = Self(*b"USD");

    /// Parses a code in either case.
    ///
    /// # Errors
    /// [`MoneyError::Currency`] unless it is three ASCII letters.
    pub fn parse(code: &str) -> Result<Self, MoneyError> {
        match code.trim().as_bytes() {
            [a, b, c] if [a, b, c].iter().all(|l| l.is_ascii_alphabetic()) => {
                Ok(Self([a.to_ascii_uppercase(), b.to_ascii_uppercase(), c.to_ascii_uppercase()]))
            }
            _ => Err(MoneyError::Currency(code.chars().take(16).collect())),
        }
    }

    /// The code in upper case.
    #[must_use]
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or("XXX")
    }

    /// Digits after the decimal point (ISO 4217): 0 for yen, 3 for dinars, else 2.
    #[must_use]
    pub fn exponent(self) -> u32 {
        match &self.0 {
            b"BIF" | b"CLP" | b"DJF" | b"GNF" | b"ISK" | b"JPY" | b"KMF" | b"KRW" | b"PYG" | b"RWF"
            | b"UGX" | b"UYI" | b"VND" | b"VUV" | b"XAF" | b"XOF" | b"XPF" => 0,
            b"BHD" | b"IQD" | b"JOD" | b"KWD" | b"LYD" | b"OMR" | b"TND" => 3,
            _ => 2,
        }
    }
}

impl Serialize for Currency {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Currency {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let code = String::deserialize(deserializer)?;
        Self::parse(&code).map_err(serde::de::Error::custom)
    }
}

/// An amount in minor units (cents, pence) of one currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Money {
    /// Whole minor units; negative for what is given back.
    pub minor: i64,
    /// Whose units these are.
    pub currency: Currency,
}

impl Money {
    /// The largest magnitude taken: beyond it a float no longer holds single units.
    const MAX_MINOR: f64 = 9.0e15;

    /// An amount from minor units.
    #[must_use]
    pub const fn new(minor: i64, currency: Currency) -> Self {
        Self { minor, currency }
    }

    /// An amount from a decimal number of major units, rounded half away from zero.
    ///
    /// # Errors
    /// [`MoneyError::Amount`] when it is not finite or too large.
    #[expect(clippy::cast_possible_truncation, reason = "bounded by MAX_MINOR just above")]
    pub fn from_major(major: f64, currency: Currency) -> Result<Self, MoneyError> {
        let minor = (major * 10f64.powi(i32::try_from(currency.exponent()).unwrap_or(2))).round();
        if minor.is_finite() && minor.abs() <= Self::MAX_MINOR {
            Ok(Self { minor: minor as i64, currency })
        } else {
            Err(MoneyError::Amount)
        }
    }
}

impl std::fmt::Display for Money {
    /// `12.50 EUR`, `1200 JPY`, `-0.05 GBP`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let digits = self.currency.exponent();
        let unit = 10u64.pow(digits);
        let sign = if self.minor < 0 { "-" } else { "" };
        let (major, minor) = (self.minor.unsigned_abs() / unit, self.minor.unsigned_abs() % unit);
        match digits {
            0 => write!(f, "{sign}{major} {}", self.currency),
            _ => write!(f, "{sign}{major}.{minor:0width$} {}", self.currency, width = digits as usize),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_keep_their_units() {
        let check = |major: f64, code: &str, shown: &str| {
            let currency = Currency::parse(code).unwrap();
            assert_eq!(Money::from_major(major, currency).unwrap().to_string(), shown);
        };
        check(12.5, "eur", "12.50 EUR");
        check(1200.0, "JPY", "1200 JPY");
        check(-0.05, "GBP", "-0.05 GBP");
        check(0.125, "KWD", "0.125 KWD");
        check(2.55, "GBP", "2.55 GBP");
    }

    #[test]
    fn what_is_not_money() {
        assert!(Money::from_major(f64::NAN, Currency::EUR).is_err());
        assert!(Money::from_major(1e300, Currency::EUR).is_err());
        for code in ["", "EURO", "E1R", "€"] {
            assert!(Currency::parse(code).is_err());
        }
    }
}
