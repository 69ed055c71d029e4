//! Two rooms in which the same is said by clients of the native protocol: in JSON in the one, as
//! MessagePack in the other. They do the same.

use dormouse::kernel::Connection;
use dormouse::limits::Limits;
use dormouse::message::Kind;
use dormouse::protocol::{Frame, ProtocolId, Wire, msgpack};

use super::bytes::Bytes;
use crate::support::{Seen, connection, session_id, speaking};
use crate::world::{World, nobody};

/// Who is there: two connections of one user, and another one's.
const CLIENTS: [(u64, &str); 3] = [(1, "ann"), (2, "ann"), (3, "bob")];

const FRAMES_MAX: usize = 24;

/// Each line is what somebody says, after a byte that says who; or time passes, or both sleep.
pub(crate) fn encodings(input: &[u8]) {
    let mut bytes = Bytes::new(input);
    let [mut plain, mut packed] = [false, true].map(room);
    for _ in 0..FRAMES_MAX {
        if !bytes.are_left() {
            break;
        }
        match bytes.byte() {
            b's' => [&mut plain, &mut packed].into_iter().for_each(World::sleep),
            b'w' => wait(&mut plain, &mut packed, 5_000),
            it => {
                let number = CLIENTS[usize::from(it) % CLIENTS.len()].0;
                says(&mut plain, &mut packed, number, &bytes.line());
            }
        }
        wait(&mut plain, &mut packed, 1);
        is_same(&plain, &packed);
    }
    wait(&mut plain, &mut packed, 30_000);
    is_same(&plain, &packed);
    assert_eq!(plain.database.dump(), packed.database.dump(), "another database");
}

fn wait(plain: &mut World, packed: &mut World, millis: u64) {
    plain.wait(millis);
    packed.wait(millis);
}

fn room(packed: bool) -> World {
    let mut world = World::of(Kind::Hub, Limits::default());
    for (number, user) in CLIENTS {
        let one = speaking(ProtocolId::NATIVE, connection(number, user));
        let one = Connection { heard_at: world.now, joined_at: world.now, ..one };
        let wire = Wire { protocol: ProtocolId::NATIVE, batched: false, packed };
        world.enter(one, wire).unwrap();
        world.wait(1);
    }
    world
}

/// What MessagePack cannot say, nobody says.
fn says(plain: &mut World, packed: &mut World, number: u64, text: &str) {
    let Some(bytes) = msgpack::from_json(text) else { return };
    let Some(text) = msgpack::to_json(&bytes) else { return };
    plain.receives(number, &Frame::Text(text), nobody);
    packed.receives(number, &Frame::Binary(bytes), nobody);
}

/// Whether all of them saw the same.
fn is_same(plain: &World, packed: &World) {
    for (number, _) in CLIENTS {
        let (one, other) = (plain.sockets.take_of(number), packed.sockets.take_of(number));
        assert_eq!(one.len(), other.len(), "{one:?} and {other:?}");
        for (one, other) in one.iter().zip(&other) {
            let is_like = match (one, other) {
                (Seen::Frame(Frame::Text(text)), Seen::Frame(Frame::Binary(bytes))) => {
                    msgpack::from_json(text).as_ref() == Some(bytes)
                }
                (one, other) => one == other,
            };
            assert!(is_like, "{one:?} and {other:?}");
        }
        let (one, other) = (plain.sockets.is_open(session_id(number)), packed);
        assert_eq!(one, other.sockets.is_open(session_id(number)));
    }
}
