//! The models that the simulated provider offers.

use ledger::Credits;
use ledger::catalogue::{Model, OnUnknown, Pricing, Route};
use ledger::job::{Kind, LateCancel};

/// The name under which the models expect the provider.
pub const PROVIDER: &str = "simulated";

const IMAGE_PRICE: u64 = 4;
const VIDEO_PRICE: u64 = 20;
const SECOND_PRICE: u64 = 3;

/// What can be asked for: models that work, and one for each way of failing.
pub fn models() -> Vec<Model> {
    vec![
        image("sim-image", "Painter", "Paints what you describe."),
        image("sim-image-flaky", "Flaky painter", "Fails now and then, and is tried again by itself."),
        image("sim-image-down", "Painter on strike", "Always fails: watch it end in the dead letters."),
        image("sim-image-strict", "Strict painter", "Refuses every prompt, and you get your credits back."),
        image("sim-image-busy", "Busy painter", "Asks you to wait twice before it starts."),
        video("sim-video", "Animator", "Makes a short moving picture."),
        video("sim-video-down", "Animator on strike", "Accepts the work and fails at it."),
        metered("sim-video-metered", "Metered animator", "Costs what it lasts: priced by the second."),
        metered("sim-video-short", "Hasty animator", "Priced by the second, and makes half of what you ask."),
    ]
}

fn image(id: &str, title: &str, description: &str) -> Model {
    Model {
        id: id.to_owned(),
        title: title.to_owned(),
        description: description.to_owned(),
        kind: Kind::Image,
        routes: vec![Route::new(PROVIDER, id)],
        price: price(IMAGE_PRICE),
        pricing: Pricing::PerOutput,
        max_count: 8,
        max_side: 1_024,
        max_seconds: None,
        timeout_seconds: None,
        queue_timeout_seconds: None,
        class: None,
        on_unknown: OnUnknown::default(),
        late_cancel: LateCancel::REFUND,
    }
}

fn video(id: &str, title: &str, description: &str) -> Model {
    Model {
        kind: Kind::Video,
        price: price(VIDEO_PRICE),
        max_count: 2,
        max_side: 384,
        max_seconds: Some(10),
        ..image(id, title, description)
    }
}

fn metered(id: &str, title: &str, description: &str) -> Model {
    Model { price: price(SECOND_PRICE), pricing: Pricing::PerSecond, ..video(id, title, description) }
}

fn price(credits: u64) -> Credits {
    Credits::whole(credits).expect("a small price is a valid amount")
}
