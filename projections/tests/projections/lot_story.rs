//! The other story: of lots that lapse and are voided, of holds with every end, and of prices that are known only
//! once a job is done. It begins at a noon and ends two days later.

use crate::stage::{Stage, credits, failure, now, user, wait};
use chrono::{DateTime, NaiveTime, TimeDelta, Utc};
use ledger::account::{AccountCommand, AccountEvent, Grant, HoldId, LotId, Priority, Source};
use ledger::job::{FailureClass, JobCommand, Price};
use ledger::{Credits, JobId, UserId};

/// See the module. Jobs are named after their ends.
pub(crate) struct LotStory {
    pub noon: DateTime<Utc>,
    pub carol: UserId,
    /// Her purchase of 100 credits.
    pub purchase: LotId,
    /// Three holds of hers.
    pub studio: HoldId,
    pub render: HoldId,
    pub trial: HoldId,
    /// A clip of a second and a half.
    pub filmed: JobId,
    pub refused: JobId,
    /// Dead on the first day; on the third it becomes a clip of two seconds.
    pub dead: JobId,
    /// A picture of which some of the price came back at once, and the rest two days later.
    pub consoled: JobId,
}

/// What is left over on the third day.
pub(crate) struct Rest {
    pub running: JobId,
    pub cancelled: JobId,
}

/// Two credits a second, ten at most.
fn per_second() -> Price {
    Price::PerSecond { rate: credits(2), most: credits(10) }
}

fn goodwill(amount: Option<&str>) -> JobCommand {
    JobCommand::Refund { amount: amount.map(|text| text.parse().unwrap()), reason: "sorry".into() }
}

impl LotStory {
    /// All of it.
    pub(crate) async fn tell(stage: &Stage) -> (LotStory, Rest) {
        let story = LotStory::first_day(stage).await;
        story.two_hours_later(stage).await;
        let rest = story.two_days_later(stage).await;
        (story, rest)
    }

    pub(crate) async fn first_day(stage: &Stage) -> LotStory {
        let noon = NaiveTime::from_hms_opt(12, 0, 0).unwrap();
        let noon = now().date_naive().succ_opt().unwrap().and_time(noon).and_utc();
        wait(noon - now());
        let carol = user("carol");
        let lot = async |grant: Grant| -> LotId {
            let given = stage.account(&grant.user.clone(), AccountCommand::Grant(grant)).await.credits;
            let [AccountEvent::Granted { lot, .. }] = given.as_slice() else { panic!("{given:?}") };
            *lot
        };
        let grant = |name, amount, hours| Grant {
            expires_at: Some(noon + TimeDelta::hours(hours)),
            ..Grant::new(user(name), credits(amount), "welcome")
        };
        lot(Grant {
            priority: Priority::try_from(10).unwrap(),
            source: Source::Promo,
            ..grant("carol", 10, 24)
        })
        .await;
        let purchase = lot(Grant::new(carol.clone(), credits(100), "bought")).await;
        let in_two_days = Some(noon + TimeDelta::days(2));
        lot(Grant { effective_at: in_two_days, ..grant("carol", 20, 30 * 24) }).await;
        let mut dora = grant("dora", 5, 1);
        dora.expires_at = Some(noon + TimeDelta::minutes(30));
        lot(dora).await;
        lot(grant("erin", 5, 40 * 24)).await;

        let hold = async |amount, reason: &str, expires_at| -> HoldId {
            let command = AccountCommand::Hold { amount: credits(amount), reason: reason.into(), expires_at };
            let held = stage.account(&carol, command).await.credits;
            let [AccountEvent::Held { hold, .. }] = held.as_slice() else { panic!("{held:?}") };
            *hold
        };
        let studio = hold(15, "studio", Some(noon + TimeDelta::hours(1))).await;
        let render = hold(6, "render", None).await;
        stage.account(&carol, AccountCommand::Capture { hold: render, amount: credits(2) }).await;
        let trial = hold(3, "", None).await;
        stage.account(&carol, AccountCommand::Release { hold: trial }).await;

        let filmed = stage.queue_at(&carol, "sim-video", per_second()).await;
        stage.film(&carol, filmed, 1_500).await;
        let refused = stage.queue_at(&carol, "sim-video", per_second()).await;
        stage.fail(&carol, refused, failure(FailureClass::Permanent, "content_refused")).await;
        let consoled = stage.queue(&carol, "sim-image").await;
        stage.succeed(&carol, consoled).await;
        stage.job(&carol, consoled, goodwill(Some("1.5"))).await;
        let dead = stage.queue_at(&carol, "sim-video", per_second()).await;
        stage.kill(&carol, dead).await;
        LotStory { noon, carol, purchase, studio, render, trial, filmed, refused, dead, consoled }
    }

    /// The hold for the studio lapses, and Dora's grant.
    pub(crate) async fn two_hours_later(&self, stage: &Stage) {
        wait(self.noon + TimeDelta::hours(2) - now());
        stage.account(&self.carol, AccountCommand::Lapse).await;
        stage.account(&user("dora"), AccountCommand::Lapse).await;
    }

    /// The promotion has expired, and the third grant has come into force.
    pub(crate) async fn two_days_later(&self, stage: &Stage) -> Rest {
        wait(self.noon + TimeDelta::hours(50) - now());
        let carol = &self.carol;
        stage.job(carol, self.dead, JobCommand::Retry { run: None, reason: None }).await;
        stage.film(carol, self.dead, 2_000).await;
        let void = AccountCommand::Void { lot: self.purchase, reason: "charged back".into() };
        stage.account(carol, void).await;
        stage.job(carol, self.consoled, goodwill(None)).await;
        let running = stage.queue_at(carol, "sim-video", per_second()).await;
        stage.start(carol, running).await;
        let cancelled = stage.queue(carol, "sim-image").await;
        stage.job(carol, cancelled, goodwill(Some("1"))).await;
        stage.job(carol, cancelled, JobCommand::Cancel).await;
        stage.adjust(carol, "-1000", true).await;
        stage.adjust(carol, "-5", true).await;
        stage.adjust(carol, "7", false).await;
        Rest { running, cancelled }
    }
}

/// What Carol has in the end: on the third day she was left with what had just come into force, of which ten are
/// held; the rest was taken by an adjustment, and then she got seven.
pub(crate) fn carol_has() -> (Credits, Credits) {
    (credits(7), credits(10))
}
