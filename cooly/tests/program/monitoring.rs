//! Metrics, what is documented of them, alerts and dashboard speak of the same things.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Where the code of what runs in production is.
const SOURCES: [&str; 6] =
    ["ledger/src", "projections/src", "worker/src", "worker/webhooks/src", "api/src", "cooly/src"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

fn read(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// All that stands between these two, as often as they occur.
fn between<'text>(text: &'text str, before: &str, after: &str) -> BTreeSet<&'text str> {
    text.split(before).skip(1).filter_map(|rest| rest.split_once(after)).map(|(name, _)| name).collect()
}

/// The rows of the table of metrics.
fn documented() -> BTreeSet<String> {
    let operations = read("docs/operations.md");
    let (_, metrics) = operations.split_once("\n## Metrics\n").unwrap();
    let (table, _) = metrics.split_once("\n### What to alert on\n").unwrap();
    between(table, "\n| `", "`").into_iter().map(str::to_owned).collect()
}

/// Every word in the text that is named as our metrics are. A histogram goes by its parts' names.
fn named(text: &str) -> BTreeSet<String> {
    let words = text.split(|letter: char| !(letter.is_ascii_alphanumeric() || letter == '_'));
    let ours = words.filter(|word| {
        let (family, rest) = word.split_once('_').unwrap_or_default();
        ["cooly", "http", "ledger", "projector"].contains(&family) && !rest.is_empty()
    });
    ours.map(|word| {
        let part = ["_bucket", "_sum", "_count"].iter().find_map(|part| word.strip_suffix(part));
        part.unwrap_or(word).to_owned()
    })
    .collect()
}

/// The metrics that the code writes, by a name on the spot or by one that a constant of its file holds.
fn written() -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    let mut folders: Vec<PathBuf> = SOURCES.iter().map(|folder| root().join(folder)).collect();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).unwrap_or_else(|error| panic!("{folder:?}: {error}")) {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                names.extend(written_in(&std::fs::read_to_string(path).unwrap()));
            }
        }
    }
    names
}

fn written_in(code: &str) -> BTreeSet<String> {
    let calls = ["counter!(", "gauge!(", "histogram!("].into_iter().flat_map(|call| code.split(call).skip(1));
    calls
        .filter_map(|rest| {
            let argument = rest.trim_start();
            if let Some(name) = argument.strip_prefix('"') {
                return name.split_once('"').map(|(name, _)| name);
            }
            let end = argument.find(|letter: char| !(letter.is_ascii_uppercase() || letter == '_'))?;
            let constant = format!("const {}: &str = \"", &argument[..end]);
            let (_, value) = code.split_once(&constant)?;
            value.split_once('"').map(|(name, _)| name)
        })
        .map(str::to_owned)
        .collect()
}

#[test]
fn every_metric_is_in_the_table_and_the_table_has_no_other() {
    let (written, documented) = (written(), documented());
    assert!(written.len() > 60, "only {} were found", written.len());
    assert_eq!(written, documented);
}

#[test]
fn alerts_and_dashboard_ask_for_metrics_that_there_are() {
    let documented = documented();
    for file in ["cooly/deploy/chart/files/alerts.yaml", "cooly/deploy/chart/files/dashboard.json"] {
        let named = named(&read(file));
        assert!(named.len() > 15, "{file} names {named:?}");
        let unknown: Vec<_> = named.difference(&documented).collect();
        assert!(unknown.is_empty(), "{file} asks for {unknown:?}");
    }
}

#[test]
fn every_alert_says_what_to_do_and_nothing_else_is_said() {
    let (rules, pages) = (read("cooly/deploy/chart/files/alerts.yaml"), read("docs/alerts.md"));
    let alerts = between(&rules, "- alert: ", "\n");
    assert_eq!(alerts, between(&pages, "\n## ", "\n"));
    let anchors: BTreeSet<String> = alerts.iter().map(|alert| alert.to_lowercase()).collect();
    let linked = between(&rules, "runbook: 'docs/alerts.md#", "'");
    assert_eq!(anchors, linked.into_iter().map(str::to_owned).collect());
    for page in pages.split("\n## ").skip(1) {
        assert!(page.contains("\n**What to do.** "), "{page}");
    }
}

/// Counters without labels of which an alert wants to see the first step.
pub(crate) fn awaited() -> Vec<String> {
    let rules = read("cooly/deploy/chart/files/alerts.yaml");
    let awaited: Vec<String> = between(&rules, "sum(increase(", "[")
        .into_iter()
        .filter(|selector| !selector.contains('{'))
        .map(str::to_owned)
        .collect();
    assert!(awaited.len() >= 5, "{awaited:?}");
    awaited
}
