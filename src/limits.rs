//! Bounds that clients and operators feel, their defaults, and the variables that set most of them.

/// The limits in force. `0` switches a rate or a count off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Longest frame that comes in, in bytes of UTF-8.
    pub message_bytes_max: usize,
    /// Sockets in one room.
    pub connections_per_room: u64,
    /// Sockets of one user in one room.
    pub connections_per_user: u64,
    /// Sockets without a token in one room, from one address.
    pub anonymous_per_address: u64,
    /// Connects a minute from one address, counted by the platform's binding,
    /// whose own number stands in `wrangler.toml`; here only 0 matters.
    pub connects_per_minute: u64,
    /// Frames a minute from one socket (B27).
    pub messages_per_minute: u64,
    /// Edits a second from one socket, and as many moves of its cursor.
    pub edits_per_second: u64,
    /// Chunks of large data a second from one socket.
    pub chunks_per_second: u64,
    /// Decoded bytes of one chunk (A32).
    pub chunk_bytes_max: u64,
    /// Chunks of one transfer (A33).
    pub chunks_max: u64,
    /// Decoded bytes of large data in one room.
    pub transfer_quota_bytes: u64,
    /// Messages a minute of the users of one room (B28); as many again of callers with
    /// `publish`, and as many typing notices.
    pub broadcasts_per_minute: u64,
    /// Operations of edits a second in one room, and as many moves of cursors.
    pub room_edits_per_second: u64,
    /// How much of what a room takes and holds one user may take, in hundredths.
    pub user_share_percent: u64,
    /// Calls of the HTTP API a minute by one `sub`, counted in one isolate.
    pub http_calls_per_minute: u64,
    /// Events a minute that one `sub` publishes over HTTP, counted likewise.
    pub http_publishes_per_minute: u64,
    /// Calls a minute that fail before their caller is known, from one address, likewise.
    pub http_failures_per_minute: u64,
    /// Silence after which a socket is closed.
    pub inactivity_ms: u64,
    /// Time to send the first message where that carries the token (B3).
    pub auth_ms: u64,
    /// Echoes of one address at once.
    pub echoes_per_address: u64,
    /// Sockets of one address that have not said yet who they are.
    pub pending_per_address: u64,
    /// And in one isolate.
    pub pending_max: u64,
    /// Time after which "is typing" expires by itself.
    pub typing_ms: u64,
    /// Time within which a user who returns never left.
    pub presence_grace_ms: u64,
    /// Users up to whom those who follow a room are told of each of them (N36).
    pub presence_members_max: u64,
    /// Entries a room's log keeps.
    pub history_entries_max: u64,
    /// Days a room's log keeps an entry.
    pub history_age_days_max: u64,
    /// Whether these are a demo room's.
    pub is_demo: bool,
    /// Between two pings of the server's own, where the protocol has them (E9).
    pub heartbeat_ms: u64,
    /// Between two reports of a room to the directory.
    pub report_ms: u64,
    /// Time for a responder to answer, its whole body included.
    pub conversation_timeout_ms: u64,
    /// Wait after a responder's first failure; it doubles with each.
    pub conversation_retry_ms: u64,
    /// Bytes that all rooms of an isolate hold together of what waits: in outboxes, for clients
    /// that read slowly, in documents at hand and in sockets that are not in a room yet.
    pub budget_bytes: u64,
    /// Between two signs of life on an event stream.
    pub stream_beat_ms: u64,
    /// How long an event stream lasts, at most, before its client comes back.
    pub stream_ms: u64,
}

