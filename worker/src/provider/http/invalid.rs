//! What is wrong with the settings of a provider.

/// A provider that cannot be used as it is configured. Never holds a key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the provider `{provider}` cannot be used: {problem}")]
pub struct InvalidProvider {
    /// Its name.
    pub provider: String,
    /// What is wrong, and what to do about it.
    pub problem: String,
}

impl InvalidProvider {
    pub(super) fn new(provider: &str, problem: impl Into<String>) -> InvalidProvider {
        InvalidProvider { provider: provider.to_owned(), problem: problem.into() }
    }
}
