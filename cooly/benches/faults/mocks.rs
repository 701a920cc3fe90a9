//! Providers to buy from, and the catalogue that leads to them.

use anyhow::Result;
use embedded::providers::{Fault, MockOptions, MockProvider, Protocol};
use std::collections::BTreeMap;
use std::time::Duration;

/// The variable that holds the providers' key, and the key.
pub(crate) const KEY: (&str, &str) = ("FAULTS_KEY", "key-of-the-mocks");

/// The models that lead to them: pictures that are answered at once, pictures that are asked after, and clips.
pub(crate) const MODELS: [&str; 3] = ["picture", "poster", "clip"];

/// How long everything takes to be made.
const DELAY: Duration = Duration::from_millis(300);

/// One server for each protocol.
pub(crate) struct Mocks(Vec<MockProvider>);

impl Mocks {
    pub(crate) async fn start() -> Result<Mocks> {
        let mut mocks = Vec::new();
        for protocol in [Protocol::OpenAi, Protocol::Replicate, Protocol::Fal] {
            let options = MockOptions { key: Some(KEY.1.to_owned()), delay: DELAY, ..MockOptions::default() };
            mocks.push(MockProvider::start(protocol, options).await?);
        }
        Ok(Mocks(mocks))
    }

    /// The catalogue file.
    pub(crate) fn catalogue(&self) -> String {
        let protocols = [Protocol::OpenAi, Protocol::Replicate, Protocol::Fal];
        let parts = self.0.iter().zip(protocols).zip(MODELS).map(|((mock, protocol), model)| {
            let (name, kind) = (protocol.name(), if model == "clip" { "video" } else { "image" });
            let inputs = if model == "picture" { r#", inputs = { size = "1024x1024" }"# } else { "" };
            let key = KEY.0;
            format!(
                "[providers.{name}]\nadapter = \"{name}\"\nbase_url = \"{base}\"\nkey_env = \"{key}\"\n\
                 output_hosts = [\"127.0.0.1\"]\nprivate = true\nmax_output_bytes = 1_048_576\npoll_interval = \"200ms\"\n\
                 [[models]]\nid = \"{model}\"\nkind = \"{kind}\"\nprice = \"4\"\ntimeout = \"30s\"\n\
                 routes = [{{ provider = \"{name}\", model = \"{there}\"{inputs} }}]\n",
                base = mock.base_url(),
                there = protocol.example_model()
            )
        });
        parts.collect()
    }

    /// Lets this happen at all of them, until [`Mocks::heal`].
    pub(crate) fn always(&self, fault: &Fault) {
        for mock in &self.0 {
            mock.always(fault.clone());
        }
    }

    /// Lets everything go well again.
    pub(crate) fn heal(&self) {
        for mock in &self.0 {
            mock.heal();
        }
    }

    /// How often each prompt was accepted, and so is paid for.
    pub(crate) fn paid(&self) -> BTreeMap<String, usize> {
        let mut paid = BTreeMap::new();
        for mock in &self.0 {
            for submit in mock.record().submits.into_iter().filter(|submit| submit.task.is_some()) {
                *paid.entry(submit.prompt).or_default() += 1;
            }
        }
        paid
    }

    /// The attempts that were accepted more than once.
    pub(crate) fn paid_twice(&self) -> usize {
        let mut accepted = BTreeMap::<String, usize>::new();
        for mock in &self.0 {
            let submits = mock.record().submits.into_iter().filter(|submit| submit.task.is_some());
            for reference in submits.filter_map(|submit| submit.reference) {
                *accepted.entry(reference).or_default() += 1;
            }
        }
        accepted.values().filter(|times| **times > 1).count()
    }
}
