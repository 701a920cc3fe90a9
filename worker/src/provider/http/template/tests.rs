//! What templates become.

use super::super::wish::{Field, Wish};
use super::{InvalidTemplate, Template};
use serde_json::{Value, json};

fn wish() -> Wish {
    Wish::default()
        .with(Field::Model, "m/1")
        .with(Field::Prompt, "a {seed} \"quoted\"\n{{x}}")
        .with(Field::Count, 2)
        .with(Field::Width, 640)
        .with(Field::Seed, 7)
}

fn filled(template: &Value) -> Option<Value> {
    Template::read(template, &Field::OF_WORK).unwrap().fill(&wish())
}

#[test]
fn gaps_are_filled_and_what_is_not_known_is_left_out() {
    for (template, expected) in [
        (json!("{seed}"), Some(json!(7))),
        (json!("{seed:text}"), Some(json!("7"))),
        (json!("{prompt}"), Some(json!("a {seed} \"quoted\"\n{{x}}"))),
        (json!("say {prompt}!"), Some(json!("say a {seed} \"quoted\"\n{{x}}!"))),
        (json!("{width}-{seed}"), Some(json!("640-7"))),
        (json!("{width}{seed}"), Some(json!("6407"))),
        (json!("{height}"), None),
        (json!("{width}x{height}"), None),
        (json!({"a": 1, "b": "{height}"}), Some(json!({"a": 1}))),
        (json!({"size": {"w": "{height}", "s": "{seconds}"}}), None),
        (json!({"size": {"w": "{width}", "h": "{height}"}}), Some(json!({"size": {"w": 640}}))),
        (json!(["{height}", "{count}", true]), Some(json!([2, true]))),
        (json!(["{height}"]), None),
        (
            json!({"empty": {}, "none": [], "null": null}),
            Some(json!({"empty": {}, "none": [], "null": null})),
        ),
        (json!("{{seed}} {{}}"), Some(json!("{seed} {}"))),
        (json!("{{{seed}}}"), Some(json!("{7}"))),
        (json!(""), Some(json!(""))),
        (json!("é{seed}é"), Some(json!("é7é"))),
        (json!(1.5), Some(json!(1.5))),
    ] {
        assert_eq!(filled(&template), expected, "{template}");
    }
}

#[test]
fn what_is_no_template_is_refused_when_it_is_read() {
    for (template, problem) in [
        (json!("{sed}"), "`{sed}` is not known here"),
        (json!({"a": [{"b": "{id}"}]}), "`{id}` is not known here"),
        (json!("{seed:number}"), "`{seed:number}` is not known here"),
        (json!("{ seed }"), "is not known here"),
        (json!("{}"), "is not known here"),
        (json!("{seed"), "a brace stands alone"),
        (json!("seed}"), "a brace stands alone"),
        (json!("{{seed}"), "a brace stands alone"),
    ] {
        let refused = Template::read(&template, &Field::OF_WORK).unwrap_err();
        assert!(refused.to_string().contains(problem), "{template}: {refused}");
    }
    let refused = Template::read(&json!("{x}"), &[Field::Id, Field::Model]).unwrap_err();
    let known = "`{id}`, `{model}`".to_owned();
    assert_eq!(refused, InvalidTemplate::Unknown { name: "x".into(), known });
}

#[test]
fn what_has_no_gaps_is_read_once() {
    let value = json!({"a": ["b", {"c": null}], "d": "{{e}}"});
    let read = Template::read(&value, &[]).unwrap();
    assert_eq!(read, Template::Fixed(json!({"a": ["b", {"c": null}], "d": "{e}"})));
}
