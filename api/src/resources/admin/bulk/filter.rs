//! Which of many dead letters are meant.

use crate::serve::body::body;
use crate::words::scalars::{ClassName, Instant, KindName, PastAge, Term, UserName};
use chrono::{DateTime, Utc};
use projections::dead_letters::Filter;
use std::time::Duration;

body! {
    /// Which dead letters; everything that is set must hold.
    #[derive(Default)]
    pub(super) struct DeadFilter {
        /// Of this user.
        user: Option<UserName>,
        /// Of this kind.
        kind: Option<KindName>,
        /// Made by this model.
        model: Option<Term>,
        /// Whose failure is of this class.
        class: Option<ClassName>,
        /// With this failure code.
        code: Option<Term>,
        /// That died at this instant or later.
        since: Option<Instant>,
        /// That died before this instant.
        until: Option<Instant>,
        /// That died at least so long ago.
        older_than: Option<PastAge>,
    }
}

/// An age counts from now: what grows old enough meanwhile is for the next request, or paging would not end.
pub(super) fn fixed(filter: Filter, now: DateTime<Utc>) -> Filter {
    let Some(age) = filter.older_than else { return filter };
    let then = chrono::TimeDelta::from_std(age).ok().and_then(|age| now.checked_sub_signed(age));
    let until = [filter.until, then].into_iter().flatten().min();
    Filter { until, older_than: None, ..filter }
}

impl From<DeadFilter> for Filter {
    fn from(filter: DeadFilter) -> Filter {
        let older_than: Option<Duration> = filter.older_than.map(|age| age.0);
        Filter {
            user: filter.user.map(|user| user.0),
            kind: filter.kind.map(|kind| kind.0),
            model: filter.model.map(|model| model.0),
            class: filter.class.map(|class| class.0),
            code: filter.code.map(|code| code.0),
            since: filter.since.map(|since| since.0),
            until: filter.until.map(|until| until.0),
            older_than,
        }
    }
}
