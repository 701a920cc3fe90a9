//! What may happen in a story. Lots, holds and jobs are named by their place among those that the story has seen,
//! counted from the newest, so that a story stays one while it is shrunk.

use crate::naive::{MOST, Micros, Seconds};
use ledger::job::FailureClass;
use proptest::option::of;
use proptest::prelude::{Just, Strategy, any, prop_oneof};

/// One thing that happens.
#[derive(Debug, Clone)]
pub(crate) enum Step {
    /// Somebody asks for something, or for several things that belong together.
    Ask { asks: Vec<(usize, Ask)>, key: Option<u8>, through: Through },
    /// Somebody sends an earlier request with a key again.
    Repeat { nth: usize, through: Through },
    /// Time passes.
    Pass(Seconds),
    /// A process ends and starts anew.
    Restart(usize),
}

/// Through which process, and whether only to see what would happen.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Through {
    pub(crate) process: usize,
    pub(crate) dry_run: bool,
}

/// What is asked. Times are seconds from now.
#[derive(Debug, Clone)]
pub(crate) enum Ask {
    Grant {
        amount: Micros,
        priority: u8,
        from: Option<Seconds>,
        until: Option<Seconds>,
    },
    Adjust {
        change: Micros,
        clamp: bool,
    },
    Hold {
        amount: Micros,
        until: Option<Seconds>,
    },
    Capture {
        hold: usize,
        amount: Micros,
    },
    CaptureAll {
        hold: usize,
    },
    Release {
        hold: usize,
    },
    Void {
        lot: usize,
    },
    Lapse,
    /// Each with its most, the price of a second if that is what it depends on, and how much of a hundred a late cancel keeps.
    Queue {
        prices: Vec<(Micros, Option<Micros>, u8)>,
        again: bool,
    },
    Start(usize),
    Submit {
        job: usize,
        late: bool,
    },
    Succeed {
        job: usize,
        late: bool,
        milliseconds: u64,
    },
    Fail {
        job: usize,
        late: bool,
        class: FailureClass,
        backoff: Seconds,
    },
    Forfeit {
        job: usize,
        late: bool,
        backoff: Seconds,
    },
    DeadLetter(usize),
    Cancel(usize),
    CancelByUser {
        job: usize,
        most: Option<Micros>,
    },
    Retry(usize),
    Discard(usize),
    Rerun(usize),
    Refund {
        job: usize,
        amount: Option<Micros>,
    },
}

const ONE: Micros = 1_000_000;

/// Mostly a few credits; sometimes none, a fraction, or far too many.
fn amount() -> impl Strategy<Value = Micros> {
    prop_oneof![
        1 => Just(0),
        12 => (1..9_i128).prop_map(|whole| whole * ONE),
        4 => 1..10 * ONE,
        1 => MOST - 20 * ONE..=MOST,
    ]
}

/// Mostly soon; sometimes just now or in the past.
fn soon() -> impl Strategy<Value = Seconds> {
    prop_oneof![1 => -5..=0_i64, 10 => 1..60_i64, 2 => 60..5_000_i64]
}

fn priority() -> impl Strategy<Value = u8> {
    prop_oneof![3 => Just(50), 2 => 0..=100_u8, 1 => Just(10), 1 => Just(90)]
}

/// The newest, mostly.
fn place() -> impl Strategy<Value = usize> {
    prop_oneof![4 => Just(0_usize), 3 => 1..3_usize, 1 => 3..8_usize]
}

fn class() -> impl Strategy<Value = FailureClass> {
    prop_oneof![
        2 => Just(FailureClass::Permanent),
        3 => Just(FailureClass::Transient),
        1 => Just(FailureClass::Throttled)
    ]
}

fn late() -> impl Strategy<Value = bool> {
    proptest::bool::weighted(0.05)
}

/// What admins ask of an account.
fn about_credits() -> impl Strategy<Value = Ask> {
    prop_oneof![
        6 => (amount(), priority(), of(soon()), of(soon())).prop_map(|(amount, priority, from, until)| {
            let from = from.filter(|from| from % 3 == 0);
            Ask::Grant { amount, priority, from, until }
        }),
        2 => (amount(), any::<bool>(), any::<bool>()).prop_map(|(amount, down, clamp)| {
            Ask::Adjust { change: if down { -amount } else { amount }, clamp }
        }),
        4 => (amount(), of(soon())).prop_map(|(amount, until)| Ask::Hold { amount, until }),
        3 => (place(), amount()).prop_map(|(hold, amount)| Ask::Capture { hold, amount }),
        1 => place().prop_map(|hold| Ask::CaptureAll { hold }),
        2 => place().prop_map(|hold| Ask::Release { hold }),
        2 => place().prop_map(|lot| Ask::Void { lot }),
        1 => Just(Ask::Lapse),
    ]
}

