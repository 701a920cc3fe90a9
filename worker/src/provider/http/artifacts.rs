//! Finding what was made in an answer. Services agree on little: an address, a list of them, or objects that hold one
//! under one of a few names, with the length of a clip beside it.

use super::sieve::marked;
use crate::provider::{Artifact, Content, Origin, Remote, Spooled};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value};
use std::sync::Arc;

/// Where an object keeps its files, the usual ones first: only the first that is there counts, for others may be masks and
/// previews.
const FILES: [&str; 9] =
    ["images", "videos", "image", "video", "outputs", "output", "output_url", "files", "file"];

/// Where an object keeps one file.
const ADDRESSES: [&str; 4] = ["url", "uri", "image_url", "video_url"];

/// Where an object keeps the length of its clip, in seconds.
const LENGTHS: [&str; 3] = ["duration", "duration_seconds", "video_duration"];

/// No clip is longer: what says so is not a length.
const LONGEST_CLIP_SECONDS: f64 = 86_400.0;

/// Everything that an answer offers, in its order.
pub(super) fn artifacts(value: &Value, origin: &Arc<Origin>) -> Vec<Artifact> {
    artifacts_with(value, origin, &[])
}

/// The same of an answer of which these files were put aside.
pub(super) fn artifacts_with(value: &Value, origin: &Arc<Origin>, files: &[Spooled]) -> Vec<Artifact> {
    let mut found = Vec::new();
    Finder { origin, files }.collect(value, None, &mut found);
    found
}

struct Finder<'a> {
    origin: &'a Arc<Origin>,
    files: &'a [Spooled],
}

/// A length in milliseconds, of a number or a text of seconds.
pub(super) fn milliseconds(value: &Value) -> Option<u64> {
    let seconds = value.as_f64().or_else(|| value.as_str()?.parse().ok())?;
    let is_a_length = seconds > 0.0 && seconds <= LONGEST_CLIP_SECONDS;
    is_a_length.then(|| (seconds * 1_000.0).round() as u64)
}

impl Finder<'_> {
    fn collect(&self, value: &Value, length: Option<u64>, found: &mut Vec<Artifact>) {
        match value {
            Value::String(text) => found.extend(self.content(text).map(|content| artifact(content, length))),
            Value::Array(items) => items.iter().for_each(|item| self.collect(item, length, found)),
            Value::Object(object) => self.collect_object(object, length, found),
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    fn collect_object(&self, object: &Map<String, Value>, length: Option<u64>, found: &mut Vec<Artifact>) {
        let length = LENGTHS.iter().find_map(|name| milliseconds(object.get(*name)?)).or(length);
        let inline = object.get("b64_json").and_then(Value::as_str);
        if let Some(content) = inline.and_then(|text| self.spooled(text).or_else(|| decode(text))) {
            found.push(artifact(content, length));
            return;
        }
        let present = |name: &str| object.get(name).filter(|value| !value.is_null());
        let inner = ADDRESSES.iter().chain(&FILES).find_map(|name| present(name));
        match inner {
            Some(inner) => self.collect(inner, length, found),
            // Names that nobody knows: every address counts.
            None => object.values().for_each(|value| self.collect(value, length, found)),
        }
    }

    fn content(&self, text: &str) -> Option<Content> {
        if let Some(data) = text.strip_prefix("data:") {
            let (kind, encoded) = data.split_once(',')?;
            return kind.ends_with(";base64").then(|| decode(encoded)).flatten();
        }
        let is_address = text.starts_with("https://") || text.starts_with("http://");
        let remote = || Content::Remote(Remote { url: text.to_owned(), origin: Arc::clone(self.origin) });
        is_address.then(remote).or_else(|| self.spooled(text))
    }

    /// The file that was put aside for this text.
    fn spooled(&self, text: &str) -> Option<Content> {
        self.files.get(marked(text)?).cloned().map(Content::Spooled)
    }
}

fn artifact(content: Content, duration_milliseconds: Option<u64>) -> Artifact {
    Artifact { content, facts: None, duration_milliseconds }
}

fn decode(encoded: &str) -> Option<Content> {
    let bytes = STANDARD.decode(encoded).ok().filter(|bytes| !bytes.is_empty());
    bytes.map(|bytes| Content::Bytes(bytes.into()))
}

#[cfg(test)]
mod tests {
    use super::artifacts;
    use crate::provider::{Content, Origin};
    use serde_json::{Value, json};
    use std::sync::Arc;

    fn found(value: &Value) -> Vec<(String, Option<u64>)> {
        let origin = Arc::new(Origin { hosts: vec!["x.test".into()], is_private: false, max_bytes: 1_000 });
        let told = artifacts(value, &origin).into_iter().map(|artifact| {
            assert_eq!(artifact.facts, None);
            let content = match artifact.content {
                Content::Remote(remote) => {
                    assert_eq!(remote.origin, origin);
                    remote.url.replace("https://x.test/", "")
                }
                Content::Bytes(bytes) => String::from_utf8(bytes.to_vec()).unwrap(),
                Content::Spooled(_) => panic!("nothing was put aside"),
            };
            (content, artifact.duration_milliseconds)
        });
        told.collect()
    }

    #[test]
    fn outputs_are_found_in_every_shape() {
        let one = |name: &str| vec![(name.to_owned(), None)];
        let both = vec![("a".to_owned(), None), ("b".to_owned(), None)];
        let (a, b) = ("https://x.test/a", "https://x.test/b");
        for (value, expected) in [
            (json!(a), one("a")),
            (json!([a, b]), both.clone()),
            (json!({"images": [{"url": a, "width": 5}, {"url": b}], "seed": 7}), both.clone()),
            (json!({"video": {"url": a, "file_name": "a.mp4"}}), one("a")),
            (json!({"images": [{"url": a}], "mask": {"url": b}}), one("a")),
            (json!({"image": null, "output": a}), one("a")),
            (json!({"data": [{"b64_json": "aGFsbG8="}]}), one("hallo")),
            (json!({"url": "data:image/png;base64,aGFsbG8="}), one("hallo")),
            (json!({"front": a, "rear": b, "note": "no address", "count": 2}), both.clone()),
            (json!({"video": {"url": a, "duration": 5.25}}), vec![("a".into(), Some(5_250))]),
            (json!({"video": {"url": a}, "duration": "8"}), vec![("a".into(), Some(8_000))]),
            (json!({"video": {"url": a}, "duration": -1}), one("a")),
            (json!({"video": {"url": a}, "duration": "long"}), one("a")),
            (json!("ftp://x.test/a"), vec![]),
            (json!({"b64_json": "cooly:spooled:0"}), vec![]),
            (json!({"b64_json": "not base64!"}), vec![]),
            (json!("data:text/plain,hallo"), vec![]),
            (json!(null), vec![]),
            (json!({}), vec![]),
        ] {
            assert_eq!(found(&value), expected, "{value}");
        }
    }
}
