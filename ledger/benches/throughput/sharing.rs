//! Two processes that share one load: half of the callers here, half in a second process.
//!
//! On the same accounts they take each other's versions away and decide again; on accounts of their own they
//! only share the server. Each has half of the lanes of one process: twice as many connections would only halve
//! the batches. Each case has accounts that no other case touches, because a process that is told nothing of
//! another's writes pays for each when it comes back to that account.

use crate::case::{ACCOUNTS, Case, System};
use crate::child::{Child, Parent, Role};
use crate::commands;
use crate::crowd::{self, Accounts, Tally, Window};
use crate::meter::{Costs, Meter};
use crate::ours::{self, Buyer};
use anyhow::{Context as _, Result};
use ledger::{Database, Ledger, LedgerOptions, UserId};
use measure::orders;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use std::time::Duration;

/// How many accounts there must be for this part: its own lie behind those of the other cases, first those that
/// both processes work on, then those that each has to itself.
pub(crate) const ACCOUNTS_NEEDED: usize = 3 * ACCOUNTS;

/// The half of a load.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
struct Half {
    callers: usize,
    /// The number of the first caller.
    number: usize,
    accounts: Accounts,
    length: Duration,
}

/// Lanes of each process, where one process has that many.
fn lanes(alone: usize) -> usize {
    alone.div_ceil(2)
}

/// Starts the second process and returns when it is ready.
pub(crate) async fn start(url: &str, lanes: usize) -> Result<Child> {
    let mut child = Child::start(Role::Share, url, self::lanes(lanes))?;
    child.hear::<()>().await?.context("the second process did not start")?;
    Ok(child)
}

/// Measures a case with the second process. Both begin with a ledger that has seen its accounts and no other
/// case, or the first cases would be measured with other memories than the last.
pub(crate) async fn measure(
    (database, lanes, users): (&Database, usize, &Arc<[UserId]>),
    child: &mut Child,
    meter: &Meter,
    case: Case,
    length: Duration,
) -> Result<(Tally, Costs)> {
    let [here, there] = halves(case, length);
    child.tell(&there).await?;
    let ledger = open(database, self::lanes(lanes), users, here.accounts).await?;
    child.hear::<()>().await?.context("the second process did not see its accounts")?;
    let callers = Buyer::crowd(&ledger, users, commands::purchase, here.callers);
    child.tell(&()).await?;
    let window = Window::from_now(length);
    let both = async {
        let ours = crowd::run(callers, here.number, here.accounts, window);
        let theirs = async { child.hear::<Tally>().await?.context("the second process gave up") };
        tokio::try_join!(ours, theirs)
    };
    let ((mut tally, theirs), costs) = meter.around(window, both).await?;
    ledger.close().await;
    tally.add(theirs);
    Ok((tally, costs))
}

fn halves(case: Case, length: Duration) -> [Half; 2] {
    let callers = case.callers / 2;
    [0, 1].map(|half| {
        let accounts = if case.system == System::CoolyTwoDisjoint {
            Accounts { count: ACCOUNTS / 2, every: 2, first: 2 * ACCOUNTS + half }
        } else {
            Accounts { count: ACCOUNTS, every: 1, first: ACCOUNTS }
        };
        Half { callers, number: half * callers, accounts, length }
    })
}

/// A ledger that has bought something for each of these accounts.
async fn open(
    database: &Database,
    lanes: usize,
    users: &Arc<[UserId]>,
    accounts: Accounts,
) -> Result<Ledger> {
    let ledger = Ledger::open(database, LedgerOptions { lanes, ..LedgerOptions::default() }).await?;
    let users: Vec<UserId> = accounts.all().map(|account| users[account].clone()).collect();
    orders::for_all(&ledger, &users, commands::purchase).await?;
    Ok(ledger)
}

/// The second process: works its halves until the first one hangs up.
pub(crate) async fn play(url: &str, lanes: usize) -> Result<()> {
    let database = Database::new(url)?;
    let users = ours::users(ACCOUNTS_NEEDED)?;
    let mut parent = Parent::new();
    parent.tell(&())?;
    while let Some(half) = parent.hear::<Half>().await? {
        let ledger = open(&database, lanes, &users, half.accounts).await?;
        parent.tell(&())?;
        if parent.hear::<()>().await?.is_none() {
            break;
        }
        let callers = Buyer::crowd(&ledger, &users, commands::purchase, half.callers);
        let window = Window::from_now(half.length);
        parent.tell(&crowd::run(callers, half.number, half.accounts, window).await?)?;
        ledger.close().await;
    }
    Ok(())
}
