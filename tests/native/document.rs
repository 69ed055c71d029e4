//! Documents, case by case: ties, overlaps, nonsense, undo, what is kept.

use dormouse::feature::documents::document::{
    Applied, Damaged, Document, Edit, Operation, Order, Pace, Rejection, Snapshot, Version,
};
use dormouse::limits::DOCUMENT_BYTES_MAX;
use dormouse::message::{Code, ProtocolError, UserId};

fn insert(position: u64, content: &str) -> Operation {
    Operation::Insert { position, content: content.into() }
}

fn delete(position: u64, length: u64) -> Operation {
    Operation::Delete { position, length }
}

fn replace(position: u64, length: u64, content: &str) -> Operation {
    Operation::Replace { position, length, content: content.into() }
}

fn user(name: &str) -> UserId {
    UserId(name.into())
}

/// A document of this text, version 1.
fn document(text: &str) -> Document {
    let mut document = Document::new(Pace::default());
    document.submit(&insert(0, text), Version(0), &user("init")).unwrap();
    document
}

fn submit(
    document: &mut Document,
    who: &str,
    version: u64,
    operation: &Operation,
) -> Vec<Operation> {
    document.submit(operation, Version(version), &user(who)).unwrap().edit.operations
}

/// What two operations on one text come to, in this order.
fn both(text: &str, first: &Operation, second: &Operation) -> (String, Vec<Operation>) {
    let mut document = document(text);
    submit(&mut document, "ann", 1, first);
    let made = submit(&mut document, "bob", 1, second);
    let directly = second.transform(first, Order::Later).unwrap();
    assert_eq!(made, directly, "{first:?} {second:?}");
    (document.content(), made)
}

#[test]
fn t10_of_two_contents_in_one_place_the_later_stands_first() {
    let (text, made) = both("abcdef", &insert(3, "X"), &insert(3, "Y"));
    assert_eq!((&*text, made), ("abcYXdef", vec![insert(3, "Y")]));
    let earlier = insert(3, "X").transform(&insert(3, "Y"), Order::Earlier).unwrap();
    assert_eq!(earlier, [insert(4, "X")]);
}

#[test]
fn t10_what_two_type_in_one_place_is_not_mixed() {
    let mut document = document("()");
    // Each types letter by letter and has heard of the other's up to the letter before.
    for (who, version, position, delivery) in [
        ("ann", 1, 1, "a"),
        ("bob", 1, 1, "x"),
        ("ann", 3, 3, "b"),
        ("bob", 3, 2, "y"),
        ("ann", 5, 5, "c"),
        ("bob", 5, 3, "z"),
    ] {
        submit(&mut document, who, version, &insert(position, delivery));
    }
    assert_eq!(document.content(), "(xyzabc)");
}

#[test]
fn t10_what_is_put_in_survives_whoever_deletes_around_it() {
    let delete_after = both("abcdef", &insert(3, "X"), &delete(1, 4));
    assert_eq!(delete_after, ("aXf".into(), vec![delete(4, 2), delete(1, 2)]));
    let insert_after = both("abcdef", &delete(1, 4), &insert(3, "X"));
    assert_eq!(insert_after, ("aXf".into(), vec![insert(1, "X")]));
    // At its edges it is outside.
    for (edge, text) in [(1, "aXf"), (5, "aXf"), (0, "Xaf"), (6, "afX")] {
        let (after, made) = both("abcdef", &insert(edge, "X"), &delete(1, 4));
        assert_eq!((&*after, made.len()), (text, 1), "{edge}");
        assert_eq!(both("abcdef", &delete(1, 4), &insert(edge, "X")).0, text, "{edge}");
    }
}

#[test]
fn t10_what_two_delete_is_deleted_once() {
    for (first, second, text, made) in [
        (delete(1, 3), delete(2, 4), "a", vec![delete(1, 2)]),
        (delete(2, 4), delete(1, 3), "a", vec![delete(1, 1)]),
        (delete(1, 4), delete(2, 2), "af", vec![]),
        (delete(2, 2), delete(1, 4), "af", vec![delete(1, 2)]),
        (delete(1, 2), delete(1, 2), "adef", vec![]),
        (delete(1, 2), delete(3, 2), "af", vec![delete(1, 2)]),
        (delete(3, 2), delete(1, 2), "af", vec![delete(1, 2)]),
        (delete(0, 6), delete(0, 6), "", vec![]),
        (delete(0, 1), delete(5, 1), "bcde", vec![delete(4, 1)]),
    ] {
        assert_eq!(both("abcdef", &first, &second), (text.into(), made), "{first:?} {second:?}");
    }
}

