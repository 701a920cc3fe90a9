//! The connection of a lane: its prepared statements, and making it again when it breaks.

use crate::chain::Hash;
use crate::command::Outcome;
use crate::database::{Database, Role};
use crate::draft::Row;
use crate::error::{Error, chain};
use crate::head::{AccountHead, JobHead, JobKey};
use crate::ids::{AccountId, Position};
use crate::refusal::Refusal;
use crate::store::keys::{Earlier, Holder};
use crate::store::{append, heads, keys, turn};
use std::collections::HashMap;
use std::time::Duration;
use tokio::time::{Instant, timeout, timeout_at};
use tokio_postgres::error::SqlState;
use tokio_postgres::{Client, Statement};

/// A statement that has not answered by then is on a dead connection: the server's own timeout is shorter.
const LONGEST_STATEMENT: Duration = Duration::from_secs(12);

/// How an INSERT ended when it did not succeed.
pub(super) enum Failed {
    /// A version was taken: another process wrote to one of the streams.
    Raced,
    /// An idempotency key was taken: one of the effects was written before.
    KeyTaken,
    /// The server refused to write anything now; nothing was written.
    Unavailable(Error),
    /// The server refuses these rows; nothing was written.
    Rejected(Error),
    /// The connection broke: the rows may be there or may yet come.
    Unknown(Error),
}

/// The heads of accounts and of jobs.
pub(super) type Heads = (HashMap<AccountId, AccountHead>, HashMap<JobKey, JobHead>);

struct Prepared {
    client: Client,
    append: Statement,
    account_heads: Statement,
    job_streams: Statement,
    take_turn: Statement,
    end_turn: Statement,
}

/// See the module.
pub(super) struct Connection {
    database: Database,
    prepared: Option<Prepared>,
    /// Whether it is this lane's turn among the same lanes of other processes.
    has_turn: bool,
}

impl Connection {
    pub(super) async fn open(database: Database) -> Result<Connection, Error> {
        let prepared = prepare(&database).await?;
        Ok(Connection { database, prepared: Some(prepared), has_turn: false })
    }

    /// Reads the heads of accounts and jobs; empty lists cost nothing. A read may be repeated, so a connection
    /// that was found dead is made again once.
    pub(super) async fn heads(
        &mut self,
        accounts: &[AccountId],
        jobs: &[JobKey],
        deadline: Instant,
    ) -> Result<Heads, Error> {
        match self.try_heads(accounts, jobs, deadline).await {
            Err(error) if is_broken(&error) => self.try_heads(accounts, jobs, deadline).await,
            answer => answer,
        }
    }

    async fn try_heads(
        &mut self,
        accounts: &[AccountId],
        jobs: &[JobKey],
        deadline: Instant,
    ) -> Result<Heads, Error> {
        let prepared = self.ready(deadline).await?;
        let read = async {
            let account_heads = async {
                if accounts.is_empty() {
                    return Ok(HashMap::new());
                }
                heads::accounts(&prepared.client, &prepared.account_heads, accounts).await
            };
            let job_heads = async {
                if jobs.is_empty() {
                    return Ok(HashMap::new());
                }
                heads::jobs(&prepared.client, &prepared.job_streams, jobs).await
            };
            futures::try_join!(account_heads, job_heads)
        };
        let answer = timeout(LONGEST_STATEMENT, read).await.unwrap_or(Err(Error::Unavailable));
        self.drop_if_broken(answer)
    }

    /// Waits until it is this lane's turn. The turn ends with the connection, or by [`Connection::end_turn`].
    pub(super) async fn take_turn(&mut self, lane: i32, deadline: Instant) -> Result<(), Error> {
        if self.has_turn {
            return Ok(());
        }
        let prepared = self.ready(deadline).await?;
        let wait = async { Ok(prepared.client.execute(&prepared.take_turn, &[&turn::CLASS, &lane]).await?) };
        let answer = timeout(LONGEST_STATEMENT, wait).await.unwrap_or(Err(Error::Unavailable));
        self.drop_if_broken(answer)?;
        self.has_turn = true;
        Ok(())
    }

    /// Lets the next process have its turn. Without a turn it costs nothing.
    pub(super) async fn end_turn(&mut self, lane: i32) {
        let Some(prepared) = self.prepared.as_ref().filter(|_| self.has_turn) else { return };
        let end = async { prepared.client.execute(&prepared.end_turn, &[&turn::CLASS, &lane]).await };
        match timeout(LONGEST_STATEMENT, end).await {
            Ok(Ok(_)) => self.has_turn = false,
            // Whatever went wrong, a connection that is gone has no turn.
            Ok(Err(_)) | Err(_) => self.forget(),
        }
    }

    fn forget(&mut self) {
        self.prepared = None;
        self.has_turn = false;
    }

    /// Looks up the answer of an earlier request; repeated once like [`Connection::heads`].
    pub(super) async fn earlier(
        &mut self,
        account: AccountId,
        keys: &[String],
        request_hash: &Hash,
        deadline: Instant,
    ) -> Result<Option<Result<Outcome, Refusal>>, Error> {
        match self.try_earlier(account, keys, request_hash, deadline).await {
            Err(error) if is_broken(&error) => self.try_earlier(account, keys, request_hash, deadline).await,
            answer => answer,
        }
    }

