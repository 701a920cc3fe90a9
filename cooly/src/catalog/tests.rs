//! What a file may say, and each way in which one is wrong.

use super::adapter::Adapter;
use super::keys::KeySource;
use super::parse;
use super::webhook::Signature;
use ledger::catalogue::{Model, OnUnknown, Pricing};
use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::time::Duration;
use worker::Class;

const EXAMPLE: &str = include_str!("../../../docs/catalog.toml");

const MOCK: &str = include_str!("../../../docs/mock-catalog.toml");

const PROVIDER: &str = "[providers.p]\nadapter = \"simulated\"\n";

/// A file with one provider `p` on its first two lines, and what follows from the third on.
fn after_provider(rest: &str) -> String {
    format!("{PROVIDER}{rest}")
}

/// A file with a model of these lines, the first of which is line 4.
fn model(lines: &str) -> String {
    after_provider(&format!("[[models]]\n{lines}"))
}

fn problems(text: &str) -> String {
    parse(text).err().map(|problems| problems.to_string()).unwrap_or_default()
}

#[test]
fn the_example_says_what_it_seems_to_say() {
    let listing = parse(EXAMPLE).unwrap_or_else(|problems| panic!("{problems}"));
    let model = |id: &str| listing.catalogue.get(id).unwrap();
    let flux: &Model = model("flux");
    let made_by: Vec<_> = flux.routes.iter().map(|route| route.provider.as_str()).collect();
    assert_eq!(made_by, ["fal", "replicate"]);
    assert_eq!(flux.routes[0].cost_usd.unwrap().to_string(), "0.025");
    assert_eq!(flux.routes[0].inputs["num_inference_steps"], 28);
    assert_eq!((flux.price.to_string().as_str(), flux.timeout_seconds), ("4", Some(300)));
    assert_eq!((flux.max_count, flux.max_side, flux.on_unknown), (4, 1_440, OnUnknown::Person));
    let clip = model("clip");
    assert_eq!((clip.pricing, clip.max_seconds), (Pricing::PerSecond, Some(10)));
    assert_eq!((clip.queue_timeout_seconds, clip.class()), (Some(7_200), "video"));
    assert_eq!((clip.late_cancel.to_string().as_str(), flux.late_cancel.is_refund()), ("50%", true));
    let sketch = model("sketch");
    assert_eq!((sketch.title.as_str(), sketch.max_count, sketch.class()), ("sketch", 1, "image"));
    let video = Class { slots: NonZeroUsize::new(4), queue: None };
    assert_eq!(listing.classes, BTreeMap::from([("video".to_owned(), video)]));
    assert_eq!(listing.warnings, Vec::<String>::new());
    let provider = |name: &str| listing.providers.iter().find(|provider| provider.name == name).unwrap();
    let fal = provider("fal");
    assert!(matches!(fal.adapter, Adapter::Fal), "{fal:?}");
    assert_eq!(fal.key, Some(KeySource::Variable("FAL_KEY".to_owned())));
    assert_eq!(
        (fal.output_hosts.as_slice(), fal.poll_interval),
        (&["*.fal.media".to_owned()][..], Some(Duration::from_secs(2)))
    );
    let studio = provider("studio");
    assert_eq!((studio.base_url.as_deref(), studio.is_private), (Some("http://10.0.0.7:8000/v1"), true));
}

#[test]
fn the_catalogue_of_the_mock_provider_is_right() {
    let listing = parse(MOCK).unwrap_or_else(|problems| panic!("{problems}"));
    let models: Vec<&str> = listing.catalogue.models().map(|model| model.id.as_str()).collect();
    assert_eq!(models, ["clip", "flux", "flux-lost"]);
}

