//! Holds the crates to the direction of their dependencies: an edge that is not listed here fails the build.

use cargo_metadata::{DependencyKind, MetadataCommand};
use std::collections::{BTreeMap, BTreeSet};

/// What each crate may depend on among its siblings, as `docs/architecture.md` says.
const ALLOWED: [(&str, &[&str]); 10] = [
    ("ledger", &[]),
    ("projections", &["ledger"]),
    ("webhooks", &["ledger"]),
    ("worker", &["ledger", "projections", "webhooks"]),
    ("apikeys", &["ledger"]),
    ("api", &["apikeys", "ledger", "projections", "webhooks"]),
    ("embedded", &[]),
    ("migrations", &[]),
    // For benchmarks only: nothing that is shipped depends on it.
    ("measure", &["embedded", "ledger"]),
    ("cooly", &["api", "apikeys", "embedded", "ledger", "migrations", "projections", "webhooks", "worker"]),
];

/// Who may use what from outside: only `api` knows HTTP serving, only `worker` knows SQS.
const RESERVED: [(&str, &[&str]); 7] = [
    ("poem", &["api"]),
    ("poem-openapi", &["api"]),
    ("jsonwebtoken", &["api"]),
    ("aws-sdk-sqs", &["worker"]),
    ("refinery", &["migrations"]),
    ("clap", &["cooly"]),
    ("parquet", &["ledger"]),
];

/// The normal dependencies of each crate of the workspace.
fn edges() -> BTreeMap<String, BTreeSet<String>> {
    let manifest = concat!(env!("CARGO_MANIFEST_DIR"), "/../Cargo.toml");
    let metadata = MetadataCommand::new().manifest_path(manifest).no_deps().exec().unwrap();
    let normal = |package: &cargo_metadata::Package| {
        let dependencies = package.dependencies.iter();
        dependencies
            .filter(|dependency| dependency.kind == DependencyKind::Normal)
            .map(|dependency| dependency.name.clone())
            .collect()
    };
    metadata.workspace_packages().iter().map(|package| (package.name.to_string(), normal(package))).collect()
}

#[test]
fn crates_depend_only_on_what_they_may() {
    let edges = edges();
    let crates: BTreeSet<&str> = edges.keys().map(String::as_str).collect();
    let listed: BTreeSet<&str> = ALLOWED.iter().map(|(name, _)| *name).collect();
    assert_eq!(crates, listed, "a crate was added or removed: say here what it may depend on");
    for (name, allowed) in ALLOWED {
        let siblings: Vec<&String> = edges[name].iter().filter(|to| crates.contains(to.as_str())).collect();
        for sibling in siblings {
            assert!(allowed.contains(&sibling.as_str()), "{name} must not depend on {sibling}");
        }
    }
}

#[test]
fn each_protocol_is_known_to_one_crate() {
    for (name, dependencies) in edges() {
        for (dependency, owners) in RESERVED {
            let used = dependencies.contains(dependency);
            assert!(!used || owners.contains(&name.as_str()), "{name} must not know {dependency}");
        }
    }
}

#[test]
fn only_the_ledger_writes_the_log() {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/..");
    for folder in ["projections", "worker", "worker/webhooks", "api", "api/keys", "cooly", "migrations"] {
        for file in sources(&std::path::Path::new(root).join(folder).join("src")) {
            let text = std::fs::read_to_string(&file).unwrap().to_lowercase();
            assert!(!text.contains("insert into events"), "{} writes the log", file.display());
        }
    }
}

pub(crate) fn sources(folder: &std::path::Path) -> Vec<std::path::PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(sources(&path));
        } else {
            files.push(path);
        }
    }
    files
}