#[test]
fn t10_a_replacement_is_a_deletion_and_an_insertion() {
    for (first, second, text, made) in [
        (replace(1, 2, "X"), replace(2, 3, "Y"), "aXYf", vec![replace(2, 2, "Y")]),
        (replace(2, 3, "Y"), replace(1, 2, "X"), "aXYf", vec![replace(1, 1, "X")]),
        (replace(1, 2, "X"), replace(1, 2, "Y"), "aYXdef", vec![insert(1, "Y")]),
        (replace(1, 2, "X"), insert(1, "Y"), "aYXdef", vec![insert(1, "Y")]),
        (replace(1, 2, "X"), insert(2, "Y"), "aXYdef", vec![insert(2, "Y")]),
        (replace(1, 2, "X"), insert(3, "Y"), "aXYdef", vec![insert(2, "Y")]),
        (insert(2, "Y"), replace(1, 3, "X"), "aXYef", vec![delete(3, 2), replace(1, 1, "X")]),
        (insert(1, "Y"), replace(1, 2, "X"), "aXYdef", vec![delete(2, 2), insert(1, "X")]),
        (delete(0, 6), replace(1, 2, "X"), "X", vec![insert(0, "X")]),
        (replace(0, 6, "X"), delete(1, 2), "X", vec![]),
        (replace(2, 2, "X"), delete(1, 4), "aXf", vec![delete(3, 1), delete(1, 1)]),
        (delete(2, 2), replace(1, 4, "X"), "aXf", vec![replace(1, 2, "X")]),
    ] {
        let (after, operations) = both("abcdef", &first, &second);
        assert_eq!((&*after, operations), (text, made), "{first:?} {second:?}");
    }
}

#[test]
fn t8_a_replacement_may_be_another_operation_by_another_name() {
    let mut document = document("abc");
    assert_eq!(submit(&mut document, "ann", 1, &replace(1, 0, "X")), [insert(1, "X")]);
    assert_eq!(submit(&mut document, "ann", 2, &replace(1, 1, "")), [delete(1, 1)]);
    assert_eq!(document.content(), "abc");
}

#[test]
fn t1_positions_count_utf16_code_units() {
    let mut document = document("a😀é");
    assert_eq!(document.length(), 4);
    submit(&mut document, "ann", 1, &insert(3, "𝄞"));
    submit(&mut document, "ann", 2, &delete(1, 2));
    assert_eq!(document.content(), "a𝄞é");
}

#[test]
fn t3_what_is_not_within_the_text_is_refused_and_nothing_changes() {
    let mut document = document("a😀b");
    let before = document.clone();
    let huge = [5, 1 << 30, (1 << 30) + 1, 1 << 32, 1 << 53, u64::MAX];
    let outside = huge.into_iter().flat_map(|far| {
        let within = [insert(far, "x"), delete(far, 1), delete(0, far), delete(1, far)];
        within.into_iter().chain([
            replace(0, far, "x"),
            replace(far, far, "x"),
            replace(far, 0, "x"),
        ])
    });
    let split = [insert(2, "x"), delete(0, 2), delete(2, 1), delete(2, 2), replace(1, 1, "x")];
    let idle = [insert(0, ""), delete(1, 0), replace(1, 0, "")];
    for operation in outside.chain(split).chain(idle) {
        let refused = document.submit(&operation, Version(1), &user("ann"));
        let Err(Rejection::Invalid(error)) = refused else { panic!("{operation:?}: {refused:?}") };
        assert_eq!(error.code, Code::InvalidMessageFormat, "{operation:?}");
        assert_eq!(document, before, "{operation:?}");
    }
}

#[test]
fn t3_an_old_position_is_judged_by_its_own_text() {
    let invalid = |document: &mut Document, operation: Operation| {
        let refused = document.submit(&operation, Version(1), &user("bob"));
        assert!(matches!(refused, Err(Rejection::Invalid(_))), "{operation:?}: {refused:?}");
    };
    // What is outside of the old text is not inside of the longer one of today.
    let mut document = document("a😀b");
    submit(&mut document, "ann", 1, &insert(0, "0123456789"));
    invalid(&mut document, insert(5, "x"));
    invalid(&mut document, delete(3, 2));
    invalid(&mut document, insert(2, "x"));
    // What was within is, even if today's is shorter; a pair that was deleted is still a pair.
    submit(&mut document, "ann", 2, &delete(0, 13));
    for operation in [insert(2, "x"), delete(0, 2), delete(2, 2), replace(2, 1, "x")] {
        invalid(&mut document, operation);
    }
    assert_eq!(submit(&mut document, "bob", 1, &insert(3, "x")), [insert(0, "x")]);
    assert_eq!(document.content(), "xb");
}