#[test]
fn webhooks_are_off_until_the_file_turns_them_on() {
    let file = |lines: &str| {
        let key = "key_env = \"KEY\"";
        format!("[providers.p]\n{lines}\n{key}\n[[models]]\nid = \"m\"\nkind = \"image\"\nprice = 4\n{ROUTE}")
    };
    let signature = |lines: &str| {
        let listing = parse(&file(lines)).unwrap_or_else(|problems| panic!("{problems}"));
        listing.providers[0].webhook.as_ref().map(|webhook| webhook.signature.clone())
    };
    assert_eq!(signature("adapter = \"fal\""), None);
    assert_eq!(signature("adapter = \"fal\"\nwebhooks = false"), None);
    assert_eq!(signature("adapter = \"fal\"\nwebhooks = true"), Some(Signature::Fal { keys_url: None }));
    let secret = "adapter = \"replicate\"\nwebhooks = true\nwebhook_secret_env = \"SECRET\"";
    assert_eq!(signature(secret), Some(Signature::Replicate { secret_env: "SECRET".to_owned() }));

    let http = |webhook: &str| {
        format!(
            "adapter = \"http\"\nbase_url = \"https://a.example\"\nwebhooks = true\nhttp = {}",
            reporting(webhook)
        )
    };
    let secret = "\nwebhook_secret_env = \"SECRET\"";
    let hmac = "{ signature = \"hmac\", header = \"X-Sign\", id = \"/task\" }";
    let signed = signature(&(http(hmac) + secret));
    let Some(Signature::Described { report, id, secret_env }) = signed else { panic!("{signed:?}") };
    assert_eq!((id.as_str(), secret_env.as_deref()), ("/task", Some("SECRET")));
    assert_eq!((report.signature, report.header.as_deref()), (webhooks::Kind::Hmac, Some("X-Sign")));
    let unsigned = signature(&http("{ signature = \"none\" }"));
    assert!(
        matches!(&unsigned, Some(Signature::Described { id, secret_env: None, .. }) if id == "/id"),
        "{unsigned:?}"
    );
}

/// A described service whose reports are described like this.
fn reporting(webhook: &str) -> String {
    format!(
        "{{ submit = {{ path = \"/jobs\", query = {{ to = \"{{webhook}}\" }} }}, id = \"/id\", outputs = \"/files\", \
         status = {{ request = {{ path = \"/jobs/{{id}}\" }}, state = \"/state\", states = {{ ready = \"done\" }} }}, \
         webhook = {webhook} }}"
    )
}

#[test]
fn limits_of_a_provider_are_read() {
    let text = "[providers.p]\nadapter = \"http\"\nbase_url = \"https://a.example/\"\nconcurrency = 5\nrate = \"600/m\"\n\
        daily_cap = \"200 USD\"\nprivate = true\nhttp = { submit = { path = \"/jobs\" }, outputs = \"/files\" }\n\
        [[models]]\nid = \"m\"\nkind = \"image\"\nprice = 4\nroutes = [{ provider = \"p\", model = \"x\", cost = \"0.5\" }]";
    let listing = parse(text).unwrap_or_else(|problems| panic!("{problems}"));
    let provider = &listing.providers[0];
    assert_eq!((provider.concurrency, provider.rate), (Some(5), Some((600, Duration::from_secs(60)))));
    assert_eq!(provider.daily_cap.unwrap().to_string(), "200");
    assert_eq!(provider.base_url.as_deref(), Some("https://a.example"));
    let Adapter::Http(http) = &provider.adapter else { panic!("{provider:?}") };
    assert_eq!(http.submit.path, "/jobs");
    assert_eq!(listing.warnings, Vec::<String>::new());
}

const ROUTE: &str = "routes = [{ provider = \"p\", model = \"x\" }]";

