//! The file of models and providers: looked at from the command line, and read again by a running process.

use crate::support::{Up, cooly, folder, text};
use embedded::providers::{MockOptions, MockProvider, Protocol};
use serde_json::Value;
use std::path::Path;
use std::process::{Command, Output};
use std::time::{Duration, Instant};

const EXAMPLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/catalog.toml");

/// Longest that anything may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

fn catalog(arguments: &[&str]) -> Output {
    cooly().arg("catalog").args(arguments).output().unwrap()
}

fn out(output: &Output) -> String {
    assert!(output.status.success(), "{}", text(output));
    String::from_utf8(output.stdout.clone()).unwrap()
}

/// A catalogue whose models are these, all of them simulated.
fn offering(models: &[&str]) -> String {
    let models = models.iter().map(|id| {
        format!(
            "[[models]]\nid = \"{id}\"\nkind = \"image\"\nprice = \"4\"\n\
             routes = [{{ provider = \"sim\", model = \"sim-image\" }}]\n"
        )
    });
    format!("[providers.sim]\nadapter = \"simulated\"\n{}", models.collect::<String>())
}

#[test]
fn a_right_file_is_told_in_three_lines_and_shown_as_a_table() {
    let checked = cooly().env("FAL_KEY", "sk-4711").args(["catalog", "check", EXAMPLE]).output().unwrap();
    assert!(!text(&checked).contains("4711"), "a key is printed");
    assert!(!text(&checked).contains("FAL_KEY, which"), "it is set");
    let said = out(&checked);
    assert_eq!(said.lines().count(), 3, "{said}");
    assert!(said.ends_with("queues of their own: video (4 slots)\n"), "{said}");
    assert!(said.contains("3 models: clip, flux, sketch") && said.contains("fal (fal)"), "{said}");
    let warned = cooly().env_remove("FAL_KEY").args(["catalog", "check", EXAMPLE]).output().unwrap();
    assert!(warned.status.success() && text(&warned).contains("FAL_KEY"), "{}", text(&warned));

    let table = out(&catalog(&["show", EXAMPLE]));
    let flux = table.lines().find(|line| line.starts_with("flux")).unwrap();
    assert!(
        flux.contains("4 per output") && flux.contains("fal: fal-ai/flux/dev (costs 0.025 USD), then "),
        "{flux}"
    );
    assert!(table.ends_with("\nvideo  4      --sqs-queue and -video\n"), "{table}");
    let built_in = out(&catalog(&["show"]));
    assert!(built_in.contains("sim-video-metered"), "without a file it is what is built in");
    assert!(!built_in.contains("QUEUE"), "and has no queues of classes");
    let shown = cooly().env("COOLY_CATALOG", EXAMPLE).args(["catalog", "show", "--json"]).output().unwrap();
    let shown: Value = serde_json::from_str(&out(&shown)).unwrap();
    assert_eq!(shown["models"][0]["id"], "clip");
    assert_eq!(shown["providers"][0]["key_env"], "FAL_KEY");
    assert_eq!(shown["classes"], serde_json::json!([{ "name": "video", "slots": 4, "queue": null }]));
}

#[test]
fn a_wrong_file_is_refused_with_everything_that_is_wrong_with_it() {
    let folder = folder();
    let file = folder.path().join("wrong.toml");
    std::fs::write(&file, offering(&["one", "two"]).replace("price = \"4\"", "price = \"-4\"")).unwrap();
    let file = file.to_str().unwrap();
    let up = cooly().args(["up", "--catalog", file, "--data-dir"]).arg(folder.path()).output().unwrap();
    for refused in [catalog(&["check", file]), catalog(&["show", file]), up] {
        assert_eq!(refused.status.code(), Some(1), "{}", text(&refused));
        for words in
            ["wrong.toml", "line 6, column 9", "line 11, column 9", "must not be negative", "2 problems"]
        {
            assert!(text(&refused).contains(words), "{words}: {}", text(&refused));
        }
    }
    let absent = catalog(&["check", "/does/not/exist.toml"]);
    assert!(!absent.status.success() && text(&absent).contains("/does/not/exist.toml"), "{}", text(&absent));
}

#[test]
fn a_worker_without_a_key_names_its_variable() {
    let folder = folder();
    let up = |key: &str| {
        let mut command = cooly();
        command.env("FAL_KEY", key).args(["up", "--catalog", EXAMPLE, "--data-dir"]).arg(folder.path());
        command.output().unwrap()
    };
    let refused = up("");
    assert!(!refused.status.success() && text(&refused).contains("FAL_KEY"), "{}", text(&refused));
}

#[test]
fn the_help_teaches_the_file() {
    let help = out(&catalog(&["check", "--help"]));
    for words in [
        "[providers.fal]",
        "key_env",
        "[[models]]",
        "per_second",
        "[classes.video]",
        "SIGHUP",
        "docs/catalog.toml",
    ] {
        assert!(help.contains(words), "{words}: {help}");
    }
}

