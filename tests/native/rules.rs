//! The rules of `docs/PROTOCOL.md`: each has one id and a test that proves it, and whatever is cited
//! can be read in this repository.
//!
//! A test cites rules in its title: a native one by the beginning of its name (`p11_what_…`) or in a
//! doc comment (`/// [P11] What …`), one in TypeScript by the beginning of its title (`"[P11] what …"`).

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use crate::tidy::files;

/// Ids that rules had once: no other rule gets them.
const GONE: &[&str] = &["E1", "V10", "V11", "V12", "V13", "V14", "V15"];
const PROTOCOL: &str = include_str!("../../docs/PROTOCOL.md");

/// All that people read: sources, tests, documents.
fn texts() -> Vec<(PathBuf, String)> {
    let endings = ["rs", "ts", "js", "mjs", "md", "html", "css", "toml"];
    let folders = ["src", "tests", "docs", "scripts", "bench", "site"];
    let mut found: Vec<_> = folders.iter().flat_map(|it| files(it, &endings)).collect();
    for name in [
        "README.md",
        "CONTRIBUTING.md",
        "CHANGELOG.md",
        "SECURITY.md",
        "Cargo.toml",
        "wrangler.toml",
        "clippy.toml",
    ] {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
        found.push((path.clone(), std::fs::read_to_string(path).unwrap()));
    }
    found
}

fn is_id(word: &str) -> bool {
    let digits = word.strip_prefix(|it: char| it.is_ascii_uppercase()).unwrap_or_default();
    (1..=2).contains(&digits.len()) && digits.bytes().all(|it| it.is_ascii_digit())
}

/// The ids of a list like `P11, B27`; none if anything else is in it.
fn list(text: &str) -> Vec<String> {
    let words: Vec<_> = text.split(", ").collect();
    if words.iter().all(|it| is_id(it)) {
        words.into_iter().map(str::to_owned).collect()
    } else {
        vec![]
    }
}

/// Where `docs/PROTOCOL.md` defines each rule: `**P11** …`, once.
fn rules() -> BTreeSet<String> {
    let (text, _) = PROTOCOL.split_once("\n## Lines of the five documents\n").unwrap();
    let mut found = BTreeSet::new();
    for id in text.split("**").skip(1).step_by(2).filter(|it| is_id(it)) {
        assert!(found.insert(id.to_owned()), "{id} stands twice in docs/PROTOCOL.md");
    }
    found
}

/// The lines of the five documents, and what its table says holds the server to each.
fn lines() -> BTreeMap<String, String> {
    let (_, text) = PROTOCOL.split_once("\n## Lines of the five documents\n").unwrap();
    let mut found = BTreeMap::new();
    for row in text.lines() {
        let cells: Vec<_> = row.split(" | ").collect();
        let [ids, _, held] = cells.as_slice() else { continue };
        for id in list(ids.trim_start_matches("| ")) {
            let again = found.insert(id.clone(), held.trim_end_matches(" |").to_owned());
            assert!(again.is_none(), "{id} stands twice in the tables of docs/PROTOCOL.md");
        }
    }
    found
}

/// What the name of a native test begins with: `b27_l1_the_message_…` cites B27 and L1.
fn named(name: &str) -> Vec<String> {
    name.split('_').map(str::to_ascii_uppercase).take_while(|it| is_id(it)).collect()
}

/// The ids that the tests of a Rust file cite.
fn cited_in_rust(text: &str) -> Vec<String> {
    let (mut found, mut above, mut is_test) = (vec![], vec![], false);
    for line in text.lines().map(str::trim_start) {
        if let Some((ids, _)) = line.strip_prefix("/// [").and_then(|it| it.split_once(']')) {
            above.extend(list(ids));
        } else if line == "#[test]" {
            is_test = true;
        } else if let Some(name) = line.strip_prefix("fn ") {
            if is_test {
                found.append(&mut above);
                found.extend(named(name));
            }
            (above, is_test) = (vec![], false);
        }
    }
    found
}

/// The ids that the titles of a TypeScript file cite.
fn cited_in_typescript(text: &str) -> Vec<String> {
    let titles = text.split(['"', '`', '\'']).filter_map(|it| it.strip_prefix('['));
    titles.filter_map(|it| it.split_once("] ")).flat_map(|(ids, _)| list(ids)).collect()
}

fn cited_by_tests() -> BTreeSet<String> {
    let rust = files("src", &["rs"]).into_iter().chain(files("tests", &["rs"]));
    let rust = rust.flat_map(|(_, text)| cited_in_rust(&text));
    let titles = files("tests", &["ts"]);
    rust.chain(titles.iter().flat_map(|(_, text)| cited_in_typescript(text))).collect()
}

/// What people read of a line: all of a document's, a comment elsewhere.
fn prose<'a>(path: &Path, line: &'a str) -> &'a str {
    let line = line.trim_start();
    let is_comment = |it: &str| ["//", "/*", "* ", "# "].iter().any(|start| it.starts_with(start));
    if path.extension().is_some_and(|it| it == "md") || is_comment(line) {
        return line;
    }
    line.split_once(" // ").map_or("", |(_, comment)| comment)
}

#[test]
fn a_rule_has_one_id_and_no_line_has_it() {
    let (rules, lines) = (rules(), lines());
    assert!(100 < rules.len() && 100 < lines.len(), "the test reads the tables");
    let both: Vec<_> = rules.iter().filter(|it| lines.contains_key(*it)).collect();
    assert!(!GONE.iter().any(|it| rules.contains(*it)), "{GONE:?} were others' ids");
    assert!(both.is_empty(), "{both:?} are rules and lines of a document");
}

