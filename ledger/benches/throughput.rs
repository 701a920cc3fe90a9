//! How fast durable commands are, beside Postgres' own bare insert, on one server in one run.
//!
//! `cargo bench -p ledger` starts a private Postgres with fsync on and runs, in turn and several rounds:
//! `pgbench` with a single-row insert at 64 clients, then the ledger with 1, 64 and 1,024 callers, spread
//! over 10,000 accounts and all on one account. Each command debits and queues: two events, hash chain
//! and idempotency included. What is printed are medians over the rounds, and the ratio to pgbench.
//!
//! `BENCH_SECONDS` (default 4) is the length of one measurement, `BENCH_ROUNDS` (3) how many there are,
//! `BENCH_LANES` (2) how many lanes the ledger has.

use anyhow::{Context as _, Result};
use embedded::postgres::{Postgres, PostgresOptions};
use ledger::job::{JobRequest, Kind, Params};
use ledger::{
    Action, Actor, Command, Context, Credits, Database, JobId, Ledger, LedgerOptions, NewJob, Role, UserId,
};
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::Arc;
use std::time::{Duration, Instant};

const ACCOUNTS: usize = 10_000;
const PGBENCH_CLIENTS: usize = 64;

/// One way of calling the ledger.
struct Case {
    callers: usize,
    accounts: usize,
}

const CASES: [Case; 6] = [
    Case { callers: 1, accounts: ACCOUNTS },
    Case { callers: 64, accounts: ACCOUNTS },
    Case { callers: 1_024, accounts: ACCOUNTS },
    Case { callers: 1, accounts: 1 },
    Case { callers: 64, accounts: 1 },
    Case { callers: 1_024, accounts: 1 },
];

/// What one measurement found.
#[derive(Clone, Copy)]
struct Figure {
    per_second: f64,
    p50: Duration,
    p99: Duration,
}

fn main() -> Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(bench())
}

async fn bench() -> Result<()> {
    let seconds = setting("BENCH_SECONDS", 4);
    let rounds = setting("BENCH_ROUNDS", 3);
    let lanes = setting("BENCH_LANES", 2) as usize;
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
    let server =
        Postgres::start(PostgresOptions { data_dir: folder.path().join("postgres"), ..Default::default() })
            .await?;
    let database = Database::new(server.url())?;
    let mut owner = database.connect(Role::Owner).await?;
    migrations::apply(&mut owner).await?;
    owner
        .batch_execute(
            "create table bare (id bigint generated always as identity primary key, account int, amount int)",
        )
        .await?;
    let ledger = Ledger::open(&database, LedgerOptions { lanes, ..LedgerOptions::default() }).await?;
    let users: Arc<Vec<UserId>> =
        Arc::new((0..ACCOUNTS).map(|n| format!("bench-{n}").parse()).collect::<Result<_, _>>()?);
    grant_all(&ledger, &users).await?;
    owner.batch_execute("analyze").await?;

    println!("{rounds} rounds of {seconds} s each, {lanes} lanes, fsync on; medians");
    let length = Duration::from_secs(seconds);
    let mut bare = Vec::new();
    let mut figures: Vec<Vec<Figure>> = CASES.iter().map(|_| Vec::new()).collect();
    for round in 1..=rounds {
        bare.push(pgbench(server.url(), seconds)?);
        for (case, figures) in CASES.iter().zip(&mut figures) {
            owner.batch_execute("checkpoint").await?;
            figures.push(measure(&ledger, &users[..case.accounts], case.callers, length).await?);
        }
        eprintln!("round {round} of {rounds} done");
    }
    report(&bare, &figures);
    ledger.close().await;
    server.stop().await;
    Ok(())
}

fn setting(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().and_then(|value| value.parse().ok()).unwrap_or(default)
}

async fn grant_all(ledger: &Ledger, users: &[UserId]) -> Result<()> {
    for chunk in users.chunks(1_000) {
        let grants = chunk.iter().map(|user| {
            ledger.execute(command(
                user,
                Action::Grant {
                    user: user.clone(),
                    amount: Credits::whole(1_000_000_000).expect("an amount"),
                    reason: "bench".into(),
                },
            ))
        });
        for granted in futures::future::join_all(grants).await {
            granted?;
        }
    }
    Ok(())
}

fn command(user: &UserId, action: Action) -> Command {
    Command {
        account: user.account(),
        context: Context {
            actor: Actor::User(user.to_string()),
            request_id: "01990000-0000-7000-8000-000000000000".into(),
            causation_id: None,
        },
        idempotency: None,
        action,
    }
}

