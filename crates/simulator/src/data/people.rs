//! Where shoppers live, and what they are called.

/// A region with its locale.
#[derive(Debug)]
pub(crate) struct Region {
    /// ISO 3166 country code.
    pub country: &'static str,
    /// The region's name.
    pub name: &'static str,
    /// BCP 47 language tag.
    pub locale: &'static str,
    /// IANA time zone.
    pub timezone: &'static str,
    /// Offset from UTC in winter, hours. Summer time is left out.
    pub offset_hours: i64,
    /// Share of the shoppers, relative.
    pub weight: f64,
    /// Added to winter goods' utility, taken from summer goods'.
    pub cold: f64,
}

pub(crate) const REGIONS: &[Region] = &[
    Region {
        country: "GB",
        name: "Scotland",
        locale: "en-GB",
        timezone: "Europe/London",
        offset_hours: 0,
        weight: 12.0,
        cold: 0.4,
    },
    Region {
        country: "GB",
        name: "Northern England",
        locale: "en-GB",
        timezone: "Europe/London",
        offset_hours: 0,
        weight: 18.0,
        cold: 0.2,
    },
    Region {
        country: "GB",
        name: "Southern England",
        locale: "en-GB",
        timezone: "Europe/London",
        offset_hours: 0,
        weight: 20.0,
        cold: -0.1,
    },
    Region {
        country: "IE",
        name: "Leinster",
        locale: "en-IE",
        timezone: "Europe/Dublin",
        offset_hours: 0,
        weight: 8.0,
        cold: 0.0,
    },
    Region {
        country: "DE",
        name: "Bayern",
        locale: "de-DE",
        timezone: "Europe/Berlin",
        offset_hours: 1,
        weight: 11.0,
        cold: 0.3,
    },
    Region {
        country: "DE",
        name: "Hamburg",
        locale: "de-DE",
        timezone: "Europe/Berlin",
        offset_hours: 1,
        weight: 8.0,
        cold: 0.0,
    },
    Region {
        country: "NL",
        name: "Zuid-Holland",
        locale: "nl-NL",
        timezone: "Europe/Amsterdam",
        offset_hours: 1,
        weight: 8.0,
        cold: -0.1,
    },
    Region {
        country: "FR",
        name: "Bretagne",
        locale: "fr-FR",
        timezone: "Europe/Paris",
        offset_hours: 1,
        weight: 6.0,
        cold: -0.3,
    },
    Region {
        country: "SE",
        name: "Stockholm",
        locale: "sv-SE",
        timezone: "Europe/Stockholm",
        offset_hours: 1,
        weight: 5.0,
        cold: 0.6,
    },
    Region {
        country: "US",
        name: "New England",
        locale: "en-US",
        timezone: "America/New_York",
        offset_hours: -5,
        weight: 4.0,
        cold: 0.4,
    },
];

/// Given names.
pub(crate) const FIRST_NAMES: &[&str] = &[
    "Ada", "Aisha", "Anna", "Ben", "Callum", "Clara", "Daan", "Elif", "Emma", "Erik", "Fatima", "Finn",
    "Freya", "Greta", "Hamish", "Hugo", "Ines", "Isla", "Jonas", "Kofi", "Lena", "Liam", "Lotte", "Maeve",
    "Marta", "Mila", "Nils", "Noor", "Oskar", "Priya", "Rory", "Saoirse", "Sven", "Tariq", "Tess", "Yann",
    "Zoe",
];

/// Family names.
pub(crate) const LAST_NAMES: &[&str] = &[
    "Ahmed",
    "Andersson",
    "Bakker",
    "Bauer",
    "Bell",
    "Byrne",
    "Campbell",
    "Clarke",
    "Dubois",
    "Fischer",
    "Fraser",
    "Green",
    "Hansen",
    "Hughes",
    "Jansen",
    "Kelly",
    "Khan",
    "Klein",
    "Lindqvist",
    "MacLeod",
    "Martin",
    "Morgan",
    "Murphy",
    "Nguyen",
    "O'Neill",
    "Patel",
    "Reid",
    "Schmidt",
    "Singh",
    "Taylor",
    "Visser",
    "Walker",
    "Wood",
];
