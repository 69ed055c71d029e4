//! What a history owes documents, run against every implementation.

use std::fmt::Debug;
use std::rc::Rc;

use dormouse::feature::documents::Operation;
use dormouse::feature::documents::document::{Document, Edit, Pace, Snapshot, Version};
use dormouse::feature::documents::{EditingWrite, StoredDocument};
use dormouse::history::{History, MemoryHistory, SqlHistory};
use dormouse::kernel::Write;
use dormouse::message::{Epoch, Name, RequestId};
use proptest::prelude::*;

use crate::found;
use crate::support::{Rusqlite, entry, epoch, member};

fn sql() -> SqlHistory<Rusqlite> {
    SqlHistory::open(Rusqlite::in_memory(), &epoch()).unwrap()
}

fn name(name: &str) -> Name {
    Name::parse(name).unwrap()
}

fn edit(first: u64, operations: Vec<Operation>) -> Edit {
    Edit { first: Version(first), author: member("änn").id, undoes: None, operations }
}

fn wrote(document: &str, edit: &Edit, request_id: Option<&str>) -> Write {
    let request_id = request_id.map(|it| RequestId::parse(it).unwrap());
    let edit = Rc::new(edit.clone());
    Write::from(EditingWrite::Edit { document: name(document), edit, request_id })
}

fn mark(document: &str, version: u64, content: &str, since: u64) -> Write {
    let snapshot = Snapshot { version: Version(version), content: content.into() };
    let (document, snapshot, since) = (name(document), Rc::new(snapshot), Version(since));
    Write::from(EditingWrite::Mark { document, snapshot, since })
}

fn insert(position: u64, content: &str) -> Operation {
    Operation::Insert { position, content: content.into() }
}

#[test]
fn memory_keeps_documents() {
    contract(|| MemoryHistory::new(epoch()));
}

#[test]
fn sqlite_keeps_documents() {
    contract(sql);
}

fn contract<H: History<Error: Debug>>(new: impl Fn() -> H) {
    what_was_never_edited_is_empty(&new());
    edits_come_back_as_they_were(new());
    a_mark_forgets_what_is_not_needed(new());
    documents_are_counted_and_erased(new());
    a_flush_of_many_keeps_them_all(new());
}

fn what_was_never_edited_is_empty<H: History<Error: Debug>>(history: &H) {
    assert_eq!(found::document(history, "notes"), StoredDocument::default());
    assert_eq!(history.stored_room().unwrap().own.documents.count, 0);
}

fn edits_come_back_as_they_were<H: History<Error: Debug>>(mut history: H) {
    let awkward = "\0\u{1}\u{feff} 😀 \" \\ '; DROP TABLE document_edit;--";
    let first = edit(1, vec![insert(0, awkward)]);
    let several = vec![
        Operation::Delete { position: 3, length: 1 },
        Operation::Replace { position: 1, length: 1, content: "ä😀".into() },
        insert(0, "é"),
    ];
    let undone = Edit { undoes: Some(Version(1)), ..edit(2, several) };
    history
        .commit(&[wrote("notes", &first, Some("ref \" \0 1")), wrote("notes", &undone, None)])
        .unwrap();
    history.commit(&[wrote("other", &edit(1, vec![insert(0, "x")]), None)]).unwrap();
    let request_id = RequestId::parse("ref \" \0 1").unwrap();
    let stored = found::document(&history, "notes");
    assert_eq!(stored.snapshot, Snapshot::default());
    assert_eq!(stored.edits, [(first, Some(request_id)), (undone, None)]);
    assert_eq!(found::document(&history, "other").edits.len(), 1);
}

fn a_mark_forgets_what_is_not_needed<H: History<Error: Debug>>(mut history: H) {
    let edits: Vec<Edit> = (1..=6).map(|it| edit(it, vec![insert(0, "x")])).collect();
    let two = |from: usize| edits[from..from + 2].iter().map(|it| wrote("n", it, Some("same")));
    history.commit(&two(0).chain([mark("n", 2, "xx", 0)]).collect::<Vec<_>>()).unwrap();
    let stored = found::document(&history, "n");
    assert_eq!((stored.snapshot, stored.edits.len()), (Snapshot::default(), 2));
    history.commit(&two(2).chain([mark("n", 4, "xxxx", 2)]).collect::<Vec<_>>()).unwrap();
    history.commit(&two(4).collect::<Vec<_>>()).unwrap();
    let stored = found::document(&history, "n");
    assert_eq!(stored.snapshot, Snapshot { version: Version(2), content: "xx".into() });
    let firsts: Vec<u64> = stored.edits.iter().map(|(edit, _)| edit.first.0).collect();
    assert_eq!(firsts, [3, 4, 5, 6]);
}