/// What sockets that have not said who they are may send ahead of the answer, all of an isolate
/// together, in UTF-16 code units: for each room for what a client says while it connects, or for
/// eight the longest message there is.
pub const PENDING_LENGTH_MAX: u32 = 8 << 20;
/// How long an expired token may still be replaced before the socket is closed (R8).
pub const RENEWAL_MS: u64 = 30_000;
/// How long a client's own id is remembered, at most (P12).
pub const DEDUPE_MS: u64 = 24 * 60 * 60 * 1000;
/// How many of them a room remembers, at most (P12).
pub const DEDUPE_ENTRIES_MAX: u64 = 10_000;
/// Topics one socket subscribes to, at most (V4), and their bytes together: they ride
/// in the attachment, which has 16 KiB.
pub const TOPICS_MAX: usize = 100;
/// See [`TOPICS_MAX`].
pub const TOPICS_BYTES_MAX: usize = 8 * 1024;
/// Bytes of what is known of a connection when it subscribes, at most, as it is stored: the
/// attachment has 16 KiB, and what may still be added (a document it edits, an object it
/// fetches, the end of its token) is below 2 KiB.
pub const CONNECTION_BYTES_MAX: usize = 14 * 1024;
/// Keys of a room's state, at most, and their bytes with their values: the state is told
/// whole, in one frame of less than the 1 MiB that clients take by default.
pub const STATE_KEYS_MAX: usize = 1000;
/// See [`STATE_KEYS_MAX`].
pub const STATE_BYTES_MAX: usize = 512 * 1024;
/// Metrics whose last values a room keeps, at most, its own beside: they are read on every
/// wake, and a dashboard shows dozens.
pub const METRICS_MAX: usize = 1000;
/// Longest document that is edited together, in bytes of UTF-8 as a JSON string: it is told
/// whole, in one frame, with those who edit it ([`PARTICIPANTS_BYTES_MAX`]).
pub const DOCUMENT_BYTES_MAX: usize = 768 * 1024;
/// Objects of large data in one room, at most, finished or not: what a room knows of each is
/// in memory, some 400 bytes.
pub const TRANSFERS_MAX: usize = 1000;
/// How long an interrupted transfer waits for its next chunk.
pub const TRANSFER_MS: u64 = 60 * 60 * 1000;
/// Chunks of one transfer, at most, where no limit is set: which are there is told as a list
/// and stored as digits with every chunk.
pub const CHUNKS_MAX: u64 = 10_000;
/// Decoded bytes of one chunk, at most, where a larger limit or none is set: one chunk on its
/// way to a client must stay well below the backlog of 1 MiB at which a socket is let go.
pub const CHUNK_BYTES_MAX: u64 = 512 * 1024;
/// Sockets of a room that fetch large data at once, at most: up to half a megabyte waits for
/// each, and memory is shared by all rooms of an isolate.
pub const FETCHERS_MAX: usize = 64;
/// After which an interrupted stream to them goes on, should the timer be lost that goes on
/// with it in milliseconds.
pub const FETCH_MS: u64 = 5_000;
/// Different reactions to one entry, at most: they are shown with it, each with who reacts so.
pub const REACTIONS_MAX: u64 = 20;
/// And of one user to one entry.
pub const REACTIONS_OF_USER_MAX: u64 = 10;
/// Users of whom a room keeps how far they have read, at most: they are told in one frame.
pub const READERS_MAX: u64 = 1000;
/// Documents one room stores, at most: with what is kept beside each, a few gigabytes of the ten
/// that the platform gives an object.
pub const DOCUMENTS_MAX: u64 = 1000;
/// How long a document without text is kept while nobody is in its session: who took its last
/// word out may still undo that.
pub const EMPTY_DOCUMENT_MS: u64 = 60 * 60 * 1000;
/// Documents all rooms of an isolate keep in memory, at most; others are read again when they
/// are needed.
pub const DOCUMENTS_OPEN_MAX: usize = 256;
/// And their bytes, with all that is kept beside them: a quarter of what the rooms of an
/// isolate share, and enough for several of the largest.
pub const DOCUMENTS_OPEN_BYTES_MAX: usize = 16 << 20;
/// Bytes that wait to be carried out, about, after which they wait for nothing more: a commit
/// of so many takes longer than the wait that might save another one.
pub const OUTBOX_BYTES_MAX: usize = 256 * 1024;
/// Bytes that may wait for a client when it asks for a page, a state or a document: the state
/// of a room and a page beside it can be asked for at once.
pub const LONG_ANSWERS_BYTES_MAX: usize = 512 * 1024;
/// Longest frame that is taken while the budget is spent, in bytes: small ones are gone again
/// before they add up.
pub const SMALL_FRAME_BYTES_MAX: usize = 4 * 1024;
/// Longest `selection` of a cursor, in bytes of JSON: a few ranges, not a document.
pub const SELECTION_BYTES_MAX: usize = 1024;
/// Events one batch call publishes, at most.
pub const BATCH_EVENTS_MAX: usize = 100;
/// Deepest nesting of a JSON frame (L4).
pub const JSON_DEPTH_MAX: usize = 32;
/// Deepest nesting of what an event, a value or a selection says: eight levels are left for what
/// stands around it when it is told again, of which a page of history in a batch takes six.
pub const DATA_DEPTH_MAX: usize = JSON_DEPTH_MAX - 8;
/// What goes out, a frame or the body of an answer, stays below this: what clients accept by
/// default (1 MiB in Python's `websockets`).
pub const FRAME_BYTES_MAX: usize = 1 << 20;
/// Bytes of the entries of one page of history, however it is spelled and however many were asked
/// for: 2 KiB of a frame are left for what stands around them. An entry of an older version that is
/// larger makes a page alone.
pub const PAGE_BYTES_MAX: u64 = FRAME_BYTES_MAX as u64 - 2 * 1024;
/// Longest data of an event, and longest text of a message, in bytes of JSON as it is told again:
/// 8 KiB are left for what stands around it. That is at most 4.5 KiB: four names of 128 bytes, of
/// which JSON makes up to six times as many, and some 300 bytes of fields.
pub const DATA_BYTES_MAX: usize = FRAME_BYTES_MAX - 8 * 1024;
/// Longest number, in characters: a double needs 24, an integer of 128 bits 40. Some parsers give
/// up at 309 digits, others at 4,300.
pub const NUMBER_BYTES_MAX: usize = 64;
/// Bytes of JSON that say who is here, at most; who does not fit is left out. Enough for a
/// thousand users whatever they are called, and for some ten thousand of short names.
pub const MEMBERS_BYTES_MAX: usize = 960 * 1024;
/// The same for who edits a document: they are told in one frame with all of it.
pub const PARTICIPANTS_BYTES_MAX: usize = 240 * 1024;

