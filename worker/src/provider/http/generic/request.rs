//! A configured request, read once and filled for each call.

use super::options::RequestOptions;
use crate::provider::http::client::Call;
use crate::provider::http::template::Template;
use crate::provider::http::wish::{Field, Wish};
use reqwest::Method;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use serde_json::Value;

const METHODS: [Method; 5] = [Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE];

/// What requests may speak of.
#[derive(Debug, Clone, Copy)]
pub(super) struct Known {
    /// In paths, which are not whole without their parts.
    pub path: &'static [Field],
    /// Anywhere else.
    pub rest: &'static [Field],
}

/// A request with gaps.
#[derive(Debug)]
pub(super) struct Request {
    method: Method,
    path: Template,
    query: Vec<(String, Template)>,
    headers: Vec<(HeaderName, Template)>,
    body: Option<Template>,
}

impl Request {
    /// Reads a request.
    ///
    /// # Errors
    /// Names what cannot be used, and why.
    pub(super) fn read(
        options: &RequestOptions,
        usual: Method,
        known: Known,
        key_header: &HeaderName,
    ) -> Result<Request, String> {
        let text = |text: &str, known| Template::read(&Value::String(text.to_owned()), known);
        let method = match &options.method {
            Some(name) => METHODS.into_iter().find(|method| method.as_str() == name),
            None => Some(usual),
        };
        let method = method.ok_or("`method` is none of GET, POST, PUT, PATCH and DELETE")?;
        if !options.path.starts_with('/') || options.path.contains(['?', '#']) {
            return Err("`path` must begin with `/`, and have no `?` or `#`: use `query`".to_owned());
        }
        let path = text(&options.path, known.path).map_err(|error| format!("`path`: {error}"))?;
        let query = options.query.iter().map(|(name, value)| {
            let value = text(value, known.rest).map_err(|error| format!("`query.{name}`: {error}"))?;
            Ok((name.clone(), value))
        });
        let headers = options.headers.iter().map(|(name, value)| {
            let value = text(value, known.rest).map_err(|error| format!("`headers.{name}`: {error}"))?;
            Ok((header_name(name, key_header)?, value))
        });
        let body = options.body.as_ref().map(|body| Template::read(body, known.rest)).transpose();
        Ok(Request {
            method,
            path,
            query: query.collect::<Result<_, String>>()?,
            headers: headers.collect::<Result<_, String>>()?,
            body: body.map_err(|error| format!("`body`: {error}"))?,
        })
    }

    /// The call for this attempt or task; `None` where something does not fit into a path or a header.
    pub(super) fn call(&self, wish: &Wish) -> Option<Call> {
        let path = self.path.fill_text(wish)?;
        let mut call = Call::new(self.method.clone(), path.split('/').filter(|part| !part.is_empty()));
        // They would lead out of the path that was meant.
        if call.path.iter().any(|part| matches!(part.as_str(), "." | "..")) {
            return None;
        }
        let query =
            self.query.iter().filter_map(|(name, value)| Some((name.clone(), value.fill_text(wish)?)));
        call.query = query.collect();
        call.headers = self.headers(wish)?;
        call.body = self.body.as_ref().and_then(|body| body.fill(wish));
        Some(call)
    }

    /// Whether it says this anywhere but in its path.
    pub(super) fn speaks_of(&self, field: Field) -> bool {
        let query = self.query.iter().map(|(_, value)| value);
        let headers = self.headers.iter().map(|(_, value)| value);
        query.chain(headers).chain(&self.body).any(|template| template.speaks_of(field))
    }

    fn headers(&self, wish: &Wish) -> Option<HeaderMap> {
        let filled =
            self.headers.iter().filter_map(|(name, value)| Some((name.clone(), value.fill_text(wish)?)));
        filled.map(|(name, value)| Some((name, HeaderValue::try_from(value).ok()?))).collect()
    }
}

fn header_name(name: &str, key_header: &HeaderName) -> Result<HeaderName, String> {
    let read = HeaderName::try_from(name).map_err(|_| format!("`headers.{name}` is no name of a header"))?;
    if read == key_header {
        return Err(format!("`headers.{name}` is where the key goes: leave it out"));
    }
    Ok(read)
}
