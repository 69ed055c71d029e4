//! What conversations keep: the same in every `History`.

use std::fmt::Debug;
use std::rc::Rc;

use dormouse::feature::conversations::{ConversationFound, ConversationWrite, Pending};
use dormouse::history::{History, MemoryHistory, SqlHistory};
use dormouse::kernel::{DedupeWindow, Write};
use dormouse::message::{Body, Entry, Epoch, Millis, Offset, RequestId};
use dormouse::outgoing::Progress;

use crate::found::{content, response};
use crate::support::{Rusqlite, entry, epoch, member};

#[test]
fn memory_keeps_the_contract_of_conversations() {
    contract(|| MemoryHistory::new(epoch()));
}

#[test]
fn sqlite_keeps_the_contract_of_conversations() {
    contract(|| SqlHistory::open(Rusqlite::in_memory(), &epoch()).unwrap());
}

fn contract<H: History<Error: Debug>>(new: impl Fn() -> H) {
    what_is_pending_is_kept_until_it_is_settled(new());
    a_response_is_found_by_its_message(new());
    an_erased_room_keeps_nothing(new());
}

fn pending(offset: u64) -> Pending {
    Pending {
        offset: Offset(offset),
        message: RequestId::parse("m \" 1").unwrap(),
        author: member("änn"),
        client: "c\u{1F600}".into(),
        progress: Progress { since: Millis(5), attempt: 1, due: Millis(77), under_way: true },
    }
}

fn ask(offset: u64, content: &str) -> Write {
    Write::from(ConversationWrite::Ask(pending(offset), content.into()))
}

fn answer(offset: u64, of: u64) -> Rc<Entry> {
    let (to, content) = (RequestId::parse("m1").unwrap(), "said \" \n \0");
    let body = Body::response(&to, Offset(of), content);
    Rc::new(Entry { body, ..Entry::clone(&entry(offset, 1000 + offset, "responder", None)) })
}

fn what_is_pending_is_kept_until_it_is_settled<H: History<Error: Debug>>(mut history: H) {
    assert_eq!(history.stored_room().unwrap().own.conversations, []);
    history.commit(&[ask(7, "seven"), ask(3, "three \" \n")]).unwrap();
    assert_eq!(history.stored_room().unwrap().own.conversations, [pending(3), pending(7)]);
    let question = |history: &H, offset| content(history, Offset(offset));
    assert_eq!(question(&history, 3).as_deref(), Some("three \" \n"));
    assert_eq!(question(&history, 4), None);
    let progress = Progress { attempt: 2, under_way: false, ..pending(7).progress };
    let later = Pending { progress, ..pending(7) };
    let gone = Pending { progress: Progress { attempt: 9, ..progress }, ..pending(9) };
    let write = |it| Write::from(it);
    let update = |it: &Pending| write(ConversationWrite::Update(it.clone()));
    history.commit(&[update(&later), update(&gone)]).unwrap();
    assert_eq!(history.stored_room().unwrap().own.conversations, [pending(3), later.clone()]);
    assert_eq!(question(&history, 7).as_deref(), Some("seven"));
    history.commit(&[write(ConversationWrite::Settle(Offset(3)))]).unwrap();
    assert_eq!(history.stored_room().unwrap().own.conversations, [later]);
    assert_eq!(question(&history, 3), None);
    history.commit(&[ask(7, "anew")]).unwrap();
    assert_eq!(history.stored_room().unwrap().own.conversations, [pending(7)]);
    assert_eq!(question(&history, 7).as_deref(), Some("anew"));
}

fn a_response_is_found_by_its_message<H: History<Error: Debug>>(mut history: H) {
    let response = |history: &H, message| response(history, Offset(message));
    let asked = [entry(1, 1001, "ann", Some("m1")), entry(2, 1002, "ann", Some("m2"))];
    history.commit(&asked.map(Write::Append)).unwrap();
    assert_eq!(response(&history, 1), ConversationFound::Nothing);
    let first = answer(3, 1);
    history.commit(&[Write::Append(Rc::clone(&first))]).unwrap();
    assert_eq!(response(&history, 1), ConversationFound::Response(Some(first)));
    assert_eq!(response(&history, 2), ConversationFound::Nothing);
    let second = answer(4, 2);
    history.commit(&[Write::Append(Rc::clone(&second))]).unwrap();
    history.commit(&[Write::Trim { from: Offset(4), since: Millis(0) }]).unwrap();
    assert_eq!(response(&history, 1), ConversationFound::Response(None));
    assert_eq!(response(&history, 2), ConversationFound::Response(Some(second)));
    // It is remembered as long as its message's id.
    let memory = DedupeWindow { from: Offset(2), since: Millis(0) };
    history.commit(&[Write::Prune(memory)]).unwrap();
    assert_eq!(response(&history, 1), ConversationFound::Nothing);
    assert!(matches!(response(&history, 2), ConversationFound::Response(Some(_))));
    let memory = DedupeWindow { from: Offset(0), since: Millis(1005) };
    history.commit(&[Write::Prune(memory)]).unwrap();
    assert_eq!(response(&history, 2), ConversationFound::Nothing);
}

fn an_erased_room_keeps_nothing<H: History<Error: Debug>>(mut history: H) {
    history.commit(&[ask(1, "one"), Write::Append(answer(2, 1))]).unwrap();
    history.commit(&[Write::Erase(Epoch("f".into()))]).unwrap();
    assert_eq!(history.stored_room().unwrap().own.conversations, []);
    assert_eq!(content(&history, Offset(1)), None);
    assert_eq!(response(&history, Offset(1)), ConversationFound::Nothing);
}