/// A model in which one line is wrong: the file, where, and what is said.
#[test]
fn every_mistake_in_a_model_is_named_with_its_place() {
    let whole = |line: &str| {
        let usual = ["id = \"m\"", "kind = \"image\"", "price = \"4\"", ROUTE];
        let key = |line: &str| line.split(' ').next().unwrap_or_default().to_owned();
        let kept = usual.iter().filter(|other| key(other) != key(line)).copied();
        model(&format!("{line}\n{}", kept.collect::<Vec<_>>().join("\n")))
    };
    let video = |line: &str| {
        format!("{}\n{line}", model(&format!("id = \"m\"\nkind = \"video\"\nprice = \"4\"\n{ROUTE}")))
    };
    let cases = [
        (whole("prise = \"4\""), "line 4, column 1", "unknown field `prise`"),
        (whole("price = \"-1\""), "line 4, column 9", "the price must not be negative"),
        (whole("price = \"0.0000001\""), "line 4, column 9", "at most 6 decimal places"),
        (whole("price = \"2000000000000\""), "line 4, column 9", "at most 1000000000000"),
        (whole("price = 0.5"), "line 4, column 9", "in quotes"),
        (whole("price = true"), "line 4, column 9", "write an amount"),
        (whole("price = \"much\""), "line 4, column 9", "plain decimal number"),
        (whole("kind = \"song\""), "line 4, column 8", "`kind` must be one of \"image\", \"video\""),
        (whole("id = \"\""), "line 4, column 6", "`id` must be 1 to 100"),
        (whole("id = \"a b\""), "line 4, column 6", "`id` must be 1 to 100"),
        (whole("routes = []"), "line 4, column 10", "no route"),
        (whole("routes = [{ provider = \"q\", model = \"x\" }]"), "line 4, column 24", "[providers.q]"),
        (whole("routes = [{ provider = \"p\", model = \"\" }]"), "line 4, column 37", "`model` must be"),
        (whole("routes = [{ provider = \"p\" }]"), "line 4, column 11", "missing field `model`"),
        (
            whole("routes = [{ provider = \"p\", model = \"x\" }, { provider = \"p\", model = \"y\" }]"),
            "line 4, column 10",
            "`p` in two routes",
        ),
        (
            whole("routes = [{ provider = \"p\", model = \"x\", cost = \"-2\" }]"),
            "line 4, column 49",
            "the cost must not be negative",
        ),
        (
            whole("routes = [{ provider = \"p\", model = \"x\", inputs = { a = \"{sed}\" } }]"),
            "line 4, column 37",
            "the input `a` cannot be used: `{sed}`",
        ),
        (whole("timeout = \"0s\""), "line 4, column 11", "`timeout` must not be zero"),
        (whole("timeout = \"500ms\""), "line 4, column 11", "`timeout` must be at least a second"),
        (whole("queue_timeout = \"soon\""), "line 4, column 17", "`queue_timeout` must be a time"),
        (whole("max_count = 0"), "line 4, column 13", "`max_count` must be at least 1"),
        (whole("max_count = \"2\""), "line 4, column 13", "`max_count`: invalid type: string, expected u32"),
        (whole("max_side = 10"), "line 4, column 12", "`max_side` must be at least 64"),
        (whole("max_seconds = 3"), "line 4, column 15", "only for video models"),
        (whole("late_cancel = \"half\""), "line 4, column 15", "whole percentage that is kept"),
        (whole("late_cancel = \"100%\""), "line 4, column 15", "1% to 99%"),
        (whole("on_unknown = \"hope\""), "line 4, column 14", "\"person\", \"again\", \"fail\""),
        (whole("pricing = \"per_second\""), "line 4, column 11", "max_seconds"),
        (video("pricing = \"per_second\""), "line 8, column 11", "max_seconds"),
        (
            video("pricing = \"per_second\"\nmax_seconds = 0"),
            "line 9, column 15",
            "`max_seconds` must be at least 1",
        ),
        (model("id = \"m\""), "line 3, column 1", "missing field"),
        (
            format!("{}\n[[models]]\nid = \"m\"\nkind = \"image\"\nprice = 4\n{ROUTE}", whole("id = \"m\"")),
            "line 9, column 6",
            "another id",
        ),
    ];
    for (text, place, message) in cases {
        let told = problems(&text);
        assert!(told.contains(place) && told.contains(message), "{place}, {message}: told {told}\n{text}");
    }
}

