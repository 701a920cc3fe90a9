//! Everything hostile at once: each operation of the document, asked by each role and by nobody for what no decent client
//! asks. `bad_requests` and `bad_bodies` try more values and look at what is blamed; here nobody gets anything done, whoever
//! he is, and a new operation is tried without being named.

use crate::openapi::as_the_examples_have_it;
use crate::roles::rule;
use crate::support::{Client, Contract, Server, Setup, raw};
use api::Limits;
use api::auth::Role;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use futures::stream::{self, StreamExt};
use serde_json::{Value, json};
use std::time::Duration;
use tokio::time::timeout;

/// Operations that are tried at the same time: some answers wait for what was announced.
const AT_ONCE: usize = 8;

/// Requests about one operation at the same time. All together stay below the connections that one address may have: whoever
/// opens more is sent away without a word, which is tried elsewhere.
const OF_EACH: usize = 24;

/// An answer that takes longer does not end.
const PATIENCE: Duration = Duration::from_secs(20);

const JSON: &str = "Content-Type: application/json";

/// A request with one thing wrong with it.
#[derive(Clone)]
struct Attack {
    what: String,
    /// The method of the operation that is tried.
    tried: String,
    method: String,
    target: String,
    /// Lines of the head, but for `Host`, `Connection`, the token and the length of the body.
    head: Vec<String>,
    body: Vec<u8>,
    /// With what it is refused.
    refused: Vec<u16>,
    /// Whether it is refused before it is asked who sends it.
    at_once: bool,
}

impl Attack {
    /// What the document asks for, with nothing wrong yet: the address, and what else is required but for the body.
    fn decent(path: &str, method: &str, operation: &Value) -> Attack {
        let mut target = as_the_examples_have_it(path, operation);
        let mut head = Vec::new();
        for parameter in parameters(operation).filter(|parameter| parameter["required"] == true) {
            let (name, example) = (name(parameter), plain(&parameter["example"]));
            match parameter["in"].as_str().unwrap() {
                "query" => target = with_query(&target, &format!("{name}={example}")),
                "header" => head.push(format!("{name}: {example}")),
                _ => {}
            }
        }
        Attack {
            what: String::new(),
            tried: method.to_owned(),
            method: method.to_uppercase(),
            target,
            head,
            body: Vec::new(),
            refused: Vec::new(),
            at_once: false,
        }
    }

    /// The same with something wrong that is told to those who may use the operation.
    fn wrong(&self, what: &str, refused: u16, spoil: impl FnOnce(&mut Attack)) -> Attack {
        let mut attack = Attack { what: what.to_owned(), refused: vec![refused], ..self.clone() };
        spoil(&mut attack);
        attack
    }

    /// The same with something wrong that is told to everybody.
    fn wrong_at_once(&self, what: &str, refused: u16, spoil: impl FnOnce(&mut Attack)) -> Attack {
        Attack { at_once: true, ..self.wrong(what, refused, spoil) }
    }

    fn bytes(&self, server: &Server, token: Option<&str>) -> Vec<u8> {
        let mut head = format!(
            "{} {} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n",
            self.method, self.target, server.address
        );
        let token = token.map(|token| format!("Authorization: Bearer {token}"));
        let length = Some(format!("Content-Length: {}", self.body.len())).filter(|_| !self.body.is_empty());
        for line in token.iter().chain(&length).chain(&self.head) {
            head += &format!("{line}\r\n");
        }
        [head.as_bytes(), b"\r\n", &self.body].concat()
    }
}

fn parameters(operation: &Value) -> impl Iterator<Item = &Value> {
    operation["parameters"].as_array().into_iter().flatten()
}

