//! Large data comes in whole, whatever happens on its way (A22, A23, X19).

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use dormouse::feature::transfers::{Chunk, Digest, IN_WORKFLOWS};
use dormouse::feature::transfers::{Marks, Transfer, TransferState, TransferWrite};
use dormouse::history::{History, MemoryHistory, SqlHistory};
use dormouse::kernel::Write;
use dormouse::limits::Limits;
use dormouse::message::{Kind, Millis, Name};
use dormouse::protocol::ProtocolId;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::found;
use crate::support::{Rusqlite, epoch, member, session_id};
use crate::world::World;

/// Rates are other tests' business.
pub(crate) const LIMITS: fn() -> Limits = || Limits {
    messages_per_minute: 0,
    chunks_per_second: 0,
    inactivity_ms: 0,
    connections_per_user: 0,
    ..Limits::default()
};

/// What chunk number so-and-so of an object is.
pub(crate) fn content(number: u64) -> Vec<u8> {
    format!("piece {number} of it").into_bytes()
}

/// A chunk as its sender spells it.
pub(crate) fn chunk(data: &str, index: u64, total: u64, bytes: &[u8]) -> Value {
    json!({"type": "large_data", "id": format!("c{index}"), "data": {
        "data_id": data, "chunk_index": index, "total_chunks": total,
        "chunk_data": STANDARD.encode(bytes), "checksum": Digest::of(bytes).to_string(),
    }})
}

pub(crate) fn hub(limits: Limits) -> World {
    let mut world = World::of(Kind::Hub, limits);
    for (number, user) in [(1, "ann"), (2, "bob")] {
        world.join_on(ProtocolId::WORKFLOW, number, user);
    }
    world.wait(1);
    world
}

/// Says it, and gives what was answered.
pub(crate) fn says(world: &mut World, number: u64, frame: &Value) -> Vec<Value> {
    let before = world.sockets.frames(number).len();
    world.says(number, &frame.to_string());
    world.wait(1);
    world.sockets.frames(number).split_off(before)
}

/// A whole object, counted from `base`.
pub(crate) fn upload(world: &mut World, number: u64, data: &str, total: u64, base: u64) {
    for it in 0..total {
        says(world, number, &chunk(data, it + base, total, &content(it)));
    }
}

pub(crate) fn request(data: &str) -> Value {
    json!({"type": "large_data_request", "id": "r1", "data": {"data_id": data}})
}

/// The chunks a socket was sent: their indexes and what is in them.
pub(crate) fn streamed(frames: &[Value]) -> Vec<(u64, Vec<u8>)> {
    let chunks = frames.iter().filter(|it| it["type"] == "large_data");
    let read = |it: &Value| {
        let data = &it["data"];
        let bytes = STANDARD.decode(data["chunk_data"].as_str().unwrap()).unwrap();
        assert_eq!(data["checksum"], Digest::of(&bytes).to_string());
        (data["chunk_index"].as_u64().unwrap(), bytes)
    };
    chunks.map(read).collect()
}

