//! What the JSON protocols share: parsing that trusts nothing, writing that cannot fail.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::Frame;
use crate::feature::{self, Ask};
use crate::kernel::{Command, Request};
use crate::limits::JSON_DEPTH_MAX;
pub(crate) use crate::message::json::{Text, data, data_or_default};
use crate::message::{
    Code, ConnectionId, Kicked, PageRequest, ProtocolError, RequestId, UserId, is_bearable,
    starts_object,
};

/// The exact bytes that clients should send as a ping, so that no room wakes for it (B30).
pub(super) const PING_PAIR: (&str, &str) = (r#"{"type":"ping"}"#, r#"{"type":"pong"}"#);

/// Checks what can be checked before anything is parsed: that the frame is text
/// holding an object of bearable depth.
pub(super) fn object_text(frame: &Frame) -> Result<&str, ProtocolError> {
    let Frame::Text(text) = frame else {
        return Err(ProtocolError::invalid("this endpoint speaks JSON in text frames"));
    };
    if !starts_object(text) {
        return Err(ProtocolError::invalid("a message is a JSON object"));
    }
    if !is_bearable(text.as_bytes(), JSON_DEPTH_MAX) {
        return Err(ProtocolError::invalid("the JSON is nested too deeply"));
    }
    Ok(text)
}

/// What most frames have, whatever they are. Unknown fields are ignored; so is `timestamp`,
/// which is ours to give (X3).
#[derive(Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub(crate) struct Envelope<'a> {
    #[serde(borrow, rename = "type")]
    pub(super) kind: Text<'a>,
    /// The client's own, echoed by what answers it.
    #[serde(borrow, default)]
    pub(super) id: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub(super) data: Option<&'a RawValue>,
    // Of `auth`, which stands at the top level (B3).
    /// A JWT.
    #[serde(borrow, default)]
    #[cfg_attr(not(target_arch = "wasm32"), schemars(with = "String"))]
    pub(super) token: Option<&'a RawValue>,
    /// The room it is for, where the URL does not say.
    #[serde(borrow, default, rename = "contextId")]
    #[cfg_attr(not(target_arch = "wasm32"), schemars(with = "Option<String>"))]
    pub(super) context_id: Option<&'a RawValue>,
}

/// Reads a frame: its envelope, the id in it, and what it asks.
pub(super) fn request<'a, E: Deserialize<'a>>(
    frame: &'a Frame,
    id: impl Fn(&E) -> Option<&str>,
    command: impl Fn(&E) -> Result<Command, ProtocolError>,
) -> Request {
    let wrong = "a message is a JSON object with a string as type, and as id if it has one";
    let envelope = object_text(frame).and_then(|text| {
        serde_json::from_str::<E>(text).map_err(|_| ProtocolError::invalid(wrong))
    });
    let read = envelope.and_then(|envelope| {
        let request_id = id(&envelope).map(RequestId::parse).transpose()?;
        Ok((request_id, command(&envelope)))
    });
    match read {
        Ok((request_id, command)) => Request { request_id, command },
        Err(error) => Request { request_id: lone_id(frame), command: Err(error) },
    }
}

/// The id of a frame that cannot be read otherwise, so that its author learns which it was.
fn lone_id(frame: &Frame) -> Option<RequestId> {
    #[derive(Deserialize)]
    struct Lone<'a> {
        #[serde(borrow)]
        id: Text<'a>,
    }
    let Lone { id } = serde_json::from_str(object_text(frame).ok()?).ok()?;
    RequestId::parse(&*id).ok()
}

/// A token shown on a socket, and the room it is for.
pub(super) fn authenticate(
    token: Option<&RawValue>,
    context: Option<&RawValue>,
) -> Result<Command, ProtocolError> {
    let wrong =
        || ProtocolError::invalid("auth needs token, a string, and contextId, a string or none");
    let text = |raw: &RawValue| serde_json::from_str::<String>(raw.get()).ok();
    let token = token.and_then(text).ok_or_else(wrong)?;
    let context = match context.map(RawValue::get) {
        None | Some("null") => None,
        Some(_) => Some(context.and_then(text).ok_or_else(wrong)?),
    };
    Ok(Command::Authenticate { token, context })
}

/// Reads what a feature serves by this word; nobody else does.
pub(super) fn feature(
    protocol: &str,
    word: &str,
    data: Option<&RawValue>,
) -> Result<Command, ProtocolError> {
    let unknown = ProtocolError::new(Code::UnknownMessageType, "this endpoint knows no such type");
    feature::Command::read(protocol, word, data).unwrap_or(Err(unknown)).map(Command::Feature)
}

/// Whose connections are to be closed.
pub(super) fn kicked(params: Option<&RawValue>) -> Result<Kicked, ProtocolError> {
    let wrong = "kick needs params with user_id or session_id, a string";
    match data::<KickIn>(params, wrong)? {
        KickIn { user_id: Some(user), session_id: None } => UserId::parse(user).map(Kicked::User),
        KickIn { user_id: None, session_id: Some(connection) } => {
            let connection = ConnectionId::parse(&connection).map(Kicked::Connection);
            connection.ok_or(ProtocolError::invalid("this is no session's id"))
        }
        KickIn { .. } => Err(ProtocolError::invalid(wrong)),
    }
}

#[derive(Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub(crate) struct KickIn {
    /// All connections of this user; not with `session_id`.
    #[serde(default)]
    user_id: Option<String>,
    /// This connection; not with `user_id`.
    #[serde(default)]
    session_id: Option<String>,
}

/// How many entries a page is to have.
pub fn limit(limit: Option<u64>) -> Result<u32, ProtocolError> {
    match limit {
        None => Ok(PageRequest::LIMIT_DEFAULT),
        Some(0) => Err(ProtocolError::invalid("limit must be 1 to 200")),
        Some(limit) => Ok(u32::try_from(limit).unwrap_or(u32::MAX).min(PageRequest::LIMIT_MAX)),
    }
}

/// Writes one frame. Our own structs of strings, numbers and lists always
/// serialise; the fallback is there so that this cannot fail.
pub fn frame(message: &impl Serialize) -> Frame {
    let failed = |_| r#"{"type":"error","code":"SYSTEM_ERROR"}"#.to_owned();
    Frame::Text(serde_json::to_string(message).unwrap_or_else(failed))
}

/// Several frames in one: `{"type":"batch","data":[frame,…]}`.
pub(super) fn batch(frames: &[&Frame]) -> Frame {
    let bytes: usize = frames.iter().map(|it| it.len() + 1).sum();
    let mut text = String::with_capacity(bytes + 32);
    text.push_str(r#"{"type":"batch","data":["#);
    let texts = frames.iter().filter_map(|frame| match frame {
        Frame::Text(text) => Some(text),
        Frame::Binary(_) => None, // No JSON protocol makes one.
    });
    for (at, frame) in texts.enumerate() {
        if at != 0 {
            text.push(',');
        }
        text.push_str(frame);
    }
    text.push_str("]}");
    Frame::Text(text)
}
