//! What all requests to one server share: its tasks, its faults and its memory of what it was asked.

use std::{
    collections::HashMap,
    ops::ControlFlow,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use serde_json::Value;
use tokio::sync::{
    mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel},
    watch,
};

use super::{
    call::Call,
    fault::{Fate, Fault, FileFault, Step, Trouble},
    faults::Faults,
    options::MockOptions,
    protocol::Protocol,
    record::{Record, Submit},
    reply::{Outcome, Reply},
    task::Task,
    tasks::Tasks,
    trouble::{self, Wording},
    webhook::{sign::Signer, wanted::Wanted},
    wishes::{Invalid, Wishes},
    words::Word,
};

/// Orders whose turns are counted at a time.
const MOST_TURNS: usize = 10_000;

pub(super) struct Desk {
    pub protocol: Protocol,
    pub faults: Faults,
    pub record: watch::Sender<Record>,
    pub signer: Signer,
    wishes: UnboundedSender<(String, Wanted)>,
    key: Option<String>,
    delay: Duration,
    tasks: Mutex<Tasks>,
    turns: Mutex<HashMap<(String, String), u64>>,
}

/// What somebody wants to have made.
pub(super) struct Order {
    submit: Submit,
    words: Vec<Fault>,
    webhook: Option<Wanted>,
}

impl Desk {
    /// A desk, and what it is asked to report.
    pub(super) fn new(
        protocol: Protocol,
        options: &MockOptions,
    ) -> (Desk, UnboundedReceiver<(String, Wanted)>) {
        let (wishes, wished) = unbounded_channel();
        let desk = Desk {
            protocol,
            signer: Signer::new(),
            wishes,
            faults: Faults::default(),
            record: watch::Sender::default(),
            key: options.key.clone(),
            delay: options.delay,
            tasks: Mutex::default(),
            turns: Mutex::default(),
        };
        (desk, wished)
    }

    pub(super) fn tasks(&self) -> MutexGuard<'_, Tasks> {
        self.tasks.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn task(&self, id: &str) -> Option<Task> {
        self.tasks().get(id).cloned()
    }

    /// Whether the request carries the right key.
    pub(super) fn admits(&self, call: &Call) -> bool {
        let given = call.credential(self.protocol.scheme());
        let admitted = given.is_some_and(|given| self.key.as_ref().is_none_or(|key| key == given));
        if !admitted {
            self.record.send_modify(|record| record.keys_refused += 1);
        }
        admitted
    }

    /// Takes an order in, unless a fault answers it instead of letting it be looked at.
    pub(super) fn order(
        &self,
        call: &Call,
        (model, input): (&str, Value),
        webhook: Option<&str>,
        wording: Wording,
    ) -> ControlFlow<Outcome, Order> {
        let prompt = input["prompt"].as_str().unwrap_or_default().to_owned();
        let submit = Submit {
            task: None,
            model: model.to_owned(),
            prompt,
            reference: call.reference(webhook),
            input,
            headers: call.public_headers(),
            query: call.query.clone(),
        };
        let words = self.words(&submit);
        let webhook = webhook.map(|url| Wanted::of(self.protocol, call, url));
        let order = Order { submit, words, webhook };
        match self.instead(Step::Submit, &order.words) {
            Some(trouble) => {
                self.turn_away(order);
                ControlFlow::Break(trouble::outcome(&trouble, wording))
            }
            None => ControlFlow::Continue(order),
        }
    }

    /// What the words of an order stand for, this time.
    fn words(&self, submit: &Submit) -> Vec<Fault> {
        let words: Vec<_> = Word::all_in(&submit.model, &submit.prompt).collect();
        let mut is_turn = true;
        if words.iter().any(|word| word.in_turn) {
            let mut turns = self.turns.lock().unwrap_or_else(PoisonError::into_inner);
            if turns.len() == MOST_TURNS {
                turns.clear();
            }
            let turn = turns.entry((submit.model.clone(), submit.prompt.clone())).or_default();
            *turn += 1;
            is_turn = *turn % 2 == 1;
        }
        words.into_iter().filter(|word| is_turn || !word.in_turn).map(Word::fault).collect()
    }

    /// What becomes of the order.
    pub(super) fn fate(&self, order: &Order) -> Option<Fate> {
        self.faults.take(&order.words, |fault| if let Fault::Fate(fate) = fault { Some(*fate) } else { None })
    }

    /// Remembers an order that is not accepted.
    pub(super) fn turn_away(&self, order: Order) {
        self.record.send_modify(|record| record.add(order.submit));
    }

    /// Accepts an order: from here on it is paid for.
    pub(super) fn accept(
        &self,
        order: Order,
        id: String,
        wishes: Result<Wishes, Invalid>,
        fate: Option<Fate>,
    ) -> Task {
        let Order { mut submit, words, webhook } = order;
        submit.task = Some(id.clone());
        let (model, input) = (submit.model.clone(), submit.input.clone());
        let task = Task::new(id, model, input, wishes, (words, fate), self.delay);
        self.tasks().insert(task.clone());
        // Nobody listens where the server is being stopped.
        webhook.into_iter().for_each(|wanted| drop(self.wishes.send((task.id.clone(), wanted))));
        self.record.send_modify(|record| record.add(submit));
        task
    }

    /// Does one step, unless a fault stands in its way before or after.
    pub(super) fn step(
        &self,
        step: Step,
        words: &[Fault],
        wording: Wording,
        work: impl FnOnce() -> Reply,
    ) -> Outcome {
        if let Some(trouble) = self.instead(step, words) {
            return trouble::outcome(&trouble, wording);
        }
        let reply = work();
        self.then(step, words, wording, reply)
    }

    /// The answer to a step that was done, unless a fault takes it away.
    pub(super) fn then(&self, step: Step, words: &[Fault], wording: Wording, reply: Reply) -> Outcome {
        self.lost(step, words, wording).unwrap_or(Ok(reply))
    }

    /// What comes instead of the answer to a step that was done, if a fault takes it away.
    pub(super) fn lost(&self, step: Step, words: &[Fault], wording: Wording) -> Option<Outcome> {
        let after = self.faults.take(words, |fault| match fault {
            Fault::After(at, trouble) if *at == step => Some(trouble.clone()),
            _ => None,
        });
        after.map(|trouble| trouble::outcome(&trouble, wording))
    }

    fn instead(&self, step: Step, words: &[Fault]) -> Option<Trouble> {
        self.faults.take(words, |fault| match fault {
            Fault::Instead(at, trouble) if *at == step => Some(trouble.clone()),
            _ => None,
        })
    }

    /// What is wrong with the file that is asked for.
    pub(super) fn file_fault(&self, words: &[Fault]) -> Option<FileFault> {
        self.faults
            .take(words, |fault| if let Fault::File(fault) = fault { Some(fault.clone()) } else { None })
    }

    /// Where the addresses in the answer to this submit lead.
    pub(super) fn base(&self, call: &Call) -> String {
        let foreign = self
            .faults
            .take(&[], |fault| if let Fault::ForeignUrls(base) = fault { Some(base.clone()) } else { None });
        foreign.unwrap_or_else(|| call.base())
    }
}
