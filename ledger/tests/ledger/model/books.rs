//! Random stories again, for the books of the whole system: between any two moments of a story they are what the naive
//! ledger had at those moments, and two intervals that meet are one.

use crate::model::stage::Stage;
use crate::model::steps::{Step, stories};
use crate::model::story::Story;
use crate::naive::micros;
use crate::support;
use ledger::books::{Books, Holdings, TrialBalance};
use ledger::export::Bound;
use ledger::{Position, Role};
use proptest::test_runner::{Config, FileFailurePersistence, TestCaseError, TestRunner};
use rust_decimal::Decimal;
use std::collections::BTreeMap;

/// Each adds up several intervals, so there are fewer than of the stories that only look at answers.
const CASES: u32 = 48;

/// What all accounts of a story had at a moment, in millionths.
#[derive(Debug, Clone, Copy)]
struct Moment {
    /// The first position after it.
    position: i64,
    available: i128,
    held: i128,
}

#[test]
fn between_any_two_moments_of_a_random_story_the_books_are_those_of_a_naive_ledger() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let bench = runtime.block_on(support::bench());
    let stage = Stage::open(&bench.database);
    let config = Config {
        cases: CASES,
        max_shrink_iters: 200,
        failure_persistence: Some(Box::new(FileFailurePersistence::Off)),
        ..Config::default()
    };
    let told = TestRunner::new(config).run(&stories(), |steps| stage.tell_of_books(&steps, &bench.database));
    told.unwrap_or_else(|failure| panic!("{failure}"));
}

impl Stage {
    fn tell_of_books(&self, steps: &[Step], database: &ledger::Database) -> Result<(), TestCaseError> {
        self.runtime.block_on(async {
            let mut story = Story::begin(self);
            let mut moments = vec![self.moment(&story).await];
            for step in steps {
                story.play(step).await.map_err(TestCaseError::fail)?;
                moments.push(self.moment(&story).await);
            }
            let books = Books::open(database.connect(Role::Exporter).await.unwrap()).await.unwrap();
            compare(&books, &moments).await.map_err(TestCaseError::fail)
        })
    }

    async fn moment(&self, story: &Story<'_>) -> Moment {
        let newest = "select coalesce(max(position), 0) + 1 from events";
        let position = self.reader.query_one(newest, &[]).await.unwrap().get(0);
        let sum = |of: fn(&crate::naive::NaiveAccount) -> i128| {
            story.users.iter().map(|user| of(&user.account)).sum::<i128>()
        };
        Moment { position, available: sum(|one| one.balance()), held: sum(|one| one.held()) }
    }
}

/// What there was before the story stays as it is, so it is told apart by the first moment.
async fn compare(books: &Books, moments: &[Moment]) -> Result<(), String> {
    let before = between(books, moments[0].position, moments[0].position).await.closing;
    let is = |found: Holdings, moment: &Moment| {
        let apart = (micros(found.available - before.available), micros(found.held - before.held));
        if apart == (moment.available, moment.held) {
            Ok(())
        } else {
            Err(format!("the books have {apart:?} and not {moment:?}"))
        }
    };
    let last = moments.len() - 1;
    for (first, middle) in [(0, last / 2), (last / 3, last / 2), (last / 2, last / 2), (last / 4, last)] {
        let balance = between(books, moments[first].position, moments[middle].position).await;
        if !balance.is_balanced() {
            return Err(format!("it does not add up: {:?}", balance.difference()));
        }
        is(balance.opening, &moments[first])?;
        is(balance.closing, &moments[middle])?;
        let after = between(books, moments[middle].position, moments[last].position).await;
        let whole = between(books, moments[first].position, moments[last].position).await;
        let parts = added(&moved(&balance), &moved(&after));
        if parts != moved(&whole) || balance.events + after.events != whole.events {
            return Err(format!("{parts:?} are the parts of {whole:?}"));
        }
    }
    Ok(())
}

async fn between(books: &Books, from: i64, to: i64) -> TrialBalance {
    let bound = |position| Some(Bound::Position(Position(position)));
    let interval = books.interval(bound(from), bound(to)).await.unwrap();
    books.trial_balance(interval).await.unwrap()
}

type Moved = BTreeMap<(&'static str, Option<String>), Decimal>;

/// The lines between the ends.
fn moved(balance: &TrialBalance) -> Moved {
    let lines = balance.lines().into_iter();
    let inner = lines.filter(|line| !line.name.starts_with("opening") && !line.name.starts_with("closing"));
    inner.map(|line| ((line.name, line.source.map(str::to_owned)), line.amount)).collect()
}

fn added(one: &Moved, other: &Moved) -> Moved {
    let mut sum = one.clone();
    other.iter().for_each(|(line, amount)| *sum.entry(line.clone()).or_default() += *amount);
    sum
}
