//! Short texts that name something: each is refused, or read as itself.

use dormouse::feature::transfers::{Digest, Marks};
use dormouse::message::{
    ConnectionId, EventName, Member, Millis, Name, Position, Rewind, RoomName, StateKey, Target,
    Topic, UserId, address_key, networks,
};
use serde_json::value::RawValue;

use super::bytes::text;

pub(crate) fn names(input: &[u8]) {
    let text = text(input);
    spelled(&text);
    places(&text);
    let id = UserId("ann".into());
    let member = Member::new(id.clone(), Some(&text));
    assert!(!member.name.is_empty() && member.name.len() <= 128);
    assert_eq!(Member::new(id, Some(&member.name)), member, "shown as what it is shown as");
    if let Some(marks) = Marks::parse(&text) {
        assert_eq!(Marks::parse(&marks.to_hex()), Some(marks));
    }
    if let Some(digest) = Digest::parse(&text) {
        assert_eq!(Digest::parse(&digest.to_string()), Some(digest));
    }
}

fn spelled(text: &str) {
    let is_made_of_names = text.bytes().all(|it| it.is_ascii_graphic() && !b"/?#%*".contains(&it));
    if let Ok(name) = RoomName::parse(text) {
        assert!(name.as_str() == text && is_made_of_names);
    }
    assert_eq!(EventName::parse(text).is_ok(), RoomName::parse(text).is_ok());
    assert_eq!(Name::parse(text).is_ok(), RoomName::parse(text).is_ok());
    if let Ok(key) = StateKey::parse(text) {
        assert_eq!(EventName::parse(key.event().as_str()), Ok(key.event()));
    }
    if let Ok(topic) = Topic::parse(text) {
        assert!(topic.matches(text.strip_suffix('*').unwrap_or(text)));
    }
    if let Ok(id) = UserId::parse(text) {
        assert_eq!(id.0, text);
    }
    if let Some(id) = ConnectionId::parse(text) {
        assert_eq!(ConnectionId::parse(&id.to_string()), Some(id));
        assert_eq!(ConnectionId::from_f64(id.as_f64()), Some(id));
    }
}

fn places(text: &str) {
    let position = Position::read(text);
    assert!(position.epoch.0.is_empty() || Position::read(&position.to_string()) == position);
    assert!(position.epoch.0.len() <= 64 && position.offset.0 < 1 << 53);
    match Rewind::read(text) {
        Ok(Rewind::Entries(it)) => assert!((1..=Rewind::ENTRIES_MAX).contains(&it)),
        Ok(Rewind::Ago(it)) => assert!(0 < it),
        Err(_) => {}
    }
    if let Some(at) = Millis::parse(text) {
        assert_eq!(Millis::parse(&at.to_rfc3339()), Some(at));
    }
    if let Ok(Ok(target)) = serde_json::from_str::<&RawValue>(text).map(Target::read) {
        let spelled = serde_json::value::to_raw_value(&target).unwrap();
        assert_eq!(Target::read(&spelled), Ok(target));
    }
    let key = address_key(text);
    assert_eq!(networks(&key)[0].key, key);
}
