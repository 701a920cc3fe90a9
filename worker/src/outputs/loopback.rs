//! What tests fetch from and store into: an HTTP server on this machine that sends exactly the bytes it is told to, and a
//! store in memory that remembers how it was used.

use futures::stream::BoxStream;
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{
    CopyOptions, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore,
    PutMultipartOptions, PutOptions, PutPayload, PutResult, Result, UploadPart,
};
use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// What the server does with a request.
pub(super) enum Answer {
    /// Sends this and closes.
    Send(Vec<u8>),
    /// Sends this, and then pieces like it for ever.
    Endless { head: String, piece: Vec<u8> },
    /// Sends this, and then a byte now and then.
    Drip(Vec<u8>),
    /// Sends this, and then nothing.
    Fall(Vec<u8>),
}

/// A whole answer with this status, further lines and body.
pub(super) fn answer(status: u16, lines: &str, body: &[u8]) -> Answer {
    let length = body.len();
    let head = format!("HTTP/1.1 {status} X\r\ncontent-length: {length}\r\nconnection: close\r\n{lines}\r\n");
    Answer::Send([head.as_bytes(), body].concat())
}

/// A server on this machine.
pub(super) struct Server {
    pub(super) port: u16,
    /// The heads of all requests.
    pub(super) heads: Arc<Mutex<Vec<String>>>,
    serving: JoinHandle<()>,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

impl Server {
    /// Answers by the path, and how many requests there were before.
    pub(super) async fn start(answers: impl Fn(&str, usize) -> Answer + Send + Sync + 'static) -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (heads, answers) = (Arc::<Mutex<Vec<String>>>::default(), Arc::new(answers));
        let seen = Arc::clone(&heads);
        let serving = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (seen, answers) = (Arc::clone(&seen), Arc::clone(&answers));
                tokio::spawn(async move {
                    let _ = serve(stream, &seen, &*answers).await;
                });
            }
        });
        Server { port, heads, serving }
    }

    pub(super) fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    pub(super) fn requests(&self) -> usize {
        self.heads.lock().unwrap().len()
    }
}

async fn serve(
    mut stream: TcpStream,
    seen: &Mutex<Vec<String>>,
    answers: &(impl Fn(&str, usize) -> Answer + Sync),
) -> std::io::Result<()> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await?);
    }
    let head = String::from_utf8(head).unwrap();
    let path = head.split(' ').nth(1).unwrap().to_owned();
    let before = {
        let mut seen = seen.lock().unwrap();
        seen.push(head);
        seen.len() - 1
    };
    match answers(&path, before) {
        Answer::Send(bytes) => stream.write_all(&bytes).await?,
        Answer::Endless { head, piece } => {
            stream.write_all(head.as_bytes()).await?;
            loop {
                stream.write_all(&piece).await?;
            }
        }
        Answer::Drip(bytes) => {
            stream.write_all(&bytes).await?;
            loop {
                tokio::time::sleep(Duration::from_millis(20)).await;
                stream.write_all(b"x").await?;
            }
        }
        Answer::Fall(bytes) => {
            stream.write_all(&bytes).await?;
            stream.read_u8().await?;
        }
    }
    stream.shutdown().await
}

/// How a store was used.
#[derive(Debug, Default)]
pub(super) struct Use {
    pub(super) parts: AtomicUsize,
    pub(super) largest: AtomicUsize,
    pub(super) aborted: AtomicUsize,
    pub(super) completed: AtomicUsize,
}

/// A store in memory that remembers it.
#[derive(Debug, Default)]
pub(super) struct Watched {
    pub(super) inner: InMemory,
    pub(super) used: Arc<Use>,
}

impl fmt::Display for Watched {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(out)
    }
}

#[async_trait::async_trait]
impl ObjectStore for Watched {
    async fn put_opts(&self, path: &Path, payload: PutPayload, options: PutOptions) -> Result<PutResult> {
        self.used.largest.fetch_max(payload.content_length(), Ordering::SeqCst);
        self.inner.put_opts(path, payload, options).await
    }

    async fn put_multipart_opts(
        &self,
        path: &Path,
        options: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        let inner = self.inner.put_multipart_opts(path, options).await?;
        Ok(Box::new(WatchedUpload { inner, used: Arc::clone(&self.used) }))
    }

    async fn get_opts(&self, path: &Path, options: GetOptions) -> Result<GetResult> {
        self.inner.get_opts(path, options).await
    }

    fn delete_stream(&self, paths: BoxStream<'static, Result<Path>>) -> BoxStream<'static, Result<Path>> {
        self.inner.delete_stream(paths)
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        self.inner.list(prefix)
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        self.inner.list_with_delimiter(prefix).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        self.inner.copy_opts(from, to, options).await
    }
}

#[derive(Debug)]
struct WatchedUpload {
    inner: Box<dyn MultipartUpload>,
    used: Arc<Use>,
}

#[async_trait::async_trait]
impl MultipartUpload for WatchedUpload {
    fn put_part(&mut self, part: PutPayload) -> UploadPart {
        self.used.parts.fetch_add(1, Ordering::SeqCst);
        self.used.largest.fetch_max(part.content_length(), Ordering::SeqCst);
        self.inner.put_part(part)
    }

    async fn complete(&mut self) -> Result<PutResult> {
        self.used.completed.fetch_add(1, Ordering::SeqCst);
        self.inner.complete().await
    }

    async fn abort(&mut self) -> Result<()> {
        self.used.aborted.fetch_add(1, Ordering::SeqCst);
        self.inner.abort().await
    }
}