fn name(parameter: &Value) -> &str {
    parameter["name"].as_str().unwrap()
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn with_query(target: &str, query: &str) -> String {
    format!("{target}{}{query}", if target.contains('?') { '&' } else { '?' })
}

/// Everything that is tried on an operation.
fn attacks(path: &str, method: &str, operation: &Value) -> Vec<Attack> {
    let decent = Attack::decent(path, method, operation);
    let mut attacks = vec![
        decent.wrong_at_once("another method", 405, |attack| attack.method = "PATCH".into()),
        decent.wrong_at_once("a made-up method", 405, |attack| attack.method = "BREW".into()),
    ];
    attacks.extend(on_the_path(&decent, path, operation));
    attacks.extend(on_the_query(&decent, operation));
    attacks.extend(on_the_head(&decent, operation));
    match operation["requestBody"]["content"].as_object() {
        None => attacks.extend(with_a_body(&decent)),
        Some(kinds) => {
            attacks.extend(on_the_media_type(&decent));
            attacks.extend(
                kinds
                    .get("application/json")
                    .into_iter()
                    .flat_map(|kind| on_the_body(&decent, &kind["example"])),
            );
        }
    }
    attacks
}

fn on_the_path(decent: &Attack, path: &str, operation: &Value) -> Vec<Attack> {
    let long = "x".repeat(10_000);
    let mut attacks = Vec::new();
    for parameter in parameters(operation).filter(|parameter| parameter["in"] == "path") {
        let schema = &parameter["schema"];
        let is_free = schema["type"] == "string" && schema["format"].is_null() && schema["pattern"].is_null();
        for value in ["%00", "%FF", "%C3%28", "%0D%0AX:%201", "..", "%2E%2E%2F", &long] {
            let mut spoilt = operation.clone();
            let all = spoilt["parameters"].as_array_mut().unwrap();
            all.iter_mut().find(|other| other["name"] == parameter["name"]).unwrap()["example"] =
                json!(value);
            let what = format!("{} is {:.20}", name(parameter), value);
            attacks.push(decent.wrong(&what, 400, |attack| {
                attack.target = Attack::decent(path, "get", &spoilt).target;
                // Dots are a name like any other, but of nobody; that is told once the body can be read.
                if is_free && [".", "%2E"].iter().any(|dot| value.starts_with(dot)) {
                    attack.refused = vec![404, 415];
                }
            }));
        }
    }
    attacks
}

fn on_the_query(decent: &Attack, operation: &Value) -> Vec<Attack> {
    let asked = |query: &str| {
        let target = with_query(&decent.target, query);
        move |attack: &mut Attack| attack.target = target
    };
    let mut attacks = vec![
        decent.wrong_at_once("an unknown parameter", 400, asked("no_such=1")),
        decent.wrong_at_once("a parameter that is no text", 400, asked("%FF=%FE")),
    ];
    for parameter in parameters(operation).filter(|parameter| parameter["in"] == "query") {
        let (name, what) = (name(parameter), |what: &str| format!("{}: {what}", name(parameter)));
        attacks.push(decent.wrong_at_once(&what("twice"), 400, asked(&format!("{name}=1&{name}=1"))));
        // A required one is there already.
        if parameter["required"] != true {
            attacks.push(decent.wrong(&what("NUL"), 400, asked(&format!("{name}=%00"))));
        }
        if name == "limit" {
            attacks.push(decent.wrong("a huge limit", 400, asked("limit=99999999999999999999")));
        }
        if name == "cursor" {
            let place = [&[0; 12], br#"["-262143-01-01T00:00:00Z",-1]"#.as_slice()].concat();
            let query = format!("cursor={}", URL_SAFE_NO_PAD.encode(place));
            attacks.push(decent.wrong("a forged cursor", 400, asked(&query)));
        }
    }
    attacks
}

fn on_the_head(decent: &Attack, operation: &Value) -> Vec<Attack> {
    let mut attacks = Vec::new();
    for (name, value) in [
        ("Host", "evil.example"),
        ("Authorization", "Bearer x"),
        ("Content-Type", "text/plain"),
        ("Idempotency-Key", "a-key"),
        ("Prefer", "wait=1"),
    ] {
        attacks.push(decent.wrong_at_once(&format!("two of {name}"), 400, |attack| {
            attack.head.extend([format!("{name}: {value}"), format!("{name}: {value}")]);
        }));
    }
    let numbers = parameters(operation).filter(|parameter| parameter["in"] == "header");
    for parameter in numbers.filter(|parameter| parameter["schema"]["type"] == "integer") {
        let line = format!("{}: -9223372036854775809", name(parameter));
        attacks.push(decent.wrong(&line, 400, |attack| attack.head.push(line.clone())));
    }
    attacks
}

/// For operations that take none.
fn with_a_body(decent: &Attack) -> Vec<Attack> {
    let body = br#"{"dry_run":true}"#;
    vec![
        decent.wrong_at_once("a body", 400, |attack| {
            attack.head.push(JSON.into());
            attack.body = body.to_vec();
        }),
        decent.wrong_at_once("a body in pieces", 400, |attack| {
            attack.head.push("Transfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0".into());
        }),
    ]
}

fn on_the_media_type(decent: &Attack) -> Vec<Attack> {
    let typed = |kind: &str| {
        let line = format!("Content-Type: {kind}");
        move |attack: &mut Attack| {
            attack.head.push(line);
            attack.body = b"{}".to_vec();
        }
    };
    vec![
        decent.wrong("no media type", 415, |attack| attack.body = b"{}".to_vec()),
        decent.wrong("text", 415, typed("text/plain")),
        decent.wrong("a form", 415, typed("multipart/form-data; boundary=x")),
        decent.wrong("packed", 415, typed("application/json\r\nContent-Encoding: gzip")),
    ]
}

fn on_the_body(decent: &Attack, example: &Value) -> Vec<Attack> {
    let mut example = example.clone();
    if example["dry_run"] == true {
        // What gets through is to be seen in the log.
        example["dry_run"] = json!(false);
    }
    let good = example.to_string();
    let first = good[1..].split(':').next().unwrap();
    let bodies: [(&str, Vec<u8>); 8] = [
        ("no body", Vec::new()),
        ("half a body", good.as_bytes()[..good.len() - 1].to_vec()),
        ("an unknown field", format!("{{\"no_such\":1,{}", &good[1..]).into_bytes()),
        ("a field twice", format!("{{{first}:1,{}", &good[1..]).into_bytes()),
        ("another type", format!("{{{first}:[[]]}}").into_bytes()),
        ("no UTF-8", [b"{\"a\":\"", b"\xff\xfe".as_slice(), b"\"}"].concat()),
        ("nested without end", "{\"a\":".repeat(20_000).into_bytes()),
        ("a list", b"[]".to_vec()),
    ];
    let bodies = bodies.into_iter().map(|(what, body)| {
        decent.wrong(what, 400, |attack| {
            attack.head.push(JSON.into());
            attack.body = body;
        })
    });
    let announced = decent.wrong("a body without end", 413, |attack| {
        attack.head.extend([JSON.into(), "Content-Length: 99999999999".into()]);
    });
    bodies.chain([announced]).collect()
}

/// With what an attack must be answered, whoever sends it.
fn expected(attack: &Attack, path: &str, role: Option<Role>) -> Vec<u16> {
    let refused = &attack.refused;
    match (rule(path, &attack.tried), role) {
        _ if attack.at_once => refused.clone(),
        // Its address is a credential that was not given out: once that and the kind of body can be read, no more is told.
        _ if path.starts_with("/v1/webhooks/") => vec![400, 404, 415],
        (None, _) => refused.clone(),
        (Some(_), None) => vec![401],
        (Some(allowed), Some(role)) if allowed.contains(&role) => refused.clone(),
        _ => vec![403],
    }
}

#[tokio::test]
async fn nothing_hostile_gets_anything_done() {
    // As many at once as no single user may send.
    let limits = Limits { requests_per_second: 100_000, burst: 100_000, ..Limits::default() };
    let server = Server::start_as(Setup { limits, dev_tokens: true, ..Setup::default() }).await;
    let user = server.rich_user(api::examples::USER, 1_000).await;
    let clients = [
        (Some(Role::User), user),
        (Some(Role::Admin), server.admin()),
        (Some(Role::Auditor), server.auditor()),
        (None, server.stranger()),
    ];
    let before = server.log_length().await;
    let operations: Vec<_> = Contract::shared().operations().collect();
    let tries = stream::iter(operations).map(|(path, method, operation)| {
        let attacks = attacks(path, method, operation);
        answers(&server, &clients, path, attacks)
    });
    let answers: Vec<_> = tries.buffer_unordered(AT_ONCE).concat().await;
    let tried = answers.len();
    let got_through: Vec<_> = answers.into_iter().flatten().collect();
    assert!(got_through.is_empty(), "{} of {tried}:\n{}", got_through.len(), got_through.join("\n"));
    assert!(tried > 5_000, "only {tried} were tried");
    assert_eq!(server.log_length().await, before);
    server.verified(&[api::examples::USER]).await;
}

/// What came of the attacks on an operation, of each by each: nothing, or words on what came instead of a refusal.
async fn answers(
    server: &Server,
    clients: &[(Option<Role>, Client)],
    path: &str,
    attacks: Vec<Attack>,
) -> Vec<Option<String>> {
    let sent = attacks.iter().flat_map(|attack| clients.iter().map(move |client| (attack, client)));
    let answers = sent.map(async |(attack, (role, client))| {
        let bytes = attack.bytes(server, client.token());
        // A stream that gets through does not end.
        let Ok(reply) = timeout(PATIENCE, raw(server.address, &bytes)).await else {
            return Some(told(attack, path, *role, "no end of an answer"));
        };
        let is_refused = expected(attack, path, *role).contains(&reply.status.as_u16());
        (!is_refused).then(|| told(attack, path, *role, &format!("{} {}", reply.status, reply.body)))
    });
    stream::iter(answers).buffer_unordered(OF_EACH).collect().await
}

/// What came instead of a refusal.
fn told(attack: &Attack, path: &str, role: Option<Role>, came: &str) -> String {
    let (role, expected) = (role.map_or("nobody", Role::as_str), expected(attack, path, role));
    format!("{role} {} {path}, {}: not {expected:?} but {came}", attack.method, attack.what)
}
