//! A progress bar on standard error for work on the whole log; nothing where that is not a terminal.

use indicatif::{ProgressBar, ProgressStyle};

const TEMPLATE: &str = "{prefix:>18} [{bar:30}] {human_pos}/{human_len}, {eta} left";

/// A bar that names what is worked on.
pub(crate) fn bar(what: &str) -> ProgressBar {
    let style = ProgressStyle::with_template(TEMPLATE).unwrap_or_else(|_| ProgressStyle::default_bar());
    ProgressBar::new(0).with_style(style.progress_chars("=> ")).with_prefix(what.to_owned())
}

/// Shows how far it is.
pub(crate) fn show(bar: &ProgressBar, done: u64, total: u64) {
    bar.set_length(total);
    bar.set_position(done);
}
