//! A server that refuses single messages for good: entries are taken out of a request on the wire, and the answer says that
//! the sender is at fault.

use serde_json::{Value, json};

/// A request to send messages, without those that are refused.
pub(crate) struct Parted {
    /// What the server gets; `None` if nothing is left.
    pub request: Option<Vec<u8>>,
    failed: Vec<Value>,
}

/// Takes out of a request the entries whose bodies are refused; `None` if there are none.
pub(crate) fn part(bytes: &[u8], is_refused: &dyn Fn(&str) -> bool) -> Option<Parted> {
    let (head, mut body) = parse(bytes)?;
    let entries = body["Entries"].as_array()?.clone();
    let of = |entry: &Value| entry["MessageBody"].as_str().is_some_and(is_refused);
    let (refused, others): (Vec<Value>, Vec<Value>) = entries.into_iter().partition(of);
    if refused.is_empty() {
        return None;
    }
    let failed = refused.iter().map(|entry| {
        json!({ "Id": entry["Id"], "SenderFault": true, "Code": "InvalidMessageContents", "Message": "refused" })
    });
    let request = (!others.is_empty()).then(|| {
        body["Entries"] = Value::Array(others);
        render(&head, &body)
    });
    Some(Parted { request, failed: failed.collect() })
}

impl Parted {
    /// The server's answer about the others, and what is said about those that were refused.
    pub(crate) fn answer(self, of_others: Option<&[u8]>) -> Vec<u8> {
        let head = "HTTP/1.1 200 OK\r\ncontent-type: application/x-amz-json-1.0".to_owned();
        let (head, mut body) = of_others.and_then(parse).unwrap_or((head, json!({ "Successful": [] })));
        body["Failed"] = Value::Array(self.failed);
        render(&head, &body)
    }
}

fn parse(bytes: &[u8]) -> Option<(String, Value)> {
    let text = std::str::from_utf8(bytes).ok()?;
    let (head, body) = text.split_once("\r\n\r\n")?;
    Some((head.to_owned(), serde_json::from_str(body).ok()?))
}

fn render(head: &str, body: &Value) -> Vec<u8> {
    let body = body.to_string();
    let kept = head.split("\r\n").filter(|line| !line.to_lowercase().starts_with("content-length:"));
    let head: Vec<&str> = kept.collect();
    format!("{}\r\ncontent-length: {}\r\n\r\n{body}", head.join("\r\n"), body.len()).into_bytes()
}
