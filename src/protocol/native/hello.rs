//! From where on a connection is told the log, and what holds for it.

use serde::Serialize;

use crate::kernel::Notice;
use crate::limits::{Limits, STATE_BYTES_MAX, STATE_KEYS_MAX, TOPICS_MAX};
use crate::message::{Json, Millis, Mode, NotResumed, Offset, PageRequest, Rewind, Welcome};
use crate::protocol::Channel;

/// How often a client says that it is there, in milliseconds: well within what proxies and radio
/// networks take for silence, and twelve times within what the server does.
const HEARTBEAT_MS: u64 = 25_000;

/// What every room serves (N58).
const PRESENCE: &str = "presence";

/// Longest frame of several messages that a server sends, in bytes (`host::broadcast`).
const BATCH_BYTES_MAX: usize = 256 * 1024;

/// From where on a connection is told the log.
#[derive(Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub(crate) struct AttachedOut<'a> {
    /// Its address, `kind:name`.
    room: String,
    /// Which incarnation of the log it is.
    epoch: &'a str,
    /// The newest offset now; 0 if the log is empty.
    offset: Offset,
    /// The oldest offset that is kept.
    first: Offset,
    /// Entries with offsets above this follow.
    from: Offset,
    /// Whether that is the position which `resume` asked for.
    recovered: bool,
    /// Why not, if it asked for one.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<NotResumed>,
    /// What this user may do here.
    grants: &'a [&'static str],
    /// Whether each who is here is told, or how many they are.
    presence: Mode,
}

/// The room's, as clients state it.
pub(super) fn address(channel: &Channel<'_>) -> String {
    let room = channel.room.map(|it| {
        let name = it.name.as_ref().map_or("", |it| it.as_str());
        format!("{}:{name}", it.kind.as_str())
    });
    room.unwrap_or_default()
}

impl<'a> AttachedOut<'a> {
    pub(super) fn of(it: &'a Welcome, channel: &Channel<'_>) -> Self {
        Self {
            room: address(channel),
            epoch: &it.epoch.0,
            offset: it.offset,
            first: it.attached.first,
            from: it.attached.from,
            recovered: it.attached.is_resumed,
            reason: it.attached.reason,
            grants: &it.grants,
            presence: it.presence,
        }
    }
}

/// The first message.
#[derive(Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub(crate) struct Hello<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    accepted_version: u8,
    session_id: String,
    user_id: &'a str,
    /// What the client calls itself; the connection's id if it did not say.
    client_id: String,
    /// When its token expires, in milliseconds since 1970.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(not(target_arch = "wasm32"), schemars(with = "Option<u64>"))]
    expires_at: Option<Millis>,
    /// The server's clock, likewise.
    #[cfg_attr(not(target_arch = "wasm32"), schemars(with = "u64"))]
    server_time: Millis,
    /// What is served here beside what every room serves.
    features: Vec<&'static str>,
    /// How often to send a ping, in milliseconds.
    heartbeat_interval_ms: u64,
    limits: LimitsOut,
}

impl Hello<'_> {
    pub(super) fn of<'a>(
        notice: &Notice,
        it: &'a Welcome,
        channel: &Channel<'_>,
    ) -> impl Serialize + use<'a> {
        let session_id = it.connection.to_string();
        let features = std::iter::once(PRESENCE).chain(it.features.iter().copied()).collect();
        let hello = Hello {
            kind: "hello",
            accepted_version: 2,
            client_id: it.client.clone().unwrap_or_else(|| session_id.clone()),
            session_id,
            user_id: &it.user.0,
            expires_at: it.expires_at,
            server_time: notice.at,
            features,
            heartbeat_interval_ms: HEARTBEAT_MS,
            limits: LimitsOut::of(&it.limits),
        };
        Json::of(&hello).joined(&Json::of(&AttachedOut::of(it, channel)))
    }
}

/// What is absent is not limited.
#[derive(Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub(crate) struct LimitsOut {
    /// Longest frame of a client's, in bytes.
    frame_bytes: usize,
    /// Longest frame of several messages of the server's.
    batch_bytes: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    messages_per_minute: Option<u64>,
    /// After so much silence a connection is closed, in milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    inactivity_ms: Option<u64>,
    /// Rooms of a connection.
    rooms: u8,
    filters: usize,
    /// Entries of a page.
    history: u32,
    /// Entries of a `rewind`.
    rewind: u64,
    /// Users up to whom each who is here is told.
    #[serde(skip_serializing_if = "Option::is_none")]
    presence_members: Option<u64>,
    /// Keys of the state, and how many bytes they and their values have together.
    state_keys: usize,
    state_bytes: usize,
    /// Bytes of a chunk of an object, and chunks of an object.
    object_chunk_bytes: u64,
    object_chunks: u64,
}

impl LimitsOut {
    fn of(it: &Limits) -> Self {
        let limited = |it: u64| Some(it).filter(|it| *it != 0);
        Self {
            frame_bytes: it.message_bytes_max,
            batch_bytes: BATCH_BYTES_MAX,
            messages_per_minute: limited(it.messages_per_minute),
            inactivity_ms: limited(it.inactivity_ms),
            rooms: 1,
            filters: TOPICS_MAX,
            history: PageRequest::LIMIT_MAX,
            rewind: Rewind::ENTRIES_MAX,
            presence_members: limited(it.presence_members_max),
            state_keys: STATE_KEYS_MAX,
            state_bytes: STATE_BYTES_MAX,
            object_chunk_bytes: it.chunk_bytes(),
            object_chunks: it.chunks(),
        }
    }
}