fn generation(user: &UserId) -> Command {
    let request = JobRequest {
        kind: Kind::Image,
        model: "sim-image".into(),
        prompt: "a lighthouse on a cliff at dusk, long exposure".into(),
        count: 1,
        params: Params::default(),
    };
    let cost = Credits::whole(4).expect("an amount");
    command(user, Action::Queue { jobs: vec![NewJob { job_id: JobId::generate(), request, cost }] })
}

/// Runs that many callers, each one command after the other, and times each command.
async fn measure(ledger: &Ledger, users: &[UserId], callers: usize, length: Duration) -> Result<Figure> {
    let users: Arc<[UserId]> = users.into();
    let warm = Instant::now() + length / 4;
    let end = warm + length;
    let tasks: Vec<_> = (0..callers)
        .map(|caller| {
            let (ledger, users) = (ledger.clone(), users.clone());
            tokio::spawn(async move {
                let mut times = Vec::new();
                let mut turn = caller;
                loop {
                    let begun = Instant::now();
                    if begun >= end {
                        return anyhow::Ok(times);
                    }
                    ledger.execute(generation(&users[turn % users.len()])).await?;
                    if begun >= warm {
                        times.push(begun.elapsed());
                    }
                    // A prime stride visits all accounts and keeps callers apart.
                    turn += 7_919;
                }
            })
        })
        .collect();
    let mut times = Vec::new();
    for task in tasks {
        times.extend(task.await??);
    }
    times.sort_unstable();
    let at = |share: f64| times[((times.len() - 1) as f64 * share) as usize];
    Ok(Figure { per_second: times.len() as f64 / length.as_secs_f64(), p50: at(0.5), p99: at(0.99) })
}

/// Single-row inserts a second by `pgbench` itself.
fn pgbench(url: &str, seconds: u64) -> Result<f64> {
    let mut script = tempfile::NamedTempFile::new()?;
    std::io::Write::write_all(
        &mut script,
        b"\\set account random(1, 10000)\ninsert into bare (account, amount) values (:account, 4);\n",
    )?;
    let output = std::process::Command::new(find_pgbench().context(
        "pgbench was not found; it comes with the Postgres server package, or set PGBENCH to its path",
    )?)
    .args(["-n", "-M", "prepared", "-j", "2", "-c", &PGBENCH_CLIENTS.to_string(), "-T", &seconds.to_string()])
    .arg("-f")
    .arg(script.path())
    .arg(url)
    .stderr(Stdio::null())
    .output()?;
    let text = String::from_utf8_lossy(&output.stdout);
    let line =
        text.lines().find_map(|line| line.strip_prefix("tps = ")).context("pgbench printed no rate")?;
    Ok(line.split_whitespace().next().unwrap_or_default().parse()?)
}

fn find_pgbench() -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut folders: Vec<PathBuf> = std::env::split_paths(&path).collect();
    let releases = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    folders.extend(releases.map(|release| release.path().join("bin")));
    let found = folders.into_iter().map(|folder| folder.join("pgbench")).find(|path| path.is_file());
    std::env::var_os("PGBENCH").map(PathBuf::from).or(found)
}

fn report(bare: &[f64], figures: &[Vec<Figure>]) {
    let bare = median(bare.to_vec());
    println!();
    println!("{:<34} {:>12} {:>10} {:>10} {:>9}", "", "commands/s", "p50 ms", "p99 ms", "pgbench ×");
    println!("{:<34} {bare:>12.0} {:>10} {:>10} {:>9.2}", "pgbench single-row insert, 64", "", "", 1.0);
    for (case, figures) in CASES.iter().zip(figures) {
        let per_second = median(figures.iter().map(|figure| figure.per_second).collect());
        let p50 = median(figures.iter().map(|figure| figure.p50.as_secs_f64() * 1e3).collect());
        let p99 = median(figures.iter().map(|figure| figure.p99.as_secs_f64() * 1e3).collect());
        let place = if case.accounts == 1 { "one account" } else { "10,000 accounts" };
        let name = format!("{} caller(s), {place}", case.callers);
        println!("{name:<34} {per_second:>12.0} {p50:>10.2} {p99:>10.2} {:>9.2}", per_second / bare);
    }
    println!();
    println!("A command is two events (debit and job); pgbench inserts one row of three small columns.");
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_unstable_by(f64::total_cmp);
    values[values.len() / 2]
}
