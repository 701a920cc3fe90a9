//! One story: each step is told to the ledger and to the naive one, and the answers are compared.

use crate::model::commands::{command, key_space, takes_key};
use crate::model::names::Names;
use crate::model::stage::{GRACE, LAG, Stage, set_clock};
use crate::model::steps::{Step, Through};
use crate::naive::{Asked, NaiveUser, Seconds, Told, compare, micros};
use ledger::{BatchError, Command, ExecuteError, Outcome, UserId};
use proptest::test_runner::TestCaseError;
use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};

/// Late enough that no clock is before the beginning.
const BEGINS: Seconds = 100;

/// Something that was accepted under a key.
#[derive(Debug, Clone)]
struct Sent {
    asked: Vec<(usize, Asked)>,
    key: u8,
    answer: Vec<Outcome>,
}

/// See the module.
pub(crate) struct Story<'a> {
    pub(crate) stage: &'a Stage,
    pub(crate) names: [UserId; 2],
    pub(crate) users: [NaiveUser; 2],
    clock: Seconds,
    known: [Names; 2],
    sent: Vec<Sent>,
    /// Which request has which key: by account, owner of the key, place in the request.
    keys: HashMap<(usize, &'static str, usize, u8), [u8; 32]>,
    /// Answers that said what an account amounts to, to look them up at the end.
    pub(crate) seen: Vec<(usize, Outcome)>,
    requests: u32,
    /// What the current step asked.
    pub(crate) asked: Vec<(usize, Asked)>,
}

