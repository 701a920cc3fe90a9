//! The read models by name, and which streams each is made of.

use crate::batch::StreamKey;
use ledger::read::Side;
use std::fmt;

/// One read model. Its name is the name of its table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ReadModel {
    /// `account_balances`
    Balances,
    /// `credit_history`
    History,
    /// `generations`
    Generations,
    /// `pending_tasks`
    Pending,
    /// `dead_letters`
    DeadLetters,
    /// `usage_daily`
    Usage,
    /// `overview_totals`
    Overview,
}

impl ReadModel {
    /// All of them.
    pub const ALL: [ReadModel; 7] = [
        ReadModel::Balances,
        ReadModel::History,
        ReadModel::Generations,
        ReadModel::Pending,
        ReadModel::DeadLetters,
        ReadModel::Usage,
        ReadModel::Overview,
    ];

    /// The name of its table and of its checkpoint.
    pub fn name(self) -> &'static str {
        match self {
            ReadModel::Balances => "account_balances",
            ReadModel::History => "credit_history",
            ReadModel::Generations => "generations",
            ReadModel::Pending => "pending_tasks",
            ReadModel::DeadLetters => "dead_letters",
            ReadModel::Usage => "usage_daily",
            ReadModel::Overview => "overview_totals",
        }
    }

    /// All names, for a sentence.
    pub(crate) fn names() -> String {
        ReadModel::ALL.map(ReadModel::name).join(", ")
    }

    pub(crate) fn reads_accounts(self) -> bool {
        matches!(self, ReadModel::Balances | ReadModel::History | ReadModel::Overview)
    }

    pub(crate) fn reads_jobs(self) -> bool {
        !matches!(self, ReadModel::Balances | ReadModel::History)
    }

    /// The side of the log that these read models are made of.
    pub(crate) fn side(models: &[ReadModel]) -> Side {
        let accounts = models.iter().any(|model| model.reads_accounts());
        let jobs = models.iter().any(|model| model.reads_jobs());
        match (accounts, jobs) {
            (true, false) => Side::Credits,
            (false, true) => Side::Jobs,
            (true, true) | (false, false) => Side::Both,
        }
    }

    /// Whether this read model is made of streams like this one.
    pub(crate) fn reads(self, (account, stream): &StreamKey) -> bool {
        if account.0 == stream.0 { self.reads_accounts() } else { self.reads_jobs() }
    }
}

impl fmt::Display for ReadModel {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.name())
    }
}