#[test]
fn every_mistake_in_a_provider_is_named_with_its_place() {
    let with = |lines: &str| {
        format!("[providers.p]\n{lines}\n[[models]]\nid = \"m\"\nkind = \"image\"\nprice = 4\n{ROUTE}")
    };
    let described = |http: &str| {
        let place = "adapter = \"http\"\nbase_url = \"https://a.example\"\nkey_env = \"KEY\"";
        with(&format!("{place}\nhttp = {http}"))
    };
    let fal = |line: &str| with(&format!("adapter = \"fal\"\nkey_env = \"FAL_KEY\"\n{line}"));
    let replicate = |line: &str| fal(line).replace("\"fal\"", "\"replicate\"");
    let cases = [
        (with("adapter = \"fall\""), "line 2, column 11", "must be one of \"fal\""),
        (with("adapter = \"fal\""), "line 2, column 11", "`key_env` is missing"),
        (with("adapter = \"http\""), "line 2, column 11", "needs `base_url`"),
        (with("adapter = \"simulated\"\nkey_env = \"K\""), "line 3, column 11", "has no `key_env`"),
        (with("adapter = \"simulated\"\nkey_file = \"/k\""), "line 3, column 12", "has no `key_file`"),
        (fal("key_file = \"/run/secrets/fal\""), "line 4, column 12", "leave one of them out"),
        (
            fal("").replace("key_env = \"FAL_KEY\"", "key_file = \"fal\""),
            "line 3, column 12",
            "the whole path",
        ),
        (with("base_url = \"https://a.example\""), "line 1, column 1", "missing field `adapter`"),
        (fal("speed = 3"), "line 4, column 1", "unknown field `speed`"),
        (fal("http = {}"), "line 4, column 8", "only for adapter = \"http\""),
        (fal("concurrency = 0"), "line 4, column 15", "`concurrency` must be at least 1"),
        (fal("max_output_bytes = 0"), "line 4, column 20", "`max_output_bytes` must be at least 1"),
        (fal("rate = \"10\""), "line 4, column 8", "`rate` must be a number of requests"),
        (fal("rate = \"0/s\""), "line 4, column 8", "`rate` must be a number of requests"),
        (fal("daily_cap = \"200\""), "line 4, column 13", "`daily_cap` must be an amount"),
        (fal("daily_cap = \"0 USD\""), "line 4, column 13", "`daily_cap` must be an amount"),
        (
            format!(
                "[providers.p]\nadapter = \"simulated\"\ndaily_cap = \"5 USD\"\n[[models]]\nid = \"m\"\n\
                 kind = \"image\"\nprice = 4\n{ROUTE}"
            ),
            "line 8, column 24",
            "`cost` is missing",
        ),
        (fal("poll_interval = \"0s\""), "line 4, column 17", "`poll_interval` must not be zero"),
        (fal("base_url = \"http://a.example\""), "line 4, column 12", "private = true"),
        (
            fal("base_url = \"https://u:k@a.example\""),
            "line 4, column 12",
            "without a user, a key or a query",
        ),
        (fal("base_url = \"a.example\""), "line 4, column 12", "begins with https://"),
        (fal("output_hosts = [\"https://a.example\"]"), "line 4, column 17", "names of hosts"),
        (fal("webhooks = 1"), "line 4, column 12", "expected a boolean"),
        (fal("webhook_keys_url = \"https://a.example\""), "line 4, column 20", "needs `webhooks = true`"),
        (
            fal("webhook_secret_env = \"S\"\nwebhooks = true"),
            "line 4, column 22",
            "for adapter \"replicate\"",
        ),
        (
            fal("webhook_keys_url = \"http://a.example/keys\"\nwebhooks = true"),
            "line 4, column 20",
            "`webhook_keys_url` must begin with https://",
        ),
        (replicate("webhooks = true"), "line 4, column 12", "`webhook_secret_env` is missing"),
        (
            replicate("webhook_secret_env = \"whsec_4711\"\nwebhooks = true"),
            "line 4, column 22",
            "`webhook_secret_env` must be the name of an environment variable",
        ),
        (with("adapter = \"simulated\"\nwebhooks = true"), "line 3, column 12", "others are asked"),
        (
            fal("webhooks = true").replace("providers.p", "providers.\"p/q\""),
            "line 1, column 12",
            "leave out the `/`",
        ),
        (described("{ submit = { path = \"/jobs\" } }"), "line 5, column 8", "missing field `outputs`"),
        (
            described("{ submit = { path = \"/{promt}\" }, outputs = \"/files\" }"),
            "line 2, column 11",
            "`{promt}` is not known",
        ),
        (
            described("{ submit = { path = \"/jobs\" }, outputs = \"/files\" }\nwebhooks = true"),
            "line 6, column 12",
            "does not say how reports are signed",
        ),
        (
            described(&(reporting("{ signature = \"standard\" }") + "\nwebhooks = true")),
            "line 6, column 12",
            "`webhook_secret_env` is missing",
        ),
        (
            described(
                &(reporting("{ signature = \"none\" }") + "\nwebhooks = true\nwebhook_secret_env = \"S\""),
            ),
            "line 7, column 22",
            "is not used with signature",
        ),
        (
            described(&reporting("{ signature = \"none\" }").replace("to = \"{webhook}\"", "to = \"us\"")),
            "line 2, column 11",
            "`{webhook}` is missing",
        ),
        ("providers = 3".to_owned(), "line 1, column 13", "[providers.NAME]"),
        ("models = 3".to_owned(), "line 1, column 10", "[[models]]"),
        ("modles = 3".to_owned(), "line 1, column 1", "unknown key `modles`"),
        (String::new(), "line 1, column 1", "no models"),
        (PROVIDER.to_owned(), "line 1, column 1", "no models"),
        ("[providers.p\nadapter = 1".to_owned(), "line 1", "to mend"),
    ];
    for (text, place, message) in cases {
        let told = problems(&text);
        assert!(told.contains(place) && told.contains(message), "{place}, {message}: told {told}\n{text}");
    }
}