/// What users ask for, and what workers and admins do to their jobs.
fn about_jobs() -> impl Strategy<Value = Ask> {
    let rate = of(prop_oneof![Just(0), (1..3 * ONE), Just(ONE / 3)]);
    let percent = prop_oneof![1 => Just(0_u8), 2 => 0..=100_u8, 1 => Just(100), 1 => Just(50)];
    let prices = proptest::collection::vec((amount(), rate, percent), 1..3);
    let milliseconds = prop_oneof![6 => 0..12_000_u64, 1 => Just(u64::MAX)];
    let backoff = prop_oneof![3 => Just(0_i64), 1 => 1..100_i64];
    prop_oneof![
        8 => (prices, late()).prop_map(|(prices, again)| Ask::Queue { prices, again }),
        8 => place().prop_map(Ask::Start),
        6 => (place(), late()).prop_map(|(job, late)| Ask::Submit { job, late }),
        5 => (place(), late(), milliseconds)
            .prop_map(|(job, late, milliseconds)| Ask::Succeed { job, late, milliseconds }),
        6 => (place(), late(), class(), backoff)
            .prop_map(|(job, late, class, backoff)| Ask::Fail { job, late, class, backoff }),
        2 => (place(), late(), 0..20_i64)
            .prop_map(|(job, late, backoff)| Ask::Forfeit { job, late, backoff }),
        1 => place().prop_map(Ask::DeadLetter),
        2 => place().prop_map(Ask::Cancel),
        6 => (place(), proptest::option::weighted(0.3, amount()))
            .prop_map(|(job, most)| Ask::CancelByUser { job, most }),
        1 => place().prop_map(Ask::Retry),
        1 => place().prop_map(Ask::Discard),
        2 => place().prop_map(Ask::Rerun),
        4 => (place(), of(amount())).prop_map(|(job, amount)| Ask::Refund { job, amount }),
    ]
}

/// The first account, mostly.
fn who() -> impl Strategy<Value = usize> {
    prop_oneof![3 => Just(0_usize), 1 => Just(1_usize)]
}

fn ask() -> impl Strategy<Value = (usize, Ask)> {
    (who(), prop_oneof![about_credits(), about_jobs()])
}

fn through() -> impl Strategy<Value = Through> {
    (0..2_usize, proptest::bool::weighted(0.1)).prop_map(|(process, dry_run)| Through { process, dry_run })
}

fn step() -> impl Strategy<Value = Step> {
    let key = || proptest::option::weighted(0.25, 0..3_u8);
    let many = proptest::collection::vec(ask(), 1..4);
    prop_oneof![
        30 => (ask(), key(), through()).prop_map(|(ask, key, through)| Step::Ask { asks: vec![ask], key, through }),
        4 => (many, key(), through()).prop_map(|(asks, key, through)| Step::Ask { asks, key, through }),
        3 => (0..4_usize, through()).prop_map(|(nth, through)| Step::Repeat { nth, through }),
        6 => prop_oneof![4 => 1..30_i64, 2 => 30..100_i64, 1 => 100..200_000_i64].prop_map(Step::Pass),
    ]
}

/// What both accounts begin with, or else little would be possible: credits, a hold, and jobs of both kinds.
fn beginning() -> Step {
    let grant = |amount: Micros| Ask::Grant { amount: amount * ONE, priority: 50, from: None, until: None };
    let queue = |prices: &[(Micros, Option<Micros>, u8)]| Ask::Queue {
        prices: prices.iter().map(|(most, rate, percent)| (most * ONE, *rate, *percent)).collect(),
        again: false,
    };
    let asks = vec![
        (0, grant(40)),
        (0, Ask::Grant { amount: 9 * ONE, priority: 20, from: None, until: Some(90) }),
        (1, grant(30)),
        (0, queue(&[(3, None, 50), (5, Some(ONE), 33)])),
        (1, queue(&[(4, Some(2 * ONE), 0), (2, None, 100)])),
        (0, Ask::Hold { amount: 6 * ONE, until: Some(200) }),
    ];
    Step::Ask { asks, key: None, through: Through { process: 0, dry_run: false } }
}

/// About one story in ten has a restart.
pub(crate) fn stories() -> impl Strategy<Value = Vec<Step>> {
    let rest = proptest::collection::vec(step(), 1..30);
    let restart = proptest::option::weighted(0.1, (any::<proptest::sample::Index>(), 0..2_usize));
    (rest, restart).prop_map(|(rest, restart)| {
        let mut steps = vec![beginning()];
        steps.extend(rest);
        if let Some((place, process)) = restart {
            steps.insert(place.index(steps.len()), Step::Restart(process));
        }
        steps
    })
}
