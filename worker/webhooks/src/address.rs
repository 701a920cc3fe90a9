//! The address that a provider reports to. It names the attempt, so that what is reported finds it even if the answer to
//! the submit was lost, and holds a MAC that lets this provider report about this attempt. It opens nothing else.

use crate::key::WebhookKey;
use crate::reference::Reference;
use ledger::AccountId;

/// Where one provider reports to.
#[derive(Debug, Clone)]
pub struct Address {
    public_url: String,
    provider: String,
    key: WebhookKey,
}

impl Address {
    /// For the provider of this name, whose letters can stand in a path, below the address under which it reaches us.
    pub fn new(public_url: &str, provider: &str, key: WebhookKey) -> Address {
        let public_url = public_url.trim_end_matches('/').to_owned();
        Address { public_url, provider: provider.to_owned(), key }
    }

    /// Where it reports about this attempt.
    pub fn of(&self, account: AccountId, reference: &Reference) -> String {
        let Address { public_url, provider, key } = self;
        let mac = key.mac(provider, account, reference);
        format!("{public_url}/v1/webhooks/{provider}/{account}/{reference}?mac={mac}")
    }
}
