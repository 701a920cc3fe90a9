//! Which of many dead letters are meant.

use crate::serve::body::body;
use crate::words::incidents::{IncidentId, MinAttempts, SearchText};
use crate::words::scalars::{Amount, ClassName, Instant, KindName, PastAge, Term, UserName};
use chrono::{DateTime, Utc};
use projections::dead_letters::Filter;
use std::time::Duration;

body! {
    // What is left out of the younger fields is not written, so that the hash of a request without them stays what it was.
    /// Which dead letters; everything that is set must hold.
    #[derive(Default)]
    pub(super) struct DeadFilter {
        /// Of this user.
        user: Option<UserName>,
        /// Of users whose id has this part.
        #[oai(skip_serializing_if_is_none)]
        user_contains: Option<Term>,
        /// Of this kind.
        kind: Option<KindName>,
        /// Asked last of this provider, as far as the log tells.
        #[oai(skip_serializing_if_is_none)]
        provider: Option<Term>,
        /// Made by this model.
        model: Option<Term>,
        /// Whose failure is of this class.
        class: Option<ClassName>,
        /// With this failure code.
        code: Option<Term>,
        /// Of this incident.
        #[oai(skip_serializing_if_is_none)]
        incident: Option<IncidentId>,
        /// With this text in the message of the failure or in the prompt, in capitals or not.
        #[oai(skip_serializing_if_is_none)]
        q: Option<SearchText>,
        /// With so many attempts in the run that died, or more.
        #[oai(skip_serializing_if_is_none)]
        min_attempts: Option<MinAttempts>,
        /// For which so many credits are taken or set aside, or more.
        #[oai(skip_serializing_if_is_none)]
        min_credits: Option<Amount>,
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
            user_part: filter.user_contains.map(|part| part.0),
            kind: filter.kind.map(|kind| kind.0),
            provider: filter.provider.map(|provider| provider.0),
            model: filter.model.map(|model| model.0),
            class: filter.class.map(|class| class.0),
            code: filter.code.map(|code| code.0),
            incident: filter.incident.map(|incident| incident.0),
            text: filter.q.map(|text| text.0),
            min_attempts: filter.min_attempts.map(|attempts| attempts.0),
            min_charged: filter.min_credits.map(|credits| credits.0),
            since: filter.since.map(|since| since.0),
            until: filter.until.map(|until| until.0),
            older_than,
        }
    }
}
