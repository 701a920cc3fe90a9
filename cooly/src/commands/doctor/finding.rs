//! What was found, and what to do about it.

use serde::Serialize;
use std::fmt;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Verdict {
    Ok,
    /// It runs, and somebody should know.
    Warn,
    /// It does not run, or not rightly.
    Fail,
}

#[derive(Debug, Clone, Serialize)]
pub(super) struct Finding {
    pub verdict: Verdict,
    /// What was looked at: one or two words.
    pub topic: &'static str,
    pub found: String,
    /// What to do; nothing where all is well.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remedy: Option<String>,
}

impl Finding {
    pub(super) fn ok(topic: &'static str, found: impl Into<String>) -> Finding {
        Finding { verdict: Verdict::Ok, topic, found: found.into(), remedy: None }
    }

    pub(super) fn warn(topic: &'static str, found: impl Into<String>, remedy: impl Into<String>) -> Finding {
        Finding { verdict: Verdict::Warn, topic, found: found.into(), remedy: Some(remedy.into()) }
    }

    pub(super) fn fail(topic: &'static str, found: impl Into<String>, remedy: impl Into<String>) -> Finding {
        Finding { verdict: Verdict::Fail, topic, found: found.into(), remedy: Some(remedy.into()) }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = match self.verdict {
            Verdict::Ok => "ok",
            Verdict::Warn => "look",
            Verdict::Fail => "MEND",
        };
        writeln!(out, "{sign:>5}  {:<12}{}", self.topic, self.found)?;
        match &self.remedy {
            Some(remedy) => writeln!(out, "{:19}→ {remedy}", ""),
            None => Ok(()),
        }
    }
}
