//! `cooly mock-provider` as a person starts it, and as a client meets it.

use crate::support::{cooly, text};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, Stdio};

const KEY: &str = "secret-of-the-mock-provider";

/// A running server. Killed when dropped, unless it was stopped.
struct Mock {
    child: Child,
    /// What it printed when it was up.
    said: String,
}

impl Mock {
    fn start(protocol: &str) -> Mock {
        let mut child = cooly()
            .args(["mock-provider", "--listen", "127.0.0.1:0", "--delay", "0s"])
            .args(["--protocol", protocol, "--key-env", "KEY_OF_THE_MOCK"])
            .env("KEY_OF_THE_MOCK", KEY)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.as_mut().unwrap()).lines();
        let mut said = String::new();
        while !said.contains("Ctrl-C") {
            said.push_str(&lines.next().unwrap().unwrap());
            said.push('\n');
        }
        drop(lines);
        Mock { child, said }
    }

    /// The value of a setting in the lines of the catalogue.
    fn setting(&self, name: &str) -> String {
        let start = format!("    {name} = \"");
        let line = self.said.lines().find_map(|line| line.strip_prefix(&start)).unwrap();
        line.trim_end_matches('"').to_owned()
    }

    /// Ends it as Ctrl-C does, and returns what it logged.
    fn stop(mut self) -> String {
        Command::new("kill").args(["-INT", &self.child.id().to_string()]).status().unwrap();
        let mut log = String::new();
        self.child.stderr.take().unwrap().read_to_string(&mut log).unwrap();
        assert!(self.child.wait().unwrap().success(), "{log}");
        log
    }
}

impl Drop for Mock {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[tokio::test]
async fn it_says_how_to_reach_it_serves_and_ends_cleanly() {
    let mock = Mock::start("fal");
    for expected in ["stands in for fal", "/requests/{id}/status", "[providers.fal]", "private = true"] {
        assert!(mock.said.contains(expected), "`{expected}` is missing in: {}", mock.said);
    }
    assert_eq!(mock.setting("key_env"), "KEY_OF_THE_MOCK");
    let client = reqwest::Client::new();
    let send = async |request: reqwest::RequestBuilder| -> Value {
        let keyed = request.header("Authorization", format!("Key {KEY}"));
        keyed.send().await.unwrap().error_for_status().unwrap().json().await.unwrap()
    };
    let url = format!("{}/fal-ai/flux/dev?fal_webhook=http://a.example/hook", mock.setting("base_url"));
    let receipt = send(client.post(url).json(&json!({ "prompt": "a private prompt" }))).await;
    let result = send(client.get(receipt["response_url"].as_str().unwrap())).await;
    let file = reqwest::get(result["images"][0]["url"].as_str().unwrap()).await.unwrap();
    assert_eq!(file.headers()["content-type"], "image/png");
    let log = mock.stop();
    let requests: Vec<&str> = log.lines().filter(|line| line.contains("answered=")).collect();
    assert_eq!(requests.len(), 3, "one line each: {log}");
    assert!(requests[0].contains("POST") && requests[0].contains("/fal-ai/flux/dev"), "{log}");
    for private in [KEY, "a private prompt", "a.example"] {
        assert!(!log.contains(private), "`{private}` is in the log: {log}");
    }
}

#[test]
fn each_protocol_is_spoken_and_nothing_else() {
    for (protocol, base) in [("replicate", ""), ("openai", "/v1")] {
        let mock = Mock::start(protocol);
        let port = mock.setting("base_url").rsplit(':').next().unwrap().to_owned();
        assert!(port.trim_start_matches(char::is_numeric) == base, "{}", mock.said);
        assert_eq!(mock.setting("adapter"), protocol);
        mock.stop();
    }
    let refused = |flags: &[&str], words: &[&str]| {
        let output = cooly().arg("mock-provider").args(flags).output().unwrap();
        let said = text(&output);
        assert!(!output.status.success(), "{said}");
        assert!(words.iter().all(|word| said.contains(word)) && !said.contains("panicked"), "{said}");
    };
    refused(&["--protocol", "runway"], &["--protocol", "runway", "fal, replicate and openai"]);
    refused(&[], &["--protocol"]);
    refused(&["--protocol", "fal", "--key-env", "NOT_SET_ANYWHERE"], &["NOT_SET_ANYWHERE", "--key-env"]);
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    refused(&["--protocol", "fal", "--listen", &address], &[&address, "--listen"]);
}

#[test]
fn its_help_lists_every_word() {
    let help = text(&cooly().args(["mock-provider", "--help"]).output().unwrap());
    for word in embedded::providers::WORDS {
        assert!(help.contains(word.word) && help.contains(word.meaning), "{}: {help}", word.word);
    }
}
