//! What the images API is given, and what each family of models makes of it.

use serde_json::Value;

use crate::providers::wishes::{self, Invalid, Problem, SIDES, Wishes};

/// The model of a request that names none.
pub(super) const DEFAULT_MODEL: &str = "dall-e-2";

const DALL_E_2_SIZES: &[&str] = &["256x256", "512x512", "1024x1024"];
const DALL_E_3_SIZES: &[&str] = &["1024x1024", "1792x1024", "1024x1792"];
const GPT_IMAGE_1_SIZES: &[&str] = &["auto", "1024x1024", "1536x1024", "1024x1536"];

/// A request that can be served.
#[derive(Debug)]
pub(super) struct Request {
    pub wishes: Wishes,
    pub is_gpt_image: bool,
    pub wants_urls: bool,
    pub revises_prompts: bool,
    pub quality: String,
}

impl Request {
    pub(super) fn read(model: &str, input: &Value) -> Result<Request, Invalid> {
        let is_dall_e = model.starts_with("dall-e");
        let is_gpt_image = !is_dall_e;
        let (width, height) = size(model, &input["size"])?;
        let most = if model.starts_with("dall-e-3") { 1 } else { 10 };
        let count = wishes::within(input, "n", 1..=most)?.unwrap_or(1);
        let prompt = wishes::text(input, "prompt")?;
        let quality = input["quality"].as_str().filter(|quality| *quality != "auto").unwrap_or("high");
        Ok(Request {
            wishes: Wishes { prompt, count, width, height, seconds: None, seed: rand::random() },
            is_gpt_image,
            wants_urls: wants_urls(is_gpt_image, &input["response_format"])?,
            revises_prompts: model.starts_with("dall-e-3"),
            quality: quality.to_owned(),
        })
    }
}

fn wants_urls(is_gpt_image: bool, format: &Value) -> Result<bool, Invalid> {
    match (is_gpt_image, format.as_str()) {
        (true, None) if format.is_null() => Ok(false),
        (false, Some("b64_json")) => Ok(false),
        (false, Some("url")) => Ok(true),
        (false, None) if format.is_null() => Ok(true),
        _ => Err(Problem::NotOffered.of("response_format")),
    }
}

/// Sides of the image. Later models than these take any size.
fn size(model: &str, wished: &Value) -> Result<(u64, u64), Invalid> {
    let unknown = Problem::NotOffered.of("size");
    let offered = match model {
        "dall-e-2" => Some(DALL_E_2_SIZES),
        "dall-e-3" => Some(DALL_E_3_SIZES),
        "gpt-image-1" => Some(GPT_IMAGE_1_SIZES),
        _ => None,
    };
    let text = match wished {
        Value::Null => return Ok((1024, 1024)),
        Value::String(text) => text.as_str(),
        _ => return Err(unknown),
    };
    if offered.is_some_and(|offered| !offered.contains(&text)) {
        return Err(unknown);
    }
    if text == "auto" {
        return Ok((1024, 1024));
    }
    let side = |text: &str| text.parse().ok().filter(|side| SIDES.contains(side));
    let sides = text.split_once('x').and_then(|(width, height)| Some((side(width)?, side(height)?)));
    sides.ok_or(unknown)
}
