//! No two files need each other, by whatever way round: each can be read after those that it uses.
//!
//! A file is a node, and a path in its code that leads into another one of its crate an edge. Unit tests are left out:
//! they come last.

use cargo_metadata::{MetadataCommand, Target};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// The place of a file in its crate: `["lane", "round"]`.
type Place = Vec<String>;

type Graph = BTreeMap<Place, BTreeSet<Place>>;

#[test]
fn no_two_files_need_each_other() {
    let manifest = concat!(env!("CARGO_MANIFEST_DIR"), "/../Cargo.toml");
    let metadata = MetadataCommand::new().manifest_path(manifest).no_deps().exec().unwrap();
    let (mut files, mut circles) = (0, Vec::new());
    for target in metadata.packages.iter().flat_map(|package| &package.targets) {
        let graph = graph(target);
        files += graph.len();
        circles.extend(circle(&graph).map(|circle| format!("{}: {}", target.name, circle.join(" → "))));
    }
    assert!(files > 300, "only {files} files were read");
    assert_eq!(circles, Vec::<String>::new());
}

fn graph(target: &Target) -> Graph {
    let root = target.src_path.clone().into_std_path_buf();
    let folder = root.parent().unwrap();
    let mut files = BTreeMap::from([(Place::new(), root.clone())]);
    add_modules(&mut files, folder, &Place::new(), &root);
    let known: BTreeSet<Place> = files.keys().cloned().collect();
    let edges = files.iter().map(|(place, file)| {
        let paths = paths(&code(file));
        let reached = paths.iter().filter_map(|path| reached(path, place, &known));
        (place.clone(), reached.filter(|other| other != place).collect())
    });
    edges.collect()
}

/// Adds the files of the modules that `file` declares, and theirs.
fn add_modules(files: &mut BTreeMap<Place, PathBuf>, folder: &Path, place: &Place, file: &Path) {
    for line in code(file).lines() {
        let Some((before, rest)) = line.split_once("mod ") else { continue };
        let is_declaration = before.is_empty() || before.starts_with("pub");
        let Some(name) = rest.strip_suffix(';').filter(|_| is_declaration) else { continue };
        let path = [format!("{name}.rs"), format!("{name}/mod.rs")].map(|path| folder.join(path));
        let Some(path) = path.into_iter().find(|path| path.exists()) else { continue };
        let inner = [place.as_slice(), &[name.to_owned()]].concat();
        add_modules(files, &folder.join(name), &inner, &path);
        files.insert(inner, path);
    }
}

/// The file without its comments and its unit tests.
fn code(file: &Path) -> String {
    let text = std::fs::read_to_string(file).unwrap();
    let text = text.split("#[cfg(test)]\nmod tests {").next().unwrap();
    text.lines().map(|line| line.split("//").next().unwrap()).collect::<Vec<_>>().join("\n")
}

/// All paths that begin in the crate or above the file, with those in braces written out.
fn paths(code: &str) -> Vec<String> {
    let mut found = Vec::new();
    for start in ["crate::", "super::"] {
        for (place, _) in code.match_indices(start) {
            let is_inside =
                code[..place].ends_with(|before: char| before.is_alphanumeric() || "_:".contains(before));
            if !is_inside {
                written_out("", &code[place..], &mut found);
            }
        }
    }
    found
}

/// Reads one path, or a tree of them, and returns what is left.
fn written_out<'a>(before: &str, text: &'a str, found: &mut Vec<String>) -> &'a str {
    let text = text.trim_start();
    let length = text.find(|c: char| !c.is_alphanumeric() && !"_:".contains(c)).unwrap_or(text.len());
    let (path, mut rest) = text.split_at(length);
    let path = format!("{before}{path}");
    if !(path.ends_with("::") && rest.starts_with('{')) {
        found.push(path);
        return rest;
    }
    rest = &rest[1..];
    loop {
        rest = written_out(&path, rest, found).trim_start();
        // `as name` and the like say nothing about where it leads.
        let next = rest.find([',', '}']).unwrap_or(rest.len());
        rest = &rest[next..];
        match rest.strip_prefix(',') {
            Some(more) if !more.trim_start().starts_with('}') => rest = more,
            Some(more) => return more.trim_start().strip_prefix('}').unwrap_or_default(),
            None => return rest.strip_prefix('}').unwrap_or_default(),
        }
    }
}

/// The file that a path leads to.
fn reached(path: &str, from: &Place, known: &BTreeSet<Place>) -> Option<Place> {
    let mut parts = path.split("::").filter(|part| !part.is_empty()).peekable();
    let mut place = match parts.next()? {
        "crate" => Place::new(),
        _ => from[..from.len().checked_sub(1)?].to_vec(),
    };
    while parts.next_if_eq(&"super").is_some() {
        place.pop();
    }
    for part in parts {
        let next = [place.as_slice(), &[part.to_owned()]].concat();
        if !known.contains(&next) {
            break;
        }
        place = next;
    }
    known.contains(&place).then_some(place)
}

/// Files that need each other in a circle, if there are any.
fn circle(graph: &Graph) -> Option<Vec<String>> {
    let mut left = graph.clone();
    // Whatever needs nothing that is left is in no circle, nor is whatever nothing that is left needs.
    loop {
        let needed: BTreeSet<Place> = left.values().flatten().cloned().collect();
        let before = left.len();
        left.retain(|place, needs| !needs.is_empty() && needed.contains(place));
        let here: BTreeSet<Place> = left.keys().cloned().collect();
        left.values_mut().for_each(|needs| needs.retain(|other| here.contains(other)));
        if left.len() == before {
            break;
        }
    }
    let mut place = left.keys().next()?;
    let mut walked = vec![place];
    loop {
        place = left[place].first()?;
        if let Some(start) = walked.iter().position(|other| *other == place) {
            let names = walked[start..].iter().chain([&place]).map(|place| match place.as_slice() {
                [] => "the root".to_owned(),
                parts => parts.join("::"),
            });
            return Some(names.collect());
        }
        walked.push(place);
    }
}

#[test]
fn a_circle_is_found_and_told() {
    let graph = |edges: &[(&str, &[&str])]| -> Graph {
        let place = |name: &str| vec![name.to_owned()];
        edges.iter().map(|(from, to)| (place(from), to.iter().map(|to| place(to)).collect())).collect()
    };
    let straight = graph(&[("a", &["b", "c"]), ("b", &["c"]), ("c", &[])]);
    assert_eq!(circle(&straight), None);
    let round = graph(&[("a", &["b"]), ("b", &["c"]), ("c", &["d"]), ("d", &["b"]), ("e", &["a"])]);
    assert_eq!(circle(&round).unwrap().join(" → "), "b → c → d → b");
    let written =
        paths("use crate::lane::{self, round::{One, Two as Other}, Batch};\nlet x = super::ids::new();");
    let expected = [
        "crate::lane::self",
        "crate::lane::round::One",
        "crate::lane::round::Two",
        "crate::lane::Batch",
        "super::ids::new",
    ];
    assert_eq!(written, expected);
}
