//! What is said of documents, for vectors and schemas.

use dormouse::feature::documents::{Cursor, EditingEvent, EditingState, Operation, Role, Version};
use dormouse::kernel::Event;
use dormouse::message::{Json, Name, UserId};

use crate::support::member;

/// One of everything that is said of documents.
pub(crate) fn edited() -> Vec<(&'static str, Event)> {
    let document = || Name::parse("notes").unwrap();
    let author = || UserId("ann".into());
    let participants = vec![(member("ann"), Role::Participant), (member("bob"), Role::Viewer)];
    let (version, content) = (Version(15), "a😀\0\"".to_owned());
    let state = EditingState { document: document(), version, content, participants };
    let edit = |operation| EditingEvent::Edited {
        document: document(),
        operation,
        version: Version(16),
        author: author(),
    };
    let content = "Hello World";
    let (replaced, all) = (Json::parse("[ 1, 2 ]").unwrap(), 7);
    let joined =
        EditingEvent::Joined { document: document(), member: member("ann"), role: Role::Viewer };
    let events = vec![
        ("session state", EditingEvent::State(Box::new(state))),
        ("edit acknowledged", EditingEvent::Taken(Version(16))),
        ("insert", edit(Operation::Insert { position: 42, content: content.into() })),
        ("delete", edit(Operation::Delete { position: 42, length: 3 })),
        ("replace", edit(Operation::Replace { position: 0, length: 1, content: "é".into() })),
        (
            "cursor",
            EditingEvent::Cursor(
                document(),
                author(),
                Cursor { position: all, selection: replaced },
            ),
        ),
        (
            "cursor alone",
            EditingEvent::Cursor(
                document(),
                author(),
                Cursor { position: all, selection: Json::null() },
            ),
        ),
        ("joined a session", joined),
        ("left a session", EditingEvent::Left { document: document(), member: member("ann") }),
    ];
    events.into_iter().map(|(title, event)| (title, Event::from(event))).collect()
}
