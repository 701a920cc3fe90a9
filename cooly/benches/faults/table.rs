//! The figures as lines of a table in Markdown.

use crate::books::Outcome;

pub(crate) const HEAD: &str = "\
| fault | seeds | acknowledged | lost | doubled | ended as | submits paid | books |
|---|---|---|---|---|---|---|---|";

/// The line of a fault.
pub(crate) fn line(fault: &str, seeds: u64, outcome: &Outcome) -> String {
    let Outcome { acknowledged, lost, doubled, paid, overpaid, .. } = outcome;
    let ends: Vec<String> = outcome.ends.iter().map(|(end, times)| format!("{times} {end}")).collect();
    let too_many = if *overpaid > 0 { format!(" (**{overpaid} too many**)") } else { String::new() };
    let books = if outcome.breach.is_none() { "hold" } else { "**breached**" };
    format!(
        "| {fault} | {seeds} | {acknowledged} | {lost} | {doubled} | {} | {paid}{too_many} | {books} |",
        ends.join(", ")
    )
}
