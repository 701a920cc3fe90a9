//! What a person at a terminal meets: one clear sentence and what to do, never a stack.

use crate::support;

use std::net::TcpListener;
use std::process::Output;
use support::{Up, cooly, folder, text, token, verify};

/// Standard error holds one message that names each of these.
fn says(output: &Output, words: &[&str]) {
    assert!(!output.status.success(), "{}", text(output));
    let error = String::from_utf8_lossy(&output.stderr);
    for word in words {
        assert!(error.contains(word), "`{word}` is missing in: {error}");
    }
    assert!(!error.contains("panicked") && !error.contains("stack backtrace"), "{error}");
}

#[test]
fn help_teaches_every_command() {
    let help = text(&cooly().arg("--help").output().unwrap());
    let commands = [
        "up",
        "api",
        "worker",
        "projector",
        "migrate",
        "verify",
        "export",
        "rebuild",
        "token",
        "key",
        "seal-key",
        "proof",
        "mock-provider",
        "catalog",
        "doctor",
        "completions",
        "manual",
    ];
    for command in commands.into_iter().chain(["Examples"]) {
        assert!(help.contains(command), "{command}: {help}");
    }
    let help = text(&cooly().args(["up", "--help"]).output().unwrap());
    for setting in [
        "--listen",
        "--data-dir",
        "DATABASE_URL",
        "COOLY_JWT_SECRET",
        "COOLY_JWT_JWKS_URL",
        "COOLY_ENVIRONMENT",
        "COOLY_SQS_ENDPOINT",
        "COOLY_SEAL_KEY",
        "COOLY_CATALOG",
    ] {
        assert!(help.contains(setting), "{setting}: {help}");
    }
}

#[test]
fn shells_complete_and_man_explains() {
    for (shell, words) in
        [("bash", ["complete -F _cooly", "--database-url"]), ("zsh", ["#compdef cooly", "mock-provider"])]
    {
        let script = cooly().args(["completions", shell]).output().unwrap();
        let script = String::from_utf8(script.stdout).unwrap();
        assert!(words.iter().all(|word| script.contains(word)), "{shell}: {script}");
    }
    says(&cooly().args(["completions", "cmd"]).output().unwrap(), &["cmd", "bash", "zsh"]);

    let folder = folder();
    let pages = folder.path().join("man");
    let written = cooly().arg("manual").arg("--out").arg(&pages).output().unwrap();
    assert!(written.status.success(), "{}", text(&written));
    for (page, words) in [
        ("cooly.1", ["credit ledger", "mock"]),
        ("cooly-worker.1", ["concurrency", "COOLY_CONCURRENCY"]),
        ("cooly-catalog-check.1", ["FILE", "wrong"]),
    ] {
        let page = std::fs::read_to_string(pages.join(page)).unwrap();
        assert!(words.iter().all(|word| page.contains(word)), "{page}");
    }
    let file = folder.path().join("file");
    std::fs::write(&file, "").unwrap();
    says(&cooly().arg("manual").arg("--out").arg(&file).output().unwrap(), &["file", "cannot be made"]);
}

