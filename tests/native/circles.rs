//! No two files need each other. Modules that only list others are left out: they name their children,
//! which name them.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use crate::tidy::files;

type Module = Vec<String>;

/// What a `use` names, each path whole.
fn named(prefix: &[String], tree: &str, all: &mut Vec<Module>) {
    let (mut depth, mut part) = (0usize, String::new());
    for letter in tree.chars().chain([',']) {
        match letter {
            '{' => depth += 1,
            '}' => depth -= 1,
            _ => {}
        }
        if letter != ',' || depth != 0 {
            part.push(letter);
            continue;
        }
        let (path, inner) = part.split_once('{').unwrap_or((&part, ""));
        let names = path.split("::").map(str::trim).filter(|it| !it.is_empty());
        let whole: Module = prefix.iter().cloned().chain(names.map(str::to_owned)).collect();
        match inner.strip_suffix('}') {
            Some(inner) => named(&whole, inner, all),
            None if whole.len() > prefix.len() => all.push(whole),
            None => {}
        }
        part.clear();
    }
}

/// The same from the crate's root, as seen from this module.
fn absolute(module: &[String], path: &[String]) -> Option<Module> {
    let supers = path.iter().take_while(|it| *it == "super").count();
    match path.first()?.as_str() {
        "crate" => Some(path[1..].to_vec()),
        "self" => Some([module, &path[1..]].concat()),
        "super" => Some([&module[..module.len().saturating_sub(supers)], &path[supers..]].concat()),
        _ => None,
    }
}

/// Which modules each one uses, but for tests within it.
fn graph() -> BTreeMap<Module, BTreeSet<Module>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let sources: BTreeMap<Module, String> = files("src", &["rs"])
        .into_iter()
        .map(|(path, text)| {
            let inside = path.strip_prefix(&root).unwrap().with_extension("");
            let parts = inside.iter().map(|it| it.to_str().unwrap().to_owned());
            let text = text.split("#[cfg(test)]\nmod tests").next().unwrap().to_owned();
            (parts.collect(), text)
        })
        .collect();
    let mut graph = BTreeMap::new();
    for (module, text) in &sources {
        let mut paths = Vec::new();
        for (at, _) in text.match_indices("use ") {
            let (before, after) = text.split_at(at);
            let before = before.rsplit('\n').next().unwrap().trim();
            if before.is_empty() || before.starts_with("pub") {
                let tree = after.trim_start_matches("use ").split(';').next().unwrap();
                named(&[], tree, &mut paths);
            }
        }
        let used = paths.iter().filter_map(|it| absolute(module, it)).filter_map(|path| {
            let longest = (1..=path.len()).rev().map(|count| path[..count].to_vec());
            longest.into_iter().find(|it| sources.contains_key(it) && it != module)
        });
        graph.insert(module.clone(), used.collect());
    }
    graph
}

fn reaches(
    graph: &BTreeMap<Module, BTreeSet<Module>>,
    from: &Module,
    to: &Module,
    seen: &mut BTreeSet<Module>,
) -> bool {
    graph[from]
        .iter()
        .any(|it| it == to || (seen.insert(it.clone()) && reaches(graph, it, to, seen)))
}

#[test]
fn no_files_need_each_other() {
    let graph = graph();
    let arrows: usize = graph.values().map(BTreeSet::len).sum();
    assert!(300 < arrows, "the test reads the `use` lines: {arrows}");
    let circles = graph.keys().filter(|it| reaches(&graph, it, it, &mut BTreeSet::new()));
    let circles: Vec<String> = circles.map(|it| it.join("/")).collect();
    assert!(circles.is_empty(), "{circles:#?}");
}
