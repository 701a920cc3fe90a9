//! The rows of the table.

use crate::faults::Strike;
use crate::line::Trouble as LineTrouble;
use crate::process::Role;
use crate::settings::Settings;
use crate::shelf::Mood;
use crate::sites::SITES;
use anyhow::{Result, bail};
use embedded::providers::{Fate, Fault, FileFault, Refusal, RetryAfter, Step, Trouble};
use std::time::Duration;

/// Where no request of ours may ever go.
const FORBIDDEN: &str = "http://169.254.169.254/latest/meta-data/";

/// A row: its name on the command line, what it is in words, and what strikes.
pub(crate) struct Row {
    pub name: &'static str,
    pub words: &'static str,
    pub strike: Strike,
}

/// The rows that are asked for, all of them if none is named.
pub(crate) fn named(settings: &Settings) -> Result<Vec<Row>> {
    let rows = rows(settings.restarts);
    let known: Vec<&str> = rows.iter().map(|row| row.name).collect();
    if let Some(unknown) = settings.names.iter().find(|name| !known.contains(&name.as_str())) {
        bail!("there is no fault `{unknown}`; there are {}", known.join(", "));
    }
    let wanted = |row: &Row| settings.names.is_empty() || settings.names.iter().any(|name| name == row.name);
    Ok(rows.into_iter().filter(wanted).collect())
}

/// All rows, in the order of the table. `restarts` is how often a process is replaced in each seed of that row.
fn rows(restarts: u32) -> Vec<Row> {
    let row = |name, words, strike| Row { name, words, strike };
    let providers = |name, words, fault| Row { name, words, strike: Strike::Providers(fault) };
    let submit = |trouble: Trouble| Fault::Instead(Step::Submit, trouble);
    let after = |trouble: Trouble| Fault::After(Step::Submit, trouble);
    let status = |trouble: Trouble| Fault::Instead(Step::Status, trouble);
    let busy = Trouble::Refusal(Refusal::Busy(RetryAfter::Seconds(1)));
    let shelf = |name, words, mood| Row { name, words, strike: Strike::Shelf(mood) };
    let mut rows = vec![
        row("kill-api", "kill −9 of the API", Strike::Kill(Role::Api)),
        row("kill-projector", "kill −9 of the projector", Strike::Kill(Role::Projector)),
        row("kill-worker", "kill −9 of a worker", Strike::Kill(Role::Worker)),
        row("kill-postgres", "kill −9 of Postgres", Strike::KillPostgres),
        row("freeze-worker", "a worker frozen past its claims", Strike::Freeze),
        row("restarts", "rolling restarts", Strike::Restarts(restarts)),
        row("queue-doubles", "every message sent twice", Strike::Line(LineTrouble::Doubles)),
        row(
            "queue-overtakes",
            "requests to the queue overtake each other",
            Strike::Line(LineTrouble::Overtakes),
        ),
        row("queue-loses", "two of three answers of the queue lost", Strike::Line(LineTrouble::LosesAnswers)),
        row("queue-away", "the queue away for 30 s", Strike::QueueAway),
        row("queue-purged", "the queue purged", Strike::Purge),
        providers("busy", "providers answer 429", submit(busy)),
        providers("down", "providers answer 503", submit(Trouble::Refusal(Refusal::Down(503)))),
        providers("error", "providers answer 500", submit(Trouble::Refusal(Refusal::Down(500)))),
        providers(
            "redirect",
            "providers redirect into a private network",
            submit(Trouble::Redirect(FORBIDDEN.into())),
        ),
        providers("garbage", "accepted, then garbage", after(Trouble::Garbage)),
        providers("endless", "accepted, then an endless body", after(Trouble::Endless)),
        providers("hang-up", "accepted, then hung up", after(Trouble::HangUp)),
        providers("silence", "accepted, then silence", after(Trouble::Silence)),
        providers("polls", "garbage for questions after tasks", status(Trouble::Garbage)),
        providers("late", "tasks end 8 s late", Fault::Fate(Fate::Late(Duration::from_secs(8)))),
        providers("gone", "tasks are forgotten", Fault::Fate(Fate::Gone)),
        providers("failed", "tasks fail", Fault::Fate(Fate::Failed)),
        providers("files-cut", "files are cut off", Fault::File(FileFault::Cut)),
        providers(
            "files-elsewhere",
            "files lead into a private network",
            Fault::File(FileFault::Elsewhere(FORBIDDEN.into())),
        ),
        row("storage", "the folder of outputs gone", Strike::Storage),
        shelf("storage-away", "the store of outputs away", Mood::Away),
        shelf("storage-full", "the store of outputs full", Mood::Full),
        shelf("storage-forbidden", "the store of outputs refuses writes", Mood::Forbidden),
    ];
    rows.extend(SITES.iter().map(|site| row(site.name, site.words, Strike::KillAt(site))));
    rows
}