#[test]
fn a_token_is_printed_bare_and_the_key_is_private() {
    let folder = folder();
    let printed = token(folder.path(), "auditor", "ann");
    assert_eq!(printed.split('.').count(), 3);
    assert!(!printed.contains(char::is_whitespace));
    let mode = std::os::unix::fs::PermissionsExt::mode(
        &std::fs::metadata(folder.path().join("jwt.key")).unwrap().permissions(),
    );
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn settings_that_cannot_work_are_named() {
    let folder = folder();
    let up =
        |flags: &[&str]| cooly().arg("up").arg("--data-dir").arg(folder.path()).args(flags).output().unwrap();
    says(&up(&["--listen", "nonsense"]), &["--listen", "nonsense"]);
    says(&up(&["--listen", "0.0.0.0:0"]), &["no JWT key is configured", "COOLY_JWT_SECRET"]);
    says(&up(&["--jwt-secret", "short"]), &["COOLY_JWT_SECRET", "32"]);
    says(&up(&["--jwt-public-key", "/does/not/exist"]), &["/does/not/exist"]);
    says(&up(&["--listen", "127.0.0.1:0", "--log", "=="]), &["--log"]);
    says(&up(&["--refund-grace", "soon"]), &["--refund-grace", "soon"]);
    says(&up(&["--refund-grace", "11years"]), &["--refund-grace", "at most 10 years"]);
    says(&up(&["--refund-grace=-1d"]), &["--refund-grace"]);
    says(&up(&["--listen", "127.0.0.1:0", "--database-url", "nonsense"]), &["DATABASE_URL"]);
    let verify = verify(folder.path());
    says(&verify, &["there is no database", "DATABASE_URL"]);
}

#[test]
fn a_busy_port_is_told_before_anything_starts() {
    let folder = folder();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let output =
        cooly().args(["up", "--listen", &address, "--data-dir"]).arg(folder.path()).output().unwrap();
    says(&output, &[&address, "taken", "--listen"]);
    assert!(!folder.path().join("postgres").exists());
}

#[test]
fn missing_postgres_binaries_say_what_to_install() {
    let (folder, empty) = (folder(), support::folder());
    let output = cooly()
        .env("COOLY_PG_BIN", empty.path())
        .args(["up", "--listen", "127.0.0.1:0", "--data-dir"])
        .arg(folder.path())
        .output()
        .unwrap();
    says(&output, &["COOLY_PG_BIN"]);
}

#[tokio::test]
async fn a_second_up_on_the_same_folder_is_refused_and_tools_find_the_running_one() {
    let folder = folder();
    let mut up = Up::start(folder.path(), &[]).await;
    let second =
        cooly().args(["up", "--listen", "127.0.0.1:0", "--data-dir"]).arg(folder.path()).output().unwrap();
    says(&second, &["postgres"]);
    let verified = verify(folder.path());
    assert!(verified.status.success(), "{}", text(&verified));
    let rebuilt =
        cooly().args(["rebuild", "credit_history", "--data-dir"]).arg(folder.path()).output().unwrap();
    assert!(rebuilt.status.success(), "{}", text(&rebuilt));
    let unknown = cooly().args(["rebuild", "nonsense", "--data-dir"]).arg(folder.path()).output().unwrap();
    says(&unknown, &["nonsense"]);

    let demo = up.token("user", "demo");
    assert_eq!(up.get("/v1/credits", &demo).await["available"], "1000");
    assert!(up.stop().success(), "SIGTERM ends it gently: {}", up.log());
    up.start_again().await;
    assert_eq!(up.get("/v1/credits", &demo).await["available"], "1000", "welcomed once");
    for secret in [demo.as_str(), &std::fs::read_to_string(folder.path().join("jwt.key")).unwrap()] {
        let logged: String = up.log().lines().filter(|line| !line.starts_with("    ")).collect();
        assert!(!logged.contains(secret), "a secret is in the log");
    }
}

#[test]
fn a_seal_key_is_made_and_never_shown_again() {
    let made = String::from_utf8(cooly().arg("seal-key").output().unwrap().stdout).unwrap();
    let secret = made.split("COOLY_SEAL_KEY=").nth(1).unwrap().split_whitespace().next().unwrap();
    let public = made.split_whitespace().last().unwrap();
    assert_eq!((secret.len(), public.len()), (64, 64));
    let shown = cooly().env("COOLY_SEAL_KEY", secret).args(["seal-key", "--show"]).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&shown.stdout).trim(), public);
    for command in [["up", "--help"], ["worker", "--help"], ["verify", "--help"], ["seal-key", "--help"]] {
        let help = text(&cooly().env("COOLY_SEAL_KEY", secret).args(command).output().unwrap());
        assert!(help.contains("COOLY_SEAL_KEY") && !help.contains(secret), "{command:?}: {help}");
    }
    let folder = folder();
    let misspelt = format!("{}g", &secret[1..]);
    let up = cooly().env("COOLY_SEAL_KEY", &misspelt).args(["up", "--data-dir"]).arg(folder.path()).output();
    let up = up.unwrap();
    says(&up, &["COOLY_SEAL_KEY", "cooly seal-key"]);
    assert!(!text(&up).contains(&misspelt), "what may be a secret is repeated");
    says(
        &cooly().args(["seal-key", "--show", "--data-dir"]).arg(folder.path()).output().unwrap(),
        &["no key"],
    );
}

