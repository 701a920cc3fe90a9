//! The providers that a worker can use, by name.

use super::Provider;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Providers by the names that the catalogue uses. Cheap to clone.
#[derive(Clone, Default)]
pub struct Providers {
    by_name: BTreeMap<String, Arc<dyn Provider>>,
}

impl Providers {
    /// No providers.
    pub fn new() -> Providers {
        Providers::default()
    }

    /// These and one more; of two with one name the later wins.
    #[must_use]
    pub fn with(mut self, name: &str, provider: impl Provider) -> Providers {
        self.by_name.insert(name.to_owned(), Arc::new(provider));
        self
    }

    /// The provider of this name.
    pub fn get(&self, name: &str) -> Option<&Arc<dyn Provider>> {
        self.by_name.get(name)
    }

    /// Whether any of them reports by itself what becomes of tasks.
    pub(crate) fn report(&self) -> bool {
        self.by_name.values().any(|provider| provider.reports())
    }

    /// How many there are.
    pub(crate) fn count(&self) -> usize {
        self.by_name.len()
    }
}
