//! Whether a provider reports by itself what becomes of tasks, and how that is proved. Off unless the file says so.

use super::adapter::Adapter;
use super::document::ProviderTable;
use super::problem::Problems;
use super::values::{self, said};
use toml::Spanned;
use webhooks::ReportOptions;
use worker::provider::http::GenericOptions;

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
    /// As the description of a service says.
    Described {
        /// How.
        report: ReportOptions,
        /// Where a report holds the id of the task.
        id: String,
        /// The variable that holds the secret, if there is one.
        secret_env: Option<String>,
    },
}

impl WebhookEntry {
    /// The variables that are not set here, for whoever checks the file.
    pub(super) fn unset(&self, provider: &str) -> Vec<String> {
        let secret = match &self.signature {
            Signature::Fal { .. } => None,
            Signature::Replicate { secret_env } => Some(secret_env.as_str()),
            Signature::Described { secret_env, .. } => secret_env.as_deref(),
        };
        let secret = secret.map(|variable| (variable, "`cooly api` and `cooly up` need it"));
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
    adapter: Option<&Adapter>,
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
    match adapter? {
        Adapter::Fal => fal(table, problems),
        Adapter::Replicate => replicate(table, on, problems),
        Adapter::Http(description) => described(description, table, on, problems),
        Adapter::OpenAi | Adapter::Simulated => {
            let message =
                "`webhooks` are known of adapter \"fal\", \"replicate\" and \"http\" alone; others are asked";
            problems.add(on.span(), message);
            None
        }
    }
}

fn described(
    description: &GenericOptions,
    table: &ProviderTable,
    on: &Spanned<bool>,
    problems: &mut Problems,
) -> Option<WebhookEntry> {
    let only = "is for adapter \"fal\"; a described service signs with a secret";
    refuse(table.webhook_keys_url.as_ref(), "webhook_keys_url", only, problems);
    let Some(report) = description.webhook.clone() else {
        let message = "the table `http` does not say how reports are signed: add webhook = { signature = \"standard\" }, \
                       \"hmac\" or \"none\"; docs/providers.md shows how";
        problems.add(on.span(), message);
        return None;
    };
    if !report.needs_secret() {
        let why = "is not used with signature = \"none\"";
        refuse(table.webhook_secret_env.as_ref(), "webhook_secret_env", why, problems);
    }
    let secret_env = match report.needs_secret() {
        true => Some(secret_env(table, on, "the secret that the service signs with", problems)?),
        false => None,
    };
    // Without either the description is refused elsewhere.
    let id = report.id.clone().or_else(|| description.id.clone()).unwrap_or_default();
    Some(WebhookEntry { signature: Signature::Described { report, id, secret_env } })
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
    let what = "the signing secret, which Replicate shows as whsec_…";
    let secret_env = secret_env(table, on, what, problems)?;
    Some(WebhookEntry { signature: Signature::Replicate { secret_env } })
}

fn secret_env(
    table: &ProviderTable,
    on: &Spanned<bool>,
    what: &str,
    problems: &mut Problems,
) -> Option<String> {
    let Some(variable) = &table.webhook_secret_env else {
        let message =
            format!("`webhook_secret_env` is missing: name the environment variable that holds {what}");
        problems.add(on.span(), message);
        return None;
    };
    said(problems, "webhook_secret_env", Some(variable), values::variable)
}

fn refuse(given: Option<&Spanned<String>>, key: &str, why: &str, problems: &mut Problems) {
    given.into_iter().for_each(|given| problems.add(given.span(), format!("`{key}` {why}")));
}
