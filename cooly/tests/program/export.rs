//! `cooly export` as a person at a terminal meets it.

use crate::support;

use serde_json::Value;
use std::path::Path;
use std::process::Output;
use support::{Up, cooly, folder, text};

fn export(data_dir: &Path, arguments: &[&str]) -> Output {
    cooly().arg("export").args(arguments).arg("--data-dir").arg(data_dir).output().unwrap()
}

fn lines(bytes: &[u8]) -> Vec<Value> {
    let text = std::str::from_utf8(bytes).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn help_teaches_how_to_load_an_export() {
    let help = text(&cooly().args(["export", "--help"]).output().unwrap());
    for word in
        ["--format", "--user", "--since", "--until", "--out", "parquet", "DuckDB", "pandas", "manifest"]
    {
        assert!(help.contains(word), "{word}: {help}");
    }
}

#[test]
fn what_cannot_be_exported_is_said_in_one_sentence() {
    let folder = folder();
    for (arguments, words) in [
        (&["--format", "xml"][..], &["xml", "ndjson, csv, parquet"][..]),
        (&["--format", "parquet"], &["--out"]),
        (&["--since", "yesterday"], &["--since", "position", "2026-01-31T12:00:00Z"]),
        (&["--since", "7", "--until", "6"], &["--until", "--since"]),
        (&["--since", "2026-02-01", "--until", "2026-01-01"], &["--until", "--since"]),
        (&["--user", ""], &["--user", "1 to 255 bytes"]),
        (&["--dataset", "accounts"], &["accounts", "events, seals"]),
        (&[], &["there is no database", "DATABASE_URL"]),
    ] {
        let output = export(folder.path(), arguments);
        assert!(!output.status.success() && output.stdout.is_empty(), "{arguments:?}");
        let error = String::from_utf8_lossy(&output.stderr);
        for word in words {
            assert!(error.contains(word), "{arguments:?}: `{word}` is missing in: {error}");
        }
        assert!(!error.contains("panicked"), "{error}");
    }
}

#[tokio::test]
async fn the_log_is_exported_while_everything_runs() {
    let folder = folder();
    let up = Up::start(folder.path(), &[]).await;
    up.grant("alice", "5").await;
    up.grant("bob", "7").await;

    let printed = export(folder.path(), &[]);
    assert!(printed.status.success(), "{}", text(&printed));
    let all = lines(&printed.stdout);
    let trailer = &all[all.len() - 1]["export"];
    assert_eq!(trailer["events"], all.len() - 1);
    assert_eq!(all[0]["type"], "credits.granted");

    for format in ["ndjson", "csv", "parquet"] {
        let out = folder.path().join(format!("log.{format}"));
        let path = out.to_str().unwrap();
        let exported = export(folder.path(), &["--format", format, "--out", path]);
        assert!(exported.status.success(), "{}", text(&exported));
        assert!(text(&exported).contains(path), "{}", text(&exported));
        let manifest = std::fs::read_to_string(format!("{path}.manifest.json")).unwrap();
        let manifest: Value = serde_json::from_str(&manifest).unwrap();
        assert_eq!(manifest["events"], trailer["events"], "{format}");
        assert_eq!(manifest["hashes_sha256"], trailer["hashes_sha256"], "{format}");
        assert!(std::fs::metadata(&out).unwrap().len() > 0);
    }
    let bob = export(folder.path(), &["--user", "bob", "--format", "csv"]);
    let rows = String::from_utf8(bob.stdout).unwrap();
    assert_eq!(rows.lines().count(), 2, "{rows}");
    assert!(rows.starts_with("position,") && rows.contains("credits.granted"));

    let nobody = export(folder.path(), &["--user", "nobody"]);
    assert!(!nobody.status.success() && text(&nobody).contains("no such account"), "{}", text(&nobody));
    let from = trailer["continue_from"].to_string();
    let later = lines(&export(folder.path(), &["--since", &from]).stdout);
    assert_eq!((later.len(), &later[0]["export"]["events"]), (1, &0.into()));
}

#[tokio::test]
async fn what_fails_leaves_no_file_that_looks_whole() {
    let folder = folder();
    let _up = Up::start(folder.path(), &[]).await;
    let missing = folder.path().join("no/such/folder/log.csv");
    let failed = export(folder.path(), &["--format", "csv", "--out", missing.to_str().unwrap()]);
    assert!(
        !failed.status.success() && text(&failed).contains("log.csv cannot be written"),
        "{}",
        text(&failed)
    );

    // A folder stands where the file should go: only the last step fails.
    let taken = folder.path().join("taken");
    std::fs::create_dir(&taken).unwrap();
    let failed = export(folder.path(), &["--out", taken.to_str().unwrap()]);
    assert!(
        !failed.status.success() && text(&failed).contains("taken cannot be written"),
        "{}",
        text(&failed)
    );
    let left: Vec<_> = std::fs::read_dir(folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.starts_with("taken") && name != "taken")
        .collect();
    assert_eq!(left, Vec::<String>::new());

    let closed = cooly()
        .args(["export", "--data-dir"])
        .arg(folder.path())
        .stdout(std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap())
        .output()
        .unwrap();
    assert!(!closed.status.success());
    assert!(text(&closed).contains("standard output does not take the export"), "{}", text(&closed));
}
