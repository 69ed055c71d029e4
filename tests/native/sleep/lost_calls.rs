//! Calls that die with a room's memory: no message of a conversation does (Q9, Q10).

use std::collections::BTreeMap;

use dormouse::message::ConnectionId;
use dormouse::protocol::Frame;
use proptest::prelude::*;
use serde_json::Value;

use super::place;
use super::stage::{DedupeWindow, Stage};
use super::told::Moment;
use crate::support::Seen;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(192))]

    /// [Q9, Q10] Every message comes to its end, and to no two responses.
    #[test]
    fn no_message_is_lost_with_a_call(script in place::TALK.script(60)) {
        let mut stage = Stage::new(&place::TALK, &script);
        stage.memory = DedupeWindow::IsLost;
        stage.perform(&script);
        stage.memory = DedupeWindow::Lasts;
        // Until nothing is under way any more.
        for _ in 0..20 {
            while stage.respond() {}
            stage.wait(13_000);
        }
        let count = |sql: &str| stage.world.database.count(sql, 1);
        prop_assert_eq!(count("SELECT COUNT(*) FROM question WHERE 1 = "), 0);
        let twice = "SELECT COUNT(*) FROM (SELECT 1 FROM entry WHERE kind = 'response'
            GROUP BY json_extract(data, '$.of') HAVING 1 < COUNT(*)) WHERE 1 = ";
        prop_assert_eq!(count(twice), 0);
        // Whatever a message says that can be answered has been: all of them are.
        let unanswered = "SELECT COUNT(*) FROM entry WHERE kind = 'message'
            AND json_extract(data, '$.content') IN ('hi', 'flaky')
            AND NOT EXISTS (SELECT 1 FROM response WHERE message = entry.offset) AND 1 = ";
        prop_assert_eq!(count(unanswered), 0);
        prop_assert!(say_once(&stage.moments));
    }
}

/// Whether all that a connection is told in response to one message is the same, and of one time.
fn say_once(moments: &[Moment]) -> bool {
    let mut answers: BTreeMap<(ConnectionId, String), Value> = BTreeMap::new();
    let all = moments.iter().flat_map(|it| &it.seen);
    let all = all.flat_map(|(connection, seen)| seen.iter().map(|it| (*connection, it)));
    let frames = all.filter_map(|(connection, it)| match it {
        Seen::Frame(Frame::Text(text)) => Some((connection, serde_json::from_str(text).ok()?)),
        _ => None,
    });
    frames.filter(|(_, it): &(_, Value)| it["type"] == "response").all(|(connection, it)| {
        let (message, at) = (it["messageId"].as_str().unwrap(), it["timestamp"].as_str().unwrap());
        // After a day it is another message's name.
        let (date, _) = at.split_once('T').unwrap();
        let key = (connection, format!("{message} of {date}"));
        answers.entry(key).or_insert_with(|| it.clone()) == &it
    })
}
