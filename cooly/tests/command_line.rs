//! What a person at a terminal meets: one clear sentence and what to do, never a stack.

mod support;

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
    for command in
        ["up", "api", "worker", "projector", "migrate", "verify", "export", "rebuild", "token", "Examples"]
    {
        assert!(help.contains(command), "{command}: {help}");
    }
    let help = text(&cooly().args(["up", "--help"]).output().unwrap());
    for setting in ["--listen", "--data-dir", "DATABASE_URL", "COOLY_JWT_SECRET", "COOLY_SQS_ENDPOINT"] {
        assert!(help.contains(setting), "{setting}: {help}");
    }
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
