//! Providers that report by webhook, as the program is told of them: what it needs, and that it hears them.

use crate::support::{Up, cooly, folder, text};
use embedded::providers::{MockOptions, MockProvider, Protocol};
use serde_json::{Value, json};
use std::time::Duration;

/// A provider that is asked only once an hour.
fn catalogue(mock: &MockProvider, lines: &str) -> String {
    format!(
        "[providers.mock]\nadapter = \"fal\"\nbase_url = \"{}\"\nkey_env = \"MOCK_KEY\"\nprivate = true\n\
         output_hosts = [\"127.0.0.1\"]\npoll_interval = \"1h\"\n{lines}\n\
         [[models]]\nid = \"m\"\nkind = \"image\"\nprice = \"4\"\n\
         routes = [{{ provider = \"mock\", model = \"fal-ai/flux/dev\" }}]\n",
        mock.base_url(),
    )
}

#[tokio::test]
async fn a_picture_that_is_reported_does_not_wait_for_the_next_question() {
    let options = MockOptions { delay: Duration::from_secs(2), ..MockOptions::default() };
    let mock = MockProvider::start(Protocol::Fal, options).await.unwrap();
    let folder = folder();
    let file = folder.path().join("catalog.toml");
    let keys = format!("webhooks = true\nwebhook_keys_url = \"{}\"", mock.keys_url());
    // Any key is right, and this variable is there in every test.
    std::fs::write(&file, catalogue(&mock, &keys).replace("MOCK_KEY", "CARGO_PKG_NAME")).unwrap();
    let up = Up::start(folder.path(), &["--catalog", file.to_str().unwrap()]).await;
    let token = up.token("user", "demo");
    let bought = reqwest::Client::new()
        .post(format!("{}/v1/generations", up.url))
        .bearer_auth(&token)
        .json(&json!({ "model": "m", "prompt": "a lake" }));
    let bought: Value = bought.send().await.unwrap().json().await.unwrap();
    let place = format!("/v1/generations/{}", bought["id"].as_str().unwrap());
    let told = tokio::time::timeout(Duration::from_secs(60), mock.asked(|record| !record.reports.is_empty()));
    assert_eq!(told.await.unwrap().reports[0].status, Some(200), "{}", up.log());
    let until = std::time::Instant::now() + Duration::from_secs(60);
    while up.get(&place, &token).await["status"] != "succeeded" {
        assert!(std::time::Instant::now() < until, "{}", up.log());
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert!(!up.log().contains("mac="), "no address is logged");
}

#[tokio::test]
async fn a_role_that_lacks_what_webhooks_need_says_what_to_set() {
    let mock = MockProvider::start(Protocol::Fal, MockOptions::default()).await.unwrap();
    let folder = folder();
    let file = folder.path().join("catalog.toml");
    std::fs::write(&file, catalogue(&mock, "webhooks = true")).unwrap();
    let secret = "0123456789abcdef0123456789abcdef";
    let run = |role: &str, settings: &[(&str, &str)]| {
        let mut command = cooly();
        command.env("MOCK_KEY", "any").env("DATABASE_URL", "postgres://nobody@127.0.0.1:1/none");
        command.env("COOLY_LISTEN", "127.0.0.1:0").envs(settings.iter().copied());
        command.arg(role).arg("--data-dir").arg(folder.path()).arg("--catalog").arg(&file);
        let output = command.output().unwrap();
        assert!(!output.status.success(), "there is no database: {}", text(&output));
        text(&output)
    };
    let url = ("COOLY_PUBLIC_URL", "https://cooly.example");
    assert!(run("worker", &[]).contains("set COOLY_PUBLIC_URL"));
    assert!(run("worker", &[url]).contains("COOLY_WEBHOOK_KEY"));
    assert!(run("api", &[]).contains("COOLY_WEBHOOK_KEY"));
    let short = run("api", &[("COOLY_WEBHOOK_KEY", "s3cret")]);
    assert!(short.contains("too short") && !short.contains("s3cret"), "{short}");
    let wrong = run("worker", &[("COOLY_PUBLIC_URL", "cooly.example")]);
    assert!(wrong.contains("--public-url") && wrong.contains("https://"), "{wrong}");
    for role in ["worker", "api"] {
        let told = run(role, &[url, ("COOLY_WEBHOOK_KEY", secret)]);
        assert!(!told.contains("webhooks on") && !told.contains(secret), "{role}: {told}");
    }
    let checked = cooly().args(["catalog", "check"]).arg(&file).output().unwrap();
    let told = text(&checked);
    assert!(checked.status.success() && told.contains("mock (fal, webhooks)"), "{told}");
    assert!(told.contains("COOLY_PUBLIC_URL") && told.contains("COOLY_WEBHOOK_KEY"), "{told}");
}
