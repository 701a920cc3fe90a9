//! A provider over HTTP, whatever it speaks.

use super::client::Client;
use super::fal::Fal;
use super::generic::Generic;
use super::invalid::InvalidProvider;
use super::openai::OpenAi;
use super::options::{Adapter, HttpOptions};
use super::protocol::Protocol;
use super::replicate::Replicate;
use crate::provider::{Cancelled, Found, Origin, Progress, Provider, ProviderFailure, Submission, Task};
use ledger::catalogue::Route;
use std::time::Duration;

/// A provider over HTTP.
pub struct HttpProvider {
    protocol: Box<dyn Protocol>,
    reports: bool,
    poll_interval: Duration,
    deadline: Duration,
}

impl HttpProvider {
    /// Makes a provider of its settings. Nothing is asked yet.
    ///
    /// # Errors
    /// Names what is wrong with the settings. The key is not in it.
    pub fn new(options: &HttpOptions) -> Result<HttpProvider, InvalidProvider> {
        check_times(options)?;
        check_hosts(options)?;
        check_webhook(options)?;
        let origin = |client: &Client| origin(options, client);
        let protocol: Box<dyn Protocol> = match &options.adapter {
            Adapter::Fal => Box::new(Fal::new(options, origin)?),
            Adapter::Replicate => Box::new(Replicate::new(options, origin)?),
            Adapter::OpenAi => Box::new(OpenAi::new(options, origin)?),
            Adapter::Generic(description) => Box::new(Generic::new(options, description, origin)?),
        };
        let HttpOptions { poll_interval, deadline, .. } = *options;
        Ok(HttpProvider { protocol, reports: options.webhook.is_some(), poll_interval, deadline })
    }
}

fn check_times(options: &HttpOptions) -> Result<(), InvalidProvider> {
    let times = [
        ("poll_interval", options.poll_interval),
        ("deadline", options.deadline),
        ("connect_timeout", options.connect_timeout),
        ("answer_timeout", options.answer_timeout),
    ];
    match times.into_iter().find(|(_, time)| time.is_zero()) {
        Some((name, _)) => {
            Err(InvalidProvider::new(&options.name, format!("`{name}` must be longer than nothing")))
        }
        None => Ok(()),
    }
}

fn check_hosts(options: &HttpOptions) -> Result<(), InvalidProvider> {
    let is_host = |host: &str| {
        let name = host.strip_prefix("*.").unwrap_or(host);
        !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._[]:".contains(&byte))
    };
    match options.output_hosts.iter().find(|host| !is_host(host)) {
        Some(host) => {
            let problem = format!(
                "`{host}` in `output_hosts` is no host: write `media.example.org` or `*.example.org`"
            );
            Err(InvalidProvider::new(&options.name, problem))
        }
        None => Ok(()),
    }
}

fn check_webhook(options: &HttpOptions) -> Result<(), InvalidProvider> {
    if options.webhook.is_some() && matches!(options.adapter, Adapter::OpenAi) {
        let problem = "this adapter knows no webhooks, since the answer to a request is the work itself: leave them off";
        return Err(InvalidProvider::new(&options.name, problem));
    }
    Ok(())
}

/// What may be fetched: what is configured, or what is known of the service where it is at its usual place, or its own host.
fn origin(options: &HttpOptions, client: &Client) -> Origin {
    let usual = options.adapter.usual_output_hosts();
    let hosts = if !options.output_hosts.is_empty() {
        options.output_hosts.clone()
    } else if options.base_url.is_none() && !usual.is_empty() {
        usual.iter().map(|host| (*host).to_owned()).collect()
    } else {
        vec![client.host().to_owned()]
    };
    Origin { hosts, is_private: options.is_private, max_bytes: options.max_output_bytes }
}

#[async_trait::async_trait]
impl Provider for HttpProvider {
    async fn submit(&self, task: &Task, route: &Route) -> Result<Submission, ProviderFailure> {
        self.protocol.submit(task, route).await
    }

    async fn find(&self, reference: &str) -> Result<Found, ProviderFailure> {
        self.protocol.find(reference).await
    }

    async fn poll(&self, task_id: &str) -> Result<Progress, ProviderFailure> {
        self.protocol.poll(task_id).await
    }

    async fn cancel(&self, task_id: &str) -> Result<Cancelled, ProviderFailure> {
        self.protocol.cancel(task_id).await
    }

    fn reports(&self) -> bool {
        self.reports
    }

    fn task_named(&self, name: &str, route: &Route) -> Option<String> {
        self.protocol.task_named(name, route)
    }

    fn poll_interval(&self) -> Duration {
        self.poll_interval
    }

    fn deadline(&self) -> Duration {
        self.deadline
    }
}
