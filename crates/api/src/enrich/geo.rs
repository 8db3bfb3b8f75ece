//! The geo database: any in MaxMind's format with MaxMind's names, for cities or for countries only.
//!
//! It is kept in memory as a whole and never read from disk again. A lookup takes well under a microsecond.

use std::net::IpAddr;

use maxminddb::Reader;
use serde::Deserialize;
use tradewind_events::enrich::Country;

use super::Place;

/// A database that says where addresses are.
#[derive(Debug)]
pub struct GeoDatabase(Reader<Vec<u8>>);

/// Bytes that are no such database.
#[derive(Debug, thiserror::Error)]
#[error("it is no geo database in MaxMind's format (.mmdb): {0}")]
pub struct GeoError(#[from] maxminddb::MaxMindDbError);

#[derive(Deserialize)]
struct Record<'a> {
    #[serde(borrow, default)]
    country: Option<Coded<'a>>,
    #[serde(borrow, default)]
    registered_country: Option<Coded<'a>>,
    #[serde(borrow, default)]
    subdivisions: Vec<Coded<'a>>,
    #[serde(borrow, default)]
    location: Option<Location<'a>>,
}

#[derive(Deserialize)]
struct Coded<'a> {
    #[serde(borrow, default)]
    iso_code: Option<&'a str>,
}

#[derive(Deserialize)]
struct Location<'a> {
    #[serde(borrow, default)]
    time_zone: Option<&'a str>,
}

impl GeoDatabase {
    /// A database from the bytes of its file.
    ///
    /// # Errors
    /// [`GeoError`] when they are none.
    pub fn from_bytes(bytes: Vec<u8>) -> Result<Self, GeoError> {
        Ok(Self(Reader::from_source(bytes)?))
    }

    /// The kind that it calls itself, such as `GeoLite2-City`.
    #[must_use]
    pub fn kind(&self) -> &str {
        &self.0.metadata().database_type
    }

    /// When it was made, in seconds since 1970.
    #[must_use]
    pub fn built_seconds(&self) -> u64 {
        self.0.metadata().build_epoch
    }

    /// Where an address is; nothing where the database does not know, or holds another kind of record.
    pub(super) fn place(&self, address: IpAddr) -> Option<Place<'_>> {
        let record = self.0.lookup(address).ok()?.decode::<Record<'_>>().ok()??;
        let code = |coded: &Option<Coded<'_>>| coded.as_ref()?.iso_code.and_then(Country::parse);
        Some(Place {
            country: code(&record.country).or_else(|| code(&record.registered_country)),
            region: record.subdivisions.first().and_then(|part| part.iso_code),
            zone: record.location.and_then(|location| location.time_zone),
        })
    }
}
