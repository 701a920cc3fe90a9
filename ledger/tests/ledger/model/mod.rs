//! Random stories of two accounts, told through two processes and a real log to the ledger, and to a naive one that
//! is too simple to be wrong. Every answer must agree, down to each lot and each hold; at the end the log must be
//! what was answered, fold to the state on its rows, and verify.
//!
//! Time is the test's own: hours pass between two commands, and nothing sleeps. `PROPTEST_CASES` sets how many
//! stories there are. A failure is shrunk to a short story.

mod books;
mod commands;
mod ending;
mod names;
mod stage;
mod steps;
mod story;

use crate::support;
use proptest::test_runner::{Config, FileFailurePersistence, TestError, TestRunner};
use stage::Stage;
use std::thread;

/// Stories that are told at once, each on a runtime and two ledgers of its own.
const AT_ONCE: u32 = 8;

const CASES: u32 = 3_200;

#[test]
fn random_stories_of_two_accounts_agree_with_a_naive_ledger() {
    let cases = std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(CASES);
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let bench = runtime.block_on(support::bench());
    thread::scope(|scope| {
        let tellers: Vec<_> = (0..AT_ONCE)
            .map(|_| {
                let database = bench.database.clone();
                scope.spawn(move || tell(&Stage::open(&database), cases.div_ceil(AT_ONCE)))
            })
            .collect();
        for teller in tellers {
            if let Err(failure) = teller.join().unwrap() {
                panic!("{failure}");
            }
        }
    });
    assert_eq!(runtime.block_on(bench.breaches()), Vec::<String>::new());
}

/// Tells that many stories; returns the shortest one found that goes wrong.
fn tell(stage: &Stage, cases: u32) -> Result<(), String> {
    let config = Config {
        cases,
        max_shrink_iters: 2_000,
        failure_persistence: Some(Box::new(FileFailurePersistence::Off)),
        ..Config::default()
    };
    let mut runner = TestRunner::new(config);
    let told = runner.run(&steps::stories(), |steps| stage.tell(steps));
    told.map_err(|failure| match failure {
        TestError::Fail(problem, steps) => {
            let steps: Vec<_> = steps.iter().map(|step| format!("  {step:?}")).collect();
            format!("{problem}\nin the story\n{}", steps.join("\n"))
        }
        TestError::Abort(reason) => format!("given up: {reason}"),
    })
}