/// Of a room's places, those that sockets without a token may take, in percent: the others
/// are kept for those who have one.
pub const ANONYMOUS_PERCENT: u64 = 50;
/// Sockets in one demo room, at most: a tenth of what others have, as with its rates.
const DEMO_CONNECTIONS_MAX: u64 = 100;
/// Longest frame in a demo room, in bytes, and entries it keeps: 4 MiB together.
const DEMO_MESSAGE_BYTES_MAX: usize = 16 * 1024;
/// See [`DEMO_MESSAGE_BYTES_MAX`].
const DEMO_ENTRIES_MAX: u64 = 256;
/// How long a demo room keeps them: to show resuming and history, not to store anything.
const DEMO_HISTORY_MS: u64 = 10 * 60 * 1000;
/// Decoded bytes of large data in one demo room.
const DEMO_TRANSFER_BYTES_MAX: u64 = 1 << 20;

const DAY_MS: u64 = 24 * 60 * 60 * 1000;

type Field = fn(&mut Limits) -> &mut u64;

/// Each variable and the field it sets. A new limit is a field, a default and a line here.
const VARIABLES: &[(&str, Field)] = &[
    ("WS_MAX_CONNECTIONS", |it| &mut it.connections_per_room),
    ("MAX_CONNECTIONS_PER_USER", |it| &mut it.connections_per_user),
    ("ANONYMOUS_CONNECTIONS_PER_ADDRESS", |it| &mut it.anonymous_per_address),
    ("CONNECTIONS_PER_MINUTE_PER_IP", |it| &mut it.connects_per_minute),
    ("MESSAGES_PER_MINUTE", |it| &mut it.messages_per_minute),
    ("EDITS_PER_SECOND", |it| &mut it.edits_per_second),
    ("CHUNKS_PER_SECOND", |it| &mut it.chunks_per_second),
    ("MAX_CHUNK_BYTES", |it| &mut it.chunk_bytes_max),
    ("MAX_CHUNKS", |it| &mut it.chunks_max),
    ("TRANSFER_QUOTA_BYTES", |it| &mut it.transfer_quota_bytes),
    ("BROADCASTS_PER_MINUTE", |it| &mut it.broadcasts_per_minute),
    ("ROOM_EDITS_PER_SECOND", |it| &mut it.room_edits_per_second),
    ("USER_SHARE_PERCENT", |it| &mut it.user_share_percent),
    ("HTTP_CALLS_PER_MINUTE", |it| &mut it.http_calls_per_minute),
    ("HTTP_PUBLISHES_PER_MINUTE", |it| &mut it.http_publishes_per_minute),
    ("HTTP_FAILURES_PER_MINUTE", |it| &mut it.http_failures_per_minute),
    ("INACTIVITY_TIMEOUT_MS", |it| &mut it.inactivity_ms),
    ("AUTH_TIMEOUT_MS", |it| &mut it.auth_ms),
    ("ECHOES_PER_ADDRESS", |it| &mut it.echoes_per_address),
    ("PENDING_CONNECTIONS_PER_ADDRESS", |it| &mut it.pending_per_address),
    ("PENDING_CONNECTIONS", |it| &mut it.pending_max),
    ("TYPING_TIMEOUT_MS", |it| &mut it.typing_ms),
    ("PRESENCE_GRACE_MS", |it| &mut it.presence_grace_ms),
    ("PRESENCE_MEMBERS_MAX", |it| &mut it.presence_members_max),
    ("HISTORY_MAX_ENTRIES", |it| &mut it.history_entries_max),
    ("HISTORY_MAX_AGE_DAYS", |it| &mut it.history_age_days_max),
    ("WS_HEARTBEAT_INTERVAL_MS", |it| &mut it.heartbeat_ms),
    ("REPORT_INTERVAL_MS", |it| &mut it.report_ms),
    ("MEMORY_BUDGET_BYTES", |it| &mut it.budget_bytes),
    ("CONVERSATION_TIMEOUT_MS", |it| &mut it.conversation_timeout_ms),
    ("CONVERSATION_RETRY_MS", |it| &mut it.conversation_retry_ms),
    ("STREAM_HEARTBEAT_MS", |it| &mut it.stream_beat_ms),
    ("STREAM_MAX_MS", |it| &mut it.stream_ms),
];

