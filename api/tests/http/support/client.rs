//! A client that notices when the server breaks its own contract.

use super::contract::Contract;
use super::reply::Reply;
use reqwest::header::{ACCEPT, HeaderMap, HeaderName, HeaderValue};
use reqwest::{Method, RequestBuilder, Response};
use serde_json::{Value, json};
use std::net::SocketAddr;

#[derive(Clone)]
pub(crate) struct Client {
    http: reqwest::Client,
    address: SocketAddr,
    token: Option<String>,
    extra: HeaderMap,
}

impl Client {
    pub(crate) fn new(address: SocketAddr, token: Option<String>) -> Client {
        let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
        Client { http, address, token, extra: HeaderMap::new() }
    }

    /// The same client, sending one header more.
    pub(crate) fn with(&self, name: &'static str, value: &str) -> Client {
        let mut client = self.clone();
        let value = HeaderValue::from_bytes(value.as_bytes()).unwrap();
        client.extra.append(HeaderName::from_static(name), value);
        client
    }

    /// The token that it sends, if any.
    pub(crate) fn token(&self) -> Option<&str> {
        self.token.as_deref()
    }

    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self.http.request(method, format!("http://{}{path}", self.address));
        let request = request.headers(self.extra.clone());
        match &self.token {
            Some(token) => request.bearer_auth(token),
            None => request,
        }
    }

    pub(crate) async fn get(&self, path: &str) -> Reply {
        self.send(Method::GET, path, None).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Reply {
        self.send(Method::DELETE, path, None).await
    }

    /// Without a body.
    pub(crate) async fn order(&self, path: &str) -> Reply {
        self.send(Method::POST, path, None).await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Reply {
        self.send(Method::POST, path, Some(body)).await
    }

    /// Sends these very bytes as JSON.
    pub(crate) async fn post_bytes(&self, path: &str, body: impl Into<Vec<u8>>) -> Reply {
        let request = self.request(Method::POST, path).header("content-type", "application/json");
        let response = request.body(body.into()).send().await.unwrap();
        read(&Method::POST, path, response).await
    }

    pub(crate) async fn send(&self, method: Method, path: &str, body: Option<Value>) -> Reply {
        let request = self.request(method.clone(), path);
        let request = match body {
            Some(body) => request.json(&body),
            None => request,
        };
        let accepted = self.extra.get(ACCEPT).and_then(|accepted| accepted.to_str().ok()).unwrap_or_default();
        let wants_page = method == Method::GET && accepted.starts_with("text/html");
        read_as(&method, path, wants_page, request.send().await.unwrap()).await
    }

    /// Buys one picture.
    pub(crate) async fn buy(&self, prompt: &str) -> Reply {
        let reply = self.post("/v1/generations", json!({ "model": "sim-image", "prompt": prompt })).await;
        assert!(matches!(reply.status.as_u16(), 200 | 202), "{reply:?}");
        reply
    }
}

/// Reads an answer and holds it against the contract.
pub(crate) async fn read(method: &Method, path: &str, response: Response) -> Reply {
    read_as(method, path, false, response).await
}

async fn read_as(method: &Method, path: &str, wants_page: bool, response: Response) -> Reply {
    let (status, headers) = (response.status(), response.headers().clone());
    let bytes = response.bytes().await.unwrap().to_vec();
    let body = serde_json::from_slice(&bytes).unwrap_or_default();
    let reply = Reply { status, headers, bytes, body };
    Contract::shared().check(method, path, wants_page, &reply);
    reply
}
