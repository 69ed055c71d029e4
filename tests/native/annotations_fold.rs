//! A page shows what everything that was said comes to (U6): the same as whoever was there all the
//! time makes of what they heard.

use std::collections::BTreeMap;

use dormouse::limits::Limits;
use dormouse::message::Kind;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value, json};

use crate::annotations::{delete, edit, reacts};
use crate::threads::{history, message, tells};
use crate::world::World;

#[derive(Clone, Debug)]
enum Act {
    Says(u64, String, Option<u64>),
    Edits(u64, u64, String),
    Deletes(u64, u64),
    Reacts(u64, u64, &'static str, bool),
    Sleeps,
}

fn act() -> impl Strategy<Value = Act> {
    let (who, of, text) = (|| 1u64..=3, || 1u64..=20, || "[a-z]{1,4}");
    let key = select(vec!["👍", "👎", "x"]);
    prop_oneof![
        4 => (who(), text(), prop::option::weighted(0.3, of())).prop_map(|(a, b, c)| Act::Says(a, b, c)),
        3 => (who(), of(), text()).prop_map(|(a, b, c)| Act::Edits(a, b, c)),
        1 => (who(), of()).prop_map(|(a, b)| Act::Deletes(a, b)),
        5 => (who(), of(), key, prop::bool::weighted(0.7)).prop_map(|(a, b, c, d)| Act::Reacts(a, b, c, d)),
        1 => Just(Act::Sleeps),
    ]
}

/// What a client makes of all it heard.
#[derive(Default)]
struct Heard {
    messages: BTreeMap<u64, Value>,
    /// Who reacts, by message and key, in the order in which they said so.
    reactions: BTreeMap<(u64, String), Vec<String>>,
}

impl Heard {
    fn hears(&mut self, frame: &Value) {
        let data = &frame["data"];
        let (of, offset) = (data["of"].as_u64().unwrap_or_default(), data["offset"].as_u64());
        let change = json!({"at": data["timestamp"], "user": data["authorId"], "offset": offset});
        match frame["type"].as_str().unwrap() {
            "message" => {
                if let Some(of) = data["replyTo"].as_u64() {
                    let message = self.messages.get_mut(&of).unwrap();
                    message["replies"] = json!(message["replies"].as_u64().unwrap_or(0) + 1);
                }
                self.messages.insert(offset.unwrap(), data.clone());
            }
            "edit_message" => {
                let message = self.messages.get_mut(&of).unwrap();
                message["content"] = data["content"].clone();
                message["edited"] = change;
            }
            "delete_message" => {
                let message = self.messages.get_mut(&of).unwrap();
                message["content"] = json!("");
                message["deleted"] = change;
                message.as_object_mut().unwrap().remove("edited");
                self.reactions.retain(|(it, _), _| *it != of);
            }
            "reaction" => {
                let key = data["key"].as_str().unwrap().to_owned();
                let users = self.reactions.entry((of, key)).or_default();
                let user = data["authorId"].as_str().unwrap().to_owned();
                users.retain(|it| *it != user);
                if data["on"] == true {
                    users.push(user);
                }
                assert_eq!(data["count"], users.len(), "{data}");
            }
            _ => {}
        }
    }

    fn page(&self) -> Vec<Value> {
        let mut messages = self.messages.clone();
        for ((of, key), users) in self.reactions.iter().filter(|it| !it.1.is_empty()) {
            let me = users.iter().any(|it| it == "ann");
            let message = messages.get_mut(of).unwrap();
            message["reactions"][key] = json!({"count": users.len(), "users": users, "me": me});
        }
        messages.into_values().collect()
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// [U6]
    #[test]
    fn a_page_is_the_fold_of_everything_that_was_said(acts in prop::collection::vec(act(), 1..40)) {
        let limits = Limits { messages_per_minute: 0, broadcasts_per_minute: 0, ..Limits::default() };
        let mut world = World::of(Kind::Chat, limits);
        for (number, user) in [(1, "ann"), (2, "bob"), (3, "cid"), (4, "eve")] {
            world.join(number, user, None);
        }
        for act in acts {
            let (number, frame) = match act {
                Act::Says(number, text, of) => (number, message(&text, &json!(of))),
                Act::Edits(number, of, text) => (number, edit(of, &text)),
                Act::Deletes(number, of) => (number, delete(of)),
                Act::Reacts(number, of, key, on) => (number, reacts(of, key, on)),
                Act::Sleeps => {
                    world.sleep();
                    continue;
                }
            };
            tells(&mut world, number, &frame);
        }
        let mut heard = Heard::default();
        for frame in world.sockets.frames(4) {
            heard.hears(&frame);
        }
        prop_assert_eq!(history(&mut world, 1), heard.page());
    }
}
