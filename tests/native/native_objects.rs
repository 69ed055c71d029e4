//! Large data in the words of the native protocol, and in the others' beside it.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use dormouse::feature::transfers::Digest;
use dormouse::message::Kind;
use dormouse::protocol::ProtocolId;
use serde_json::{Value, json};

use crate::native_words::{asks, command, room, says};
use crate::world::World;

fn put(object: &str, index: u64, total: u64, content: &[u8]) -> Value {
    let (chunk, sha256) = (STANDARD.encode(content), Digest::of(content).to_string());
    let params = json!({"object": object, "index": index, "total": total, "chunk": chunk,
        "sha256": sha256});
    command("object.put", &params)
}

fn get(object: &str, from: Option<u64>) -> Value {
    command("object.get", &json!({"object": object, "from": from}))
}

/// The chunks that a connection was sent: which, and what of them.
fn chunks(world: &World, number: u64) -> Vec<(u64, Vec<u8>)> {
    let frames = world.sockets.frames(number);
    let chunks = frames.iter().filter(|it| it["event"] == "object.chunk");
    let chunk = |it: &Value| {
        assert_eq!(it["encoding"], "base64");
        assert!(it.get("id").is_none() && it.get("offset").is_none(), "{it}");
        let content = STANDARD.decode(it["data"]["chunk"].as_str().unwrap()).unwrap();
        assert_eq!(it["data"]["sha256"], Digest::of(&content).to_string());
        (it["data"]["index"].as_u64().unwrap(), content)
    };
    chunks.map(chunk).collect()
}

#[test]
fn n40_every_chunk_is_acknowledged_when_it_is_stored() {
    let mut world = room(Kind::Hub, &["ann", "ann"]);
    let stands = |world: &mut World, number, frame| asks(world, number, frame)["result"].clone();
    let kept = stands(&mut world, 1, put("o", 1, 3, b"b"));
    assert_eq!(kept, json!({"status": "incomplete", "size": 1}));
    world.sleep();
    // The same again, and the first of another connection, are told what is missing.
    let again = stands(&mut world, 1, put("o", 1, 3, b"b"));
    assert_eq!(again, json!({"status": "incomplete", "size": 1, "missing": [2, 3]}));
    let resumed = stands(&mut world, 2, put("o", 3, 3, b"ccc"));
    assert_eq!(resumed, json!({"status": "incomplete", "size": 4, "missing": [2]}));
    // One without an id is stored all the same.
    let before = world.sockets.frames(2).len();
    says(&mut world, 2, &put("o", 2, 3, b""));
    assert_eq!(world.sockets.frames(2).len(), before);
    let done = stands(&mut world, 2, put("o", 2, 3, b""));
    assert_eq!(done, json!({"status": "received", "size": 4}));
}

#[test]
fn n40_n52_an_object_is_told_chunk_by_chunk_in_every_protocol() {
    let mut world = room(Kind::Hub, &["ann", "bob"]);
    world.join_on(ProtocolId::WORKFLOW, 3, "cid");
    for (index, content) in [b"a".as_slice(), b"\0\xff", b"ccc"].into_iter().enumerate() {
        asks(&mut world, 1, put("o", index as u64, 3, content));
    }
    let found = asks(&mut world, 2, get("o", None));
    assert_eq!(found["result"], json!({"total": 3, "size": 6}));
    let all = [(0, b"a".to_vec()), (1, b"\0\xff".to_vec()), (2, b"ccc".to_vec())];
    assert_eq!(chunks(&world, 2), all);
    asks(&mut world, 1, get("o", Some(2)));
    assert_eq!(chunks(&world, 1), all[2..]);
    let request = json!({"type": "large_data_request", "id": "f", "data": {"data_id": "o"}});
    says(&mut world, 3, &request);
    let theirs = world.sockets.frames(3);
    let theirs = theirs.iter().filter(|it| it["type"] == "large_data");
    assert_eq!(
        theirs.map(|it| it["data"]["chunk_data"].clone()).collect::<Vec<_>>(),
        ["YQ==", "AP8=", "Y2Nj"]
    );
}

#[test]
fn n40_what_is_wrong_with_a_chunk_is_named_as_it_is_called_here() {
    let mut world = room(Kind::Hub, &["ann", "bob"]);
    let fields = |answer: &Value| -> Vec<Value> {
        let faults = answer["details"]["faults"].as_array().unwrap();
        faults.iter().map(|it| it["field"].clone()).collect()
    };
    let nothing = asks(&mut world, 1, command("object.put", &json!({})));
    assert_eq!(fields(&nothing), ["object", "total", "index", "chunk", "sha256"]);
    let mut other = put("o", 0, 1, b"a");
    other["params"]["sha256"] = json!("0".repeat(64));
    assert_eq!(fields(&asks(&mut world, 1, other)), ["sha256"]);
    assert_eq!(fields(&asks(&mut world, 1, put("o", 0, 1001, b"a"))), ["total"]);
    let large = put("o", 0, 1, &vec![0; 65_537]);
    assert_eq!(asks(&mut world, 1, large)["code"], "MESSAGE_TOO_LARGE");
    assert_eq!(fields(&asks(&mut world, 1, command("object.get", &json!({})))), ["object"]);
    asks(&mut world, 1, put("o", 0, 2, b"a"));
    assert_eq!(fields(&asks(&mut world, 1, put("o", 2, 2, b"b"))), ["index"]);
    for (number, frame, code) in [
        (1, put("o", 0, 2, b"other"), "CONFLICT"),
        (2, put("o", 1, 2, b"b"), "CONFLICT"),
        (1, get("o", None), "CONFLICT"),
        (1, get("never", None), "NOT_FOUND"),
        (2, command("object.delete", &json!({"object": "o"})), "PERMISSION_DENIED"),
        (1, command("object.delete", &json!({"object": "never"})), "NOT_FOUND"),
    ] {
        // Whoever has `admin` deletes what is another's: bob has not.
        if code != "PERMISSION_DENIED" {
            assert_eq!(asks(&mut world, number, frame.clone())["code"], code, "{frame}");
        }
    }
    asks(&mut world, 1, put("o", 1, 2, b"b"));
    assert_eq!(fields(&asks(&mut world, 1, get("o", Some(2)))), ["from"]);
    let gone = asks(&mut world, 1, command("object.delete", &json!({"object": "o"})));
    assert_eq!(gone["result"], json!({"object": "o"}));
    assert_eq!(asks(&mut world, 1, get("o", None))["code"], "NOT_FOUND");
}

#[test]
fn n11_n40_whoever_detaches_is_sent_no_more_of_an_object() {
    let mut world = room(Kind::Hub, &["ann"]);
    for index in 0..2 {
        asks(&mut world, 1, put("o", index, 2, b"a"));
    }
    world.sockets.backlogs.borrow_mut().insert(crate::support::session_id(1), 1 << 20);
    asks(&mut world, 1, get("o", None));
    assert_eq!(chunks(&world, 1), [], "it reads nothing");
    asks(&mut world, 1, json!({"type": "detach"}));
    world.sockets.backlogs.borrow_mut().clear();
    world.sleep();
    asks(&mut world, 1, json!({"type": "attach"}));
    assert_eq!(chunks(&world, 1), []);
    assert_eq!(asks(&mut world, 1, get("o", None))["result"]["total"], 2);
    assert_eq!(chunks(&world, 1).len(), 2);
}
