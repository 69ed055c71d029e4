//! Texts that several edit.

use dormouse::feature::documents::document::{Document, Operation, Order, Pace, Version};
use dormouse::message::UserId;

use super::bytes::Bytes;
use crate::document_converges::played_by;

/// What is written: a pair of surrogates, a letter beyond ASCII, more than one.
const CONTENTS: [&str; 8] = ["", "a", "b", "é", "😀", "ab", "a😀b", "𝄞"];

/// Editors and a room, and what happens between them: all have the same text in the end.
pub(crate) fn edits(input: &[u8]) {
    let mut bytes = Bytes::new(input);
    let people = 1 + bytes.below(6);
    let pace = match bytes.byte() {
        0..128 => Pace::default(),
        it => Pace { operations: 1 + u64::from(it % 12), bytes: 1 + bytes.below(60) },
    };
    played_by(people, pace, &mut bytes, &CONTENTS);
}

/// Two operations made to one text come to the same text in either order, and all that is made is
/// made again from what is stored.
pub(crate) fn operations(input: &[u8]) {
    let mut bytes = Bytes::new(input);
    let (ann, bob) = (UserId("ann".into()), UserId("bob".into()));
    let mut document = Document::new(Pace::default());
    for _ in 0..bytes.below(8) {
        let before = document.content();
        if document.submit(&operation(&mut bytes), document.version(), &ann).is_err() {
            assert_eq!(document.content(), before, "refused, and made");
        }
    }
    let (text, base) = (document.content(), document.version());
    let [one, other] = [operation(&mut bytes), operation(&mut bytes)];
    let mut reversed = document.clone();
    let is_made = |it: &Operation| document.clone().submit(it, base, &ann).is_ok();
    let is_possible = is_made(&one) && is_made(&other);
    let first = document.submit(&one, base, &ann);
    if let (true, Ok(_)) = (is_possible, first) {
        let made = document.submit(&other, base, &bob).expect("it was possible before");
        // The other order: the later one first, the earlier one as the earlier.
        reversed.submit(&other, base, &bob).expect("it was possible before");
        for it in one.transform(&other, Order::Earlier).expect("both were possible") {
            reversed.submit(&it, reversed.version(), &ann).expect("it fits what came before");
        }
        assert_eq!(document.content(), reversed.content(), "{text:?}: {one:?} and {other:?}");
        assert_eq!(made.edit.operations, other.transform(&one, Order::Later).unwrap());
    }
    for author in [&bob, &ann, &ann] {
        document.undo(author).expect("what was made can be taken back");
    }
    assert!(document.kept_since() <= document.version() && base <= document.version());
    let length = document.content().encode_utf16().count();
    assert_eq!(document.length(), length);
    let _: Version = document.version();
}

fn operation(bytes: &mut Bytes<'_>) -> Operation {
    let (position, length) = (bytes.number(), bytes.number());
    let content = bytes.one_of(&CONTENTS).into();
    match bytes.below(3) {
        0 => Operation::Insert { position, content },
        1 => Operation::Delete { position, length },
        _ => Operation::Replace { position, length, content },
    }
}
