//! Chunks of large data, in any order, of wrong sizes and sums: what is kept is bounded, and what
//! comes back is what was sent.

use std::collections::{BTreeMap, BTreeSet};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use dormouse::feature::transfers::Digest;
use dormouse::limits::Limits;
use dormouse::message::Kind;
use dormouse::protocol::ProtocolId;
use serde_json::{Value, json};

use super::bytes::Bytes;
use crate::world::World;

const CHUNK_BYTES_MAX: u64 = 24;
const CHUNKS_MAX: u64 = 6;
const QUOTA_BYTES: u64 = 100;

/// More steps than it takes to fill the quota and let it expire.
const STEPS_MAX: usize = 40;

const OBJECTS: [&str; 3] = ["d", "e", "f"];

/// What was said of an object: whichever chunk of an index was kept, it is one of these.
type Sent = BTreeMap<(&'static str, u64), BTreeSet<Vec<u8>>>;

pub(crate) fn objects(input: &[u8]) {
    let mut bytes = Bytes::new(input);
    let mut world = World::of(
        Kind::Hub,
        Limits {
            messages_per_minute: 0,
            chunks_per_second: 0,
            inactivity_ms: 0,
            chunk_bytes_max: CHUNK_BYTES_MAX,
            chunks_max: CHUNKS_MAX,
            transfer_quota_bytes: QUOTA_BYTES,
            ..Limits::default()
        },
    );
    for (number, user) in [(1, "ann"), (2, "ann"), (3, "bob")] {
        world.join_on(ProtocolId::NATIVE, number, user);
    }
    let mut sent = Sent::new();
    for _ in 0..STEPS_MAX {
        if !bytes.are_left() {
            break;
        }
        let (number, object) = (1 + bytes.below(3) as u64, bytes.one_of(&OBJECTS));
        match bytes.below(12) {
            0 => world.sleep(),
            1 => asks(&mut world, number, "object.delete", &json!({"object": object})),
            2 => world.wait(60_000 * bytes.number().min(2000)),
            3 => comes_back(&mut world, number, object, &sent),
            _ => puts(&mut world, number, object, &mut bytes, &mut sent),
        }
        is_bounded(&world);
    }
    for object in OBJECTS {
        comes_back(&mut world, 1, object, &sent);
    }
}

fn asks(world: &mut World, number: u64, command: &str, params: &Value) {
    let frame = json!({"type": "command", "id": "1", "command": command, "params": params});
    world.says(number, &frame.to_string());
    world.wait(1);
}

fn puts(
    world: &mut World,
    number: u64,
    object: &'static str,
    bytes: &mut Bytes<'_>,
    sent: &mut Sent,
) {
    let (index, total, kind) = (bytes.number(), bytes.number(), bytes.below(8));
    let total = if kind == 0 { total } else { 1 + total % CHUNKS_MAX };
    let index = if kind <= 1 { index } else { index % (total + 1) };
    let length = bytes.below(40);
    let content = bytes.some(length).to_vec();
    let sum = if kind == 2 { Digest::of(b"another") } else { Digest::of(&content) };
    let params = json!({
        "object": object, "index": index, "total": total, "sha256": sum,
        "chunk": STANDARD.encode(&content),
    });
    if kind != 2 {
        sent.entry((object, index)).or_default().insert(content);
    }
    asks(world, number, "object.put", &params);
}

/// How much is kept of each user, and of how many chunks.
fn is_bounded(world: &World) {
    // Before the first write there are no tables.
    if world.database.tables().is_empty() {
        return;
    }
    let over = |sql: &str, most: u64| world.database.names(&format!("{sql} > {most}"));
    let of_users = "SELECT owner FROM transfer JOIN chunk ON chunk.transfer = id WHERE state < 2
        GROUP BY owner HAVING SUM(chunk.bytes)";
    assert!(over(of_users, QUOTA_BYTES).is_empty(), "past the quota");
    let of_chunks = "SELECT digest FROM chunk WHERE bytes";
    assert!(over(of_chunks, CHUNK_BYTES_MAX).is_empty(), "a chunk is too long");
    let of_objects = "SELECT data FROM transfer JOIN chunk ON chunk.transfer = id
        GROUP BY id HAVING COUNT(*)";
    assert!(over(of_objects, CHUNKS_MAX).is_empty(), "too many chunks");
    // Two hexadecimal digits are eight of them.
    let of_marks = "SELECT data FROM transfer WHERE LENGTH(there)";
    assert!(over(of_marks, 2 * (CHUNKS_MAX / 8 + 1)).is_empty(), "marks grow");
}

/// An object that is whole comes chunk by chunk, in order, and each chunk is one that was sent.
fn comes_back(world: &mut World, number: u64, object: &'static str, sent: &Sent) {
    let before = world.sockets.frames(number).len();
    asks(world, number, "object.get", &json!({"object": object}));
    world.wait(10_000);
    let frames = world.sockets.frames(number).split_off(before);
    let Some(found) = frames.iter().find(|it| it["result"]["total"].is_u64()) else { return };
    let chunks: Vec<_> = frames.iter().filter(|it| it["event"] == "object.chunk").collect();
    assert_eq!(Some(chunks.len() as u64), found["result"]["total"].as_u64(), "{frames:?}");
    let first = chunks[0]["data"]["index"].as_u64().unwrap();
    let mut size = 0;
    for (index, chunk) in (first..).zip(chunks) {
        let data = &chunk["data"];
        let content = STANDARD.decode(data["chunk"].as_str().unwrap()).unwrap();
        assert_eq!(data["index"].as_u64(), Some(index));
        assert_eq!(data["sha256"], Digest::of(&content).to_string());
        size += content.len() as u64;
        let all = sent.get(&(object, index));
        assert!(all.is_some_and(|it| it.contains(&content)), "nobody sent {chunk}");
    }
    assert!(first <= 1 && found["result"]["size"].as_u64() == Some(size), "{frames:?}");
}