    async fn try_earlier(
        &mut self,
        account: AccountId,
        keys: &[String],
        request_hash: &Hash,
        deadline: Instant,
    ) -> Result<Option<Result<Outcome, Refusal>>, Error> {
        let prepared = self.ready(deadline).await?;
        let look_up = keys::earlier(&prepared.client, account, keys, request_hash);
        let answer = timeout(LONGEST_STATEMENT, look_up).await.unwrap_or(Err(Error::Unavailable));
        Ok(match self.drop_if_broken(answer)? {
            Earlier::None => None,
            Earlier::Different => Some(Err(Refusal::KeyReused)),
            Earlier::Same(outcome) => Some(Ok(*outcome)),
        })
    }

    /// Who used the key of a batch; repeated once like [`Connection::heads`].
    pub(super) async fn holder_of_batch(
        &mut self,
        key: &str,
        deadline: Instant,
    ) -> Result<Option<Holder>, Error> {
        match self.try_holder_of_batch(key, deadline).await {
            Err(error) if is_broken(&error) => self.try_holder_of_batch(key, deadline).await,
            answer => answer,
        }
    }

    async fn try_holder_of_batch(&mut self, key: &str, deadline: Instant) -> Result<Option<Holder>, Error> {
        let prepared = self.ready(deadline).await?;
        let look_up = keys::holder_of_batch(&prepared.client, key);
        let answer = timeout(LONGEST_STATEMENT, look_up).await.unwrap_or(Err(Error::Unavailable));
        self.drop_if_broken(answer)
    }

    /// Appends the rows, all or none.
    pub(super) async fn append(&mut self, rows: &[Row], deadline: Instant) -> Result<Vec<Position>, Failed> {
        let prepared = self.ready(deadline).await.map_err(Failed::Unavailable)?;
        let insert = append::append(&prepared.client, &prepared.append, rows);
        match timeout(LONGEST_STATEMENT, insert).await {
            Ok(Ok(positions)) => Ok(positions),
            Ok(Err(error)) => Err(self.classify(error)),
            Err(_) => {
                self.forget();
                Err(Failed::Unknown(Error::OutcomeUnknown))
            }
        }
    }

    /// The positions of the rows that are in the log under their event ids.
    pub(super) async fn written(&mut self, rows: &[Row], deadline: Instant) -> Result<Vec<Position>, Error> {
        let prepared = self.ready(deadline).await?;
        let look_up = async { Ok(append::written(&prepared.client, rows).await?) };
        let answer = timeout(LONGEST_STATEMENT, look_up).await.unwrap_or(Err(Error::Unavailable));
        self.drop_if_broken(answer)
    }

    fn classify(&mut self, error: tokio_postgres::Error) -> Failed {
        let Some(refused) = error.as_db_error() else {
            self.forget();
            return Failed::Unknown(error.into());
        };
        let code = refused.code();
        let is_key = matches!(refused.constraint(), Some("events_idempotency_key" | "events_batch_key"));
        if *code == SqlState::UNIQUE_VIOLATION && is_key {
            return Failed::KeyTaken;
        }
        if *code == SqlState::UNIQUE_VIOLATION || *code == SqlState::T_R_DEADLOCK_DETECTED {
            return Failed::Raced;
        }
        if code.code().starts_with("57P") {
            // The server ended the session. It may have committed before that and not have told.
            self.forget();
            return Failed::Unknown(error.into());
        }
        if is_about_the_rows(code) {
            return Failed::Rejected(error.into());
        }
        // Read-only, disk full, out of connections, a timeout: the statement did nothing. A
        // session may be stuck on a demoted primary, so it is not used again.
        self.forget();
        Failed::Unavailable(error.into())
    }

    fn drop_if_broken<T>(&mut self, answer: Result<T, Error>) -> Result<T, Error> {
        if answer.is_err() {
            self.forget();
        }
        answer
    }

    async fn ready(&mut self, deadline: Instant) -> Result<&Prepared, Error> {
        if self.prepared.as_ref().is_none_or(|prepared| prepared.client.is_closed()) {
            self.forget();
            self.reconnect(deadline).await?;
        }
        self.prepared.as_ref().ok_or(Error::Unavailable)
    }

    async fn reconnect(&mut self, deadline: Instant) -> Result<(), Error> {
        let mut pause = Duration::from_millis(10);
        loop {
            match timeout_at(deadline, prepare(&self.database)).await {
                Ok(Ok(prepared)) => {
                    self.prepared = Some(prepared);
                    return Ok(());
                }
                Ok(Err(error)) => tracing::warn!(error = %chain(&error), "a lane waits for the database"),
                Err(_) => return Err(Error::Unavailable),
            }
            if Instant::now() + pause >= deadline {
                return Err(Error::Unavailable);
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(Duration::from_millis(500));
        }
    }
}

/// Whether the connection ended, rather than the server refusing.
fn is_broken(error: &Error) -> bool {
    matches!(error, Error::Postgres(error) if error.as_db_error().is_none() || error.is_closed())
        || matches!(error, Error::Postgres(error) if error.code().is_some_and(|code| code.code().starts_with("57P")))
}

/// Data exceptions (class 22) and constraint violations (class 23) are about what was to be written.
fn is_about_the_rows(code: &SqlState) -> bool {
    code.code().starts_with("22") || code.code().starts_with("23")
}

async fn prepare(database: &Database) -> Result<Prepared, Error> {
    let client = database.connect(Role::Appender).await?;
    let (append, account_heads, job_streams, take_turn, end_turn) = futures::try_join!(
        client.prepare(append::APPEND),
        client.prepare(heads::ACCOUNT_HEADS),
        client.prepare(heads::JOB_STREAMS),
        client.prepare(turn::TAKE),
        client.prepare(turn::END),
    )?;
    Ok(Prepared { client, append, account_heads, job_streams, take_turn, end_turn })
}
