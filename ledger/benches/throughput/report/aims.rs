//! What the ledger is to reach, beside what it did.

use super::Report;
use crate::case::{Place, System};
use measure::words::thousands;

/// One aim.
pub(super) struct Aim {
    /// What is asked.
    pub(super) what: String,
    /// What was found.
    pub(super) found: String,
    /// Whether it is reached.
    pub(super) reached: bool,
}

/// All aims about which this run knows something.
pub(super) fn aims(report: &Report) -> Vec<Aim> {
    let mut aims = Vec::new();
    spread(report, &mut aims);
    hot_and_lone(report, &mut aims);
    processes(report, &mut aims);
    growth(report, &mut aims);
    aims
}

fn spread(report: &Report, aims: &mut Vec<Aim>) {
    let rate = |callers| report.rate(System::Cooly, callers, Place::Spread);
    aims.extend(rate(64).map(|rate| at_least("64 callers, commands/s", rate, 25_000.0)));
    aims.extend(over("64 callers over (a)", rate(64), report.bare(), 1.5));
    let p99 = report.line(System::Cooly, 64, Place::Spread).and_then(|line| line.median.p99_ms);
    aims.extend(p99.map(|p99| below("64 callers, p99", p99, 8.0, "ms")));
    let many = [1_024, 4_096].into_iter().filter_map(rate).reduce(f64::max);
    aims.extend(many.map(|rate| at_least("1,024 callers or more, commands/s", rate, 60_000.0)));
    aims.extend(over("1,024 callers or more over (a)", many, report.bare(), 3.5));
}

fn hot_and_lone(report: &Report, aims: &mut Vec<Aim>) {
    let hot = report.rate(System::Cooly, 64, Place::Hot);
    aims.extend(hot.map(|rate| at_least("64 callers on one account, commands/s", rate, 30_000.0)));
    let lock = report.rate(System::RowLock, 64, Place::Hot);
    aims.extend(over("64 callers on one account over (b)", hot, lock, 40.0));
    // Like for like: the conventional application keeps idempotency keys too.
    let keyed = report.rate(System::CoolyKeyed, 1, Place::Spread);
    let conventional = report.rate(System::Conventional, 1, Place::Spread);
    aims.extend(over("lone caller with idempotency key over (c)", keyed, conventional, 20.0));
    let p50 = report.line(System::Cooly, 1, Place::Spread).and_then(|line| line.median.p50_ms);
    aims.extend(p50.map(|p50| below("lone caller, p50", p50, 1.0, "ms")));
}

fn processes(report: &Report, aims: &mut Vec<Aim>) {
    for (system, accounts) in
        [(System::CoolyTwoShared, "same accounts"), (System::CoolyTwoDisjoint, "own accounts")]
    {
        for callers in [64, 1_024] {
            let one = report.rate(System::Cooly, callers, Place::Spread);
            let two = report.rate(system, callers, Place::Spread);
            let Some((one, two)) = one.zip(two) else { continue };
            let what = format!("loss of two processes, {accounts}, {} callers", thousands(callers as f64));
            aims.push(below(&what, (1.0 - two / one) * 100.0, 20.0, "%"));
        }
    }
}

fn growth(report: &Report, aims: &mut Vec<Aim>) {
    for callers in [64, 1_024] {
        let rates = report.growth.iter().filter(|growth| growth.line.case.callers == callers);
        let rates: Vec<f64> = rates.map(|growth| growth.line.median.per_second).collect();
        let (low, high) =
            rates.iter().fold((f64::INFINITY, 0.0), |(low, high), rate| (rate.min(low), rate.max(high)));
        if rates.len() > 1 {
            let what = format!("difference between logs, {} callers", thousands(callers as f64));
            aims.push(below(&what, (1.0 - low / high) * 100.0, 20.0, "%"));
        }
    }
}

fn at_least(what: &str, found: f64, aim: f64) -> Aim {
    Aim { what: format!("{what} ≥ {}", thousands(aim)), found: thousands(found), reached: found >= aim }
}

fn over(what: &str, ours: Option<f64>, theirs: Option<f64>, aim: f64) -> Option<Aim> {
    let ratio = ours? / theirs?;
    Some(Aim { what: format!("{what} ≥ {aim} ×"), found: format!("{ratio:.2} ×"), reached: ratio >= aim })
}

fn below(what: &str, found: f64, aim: f64, unit: &str) -> Aim {
    Aim { what: format!("{what} < {aim} {unit}"), found: format!("{found:.2} {unit}"), reached: found < aim }
}
