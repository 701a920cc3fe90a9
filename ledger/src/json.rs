//! The JSON of the log's columns.

use serde::Serialize;

/// Most events and states fit, so that the text is not copied while it grows.
const USUAL: usize = 256;

/// The JSON of an event or a state. Those are text, numbers, options, lists and maps of text: nothing in them can fail
/// to be JSON.
pub(crate) fn encode(value: &impl Serialize) -> String {
    let mut text = Vec::with_capacity(USUAL);
    serde_json::to_writer(&mut text, value).expect("an event or a state is always JSON");
    String::from_utf8(text).expect("JSON is UTF-8")
}