#[test]
fn a_proof_that_cannot_be_read_is_named() {
    let folder = folder();
    let file = folder.path().join("proof.json");
    let check =
        |trust: &str| cooly().args(["proof", "verify"]).arg(&file).args(["--trust", trust]).output().unwrap();
    says(&check(&"ab".repeat(32)), &["proof.json", "cannot be read"]);
    std::fs::write(&file, "{}").unwrap();
    says(&check(&"ab".repeat(32)), &["not proved", "cooly-proof/1"]);
    says(&check("nonsense"), &["--trust nonsense"]);
    says(&cooly().args(["proof", "verify"]).arg(&file).output().unwrap(), &["--trust"]);
    says(&cooly().args(["proof", "make", "x"]).output().unwrap(), &["`x`", "position"]);
}

#[tokio::test]
async fn the_log_is_sealed_and_an_event_is_proved_without_the_database() {
    let folder = folder();
    let up = Up::start(folder.path(), &["--seal-after", "100ms"]).await;
    let in_folder = |args: &[&str]| cooly().args(args).arg("--data-dir").arg(folder.path()).output().unwrap();
    let key = text(&in_folder(&["seal-key", "--show"])).trim().to_owned();
    let secret_file = folder.path().join("seal.key");
    let mode =
        std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(&secret_file).unwrap().permissions());
    assert_eq!(mode & 0o777, 0o600);
    up.grant("alice", "5").await;
    let auditor = up.token("auditor", "ann");
    let events = up.get("/audit/events?user=alice", &auditor).await;
    let event = &events["items"][0];
    let (position, id) = (event["position"].to_string(), event["event_id"].as_str().unwrap());
    let mut newest = 0;
    while newest < event["position"].as_i64().unwrap() {
        let seals = up.get("/audit/seals?limit=100", &auditor).await;
        newest = seals["items"]
            .as_array()
            .unwrap()
            .last()
            .map_or(0, |seal| seal["last_position"].as_i64().unwrap());
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }

    let file = folder.path().join("proof.json");
    let out = file.to_str().unwrap();
    let made = in_folder(&["proof", "make", &position, "--out", out]);
    assert!(made.status.success() && text(&made).contains("cooly proof verify"), "{}", text(&made));
    let by_id = in_folder(&["proof", "make", id]);
    assert_eq!(String::from_utf8(by_id.stdout).unwrap(), std::fs::read_to_string(&file).unwrap());
    says(&in_folder(&["proof", "make", "999999"]), &["no event", "999999"]);

    let check = |trust: &str| cooly().args(["proof", "verify", out, "--trust", trust]).output().unwrap();
    let proved = check(&key);
    let said = text(&proved);
    assert!(
        proved.status.success() && said.contains("credits.granted") && said.contains("not proved:"),
        "{said}"
    );
    says(&check(&"ab".repeat(32)), &["not proved", "step 6", &key]);
    let forged = std::fs::read_to_string(&file).unwrap().replace("admin:ops", "admin:eve");
    std::fs::write(&file, forged).unwrap();
    says(&check(&key), &["not proved", "step 1"]);

    let verified = in_folder(&["verify"]);
    let said = text(&verified);
    assert!(verified.status.success() && said.contains("--kept"), "{said}");
    assert!(!said.contains("no key to trust"), "the folder's own key is trusted: {said}");
    let kept = said.split("`--kept`: ").nth(1).unwrap().split_whitespace().next().unwrap().to_owned();
    let again = in_folder(&["verify", "--log-only", "--trust", &key, "--kept", &kept]);
    assert!(again.status.success(), "{}", text(&again));
    let other = in_folder(&["verify", "--log-only", "--trust", &"ab".repeat(32)]);
    says(&other, &["seal: the seal is signed with the key", &key, "not trusted"]);
    let cut = in_folder(&["verify", "--log-only", "--kept", &format!("999:{}", "00".repeat(32))]);
    says(&cut, &["seal: the seal was kept", "block 999"]);
    let secret = std::fs::read_to_string(&secret_file).unwrap();
    assert!(!up.log().contains(secret.trim()), "the secret key is in the log");
}

#[test]
fn a_link_to_more_credits_must_be_safe_to_follow() {
    for wrong in ["javascript:alert(1)", "http://shop.example.org", "https://user@shop.example.org"] {
        says(&cooly().args(["up", "--top-up-url", wrong]).output().unwrap(), &["--top-up-url", "https://"]);
    }
    says(&cooly().args(["up", "--low-balance=-1"]).output().unwrap(), &["--low-balance"]);
}
