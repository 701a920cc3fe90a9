//! Which settings make a provider, and what is said of others.

use crate::support::{KEY, options};
use ledger::catalogue::Route;
use serde_json::json;
use std::time::Duration;
use webhooks::{Address, WebhookKey};
use worker::provider::Provider;
use worker::provider::http::{Adapter, HttpOptions, HttpProvider, ProviderKey};

fn generic() -> Adapter {
    let described = json!({"submit": {"path": "/draw"}, "outputs": ""});
    Adapter::Generic(Box::new(serde_json::from_value(described).unwrap()))
}

#[test]
fn known_services_need_no_more_than_a_key() {
    for adapter in [Adapter::Fal, Adapter::Replicate, Adapter::OpenAi] {
        let key = Some(ProviderKey::parse(KEY).unwrap());
        let settings = HttpOptions { key, ..HttpOptions::new("acme", adapter) };
        let made = HttpProvider::new(&settings).unwrap();
        assert_eq!((made.poll_interval(), made.deadline()), (settings.poll_interval, settings.deadline));
    }
}

type Change = fn(&mut HttpOptions);

fn reports(settings: &mut HttpOptions) {
    let key = WebhookKey::new(&[7; 32]).unwrap();
    settings.webhook = Some(Address::new("https://cooly.test", "acme", key));
}

#[test]
fn what_is_wrong_is_named_and_the_key_is_not() {
    let cases: [(Adapter, Change, &str); 11] = [
        (
            Adapter::Fal,
            |settings| settings.base_url = Some("http://queue.fal.run".into()),
            "is not encrypted",
        ),
        (Adapter::Fal, |settings| settings.base_url = Some("https://127.0.0.1".into()), "is not public"),
        (Adapter::Fal, |settings| settings.base_url = Some("fal".into()), "is no address"),
        (Adapter::Fal, |settings| settings.key = None, "it has no key"),
        (Adapter::Fal, |settings| settings.deadline = Duration::ZERO, "`deadline` must be longer"),
        (Adapter::Fal, |settings| settings.poll_interval = Duration::ZERO, "`poll_interval` must be longer"),
        (Adapter::Fal, |settings| settings.output_hosts = vec!["https://x.test/".into()], "is no host"),
        (generic(), |_| {}, "`base_url` is missing"),
        (Adapter::OpenAi, reports, "knows no webhooks"),
        (
            generic(),
            |settings| {
                settings.base_url = Some("https://x.test".into());
                reports(settings);
            },
            "`webhook` is missing",
        ),
        (generic(), |settings| settings.base_url = Some("https://x.test/?key=1".into()), "`base_url`"),
    ];
    for (adapter, change, problem) in cases {
        let key = Some(ProviderKey::parse(KEY).unwrap());
        let mut settings = HttpOptions { key, ..HttpOptions::new("acme", adapter) };
        change(&mut settings);
        let refused = HttpProvider::new(&settings).err().unwrap().to_string();
        assert!(refused.starts_with("the provider `acme` cannot be used: "), "{refused}");
        assert!(refused.contains(problem), "{refused}");
        assert!(!refused.contains(KEY) && !format!("{settings:?}").contains(KEY));
    }
}

#[test]
fn an_empty_description_of_a_key_is_the_usual_one() {
    let settings = options("http://127.0.0.1:1", generic());
    let Adapter::Generic(described) = &settings.adapter else { panic!() };
    assert_eq!((described.key.header.as_str(), described.key.before.as_str()), ("authorization", "Bearer "));
    HttpProvider::new(&settings).unwrap();
}

#[test]
fn a_route_may_carry_inputs_and_older_ones_have_none() {
    let plain: Route = serde_json::from_value(json!({"provider": "acme", "model": "m"})).unwrap();
    assert_eq!(plain, Route::new("acme", "m"));
    let written = json!({"provider": "acme", "model": "m", "inputs": {"steps": 4}});
    let route: Route = serde_json::from_value(written.clone()).unwrap();
    assert_eq!(serde_json::to_value(&route).unwrap(), written);
    assert_eq!(serde_json::to_value(&plain).unwrap(), json!({"provider": "acme", "model": "m"}));
}
