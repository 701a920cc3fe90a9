//! Clips, which say themselves how long and how large they are.

use super::{Bench, LONG, serving, there};
use crate::outputs::measure::tests::files::{mdat, moov, mp4, mvhd, tkhd, trak};
use crate::provider::{Artifact, Content, Facts};
use ledger::job::Output;

/// A clip whose description stands at its end.
fn clip(milliseconds: u32) -> Vec<u8> {
    mp4(&[mdat(), moov(&[mvhd(1_000, milliseconds), trak(&tkhd(640, 360))])])
}

async fn kept(bench: &Bench, artifact: Artifact) -> Output {
    bench.store(&[artifact]).await.unwrap().remove(0)
}

#[tokio::test]
async fn a_clip_is_measured_while_it_passes_through_in_parts() {
    let server = serving(200, "", clip(5_042)).await;
    for part_bytes in [64, 100, 64 * 1024] {
        let bench = Bench::with(LONG, part_bytes);
        let output = kept(&bench, there(server.url("/a"))).await;
        assert_eq!((output.content_type.as_str(), output.duration_milliseconds), ("video/mp4", Some(5_042)));
        assert_eq!((output.width, output.height), (640, 360), "in parts of {part_bytes} bytes");
        assert_eq!(bench.read(&output.key).await.unwrap(), clip(5_042), "and is kept as it is");
    }
}

#[tokio::test]
async fn a_clip_that_came_with_the_answer_is_measured_as_well() {
    let here = Artifact { content: Content::Bytes(clip(1_500).into()), ..there(String::new()) };
    let output = kept(&Bench::new(), here.clone()).await;
    assert_eq!((output.duration_milliseconds, output.width), (Some(1_500), 640));
    let facts = Some(Facts { content_type: "video/mp4".into(), width: 320, height: 180 });
    let output = kept(&Bench::new(), Artifact { facts, ..here }).await;
    assert_eq!((output.width, output.height), (320, 180), "it was described already");
}

#[tokio::test]
async fn what_the_provider_tells_of_the_length_comes_before_what_the_file_says() {
    for (milliseconds, told) in [(5_042, 5_000), (60_000, 5_000), (1, 5_000), (0, 5_000)] {
        let server = serving(200, "", clip(milliseconds)).await;
        let artifact = Artifact { duration_milliseconds: Some(told), ..there(server.url("/a")) };
        assert_eq!(kept(&Bench::new(), artifact).await.duration_milliseconds, Some(told));
    }
    let server = serving(200, "", clip(0)).await;
    assert_eq!(kept(&Bench::new(), there(server.url("/a"))).await.duration_milliseconds, None);
}