/// A file with one image model, and these lines after it, the first of which is line 8.
fn with_classes(lines: &str) -> String {
    format!("{}\n{lines}", model(&format!("id = \"m\"\nkind = \"image\"\nprice = 4\n{ROUTE}")))
}

#[test]
fn classes_are_read_and_what_may_not_be_meant_is_told() {
    let text = with_classes("[classes.image]\n[classes.slow]\nslots = 2\nqueue = \"films\"");
    let text = text.replace("kind = \"image\"", "kind = \"image\"\nclass = \"quick\"");
    let listing = parse(&text).unwrap_or_else(|problems| panic!("{problems}"));
    let slow = Class { slots: NonZeroUsize::new(2), queue: Some("films".to_owned()) };
    let expected = [("image".to_owned(), Class::default()), ("slow".to_owned(), slow)];
    assert_eq!(listing.classes, BTreeMap::from(expected));
    let told = listing.warnings.join("\n");
    for words in ["no model is of the class `image`", "of the class `slow`", "no [classes.quick]"] {
        assert!(told.contains(words), "{words}: {told}");
    }
    assert_eq!(listing.warnings.len(), 3, "{told}");
    let none = parse(text.split("[classes").next().unwrap()).unwrap_or_else(|e| panic!("{e}"));
    assert_eq!(
        (none.classes.len(), none.warnings),
        (0, Vec::new()),
        "without classes their names mean nothing"
    );
}

#[test]
fn every_mistake_in_a_class_is_named_with_its_place() {
    let long = "x".repeat(41);
    let cases = [
        ("[classes.\"a b\"]".to_owned(), "line 8, column 10", "1 to 40 letters"),
        ("[classes.\"a.b\"]".to_owned(), "line 8, column 10", "any of - _"),
        (format!("[classes.{long}]"), "line 8, column 10", "1 to 40 letters"),
        ("[classes.default]".to_owned(), "line 8, column 10", "must not be `default`"),
        ("[classes.dlq]".to_owned(), "line 8, column 10", "must not be `default`, `dlq`"),
        ("[classes.video-dlq]".to_owned(), "line 8, column 10", "end in `-dlq`"),
        ("[classes.video]\nslots = 0".to_owned(), "line 9, column 9", "`slots` must be at least 1"),
        ("[classes.video]\nslots = \"4\"".to_owned(), "line 9, column 9", "`slots`: invalid type: string"),
        ("[classes.video]\nslotz = 4".to_owned(), "line 9, column 1", "unknown field `slotz`"),
        (
            "[classes.video]\nqueue = \"a/b\"".to_owned(),
            "line 9, column 9",
            "`queue` must be the name of an SQS queue",
        ),
        ("[classes.video]\nqueue = \"a-dlq\"".to_owned(), "line 9, column 9", "does not end in `-dlq`"),
        (
            "[classes.video]\nqueue = \"a\"\n[classes.wide]\nqueue = \"a\"".to_owned(),
            "line 11, column 9",
            "`queue` is that of another class",
        ),
        ("[classes]\nvideo = 4".to_owned(), "line 9, column 9", "`video`: invalid type"),
        ("[[classes]]\nslots = 4".to_owned(), "line 8, column 1", "[classes.NAME]"),
    ];
    for (lines, place, message) in cases {
        let told = problems(&with_classes(&lines));
        assert!(told.contains(place) && told.contains(message), "{place}, {message}: told {told}\n{lines}");
    }
}

#[test]
fn all_mistakes_are_told_at_once_in_the_order_of_the_file() {
    let text = model(&format!(
        "id = \"m\"\nkind = \"song\"\nprice = \"-4\"\n{ROUTE}\n[[models]]\nid = \"n\"\nsize = 3"
    ));
    let told = problems(&text);
    let places: Vec<&str> =
        told.lines().map(|line| line.split(':').next().unwrap_or_default().trim()).collect();
    let expected = ["line 5, column 8", "line 6, column 9", "line 10, column 1", "3 problems to mend"];
    assert_eq!(places, expected, "{told}");
}

#[test]
fn a_key_that_stands_in_the_file_is_refused_and_not_repeated() {
    for line in [
        "key_env = \"sk-live-4711\"",
        "key_file = \"sk-live-4711\"",
        "key = \"sk-live-4711\"",
        "concurrency = \"sk-live-4711\"",
    ] {
        let told = problems(&format!("[providers.p]\nadapter = \"fal\"\n{line}"));
        assert!(!told.is_empty() && !told.contains("4711"), "{told}");
    }
}
