//! What the simulated provider promises.

use super::{PROVIDER, Simulated, SimulatedOptions, models};
use crate::provider::{Artifact, Facts, Found, Progress, Provider, ProviderFailure, Submission, Task};
use ledger::catalogue::{Catalogue, Pricing, Route};
use ledger::job::{FailureClass, JobRequest, Kind, Params, Price};
use ledger::{AccountId, JobId};
use std::collections::HashSet;
use std::time::Duration;
use uuid::Uuid;

fn quick() -> Simulated {
    let (image_delay, video_delay) = (Duration::ZERO, Duration::from_millis(30));
    Simulated::new(SimulatedOptions { image_delay, video_delay, ..SimulatedOptions::default() })
}

fn task(model: &str, kind: Kind, count: u32, params: Params) -> Task {
    Task {
        account_id: AccountId(Uuid::from_u128(1)),
        job_id: JobId(Uuid::from_u128(2)),
        run: 1,
        attempt: 1,
        fencing: 2,
        queued_at: chrono::DateTime::UNIX_EPOCH,
        request: JobRequest { kind, model: model.into(), prompt: "a quiet harbour".into(), count, params }
            .into(),
        is_metered: false,
    }
}

/// Asks for a task as the model that its route names, which is the one that the request names.
async fn submit(provider: &Simulated, task: &Task) -> Result<Submission, ProviderFailure> {
    provider.submit(task, &Route::new(PROVIDER, &task.request.model)).await
}

fn decode(file: &[u8]) -> (u32, u32, u32) {
    let reader = png::Decoder::new(std::io::Cursor::new(file)).read_info().unwrap();
    let frames = reader.info().animation_control().map_or(1, |animation| animation.num_frames);
    (reader.info().width, reader.info().height, frames)
}

#[tokio::test]
async fn images_have_the_size_and_the_number_that_were_asked_for() {
    let params = Params { width: Some(200), height: Some(120), ..Params::default() };
    let submitted = submit(&quick(), &task("sim-image", Kind::Image, 3, params)).await.unwrap();
    let Submission::Done(images) = submitted else { panic!("images are made at once") };
    assert_eq!(images.len(), 3);
    let different: HashSet<_> = images.iter().map(|image| image.content.bytes().cloned().unwrap()).collect();
    assert_eq!(different.len(), 3, "each output is another picture");
    for image in &images {
        let facts = Facts { content_type: "image/png".into(), width: 200, height: 120 };
        assert_eq!(image.facts, Some(facts));
        assert_eq!(decode(image.content.bytes().unwrap()), (200, 120, 1));
    }
}

#[tokio::test]
async fn a_clip_is_ready_after_a_while_and_survives_a_restart() {
    let submitted = submit(&quick(), &task("sim-video", Kind::Video, 1, Params::default())).await.unwrap();
    let Submission::Accepted(id) = submitted else { panic!("a clip is submitted") };
    assert!(!id.contains("harbour"), "the prompt is not in the task id: {id}");

    let restarted = quick();
    let clip = loop {
        match restarted.poll(&id).await.unwrap() {
            Progress::Working => tokio::time::sleep(Duration::from_millis(5)).await,
            Progress::Done(mut clips) => break clips.pop().unwrap(),
            Progress::Failed(failure) => panic!("{failure}"),
            Progress::Gone => panic!("it is not known any more"),
        }
    };
    let file = clip.content.bytes().unwrap();
    let (width, height, frames) = decode(file);
    assert_eq!(clip.facts, Some(Facts { content_type: "image/apng".into(), width, height }));
    assert_eq!((width, height), (320, 320));
    assert!((16..=24).contains(&frames), "{frames} frames");
    assert!(file.len() < 1_500_000, "{} bytes", file.len());
}

/// The clip of a model when so many seconds are asked for.
async fn clip(model: &str, seconds: Option<u32>) -> Artifact {
    let params = Params { width: Some(64), height: Some(64), seconds, ..Params::default() };
    let provider = quick();
    let submitted = submit(&provider, &task(model, Kind::Video, 1, params)).await.unwrap();
    let Submission::Accepted(id) = submitted else { panic!("a clip is submitted") };
    loop {
        match provider.poll(&id).await.unwrap() {
            Progress::Working => tokio::time::sleep(Duration::from_millis(5)).await,
            Progress::Done(mut clips) => return clips.pop().unwrap(),
            Progress::Failed(failure) => panic!("{failure}"),
            Progress::Gone => panic!("it is not known any more"),
        }
    }
}

/// How long a viewer shows the file, in milliseconds.
fn shown_for(file: &[u8]) -> u64 {
    let mut reader = png::Decoder::new(std::io::Cursor::new(file)).read_info().unwrap();
    let frames = reader.info().animation_control().unwrap().num_frames;
    let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
    let mut milliseconds = 0;
    for _ in 0..frames {
        reader.next_frame(&mut pixels).unwrap();
        let frame = reader.info().frame_control().unwrap();
        milliseconds += u64::from(frame.delay_num) * 1_000 / u64::from(frame.delay_den);
    }
    milliseconds
}

