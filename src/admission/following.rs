//! What somebody who follows a room's log asks of it: which events, and from where on.

use super::{HandOff, Query};
use crate::kernel::Flag;
use crate::limits::{TOPICS_BYTES_MAX, TOPICS_MAX};
use crate::message::{PRESENT_PARAMETER, Position, ProtocolError, Rewind, Topic, read_absent};

/// The parameters of the URL in which it stands.
pub(super) const PARAMETERS: &[&str] =
    &[Topic::PARAMETER, Position::PARAMETER, Rewind::PARAMETER, PRESENT_PARAMETER];

/// Adds it to what is handed to the room, where the protocol lets its clients follow the log, or go
/// on in it.
pub(super) fn follow(parameters: &Query, hand_off: HandOff) -> Result<HandOff, ProtocolError> {
    let given = |name: &str| parameters.get(name).filter(|it| !it.is_empty());
    let position = given(Position::PARAMETER).map(Position::read);
    let is_following = hand_off.flags.has(Flag::Following);
    let resumes = position.is_some() && hand_off.wire.protocol.descriptor().resumes;
    if !is_following && !resumes {
        return Ok(hand_off);
    }
    // Who goes on hears from the start what it subscribed to before; others say that later.
    let is_filtered = is_following || hand_off.flags.has(Flag::Filtered);
    let topics = given(Topic::PARAMETER).filter(|_| is_filtered).map(topics).transpose()?;
    if !is_following {
        return Ok(HandOff { topics, position, ..hand_off });
    }
    let rewind = given(Rewind::PARAMETER).map(Rewind::read).transpose()?;
    // Who only listens is here as long as that lasts.
    let present = given(PRESENT_PARAMETER).filter(|_| !hand_off.flags.has(Flag::Mute));
    let is_absent = present.map_or(Ok(false), read_absent)?;
    Ok(HandOff { topics, position, rewind, is_absent, ..hand_off })
}

fn topics(text: &str) -> Result<Vec<Topic>, ProtocolError> {
    let names = || text.split(',').map(str::trim);
    let bytes: usize = names().map(str::len).sum();
    if TOPICS_MAX < names().count() || TOPICS_BYTES_MAX < bytes {
        return Err(TOO_MANY);
    }
    let mut topics = names().map(Topic::parse).collect::<Result<Vec<_>, _>>()?;
    topics.sort_unstable();
    topics.dedup();
    Ok(topics)
}

const TOO_MANY: ProtocolError =
    ProtocolError::invalid("events lists at most 100 names, of 8 KiB together");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_of_events_is_bounded_and_each_of_them_is_a_name_or_its_beginning() {
        let read = |text: &str| {
            topics(text).map(|it| it.iter().map(|it| it.as_str().to_owned()).collect::<Vec<_>>())
        };
        assert_eq!(read("b, a.*,b").unwrap(), ["a.*", "b"]);
        let many = |count: usize, length: usize| {
            (0..count).map(|it| format!("{it:0length$}")).collect::<Vec<_>>().join(",")
        };
        assert_eq!(read(&many(100, 81)).unwrap().len(), 100);
        for wrong in [many(101, 3), many(100, 82), "a,,b".into(), "a b".into(), "*a".into()] {
            assert!(read(&wrong).is_err(), "{wrong}");
        }
    }
}
