//! Where processes are killed in the middle of their work: points that the program passes (`ledger/src/failpoint.rs`), who
//! passes each, and what makes them come by.

use crate::process::Role;

/// What makes a process come by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Occasion {
    /// Users buy.
    Buying,
    /// Providers refuse what users buy.
    Failing,
    /// Users cancel what providers are at work on.
    Cancelling,
    /// A worker dies while providers answer nothing that it has asked.
    Dying,
    /// Credits expire that nobody has spent.
    Expiring,
    /// An admin has many dead letters retried at once.
    Ordering,
}

/// A point, and the row that kills there.
#[derive(Debug)]
pub(crate) struct Site {
    /// The row's name.
    pub name: &'static str,
    pub point: &'static str,
    /// What the process was about to do, or had done.
    pub words: &'static str,
    pub role: Role,
    pub occasion: Occasion,
}

const fn site(role: Role, point: &'static str, words: &'static str, occasion: Occasion) -> Site {
    Site { name: point, point, words, role, occasion }
}

const fn worker(point: &'static str, words: &'static str, occasion: Occasion) -> Site {
    site(Role::Worker, point, words, occasion)
}

/// All of them, in the order of a job's life.
pub(crate) const SITES: [Site; 33] = [
    Site {
        name: "api.append.before",
        ..site(Role::Api, "ledger.append.before", "an API about to write to the log", Occasion::Buying)
    },
    Site {
        name: "api.append.after",
        ..site(Role::Api, "ledger.append.after", "an API that has written to the log", Occasion::Buying)
    },
    worker("ledger.append.before", "a worker about to write to the log", Occasion::Buying),
    worker("ledger.append.after", "a worker that has written to the log", Occasion::Buying),
    worker("relay.send.before", "about to send messages", Occasion::Buying),
    worker("relay.send.after", "has sent messages", Occasion::Buying),
    worker("relay.checkpoint.before", "about to move the relay's checkpoint", Occasion::Buying),
    worker("relay.checkpoint.after", "has moved the relay's checkpoint", Occasion::Buying),
    worker("runner.received", "has received messages", Occasion::Buying),
    worker("runner.claim.before", "about to claim a job", Occasion::Buying),
    worker("runner.claim.after", "has claimed a job", Occasion::Buying),
    worker("runner.submit.before", "about to ask a provider for work", Occasion::Buying),
    worker("runner.submit.after", "a provider has answered", Occasion::Buying),
    worker("attempt.submitted", "has recorded that a provider has the work", Occasion::Buying),
    worker("poller.ask.before", "about to ask after a task", Occasion::Buying),
    worker("poller.ask.after", "has been told how far a task is", Occasion::Buying),
    worker("poller.finished", "is done with a look at a task", Occasion::Buying),
    worker("attempt.stored", "has stored outputs", Occasion::Buying),
    worker("attempt.succeeded", "has recorded a success", Occasion::Buying),
    worker("attempt.failed", "has recorded a failure", Occasion::Failing),
    worker("runner.delete.before", "about to delete messages", Occasion::Buying),
    worker("runner.delete.after", "has deleted messages", Occasion::Buying),
    worker("recall.noted", "has noted what is to be stopped", Occasion::Cancelling),
    worker("recall.tell.before", "about to have a provider stop", Occasion::Cancelling),
    worker("recall.tell.after", "has had a provider stop", Occasion::Cancelling),
    worker("reconciler.forfeit.before", "about to take a job from a dead worker", Occasion::Dying),
    worker("reconciler.forfeit.after", "has taken a job from a dead worker", Occasion::Dying),
    worker("sweeper.lapse.before", "about to write down what has expired", Occasion::Expiring),
    worker("sweeper.lapse.after", "has written down what has expired", Occasion::Expiring),
    worker("bulk.begun", "has begun jobs of a bulk action", Occasion::Ordering),
    worker("bulk.performed", "has performed jobs of a bulk action", Occasion::Ordering),
    site(Role::Projector, "projector.commit.before", "a projector about to commit a page", Occasion::Buying),
    site(
        Role::Projector,
        "projector.commit.after",
        "a projector that has committed a page",
        Occasion::Buying,
    ),
];
