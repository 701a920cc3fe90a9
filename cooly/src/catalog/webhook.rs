//! Whether a provider reports by itself what becomes of tasks, and how that is proved. Off unless the file says so.

use super::document::ProviderTable;
use super::problem::Problems;
use super::values;
use toml::Spanned;

/// The variables that addresses of webhooks are made and known by, and who needs them.
const NEEDED: [(&str, &str); 2] = [
    ("COOLY_PUBLIC_URL", "`cooly worker` needs it, and `cooly up` unless the provider is private"),
    ("COOLY_WEBHOOK_KEY", "`cooly api` and `cooly worker` need it, the same; `cooly up` makes its own"),
];

/// How a provider reports.
#[derive(Debug, Clone)]
pub(crate) struct WebhookEntry {
    /// How it signs.
    pub signature: Signature,
}

/// How a provider signs its reports.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Signature {
    /// As fal does: its keys are at this address; `None` for where fal has them.
    Fal {
        /// The address.
        keys_url: Option<String>,
    },
    /// As Replicate does: this variable of the environment holds the secret.
    Replicate {
        /// The variable.
        secret_env: String,
    },
}

impl WebhookEntry {
    /// The variables that are not set here, for whoever checks the file.
    pub(super) fn unset(&self, provider: &str) -> Vec<String> {
        let secret = match &self.signature {
            Signature::Fal { .. } => None,
            Signature::Replicate { secret_env } => {
                Some((secret_env.as_str(), "`cooly api` and `cooly up` need it"))
            }
        };
        let needed = NEEDED.into_iter().chain(secret);
        let unset = needed.filter(|(variable, _)| std::env::var_os(variable).is_none());
        unset
            .map(|(variable, who)| {
                format!("{variable}, for webhooks of the provider `{provider}`, is not set here; {who}")
            })
            .collect()
    }
}

/// The webhooks of a provider, if it has them and they are right.
pub(super) fn check(
    name: &Spanned<String>,
    table: &ProviderTable,
    problems: &mut Problems,
) -> Option<WebhookEntry> {
    let on = table.webhooks.as_ref().filter(|on| *on.get_ref());
    let Some(on) = on else {
        refuse(table.webhook_secret_env.as_ref(), "webhook_secret_env", "needs `webhooks = true`", problems);
        refuse(table.webhook_keys_url.as_ref(), "webhook_keys_url", "needs `webhooks = true`", problems);
        return None;
    };
    if name.get_ref().contains('/') {
        let message = "the name of a provider with webhooks stands in their address: leave out the `/`";
        problems.add(name.span(), message);
    }
    match table.adapter.get_ref().as_str() {
        "fal" => fal(table, problems),
        "replicate" => replicate(table, on, problems),
        _ => {
            let message = "`webhooks` are known of adapter \"fal\" and \"replicate\" alone; others are asked";
            problems.add(on.span(), message);
            None
        }
    }
}

fn fal(table: &ProviderTable, problems: &mut Problems) -> Option<WebhookEntry> {
    let only = "is for adapter \"replicate\"; fal publishes its keys";
    refuse(table.webhook_secret_env.as_ref(), "webhook_secret_env", only, problems);
    let keys_url = match &table.webhook_keys_url {
        Some(url) => match values::address(url.get_ref(), table.private) {
            Ok(url) => Some(url),
            Err(message) => {
                problems.add(url.span(), format!("`webhook_keys_url` {message}"));
                return None;
            }
        },
        None => None,
    };
    Some(WebhookEntry { signature: Signature::Fal { keys_url } })
}

fn replicate(table: &ProviderTable, on: &Spanned<bool>, problems: &mut Problems) -> Option<WebhookEntry> {
    let only = "is for adapter \"fal\"; Replicate signs with a secret";
    refuse(table.webhook_keys_url.as_ref(), "webhook_keys_url", only, problems);
    let Some(variable) = &table.webhook_secret_env else {
        let message = "`webhook_secret_env` is missing: name the environment variable that holds the signing secret, \
                       which Replicate shows as whsec_…";
        problems.add(on.span(), message);
        return None;
    };
    match values::variable(variable.get_ref()) {
        Ok(secret_env) => Some(WebhookEntry { signature: Signature::Replicate { secret_env } }),
        Err(message) => {
            problems.add(variable.span(), format!("`webhook_secret_env` {message}"));
            None
        }
    }
}

fn refuse(given: Option<&Spanned<String>>, key: &str, why: &str, problems: &mut Problems) {
    given.into_iter().for_each(|given| problems.add(given.span(), format!("`{key}` {why}")));
}
