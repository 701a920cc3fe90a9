//! What comes next for an action. Pure.

use projections::bulk::{Action, Outcome, State, Tally};

/// So many must have ended after the canary before their share is worth anything.
const LEAST_JUDGED: u64 = 10;

/// What is to be done about an action now.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// Begin so many more at most, as its rate allows.
    Begin(u32),
    /// The canary ended well enough.
    PassCanary,
    /// Too many ended badly; why, in a sentence for people.
    Pause(String),
    /// Every job was begun.
    End,
    /// It is over, and no end is to come.
    Close,
    /// Nothing, until something happens.
    Wait,
}

/// Decides by the state of the action and the counts of its jobs.
pub(super) fn next(action: &Action, tally: &Tally) -> Next {
    let waiting = tally.of(Outcome::Waiting).jobs;
    let (begun, queued) = (tally.of(Outcome::Begun).jobs, tally.of(Outcome::Queued).jobs);
    match action.state {
        State::Done | State::Aborted if begun + queued == 0 => Next::Close,
        State::Done | State::Aborted | State::Paused => Next::Wait,
        State::Canary | State::Running if action.canary_over => {
            let judged = Judged::of(tally);
            match (waiting, begun) {
                (0, 0) => Next::End,
                (0, _) => Next::Wait,
                _ if judged.tried >= LEAST_JUDGED && judged.is_too_bad(action) => {
                    Next::Pause(judged.told(action, "jobs"))
                }
                _ => Next::Begin(most(waiting)),
            }
        }
        State::Canary | State::Running => canary(action, tally, waiting),
    }
}

fn canary(action: &Action, tally: &Tally, waiting: u64) -> Next {
    let judged = Judged::of(tally);
    let missing = u64::from(action.canary).saturating_sub(judged.taken).min(waiting);
    match () {
        () if missing > 0 => Next::Begin(most(missing)),
        () if judged.ended < judged.taken => Next::Wait,
        // With nothing left there is nothing to protect.
        () if waiting > 0 && judged.is_too_bad(action) => Next::Pause(judged.told(action, "first jobs")),
        () => Next::PassCanary,
    }
}

/// The jobs that count, in numbers.
struct Judged {
    /// Begun.
    taken: u64,
    ended: u64,
    /// Ended, and not because somebody else was faster.
    tried: u64,
    bad: u64,
}

impl Judged {
    fn of(tally: &Tally) -> Judged {
        let count = |holds: fn(Outcome) -> bool| {
            let fitting = Outcome::ALL.iter().filter(|outcome| holds(**outcome));
            fitting.map(|outcome| tally.of(*outcome).judged).sum()
        };
        Judged {
            taken: count(|outcome| outcome != Outcome::Waiting),
            ended: count(Outcome::is_final),
            tried: count(|outcome| outcome.is_final() && outcome != Outcome::Changed),
            bad: count(Outcome::is_bad),
        }
    }

    fn is_too_bad(&self, action: &Action) -> bool {
        self.bad * 100 > self.tried * u64::from(action.pause_above_percent)
    }

    fn told(&self, action: &Action, which: &str) -> String {
        let (Judged { bad, tried, .. }, limit) = (self, action.pause_above_percent);
        format!("{bad} of the {tried} {which} that ended did so badly, which is more than {limit} %")
    }
}

