//! The report for a terminal: aligned tables.

use super::Report;
use super::aims::aims;
use crate::figures::Figure;
use measure::table::text as table;
use measure::words::thousands;
use std::fmt::Write as _;

/// Everything, in the order in which one reads it.
pub(super) fn text(report: &Report) -> String {
    let mut out = machine(report);
    if !report.lines.is_empty() {
        out += &lines(report);
    }
    out += &disk(report);
    if !report.growth.is_empty() {
        out += &growth(report);
    }
    if !report.memory.is_empty() {
        out += &memory(report);
    }
    let aims: Vec<Vec<String>> = aims(report)
        .into_iter()
        .map(|aim| vec![aim.what, aim.found, if aim.reached { "reached".into() } else { "SHORT".into() }])
        .collect();
    out + &table(&["aim", "found", ""], &aims)
}

fn machine(report: &Report) -> String {
    format!(
        "\n{}medians of {} rounds of {} s each, after a warm-up; {} lanes; a command of ours is {} events\n",
        report.machine.lines(),
        report.rounds,
        report.seconds,
        report.lanes,
        report.events_per_command,
    )
}

fn lines(report: &Report) -> String {
    let head = [
        "",
        "commands/s",
        "low–high",
        "events/s",
        "p50 ms",
        "p99 ms",
        "× (a)",
        "our CPU µs",
        "PG CPU µs",
        "WAL B",
    ];
    let rows: Vec<Vec<String>> = report
        .lines
        .iter()
        .map(|line| {
            let (low, high) = line.range();
            let [rate, p50, p99, own, server, wal] = cells(&line.median);
            let events = line.events_per_second.map_or_else(dash, thousands);
            let ratio =
                report.bare().map_or_else(dash, |bare| format!("{:.2}", line.median.per_second / bare));
            let range = format!("{}–{}", thousands(low), thousands(high));
            vec![line.case.to_string(), rate, range, events, p50, p99, ratio, own, server, wal]
        })
        .collect();
    let note = "CPU and WAL are for each command. Our CPU is that of the calling side: ledger and callers, or the\n\
        baseline's callers, or pgbench. (a) inserts one row of three small columns.\n";
    table(&head, &rows) + note
}

fn disk(report: &Report) -> String {
    let disk = &report.disk;
    let mut out = format!(
        "\nOn disk, for each of {} events: {:.0} B of table",
        thousands(disk.events as f64),
        disk.heap
    );
    for (name, bytes) in &disk.indexes {
        let _ = write!(out, ", {bytes:.0} B of {name}");
    }
    out + "\n"
}

fn growth(report: &Report) -> String {
    let rows: Vec<Vec<String>> = report
        .growth
        .iter()
        .map(|growth| {
            let [rate, p50, p99, own, server, wal] = cells(&growth.line.median);
            let name = format!(
                "{} callers on {} events",
                thousands(growth.line.case.callers as f64),
                thousands(growth.asked as f64)
            );
            let filled = format!("{} in {:.0} s", thousands(growth.events as f64), growth.filled_seconds);
            vec![name, rate, p50, p99, own, server, wal, filled]
        })
        .collect();
    table(&["growth", "commands/s", "p50 ms", "p99 ms", "our CPU µs", "PG CPU µs", "WAL B", "events"], &rows)
}

fn memory(report: &Report) -> String {
    let rows: Vec<Vec<String>> = report
        .memory
        .iter()
        .map(|point| {
            vec![
                format!("{:.0} s", point.seconds),
                thousands(point.accounts as f64),
                thousands(point.commands as f64),
                format!("{:.1}", point.resident_mib),
            ]
        })
        .collect();
    table(&["memory after", "accounts seen", "commands", "MiB"], &rows)
}

/// Rate, p50, p99, both CPU times, WAL.
pub(super) fn cells(figure: &Figure) -> [String; 6] {
    let ms = |time: Option<f64>| time.map_or_else(dash, |time| format!("{time:.2}"));
    [
        thousands(figure.per_second),
        ms(figure.p50_ms),
        ms(figure.p99_ms),
        format!("{:.1}", figure.own_cpu_us),
        format!("{:.1}", figure.server_cpu_us),
        thousands(figure.wal_bytes),
    ]
}

/// Nothing to tell.
pub(super) fn dash() -> String {
    "–".to_owned()
}