/// The default of [`Limits::message_bytes_max`] (A31), and the most an operator can set:
/// a stored row has to stay below the platform's 2 MB.
const MESSAGE_BYTES_MAX: usize = 1 << 20;

impl Default for Limits {
    fn default() -> Self {
        Self {
            message_bytes_max: MESSAGE_BYTES_MAX,
            connections_per_room: 1000,
            connections_per_user: 10,
            anonymous_per_address: 10,
            connects_per_minute: 10,
            messages_per_minute: 100,
            edits_per_second: 20,
            chunks_per_second: 20,
            chunk_bytes_max: 64 * 1024,
            chunks_max: 1000,
            transfer_quota_bytes: 256 << 20,
            broadcasts_per_minute: 1000,
            // Twenty who edit as fast as they may. A share of it is more than ten connections
            // of one user need, who types with ten fingers.
            room_edits_per_second: 400,
            user_share_percent: 25,
            // Ten a second, or 37 MiB of pages a minute.
            http_calls_per_minute: 600,
            // A hundred a second: some busy rooms' worth for one backend.
            http_publishes_per_minute: 6000,
            http_failures_per_minute: 60,
            inactivity_ms: 300_000,
            auth_ms: 10_000,
            // Up to 4 MiB waits for each that does not read, so an address has 80 at most.
            echoes_per_address: 20,
            // Each lasts as long as it takes to send one message: of an office behind one address
            // that comes back at once after a restart, twenty are under way together.
            pending_per_address: 20,
            // Each keeps up to 16 KiB, its first message.
            pending_max: 1000,
            typing_ms: 5_000,
            presence_grace_ms: 5_000,
            presence_members_max: 500, // Each who comes or goes is a frame to all others.
            history_entries_max: 10_000,
            history_age_days_max: 30,
            is_demo: false,
            heartbeat_ms: 25_000,
            report_ms: 10_000,
            // Half of the 128 MB that the platform gives an isolate. The other half is the code,
            // what rooms know beside, and the copies that are made while something is sent.
            budget_bytes: 64 << 20,
            conversation_timeout_ms: 10_000,
            conversation_retry_ms: 1_000,
            stream_beat_ms: 25_000,
            stream_ms: 900_000,
        }
    }
}

/// The longest a responder may be given: a room waits for it awake.
const RESPONDER_MS_MAX: u64 = 60_000;