fn most(jobs: u64) -> u32 {
    u32::try_from(jobs).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::{Next, next};
    use chrono::DateTime;
    use projections::bulk::{Action, Deed, Outcome, Share, State, Tally};
    use uuid::Uuid;

    /// An action with a canary of 10 that pauses above 30 %.
    fn action(state: State, canary_over: bool) -> Action {
        Action {
            id: Uuid::nil(),
            actor: "admin:ops".into(),
            request_id: "r".into(),
            key: None,
            reason: "it is mended".into(),
            deed: Deed::Retry,
            filter: serde_json::Value::Null,
            rate: 10,
            canary: 10,
            pause_above_percent: 30,
            state,
            canary_over,
            cause: None,
            judged_from: 1,
            fencing: 1,
            items: 100,
            charged: 0.into(),
            left_out: 0,
            created_at: DateTime::UNIX_EPOCH,
            ended_at: None,
            tally: None,
        }
    }

    fn tally(jobs: &[(Outcome, u64)]) -> Tally {
        let share = |jobs| Share { jobs, judged: jobs, ..Share::default() };
        Tally(jobs.iter().map(|(outcome, jobs)| (*outcome, share(*jobs))).collect())
    }

    #[test]
    fn an_action_goes_from_its_canary_to_its_end() {
        use Outcome::{Begun, Changed, Discarded, Failed, Queued, Refused, Succeeded, Waiting};
        let pause = |sentence: &str| Next::Pause(sentence.to_owned());
        let first = "4 of the 10 first jobs that ended did so badly, which is more than 30 %";
        let later = "4 of the 12 jobs that ended did so badly, which is more than 30 %";
        for (state, over, jobs, expected) in [
            (State::Canary, false, &[(Waiting, 100)][..], Next::Begin(10)),
            (State::Canary, false, &[(Waiting, 93), (Begun, 3), (Queued, 4)], Next::Begin(3)),
            (State::Canary, false, &[(Waiting, 3)], Next::Begin(3)),
            (State::Canary, false, &[(Waiting, 90), (Queued, 1), (Failed, 9)], Next::Wait),
            (State::Canary, false, &[(Waiting, 90), (Succeeded, 7), (Failed, 3)], Next::PassCanary),
            (State::Canary, false, &[(Waiting, 90), (Succeeded, 6), (Failed, 3), (Refused, 1)], pause(first)),
            (State::Canary, false, &[(Succeeded, 1), (Failed, 2)], Next::PassCanary),
            (State::Canary, false, &[(Waiting, 90), (Changed, 10)], Next::PassCanary),
            (State::Canary, false, &[], Next::PassCanary),
            (State::Running, true, &[(Waiting, 90), (Discarded, 10)], Next::Begin(90)),
            (State::Running, true, &[(Waiting, 90), (Failed, 9)], Next::Begin(90)),
            (State::Running, true, &[(Waiting, 88), (Succeeded, 8), (Failed, 4)], pause(later)),
            (State::Running, true, &[(Waiting, 86), (Changed, 2), (Succeeded, 8), (Failed, 4)], pause(later)),
            (State::Running, true, &[(Begun, 2), (Failed, 98)], Next::Wait),
            (State::Running, true, &[(Queued, 2), (Failed, 98)], Next::End),
            (State::Paused, false, &[(Waiting, 100)], Next::Wait),
            (State::Done, true, &[(Queued, 2), (Failed, 98)], Next::Wait),
            (State::Done, true, &[(Failed, 100)], Next::Close),
            (State::Aborted, false, &[(Waiting, 99), (Begun, 1)], Next::Wait),
            (State::Aborted, false, &[(Waiting, 99), (Succeeded, 1)], Next::Close),
        ] {
            assert_eq!(next(&action(state, over), &tally(jobs)), expected, "{state:?} {over} {jobs:?}");
        }
    }

    #[test]
    fn only_what_counts_is_judged() {
        let mut counts = tally(&[(Outcome::Waiting, 50), (Outcome::Failed, 30), (Outcome::Succeeded, 20)]);
        assert!(matches!(next(&action(State::Running, true), &counts), Next::Pause(_)));
        // Somebody has seen the failures and gone on.
        for outcome in [Outcome::Failed, Outcome::Succeeded] {
            counts.0.get_mut(&outcome).unwrap().judged = 0;
        }
        assert_eq!(next(&action(State::Running, true), &counts), Next::Begin(50));
    }

    #[test]
    fn a_limit_of_a_hundred_never_pauses_and_one_of_nothing_at_the_first_failure() {
        let mut action = action(State::Canary, false);
        let jobs = tally(&[(Outcome::Waiting, 90), (Outcome::Failed, 1), (Outcome::Succeeded, 9)]);
        action.pause_above_percent = 0;
        assert!(matches!(next(&action, &jobs), Next::Pause(_)));
        action.pause_above_percent = 100;
        let all = tally(&[(Outcome::Waiting, 90), (Outcome::Failed, 10)]);
        assert_eq!(next(&action, &all), Next::PassCanary);
    }
}
