//! A clip's task id: all that is needed to make the clip, and nothing of the prompt.

use super::encode::Drawing;
use super::scene::Scene;
use chrono::{DateTime, Utc};

const PREFIX: &str = "sim1";

/// Frames of a clip a second, up to [`MOST_FRAMES`] of them.
const FRAMES_PER_SECOND: u32 = 8;
const MOST_FRAMES: u32 = 20;

/// A clip that was accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Ticket {
    pub ready: DateTime<Utc>,
    /// Whether it turns out to have failed when it would be ready.
    pub fails: bool,
    pub width: u32,
    pub height: u32,
    pub seconds: u32,
    pub scenes: Vec<Scene>,
}

impl Ticket {
    pub(super) fn encode(&self) -> String {
        let scenes: Vec<String> = self.scenes.iter().map(|scene| scene.encode()).collect();
        let Ticket { ready, fails, width, height, seconds, .. } = self;
        let (ready, outcome) = (ready.timestamp_millis(), if *fails { "fails" } else { "works" });
        format!("{PREFIX}_{ready}_{outcome}_{width}_{height}_{seconds}_{}", scenes.join("+"))
    }

    pub(super) fn decode(text: &str) -> Option<Ticket> {
        let parts: Vec<&str> = text.split('_').collect();
        let [PREFIX, ready, outcome, width, height, seconds, scenes] = parts[..] else { return None };
        Some(Ticket {
            ready: DateTime::from_timestamp_millis(ready.parse().ok()?)?,
            fails: outcome == "fails",
            width: width.parse().ok()?,
            height: height.parse().ok()?,
            seconds: seconds.parse().ok()?,
            scenes: scenes.split('+').map(Scene::decode).collect::<Option<_>>()?,
        })
    }

    /// What to draw, one for each output.
    pub(super) fn drawings(&self) -> impl Iterator<Item = Drawing> + '_ {
        let frames = (self.seconds * FRAMES_PER_SECOND).clamp(FRAMES_PER_SECOND, MOST_FRAMES);
        let Ticket { width, height, seconds, .. } = *self;
        self.scenes.iter().map(move |scene| Drawing { scene: *scene, width, height, frames, seconds })
    }
}
