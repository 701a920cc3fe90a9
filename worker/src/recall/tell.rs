//! Asks providers to stop what is on the table, until they confirm it or nobody can tell any more.

use super::LONGEST_WORK;
use super::question::{self, Holder, Told};
use super::table::{self, Recall};
use crate::backoff::{doubled, jitter};
use crate::error::Error;
use crate::provider::ProviderFailure;
use crate::station::Station;
use futures::stream::{self, StreamExt, TryStreamExt};
use ledger::failpoint;
use std::time::Duration;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

/// Recalls read at once.
const PAGE: i64 = 200;

/// Questions at once.
const AT_ONCE: usize = 16;

const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(600);

/// After so many questions in vain somebody should look.
const ALARMING_TRIES: u32 = 6;

pub(super) async fn tell(station: &Station, news: &Notify, held: &CancellationToken) -> Result<(), Error> {
    while !held.is_cancelled() {
        let due = table::due(&**station.writer.get().await?, PAGE).await?;
        let full = due.len() as i64 == PAGE;
        let asked = stream::iter(due).map(|recall| async move { ask(station, &recall).await });
        asked.buffer_unordered(AT_ONCE).try_collect::<()>().await?;
        measure(station).await?;
        if full {
            continue;
        }
        tokio::select! {
            () = held.cancelled() => return Ok(()),
            () = news.notified() => {}
            // Others add to the table too.
            () = tokio::time::sleep(FIRST_PAUSE) => {}
        }
    }
    Ok(())
}

async fn measure(station: &Station) -> Result<(), Error> {
    let (left, age_seconds) = table::left(&**station.writer.get().await?).await?;
    metrics::gauge!("cooly_recalls_open").set(left as f64);
    metrics::gauge!("cooly_recalls_oldest_seconds").set(age_seconds);
    Ok(())
}

async fn ask(station: &Station, recall: &Recall) -> Result<(), Error> {
    let offer = station.offer();
    let holder = Holder::of(&offer, recall);
    failpoint::pass("recall.tell.before");
    let answer = match &holder {
        Some(holder) => question::stop(station, &offer, holder, recall).await,
        None => Err(ProviderFailure::no_provider()),
    };
    failpoint::pass("recall.tell.after");
    let again = match &answer {
        Ok(told) => {
            let reports = holder.filter(|holder| holder.provider.reports());
            let report_until = reports.map(|holder| offer.deadline(&recall.model, Some(holder.name)));
            not_yet(*told, recall, station.timings.unknown_grace, report_until.unwrap_or_default())
        }
        Err(failure) => unconfirmed(recall, failure),
    };
    let client = station.writer.get().await?;
    if let Some(pause) = again {
        return table::again(&**client, recall, pause).await;
    }
    let outcome = answer.map_or("given_up", Told::as_str);
    metrics::counter!("cooly_recalls_total", "outcome" => outcome).increment(1);
    tracing::info!(job_id = %recall.job_id, outcome, "a provider is asked no more to stop what nobody waits for");
    table::taken_off(&**client, recall).await
}

/// How long to wait before asking again although it answered; `None` if its answer is the last word.
fn not_yet(told: Told, recall: &Recall, grace: Duration, report_until: Duration) -> Option<Duration> {
    let left = |until: Duration| until.checked_sub(recall.age).filter(|left| !left.is_zero());
    match told {
        Told::Stopped | Told::TooLate => None,
        // It may be on its way to be known there.
        Told::NotTaken => left(grace),
        // A report may still name it.
        Told::CannotTell => left(report_until).map(|left| pause(recall.tries, None).min(left)),
    }
}

/// How long to wait before asking again who did not answer; `None` if it is given up.
fn unconfirmed(recall: &Recall, failure: &ProviderFailure) -> Option<Duration> {
    let (job_id, task) = (recall.job_id, &recall.provider_task_id);
    let (code, tries) = (&failure.failure.code, recall.tries + 1);
    if recall.age > LONGEST_WORK {
        metrics::counter!("cooly_provider_work_orphaned_total").increment(1);
        tracing::error!(%job_id, task, code, tries, "it is given up to have a provider stop what nobody waits for");
        return None;
    }
    if tries == ALARMING_TRIES {
        metrics::counter!("cooly_provider_work_orphaned_total").increment(1);
        tracing::error!(%job_id, task, code, tries, "a provider does not confirm that it stopped what nobody waits for");
    } else {
        tracing::warn!(%job_id, task, code, tries, "a provider is asked to stop once more");
    }
    Some(pause(recall.tries, failure.retry_after))
}

/// Twice as long with each try, and no shorter than the provider wants.
fn pause(tries: u32, retry_after: Option<Duration>) -> Duration {
    let pause = doubled(FIRST_PAUSE, tries, LONGEST_PAUSE);
    (pause / 2 + jitter(pause / 2)).max(retry_after.unwrap_or_default().min(LONGEST_PAUSE))
}

#[cfg(test)]
mod tests {
    use super::{LONGEST_WORK, Recall, Told, not_yet, unconfirmed};
    use crate::provider::ProviderFailure;
    use ledger::{AccountId, JobId};
    use std::time::Duration;
    use uuid::Uuid;

    const fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    fn recall(age: Duration, tries: u32) -> Recall {
        Recall {
            account_id: AccountId(Uuid::nil()),
            job_id: JobId(Uuid::nil()),
            provider_task_id: "lost".into(),
            reference: Some("reference".into()),
            provider: None,
            model: "model".into(),
            tries,
            age,
        }
    }

    #[test]
    fn an_answer_is_believed_once_it_is_too_late_for_another() {
        let (grace, report_until) = (seconds(15), seconds(300));
        let cases = [
            (Told::NotTaken, 5, 3, true, "however often it was asked, the work may be on its way"),
            (Told::NotTaken, 15, 0, false, "though it is asked for the first time"),
            (Told::CannotTell, 299, 9, true, "a report may come"),
            (Told::CannotTell, 300, 0, false, "no work takes longer"),
            (Told::Stopped, 0, 0, false, "that is what was wanted"),
            (Told::TooLate, 0, 0, false, "there is nothing to be stopped"),
        ];
        for (told, age, tries, again, why) in cases {
            let pause = not_yet(told, &recall(seconds(age), tries), grace, report_until);
            assert_eq!(pause.is_some(), again, "{told:?} after {age} s: {why}");
        }
        let unreported = not_yet(Told::CannotTell, &recall(Duration::ZERO, 0), grace, Duration::ZERO);
        assert_eq!(unreported, None, "nobody will report it");
    }

    #[test]
    fn the_pauses_grow_and_end_with_the_time_for_reports() {
        let pause = |age, tries| {
            not_yet(Told::CannotTell, &recall(seconds(age), tries), seconds(15), seconds(300)).unwrap()
        };
        assert!(pause(0, 0) <= seconds(1));
        assert!(pause(60, 6) >= seconds(32));
        assert_eq!(pause(290, 9), seconds(10));
    }

    #[test]
    fn who_never_answers_is_given_up_once_no_work_can_be_left() {
        let silent = ProviderFailure::no_provider();
        assert!(unconfirmed(&recall(LONGEST_WORK, 300), &silent).is_some());
        assert!(unconfirmed(&recall(LONGEST_WORK + seconds(1), 0), &silent).is_none());
    }
}
