//! The native protocol (`/ws/v2/connect`, N1 and on): one number per room, and nothing is missed.
//!
//! In: `publish`, `subscribe`, `unsubscribe`, `history`, `presence`, `query`, `command`, `attach`,
//! `detach`, `auth`, `ping`. Out: `hello`, `event`, `position`, `ack`, `error`, `closing`, `pong`.
//! Features are names of events, commands and queries, and never types of frames.

pub(crate) mod entries;
pub(crate) mod hello;
pub(crate) mod out;
pub(crate) mod presence;
pub(crate) mod read;
#[cfg(not(target_arch = "wasm32"))]
pub(crate) mod schema;

use std::borrow::Cow;

use super::{
    Access, Channel, Decoded, Descriptor, Encoding, Frame, Peer, Protocol, Subprotocols,
    TokenPlace, Transport, json, msgpack,
};
use crate::close::CloseCode;
use crate::kernel::{Flag, Flags, Notice};
use crate::message::{Acknowledgement, Kind};

pub(super) struct Native;

pub(super) static DESCRIPTOR: Descriptor = Descriptor {
    name: "native",
    number: 6,
    transport: Transport::WebSocket,
    entrances: &[Access::Named(&[Kind::Chat, Kind::Hub, Kind::Analytics, Kind::Collaboration])
        .at("/ws/v2/connect", Kind::Chat)],
    subprotocols: Subprotocols::Of(&["dormouse.v2.json", "dormouse.v2.msgpack"]),
    tokens: TokenPlace::ANYWHERE,
    ping_pair: Some(json::PING_PAIR),
    acknowledgement: Acknowledgement::ByReply,
    encodings: &[Encoding::JsonList, Encoding::MessagePack],
    flags: Flags::of(&[Flag::Following, Flag::Patient, Flag::Greeted]),
    close_code: CloseCode::of,
    // Events are named in a member of their own: none is taken for a type. What is said of who is here
    // only the server says (`presence` is nobody's to publish anyway).
    words: &["occupancy"],
    shows_offsets: true,
    resumes: false,
};

impl Protocol for Native {
    fn descriptor(&self) -> &'static Descriptor {
        &DESCRIPTOR
    }

    fn decode(&self, frame: &Frame, peer: &Peer<'_>) -> Decoded {
        let frame = match frame {
            Frame::Text(_) => Some(Cow::Borrowed(frame)),
            Frame::Binary(bytes) => msgpack::to_json(bytes).map(|it| Cow::Owned(Frame::Text(it))),
        };
        let requests = match frame {
            Some(frame) => read::requests(&frame, peer),
            None => vec![read::refused(read::NO_MESSAGEPACK)],
        };
        Decoded { requests, answers: vec![] }
    }

    fn encode(&self, notice: &Notice, channel: &Channel<'_>) -> Option<Frame> {
        out::encode(notice, channel)
    }

    /// Messages in one frame are a list.
    fn batch(&self, frames: &[&Frame]) -> Frame {
        let packed: Vec<&[u8]> = frames
            .iter()
            .filter_map(|it| if let Frame::Binary(it) = it { Some(it.as_slice()) } else { None })
            .collect();
        if !packed.is_empty() {
            return Frame::Binary(msgpack::array(&packed));
        }
        let mut text =
            String::with_capacity(frames.iter().map(|it| it.len() + 1).sum::<usize>() + 1);
        for frame in frames {
            text.push(if text.is_empty() { '[' } else { ',' });
            if let Frame::Text(it) = frame {
                text.push_str(it);
            }
        }
        text.push(']');
        Frame::Text(text)
    }
}
