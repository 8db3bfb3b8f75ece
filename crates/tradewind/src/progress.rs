//! Progress bars, on a terminal only.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

/// A bar for work of known size in bytes.
pub(crate) fn bytes(total: u64, what: &str) -> ProgressBar {
    styled(ProgressBar::new(total), what, "{msg:>12} [{wide_bar}] {bytes}/{total_bytes} {eta}")
}

/// A bar for work of known size in records.
pub(crate) fn records(total: u64, what: &str) -> ProgressBar {
    styled(ProgressBar::new(total), what, "{msg:>12} [{wide_bar}] {human_pos}/{human_len} {eta}")
}

/// A spinner for work of unknown size.
pub(crate) fn spinner(what: &str) -> ProgressBar {
    let bar = styled(ProgressBar::new_spinner(), what, "{msg:>12} {spinner} {elapsed}");
    bar.enable_steady_tick(Duration::from_millis(120));
    bar
}

fn styled(bar: ProgressBar, what: &str, template: &str) -> ProgressBar {
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style.progress_chars("=> "));
    }
    bar.set_message(what.to_owned());
    bar
}
