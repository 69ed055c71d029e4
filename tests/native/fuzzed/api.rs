//! Calls over HTTP: paths, bodies, and what the Worker sends on to a room's object.

use dormouse::admission::Query;
use dormouse::api::{Call, Reads, RoomRequest, Task, read_batch, read_event};
use dormouse::kernel::Request;
use dormouse::limits::{BATCH_EVENTS_MAX, DATA_BYTES_MAX};
use dormouse::message::Kind;

use super::bytes::{Bytes, text};
use crate::publications::sent;

/// The first byte is the kind of the room.
pub(crate) fn bodies(input: &[u8]) {
    let mut bytes = Bytes::new(input);
    let kind = bytes.one_of(&Kind::ALL);
    let body = text(bytes.rest());
    if let Ok(event) = read_event(&body, kind, DATA_BYTES_MAX) {
        let task = Task::Publish(vec![event]);
        assert_eq!(sent(&task), task, "the object is sent what was read");
        let requests = task.requests(kind);
        assert!(matches!(requests.as_slice(), [Request { command: Ok(_), .. }]), "{requests:?}");
    }
    if let Ok(batch) = read_batch(&body, DATA_BYTES_MAX) {
        assert!((1..=BATCH_EVENTS_MAX).contains(&batch.len()));
        for (kind, _, event) in batch.into_iter().flatten() {
            let task = Task::Publish(vec![event]);
            assert_eq!(sent(&task), task);
            assert!(task.requests(kind).iter().all(|it| it.command.is_ok()));
        }
    }
}

/// Lines: method, path, query, and the body after that.
pub(crate) fn calls(input: &[u8]) {
    let mut bytes = Bytes::new(input);
    let (method, path, query) = (bytes.line(), bytes.line(), bytes.line());
    let pairs = query.split('&').map(|it| it.split_once('=').unwrap_or((it, "")));
    let query = Query::new(pairs.map(|(name, value)| (name.into(), value.into())).collect());
    let Ok(Call::Room(asked)) = Call::of(&method, &path, &query) else { return };
    let task = match asked.call.reads {
        Reads::Path(_) => asked.task.clone(),
        Reads::Body(read) => read(&asked, &text(bytes.rest()), DATA_BYTES_MAX).ok(),
    };
    let Some(task) = task else { return };
    assert_eq!(sent(&task), task, "the object is sent what was read");
    assert!(!task.requests(asked.kind).is_empty());
}

/// What an object is sent by a Worker of whichever version.
pub(crate) fn tasks(input: &[u8]) {
    let Ok(request) = serde_json::from_slice::<RoomRequest>(input) else { return };
    let spelled = serde_json::to_string(&request).expect("what was read can be written");
    let again: RoomRequest = serde_json::from_str(&spelled).expect("and read again");
    assert_eq!((&again.room, &again.member), (&request.room, &request.member));
    assert_eq!((&again.grants, &again.things), (&request.grants, &request.things), "{spelled}");
    assert_eq!(again.task, request.task, "{spelled}");
    for kind in Kind::ALL {
        drop(again.task.clone().requests(kind));
    }
}
