//! What the pipeline is to reach, beside what it did.

use super::{Report, number};
use crate::parts::{calls, held, hooks, latency, throughput, videos};
use crate::sample::{Column, JOBS, P50, P99};
use crate::settings::Part;

/// One aim.
pub(super) struct Aim {
    what: String,
    found: String,
    is_reached: bool,
}

impl Aim {
    /// As a row of a table.
    pub(super) fn cells(self) -> Vec<String> {
        vec![self.what, self.found, if self.is_reached { "reached" } else { "**short**" }.to_owned()]
    }
}

/// What a cell must be.
enum Bound {
    Least(f64),
    Most(f64),
}

/// All aims about which the report knows something.
pub(super) fn aims(report: &Report) -> Vec<Aim> {
    let mut aims = Vec::new();
    throughput_aims(report, &mut aims);
    latency_aims(report, &mut aims);
    held_aims(report, &mut aims);
    videos_aims(report, &mut aims);
    calls_aims(report, &mut aims);
    hooks_aims(report, &mut aims);
    aims
}

fn throughput_aims(report: &Report, aims: &mut Vec<Aim>) {
    let rate = |line| report.of(Part::Throughput, line, JOBS);
    let (many, one) = (rate(throughput::LINE_MANY), rate(throughput::LINE_ONE));
    aims.extend(aim("many accounts, jobs/s", many, Bound::Least(1_500.0), 0, ""));
    aims.extend(aim("one account, jobs/s", one, Bound::Least(1_500.0), 0, ""));
    let singly = ratio(many, rate(throughput::LINE_SINGLY));
    aims.extend(aim("many accounts over (b)", singly, Bound::Least(1.0), 2, "×"));
}

fn latency_aims(report: &Report, aims: &mut Vec<Aim>) {
    let of = |column| report.of(Part::Latency, latency::LINE, column);
    aims.extend(aim("start at 100 jobs/s, p50", of(P50), Bound::Most(15.0), 1, "ms"));
    aims.extend(aim("start at 100 jobs/s, p99", of(P99), Bound::Most(60.0), 1, "ms"));
}

fn held_aims(report: &Report, aims: &mut Vec<Aim>) {
    let of = |line, column: Column| report.of(Part::Held, line, column);
    let growth = ratio(of(held::LINE_LAST, held::MEMORY), of(held::LINE_FIRST, held::MEMORY));
    let growth = growth.map(|growth| (growth - 1.0) * 100.0);
    aims.extend(aim("2,000 held, growth of memory", growth, Bound::Most(10.0), 1, "%"));
    let missed = of(held::LINE_ALL, held::MISSED);
    aims.extend(aim("2,000 held, messages missed by a heartbeat", missed, Bound::Most(0.0), 0, ""));
    let twice = of(held::LINE_ALL, held::TWICE);
    aims.extend(aim("2,000 held, messages delivered twice", twice, Bound::Most(0.0), 0, ""));
}

fn videos_aims(report: &Report, aims: &mut Vec<Aim>) {
    let of = |line, column| report.of(Part::Videos, line, column);
    let late = of(videos::LINE_MANY, videos::LATE_P99);
    aims.extend(aim("5,000 clips, lateness, p99", late, Bound::Most(1_000.0), 1, "ms"));
    let few = ratio(of(videos::LINE_FEW, videos::CHECKS), of(videos::LINE_SINGLY, videos::CHECKS));
    aims.extend(aim("25 clips over one by one", few, Bound::Least(15.0), 1, "×"));
}

fn calls_aims(report: &Report, aims: &mut Vec<Aim>) {
    let of = |line| report.of(Part::Calls, line, calls::ALL);
    for line in [calls::LINE_STEADY, calls::LINE_LINGER, calls::LINE_BURST] {
        let fewer = ratio(of(line), of(calls::LINE_SINGLY)).map(|share| (1.0 - share) * 100.0);
        let what = format!("{line}, fewer requests than one by one");
        aims.extend(aim(&what, fewer, Bound::Least(85.0), 1, "%"));
    }
}

fn hooks_aims(report: &Report, aims: &mut Vec<Aim>) {
    let of = |line| report.of(Part::Hooks, line, hooks::LONGEST);
    let later = of(hooks::LINE_ILL).zip(of(hooks::LINE_WELL)).map(|(ill, well)| ill - well);
    let what = "a dead and a slow endpoint, by which the others are told later";
    aims.extend(aim(what, later, Bound::Most(1_000.0), 1, "ms"));
}

fn ratio(ours: Option<f64>, theirs: Option<f64>) -> Option<f64> {
    Some(ours? / theirs?)
}

fn aim(what: &str, found: Option<f64>, bound: Bound, decimals: usize, unit: &str) -> Option<Aim> {
    let found = found?;
    let (sign, bound, is_reached) = match bound {
        Bound::Least(least) => ("≥", least, found >= least),
        Bound::Most(most) => ("≤", most, found <= most),
    };
    let what = format!("{what} {sign} {}", number(bound, 0, unit));
    Some(Aim { what, found: number(found, decimals, unit), is_reached })
}
