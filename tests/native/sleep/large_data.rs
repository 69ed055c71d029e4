//! Large data, in chunks (A22, A23, W5 to W12). How a slow reader takes a long object is
//! `transfer_stream`'s: there an alarm stands in for a timer, and times differ.

use dormouse::api::Task;
use dormouse::feature::transfers::TransferTask;
use dormouse::message::Name;
use dormouse::protocol::{Frame, ProtocolId};
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value, json};

use super::place::Place;
use super::stage::Stage;
use super::step::{Act, Feature, Reached, Step, acts};
use crate::transfer::chunk;

pub(super) static LARGE_DATA: Feature = Feature {
    steps: |place| {
        let data = || select(vec!["d1", "d1", "d2", "d2", "d3"]);
        let bytes = prop_oneof![6 => Just(9usize), 1 => 50usize..70];
        // An object's chunks are counted from 0, or from 1: its name says so, mostly.
        let off = prop_oneof![8 => Just(0u64), 1 => Just(1)];
        let piece = (data(), 0u64..3, bytes, off).prop_map(|(data, index, bytes, off)| {
            let (total, base) = shape(data);
            let content = vec![u8::try_from(index).unwrap(); bytes];
            chunk(data, (index % total) + base + off, total, &content)
        });
        let request = (data(), prop_oneof![Just(Value::Null), (0u64..4).prop_map(|it| json!(it))])
            .prop_map(|(data, from)| {
                let data = json!({"data_id": data, "from": from});
                json!({"type": "large_data_request", "id": "r", "data": data})
            });
        let delete = data().prop_map(
            |it| json!({"type": "large_data_delete", "id": "x", "data": {"data_id": it}}),
        );
        let who = select(vec!["backend", "ann", "bob", "cid"]);
        let call = (who, data()).prop_map(|(who, data)| {
            Step::Calls(who, Task::from(TransferTask::Delete(Name::parse(data).unwrap())))
        });
        let uploads =
            (workflow_seat(place), data()).prop_map(|(seat, data)| Uploads { seat, data });
        vec![
            (8, place.says(ProtocolId::WORKFLOW, piece)),
            (4, acts(uploads)),
            (4, place.says(ProtocolId::WORKFLOW, request)),
            (1, place.says(ProtocolId::WORKFLOW, delete)),
            (1, call.boxed()),
        ]
    },
    reached: &[
        Reached("an object came in", |it| {
            it.own.iter().any(|it| it["data"]["status"] == "received")
        }),
        Reached("a transfer was resumed", |it| {
            it.asks("large_data") && it.own.iter().any(|it| it["data"]["status"] == "incomplete")
        }),
        Reached("an object was fetched", |it| {
            it.asks("large_data_request") && it.got("large_data")
        }),
        Reached("an object was fetched from its middle", |it| {
            // Of `d1`; `d2` begins with 1.
            let from = it.asked["data"]["from"].as_u64();
            let begin = u64::from(it.asked["data"]["data_id"] != "d1");
            from > Some(begin) && it.got("large_data")
        }),
        Reached("an object was deleted", |it| it.got("large_data_delete")),
        Reached("an object was deleted over HTTP", |it| {
            it.asks("delete_object")
                && it.answers.iter().any(|it| it["done"].is_null() && it.get("done").is_some())
        }),
        Reached("another's object was kept", |it| {
            let deletes = it.asks("delete_object") || it.asks("large_data_delete");
            deletes && it.refused("PERMISSION_DENIED")
        }),
        Reached("a chunk was at odds with what is here", |it| {
            it.asks("large_data") && it.refused("CONFLICT")
        }),
        Reached("there was no such object", |it| {
            it.asks("large_data_request") && it.refused("NOT_FOUND")
        }),
        Reached("a chunk was too large", |it| {
            it.asks("large_data") && it.refused("MESSAGE_TOO_LARGE")
        }),
        Reached("chunks came too fast", |it| {
            it.asks("large_data") && it.refused("RATE_LIMIT_EXCEEDED")
        }),
    ],
};

/// How many chunks an object has, and from which number they are counted.
fn shape(data: &str) -> (u64, u64) {
    match data {
        "d1" => (2, 0),
        "d2" => (3, 1),
        _ => (1, 0),
    }
}

fn workflow_seat(place: &'static Place) -> impl Strategy<Value = usize> {
    let seats = place.seats.iter().enumerate();
    let seats = seats.filter(|(_, it)| it.protocol == ProtocolId::WORKFLOW).map(|(at, _)| at);
    select(seats.collect::<Vec<_>>())
}

/// All chunks of an object, one after the other.
#[derive(Clone, Debug)]
struct Uploads {
    seat: usize,
    data: &'static str,
}

impl Act for Uploads {
    fn play(&self, stage: &mut Stage) {
        let (total, base) = shape(self.data);
        for index in 0..total {
            let content = vec![u8::try_from(index).unwrap(); 9];
            let chunk = chunk(self.data, index + base, total, &content);
            stage.say(self.seat, &Frame::Text(chunk.to_string()));
            stage.wait(1);
        }
    }
}
