//! The report for `docs/benchmarks.md`.

use super::Report;
use super::aims::{Aim, aims};
use crate::settings::Part;
use measure::table::markdown as table;

/// A table for each part, the aims, and the machine.
pub(super) fn markdown(report: &Report) -> String {
    let mut parts: Vec<String> = Vec::new();
    for part in Part::ALL {
        let (head, rows) = report.table(part);
        let head: Vec<&str> = head.iter().map(String::as_str).collect();
        if !rows.is_empty() {
            parts.push(table(&head, rows));
        }
    }
    parts.push(table(&["aim", "found", ""], aims(report).into_iter().map(Aim::cells)));
    parts.push(format!(
        "Medians of {} rounds of {} s (`held`, `videos` and `hooks`: one round), {} slots. {}\n",
        report.rounds,
        report.seconds,
        report.slots,
        report.machine.sentence(),
    ));
    parts.join("\n")
}