#[test]
fn t1_a_document_has_room_for_a_mebibyte() {
    let mut document = document(&"x".repeat(DOCUMENT_BYTES_MAX));
    let full = document.submit(&insert(0, "y"), Version(1), &user("ann"));
    assert!(matches!(full, Err(Rejection::Invalid(ProtocolError { code: Code::Conflict, .. }))));
    // Whole by whole, and back.
    let whole = "é".repeat(DOCUMENT_BYTES_MAX / 2);
    submit(&mut document, "ann", 1, &replace(0, DOCUMENT_BYTES_MAX as u64, &whole));
    assert_eq!(document.content(), whole);
    let undone = document.undo(&user("ann")).unwrap().unwrap();
    assert_eq!(undone.edit.version(), Version(3));
    assert_eq!(document.content(), "x".repeat(DOCUMENT_BYTES_MAX));
    // There is no room for what is brought back.
    submit(&mut document, "ann", 3, &delete(0, 2));
    submit(&mut document, "bob", 4, &insert(0, "yy"));
    let before = document.clone();
    assert_eq!(document.undo(&user("ann")).unwrap_err().code, Code::Conflict);
    assert_eq!(document, before);
}

#[test]
fn t7_what_is_too_old_or_not_yet_is_told_apart() {
    let pace = Pace { operations: 3, bytes: 1000 };
    let mut document = Document::new(pace);
    let marks: Vec<u64> = (0..10)
        .filter(|it| document.submit(&insert(0, "x"), Version(*it), &user("ann")).unwrap().is_mark)
        .collect();
    assert_eq!((marks, document.kept_since()), (vec![2, 5, 8], Version(6)));
    let at = |document: &mut Document, version| {
        document.clone().submit(&insert(0, "y"), Version(version), &user("bob")).map(|_| ())
    };
    assert_eq!(at(&mut document, 6), Ok(()));
    for stale in [0, 5] {
        assert_eq!(at(&mut document, stale), Err(Rejection::Stale));
    }
    for future in [11, u64::MAX] {
        assert_eq!(at(&mut document, future), Err(Rejection::Future));
    }
    assert_eq!(ProtocolError::from(Rejection::Stale).code, Code::Conflict);
    assert_eq!(ProtocolError::from(Rejection::Future).code, Code::Conflict);
}

#[test]
fn t7_what_is_kept_is_bounded_by_bytes_too() {
    let mut document = Document::new(Pace { operations: 1000, bytes: 10 });
    let Applied { is_mark, .. } =
        document.submit(&insert(0, "123456789"), Version(0), &user("ann")).unwrap();
    assert!(!is_mark);
    assert!(document.submit(&delete(0, 1), Version(1), &user("ann")).unwrap().is_mark);
    assert!(document.submit(&replace(0, 5, "abcde"), Version(2), &user("ann")).unwrap().is_mark);
    assert_eq!(document.kept_since(), Version(2));
}

#[test]
fn t14_undo_goes_back_one_by_one_and_leaves_what_others_did() {
    let mut document = document("abc");
    submit(&mut document, "ann", 1, &insert(3, "123"));
    submit(&mut document, "ann", 2, &replace(0, 1, "A"));
    submit(&mut document, "bob", 3, &insert(5, "X"));
    submit(&mut document, "bob", 4, &delete(0, 2));
    assert_eq!(document.content(), "c12X3");
    let mut undo = |who: &str| {
        let undone = document.undo(&user(who)).unwrap();
        (document.content(), undone.map(|it| (it.edit.undoes, it.edit.operations)))
    };
    // Of the replacement, bob deleted the new; the old comes back.
    assert_eq!(undo("ann"), ("ac12X3".into(), Some((Some(Version(3)), vec![insert(0, "a")]))));
    let around = vec![delete(5, 1), delete(2, 2)];
    assert_eq!(undo("ann"), ("acX".into(), Some((Some(Version(2)), around))));
    assert_eq!(undo("ann"), ("acX".into(), None));
    // Of what bob deleted, the "A" was never there by now.
    assert_eq!(undo("bob"), ("abcX".into(), Some((Some(Version(5)), vec![insert(1, "b")]))));
    assert_eq!(undo("bob"), ("abc".into(), Some((Some(Version(4)), vec![delete(3, 1)]))));
    assert_eq!(undo("bob"), ("abc".into(), None));
    assert_eq!(undo("eve"), ("abc".into(), None));
    assert_eq!(undo("init"), (String::new(), Some((Some(Version(1)), vec![delete(0, 3)]))));
}

