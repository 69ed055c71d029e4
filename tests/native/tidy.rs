//! The rules of the house that a compiler does not know.

use std::fs;
use std::path::{Path, PathBuf};

/// The files of a folder with these endings, but for what is installed or built there.
pub(crate) fn files(folder: &str, endings: &[&str]) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join(folder)];
    while let Some(folder) = folders.pop() {
        for item in fs::read_dir(folder).unwrap() {
            let path = item.unwrap().path();
            if path.is_dir() {
                if path.file_name().is_some_and(|it| it != "node_modules" && it != "dist") {
                    folders.push(path);
                }
            } else if endings.iter().any(|it| path.extension().is_some_and(|ext| ext == *it)) {
                found.push((path.clone(), fs::read_to_string(path).unwrap()));
            }
        }
    }
    found
}

/// The layers, in the order in which `src/lib.rs` lists them.
fn layers() -> Vec<String> {
    let lib = include_str!("../../src/lib.rs");
    let modules = lib
        .lines()
        .filter_map(|line| line.trim_start_matches("pub ").strip_prefix("mod ")?.strip_suffix(';'));
    modules.map(str::to_owned).collect()
}

#[test]
fn layers_look_down() {
    let layers = layers();
    assert_eq!(layers.first().map(String::as_str), Some("limits"));
    assert_eq!(layers.last().map(String::as_str), Some("edge"));
    let rank = |name: &str| layers.iter().position(|it| it == name).map(|it| 2 * it);
    // What features do stands above the room, and what they are about below it.
    let rules = rank("kernel").unwrap() + 1;
    let mut looked = 0;
    for (path, text) in files("src", &["rs"]) {
        let inside = path.strip_prefix(concat!(env!("CARGO_MANIFEST_DIR"), "/src")).unwrap();
        let first = inside.components().next().unwrap().as_os_str().to_str().unwrap();
        let Some(own) = rank(first.trim_end_matches(".rs")) else { continue };
        let own = match inside.file_name().and_then(|it| it.to_str()) {
            Some("http.rs") if inside.starts_with("feature") => rank("api").unwrap(),
            Some("schema.rs")
                if inside.starts_with("feature") || inside.starts_with("protocol") =>
            {
                rank("schema").unwrap()
            }
            _ if is_rules(inside) => rules,
            _ => own,
        };
        for used in text.split("crate::").skip(1) {
            let name: String =
                used.chars().take_while(|it| it.is_alphanumeric() || *it == '_').collect();
            let Some(other) = rank(&name) else { continue };
            assert!(other <= own, "{} looks up to {name}", inside.display());
            looked += 1;
        }
    }
    assert!(50 < looked, "the test reads the `use` lines: {looked}");
}

#[test]
fn only_the_folder_of_a_feature_and_the_list_name_it() {
    let list = include_str!("../../src/feature/mod.rs");
    let modules = list.lines().filter_map(|it| it.strip_prefix("pub mod ")?.strip_suffix(';'));
    let names: Vec<String> = modules.map(|it| format!("{it}::")).collect();
    assert!(4 <= names.len(), "{names:?}");
    let mut found = Vec::new();
    for (path, text) in files("src", &["rs"]) {
        let inside = path.strip_prefix(concat!(env!("CARGO_MANIFEST_DIR"), "/src")).unwrap();
        if !inside.starts_with("feature") && names.iter().any(|it| text.contains(it.as_str())) {
            found.push(inside.display().to_string());
        }
    }
    assert!(found.is_empty(), "{found:?}");
}

#[test]
fn only_the_folder_of_a_protocol_and_the_list_name_it() {
    let list = include_str!("../../src/protocol/mod.rs");
    let entries = list.lines().filter_map(|it| it.trim().strip_suffix(';')?.split_once("::"));
    let ids = entries.filter_map(|(it, _)| it.split_once(": "));
    let protocols: Vec<(&str, &str)> = ids.filter(|(id, _)| *id == id.to_uppercase()).collect();
    assert!(4 <= protocols.len(), "{protocols:?}");
    // Above all protocols nobody spells anything for one; what features say they spell themselves.
    let above = ["kernel", "history", "directory", "admission", "host", "edge"];
    for (path, text) in files("src", &["rs"]) {
        let inside = path.strip_prefix(concat!(env!("CARGO_MANIFEST_DIR"), "/src")).unwrap();
        for (id, module) in &protocols {
            let own = Path::new("protocol").join(module);
            assert!(list.contains(&format!("\nmod {module};\n")), "{module} is nobody else's");
            if inside.starts_with(&own) || inside == Path::new("protocol/mod.rs") {
                continue;
            }
            let mut names = vec![format!("ProtocolId::{id}"), format!("protocol::{module}")];
            if inside.starts_with("protocol") {
                names.push(format!("{module}::"));
            }
            if above.iter().any(|it| inside.starts_with(it)) {
                names.push(format!("\"{module}\""));
            }
            for name in names {
                assert!(!text.contains(&name), "{} names {name}", inside.display());
            }
        }
    }
}

/// Files of features that hold rules: they call the kernel.
const RULES: [&str; 7] =
    ["rules.rs", "door.rs", "fetch.rs", "measure.rs", "owners.rs", "participants.rs", "reads.rs"];

fn is_rules(inside: &Path) -> bool {
    let name = inside.file_name().and_then(|it| it.to_str()).unwrap();
    inside.starts_with("feature") && RULES.contains(&name)
}

#[test]
fn no_file_is_past_400_lines() {
    let endings = ["rs", "ts", "tsx", "mjs", "js", "css", "html"];
    for folder in ["src", "tests", "scripts", "site", "clients"] {
        for (path, text) in files(folder, &endings) {
            if text.starts_with("// Generated") {
                continue;
            }
            let lines = text.lines().count();
            assert!(lines <= 400, "{} has {lines} lines: two subjects?", path.display());
        }
    }
}

#[test]
fn only_the_edge_names_the_runtime() {
    for (path, text) in files("src", &["rs"]) {
        let at_edge = path.components().any(|it| it.as_os_str() == "edge");
        let names_it = ["worker::", "js_sys::", "web_sys::", "wasm_bindgen::", "getrandom::"]
            .iter()
            .any(|it| text.contains(it));
        assert!(at_edge || !names_it, "{}", path.display());
    }
}

#[test]
fn every_limit_stands_in_wrangler_toml_with_its_default() {
    let config = include_str!("../../wrangler.toml");
    let value = |name: &str| {
        let line = config.lines().find(|it| it.starts_with(&format!("{name} = ")))?;
        line.split('"').nth(1).map(str::to_owned)
    };
    let asked = std::cell::RefCell::new(Vec::new());
    let (limits, unreadable) = dormouse::limits::Limits::read(|name| {
        asked.borrow_mut().push(name.to_owned());
        let value = value(name);
        assert!(value.is_some(), "{name} is missing");
        value
    });
    assert_eq!(limits, dormouse::limits::Limits::default());
    assert!(unreadable.is_empty());
    assert!(10 < asked.borrow().len());
}
