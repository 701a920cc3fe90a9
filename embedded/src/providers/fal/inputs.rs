//! What fal's image and video models are given.

use serde_json::Value;

use crate::providers::wishes::{self, Invalid, Problem, SIDES, Wishes};

/// The sizes that have a name.
const SIZES: [(&str, u64, u64); 6] = [
    ("square_hd", 1024, 1024),
    ("square", 512, 512),
    ("portrait_4_3", 768, 1024),
    ("portrait_16_9", 576, 1024),
    ("landscape_4_3", 1024, 768),
    ("landscape_16_9", 1024, 576),
];

pub(super) fn read(model: &str, input: &Value) -> Result<Wishes, Invalid> {
    let (width, height) = size(&input["image_size"])?;
    Ok(Wishes {
        prompt: wishes::text(input, "prompt")?,
        count: wishes::within(input, "num_images", 1..=10)?.unwrap_or(1),
        width,
        height,
        seconds: wishes::seconds(model, input)?,
        seed: wishes::whole(input, "seed")?.unwrap_or(42),
    })
}

fn size(wished: &Value) -> Result<(u64, u64), Invalid> {
    match wished {
        Value::Null => Ok((1024, 768)),
        Value::String(name) => {
            let size = SIZES.iter().find(|(known, ..)| known == name);
            size.map(|(_, width, height)| (*width, *height)).ok_or(Problem::NotOffered.of("image_size"))
        }
        sides => {
            let side =
                |name| wishes::within(sides, name, SIDES).map_err(|side| side.problem.of("image_size"));
            Ok((side("width")?.unwrap_or(512), side("height")?.unwrap_or(512)))
        }
    }
}