#[derive(Clone, Debug)]
enum Step {
    /// The chunk of this place among those that are left comes.
    Next(usize),
    /// One that was sent comes again.
    Again(usize),
    /// The sender comes back on another connection.
    Reconnect,
    Sleep,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => any::<usize>().prop_map(Step::Next),
        2 => any::<usize>().prop_map(Step::Again),
        1 => Just(Step::Reconnect),
        2 => Just(Step::Sleep),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    /// [A22, A23, X19] In any order, with any chunk again, across sleep and reconnects, and
    /// counted from 0 or from 1.
    #[test]
    fn an_object_comes_in_once_and_goes_out_as_it_came(
        total in 1u64..12,
        base in 0u64..2,
        steps in prop::collection::vec(step(), 0..60),
    ) {
        let mut world = hub(LIMITS());
        let (mut left, mut sent): (Vec<u64>, Vec<u64>) = ((0..total).collect(), Vec::new());
        let (mut sender, mut is_new) = (1, false);
        let rest = std::iter::repeat_n(Step::Next(0), usize::try_from(total).unwrap());
        for step in steps.into_iter().chain(rest) {
            let number = match step {
                Step::Next(at) if !left.is_empty() => {
                    let number = left.remove(at % left.len());
                    sent.push(number);
                    (number, false)
                }
                Step::Again(at) if !sent.is_empty() => (sent[at % sent.len()], true),
                Step::Next(_) | Step::Again(_) => continue,
                Step::Reconnect => {
                    world.leave(sender);
                    sender += 10;
                    world.join_on(ProtocolId::WORKFLOW, sender, "ann");
                    is_new = !sent.is_empty();
                    continue;
                }
                Step::Sleep => {
                    world.sleep();
                    continue;
                }
            };
            let (number, again) = number;
            let frame = chunk("d", number + base, total, &content(number));
            let answers = says(&mut world, sender, &frame);
            let is_answered = again || is_new || left.is_empty();
            prop_assert_eq!(answers.len(), usize::from(is_answered), "{:?}", answers);
            is_new = false;
            let Some(answer) = answers.first() else { continue };
            prop_assert_eq!(&answer["type"], "large_data_received");
            let bytes: usize = sent.iter().map(|it| content(*it).len()).sum();
            prop_assert_eq!(&answer["data"]["total_size"], bytes);
            let status = if left.is_empty() { "received" } else { "incomplete" };
            prop_assert_eq!(&answer["data"]["status"], status);
            if !left.is_empty() {
                let missing = answer["data"]["missing"].as_array().unwrap().len();
                prop_assert_eq!(missing, left.len());
                // Who has sent one end is not guessed at.
                let end = if base == 0 { 0 } else { total - 1 };
                if sent.contains(&end) {
                    let expected: Vec<u64> = left.iter().map(|it| it + base).collect();
                    prop_assert_eq!(&answer["data"]["missing"], &json!(expected));
                }
            }
        }
        says(&mut world, 2, &request("d"));
        world.wait(10_000);
        let expected: Vec<_> = (0..total).map(|it| (it + base, content(it))).collect();
        prop_assert_eq!(streamed(&world.sockets.frames(2)), expected);
        prop_assert_eq!(world.database.count("SELECT COUNT(*) FROM chunk WHERE 1 = ", 1), total);
    }
}

#[test]
fn w7_a_chunk_again_within_one_flush_is_held_against_the_first() {
    let mut world = hub(LIMITS());
    let (same, other) = (chunk("d", 0, 2, b"a").to_string(), chunk("d", 0, 2, b"b").to_string());
    let last = chunk("d", 1, 2, b"c").to_string();
    world.says_at_once(&[(1, same.clone()), (1, same), (1, other), (1, last)]);
    let frames = world.sockets.frames(1);
    let seen: Vec<_> = frames
        .iter()
        .map(|it| it["data"]["status"].as_str().or(it["data"]["error_code"].as_str()).unwrap())
        .collect();
    assert_eq!(seen, ["incomplete", "CONFLICT", "received"]);
    assert_eq!(frames[0]["data"]["missing"], json!([1]));
    assert_eq!(frames[1]["data"]["error_details"]["request_id"], "c0");
}

// ---- the contract of the log

fn transfer(id: u64, there: &[u64], state: TransferState) -> Transfer {
    let mut marks = Marks::default();
    for it in there {
        marks.set(*it);
    }
    Transfer {
        id,
        data: Name::parse(format!("d{id}")).unwrap(),
        owner: member("än\"n\0").id,
        total: 40,
        first: 3,
        there: marks,
        bytes: 7 * there.len() as u64,
        at: Millis(1000 + id),
        connection: session_id(id),
        state,
    }
}

