//! What Replicate's image and video models are given.

use serde_json::Value;

use crate::providers::wishes::{self, Invalid, SIDES, Wishes};

pub(super) fn read(model: &str, input: &Value) -> Result<Wishes, Invalid> {
    let side = |name| Ok(wishes::within(input, name, SIDES)?.unwrap_or(512));
    Ok(Wishes {
        prompt: wishes::text(input, "prompt")?,
        count: wishes::within(input, "num_outputs", 1..=10)?.unwrap_or(1),
        width: side("width")?,
        height: side("height")?,
        seconds: wishes::seconds(model, input)?,
        seed: wishes::whole(input, "seed")?.unwrap_or(42),
    })
}
