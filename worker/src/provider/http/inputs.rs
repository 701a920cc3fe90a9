//! The body that asks for work: what the request says, under the names that a service usually gives it, and then what the
//! route says, which counts more. That is how a model with names or units of its own is served:
//! `inputs = { aspect_ratio = "16:9", duration = "{seconds:text}" }`.

use super::template::Template;
use super::wish::{Field, Wish};
use crate::provider::ProviderFailure;
use ledger::catalogue::Route;
use ledger::job::{Billed, Params};
use serde_json::{Map, Value};

/// Reads the inputs of a route, which may speak of the attempt.
fn read(inputs: &Map<String, Value>) -> Result<Vec<(String, Template)>, String> {
    let read = inputs.iter().map(|(name, value)| match Template::read(value, &Field::OF_WORK) {
        Ok(template) => Ok((name.clone(), template)),
        Err(error) => Err(format!("the input `{name}` cannot be used: {error}")),
    });
    read.collect()
}

/// Whether the inputs of a route can be used by a provider over HTTP.
///
/// # Errors
/// Names the input that cannot, and why.
pub fn check_inputs(route: &Route) -> Result<(), String> {
    read(&route.inputs).map(|_| ())
}

/// `body` with the inputs of the route in it.
pub(super) fn with_inputs(
    mut body: Map<String, Value>,
    route: &Route,
    wish: &Wish,
) -> Result<Map<String, Value>, ProviderFailure> {
    for (name, template) in read(&route.inputs).map_err(|_| unusable_route())? {
        match template.fill(wish) {
            Some(value) => body.insert(name, value),
            // What the route takes from nowhere is not sent under the usual name either.
            None => body.remove(&name),
        };
    }
    Ok(body)
}

/// A route that asks for something impossible. Nothing was sent; whoever mends the catalogue saves the job.
pub(super) fn unusable_route() -> ProviderFailure {
    let message = "the model's route cannot be used: the catalogue needs mending";
    ProviderFailure::transient("route_invalid", message).billed(Billed::No)
}

/// Both sides of an output, if any is asked for: one alone asks for a square.
pub(super) fn sides(params: &Params) -> Option<(u32, u32)> {
    let one = params.width.or(params.height)?;
    Some((params.width.unwrap_or(one), params.height.unwrap_or(one)))
}

#[cfg(test)]
mod tests {
    use super::{check_inputs, sides, with_inputs};
    use crate::provider::http::wish::{Field, Wish};
    use ledger::catalogue::Route;
    use ledger::job::Params;
    use serde_json::{Value, json};

    fn route(inputs: &Value) -> Route {
        Route { inputs: inputs.as_object().unwrap().clone(), ..Route::new("acme", "m") }
    }

    #[test]
    fn what_the_route_says_counts_more() {
        let wish = Wish::default().with(Field::Seconds, 5).with(Field::Count, 1);
        let body = json!({"prompt": "p", "duration": 5, "num_images": 1});
        let inputs = json!({"duration": "{seconds:text}", "style": {"name": "oil"}, "num_images": "{seed}"});
        let body = with_inputs(body.as_object().unwrap().clone(), &route(&inputs), &wish).unwrap();
        assert_eq!(Value::Object(body), json!({"prompt": "p", "duration": "5", "style": {"name": "oil"}}));
    }

    #[test]
    fn inputs_that_cannot_be_used_are_told_apart() {
        assert_eq!(check_inputs(&route(&json!({"a": 1, "b": "{seed}"}))), Ok(()));
        let broken = route(&json!({"a": 1, "b": "{sed}"}));
        assert!(check_inputs(&broken).unwrap_err().starts_with("the input `b` cannot be used: `{sed}`"));
        let failure = with_inputs(serde_json::Map::new(), &broken, &Wish::default()).unwrap_err();
        assert_eq!(failure.failure.code, "route_invalid");
    }

    #[test]
    fn one_side_alone_asks_for_a_square() {
        for (width, height, expected) in [
            (Some(640), Some(480), Some((640, 480))),
            (Some(640), None, Some((640, 640))),
            (None, Some(480), Some((480, 480))),
            (None, None, None),
        ] {
            assert_eq!(sides(&Params { width, height, ..Params::default() }), expected);
        }
    }
}
