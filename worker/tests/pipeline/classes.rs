//! Classes of work with queues of their own: nothing of one waits for another, and all that holds for one queue holds for
//! each.

use crate::poison::send_raw;
use crate::rig::{Rig, catalogue_with, eventually};
use crate::wire::{Passage, Request, Wire};
use ledger::JobId;
use ledger::job::Status;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::sync::watch;
use worker::queue::{Queue, QueueSettings, Source};
use worker::{Class, Offer, WorkerOptions};

const CLIP: &str = "scripted-video";
const PICTURE: &str = "scripted-image";

/// A catalogue with queues for these classes, each with so many slots.
fn offer(rig: &Rig, classes: &[&str], slots: usize) -> Offer {
    let class = Class { slots: NonZeroUsize::new(slots), queue: None };
    let classes = classes.iter().map(|name| ((*name).to_owned(), class.clone())).collect();
    Offer { classes, ..rig.offer() }
}

/// A worker with four slots for clips and four for all else, three of each for one provider.
fn options(rig: &Rig) -> WorkerOptions {
    let mut options = rig.options("one");
    options.concurrency = 4;
    options.offer = offer(rig, &["video"], 4).fixed();
    options.timings.drain = Duration::from_millis(200);
    options
}

fn behind(rig: &Rig, wire: &Wire) -> WorkerOptions {
    let mut options = options(rig);
    options.queue.endpoint = Some(wire.endpoint());
    options
}

/// What the queue of clips is called.
fn video(rig: &Rig) -> String {
    format!("{}-video", rig.settings.name)
}

fn video_dlq(rig: &Rig) -> String {
    format!("{}-dlq", video(rig))
}

/// The queues of clips, for looking at them.
async fn video_queues(rig: &Rig) -> Queue {
    let settings = QueueSettings { name: video(rig), dlq_name: video_dlq(rig), ..rig.settings.clone() };
    Queue::ensure(&settings, 10, Duration::from_secs(30)).await.unwrap()
}

async fn is_empty(queues: &Queue, source: Source) -> bool {
    let depth = queues.depth(source).await.unwrap();
    depth.visible + depth.in_flight + depth.delayed == 0
}

async fn exists(rig: &Rig, name: &str) -> bool {
    rig.sqs_client().get_queue_url().queue_name(name).send().await.is_ok()
}

fn sends(request: &Request) -> bool {
    request.action == "SendMessageBatch"
}

/// The jobs whose messages were sent to a queue.
fn sent_to(wire: &Wire, queue: &str) -> Vec<String> {
    let reached = wire.reached();
    let to_it =
        reached.iter().filter(|request| sends(request) && request.body.contains(&format!("/{queue}\"")));
    to_it.flat_map(Request::messages).collect()
}

/// Whether all of these jobs are named by messages.
fn are_named(jobs: &[JobId], messages: &[String]) -> bool {
    jobs.iter().all(|job| messages.iter().any(|body| body.contains(&job.to_string())))
}

/// Clips that are sent to a provider which never answers.
fn hang_clips(rig: &Rig) {
    rig.scripted.script.loses_answers.store(true, Ordering::SeqCst);
}

