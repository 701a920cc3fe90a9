//! Cancels after a provider has accepted the work: what comes back to which lots, and that the books say so.

use crate::support;

use chrono::{TimeDelta, Utc};
use ledger::account::{Grant, Priority};
use ledger::job::{JobCommand, LateCancel, Price, Status};
use ledger::{JobId, Outcome, Refusal, UserId, read};
use support::{
    Bench, bench, by_user, credits, queue_under, refund, refusal, submit, succeed, user, with_key,
};

const FIXED: &str = "8";

fn fixed() -> Price {
    Price::Fixed(credits(FIXED))
}

fn metered() -> Price {
    Price::PerSecond { rate: credits("2"), most: credits("10") }
}

/// A job that a provider has accepted.
async fn submitted(bench: &Bench, user: &UserId, price: Price, terms: &str) -> JobId {
    let late_cancel: LateCancel = terms.parse().unwrap();
    let (job, command) = queue_under(user, price, late_cancel);
    let _ = bench.ledger.execute(command).await.unwrap();
    accepted(bench, user, job).await;
    job
}

async fn accepted(bench: &Bench, user: &UserId, job: JobId) -> i64 {
    let fencing = bench.started(user, job).await;
    bench.job(user, job, submit(fencing)).await.unwrap();
    fencing
}

async fn cancel(bench: &Bench, user: &UserId, job: JobId) -> Result<Outcome, Refusal> {
    cancel_told(bench, user, job, None).await
}

async fn cancel_told(
    bench: &Bench,
    user: &UserId,
    job: JobId,
    max_kept: Option<&str>,
) -> Result<Outcome, Refusal> {
    let command = JobCommand::CancelByUser { max_kept: max_kept.map(credits) };
    refusal(bench.ledger.execute(by_user(user, job, command)).await)
}

async fn sound(bench: &Bench) {
    assert_eq!(bench.breaches().await, Vec::<String>::new());
}

#[tokio::test]
async fn the_rest_comes_back_to_the_lots_that_burned_last() {
    let bench = bench().await;
    let alice = user("alice");
    let soon = Some(Utc::now() + TimeDelta::hours(1));
    let promo =
        bench.lot(Grant { expires_at: soon, ..Grant::new(alice.clone(), credits("3"), "promo") }).await;
    let plan = bench.lot(Grant::new(alice.clone(), credits("4"), "plan")).await;
    let last = Priority::try_from(90).unwrap();
    let bought =
        bench.lot(Grant { priority: last, ..Grant::new(alice.clone(), credits("10"), "bought") }).await;
    let job = submitted(&bench, &alice, fixed(), "25%").await;
    assert_eq!(bench.lots(&alice).await, format!("{bought}:9"));
    let outcome = cancel(&bench, &alice, job).await.unwrap();
    assert_eq!(outcome.credits.len(), 1);
    let state = &outcome.jobs[0].1;
    assert_eq!((state.status, state.charged_in_all()), (Status::Cancelled, credits("2")));
    assert_eq!(
        bench.lots(&alice).await,
        format!("{promo}:1 {plan}:4 {bought}:10"),
        "2 of the promo stay spent"
    );
    sound(&bench).await;
    // Under its version no earlier release takes it for a cancel that gave all back.
    assert_eq!(bench.count("type = 'job.cancelled' and schema_version = 3").await, 1);
    assert_eq!(bench.count("schema_version = 3").await, 1);
}

