//! The report for `docs/benchmarks.md`.

use super::Report;
use super::aims::aims;
use super::text::{cells, dash};
use measure::table::markdown as table;
use measure::words::thousands;

/// Tables and the machine, in Markdown.
pub(super) fn markdown(report: &Report) -> String {
    let picture = "![Durable purchases a second by system and callers](images/benchmarks.svg)\n";
    let mut parts = vec![picture.to_owned(), lines(report)];
    if !report.growth.is_empty() {
        parts.push(growth(report));
    }
    if !report.memory.is_empty() {
        parts.push(memory(report));
    }
    parts.push(aim_table(report));
    parts.push(machine(report));
    parts.join("\n")
}

fn lines(report: &Report) -> String {
    let head = ["", "commands/s", "events/s", "p50", "p99", "× (a)", "our CPU", "Postgres CPU", "WAL"];
    let rows = report.lines.iter().map(|line| {
        let [rate, p50, p99, own, server, wal] = cells(&line.median);
        let unit = |cell: String, unit: &str| if cell == dash() { cell } else { format!("{cell} {unit}") };
        let ratio = report.bare().map_or_else(dash, |bare| format!("{:.2}", line.median.per_second / bare));
        vec![
            line.case.to_string(),
            rate,
            line.events_per_second.map_or_else(dash, thousands),
            unit(p50, "ms"),
            unit(p99, "ms"),
            ratio,
            unit(own, "µs"),
            unit(server, "µs"),
            unit(wal, "B"),
        ]
    });
    table(&head, rows)
}

fn growth(report: &Report) -> String {
    let rows = report.growth.iter().map(|growth| {
        let [rate, p50, p99, _, server, wal] = cells(&growth.line.median);
        let asked = thousands(growth.asked as f64);
        let callers = thousands(growth.line.case.callers as f64);
        vec![
            asked,
            callers,
            rate,
            format!("{p50} ms"),
            format!("{p99} ms"),
            format!("{server} µs"),
            format!("{wal} B"),
        ]
    });
    table(&["events in the log", "callers", "commands/s", "p50", "p99", "Postgres CPU", "WAL"], rows)
}

fn memory(report: &Report) -> String {
    let rows = report.memory.iter().map(|point| {
        vec![
            format!("{:.0} s", point.seconds),
            thousands(point.accounts as f64),
            thousands(point.commands as f64),
            format!("{:.1} MiB", point.resident_mib),
        ]
    });
    table(&["after", "accounts seen", "commands", "memory"], rows)
}

fn aim_table(report: &Report) -> String {
    let rows = aims(report).into_iter().map(|aim| {
        vec![aim.what, aim.found, if aim.reached { "reached".to_owned() } else { "**short**".to_owned() }]
    });
    table(&["aim", "found", ""], rows)
}

fn machine(report: &Report) -> String {
    let indexes: Vec<String> =
        report.disk.indexes.iter().map(|(name, bytes)| format!("{bytes:.0} B of `{name}`")).collect();
    format!(
        "Medians of {} rounds of {} s, {} lanes, {} events a command. {} An event takes {:.0} B of table and {}.\n",
        report.rounds,
        report.seconds,
        report.lanes,
        report.events_per_command,
        report.machine.sentence(),
        report.disk.heap,
        indexes.join(", "),
    )
}