async fn all_end(rig: &Rig, jobs: &[JobId]) {
    for job in jobs {
        rig.until(*job, Status::Succeeded).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn clips_that_hang_in_all_their_slots_delay_no_picture_of_the_same_user_and_provider() {
    let rig = Rig::start().await;
    hang_clips(&rig);
    let mut options = options(&rig);
    // Longer than the test: none makes room for the next.
    options.timings.lease = Duration::from_secs(600);
    options.timings.attempt = Duration::from_secs(500);
    let worker = rig.run(options);
    for _ in 0..3 {
        rig.queue(CLIP, 50).await;
    }
    eventually("clips have all they get", async || rig.scripted.waiting() == 3).await;
    // More than there are slots, so that pictures also wait for each other.
    let pictures = rig.queue(PICTURE, 30).await;
    all_end(&rig, &pictures).await;
    assert_eq!(rig.scripted.waiting(), 3, "the clips hang all the while");
    worker.stop().await;
    rig.verify().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_go_to_the_queue_of_their_class_and_all_others_to_the_default_one() {
    let rig = Rig::start().await;
    let wire = Wire::to_queues_of(&rig).await;
    let worker = rig.run(behind(&rig, &wire));
    let (clips, pictures) = (rig.queue(CLIP, 5).await, rig.queue(PICTURE, 5).await);
    all_end(&rig, &clips).await;
    all_end(&rig, &pictures).await;
    worker.stop().await;
    let (of_clips, of_pictures) = (sent_to(&wire, &video(&rig)), sent_to(&wire, &rig.settings.name));
    assert!(are_named(&clips, &of_clips) && of_clips.len() == 5, "{of_clips:?}");
    assert!(are_named(&pictures, &of_pictures) && of_pictures.len() == 5, "{of_pictures:?}");
    let queues = video_queues(&rig).await;
    assert!(is_empty(&queues, Source::Jobs).await && is_empty(&queues, Source::DeadLetters).await);
    assert!(is_empty(&rig.queues().await, Source::Jobs).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_classes_there_is_one_queue_as_before() {
    let rig = Rig::start().await;
    let worker = rig.worker("one");
    let jobs = [rig.queue_one(CLIP).await, rig.queue_one(PICTURE).await];
    all_end(&rig, &jobs).await;
    worker.stop().await;
    assert!(
        !exists(&rig, &video(&rig)).await && !exists(&rig, &format!("{}-image", rig.settings.name)).await
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_is_worked_on_from_whichever_queue_it_comes() {
    let rig = Rig::start().await;
    let wire = Wire::to_queues_of(&rig).await;
    // The relay gets nothing through: what comes was sent before an upgrade, or before the class of its model changed.
    wire.judge(|request| if sends(request) { Passage::Refused } else { Passage::Free });
    let queues = (rig.queues().await, video_queues(&rig).await);
    let worker = rig.run(behind(&rig, &wire));
    let (clip, picture) = (rig.queue_one(CLIP).await, rig.queue_one(PICTURE).await);
    assert!(queues.0.send(&[rig.letter(clip)]).await.is_empty());
    assert!(queues.1.send(&[rig.letter(picture)]).await.is_empty());
    all_end(&rig, &[clip, picture]).await;
    worker.stop().await;
    assert!(is_empty(&queues.0, Source::Jobs).await && is_empty(&queues.1, Source::Jobs).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_that_cannot_be_used_end_in_the_dlq_of_their_class() {
    let rig = Rig::start().await;
    let queues = video_queues(&rig).await;
    let unknown = rig.letter(JobId::generate()).message.encode();
    for body in ["this is not json", &unknown] {
        send_raw(&rig, &video(&rig), body).await;
    }
    let worker = rig.run(options(&rig));
    let clip = rig.queue_one(CLIP).await;
    rig.until(clip, Status::Succeeded).await;
    eventually("both are in its DLQ", async || {
        let depth = queues.depth(Source::DeadLetters).await.unwrap();
        depth.visible + depth.in_flight == 2
    })
    .await;
    worker.stop().await;
    assert!(is_empty(&rig.queues().await, Source::DeadLetters).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_queue_of_a_class_gave_up_on_becomes_a_dead_letter() {
    let rig = Rig::start().await;
    hang_clips(&rig);
    let queues = video_queues(&rig).await;
    let mut options = options(&rig);
    options.offer = offer(&rig, &["video"], 1).fixed();
    let worker = rig.run(options);
    rig.queue_one(CLIP).await;
    eventually("the only slot is taken", async || rig.scripted.waiting() == 1).await;
    let given_up = rig.queue_one(CLIP).await;
    send_raw(&rig, &video_dlq(&rig), &rig.letter(given_up).message.encode()).await;
    let job = rig.until(given_up, Status::Dead).await;
    assert_eq!(job.failure.unwrap().code, "queue_redrive_exhausted");
    eventually("its DLQ is empty again", async || is_empty(&queues, Source::DeadLetters).await).await;
    worker.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn queues_of_a_class_that_are_deleted_are_made_again_and_no_job_is_lost() {
    let rig = Rig::start().await;
    let mut options = options(&rig);
    options.timings.reconcile_after = Duration::from_secs(1);
    options.timings.reconcile_every = Duration::from_millis(200);
    let worker = rig.run(options);
    let before = rig.queue_one(CLIP).await;
    rig.until(before, Status::Succeeded).await;
    for name in [video(&rig), video_dlq(&rig)] {
        rig.delete_queue(&name).await;
    }
    let jobs = rig.queue(CLIP, 20).await;
    all_end(&rig, &jobs).await;
    eventually("both are there again", async || rig.settings.presence.missing().is_empty()).await;
    assert!(exists(&rig, &video(&rig)).await && exists(&rig, &video_dlq(&rig)).await);
    worker.stop().await;
    rig.verify().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn clips_that_wait_for_their_slots_are_not_sent_again_while_pictures_overtake_them() {
    let rig = Rig::start().await;
    hang_clips(&rig);
    let wire = Wire::to_queues_of(&rig).await;
    let mut options = behind(&rig, &wire);
    options.timings.lease = Duration::from_secs(600);
    options.timings.attempt = Duration::from_secs(500);
    options.timings.reconcile_after = Duration::from_millis(100);
    options.timings.reconcile_every = Duration::from_millis(50);
    let worker = rig.run(options);
    let clips = rig.queue(CLIP, 8).await;
    eventually("clips have all they get", async || rig.scripted.waiting() == 3).await;
    eventually("all are sent", async || are_named(&clips, &sent_to(&wire, &video(&rig)))).await;
    for _ in 0..10 {
        let picture = rig.queue_one(PICTURE).await;
        rig.until(picture, Status::Succeeded).await;
    }
    let asked = rig.settings.calls.of("GetQueueAttributes");
    eventually("many rounds", async || rig.settings.calls.of("GetQueueAttributes") >= asked + 40).await;
    let sent = sent_to(&wire, &video(&rig));
    worker.stop().await;
    assert_eq!(sent.len(), clips.len(), "each once: {sent:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_queue_of_a_class_that_refuses_every_message_kills_no_job_while_others_take_theirs() {
    let rig = Rig::start().await;
    let wire = Wire::to_queues_of(&rig).await;
    wire.refuse_messages(|body| body.contains(CLIP));
    let worker = rig.run(behind(&rig, &wire));
    let clips = rig.queue(CLIP, 2).await;
    let tries = || {
        let reached = wire.reached();
        let of_clips =
            reached.iter().filter(|request| request.messages().iter().any(|body| body.contains(CLIP)));
        of_clips.count()
    };
    while tries() < 9 {
        let picture = rig.queue_one(PICTURE).await;
        rig.until(picture, Status::Succeeded).await;
    }
    for clip in &clips {
        assert_eq!(rig.job(*clip).await.status, Status::Queued);
    }
    wire.refuse_messages(|_| false);
    all_end(&rig, &clips).await;
    worker.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_class_that_a_new_catalogue_names_gets_its_queue_while_the_worker_runs() {
    let rig = Rig::start().await;
    let wire = Wire::to_queues_of(&rig).await;
    let (catalogue, offers) = watch::channel(Arc::new(rig.offer()));
    let mut options = behind(&rig, &wire);
    options.offer = offers;
    let worker = rig.run(options);
    let first = rig.queue_one(CLIP).await;
    rig.until(first, Status::Succeeded).await;
    assert!(!exists(&rig, &video(&rig)).await);

    catalogue.send_replace(Arc::new(offer(&rig, &["video"], 4)));
    let receives = async || wire.reached().iter().any(|request| request.receives_from(&video(&rig)));
    eventually("its queue is received from", receives).await;
    let second = rig.queue_one(CLIP).await;
    rig.until(second, Status::Succeeded).await;
    assert!(are_named(&[second], &sent_to(&wire, &video(&rig))));

    // The class is gone again: its jobs go with all others, and what its queue still holds is worked on.
    catalogue.send_replace(Arc::new(rig.offer()));
    let third = rig.queue_one(CLIP).await;
    rig.until(third, Status::Succeeded).await;
    assert!(are_named(&[third], &sent_to(&wire, &rig.settings.name)));
    worker.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_class_whose_queue_cannot_be_opened_goes_through_the_default_one() {
    let rig = Rig::start().await;
    let wire = Wire::to_queues_of(&rig).await;
    let name = format!("\"{}\"", video(&rig));
    wire.judge(move |request| {
        let makes_it = request.action == "CreateQueue" && request.body.contains(&name);
        if makes_it { Passage::Refused } else { Passage::Free }
    });
    let worker = rig.run(behind(&rig, &wire));
    let clip = rig.queue_one(CLIP).await;
    rig.until(clip, Status::Succeeded).await;
    assert!(are_named(&[clip], &sent_to(&wire, &rig.settings.name)));
    assert!(rig.settings.presence.missing().is_empty(), "nothing waits for it");
    wire.open();
    let receives = async || wire.reached().iter().any(|request| request.receives_from(&video(&rig)));
    eventually("it is opened when it can be", receives).await;
    worker.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_class_may_name_its_queue_but_not_that_of_others() {
    let rig = Rig::start().await;
    let named = format!("{}-films", rig.settings.name);
    let own = Class { slots: None, queue: Some(named.clone()) };
    let taken = Class { slots: None, queue: Some(rig.settings.name.clone()) };
    let classes = [("video".to_owned(), own), ("image".to_owned(), taken)].into();
    let mut options = options(&rig);
    options.offer = Offer { classes, ..rig.offer() }.fixed();
    let worker = rig.run(options);
    let jobs = [rig.queue_one(CLIP).await, rig.queue_one(PICTURE).await];
    all_end(&rig, &jobs).await;
    worker.stop().await;
    assert!(exists(&rig, &named).await && exists(&rig, &format!("{named}-dlq")).await);
    assert!(!exists(&rig, &video(&rig)).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_gives_back_the_messages_of_all_queues() {
    let rig = Rig::start().await;
    let wire = Wire::to_queues_of(&rig).await;
    rig.scripted.close();
    let mut options = behind(&rig, &wire);
    options.offer = offer(&rig, &["video"], 2).fixed();
    options.concurrency = 2;
    let worker = rig.run(options);
    // One seat of two: the second of each waits for it, and holds its message.
    let (clips, pictures) = (rig.queue(CLIP, 2).await, rig.queue(PICTURE, 2).await);
    let (all, of_clips) = (rig.queues().await, video_queues(&rig).await);
    let taken = async || {
        all.depth(Source::Jobs).await.unwrap().in_flight == 2
            && of_clips.depth(Source::Jobs).await.unwrap().in_flight == 2
            && rig.scripted.waiting() == 2
    };
    eventually("all four messages are held", taken).await;
    worker.stop().await;
    for job in clips.iter().chain(&pictures) {
        let job = rig.job(*job).await;
        assert_eq!((job.status, job.attempts), (Status::Queued, 0), "a stop costs no attempt");
    }
    // What ran is deleted, since the relay sends it again; what waited is there for others at once.
    for queues in [&all, &of_clips] {
        let left = async || {
            let depth = queues.depth(Source::Jobs).await.unwrap();
            (depth.visible, depth.in_flight) == (1, 0)
        };
        eventually("one message is shown again and one deleted", left).await;
    }
    rig.scripted.open();
    let next = rig.run(self::options(&rig));
    all_end(&rig, &clips).await;
    all_end(&rig, &pictures).await;
    next.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_heartbeat_keeps_the_messages_of_all_queues_hidden() {
    let rig = Rig::start().await;
    rig.scripted.close();
    let mut options = options(&rig);
    options.timings.visibility = Duration::from_secs(2);
    let worker = rig.run(options);
    let jobs = [rig.queue_one(CLIP).await, rig.queue_one(PICTURE).await];
    eventually("both run", async || rig.scripted.waiting() == 2).await;
    let beats = rig.settings.calls.of("ChangeMessageVisibilityBatch");
    // Far past the time after which both would show again: two requests a beat, three beats each two seconds.
    let many = async || rig.settings.calls.of("ChangeMessageVisibilityBatch") >= beats + 14;
    eventually("many beats", many).await;
    for queues in [rig.queues().await, video_queues(&rig).await] {
        assert_eq!(queues.depth(Source::Jobs).await.unwrap().visible, 0);
    }
    rig.scripted.open();
    all_end(&rig, &jobs).await;
    worker.stop().await;
    assert_eq!(rig.scripted.submits(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_model_goes_with_the_class_that_it_names_and_not_with_its_kind() {
    let rig = Rig::start().await;
    let wire = Wire::to_queues_of(&rig).await;
    let mut options = behind(&rig, &wire);
    let catalogue = catalogue_with(PICTURE, |model| model.class = Some("slow".to_owned()));
    let classes = offer(&rig, &["slow"], 1).classes;
    options.offer = Offer { catalogue, classes, ..rig.offer() }.fixed();
    let worker = rig.run(options);
    let (slow, quick) = (rig.queue_one(PICTURE).await, rig.queue_one(CLIP).await);
    all_end(&rig, &[slow, quick]).await;
    worker.stop().await;
    assert!(are_named(&[slow], &sent_to(&wire, &format!("{}-slow", rig.settings.name))));
    assert!(are_named(&[quick], &sent_to(&wire, &rig.settings.name)));
}