#[tokio::test]
async fn a_clip_is_as_long_as_it_says() {
    for (model, asked, made) in [
        ("sim-video", None, 3_000),
        ("sim-video-metered", Some(1), 1_000),
        ("sim-video-metered", Some(7), 7_000),
        ("sim-video-short", Some(10), 5_000),
        ("sim-video-short", Some(5), 3_000),
        ("sim-video-short", Some(1), 1_000),
    ] {
        let clip = clip(model, asked).await;
        assert_eq!(clip.duration_milliseconds, Some(made), "{model}, {asked:?} seconds");
        assert_eq!(shown_for(clip.content.bytes().unwrap()), made, "{model}, {asked:?} seconds");
    }
}

#[tokio::test]
async fn a_picture_has_no_length() {
    let submitted = submit(&quick(), &task("sim-image", Kind::Image, 1, Params::default())).await.unwrap();
    let Submission::Done(images) = submitted else { panic!("images are made at once") };
    assert_eq!(images[0].duration_milliseconds, None);
}

#[tokio::test]
async fn a_clip_is_not_ready_before_its_time() {
    let slow = Simulated::new(SimulatedOptions::default());
    let submitted = submit(&slow, &task("sim-video", Kind::Video, 1, Params::default())).await.unwrap();
    let Submission::Accepted(id) = submitted else { panic!("a clip is submitted") };
    assert!(matches!(slow.poll(&id).await.unwrap(), Progress::Working));
}

#[tokio::test]
async fn an_accepted_submit_can_be_asked_after() {
    let provider = quick();
    let clip = task("sim-video", Kind::Video, 1, Params::default());
    assert_eq!(provider.find(&clip.reference()).await.unwrap(), Found::NotAccepted);
    let Submission::Accepted(id) = submit(&provider, &clip).await.unwrap() else {
        panic!("a clip is submitted")
    };
    assert_eq!(provider.find(&clip.reference()).await.unwrap(), Found::Accepted(id));
}

#[tokio::test]
async fn models_fail_as_their_names_say() {
    let provider = quick();
    let fails = async |model: &str| {
        let task = task(model, Kind::Image, 1, Params::default());
        let failure = submit(&provider, &task).await.unwrap_err();
        (failure.failure.class, failure.failure.code, failure.retry_after)
    };
    assert_eq!(fails("sim-image-down").await, (FailureClass::Transient, "provider_unavailable".into(), None));
    assert_eq!(fails("sim-image-strict").await, (FailureClass::Permanent, "content_refused".into(), None));
    let asked = Some(Duration::from_secs(1));
    assert_eq!(fails("sim-image-busy").await, (FailureClass::Throttled, "provider_busy".into(), asked));
}

#[tokio::test]
async fn the_busy_model_serves_the_third_try() {
    let provider = quick();
    for (fencing, served) in [(2, false), (4, false), (6, true)] {
        let task = Task { fencing, ..task("sim-image-busy", Kind::Image, 1, Params::default()) };
        assert_eq!(submit(&provider, &task).await.is_ok(), served, "token {fencing}");
    }
}

#[test]
fn the_flaky_model_fails_about_two_of_five_attempts() {
    let fails = |number: u128| Simulated::flaky_attempt_fails(JobId(Uuid::from_u128(number)), 1);
    let failed = (0..1_000).filter(|number| fails(*number)).count();
    assert!((330..470).contains(&failed), "{failed} of 1000");
    assert_eq!(fails(1), fails(1), "an attempt's fate does not change");
}

#[tokio::test]
async fn the_down_video_model_accepts_and_fails_later() {
    let provider = quick();
    let submitted =
        submit(&provider, &task("sim-video-down", Kind::Video, 1, Params::default())).await.unwrap();
    let Submission::Accepted(id) = submitted else { panic!("a clip is submitted") };
    tokio::time::sleep(Duration::from_millis(40)).await;
    let Progress::Failed(failure) = provider.poll(&id).await.unwrap() else { panic!("it fails") };
    assert_eq!(failure.failure.class, FailureClass::Transient);
}

#[tokio::test]
async fn a_made_up_task_id_is_a_permanent_failure() {
    for id in ["", "sim1", "sim1_x_works_1_1_1_0.0.0", "sim1_0_works_1_1_1_zz"] {
        let Progress::Failed(failure) = quick().poll(id).await.unwrap() else { panic!("{id} is no task") };
        assert_eq!(failure.failure.code, "task_unknown");
    }
}

#[test]
fn every_model_can_be_priced() {
    let catalogue = Catalogue::new(models()).unwrap();
    for model in catalogue.models() {
        let prompt = "x".to_owned();
        let request = JobRequest {
            kind: model.kind,
            model: model.id.clone(),
            prompt,
            count: 1,
            params: Params::default(),
        };
        let price = catalogue.quote(&request).unwrap();
        match model.pricing {
            Pricing::PerOutput => assert_eq!(price, Price::Fixed(model.price)),
            Pricing::PerSecond => assert_eq!(price.per_second(), Some(model.price)),
        }
        assert_eq!(model.routes, [Route::new(PROVIDER, &model.id)]);
    }
}
