//! Bodies read as a whole: everything that is wrong is named at once.

use super::{Items, body, read};
use crate::words::scalars::{Count, Term};
use serde_json::{Value, json};

body! {
    /// What goes with it.
    struct Extra {
        seed: Option<Count>,
    }
}

body! {
    /// An order.
    struct Thing {
        name: Term,
        count: Option<Count>,
        extra: Option<Extra>,
        more: Option<Items<Extra, 2>>,
        #[oai(default)]
        loud: bool,
    }
}

fn tried(body: Value) -> Result<(String, Option<u32>, usize, bool), Vec<String>> {
    let thing = read::<Thing>(body).map_err(|problem| {
        let named = problem.errors.iter().map(|error| format!("{} {}", error.field, error.message));
        std::iter::once(problem.status.to_string()).chain(named).collect::<Vec<_>>()
    })?;
    let seeds = thing.more.iter().flat_map(|more| &more.0).chain(thing.extra.as_ref());
    let seeds = seeds.filter(|extra| extra.seed.is_some()).count();
    Ok((thing.name.0, thing.count.map(|count| count.0), seeds, thing.loud))
}

#[test]
fn what_is_right_is_read() {
    assert_eq!(tried(json!({ "name": "a" })), Ok(("a".into(), None, 0, false)));
    assert_eq!(tried(json!({ "name": "a", "count": null, "extra": null })), Ok(("a".into(), None, 0, false)));
    let whole = json!({
        "name": "a", "count": 9, "extra": { "seed": 1 }, "more": [{}, { "seed": 2 }], "loud": true,
    });
    assert_eq!(tried(whole), Ok(("a".into(), Some(9), 2, true)));
}

#[test]
fn everything_that_is_wrong_is_named_at_once() {
    let wrong = json!({
        "count": "1", "x": 1, "extra": { "seed": 0, "y": 0 }, "more": [{ "z": 1 }, 2], "loud": "yes",
    });
    assert_eq!(
        tried(wrong).unwrap_err(),
        [
            "400 Bad Request",
            "name is missing",
            "count must be a whole number",
            "extra.y is not known here",
            "more[0].z is not known here",
            "more[1] must be an object",
            "loud must be true or false",
            "x is not known here",
            "extra.seed must be between 1 and 4294967295",
        ]
    );
}

#[test]
fn values_that_cannot_be_accepted_are_another_status() {
    let wrong = tried(json!({ "name": "", "count": 0, "more": [] })).unwrap_err();
    assert_eq!(wrong[0], "422 Unprocessable Entity");
    assert_eq!(wrong.len(), 4);
    assert_eq!(wrong[3], "more must have 1 to 2 items, and has 0");
}

#[test]
fn a_body_is_an_object() {
    for body in [json!(null), json!([]), json!("a"), json!(1)] {
        let problem = read::<Thing>(body).map(|_| ()).unwrap_err();
        assert_eq!(problem.detail, "the body must be a JSON object");
    }
}