#[tokio::test]
async fn a_running_process_reads_the_file_again_and_keeps_the_old_one_if_it_is_wrong() {
    let folder = folder();
    let file = folder.path().join("catalog.toml");
    let write = |text: &str| std::fs::write(&file, text).unwrap();
    write(&offering(&["first"]));
    let up = Up::start(folder.path(), &["--catalog", file.to_str().unwrap()]).await;
    assert_eq!(models(&up).await, ["first"]);
    assert_eq!(reload_failed(&up).await, "0");

    write(&offering(&["first", "second"]));
    hang_up(&up);
    eventually("it is read again", async || models(&up).await == ["first", "second"]).await;

    write(&offering(&["third"]).replace("simulated", "simulatd"));
    hang_up(&up);
    eventually("the alarm is raised", async || reload_failed(&up).await == "1").await;
    assert_eq!(models(&up).await, ["first", "second"], "what was right before stays");
    assert!(up.log().contains("line 2, column 11"), "{}", up.log());

    write(&offering(&["third"]));
    hang_up(&up);
    eventually("the alarm is over", async || reload_failed(&up).await == "0").await;
    assert_eq!(models(&up).await, ["third"]);
    buys(&up, "third", 202).await;
    buys(&up, "first", 422).await;
}

#[tokio::test]
async fn a_new_key_in_a_file_counts_once_the_catalogue_is_read_again() {
    let options = MockOptions { key: Some("the-new-key".into()), ..MockOptions::default() };
    let mock = MockProvider::start(Protocol::OpenAi, options).await.unwrap();
    let folder = folder();
    let (file, key) = (folder.path().join("catalog.toml"), folder.path().join("key"));
    std::fs::write(&key, "the-old-key").unwrap();
    let catalogue = format!(
        "[providers.mock]\nadapter = \"openai\"\nbase_url = \"{}\"\nkey_file = \"{}\"\nprivate = true\n\
         [[models]]\nid = \"m\"\nkind = \"image\"\nprice = \"4\"\n\
         routes = [{{ provider = \"mock\", model = \"x\" }}]\n",
        mock.base_url(),
        key.display(),
    );
    std::fs::write(&file, catalogue).unwrap();
    let up = Up::start(folder.path(), &["--catalog", file.to_str().unwrap()]).await;
    let token = up.token("user", "demo");
    let first = buys(&up, "m", 202).await;
    let place = format!("/v1/generations/{}", first["id"].as_str().unwrap());
    eventually("the old key is refused", async || {
        up.get(&place, &token).await["failure"]["code"] == "provider_auth"
    })
    .await;

    std::fs::write(&key, "the-new-key\n").unwrap();
    hang_up(&up);
    eventually("the new key is read", async || up.log().contains("read again and counts")).await;
    let second = buys(&up, "m", 202).await;
    let place = format!("/v1/generations/{}", second["id"].as_str().unwrap());
    eventually("the new key is used", async || up.get(&place, &token).await["status"] == "succeeded").await;

    std::fs::remove_file(&key).unwrap();
    hang_up(&up);
    eventually("the alarm is raised", async || reload_failed(&up).await == "1").await;
    let log = up.log();
    assert!(log.contains(key.to_str().unwrap()) && log.contains("chmod o-r"), "{log}");
    assert!(!log.contains("the-old-key") && !log.contains("the-new-key"), "{log}");
    buys(&up, "m", 202).await;
}

#[tokio::test]
async fn classes_of_the_file_have_queues_of_their_own_also_after_it_was_read_again() {
    let folder = folder();
    let file = folder.path().join("catalog.toml");
    let write = |text: &str| std::fs::write(&file, text).unwrap();
    write(&offering(&["first"]));
    let up = Up::start(folder.path(), &["--catalog", file.to_str().unwrap()]).await;
    let depth_of = async |class: &str| {
        let named = format!("class=\"{class}\"");
        metrics(&up).await.lines().any(|line| line.starts_with("cooly_queue_depth{") && line.contains(&named))
    };
    eventually("the queue of all jobs is looked at", async || depth_of("default").await).await;
    assert!(!depth_of("image").await);

    write(&format!("{}[classes.image]\nslots = 2\n", offering(&["first"])));
    hang_up(&up);
    eventually("the class has a queue", async || {
        let open = "cooly_queue_missing{queue=\"jobs\",class=\"image\"} 0";
        metrics(&up).await.lines().any(|line| line == open)
    })
    .await;
    buys(&up, "first", 202).await;

    write(&format!("{}[classes.dlq]\n", offering(&["first"])));
    hang_up(&up);
    eventually("the alarm is raised", async || reload_failed(&up).await == "1").await;
    assert!(up.log().contains("must not be `default`"), "{}", up.log());
}

fn hang_up(up: &Up) {
    assert!(Command::new("kill").args(["-HUP", &up.pid().to_string()]).status().unwrap().success());
}

async fn eventually(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let until = Instant::now() + PATIENCE;
    while !holds().await {
        assert!(Instant::now() < until, "waited in vain: {what}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

async fn models(up: &Up) -> Vec<String> {
    let models = up.get("/v1/models", &up.token("user", "demo")).await;
    let ids = models["items"].as_array().unwrap().iter();
    ids.map(|model| model["id"].as_str().unwrap().to_owned()).collect()
}

async fn metrics(up: &Up) -> String {
    reqwest::get(format!("{}/metrics", up.url)).await.unwrap().text().await.unwrap()
}

async fn reload_failed(up: &Up) -> String {
    let metrics = metrics(up).await;
    let line = metrics.lines().find_map(|line| line.strip_prefix("cooly_catalog_reload_failed "));
    line.unwrap_or("missing").to_owned()
}

async fn buys(up: &Up, model: &str, status: u16) -> Value {
    let answer = reqwest::Client::new()
        .post(format!("{}/v1/generations", up.url))
        .bearer_auth(up.token("user", "demo"))
        .json(&serde_json::json!({ "model": model, "prompt": "a lake" }))
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), status);
    answer.json().await.unwrap()
}

#[test]
fn the_example_is_where_the_help_says() {
    assert!(Path::new(EXAMPLE).exists());
}
