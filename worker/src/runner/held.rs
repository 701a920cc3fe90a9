//! The messages of one queue that this worker holds.
//!
//! A heartbeat that was slow must not hide a message again which was given back or deleted meanwhile. So a request
//! of the heartbeat takes its messages at the moment in which it leaves, and whoever lets go of one of them waits
//! until that request is answered or given up.

use crate::queue::{Answered, Queue, Source};
use ledger::error_chain;
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::time::Instant;
use tokio_util::sync::{CancellationToken, DropGuard};

/// Deliveries that are being worked on.
#[derive(Default)]
pub(super) struct Held {
    messages: Mutex<Messages>,
}

#[derive(Default)]
struct Messages {
    next: u64,
    by_ticket: HashMap<u64, Message>,
}

struct Message {
    receipt: String,
    /// When it was last hidden: by its receive, or by a request of the heartbeat that was acknowledged.
    hidden: Instant,
    /// Cancelled once the latest request of the heartbeat that carried it is over.
    beaten: Option<CancellationToken>,
}

impl Message {
    async fn is_left_alone(&self) {
        if let Some(beaten) = &self.beaten {
            beaten.cancelled().await;
        }
    }
}

/// Keeps a message hidden until it is dropped.
pub(super) struct Hold<'a> {
    held: &'a Held,
    ticket: u64,
}

/// Messages that one request of the heartbeat hides.
pub(super) struct Beaten {
    tickets: Vec<u64>,
    pub receipts: Vec<String>,
    leaves: Instant,
    _over: DropGuard,
}

impl Held {
    /// Keeps the message of this receipt hidden.
    pub(super) fn hold(&self, receipt: &str) -> Hold<'_> {
        let mut messages = self.lock();
        let ticket = messages.next;
        messages.next += 1;
        let message = Message { receipt: receipt.to_owned(), hidden: Instant::now(), beaten: None };
        messages.by_ticket.insert(ticket, message);
        Hold { held: self, ticket }
    }

    /// Shows every message that is still held, for other workers.
    pub(super) async fn release_all(&self, queue: &Queue) {
        let messages: Vec<Message> = self.lock().by_ticket.drain().map(|(_, message)| message).collect();
        for message in &messages {
            message.is_left_alone().await;
        }
        let receipts: Vec<String> = messages.into_iter().map(|message| message.receipt).collect();
        let answered = queue.hide(Source::Jobs, &receipts, Duration::ZERO).await;
        if let Some(error) = answered.error {
            tracing::warn!(error = %error_chain(&error), "held messages come back at their own time");
        }
    }

    /// Those that were not hidden since then, the most urgent first.
    pub(super) fn not_hidden_since(&self, instant: Instant) -> Vec<u64> {
        let messages = self.lock();
        let late = messages.by_ticket.iter().filter(|(_, message)| message.hidden < instant);
        let mut late: Vec<(Instant, u64)> = late.map(|(ticket, message)| (message.hidden, *ticket)).collect();
        late.sort_unstable();
        late.into_iter().map(|(_, ticket)| ticket).collect()
    }

    /// Takes for a request what is still held of these and was not hidden since then.
    pub(super) fn beat(&self, tickets: &[u64], since: Instant) -> Beaten {
        let over = CancellationToken::new();
        let (mut taken, mut receipts) = (Vec::new(), Vec::new());
        let mut messages = self.lock();
        for ticket in tickets {
            if let Some(message) = messages.by_ticket.get_mut(ticket).filter(|it| it.hidden < since) {
                message.beaten = Some(over.clone());
                taken.push(*ticket);
                receipts.push(message.receipt.clone());
            }
        }
        Beaten { tickets: taken, receipts, leaves: Instant::now(), _over: over.drop_guard() }
    }

    /// Notes what became of a request, and stops caring for receipts that SQS no longer knows.
    pub(super) fn note(&self, beaten: &Beaten, answered: &Answered<'_>) {
        let mut messages = self.lock();
        for (ticket, receipt) in beaten.tickets.iter().zip(&beaten.receipts) {
            if answered.stale.contains(&receipt.as_str()) {
                messages.by_ticket.remove(ticket);
            } else if !answered.undone.contains(&receipt.as_str())
                && let Some(message) = messages.by_ticket.get_mut(ticket)
            {
                message.hidden = beaten.leaves;
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Messages> {
        self.messages.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Hold<'_> {
    /// Lets go of the message: after this no heartbeat hides it any more.
    pub(super) async fn let_go(self) {
        let message = self.held.lock().by_ticket.remove(&self.ticket);
        if let Some(message) = message {
            message.is_left_alone().await;
        }
    }
}

impl Drop for Hold<'_> {
    fn drop(&mut self) {
        self.held.lock().by_ticket.remove(&self.ticket);
    }
}
