//! One of everything that is said about entries, and how the vectors spell what clients ask of it.

use std::collections::BTreeMap;
use std::rc::Rc;

use dormouse::feature::annotations::{AnnotationCommand, AnnotationEvent, DELETE, EDIT, REACTION};
use dormouse::feature::{self};
use dormouse::kernel::{Command, Event};
use dormouse::message::{
    Added, Body, EVENT, Entry, EntryKind, Epoch, EventName, Json, Offset, Page, Relation, Target,
    UserId,
};
use serde_json::{Value, json};

use crate::support::{NOON, entry};

const OF: &str = "event_018cc4e5-227b-7000-8000-000000000000";

fn about(kind: EntryKind, more: &str) -> Event {
    let said = Entry::clone(&entry(43, NOON.0, "ann", None));
    let data = Json::parse(format!(r#"{{"of":41,"id":"{OF}"{more}}}"#)).unwrap();
    let relates_to = kind.relates.map(|it| (it, Target::Offset(Offset(41))));
    let body = Body { relates_to, ..Body::new(kind, EventName::known(kind.name), data) };
    Event::Entry(Rc::new(Entry { body, ..said }))
}

fn reply(body: Body) -> Rc<Entry> {
    let relates_to = Some((Relation::Replies, Target::Offset(Offset(41))));
    let said = Entry::clone(&entry(44, NOON.0, "bob", None));
    Rc::new(Entry { body: Body { relates_to, ..body }, ..said })
}

fn page() -> Event {
    let (head, epoch) = (Offset(44), Epoch("e1".into()));
    let change = json!({"at": "2024-01-01T12:00:00.123Z", "user": "ann", "offset": 42});
    let reactions = json!({"👍": {"count": 2, "users": ["bob", "cid"], "me": true}});
    let (change, reactions) = (Json::of(&change), Json::of(&reactions));
    let edited =
        vec![("edited", change.clone()), ("reactions", reactions), ("replies", Json::of(&1))];
    let added = Added::from_iter([(Offset(41), edited), (Offset(43), vec![("deleted", change)])]);
    let blank = Entry::clone(&entry(43, NOON.0, "ann", None));
    let blank = Entry { body: blank.body.blank().unwrap(), ..blank };
    let said = entry(44, NOON.0, "bob", None);
    let entries = vec![entry(41, NOON.0, "ann", None), blank.into(), reply(said.body.clone())];
    let (has_more, upwards) = (false, false);
    Event::History(Page { entries, has_more, upwards, reverse: false, head, epoch, added })
}

/// Each with its title, and the request that it answers.
pub(crate) fn said() -> Vec<(&'static str, Option<&'static str>, Event)> {
    let ann = || UserId("ann".into());
    let said = Body::message("A reply", None).unwrap();
    let event = Body::new(EVENT, EventName::parse("score").unwrap(), Json::parse("1").unwrap());
    let reads = BTreeMap::from([(ann(), Offset(42)), (UserId("bob".into()), Offset(7))]);
    let text = r#","data":{"content":"Hello, \"all\"","messageType":"markdown"}"#;
    vec![
        ("edit", Some("e1"), about(EDIT, text)),
        ("edit of an event", None, about(EDIT, r#","data":[1,{"a":null}]"#)),
        ("edit of what is deleted", None, about(EDIT, r#","data":null"#)),
        ("deletion", Some("d1"), about(DELETE, "")),
        ("reaction", None, about(REACTION, r#","key":"👍","on":true,"count":2"#)),
        ("reaction taken back", None, about(REACTION, r#","key":"\"","on":false,"count":0"#)),
        ("reply", None, Event::Entry(reply(said))),
        ("event in a thread", None, Event::Entry(reply(event))),
        ("read", None, AnnotationEvent::Read(ann(), Offset(42)).into()),
        ("marked", Some("r1"), AnnotationEvent::Marked(ann(), Offset(42)).into()),
        ("reads", Some("q9"), AnnotationEvent::Reads(reads).into()),
        ("history with what was said about it", Some("h3"), page()),
    ]
}

/// How the vectors spell a request; `None` if it is about no entry.
pub(crate) fn spelled(command: &Command) -> Option<Value> {
    match command {
        Command::Publish(it) => {
            let (relation, target) = it.body.relates_to?;
            let of = match target {
                Target::Offset(offset) => json!(offset),
                Target::Id(id) => json!(id),
            };
            let word = if relation == Relation::Replies { "reply" } else { it.body.name.as_str() };
            Some(json!({word: {"of": of, "data": it.body.data}}))
        }
        Command::Feature(feature::Command::Annotations(AnnotationCommand::Read(offset))) => {
            Some(json!({"read": offset}))
        }
        Command::Feature(feature::Command::Annotations(AnnotationCommand::Reads)) => {
            Some(json!("reads"))
        }
        _ => None,
    }
}
