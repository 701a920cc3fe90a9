//! What requests cost, and what is not offered.

use crate::catalogue::{Catalogue, InvalidModel, Model, Pricing, QuoteError, Route};
use crate::credits::{Credits, MAX};
use crate::job::{JobRequest, Kind, LateCancel, Params, Price};

/// A catalogue as a user writes it: the first two models say nothing about their pricing.
const MODELS: &str = r#"[
    {"id": "painter", "title": "Painter", "description": "Paints.", "kind": "image", "routes": [{"provider": "p", "model": "p/painter"}],
     "price": "4", "max_count": 8, "max_side": 1024, "max_seconds": null},
    {"id": "animator", "title": "Animator", "description": "Moves.", "kind": "video", "routes": [{"provider": "p", "model": "p/clip"}],
     "price": "20", "late_cancel": "50%", "max_count": 2, "max_side": 384, "max_seconds": 10},
    {"id": "reel", "title": "Reel", "description": "Runs.", "kind": "video", "routes": [{"provider": "p", "model": "p/clip"}],
     "price": "2.5", "pricing": "per_second", "max_count": 2, "max_side": 384, "max_seconds": 10}
]"#;

fn models() -> Vec<Model> {
    serde_json::from_str(MODELS).unwrap()
}

#[test]
fn a_model_that_says_nothing_of_late_cancels_gives_all_back() {
    let catalogue = Catalogue::new(models()).unwrap();
    assert_eq!(catalogue.late_cancel("animator"), "50%".parse().unwrap());
    for model in ["painter", "reel", "nobody"] {
        assert_eq!(catalogue.late_cancel(model), LateCancel::REFUND, "{model}");
    }
}

fn request(model: &str, count: u32, seconds: Option<u32>) -> JobRequest {
    let kind = if model == "painter" { Kind::Image } else { Kind::Video };
    let params = Params { seconds, ..Params::default() };
    JobRequest { kind, model: model.into(), prompt: "a lake".into(), count, params }
}

fn quote(model: &str, count: u32, seconds: Option<u32>) -> Result<Price, QuoteError> {
    Catalogue::new(models()).unwrap().quote(&request(model, count, seconds))
}

fn credits(text: &str) -> Credits {
    text.parse().unwrap()
}

#[test]
fn a_model_that_says_nothing_is_priced_per_output() {
    assert_eq!(quote("painter", 3, None), Ok(Price::Fixed(credits("12"))));
    assert_eq!(quote("animator", 2, Some(7)), Ok(Price::Fixed(credits("40"))), "however long");
}

#[test]
fn per_second_the_most_is_what_was_asked_for() {
    let rate = credits("2.5");
    assert_eq!(quote("reel", 1, Some(4)), Ok(Price::PerSecond { rate, most: credits("10") }));
    assert_eq!(quote("reel", 2, Some(4)), Ok(Price::PerSecond { rate, most: credits("20") }));
}

#[test]
fn per_second_the_most_is_what_the_model_makes_when_nothing_was_asked_for() {
    assert_eq!(quote("reel", 1, None), Ok(Price::PerSecond { rate: credits("2.5"), most: credits("25") }));
}

#[test]
fn a_route_costs_what_is_asked_for_at_most() {
    let catalogue = Catalogue::new(models()).unwrap();
    let cost = |model: &str, count, seconds| {
        let route = Route { cost_usd: Some("0.25".parse().unwrap()), ..Route::new("p", "x") };
        let cost = catalogue.get(model).unwrap().cost_at(&route, &request(model, count, seconds));
        cost.unwrap().to_string()
    };
    assert_eq!(cost("painter", 3, None), "0.75");
    assert_eq!(cost("animator", 2, Some(7)), "0.50", "however long");
    assert_eq!(cost("reel", 2, Some(4)), "2.00");
    assert_eq!(cost("reel", 1, None), "2.50", "as long as it may become");
    let silent = Route::new("p", "x");
    assert_eq!(catalogue.get("painter").unwrap().cost_at(&silent, &request("painter", 1, None)), None);
}

#[test]
fn what_the_model_does_not_take_is_named() {
    let fields = |quoted: Result<Price, QuoteError>| match quoted.unwrap_err() {
        QuoteError::OutOfRange(wrong) => wrong.iter().map(|wrong| wrong.field).collect(),
        QuoteError::UnknownModel { .. } => vec!["model"],
    };
    assert_eq!(fields(quote("reel", 3, None)), ["count"]);
    assert_eq!(fields(quote("reel", 0, None)), ["count"]);
    assert_eq!(fields(quote("reel", 1, Some(11))), ["params.seconds"]);
    assert_eq!(fields(quote("reel", 1, Some(0))), ["params.seconds"]);
    assert_eq!(fields(quote("painter", 1, Some(1))), ["params.seconds"]);
    assert_eq!(fields(quote("nobody", 1, None)), ["model"]);
    assert_eq!(fields(quote("reel", 0, Some(0))), ["count", "params.seconds"], "all at once");
}

#[test]
fn a_price_above_the_largest_amount_is_not_offered() {
    let mut reel = models().remove(2);
    reel.price = Credits::new(MAX).unwrap();
    let catalogue = Catalogue::new([reel]).unwrap();
    assert!(catalogue.quote(&request("reel", 1, Some(1))).is_ok());
    for (count, seconds) in [(1, Some(2)), (2, Some(1)), (1, None)] {
        let QuoteError::OutOfRange(wrong) = catalogue.quote(&request("reel", count, seconds)).unwrap_err()
        else {
            panic!("the model is known")
        };
        assert_eq!(wrong.iter().map(|wrong| wrong.field).collect::<Vec<_>>(), ["count"]);
    }
}

#[test]
fn a_model_that_nobody_makes_is_not_offered() {
    let model = Model { routes: Vec::new(), ..models().remove(0) };
    assert_eq!(Catalogue::new([model]).unwrap_err(), InvalidModel::NoRoute { model: "painter".into() });
}

#[test]
fn a_model_names_each_provider_once() {
    let painter = models().remove(0);
    let mut routes = vec![Route::new("p", "one"), Route::new("q", "two")];
    assert!(Catalogue::new([Model { routes: routes.clone(), ..painter.clone() }]).is_ok());
    routes.push(Route::new("p", "three"));
    let refused = Catalogue::new([Model { routes, ..painter }]).unwrap_err();
    assert_eq!(refused, InvalidModel::RouteTwice { model: "painter".into(), provider: "p".into() });
}

#[test]
fn only_bounded_clips_can_be_priced_per_second() {
    let [painter, _, reel] = models().try_into().unwrap();
    let refused = |model: Model| Catalogue::new([model]).unwrap_err();
    let picture = Model { pricing: Pricing::PerSecond, max_seconds: Some(1), ..painter };
    assert_eq!(refused(picture), InvalidModel::NoSeconds { model: "painter".into() });
    for max_seconds in [None, Some(0)] {
        assert_eq!(
            refused(Model { max_seconds, ..reel.clone() }),
            InvalidModel::NoSeconds { model: "reel".into() }
        );
    }
}

#[test]
fn a_model_survives_as_json_and_unknown_fields_are_refused() {
    for model in models() {
        let text = serde_json::to_string(&model).unwrap();
        assert!(text.contains(&format!(r#""pricing":"{}""#, model.pricing.as_str())), "{text}");
        let back: Model = serde_json::from_str(&text).unwrap();
        assert_eq!((back.id, back.pricing), (model.id, model.pricing));
    }
    assert!(serde_json::from_str::<Vec<Model>>(&MODELS.replace("per_second", "per_minute")).is_err());
}