#[tokio::test]
async fn a_lot_that_lapsed_meanwhile_gets_its_part_back_for_a_while_of_grace() {
    let bench = bench().await;
    let alice = user("alice");
    let soon = Utc::now() + TimeDelta::milliseconds(1_500);
    let promo = Grant { expires_at: Some(soon), ..Grant::new(alice.clone(), credits("6"), "promo") };
    let promo = bench.lot(promo).await;
    bench.grant(&alice, "4").await;
    let job = submitted(&bench, &alice, fixed(), "50%").await;
    while Utc::now() <= soon + TimeDelta::milliseconds(100) {
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    let outcome = cancel(&bench, &alice, job).await.unwrap();
    assert_eq!(outcome.jobs[0].1.charged_in_all(), credits("4"));
    let lots = bench.state(&alice).await.lots;
    let late = lots.iter().find(|lot| lot.lot == promo).unwrap();
    assert_eq!((late.amount, late.extended), (credits("2"), true));
    assert!(late.expires_at.is_some_and(|end| end > soon + TimeDelta::days(1)));
    assert_eq!(bench.balance(&alice).await, credits("6"));
    sound(&bench).await;
}

#[tokio::test]
async fn of_a_hold_what_is_kept_is_captured_and_the_rest_released() {
    for (terms, kept, balance) in [("25%", "2.5", "9.5"), ("keep", "10", "2"), ("refund", "0", "12")] {
        let bench = bench().await;
        let alice = user("alice");
        bench.grant(&alice, "5").await;
        bench.grant(&alice, "7").await;
        let job = submitted(&bench, &alice, metered(), terms).await;
        let outcome = cancel(&bench, &alice, job).await.unwrap();
        let name = if kept == "0" { "credits.released" } else { "credits.captured" };
        assert_eq!(outcome.credits[0].name(), name, "{terms}");
        let state = bench.state(&alice).await;
        assert_eq!((state.balance, state.held), (credits(balance), credits("0")), "{terms}");
        assert_eq!(outcome.jobs[0].1.charged_in_all(), credits(kept), "{terms}");
        sound(&bench).await;
    }
}

#[tokio::test]
async fn a_price_that_is_kept_whole_moves_no_credits() {
    let bench = bench().await;
    let alice = user("alice");
    bench.grant(&alice, "10").await;
    let job = submitted(&bench, &alice, fixed(), "keep").await;
    let outcome = cancel(&bench, &alice, job).await.unwrap();
    assert_eq!((outcome.credits.len(), bench.balance(&alice).await), (0, credits("2")));
    assert!(outcome.position.is_some());
    sound(&bench).await;
    // An admin may give it back all the same, once.
    let given = bench.job(&alice, job, refund(None)).await.unwrap();
    assert_eq!(given.jobs[0].1.charged_in_all(), credits("0"));
    let again = bench.job(&alice, job, refund(None)).await.unwrap_err();
    assert_eq!(again.code(), "refund_too_large");
    assert_eq!(bench.balance(&alice).await, credits("10"));
    sound(&bench).await;
}

#[tokio::test]
async fn nothing_is_kept_before_a_provider_has_accepted_and_a_stale_view_is_refused() {
    let bench = bench().await;
    let alice = user("alice");
    bench.grant(&alice, "100").await;
    for stage in ["queued", "running", "waiting again"] {
        let (job, command) = queue_under(&alice, fixed(), LateCancel::KEEP);
        let _ = bench.ledger.execute(command).await.unwrap();
        if stage != "queued" {
            let fencing = bench.started(&alice, job).await;
            if stage != "running" {
                bench.job(&alice, job, submit(fencing)).await.unwrap();
                let failed = support::fail(fencing, ledger::job::FailureClass::Transient);
                bench.job(&alice, job, failed).await.unwrap();
            }
        }
        let outcome = cancel_told(&bench, &alice, job, Some("0")).await.unwrap();
        assert_eq!(outcome.jobs[0].1.charged_in_all(), credits("0"), "{stage}");
    }
    assert_eq!(bench.balance(&alice).await, credits("100"));
    // Shown as free, and accepted by the provider since: nothing happens.
    let job = submitted(&bench, &alice, fixed(), "50%").await;
    let refused = cancel_told(&bench, &alice, job, Some("0")).await.unwrap_err();
    assert_eq!(refused, Refusal::CancelKeepsMore { kept: credits("4"), accepted: credits("0") });
    let state = read::job(&bench.owner().await, alice.account(), job).await.unwrap().unwrap();
    assert_eq!(state.status, Status::Running);
    let outcome = cancel_told(&bench, &alice, job, Some("4")).await.unwrap();
    assert_eq!(outcome.jobs[0].1.charged_in_all(), credits("4"));
    // A repeat changes nothing more, whatever it was told.
    let again = cancel_told(&bench, &alice, job, Some("0")).await.unwrap();
    assert_eq!((again.position, again.jobs[0].1.charged_in_all()), (None, credits("4")));
    assert_eq!(bench.balance(&alice).await, credits("96"));
    sound(&bench).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_cancel_and_a_success_that_race_one_wins_and_the_books_are_right() {
    let bench = bench().await;
    let other = bench.other_process().await;
    let alice = user("alice");
    bench.grant(&alice, "1000").await;
    let mut spent = credits("0").get();
    for round in 0..16 {
        let price = if round % 2 == 0 { fixed() } else { metered() };
        let (job, command) = queue_under(&alice, price, "50%".parse().unwrap());
        let _ = bench.ledger.execute(command).await.unwrap();
        let fencing = accepted(&bench, &alice, job).await;
        let cancel = || by_user(&alice, job, JobCommand::CancelByUser { max_kept: None });
        let done = support::on_job(&alice, job, succeed(fencing, Some(1_000)));
        let (first, second, done) =
            tokio::join!(bench.ledger.execute(cancel()), other.execute(cancel()), other.execute(done));
        let (first, second, done) = (refusal(first), refusal(second), refusal(done));
        assert_eq!(done.is_ok(), first.is_err(), "{first:?} {done:?}");
        assert_eq!(first.is_ok(), second.is_ok(), "both cancels find it cancelled, or neither");
        let state = read::job(&bench.owner().await, alice.account(), job).await.unwrap().unwrap();
        spent += state.charged_in_all().get();
    }
    assert_eq!(bench.balance(&alice).await.get(), credits("1000").get() - spent);
    sound(&bench).await;
}

#[tokio::test]
async fn a_run_after_it_is_paid_for_anew_and_goodwill_gives_back_every_run_under_one_key() {
    let bench = bench().await;
    let alice = user("alice");
    for _ in 0..5 {
        bench.grant(&alice, "5").await;
    }
    let before = bench.lots(&alice).await;
    let job = submitted(&bench, &alice, fixed(), "50%").await;
    cancel(&bench, &alice, job).await.unwrap();
    let again = bench.job(&alice, job, JobCommand::Rerun).await.unwrap();
    assert_eq!(
        (again.credits[0].name(), again.jobs[0].1.charged_in_all()),
        ("credits.debited", credits("12"))
    );
    let fencing = accepted(&bench, &alice, job).await;
    bench.job(&alice, job, succeed(fencing, None)).await.unwrap();
    sound(&bench).await;

    let all = with_key(support::on_job(&alice, job, refund(None)), "sorry", 1);
    let given = refusal(bench.ledger.execute(all.clone()).await).unwrap();
    let refunded: Vec<String> = given.credits.iter().map(|event| event.change().to_string()).collect();
    assert_eq!(refunded, ["8", "4"], "the latest run first");
    assert_eq!(given.jobs[0].1.charged_in_all(), credits("0"));
    assert_eq!(bench.lots(&alice).await, before);
    // A repeat is answered by the log alone, as it was answered at first.
    for ledger in [bench.ledger.clone(), bench.other_process().await] {
        let repeated = refusal(ledger.execute(all.clone()).await).unwrap();
        assert!(repeated.replayed);
        assert_eq!((&repeated.credits, &repeated.account), (&given.credits, &given.account));
        assert_eq!(repeated.position, given.position);
    }
    sound(&bench).await;
}

#[tokio::test]
async fn where_the_rest_does_not_fit_all_of_the_price_waits() {
    let bench = bench().await;
    let alice = user("alice");
    bench.grant(&alice, "8").await;
    let job = submitted(&bench, &alice, fixed(), "50%").await;
    bench.grant(&alice, "999999999998").await;
    let outcome = cancel(&bench, &alice, job).await.unwrap();
    let state = &outcome.jobs[0].1;
    assert_eq!((outcome.credits.len(), state.charged, state.kept.len()), (0, credits("8"), 0));
    assert_eq!(bench.count("schema_version = 3").await, 0);
    // It pays for another run, of which a late cancel keeps the same.
    bench.job(&alice, job, JobCommand::Rerun).await.unwrap();
    bench.ask(&alice, support::adjust(&alice, "-100", false)).await.unwrap();
    accepted(&bench, &alice, job).await;
    let outcome = cancel(&bench, &alice, job).await.unwrap();
    assert_eq!(outcome.jobs[0].1.charged_in_all(), credits("4"));
    sound(&bench).await;
}

/// Changes what the cancel says that it kept, and lets the chain follow.
async fn forged(bench: &Bench, statement: &str) -> Vec<String> {
    let owner = bench.owner().await;
    owner.batch_execute("set session_replication_role = replica").await.unwrap();
    assert_eq!(owner.execute(statement, &[]).await.unwrap(), 1, "{statement}");
    let chain = "update events set hash = event_hash(events) where type = 'job.cancelled'";
    assert_eq!(owner.execute(chain, &[]).await.unwrap(), 1);
    bench.breaches().await
}

#[tokio::test]
async fn a_forged_amount_is_found_whatever_it_is() {
    let payload = |kept: &str| format!(r#"payload = '{{"type":"job.cancelled","kept":"{kept}"}}'"#);
    let none = r#"payload = '{"type":"job.cancelled"}'"#.to_owned();
    for (change, invariant) in [
        (payload("5"), "job books"),
        (payload("3"), "job books"),
        (payload("9"), "job books"),
        (payload("0"), "job books"),
        (payload("-4"), "readable"),
        (none, "job books"),
        ("actor = 'admin:ops'".to_owned(), "job books"),
        ("schema_version = 2".to_owned(), "readable"),
    ] {
        let bench = bench().await;
        let alice = user("alice");
        bench.grant(&alice, "20").await;
        let job = submitted(&bench, &alice, fixed(), "50%").await;
        cancel(&bench, &alice, job).await.unwrap();
        sound(&bench).await;
        let found = forged(&bench, &format!("update events set {change} where type = 'job.cancelled'")).await;
        assert!(found.iter().any(|breach| breach.starts_with(invariant)), "{change}: {found:#?}");
    }
}
