//! The accounts and jobs that the examples of the API's document name. What they cost is granted beside them, so that the
//! demo user has as much to spend as without them.

use super::once;
use api::examples::{CANCELLED, CUSTOMER, DEAD, GIVEN_UP, PICTURE, USER};
use ledger::account::{AccountCommand, Grant, Priority, Source};
use ledger::catalogue::Catalogue;
use ledger::job::{JobCommand, JobRequest, Kind, Params};
use ledger::{Action, Credits, JobId, Ledger, NewJob, UserId};
use uuid::Uuid;

pub(super) const DUTY: &str = "examples";

/// What the example user has set aside.
const HELD_CREDITS: u64 = 20;

/// Burns before everything else: it is there for one picture.
const FIRST_TO_BURN: u8 = 0;

/// Makes them. The workers that come after it make the picture, and use up the attempts of what never succeeds.
pub(crate) async fn prepare(ledger: &Ledger, catalogue: &Catalogue) -> anyhow::Result<()> {
    let prepared = async {
        of_the_user(ledger, catalogue).await?;
        of_the_customer(ledger, catalogue).await
    };
    prepared.await.map_err(|error: anyhow::Error| error.context("the examples cannot be made"))
}

async fn of_the_user(ledger: &Ledger, catalogue: &Catalogue) -> anyhow::Result<()> {
    let user: UserId = USER.parse()?;
    let picture = job(catalogue, PICTURE, "sim-image", "A lighthouse in fog, seen from the sea")?;
    let stopped = job(catalogue, CANCELLED, "sim-image", "A lighthouse that nobody waits for")?;
    let priority = Priority::try_from(FIRST_TO_BURN)?;
    let granted = Grant { priority, ..Grant::new(user.clone(), picture.price.most(), "an example") };
    once(ledger, DUTY, &user, "example-grant", grant(granted)).await?;
    let bought = once(ledger, DUTY, &user, "example-cancelled", queue(stopped)).await?;
    // Whoever runs it again later must not find it cancelled by a restart.
    if !bought.replayed {
        let command = JobCommand::CancelByUser { max_kept: None };
        let cancel = Action::Job { job_id: JobId(CANCELLED), command };
        once(ledger, DUTY, &user, "example-cancel", cancel).await?;
    }
    once(ledger, DUTY, &user, "example-picture", queue(picture)).await?;
    Ok(())
}

async fn of_the_customer(ledger: &Ledger, catalogue: &Catalogue) -> anyhow::Result<()> {
    let user: UserId = CUSTOMER.parse()?;
    let dead = job(catalogue, DEAD, "sim-image-down", "A harbour at night, in the rain")?;
    let given_up = job(catalogue, GIVEN_UP, "sim-image-down", "A harbour in the morning")?;
    let held = Credits::whole(HELD_CREDITS)?;
    let costs = [dead.price.most(), given_up.price.most()];
    let amount = costs.into_iter().try_fold(held, Credits::checked_add);
    let amount = amount.ok_or_else(|| anyhow::anyhow!("the examples cost more than an account can hold"))?;
    once(ledger, DUTY, &user, "example-grant", grant(Grant::new(user.clone(), amount, "an example"))).await?;
    let hold = AccountCommand::Hold { amount: held, reason: "an example".into(), expires_at: None };
    once(ledger, DUTY, &user, "example-hold", Action::Account(hold)).await?;
    once(ledger, DUTY, &user, "example-dead", queue(dead)).await?;
    once(ledger, DUTY, &user, "example-given-up", queue(given_up)).await?;
    Ok(())
}

fn grant(grant: Grant) -> Action {
    Action::Account(AccountCommand::Grant(Grant { source: Source::Promo, ..grant }))
}

fn queue(job: NewJob) -> Action {
    Action::Queue { jobs: vec![job] }
}

fn job(catalogue: &Catalogue, id: Uuid, model: &str, prompt: &str) -> anyhow::Result<NewJob> {
    let request = JobRequest {
        kind: Kind::Image,
        model: model.into(),
        prompt: prompt.into(),
        count: 1,
        params: Params::default(),
    };
    let price = catalogue.quote(&request)?;
    let late_cancel = catalogue.late_cancel(model);
    Ok(NewJob { job_id: JobId(id), request: request.into(), price, late_cancel })
}
