//! `cooly key`, as a person at a terminal and a script meet it.

use crate::support::{Up, cooly, folder, text};
use serde_json::Value;
use std::path::Path;
use std::process::Output;

/// Runs `cooly key` on a data folder.
fn key(data_dir: &Path, arguments: &[&str]) -> Output {
    let command = [&["key"], arguments].concat();
    cooly().args(command).arg("--data-dir").arg(data_dir).output().unwrap()
}

#[track_caller]
fn done(output: Output) -> String {
    assert!(output.status.success(), "{}", text(&output));
    String::from_utf8(output.stdout).unwrap()
}

#[track_caller]
fn refused(output: &Output, words: &[&str]) {
    assert!(!output.status.success(), "{}", text(output));
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(words.iter().all(|word| error.contains(word)) && !error.contains("panicked"), "{error}");
}

/// How the API answers to this key.
async fn status(up: &Up, key: &str, user: Option<&str>) -> u16 {
    let request = reqwest::Client::new().get(format!("{}/v1/credits", up.url)).bearer_auth(key);
    let request = match user {
        Some(user) => request.header("Cooly-User", user),
        None => request,
    };
    request.send().await.unwrap().status().as_u16()
}

#[tokio::test]
async fn a_key_is_made_piped_listed_and_revoked_at_a_terminal() {
    let folder = folder();
    let up = Up::start(folder.path(), &[]).await;
    let made = key(folder.path(), &["create", "--name", "the shop", "--scope", "backend"]);
    let told = String::from_utf8_lossy(&made.stderr).into_owned();
    let shop = done(made);
    assert!(shop.starts_with("ck_test_") && shop.len() == 58, "the key alone and a line end: {shop:?}");
    let shop = shop.trim();
    assert!(told.contains("only time") && told.contains("the shop") && !told.contains(shop), "{told}");
    assert_eq!(status(&up, shop, Some("alice")).await, 200);
    assert_eq!(status(&up, shop, None).await, 400);

    let order = [
        "create",
        "--name",
        "nightly",
        "--scope",
        "user",
        "--owner",
        "alice",
        "--expires-in",
        "90d",
        "--json",
    ];
    let nightly: Value = serde_json::from_str(&done(key(folder.path(), &order))).unwrap();
    assert_eq!(
        (&nightly["owner"], &nightly["state"], &nightly["created_by"]),
        (&"alice".into(), &"active".into(), &"system:cooly key".into())
    );
    assert!(nightly["expires_at"].is_string());
    let secret = nightly["secret"].as_str().unwrap();
    assert_eq!(status(&up, secret, None).await, 200);

    let listed = done(key(folder.path(), &["list"]));
    assert!(
        listed.lines().count() == 2 && listed.contains("as any user") && listed.contains("user as alice"),
        "{listed}"
    );
    assert!(!listed.contains(shop) && !listed.contains(secret), "{listed}");
    let own = done(key(folder.path(), &["list", "--owner", "alice", "--json"]));
    let own: Value = serde_json::from_str(&own).unwrap();
    assert_eq!((&own["id"], own.get("secret")), (&nightly["id"], None));

    let id = nightly["id"].as_str().unwrap();
    let revoked = done(key(folder.path(), &["revoke", id, "--reason", "it leaked", "--json"]));
    let revoked: Value = serde_json::from_str(&revoked).unwrap();
    assert_eq!((&revoked["state"], &revoked["revoke_reason"]), (&"revoked".into(), &"it leaked".into()));
    assert_eq!(status(&up, secret, None).await, 401);
    // Whoever finds a key has nothing but the key.
    assert!(done(key(folder.path(), &["revoke", shop])).contains("revoked"));
    assert_eq!(status(&up, shop, Some("alice")).await, 401);
    assert!(done(key(folder.path(), &["revoke", id])).contains("revoked"), "harmless to repeat");
    assert_eq!(done(key(folder.path(), &["list", "--state", "active"])), "");
    for kept in [shop, secret] {
        assert!(!up.log().contains(kept), "a key is in the log");
    }
}

#[tokio::test]
async fn what_is_wrong_is_said_in_one_sentence() {
    let folder = folder();
    refused(&key(folder.path(), &["list"]), &["there is no database"]);
    let up = Up::start(folder.path(), &[]).await;
    let create =
        |arguments: &[&str]| key(folder.path(), &[&["create", "--name", "x", "--scope"], arguments].concat());
    refused(&create(&["user"]), &["--owner"]);
    refused(&create(&["backend", "--owner", "alice"]), &["leave --owner out"]);
    refused(&create(&["root"]), &["--scope", "user, admin, auditor, backend"]);
    refused(&create(&["user", "--owner", "."]), &["--owner"]);
    for life in ["0s", "1ns", "101y", "soon"] {
        refused(&create(&["backend", "--expires-in", life]), &["--expires-in"]);
    }
    refused(&create(&["backend", "--environment", "staging"]), &["--environment", "live, test"]);
    refused(&key(folder.path(), &["create", "--name", " ", "--scope", "backend"]), &["--name"]);
    refused(&key(folder.path(), &["revoke", "x"]), &["cooly key list"]);
    refused(
        &key(folder.path(), &["revoke", "019ab000-0000-7000-8000-000000000000"]),
        &["no key with this id"],
    );
    let secret = "ck_test_00000000000000000000000000000000000000000001UETtX";
    let wrong = key(folder.path(), &["revoke", secret]);
    refused(&wrong, &["no API key"]);
    assert!(!text(&wrong).contains(secret), "what may be a key is not repeated");
    assert_eq!(done(key(folder.path(), &["list"])), "");
    let live = done(create(&["backend", "--environment", "live"]));
    assert!(live.starts_with("ck_live_"));
    assert_eq!(status(&up, live.trim(), Some("alice")).await, 401, "of another environment");
}

#[test]
fn keys_of_tokens_come_from_one_place_that_can_be_believed() {
    let up = |arguments: &[&str]| cooly().arg("up").args(arguments).output().unwrap();
    let url = "https://login.example/jwks.json";
    for wrong in
        ["http://login.example/jwks.json", "https://user:secret@login.example/jwks.json", "login.example"]
    {
        let output = up(&["--jwt-jwks-url", wrong]);
        refused(&output, &["--jwt-jwks-url", "https://"]);
    }
    let secret = "0123456789abcdef0123456789abcdef";
    refused(&up(&["--jwt-jwks-url", url, "--jwt-secret", secret]), &["cannot be used with"]);
    refused(&up(&["--jwt-jwks-url", url, "--jwt-public-key", "key.pem"]), &["cannot be used with"]);
}
