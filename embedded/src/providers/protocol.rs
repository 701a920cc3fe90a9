//! The protocols that can be spoken.

use std::{fmt, str::FromStr};

/// Whose protocol a server speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    /// The queue API of fal.
    Fal,
    /// The predictions API of Replicate.
    Replicate,
    /// The images API of OpenAI.
    OpenAi,
}

impl Protocol {
    /// Every protocol.
    pub const ALL: [Protocol; 3] = [Protocol::Fal, Protocol::Replicate, Protocol::OpenAi];

    /// Its name, in lower case.
    pub fn name(self) -> &'static str {
        match self {
            Protocol::Fal => "fal",
            Protocol::Replicate => "replicate",
            Protocol::OpenAi => "openai",
        }
    }

    /// The word that stands before the key in the `Authorization` header.
    pub fn scheme(self) -> &'static str {
        match self {
            Protocol::Fal => "Key",
            Protocol::Replicate | Protocol::OpenAi => "Bearer",
        }
    }

    /// What comes after host and port in the address that a catalogue names.
    pub fn base_path(self) -> &'static str {
        match self {
            Protocol::Fal | Protocol::Replicate => "",
            Protocol::OpenAi => "/v1",
        }
    }

    /// A model of the real service, to begin with.
    pub fn example_model(self) -> &'static str {
        match self {
            Protocol::Fal => "fal-ai/flux/dev",
            Protocol::Replicate => "black-forest-labs/flux-schnell",
            Protocol::OpenAi => "gpt-image-1",
        }
    }

    /// What the server answers, as method, path and meaning.
    pub fn routes(self) -> &'static [(&'static str, &'static str, &'static str)] {
        match self {
            Protocol::Fal => &[
                ("POST", "/{owner}/{app}[/{path}]", "submit"),
                ("GET", "/{owner}/{app}/requests/{id}/status", "how far it is; ?logs=1"),
                ("GET", "/{owner}/{app}/requests/{id}", "what was made"),
                ("PUT", "/{owner}/{app}/requests/{id}/cancel", "cancel"),
                ("GET", "/.well-known/jwks.json", "the keys that webhooks are signed with"),
            ],
            Protocol::Replicate => &[
                ("POST", "/v1/predictions", "submit a version"),
                ("POST", "/v1/models/{owner}/{name}/predictions", "submit to an official model"),
                ("POST", "/v1/deployments/{owner}/{name}/predictions", "submit to a deployment"),
                ("GET", "/v1/predictions/{id}", "how far it is, and what was made"),
                ("POST", "/v1/predictions/{id}/cancel", "cancel"),
                ("GET", "/v1/webhooks/default/secret", "the secret that webhooks are signed with"),
            ],
            Protocol::OpenAi => &[("POST", "/v1/images/generations", "make images, and answer with them")],
        }
    }
}

impl fmt::Display for Protocol {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.name())
    }
}

impl FromStr for Protocol {
    type Err = String;

    fn from_str(text: &str) -> Result<Protocol, String> {
        let known = Protocol::ALL.into_iter().find(|protocol| protocol.name() == text);
        known.ok_or_else(|| format!("`{text}` is not one of fal, replicate and openai"))
    }
}
