//! Whose reports are taken, and what has to be right about one. What is wrong is told in the order in which it is found:
//! the address first, which costs nothing and is looked at before anything is received, then the provider's signature, its time, and what it says.

use crate::key::WebhookKey;
use crate::reference::Reference;
use crate::signals::Signal;
use crate::signing::{Flaw, Signing};
use chrono::{DateTime, Utc};
use ledger::AccountId;
use reqwest::header::HeaderMap;
use std::collections::BTreeMap;

/// The providers that may report. By default there is none.
#[derive(Debug, Default)]
pub struct Reception {
    doors: BTreeMap<String, (WebhookKey, Signing)>,
}

/// Where a report came in.
#[derive(Debug, Clone, Copy)]
pub struct Knock<'a> {
    /// The provider that its address names.
    pub provider: &'a str,
    /// The account that its address names.
    pub account: &'a str,
    /// The attempt that its address names.
    pub reference: &'a str,
    /// What shows that the address is one of ours.
    pub mac: &'a str,
}

/// An address that was given out; what comes there is worth being received.
#[derive(Debug)]
pub struct Door<'a> {
    provider: &'a str,
    signing: &'a Signing,
    account_id: AccountId,
    reference: Reference,
}

/// Why a report is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// No such address was given out: there is no such provider, it does not report, or it was given another one.
    #[error("no such address was given out")]
    Address,
    /// It is not signed by the provider.
    #[error("it is not signed by the provider")]
    Signature,
    /// It was signed too long ago, or in the future.
    #[error("it was signed too long ago, or in the future")]
    Time,
    /// It is signed, and does not name a task.
    #[error("it does not name a task")]
    Content,
    /// The provider's keys cannot be had at the moment.
    #[error("the provider's keys cannot be had at the moment")]
    KeysAway,
}

impl Refused {
    /// One word for it, for a metric.
    pub fn reason(self) -> &'static str {
        match self {
            Refused::Address => "address",
            Refused::Signature => "signature",
            Refused::Time => "time",
            Refused::Content => "content",
            Refused::KeysAway => "keys_away",
        }
    }
}

impl From<Flaw> for Refused {
    fn from(flaw: Flaw) -> Refused {
        match flaw {
            Flaw::Signature => Refused::Signature,
            Flaw::Time => Refused::Time,
            Flaw::Content => Refused::Content,
            Flaw::KeysAway => Refused::KeysAway,
        }
    }
}

impl Reception {
    /// The same, with a provider that signs like this and was given addresses under this key.
    #[must_use]
    pub fn with(mut self, provider: &str, key: WebhookKey, signing: Signing) -> Reception {
        self.doors.insert(provider.to_owned(), (key, signing));
        self
    }

    /// Whether reports of a provider of this name are taken.
    pub fn knows(&self, provider: &str) -> bool {
        self.doors.contains_key(provider)
    }

    /// Looks at the address alone, which costs nothing.
    ///
    /// # Errors
    /// [`Refused::Address`] if it was not given out.
    pub fn admit<'a>(&'a self, knock: Knock<'a>) -> Result<Door<'a>, Refused> {
        let Knock { provider, account, reference, mac } = knock;
        let (key, signing) = self.doors.get(provider).ok_or(Refused::Address)?;
        let account_id = AccountId(account.parse().map_err(|_| Refused::Address)?);
        let reference: Reference = reference.parse().map_err(|_| Refused::Address)?;
        if key.admits(mac, provider, account_id, &reference) {
            Ok(Door { provider, signing, account_id, reference })
        } else {
            Err(Refused::Address)
        }
    }
}

impl Door<'_> {
    /// What is reported here, once it is proved: by these headers, for this body as it came, at this time.
    ///
    /// # Errors
    /// Says what is wrong with it.
    pub async fn read(self, headers: &HeaderMap, body: &[u8], now: DateTime<Utc>) -> Result<Signal, Refused> {
        let told = self.signing.read(headers, body, now).await?;
        let (event_id, task_id) = (told.event_id, told.task_id);
        let Door { provider, account_id, reference, .. } = self;
        Ok(Signal { provider: provider.to_owned(), event_id, account_id, reference, task_id })
    }
}