fn keep(id: u64, there: &[u64], index: u64) -> Write {
    let bytes = format!("{id}/{index}");
    Write::from(TransferWrite::Keep(
        transfer(id, there, TransferState::Open),
        Chunk {
            data: Name::parse(format!("d{id}")).unwrap(),
            index,
            total: 40,
            text: STANDARD.encode(&bytes),
            bytes: bytes.len() as u64,
            digest: Digest::of(bytes.as_bytes()),
            called: &IN_WORKFLOWS,
        }
        .into(),
    ))
}

fn forget(id: u64, there: &[u64], below: u64) -> Write {
    let transfer = transfer(id, there, TransferState::Expired);
    Write::from(TransferWrite::Drop { transfer, below })
}

fn contract<H: History<Error: std::fmt::Debug>>(mut history: H) {
    let known = |history: &H| history.stored_room().unwrap().own.transfers;
    history.commit(&[keep(1, &[3], 3), keep(1, &[3, 0], 0), keep(2, &[40], 40)]).unwrap();
    let open = |id, there: &[u64]| transfer(id, there, TransferState::Open);
    assert_eq!(known(&history), [open(1, &[3, 0]), open(2, &[40])]);
    let text = |it: &str| Some((STANDARD.encode(it), Digest::of(it.as_bytes())));
    assert_eq!(found::chunk(&history, 1, 3), text("1/3"));
    assert_eq!(found::digest(&history, 2, 40), text("2/40").map(|(_, it)| it));
    assert_eq!(found::chunk(&history, 2, 3), None);
    assert_eq!(found::digest(&history, 3, 3), None);
    let finished = transfer(2, &[40], TransferState::Finished);
    history.commit(&[Write::from(TransferWrite::Note(finished.clone()))]).unwrap();
    assert_eq!(known(&history), [open(1, &[3, 0]), finished.clone()]);
    history.commit(&[forget(1, &[3], 3)]).unwrap();
    assert_eq!(found::digest(&history, 1, 0), None);
    assert_eq!(found::chunk(&history, 1, 3), text("1/3"));
    history.commit(&[forget(1, &[], 1 << 53)]).unwrap();
    assert_eq!(found::digest(&history, 1, 3), None);
    assert_eq!(known(&history), [finished]);
    history.commit(&[Write::Erase(epoch())]).unwrap();
    assert_eq!((known(&history), found::digest(&history, 2, 40)), (vec![], None));
}

#[test]
fn memory_keeps_the_contract_of_large_data() {
    contract(MemoryHistory::new(epoch()));
}

#[test]
fn sqlite_keeps_the_contract_of_large_data() {
    contract(SqlHistory::open(Rusqlite::in_memory(), &epoch()).unwrap());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// SQLite and the model agree on what they know after any writes.
    #[test]
    fn large_data_agrees_with_the_model(
        order in Just((0..40u64).collect::<Vec<_>>()).prop_shuffle(),
        portions in prop::collection::vec((1u64..3, 0usize..8, 0u64..45), 1..12),
    ) {
        let mut model = MemoryHistory::new(epoch());
        let mut sql = SqlHistory::open(Rusqlite::in_memory(), &epoch()).unwrap();
        let mut there: [Vec<u64>; 3] = Default::default();
        for (id, count, below) in portions {
            let mine = &mut there[usize::try_from(id).unwrap()];
            let mut writes = Vec::new();
            let fresh: Vec<u64> =
                order.iter().copied().filter(|it| !mine.contains(it)).take(count).collect();
            for index in fresh {
                mine.push(index);
                writes.push(keep(id, mine, index));
            }
            if below % 3 == 0 {
                mine.retain(|it| below <= *it);
                writes.push(forget(id, mine, below));
            }
            model.commit(&writes).unwrap();
            sql.commit(&writes).unwrap();
            prop_assert_eq!(sql.stored_room().unwrap(), model.stored_room().unwrap());
            for index in 0..=40 {
                prop_assert_eq!(found::chunk(&sql, id, index), found::chunk(&model, id, index));
            }
        }
    }
}
