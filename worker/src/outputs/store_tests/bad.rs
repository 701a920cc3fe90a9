//! What is not kept, and why.

use super::{Bench, LONG, eventually, png, serving, there, there_up_to};
use crate::outputs::Unkept;
use crate::outputs::loopback::{Answer, Server, answer};
use crate::provider::{Artifact, Content, Origin, Remote};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

#[tokio::test]
async fn what_cannot_be_shown_is_not_kept() {
    for body in [b"<html><script>alert(1)</script></html>".as_slice(), b"", b"{\"detail\":\"not ready\"}"] {
        let server = serving(200, "content-type: image/png\r\n", body.to_vec()).await;
        assert_eq!(Bench::new().refusal(there(server.url("/a.png"))).await, "output_type");
        assert_eq!(server.requests(), 1, "it is not asked for again");
    }
}

#[tokio::test]
async fn what_the_provider_does_not_hand_out_any_more_is_expired() {
    for status in [400, 401, 403, 404, 410] {
        let server = serving(status, "", png(2, 2)).await;
        assert_eq!(Bench::new().refusal(there(server.url("/a.png"))).await, "output_expired", "{status}");
        assert_eq!(server.requests(), 1, "it is not asked for again");
    }
}

#[tokio::test]
async fn what_says_that_it_is_too_large_is_not_read() {
    let head = b"HTTP/1.1 200 X\r\ncontent-length: 1048577\r\n\r\n";
    let server = Server::start(|_, _| Answer::Fall(head.to_vec())).await;
    assert_eq!(Bench::new().refusal(there(server.url("/a.png"))).await, "output_too_large");
}

#[tokio::test]
async fn what_never_ends_is_cut_off_and_leaves_no_parts() {
    let bench = Bench::new();
    for framing in ["transfer-encoding: chunked\r\n\r\n", "connection: close\r\n\r\n"] {
        let server = Server::start(move |_, _| {
            let first = png(2, 2);
            let is_chunked = framing.contains("chunked");
            let chunk = |bytes: &[u8]| match is_chunked {
                true => [format!("{:x}\r\n", bytes.len()).as_bytes(), bytes, b"\r\n"].concat(),
                false => bytes.to_vec(),
            };
            let whole = [first.as_slice(), &[0; 4_000]].concat();
            Answer::Endless { head: format!("HTTP/1.1 200 X\r\n{framing}"), piece: chunk(&whole) }
        })
        .await;
        let before = bench.used.aborted.load(Ordering::SeqCst);
        assert_eq!(bench.refusal(there(server.url("/a.png"))).await, "output_too_large", "{framing}");
        let aborted = || bench.used.aborted.load(Ordering::SeqCst) == before + 1;
        eventually("the upload is aborted", aborted).await;
    }
    assert_eq!(bench.used.completed.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn a_file_of_just_the_allowed_size_is_kept() {
    let server = serving(200, "", png(9, 9)).await;
    let size = png(9, 9).len() as u64;
    assert!(Bench::new().store(&[there_up_to(server.url("/a"), size)]).await.is_ok());
    let refused = Bench::new().refusal(there_up_to(server.url("/a"), size - 1)).await;
    assert_eq!(refused, "output_too_large");
}

#[tokio::test]
async fn a_redirect_elsewhere_is_not_followed() {
    let other = serving(200, "", png(2, 2)).await;
    let target = format!("http://localhost:{}/a.png", other.port);
    let server =
        Server::start(move |_, _| answer(302, &format!("location: {target}\r\n"), b"over there")).await;
    assert_eq!(Bench::new().refusal(there(server.url("/a.png"))).await, "output_refused");
    assert_eq!(other.requests(), 0, "nobody asked there");
}

#[tokio::test]
async fn a_redirect_in_a_circle_or_to_nowhere_is_refused() {
    for lines in ["location: /a\r\n", "", "location: http://[\r\n"] {
        let server = serving(302, lines, Vec::new()).await;
        assert_eq!(Bench::new().refusal(there(server.url("/a"))).await, "output_refused", "{lines}");
        assert!(server.requests() <= 6, "{} requests", server.requests());
    }
}

#[tokio::test]
async fn a_name_that_leads_into_this_machine_is_refused() {
    let origin = Origin { hosts: vec!["localhost".into()], is_private: false, max_bytes: 1_000 };
    let remote = Remote { url: "https://localhost/a.png".into(), origin: Arc::new(origin) };
    assert!(!format!("{remote:?}").contains("a.png"), "an address may hold a signature");
    let content = Content::Remote(remote);
    let artifact = Artifact { content, facts: None, duration_milliseconds: None };
    assert_eq!(Bench::new().refusal(artifact).await, "output_refused");
}

/// Stores what never comes to its end, with little time.
async fn out_of_time(bench: &Bench, artifact: Artifact, time: Duration) {
    let stored = bench.store_within(&[artifact], time).await;
    assert_eq!(stored, Err(Unkept::TimeUp));
    assert_eq!(bench.keys().await, Vec::<String>::new());
}

#[tokio::test]
async fn a_file_that_drips_is_given_up_when_the_time_is_up() {
    let head = "HTTP/1.1 200 X\r\ncontent-length: 100000\r\n\r\n";
    let server = Server::start(|_, _| Answer::Drip([head.as_bytes(), &png(2, 2)].concat())).await;
    let bench = Bench::with(LONG, 64);
    out_of_time(&bench, there(server.url("/a.png")), Duration::from_secs(2)).await;
    let uploads_end = || bench.used.aborted.load(Ordering::SeqCst) == 1;
    eventually("the upload is aborted", uploads_end).await;
    assert_eq!(server.requests(), 1, "it is slow, but never stalled");
}

#[tokio::test]
async fn a_file_that_stalls_is_asked_for_again_until_the_time_is_up() {
    let head = "HTTP/1.1 200 X\r\ncontent-length: 100000\r\n\r\n";
    let server = Server::start(|_, _| Answer::Fall([head.as_bytes(), &png(2, 2)].concat())).await;
    let bench = Bench::with(Duration::from_millis(200), 64 * 1024);
    out_of_time(&bench, there(server.url("/a.png")), Duration::from_secs(6)).await;
    assert!(server.requests() > 1, "it is asked for again");
}

#[tokio::test]
async fn one_output_that_cannot_be_kept_takes_the_others_with_it() {
    let server = Server::start(|path, _| match path {
        "/missing" => answer(404, "", b""),
        _ => answer(200, "", &png(2, 2)),
    })
    .await;
    let bench = Bench::new();
    let artifacts = [there(server.url("/a")), there(server.url("/b")), there(server.url("/missing"))];
    let Err(Unkept::Final(failure)) = bench.store(&artifacts).await else { panic!("it was kept") };
    assert_eq!(failure.failure.code, "output_expired");
    assert_eq!(bench.keys().await, Vec::<String>::new());
}
