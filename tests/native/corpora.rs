//! What the fuzzer has found so far, run again: `fuzz/corpus`, without the fuzzer.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use crate::fuzzed::{self, each_target};

macro_rules! corpora {
    ($($name:ident: $module:ident::$target:ident,)*) => {
        /// Every target by its name.
        const TARGETS: &[(&str, fn(&[u8]))] =
            &[$((stringify!($name), fuzzed::$module::$target)),*];

        mod of {
            use super::*;

            $(
                #[test]
                fn $name() {
                    holds_for_its_corpus(stringify!($name), fuzzed::$module::$target);
                }
            )*
        }
    };
}

each_target!(corpora);

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz").join(name)
}

/// The names of what is in a folder.
fn names(folder: &Path) -> BTreeSet<String> {
    let items = fs::read_dir(folder).unwrap();
    items.map(|it| it.unwrap().file_name().into_string().unwrap()).collect()
}

fn holds_for_its_corpus(name: &str, target: fn(&[u8])) {
    let corpus = folder("corpus").join(name);
    let inputs = names(&corpus);
    assert!(!inputs.is_empty(), "nothing in {}", corpus.display());
    for input in inputs {
        let bytes = fs::read(corpus.join(&input)).unwrap();
        // A failure names the input.
        println!("fuzz/corpus/{name}/{input}");
        target(&bytes);
    }
    target(&[]);
}

#[test]
fn every_target_is_built_and_has_a_corpus() {
    let targets: BTreeSet<String> = TARGETS.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(names(&folder("corpus")), targets);
    let files = targets.iter().map(|it| format!("{it}.rs")).collect();
    assert_eq!(names(&folder("fuzz_targets")), files);
    let manifest = fs::read_to_string(folder("Cargo.toml")).unwrap();
    for name in targets {
        let file = format!("fuzz_targets/{name}.rs");
        let text = fs::read_to_string(folder(&file)).unwrap();
        assert!(text.contains(&format!("dormouse_fuzz::{name}(")), "{file} runs another target");
        let binary = format!("[[bin]]\nname = \"{name}\"\npath = \"{file}\"\n");
        assert!(manifest.contains(&binary), "{name} is no [[bin]] of fuzz/Cargo.toml");
    }
}

/// The sources below a module of `fuzz/src/lib.rs`: its file, and for a folder all in it.
fn sources(path: &Path) -> Vec<PathBuf> {
    if path.file_name().is_some_and(|it| it == "mod.rs") {
        let parent = path.parent().unwrap();
        return names(parent).iter().map(|it| parent.join(it)).collect();
    }
    vec![path.to_owned()]
}

#[test]
fn what_targets_use_of_the_tests_is_built_with_them() {
    let lib = fs::read_to_string(folder("src/lib.rs")).unwrap();
    let modules: BTreeSet<&str> =
        lib.lines().filter_map(|it| it.strip_prefix("mod ")?.strip_suffix(';')).collect();
    let paths = lib.lines().filter_map(|it| it.strip_prefix("#[path = \"")?.strip_suffix("\"]"));
    let mut looked_at = 0;
    for path in paths.flat_map(|it| sources(&folder("src").join(it))) {
        let text = fs::read_to_string(&path).unwrap();
        for used in text.split("use crate::").skip(1) {
            let name = used.split(|it: char| !it.is_alphanumeric() && it != '_').next().unwrap();
            assert!(modules.contains(name), "{} uses {name}", path.display());
            looked_at += 1;
        }
    }
    assert!(10 < looked_at, "{looked_at}");
}