#[test]
fn a_rule_is_cited_by_a_test_that_proves_it() {
    let cited = cited_by_tests();
    let unproved: Vec<_> = rules().into_iter().filter(|it| !cited.contains(it)).collect();
    assert!(unproved.is_empty(), "no test cites {unproved:?}");
}

#[test]
fn what_is_cited_stands_in_the_protocol() {
    let (rules, lines) = (rules(), lines());
    let is_known = |id: &str| rules.contains(id) || lines.contains_key(id);
    let unknown: Vec<_> = cited_by_tests().into_iter().filter(|it| !is_known(it)).collect();
    assert!(unknown.is_empty(), "tests cite {unknown:?}");
    for (path, text) in texts() {
        for line in text.lines() {
            let words = prose(&path, line).split(|it: char| !it.is_alphanumeric());
            for id in words.filter(|it| is_id(it)) {
                let is_told_gone = path.ends_with("PROTOCOL.md") && GONE.contains(&id);
                assert!(is_known(id) || is_told_gone, "{} cites {id}: {line}", path.display());
            }
        }
    }
}

#[test]
fn each_line_of_a_document_is_held_by_rules_or_tests() {
    let rules = rules();
    for (id, held) in lines() {
        for it in held.split(", ") {
            let file = it.trim_matches('`');
            let is_there = Path::new(env!("CARGO_MANIFEST_DIR")).join(file).is_file();
            assert!(rules.contains(it) || is_there, "{id} is held by {it}, which is not there");
        }
    }
}

#[test]
fn no_text_cites_a_document_that_is_not_in_the_repository() {
    let texts = texts();
    let name = |it: &str| it.rsplit('/').next().unwrap_or_default().to_owned();
    let documents: BTreeSet<_> =
        texts.iter().map(|(path, _)| name(path.to_str().unwrap())).collect();
    // In halves, so that this file does not name them either.
    let words = [concat!("SP", "EC"), concat!("REQUIRE", "MENTS")];
    let phrases = [concat!("seed", " 0"), concat!("seed", "'s"), concat!("the ", "issue")];
    for (path, text) in &texts {
        for line in text.lines() {
            let place = format!("{}: {line}", path.display());
            let lower = line.to_lowercase().replace("issuer", "");
            assert!(!phrases.iter().any(|it| lower.contains(it)), "{place}");
            let mut all = line.split(|it: char| !it.is_alphanumeric() && it != '_');
            assert!(!all.any(|it| words.contains(&it)), "{place}");
            // Documents have names in capitals; others are what the bench writes.
            let is_part = |it: char| it.is_alphanumeric() || "_-./".contains(it);
            let paths = prose(path, line).split(|it| !is_part(it));
            let names = paths.map(|it| name(it.trim_end_matches('.')));
            for it in names.filter(|it| it.contains(".md") && it.starts_with(char::is_uppercase)) {
                assert!(documents.contains(&it), "{place}");
            }
        }
    }
}

#[test]
fn no_doc_comment_is_a_single_word() {
    let is_doc = |it: &str| it.starts_with("///") || it.starts_with("//!");
    for (path, text) in files("src", &["rs"]).into_iter().chain(files("tests", &["rs"])) {
        let lines: Vec<_> = text.lines().map(str::trim_start).collect();
        let groups = lines.chunk_by(|a, b| is_doc(a) == is_doc(b));
        for only in groups.filter(|it| it.len() == 1).flatten().filter(|it| is_doc(it)) {
            let words = only.trim_start_matches(['/', '!']).trim();
            let is_word = words.ends_with('.') && !words.contains(' ');
            assert!(!is_word, "{}: say shape, unit or source: {only}", path.display());
        }
    }
}

#[test]
fn citations_are_read_in_each_form() {
    let rust = "/// [P11, B27] What.\n#[test]\nfn l1_l2_that() {}\n/// [P1]\nfn h1_no_test() {}";
    assert_eq!(cited_in_rust(rust), ["P11", "B27", "L1", "L2"]);
    let typescript = "test(\"[P11, B27] what\"); `[L1] %s`; [\"a\", '[b] c']; x[P1] ";
    assert_eq!(cited_in_typescript(typescript), ["P11", "B27", "L1"]);
    assert_eq!(prose(Path::new("a.rs"), "  let x = 1; // as T1 says"), "as T1 says");
    assert!(
        is_id("P1")
            && is_id("P12")
            && !["P", "P123", "PP1", "p1", "P1x"].iter().any(|it| is_id(it))
    );
}

/// What docs/SECURITY.md says is proved somewhere: the place is there, the command too, and each rule.
#[test]
fn what_security_rests_on_is_there() {
    let text = include_str!("../../docs/SECURITY.md");
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let package = include_str!("../../package.json");
    let (mut places, mut commands) = (0, 0);
    for quoted in text.split('`').skip(1).step_by(2) {
        if let Some(command) = quoted.strip_prefix("npm run ") {
            commands += 1;
            assert!(package.contains(&format!("\"{command}\":")), "{quoted}");
        } else if quoted.starts_with("tests/") || quoted.starts_with("src/") {
            places += 1;
            assert!(root.join(quoted).exists(), "{quoted}");
        }
    }
    assert!(20 < places && 2 < commands, "{places} {commands}");
    for word in text.split(|it: char| !it.is_ascii_alphanumeric()).filter(|it| is_id(it)) {
        assert!(PROTOCOL.contains(&format!("**{word}**")), "{word}");
    }
}
