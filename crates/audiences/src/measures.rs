//! Every metric of this crate.

use metrics::{counter, describe_counter};

/// Tells the recorder what each metric means. Call it once the recorder is installed.
pub fn describe_metrics() {
    describe_counter!(
        "tradewind_audience_profiles_asked_total",
        "Profiles that audiences' rules were asked about"
    );
    describe_counter!(
        "tradewind_audience_moves_total",
        "People who went into audiences or out of them, counted once for each time that they were asked about"
    );
    describe_counter!("tradewind_audience_passes_total", "Times that everybody was asked about");
}

/// Some profiles were asked about, and so many of them went in or out.
pub(crate) fn asked(profiles: usize, moves: usize) {
    counter!("tradewind_audience_profiles_asked_total").increment(profiles as u64);
    counter!("tradewind_audience_moves_total").increment(moves as u64);
}

/// Everybody was asked about.
pub(crate) fn passed() {
    counter!("tradewind_audience_passes_total").increment(1);
}
