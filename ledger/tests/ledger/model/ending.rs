//! The end of a story: what is in the log is what was answered.

use crate::model::story::Story;
use crate::naive::{NaiveUser, compare, micros};
use ledger::account::AccountState;
use ledger::read::{self, AsOf};
use ledger::{Event, UserId, verify};

impl Story<'_> {
    pub(crate) async fn end(&self) -> Result<(), String> {
        for (name, user) in self.names.iter().zip(&self.users) {
            self.as_told(name, user).await?;
            self.replays(name, user).await?;
            let proof = verify::account_breaches(&self.stage.reader, name.account()).await.unwrap();
            if let Some(breach) = proof.breaches.first() {
                return Err(breach.to_string());
            }
        }
        self.as_it_was().await
    }

    /// The account and its jobs are what the naive ledger says.
    async fn as_told(&self, name: &UserId, user: &NaiveUser) -> Result<(), String> {
        let (account, reader) = (name.account(), &self.stage.reader);
        let (state, version) = read::account(reader, account).await.unwrap().unwrap_or_default();
        if version != user.account.version {
            return Err(format!("the account has {version} events and not {}", user.account.version));
        }
        compare(&state, &user.account, user.account.last).map_or(Ok(()), Err)?;
        for naive in &user.jobs {
            let events = read::stream(reader, account, naive.id.into()).await.unwrap().len();
            let job = read::job(reader, account, naive.id).await.unwrap().ok_or("a job is missing")?;
            let paid: i128 = naive.paid.iter().map(|part| part.amount).sum();
            let kept: Vec<i128> = naive.kept.iter().map(|parts| crate::naive::total(parts)).collect();
            let kept_in_all: i128 = kept.iter().sum();
            let same = (job.status, micros(job.charged.get()), i64::try_from(events).unwrap())
                == (naive.status, paid, naive.version)
                && micros(job.kept_in_all().get()) == kept_in_all
                && job.kept.len() == kept.len();
            if !same {
                return Err(format!("a job with {events} events is {job:?} and not {naive:?}"));
            }
        }
        Ok(())
    }

    /// The state on every row, and its balance, are the fold of the rows before it.
    async fn replays(&self, name: &UserId, user: &NaiveUser) -> Result<(), String> {
        let account = name.account();
        let events = read::stream(&self.stage.reader, account, account.into()).await.unwrap();
        let mut fold = AccountState::default();
        for recorded in &events {
            let Event::Account(event) = &recorded.event else { return Err("a job's event".into()) };
            fold.apply(event);
            if recorded.state.as_ref() != Some(&fold) || recorded.balance_after != Some(fold.balance.get()) {
                return Err(format!("version {} is not the fold of its stream", recorded.version));
            }
        }
        let sum: i128 = events.iter().filter_map(|event| event.amount).map(micros).sum();
        if sum != user.account.balance() {
            return Err(format!("the changes add up to {sum} and not to {}", user.account.balance()));
        }
        Ok(())
    }

    /// The account can be read as it was after any of its answers.
    async fn as_it_was(&self) -> Result<(), String> {
        let Some((who, outcome)) = self.seen.get(self.seen.len() / 2) else { return Ok(()) };
        let (Some(position), Some(state)) = (outcome.position, &outcome.account) else { return Ok(()) };
        let as_of = AsOf::Position(position);
        let then = read::account_at(&self.stage.reader, self.names[*who].account(), as_of).await.unwrap();
        match then {
            Some(then) if then.state == **state => Ok(()),
            then => Err(format!("at {position:?} it was {state:?} and is read as {then:?}")),
        }
    }
}
