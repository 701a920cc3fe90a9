//! What a process cannot ask of providers now, as it tells the others.

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use tokio::time::Instant;

/// What this process leaves alone at one moment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Shut {
    pub gates: Vec<ShutGate>,
    pub refused: Vec<RefusedCost>,
}

/// A provider, or one of its models, that this process does not ask.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ShutGate {
    pub provider: String,
    /// As the provider calls it; all of them if `None`.
    pub model: Option<String>,
    pub until: Instant,
    /// Then only one request may pass at first, and tells for the others.
    pub is_tried: bool,
}

/// What a request of this model would have cost at a provider whose daily cap had no room for it: the least of those that
/// were refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct RefusedCost {
    pub provider: String,
    /// As the catalogue calls it.
    pub model: String,
    /// US dollars.
    pub usd: Decimal,
}

/// The same as others read it: times are relative, since no two processes share a clock.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct ToldShut {
    #[serde(default)]
    pub gates: Vec<ToldGate>,
    #[serde(default)]
    pub refused: Vec<RefusedCost>,
}

/// See [`ShutGate`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct ToldGate {
    pub provider: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// For how long, from when it was told; 0 if that is over.
    pub seconds: f64,
    pub is_tried: bool,
}

impl Shut {
    /// As it is to be told at this moment.
    pub(crate) fn told(&self, now: Instant) -> ToldShut {
        let gate = |gate: &ShutGate| ToldGate {
            provider: gate.provider.clone(),
            model: gate.model.clone(),
            seconds: gate.until.saturating_duration_since(now).as_secs_f64(),
            is_tried: gate.is_tried,
        };
        ToldShut { gates: self.gates.iter().map(gate).collect(), refused: self.refused.clone() }
    }
}

#[cfg(test)]
mod tests {
    use super::{RefusedCost, Shut, ShutGate, ToldShut};
    use rust_decimal::Decimal;
    use std::time::Duration;
    use tokio::time::Instant;

    #[test]
    fn what_is_told_is_read_again_and_what_a_later_release_adds_is_passed_over() {
        let now = Instant::now();
        let gate = ShutGate {
            provider: "p".into(),
            model: None,
            until: now + Duration::from_secs(3),
            is_tried: true,
        };
        let cost = RefusedCost { provider: "p".into(), model: "m".into(), usd: Decimal::ONE };
        let told = Shut { gates: vec![gate], refused: vec![cost] }.told(now);
        let text = serde_json::to_string(&told).unwrap();
        assert_eq!(serde_json::from_str::<ToldShut>(&text).unwrap(), told);
        let later = r#"{"gates":[{"provider":"p","seconds":1,"is_tried":false,"new":1}],"also":[]}"#;
        assert_eq!(serde_json::from_str::<ToldShut>(later).unwrap().gates.len(), 1);
    }
}
