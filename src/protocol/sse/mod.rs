//! Server-Sent Events (`/api/v1/rooms/{kind}/{name}/stream`, J1 and on): a room's log, for clients
//! that hold no WebSocket. A frame is the text of one event of the stream, or of several, so that
//! what the room says is what the Worker passes on.
//!
//! Out: every entry under its own name; `dormouse.attached` first, `dormouse.closing` last. Nothing
//! comes in but the Worker's own `ping`.

#[cfg(not(target_arch = "wasm32"))]
pub(crate) mod schema;

use std::fmt::Write;

use serde::Serialize;

use super::json::{self, Envelope};
use super::spell::{ErrorDetails, Past};
use super::{
    Access, Channel, Decoded, Descriptor, Encoding, Frame, Peer, Protocol, Subprotocols,
    TokenPlace, Transport,
};
use crate::close::CloseCode;
use crate::kernel::{Command, Event, Flag, Flags, Notice};
use crate::message::{
    Acknowledgement, Attached, Code, Kind, NotResumed, Offset, ProtocolError, Welcome,
};

pub(super) struct Sse;

pub(super) static DESCRIPTOR: Descriptor = Descriptor {
    name: "sse",
    number: 5,
    transport: Transport::EventStream,
    entrances: &[
        Access::Token.at("/api/v1/rooms/chat/{contextId}/stream", Kind::Chat),
        Access::Token.at("/api/v1/rooms/hub/{contextId}/stream", Kind::Hub),
        Access::Token.at("/api/v1/rooms/analytics/{contextId}/stream", Kind::Analytics),
        Access::Token.at("/api/v1/rooms/collaboration/{contextId}/stream", Kind::Collaboration),
    ],
    subprotocols: Subprotocols::Any,
    tokens: &[TokenPlace::Query, TokenPlace::Header],
    ping_pair: Some(json::PING_PAIR),
    acknowledgement: Acknowledgement::None,
    encodings: &[Encoding::EventStream],
    flags: Flags::of(&[Flag::Greeted, Flag::Following, Flag::Mute]),
    close_code: CloseCode::of,
    words: &[ATTACHED, CLOSING],
    shows_offsets: true,
    resumes: false,
};

/// The event that comes first.
const ATTACHED: &str = "dormouse.attached";
/// The event that comes last, where there is something to say.
const CLOSING: &str = "dormouse.closing";

impl Protocol for Sse {
    fn descriptor(&self) -> &'static Descriptor {
        &DESCRIPTOR
    }

    fn decode(&self, frame: &Frame, _: &Peer<'_>) -> Decoded {
        let command = |it: &Envelope<'_>| match &*it.kind {
            "ping" => Ok(Command::Ping),
            _ => Err(ProtocolError::new(Code::UnknownMessageType, "nothing is said on a stream")),
        };
        json::request(frame, |it: &Envelope<'_>| it.id.as_deref(), command).into()
    }

    fn encode(&self, notice: &Notice, channel: &Channel<'_>) -> Option<Frame> {
        let text = match &notice.event {
            Event::Entry(entry) => {
                let name = entry.body.name.as_str();
                event(name, position(channel, entry.offset).as_deref(), &Past::of(entry))
            }
            Event::Position(offset) => format!("id: {}\n\n", position(channel, *offset)?),
            Event::Welcome(it) => {
                let at = format!("{}:{}", it.epoch.0, it.attached.from.0);
                event(ATTACHED, Some(&at), &AttachedOut::of(it))
            }
            Event::Refused(error) => event(CLOSING, None, &Closing::of(error)),
            // What is not in the log is not in the stream; nothing that is said asks for the rest.
            Event::Ping
            | Event::Said(_)
            | Event::Closing(_)
            | Event::Reauth(_)
            | Event::Detached(_)
            | Event::Pong
            | Event::Joined(_)
            | Event::Left(_)
            | Event::Presence(_)
            | Event::Seen(_)
            | Event::History(_)
            | Event::Renewed { .. }
            | Event::Reply(_)
            | Event::Feature(_) => return None,
        };
        Some(Frame::Text(text))
    }

    /// Events stand behind each other.
    fn batch(&self, frames: &[&Frame]) -> Frame {
        let texts = frames.iter().filter_map(|frame| match frame {
            Frame::Text(text) => Some(text.as_str()),
            Frame::Binary(_) => None, // It makes none.
        });
        Frame::Text(texts.collect())
    }
}

/// `epoch:offset`, where it is known which log it is.
fn position(channel: &Channel<'_>, offset: Offset) -> Option<String> {
    channel.room.map(|it| format!("{}:{}", it.epoch.0, offset.0))
}

/// One event. Names are made of letters that end no line. Data is JSON, in which the end of a line
/// stands only where a blank may: some of it is as its author wrote it.
fn event(name: &str, id: Option<&str>, data: &impl Serialize) -> String {
    let mut data = serde_json::to_string(data).unwrap_or_default();
    if data.contains(['\n', '\r']) {
        data = data.replace(['\n', '\r'], " ");
    }
    let mut text = String::with_capacity(data.len() + name.len() + 96);
    if let Some(id) = id {
        let _ = writeln!(text, "id: {id}"); // A string takes everything.
    }
    let _ = write!(text, "event: {name}\ndata: {data}\n\n");
    text
}

/// Where the stream begins.
#[derive(Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub(crate) struct AttachedOut<'a> {
    /// The connection's name, for `exclude` and for who closes it.
    session_id: String,
    /// The token's `sub`.
    user_id: &'a str,
    /// Which incarnation of the log this is.
    epoch: &'a str,
    /// The newest offset of the log now; 0 if it is empty.
    offset: Offset,
    /// The oldest offset that is kept.
    first: Offset,
    /// Entries with offsets above this follow.
    from: Offset,
    /// Whether that is the position that was asked for.
    recovered: bool,
    /// Why not, if one was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<NotResumed>,
}

impl<'a> AttachedOut<'a> {
    fn of(welcome: &'a Welcome) -> Self {
        let Attached { first, from, is_resumed, reason } = welcome.attached;
        Self {
            session_id: welcome.connection.to_string(),
            user_id: &welcome.user.0,
            epoch: &welcome.epoch.0,
            offset: welcome.offset,
            first,
            from,
            recovered: is_resumed,
            reason,
        }
    }
}

/// Why the stream ends.
#[derive(Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub(crate) struct Closing<'a> {
    code: Code,
    /// For people.
    message: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    details: Option<ErrorDetails<'a>>,
}

impl<'a> Closing<'a> {
    fn of(error: &'a ProtocolError) -> Self {
        let details = ErrorDetails::of(error);
        Self { code: error.code, message: &error.message, details }
    }
}