#[test]
fn t14_what_was_deleted_and_brought_back_can_still_be_undone() {
    let mut document = Document::new(Pace::default());
    submit(&mut document, "ann", 0, &insert(0, "abc"));
    submit(&mut document, "bob", 1, &delete(0, 3));
    // Nothing is left of hers, so there is nothing to undo; until he undoes his.
    assert_eq!(document.undo(&user("ann")), Ok(None));
    document.undo(&user("bob")).unwrap().unwrap();
    assert_eq!(document.content(), "abc");
    document.undo(&user("ann")).unwrap().unwrap();
    assert_eq!(document.content(), "");
    // And one's own.
    submit(&mut document, "ann", 4, &insert(0, "abc"));
    submit(&mut document, "ann", 5, &delete(1, 1));
    for text in ["abc", ""] {
        document.undo(&user("ann")).unwrap().unwrap();
        assert_eq!(document.content(), text);
    }
}

#[test]
fn a_document_is_restored_from_a_snapshot_and_the_edits_since() {
    let pace = Pace { operations: 3, bytes: 1000 };
    let mut document = Document::new(pace);
    let mut edits: Vec<Edit> = Vec::new();
    let mut snapshots = vec![Snapshot::default()];
    for number in 0u64..20 {
        let applied = if number % 4 == 3 {
            document.undo(&user("ann")).unwrap().unwrap()
        } else {
            let version = document.version();
            document.submit(&insert(number % 2 * 2, "😀"), version, &user("ann")).unwrap()
        };
        edits.push(applied.edit);
        if applied.is_mark {
            snapshots.push(document.snapshot());
        }
        let since = document.kept_since();
        let snapshot = snapshots.iter().find(|it| it.version == since).unwrap();
        let after = || edits.iter().filter(|it| since < it.first).cloned();
        assert_eq!(Document::restore(pace, snapshot, after()).as_ref(), Ok(&document));
    }
    // What does not fit is said, not guessed.
    let gap = Document::restore(pace, &Snapshot::default(), edits[1..].to_vec());
    assert_eq!(gap, Err(Damaged(Version(2))));
    let mut outside = edits[..2].to_vec();
    outside[1].operations = vec![delete(1, 9)];
    assert_eq!(Document::restore(pace, &Snapshot::default(), outside), Err(Damaged(Version(2))));
}

#[test]
fn t6_one_edit_may_make_several_versions_or_none() {
    let mut document = document("abcdef");
    submit(&mut document, "ann", 1, &insert(3, "X"));
    let split = document.submit(&delete(1, 4), Version(1), &user("bob")).unwrap();
    assert_eq!((split.edit.first, split.edit.version()), (Version(3), Version(4)));
    assert_eq!(split.edit.numbered().map(|it| it.0.0).collect::<Vec<_>>(), [3, 4]);
    // Somebody may have heard of one half of it.
    assert_eq!(submit(&mut document, "eve", 3, &insert(5, "Y")), [insert(3, "Y")]);
    assert_eq!(document.content(), "aXfY");
    let none = document.submit(&delete(1, 1), Version(1), &user("bob")).unwrap();
    assert_eq!((none.edit.operations.len(), none.edit.version()), (0, Version(5)));
    assert_eq!((document.version(), none.is_mark), (Version(5), false));
    // It is taken back as a whole.
    document.undo(&user("bob")).unwrap().unwrap();
    assert_eq!(document.content(), "abcXdefY");
}

/// `cargo test --release -- --ignored --nocapture edits_in_a_full_document`
#[test]
#[ignore = "measures; run it in a release build"]
#[expect(clippy::disallowed_methods, reason = "it measures")]
fn edits_in_a_full_document_are_cheap() {
    for (name, delivery) in [("ascii", "x"), ("astral", "😀")] {
        let mut document = document(&delivery.repeat(DOCUMENT_BYTES_MAX / delivery.len() - 1000));
        let (edits, length, unit) = (100_000, document.length() as u64, delivery.len() as u64 / 2);
        let unit = unit.max(1);
        for behind in [0, 20, 1000] {
            let (mut place, start) = (7u64, std::time::Instant::now());
            for number in 0..edits {
                place = place.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                let position = (place >> 33) % (length / unit / 2) * unit;
                let operation = if number % 2 == 0 {
                    insert(position, delivery)
                } else {
                    delete(position, unit)
                };
                let version = Version(
                    document.version().0.saturating_sub(behind).max(document.kept_since().0),
                );
                // One inside a pair, for it was made to another text, is refused.
                let _ = document.submit(&operation, version, &user("ann"));
            }
            let each = start.elapsed().as_nanos() / edits;
            println!("{name}, {behind} behind: {each} ns an edit");
        }
        let start = std::time::Instant::now();
        let content = document.content();
        println!("{name}: content of {} bytes in {:?}", content.len(), start.elapsed());
    }
}
