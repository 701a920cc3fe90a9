//! Which dead jobs are meant, the same in lists, counts and bulk actions.

use chrono::{DateTime, Utc};
use ledger::job::{FailureClass, Kind};
use ledger::{Credits, UserId};
use rust_decimal::Decimal;
use std::time::Duration;
use tokio_postgres::types::{ToSql, Type};
use uuid::Uuid;

/// Which dead jobs; everything that is set must hold.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Of this user.
    pub user: Option<UserId>,
    /// Of users whose id has this part, letter by letter.
    pub user_part: Option<String>,
    /// Of this kind.
    pub kind: Option<Kind>,
    /// Asked last of this provider.
    pub provider: Option<String>,
    /// On this model.
    pub model: Option<String>,
    /// With a failure of this class.
    pub class: Option<FailureClass>,
    /// With this failure code.
    pub code: Option<String>,
    /// Of this incident: its fingerprint.
    pub incident: Option<String>,
    /// With this text in the message of the failure or in the prompt, in capitals or not.
    pub text: Option<String>,
    /// With so many attempts, or more, in the run that died.
    pub min_attempts: Option<u32>,
    /// With so many credits debited or held, or more.
    pub min_charged: Option<Credits>,
    /// Died at this instant or later.
    pub since: Option<DateTime<Utc>>,
    /// Died before this instant.
    pub until: Option<DateTime<Utc>>,
    /// Died at least this long ago.
    pub older_than: Option<Duration>,
}

/// The conditions that an index in order of time serves, as the parameters 1 to 5. The bounds in time are always there, so that
/// an index is read whatever else is asked.
macro_rules! within {
    () => {
        "died_at >= coalesce($1::timestamptz, '-infinity') and died_at < coalesce($2::timestamptz, 'infinity') \
         and ($3::uuid is null or account_id = $3) and ($4::text is null or code = $4) \
         and ($5::text is null or incident = $5)"
    };
}

/// The other conditions, as the parameters 6 to 13.
macro_rules! besides {
    () => {
        "($6::text is null or kind = $6) and ($7::text is null or model = $7) and ($8::text is null or class = $8) \
         and ($9::text is null or provider = $9) and ($10::int is null or attempts >= $10) \
         and ($11::numeric is null or charged >= $11) \
         and ($12::text is null or position($12 in user_id) > 0) \
         and ($13::text is null or position(lower($13) in lower(message)) > 0 \
            or position(lower($13) in lower(prompt)) > 0)"
    };
}

/// All conditions of [`Filter`], as the parameters 1 to 13. Whoever uses it has the two above in scope.
macro_rules! filtered {
    () => {
        concat!(" from dead_letters where ", within!(), " and ", besides!(), " ")
    };
}

pub(crate) use {besides, filtered, within};

pub(crate) type Parameter<'a> = (&'a (dyn ToSql + Sync), Type);

/// A filter as the statements take it.
pub(crate) struct Asked<'a> {
    since: Option<DateTime<Utc>>,
    until: Option<DateTime<Utc>>,
    account: Option<Uuid>,
    code: Option<&'a str>,
    incident: Option<&'a str>,
    kind: Option<&'static str>,
    model: Option<&'a str>,
    class: Option<&'static str>,
    provider: Option<&'a str>,
    min_attempts: Option<i32>,
    min_charged: Option<Decimal>,
    user_part: Option<&'a str>,
    text: Option<&'a str>,
}

impl<'a> Asked<'a> {
    pub(crate) fn new(filter: &'a Filter) -> Asked<'a> {
        let old = filter.older_than.map(|age| {
            // Nothing is older than an age that no date can tell.
            let age = chrono::TimeDelta::from_std(age).ok();
            age.and_then(|age| Utc::now().checked_sub_signed(age)).unwrap_or(DateTime::UNIX_EPOCH)
        });
        Asked {
            since: filter.since,
            until: [filter.until, old].into_iter().flatten().min(),
            account: filter.user.as_ref().map(|user| user.account().0),
            code: filter.code.as_deref(),
            incident: filter.incident.as_deref(),
            kind: filter.kind.map(Kind::as_str),
            model: filter.model.as_deref(),
            class: filter.class.map(FailureClass::as_str),
            provider: filter.provider.as_deref(),
            min_attempts: filter.min_attempts.map(crate::row::column),
            min_charged: filter.min_charged.map(Credits::get),
            user_part: filter.user_part.as_deref(),
            text: filter.text.as_deref(),
        }
    }

    /// The parameters 1 to 13.
    pub(crate) fn parameters(&self) -> Vec<Parameter<'_>> {
        let mut parameters = self.within();
        parameters.extend::<[Parameter<'_>; 8]>([
            (&self.kind, Type::TEXT),
            (&self.model, Type::TEXT),
            (&self.class, Type::TEXT),
            (&self.provider, Type::TEXT),
            (&self.min_attempts, Type::INT4),
            (&self.min_charged, Type::NUMERIC),
            (&self.user_part, Type::TEXT),
            (&self.text, Type::TEXT),
        ]);
        parameters
    }

    /// The parameters 1 to 5.
    pub(super) fn within(&self) -> Vec<Parameter<'_>> {
        vec![
            (&self.since, Type::TIMESTAMPTZ),
            (&self.until, Type::TIMESTAMPTZ),
            (&self.account, Type::UUID),
            (&self.code, Type::TEXT),
            (&self.incident, Type::TEXT),
        ]
    }

    /// Whether texts are searched, which costs more a row than all the rest.
    pub(super) fn searches(&self) -> bool {
        self.text.is_some()
    }
}