fn documents_are_counted_and_erased<H: History<Error: Debug>>(mut history: H) {
    for document in ["a", "b", "c"] {
        let edits = [edit(1, vec![insert(0, "x")]), edit(2, vec![insert(0, "y")])];
        history.commit(&edits.map(|it| wrote(document, &it, None))).unwrap();
    }
    history.commit(&[mark("a", 2, "yx", 0)]).unwrap();
    assert_eq!(history.stored_room().unwrap().own.documents.count, 3);
    history.commit(&[Write::Erase(Epoch("another".into()))]).unwrap();
    assert_eq!(history.stored_room().unwrap().own.documents.count, 0);
    assert_eq!(found::document(&history, "a"), StoredDocument::default());
}

fn a_flush_of_many_keeps_them_all<H: History<Error: Debug>>(mut history: H) {
    let mut writes = Vec::new();
    for number in 1..=40 {
        writes.push(wrote("a", &edit(number, vec![insert(0, "x")]), Some("r")));
        writes.push(Write::Append(entry(number, 1000, "ann", None)));
        writes.push(wrote("b", &edit(number, vec![insert(0, "y")]), None));
    }
    history.commit(&writes).unwrap();
    for name in ["a", "b"] {
        assert_eq!(found::document(&history, name).edits.len(), 40);
    }
    let log = history.stored_room().unwrap();
    assert_eq!((log.head.0, log.own.documents.count), (40, 2));
}

#[test]
fn a_commit_that_fails_leaves_no_edit_behind() {
    let mut history = sql();
    let twice = [edit(1, vec![insert(0, "x")]), edit(1, vec![insert(0, "y")])];
    assert!(history.commit(&twice.map(|it| wrote("notes", &it, None))).is_err());
    assert_eq!(found::document(&history, "notes"), StoredDocument::default());
    assert_eq!(history.stored_room().unwrap().own.documents.count, 0);
}

/// A room that opens a document reads the snapshot it goes on from and what came since,
/// whatever came before: stored is no more than that.
#[test]
fn what_is_stored_of_a_hundred_thousand_operations_is_the_last_thousand() {
    let mut history = sql();
    let mut document = Document::new(Pace::default());
    for number in 0u64..100_000 {
        let version = document.version();
        let applied =
            document.submit(&insert(number % 1000, "0123456"), version, &member("ann").id).unwrap();
        let mut writes = vec![wrote("n", &applied.edit, Some(&number.to_string()))];
        if applied.is_mark {
            let snapshot = document.snapshot();
            writes.push(mark("n", snapshot.version.0, &snapshot.content, document.kept_since().0));
        }
        history.commit(&writes).unwrap();
    }
    let StoredDocument { snapshot, edits } = found::document(&history, "n");
    assert_eq!((snapshot.version, edits.len()), (Version(99_000), 1_000));
    let edits = edits.into_iter().map(|(edit, _)| edit);
    assert_eq!(Document::restore(Pace::default(), &snapshot, edits), Ok(document));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// SQLite and the model agree on any document of any marks.
    #[test]
    fn documents_agree_with_the_model(
        edits in prop::collection::vec((0u64..9, "[a-c😀\0]{1,3}", any::<bool>()), 1..40),
        operations in 1u64..6,
    ) {
        let (mut sql, mut model) = (sql(), MemoryHistory::new(epoch()));
        let pace = Pace { operations, bytes: 1000 };
        let mut document = Document::new(pace);
        for (position, content, undoes) in edits {
            let (version, author) = (document.version(), member("ann").id);
            let taken = if undoes {
                document.undo(&author).ok().flatten()
            } else {
                document.submit(&insert(position, &content), version, &author).ok()
            };
            let Some(applied) = taken else { continue };
            let mut writes = vec![wrote("n", &applied.edit, None)];
            if applied.is_mark {
                let snapshot = document.snapshot();
                let since = document.kept_since().0;
                writes.push(mark("n", snapshot.version.0, &snapshot.content, since));
            }
            sql.commit(&writes).unwrap();
            model.commit(&writes).unwrap();
            let stored = found::document(&sql, "n");
            prop_assert_eq!(&stored, &found::document(&model, "n"));
            let edits = stored.edits.into_iter().map(|(edit, _)| edit);
            let restored = Document::restore(pace, &stored.snapshot, edits);
            prop_assert_eq!(restored.as_ref(), Ok(&document));
        }
    }
}