impl Limits {
    /// The same, no wider than a demo room's may be: who comes in there brings no token.
    #[must_use]
    pub fn of_demo(self) -> Self {
        // 0 switches a limit off, and none of these can be.
        let least = |set: u64, most: u64| if set == 0 { most } else { set.min(most) };
        Self {
            message_bytes_max: self.message_bytes_max.min(DEMO_MESSAGE_BYTES_MAX),
            connections_per_room: least(self.connections_per_room, DEMO_CONNECTIONS_MAX),
            history_entries_max: least(self.history_entries_max, DEMO_ENTRIES_MAX),
            transfer_quota_bytes: least(self.transfer_quota_bytes, DEMO_TRANSFER_BYTES_MAX),
            is_demo: true,
            ..self
        }
    }

    /// How long a room's log keeps an entry, in milliseconds; 0: for ever.
    #[must_use]
    pub fn history_ms(&self) -> u64 {
        if self.is_demo {
            DEMO_HISTORY_MS
        } else {
            self.history_age_days_max.saturating_mul(DAY_MS)
        }
    }

    /// Longest data of an event that comes over HTTP: no longer than one that comes in a frame.
    #[must_use]
    pub fn data_bytes_max(&self) -> usize {
        self.message_bytes_max.min(DATA_BYTES_MAX)
    }

    /// Decoded bytes of one chunk, at most.
    #[must_use]
    pub fn chunk_bytes(&self) -> u64 {
        if self.chunk_bytes_max == 0 {
            CHUNK_BYTES_MAX
        } else {
            self.chunk_bytes_max.min(CHUNK_BYTES_MAX)
        }
    }

    /// Chunks of one transfer, at most.
    #[must_use]
    pub fn chunks(&self) -> u64 {
        if self.chunks_max == 0 { CHUNKS_MAX } else { self.chunks_max.min(CHUNKS_MAX) }
    }

    /// How long a responder may take, in milliseconds. 0 is no way to wait for ever.
    #[must_use]
    pub fn responder_patience_ms(&self) -> u64 {
        self.conversation_timeout_ms.clamp(1, RESPONDER_MS_MAX)
    }

    /// Reads the variables. Returns the names of those that are no whole number,
    /// whose defaults stay in force, so that a slip of the pen never lifts a limit.
    pub fn read(variable: impl Fn(&str) -> Option<String>) -> (Self, Vec<&'static str>) {
        let mut limits = Self::default();
        let mut unreadable = Vec::new();
        let parsed = |name| variable(name).map(|it| it.trim().parse::<u64>());
        for (name, field) in VARIABLES {
            match parsed(name) {
                Some(Ok(number)) => *field(&mut limits) = number,
                Some(Err(_)) => unreadable.push(*name),
                None => {}
            }
        }
        match parsed("MAX_MESSAGE_BYTES").map(|it| it.map(usize::try_from)) {
            Some(Ok(Ok(bytes @ 1..=MESSAGE_BYTES_MAX))) => limits.message_bytes_max = bytes,
            Some(_) => unreadable.push("MAX_MESSAGE_BYTES"),
            None => {}
        }
        (limits, unreadable)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_variable_sets_its_limit_and_zero_is_a_number() {
        let (limits, unreadable) = Limits::read(|name| match name {
            "MESSAGES_PER_MINUTE" => Some("0".into()),
            "MAX_MESSAGE_BYTES" => Some(" 4096 ".into()),
            _ => None,
        });
        let expected =
            Limits { messages_per_minute: 0, message_bytes_max: 4096, ..Limits::default() };
        assert_eq!((limits, unreadable), (expected, vec![]));
    }

    #[test]
    fn a_slip_of_the_pen_never_lifts_a_limit() {
        for slip in ["", "ten", "-1", "1e3", "1.5", "99999999999999999999"] {
            let (limits, unreadable) = Limits::read(|_| Some(slip.into()));
            assert_eq!(limits, Limits::default(), "{slip:?}");
            assert_eq!(unreadable.len(), VARIABLES.len() + 1, "{slip:?}");
        }
        assert_eq!(Limits::read(|_| Some("9999999".into())).1, ["MAX_MESSAGE_BYTES"]);
    }
}
