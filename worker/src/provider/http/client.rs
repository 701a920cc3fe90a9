//! One provider's HTTP client. It knows three ends of a call apart, because money hangs on them: an answer, a call that
//! was never sent, and one of which nobody knows whether it arrived.
//!
//! It follows no redirect and repeats nothing by itself, so a key goes to one host and a submit is sent once. What it
//! reads is bounded in bytes and in time.

use super::answer::Answer;
use super::base::base_url;
use super::cut::Cut;
use super::inline::{self, Bounds};
use super::invalid::InvalidProvider;
use super::options::HttpOptions;
use reqwest::header::{ACCEPT, HeaderMap, HeaderName, HeaderValue};
use reqwest::{Method, Url, redirect, retry};
use serde_json::Value;
use std::time::Duration;

const USER_AGENT: &str = concat!("cooly/", env!("CARGO_PKG_VERSION"));

/// Most bytes of an answer that holds no output itself.
pub(super) const ANSWER_BYTES: usize = 1 << 20;

/// An unused connection is closed this early: a service that closes it first may do so just when a submit is sent, and then
/// nobody knows whether it arrived.
const IDLE: Duration = Duration::from_secs(5);

/// What to ask a provider.
#[derive(Debug, Clone)]
pub(super) struct Call {
    pub method: Method,
    /// Parts of the path below the provider's address, not encoded.
    pub path: Vec<String>,
    pub query: Vec<(String, String)>,
    pub headers: HeaderMap,
    pub body: Option<Value>,
    /// Most bytes of the answer.
    pub answer_bytes: usize,
    /// Most bytes of one output, if outputs may come as base64 inside of the answer: those are put on the disk as they arrive,
    /// and all else of the answer is no longer than usual.
    pub inline_bytes: Option<u64>,
    /// How long the answer may take; as long as usual where it is left out.
    pub patience: Option<Duration>,
}

impl Call {
    /// A call without a body.
    pub(super) fn new<'a>(method: Method, path: impl IntoIterator<Item = &'a str>) -> Call {
        Call {
            method,
            path: path.into_iter().map(str::to_owned).collect(),
            query: Vec::new(),
            headers: HeaderMap::new(),
            body: None,
            answer_bytes: ANSWER_BYTES,
            inline_bytes: None,
            patience: None,
        }
    }

    /// The same, with a body.
    #[must_use]
    pub(super) fn with_body(self, body: Value) -> Call {
        Call { body: Some(body), ..self }
    }

    /// The same, with a header whose value is written here.
    #[must_use]
    pub(super) fn with_header(mut self, name: &'static str, value: impl Into<HeaderValue>) -> Call {
        self.headers.insert(name, value.into());
        self
    }
}

/// A provider's client.
pub(super) struct Client {
    http: reqwest::Client,
    base: Url,
    key: Option<(HeaderName, HeaderValue)>,
    patience: Duration,
}

impl Client {
    /// A client that sends the provider's key in this header, behind this word.
    pub(super) fn new(
        options: &HttpOptions,
        key_header: &HeaderName,
        before_key: &str,
    ) -> Result<Client, InvalidProvider> {
        let invalid = |problem: String| InvalidProvider::new(&options.name, problem);
        let place = options.base_url.as_deref().or(options.adapter.usual_base_url());
        let place = place.ok_or_else(|| invalid("`base_url` is missing: say where it is".to_owned()))?;
        let base = base_url(place, options.is_private).map_err(invalid)?;
        let key = match &options.key {
            Some(key) => {
                let value = key.header(before_key);
                Some((
                    key_header.clone(),
                    value.map_err(|_| invalid("no header can carry the key".to_owned()))?,
                ))
            }
            None if options.is_private => None,
            None => return Err(invalid("it has no key: name the variable that holds it".to_owned())),
        };
        let http = http(options).map_err(|_| invalid("TLS cannot be set up on this machine".to_owned()))?;
        Ok(Client { http, base, key, patience: options.answer_timeout })
    }

    /// The provider's own host.
    pub(super) fn host(&self) -> &str {
        self.base.host_str().unwrap_or_default()
    }

    /// The parts of the path of an address, if it is below the provider's own.
    pub(super) fn path_below(&self, address: &str) -> Option<Vec<String>> {
        let url = Url::parse(address).ok().filter(|url| url.origin() == self.base.origin())?;
        let below = url.path().strip_prefix(self.base.path().trim_end_matches('/'))?;
        Some(below.split('/').filter(|part| !part.is_empty()).map(str::to_owned).collect())
    }

    /// Asks, once.
    pub(super) async fn ask(&self, call: Call) -> Result<Answer, Cut> {
        let mut headers = call.headers;
        headers.entry(ACCEPT).or_insert(HeaderValue::from_static("application/json"));
        headers.extend(self.key.clone());
        let request = self.http.request(call.method, self.address(&call.path, &call.query));
        let mut request = request.timeout(call.patience.unwrap_or(self.patience)).headers(headers);
        if let Some(body) = &call.body {
            request = request.json(body);
        }
        let mut response = request.send().await.map_err(|error| {
            if error.is_connect() || error.is_builder() { Cut::Unsent } else { Cut::Lost }
        })?;
        let status = response.status();
        let read = match call.inline_bytes.filter(|_| status.is_success()) {
            Some(output) => {
                let bounds = Bounds { all: call.answer_bytes, text: ANSWER_BYTES, output };
                inline::read(&mut response, bounds).await
            }
            None => {
                // A refusal holds no outputs.
                let most = if call.inline_bytes.is_some() { ANSWER_BYTES } else { call.answer_bytes };
                read(&mut response, most).await.map(|body| (body, Vec::new()))
            }
        };
        let headers = std::mem::take(response.headers_mut());
        match read {
            Ok((body, files)) => Ok(Answer { status, headers, body, files }),
            Err(cut) if status.is_success() => Err(cut),
            // A refusal is one, whatever became of its reasons.
            Err(_) => Ok(Answer { status, headers, body: Vec::new(), files: Vec::new() }),
        }
    }

    fn address(&self, path: &[String], query: &[(String, String)]) -> Url {
        let mut url = self.base.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().extend(path);
        }
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        url
    }
}

fn http(options: &HttpOptions) -> reqwest::Result<reqwest::Client> {
    let builder = reqwest::Client::builder()
        .user_agent(USER_AGENT)
        .redirect(redirect::Policy::none())
        .retry(retry::never())
        .referer(false)
        // What a compressed answer unfolds to would not be bounded by what was read.
        .no_gzip()
        .no_brotli()
        .no_deflate()
        .no_zstd()
        .http1_only()
        .https_only(!options.is_private)
        .connect_timeout(options.connect_timeout)
        .pool_idle_timeout(IDLE);
    // A proxy of the surroundings does not know what is inside.
    let builder = if options.is_private { builder.no_proxy() } else { builder };
    builder.build()
}

async fn read(response: &mut reqwest::Response, most: usize) -> Result<Vec<u8>, Cut> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|_| Cut::Lost)? {
        if body.len() + chunk.len() > most {
            return Err(Cut::TooLarge);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}
