//! The servers that stand in for providers, spoken to as the documentation of each service does it.

mod fal;
mod faults;
mod files;
mod openai;
mod replicate;

use embedded::providers::{MockOptions, MockProvider, Protocol};
use reqwest::{Client, RequestBuilder, Response, redirect::Policy};
use serde_json::Value;
use std::time::Duration;

const KEY: &str = "a-key:of-the-tests";

/// So long that nothing ends by itself while a test runs.
const LONG: Duration = Duration::from_secs(3_600);

async fn start(protocol: Protocol, delay: Duration) -> MockProvider {
    let options = MockOptions { key: Some(KEY.to_owned()), delay, ..MockOptions::default() };
    MockProvider::start(protocol, options).await.unwrap()
}

/// A client that follows nothing by itself.
fn client() -> Client {
    Client::builder().redirect(Policy::none()).build().unwrap()
}

/// Sends, and returns the status and the JSON.
async fn sent(request: RequestBuilder) -> (u16, Value) {
    read(request.send().await.unwrap()).await
}

async fn read(response: Response) -> (u16, Value) {
    let status = response.status().as_u16();
    (status, response.json().await.unwrap())
}

/// Width and height of a picture, and how many frames it has.
fn drawn(file: &[u8]) -> (u32, u32, u32) {
    let mut reader = png::Decoder::new(std::io::Cursor::new(file)).read_info().unwrap();
    let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
    let frames = reader.info().animation_control().map_or(1, |animation| animation.num_frames);
    for _ in 0..frames {
        reader.next_frame(&mut pixels).unwrap();
    }
    let info = reader.info();
    (info.width, info.height, frames)
}
