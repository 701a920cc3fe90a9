//! What a benchmark is told by its arguments and its environment.

use anyhow::{Context as _, Result};
use std::path::{Path, PathBuf};

/// The arguments that were meant for the benchmark; `None` if not even `cargo bench` has started it: it was built and
/// run among the tests.
pub fn given() -> Option<Vec<String>> {
    let given: Vec<String> = std::env::args().skip(1).collect();
    // Cargo tells every benchmark that it is one.
    (!given.is_empty()).then(|| given.into_iter().filter(|argument| argument != "--bench").collect())
}

/// Cargo runs benchmarks in the folder of their package, but people mean the one that they see.
pub fn from_root(file: impl AsRef<Path>) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(file)
}

/// A whole number from the environment.
///
/// # Errors
/// When the variable holds something else.
pub fn number(name: &str, default: u64) -> Result<u64> {
    match std::env::var(name) {
        Ok(text) => text.parse().with_context(|| format!("{name}={text} is not a whole number")),
        Err(_) => Ok(default),
    }
}

#[cfg(test)]
mod tests {
    use super::from_root;

    #[test]
    fn the_page_of_figures_is_found_from_wherever_a_benchmark_runs() {
        assert!(from_root("docs/benchmarks.md").is_file());
    }
}
