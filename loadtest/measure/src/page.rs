//! Puts figures where readers find them: between two lines of a page that nobody else changes.

use anyhow::{Context as _, Result};
use std::fs;
use std::path::Path;

const END: &str = "<!-- figures: end -->";

/// Replaces what stands between the line `begin` and the next end of figures in `docs/benchmarks.md`.
///
/// # Errors
/// When the page cannot be read or written, or lacks one of the lines.
pub fn publish(begin: &str, figures: &str) -> Result<()> {
    let page = crate::arguments::from_root("docs/benchmarks.md");
    let text = fs::read_to_string(&page).with_context(|| format!("{} cannot be read", page.display()))?;
    write(&page, &between(&text, begin, figures)?)
}

fn between(text: &str, begin: &str, figures: &str) -> Result<String> {
    let (before, rest) = text.split_once(begin).with_context(|| format!("the page has no line {begin}"))?;
    let (_, after) = rest.split_once(END).with_context(|| format!("the page has no line {END} after it"))?;
    Ok(format!("{before}{begin}\n\n{figures}\n{END}{after}"))
}

/// Writes a file and says so.
///
/// # Errors
/// When it cannot be written.
pub fn write(file: &Path, text: &str) -> Result<()> {
    fs::write(file, text).with_context(|| format!("{} cannot be written", file.display()))?;
    eprintln!("wrote {}", file.display());
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::between;

    #[test]
    fn only_what_is_between_the_lines_is_replaced() {
        let page = "a\n<one>\nold\n<!-- figures: end -->\nb\n<two>\nkept\n<!-- figures: end -->\nc";
        let written = between(page, "<one>", "new").expect("the line is there");
        assert_eq!(written, page.replacen("\nold\n", "\n\nnew\n", 1));
        assert!(between(page, "<three>", "new").is_err());
    }
}
