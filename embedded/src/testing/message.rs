//! HTTP as bytes, for proxies that hold up, repeat or lose what passes.

use std::io;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader};
use tokio::net::TcpStream;

/// Reads one request or answer: a head, and a body of the length that it tells.
///
/// # Errors
/// When the other side has gone, or tells a length that is none.
pub async fn read_message(stream: &mut BufReader<TcpStream>) -> io::Result<Vec<u8>> {
    let (mut bytes, mut length) = (Vec::new(), 0);
    loop {
        let begins = bytes.len();
        if stream.read_until(b'\n', &mut bytes).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let line = String::from_utf8_lossy(&bytes[begins..]).to_lowercase();
        if let Some(told) = line.strip_prefix("content-length:") {
            length = told.trim().parse().map_err(io::Error::other)?;
        }
        if line.trim().is_empty() {
            break;
        }
    }
    let begins = bytes.len();
    bytes.resize(begins + length, 0);
    stream.read_exact(&mut bytes[begins..]).await?;
    Ok(bytes)
}