impl<'a> Story<'a> {
    pub(crate) fn begin(stage: &'a Stage) -> Story<'a> {
        let name = |_| format!("story-{}", uuid::Uuid::now_v7()).parse().unwrap();
        set_clock(BEGINS);
        Story {
            stage,
            names: [0, 1].map(name),
            users: [NaiveUser::new(GRACE), NaiveUser::new(GRACE)],
            clock: BEGINS,
            known: [Names::default(), Names::default()],
            sent: Vec::new(),
            keys: HashMap::new(),
            seen: Vec::new(),
            requests: 0,
            asked: Vec::new(),
        }
    }

    /// Plays a step; tells what is wrong with the answer.
    pub(crate) async fn play(&mut self, step: &Step) -> Result<(), String> {
        self.asked.clear();
        match step {
            Step::Pass(seconds) => {
                self.clock += seconds;
                set_clock(self.clock);
                Ok(())
            }
            Step::Restart(process) => {
                self.stage.restart(*process).await;
                Ok(())
            }
            Step::Repeat { nth, through } => match self.sent.iter().rev().nth(*nth).cloned() {
                Some(Sent { asked, key, .. }) => self.ask(asked, Some(key), *through).await,
                None => Ok(()),
            },
            Step::Ask { asks, key, through } => {
                let name = |who: usize, ask| self.known[who].name(&self.users[who], self.clock, ask);
                let asked: Vec<_> = asks.iter().map(|(who, ask)| (*who, name(*who, ask))).collect();
                let key = key.filter(|_| asked.iter().all(|(_, asked)| takes_key(asked)));
                self.ask(asked, key, *through).await
            }
        }
    }

    async fn ask(
        &mut self,
        asked: Vec<(usize, Asked)>,
        key: Option<u8>,
        through: Through,
    ) -> Result<(), String> {
        self.asked.clone_from(&asked);
        let keyed = key.map(|key| (key, hash(&asked)));
        self.requests += 1;
        let request = format!("request-{}", self.requests);
        let commands: Vec<Command> =
            asked.iter().map(|(who, asked)| command(&self.names, *who, asked, keyed, &request)).collect();
        let ledger = self.stage.ledger(through.process);
        let answer = if through.dry_run {
            ledger.preview_all(commands).await
        } else {
            ledger.execute_all(commands).await
        };
        let answer = answer.map_err(|BatchError { place, error }| match error {
            ExecuteError::Refused(refusal) => (place, refusal.code()),
            ExecuteError::Failed(error) => panic!("{}", ledger::error_chain(&error)),
        });
        if let Some((key, hash)) = keyed
            && let Some(first) = self.keys.get(&(EVERYONE, key_space(&asked[0].1), 0, key))
        {
            return if *first == hash {
                self.same_as_before(&asked, key, answer)
            } else {
                refused(answer, KEY_REUSED)
            };
        }
        // Where keys of batches stood before they had names of their own: there the first command is looked for too.
        if keyed.is_some_and(|(key, _)| own_slots(&asked[0], key).any(|slot| self.keys.contains_key(&slot))) {
            return refused(answer, KEY_REUSED);
        }
        let clock = self.clock - if through.process == 0 { 0 } else { LAG };
        self.decided(asked, keyed, through.dry_run, clock, answer)
    }

    /// The answer must be what the naive ledger says.
    fn decided(
        &mut self,
        asked: Vec<(usize, Asked)>,
        keyed: Option<(u8, [u8; 32])>,
        dry_run: bool,
        clock: Seconds,
        answer: Result<Vec<Outcome>, (usize, &'static str)>,
    ) -> Result<(), String> {
        let mut users = self.users.clone();
        let mut told: Vec<Told> = Vec::new();
        for (place, (who, asked)) in asked.iter().enumerate() {
            match users[*who].ask(asked, clock) {
                Ok(one) => told.push(one),
                Err(code) => return refused(answer, (place, code)),
            }
        }
        let slots = keyed.map(|(key, hash)| (slots(&asked, key), hash));
        if let Some((slots, _)) = &slots
            && !dry_run
            && slots.iter().any(|slot| self.keys.contains_key(slot))
        {
            return match answer {
                Err((_, "idempotency_key_reused")) => Ok(()),
                other => Err(format!("a part of it was written under the key, but it answers {other:?}")),
            };
        }
        let outcomes = answer.map_err(|refusal| format!("it was refused: {refusal:?}"))?;
        let wrote = told.iter().any(|told| told.touched);
        for ((who, _), (told, outcome)) in asked.iter().zip(told.iter().zip(&outcomes)) {
            agree(told, outcome, clock).map_or(Ok(()), |problem| Err(format!("account {who}: {problem}")))?;
            if dry_run && outcome.position.is_some() || wrote && !dry_run && outcome.position.is_none() {
                return Err(format!("its position is {:?}", outcome.position));
            }
        }
        if dry_run {
            return Ok(());
        }
        self.users = users;
        self.learn(&asked, &told, &outcomes);
        if let Some((slots, hash)) = slots {
            self.keys.extend(slots.into_iter().map(|slot| (slot, hash)));
        }
        if let Some((key, _)) = keyed {
            self.sent.push(Sent { asked, key, answer: outcomes });
        }
        Ok(())
    }

    fn learn(&mut self, asked: &[(usize, Asked)], told: &[Told], outcomes: &[Outcome]) {
        for ((who, _), told) in asked.iter().zip(told) {
            self.known[*who].learn(&told.account);
        }
        if let ([(who, _)], [outcome]) = (asked, outcomes)
            && outcome.account.is_some()
        {
            self.seen.push((*who, outcome.clone()));
        }
    }

    /// A repeat gets the first answer.
    fn same_as_before(
        &self,
        asked: &[(usize, Asked)],
        key: u8,
        answer: Result<Vec<Outcome>, (usize, &'static str)>,
    ) -> Result<(), String> {
        let sent = self.sent.iter().find(|sent| sent.key == key && sent.asked == *asked);
        let earlier = &sent.ok_or("the test lost an answer")?.answer;
        let repeated = answer.map_err(|refusal| format!("a repeat was refused: {refusal:?}"))?;
        let newest = |outcomes: &[Outcome]| outcomes.iter().map(|outcome| outcome.position).max();
        if newest(earlier) != newest(&repeated) {
            return Err(format!(
                "a repeat has position {:?} and not {:?}",
                newest(&repeated),
                newest(earlier)
            ));
        }
        for (first, again) in earlier.iter().zip(&repeated) {
            let same =
                first.account == again.account && first.credits == again.credits && first.jobs == again.jobs;
            if !same || !again.replayed {
                return Err(format!("a repeat got\n  {again:?}\nand not\n  {first:?}"));
            }
        }
        Ok(())
    }
}

const KEY_REUSED: (usize, &str) = (0, "idempotency_key_reused");

fn refused(
    answer: Result<Vec<Outcome>, (usize, &'static str)>,
    expected: (usize, &'static str),
) -> Result<(), String> {
    match answer {
        Err(refusal) if refusal == expected => Ok(()),
        Err(refusal) => Err(format!("it was refused for {refusal:?} and not for {expected:?}")),
        Ok(outcomes) => Err(format!("it was accepted and not refused for {expected:?}: {outcomes:?}")),
    }
}

/// The keys that a command would have by itself.
fn own_slots(
    (who, asked): &(usize, Asked),
    key: u8,
) -> impl Iterator<Item = (usize, &'static str, usize, u8)> {
    let many = if let Asked::Queue { jobs } = asked { jobs.len() } else { 1 };
    let (who, space) = (*who, key_space(asked));
    (0..many).map(move |place| (who, space, place, key))
}

/// In whose name the first key of a request is kept: it stands for the request in the whole log.
const EVERYONE: usize = usize::MAX;

/// Where the keys of a request are kept: the first for all accounts, and then in each account one for each job that it
/// queues, and one for anything else.
fn slots(asked: &[(usize, Asked)], key: u8) -> Vec<(usize, &'static str, usize, u8)> {
    let mut slots = Vec::new();
    let mut next = [0, 0];
    for (who, asked) in asked {
        let many = if let Asked::Queue { jobs } = asked { jobs.len() } else { 1 };
        slots.extend((next[*who]..next[*who] + many).map(|place| (*who, key_space(asked), place, key)));
        next[*who] += many;
    }
    if let Some((who, _, place, _)) = slots.first_mut() {
        (*who, *place) = (EVERYONE, 0);
    }
    slots
}

fn hash(asked: &[(usize, Asked)]) -> [u8; 32] {
    let mut hasher = DefaultHasher::new();
    format!("{asked:?}").hash(&mut hasher);
    let mut hash = [0; 32];
    hash[..8].copy_from_slice(&hasher.finish().to_be_bytes());
    hash
}

/// What differs between an outcome and what the naive ledger told.
fn agree(told: &Told, outcome: &Outcome, clock: Seconds) -> Option<String> {
    let changes: Vec<_> =
        outcome.credits.iter().map(|event| (event.name(), micros(event.change().get()))).collect();
    if changes != told.account.facts {
        return Some(format!("it wrote {changes:?} and not {:?}", told.account.facts));
    }
    let jobs: Vec<_> = outcome
        .jobs
        .iter()
        .map(|(id, job)| (*id, job.status, micros(job.charged_in_all().get()), job.on_hold))
        .collect();
    let simple: Vec<_> =
        told.jobs.iter().map(|job| (job.id, job.status, job.charged_in_all(), job.held)).collect();
    if jobs != simple {
        return Some(format!("its jobs are {jobs:?} and not {simple:?}"));
    }
    match &outcome.account {
        None if told.touched => Some("it does not tell the account".into()),
        Some(_) if !told.touched => Some("it touched the account".into()),
        None => None,
        Some(state) => compare(state, &told.account, clock),
    }
}

impl Stage {
    /// Tells one story of two new accounts.
    pub(crate) fn tell(&self, steps: Vec<Step>) -> Result<(), TestCaseError> {
        self.runtime.block_on(async {
            let mut story = Story::begin(self);
            for (place, step) in steps.iter().enumerate() {
                let played = story.play(step).await;
                played.map_err(|problem| {
                    TestCaseError::fail(format!("step {place}, {step:?}, as {:?}: {problem}", story.asked))
                })?;
            }
            story.end().await.map_err(|problem| TestCaseError::fail(format!("at the end: {problem}")))
        })
    }
}
