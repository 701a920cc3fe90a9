//! Tables for a terminal and for a page.

/// Aligned for a terminal; nothing without rows.
pub fn text(head: &[&str], rows: &[Vec<String>]) -> String {
    if rows.is_empty() {
        return String::new();
    }
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count());
        cells.chain([head[column].chars().count()]).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..head.len()).map(width).collect();
    let heads: Vec<String> = head.iter().map(|cell| (*cell).to_owned()).collect();
    let mut out = String::from("\n");
    for row in [&heads].into_iter().chain(rows) {
        let cells = row.iter().zip(&widths).enumerate().map(|(column, (cell, width))| {
            if column == 0 { format!("{cell:<width$}") } else { format!("{cell:>width$}") }
        });
        out += cells.collect::<Vec<_>>().join("  ").trim_end();
        out += "\n";
    }
    out
}

/// In Markdown.
pub fn markdown(head: &[&str], rows: impl IntoIterator<Item = Vec<String>>) -> String {
    let line = |cells: &[String]| format!("| {} |\n", cells.join(" | ").replace("|  |", "| |"));
    let heads: Vec<String> = head.iter().map(|cell| (*cell).to_owned()).collect();
    let mut out = line(&heads);
    out += &format!("|{}\n", "---|".repeat(head.len()));
    out.extend(rows.into_iter().map(|row| line(&row)));
    out
}
