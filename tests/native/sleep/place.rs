//! The kinds of room there are, with all that each serves at once.

use dormouse::limits::Limits;
use dormouse::message::Kind;
use dormouse::protocol::{Frame, ProtocolId};
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::Value;

use super::step::{Bounds, Feature, Step, Steps};
use super::{
    admin, annotations, bans, chat, connection, conversation, demo, editing, heartbeat, http,
    large_data, measures, metrics, native, presence, publishing, search, state, token, topics,
    vacancy, webhooks,
};

pub(super) struct Place {
    pub(super) name: &'static str,
    pub(super) kind: Kind,
    pub(super) seats: &'static [Seat],
    /// Who sits there.
    pub(super) users: &'static [&'static str],
    /// What is played there, all at once.
    pub(super) features: &'static [&'static Feature],
    /// What each says first, mostly.
    pub(super) opening: Option<&'static str>,
    /// What a newcomer asks at the end.
    pub(super) last_words: &'static [(ProtocolId, &'static [&'static str])],
}

/// A connection that there may be.
#[derive(Clone, Copy)]
pub(super) struct Seat {
    pub(super) protocol: ProtocolId,
    pub(super) batched: bool,
    pub(super) door: Door,
}

/// How one comes in.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Door {
    Token,
    Conversation,
    Demo,
    Stranger,
}

impl Seat {
    pub(super) const fn by_token(protocol: ProtocolId) -> Self {
        Self { protocol, batched: false, door: Door::Token }
    }

    const fn by(self, door: Door) -> Self {
        Self { door, ..self }
    }

    const fn batched(self) -> Self {
        Self { batched: true, ..self }
    }
}

const CONTEXT: Seat = Seat::by_token(ProtocolId::CONTEXT);
const WORKFLOW: Seat = Seat::by_token(ProtocolId::WORKFLOW);
const EVENTS: Seat = Seat::by_token(ProtocolId::EVENTS);
const CLIENT: Seat = Seat::by_token(ProtocolId::CLIENT);
const NATIVE: Seat = Seat::by_token(ProtocolId::NATIVE);
const CONVERSATION: Seat = Seat::by_token(ProtocolId::CONVERSATION).by(Door::Conversation);

pub(super) static CHAT: Place = Place {
    name: "chat",
    kind: Kind::Chat,
    seats: &[CONTEXT, CONTEXT, CONTEXT.batched(), CONTEXT, CONTEXT],
    users: &["ann", "ann", "bob", "bob", "bob", "bea", "cid", "dan"],
    features: &[
        &connection::ALL,
        &connection::SILENT,
        &connection::UNKNOWN,
        &token::TOKENS,
        &presence::IN_CONTEXT,
        &presence::OVER_HTTP,
        &chat::MESSAGES,
        &chat::TYPING,
        &chat::HISTORY,
        &annotations::IN_CONTEXT,
        &measures::MEASURES,
        &http::EVENTS,
        &http::HISTORY,
        &search::IN_CONTEXT,
        &admin::ALL,
        &bans::ALL,
        &vacancy::VACANCY,
        &webhooks::WEBHOOKS,
    ],
    opening: None,
    last_words: &[(
        ProtocolId::CONTEXT,
        &[r#"{"type":"presence"}"#, r#"{"type":"history","data":{"limit":200}}"#, SEARCH],
    )],
};

const SEARCH: &str = r#"{"type":"search","data":{"text":"a* long","order":"best"}}"#;

pub(super) static HUB: Place = Place {
    name: "hub",
    kind: Kind::Hub,
    seats: &[WORKFLOW, EVENTS, CLIENT, WORKFLOW.batched(), EVENTS.batched(), CLIENT],
    users: &["ann", "ann", "bob", "bob", "bob", "bea", "cid", "dan"],
    features: &[
        &connection::ALL,
        &connection::SILENT,
        &connection::UNKNOWN,
        &connection::PATIENT,
        &token::TOKENS,
        &presence::IN_EVENTS,
        &presence::OVER_HTTP,
        &topics::TOPICS,
        &publishing::BY_EVENTS,
        &publishing::BY_CLIENT,
        &publishing::FOR_BACKENDS,
        &annotations::IN_EVENTS,
        &state::STATE,
        &state::OVER_HTTP,
        &large_data::LARGE_DATA,
        &heartbeat::HEARTBEAT,
        &http::EVENTS,
        &http::HISTORY,
        &search::IN_EVENTS,
        &admin::ALL,
        &bans::ALL,
        &admin::BY_EVENTS,
        &bans::BY_EVENTS,
        &vacancy::VACANCY,
        &webhooks::WEBHOOKS,
    ],
    opening: None,
    last_words: &[
        (ProtocolId::EVENTS, EVENTS_LAST),
        (ProtocolId::CLIENT, &[r#"{"type":"status"}"#]),
        (
            ProtocolId::WORKFLOW,
            &[
                r#"{"type":"large_data_request","data":{"data_id":"d1"}}"#,
                r#"{"type":"large_data_request","data":{"data_id":"d2"}}"#,
                r#"{"type":"large_data_request","data":{"data_id":"d3"}}"#,
            ],
        ),
    ],
};

pub(super) static NATIVE_HUB: Place = Place {
    name: "hub of those who keep a list",
    kind: Kind::Hub,
    seats: &[NATIVE, NATIVE, NATIVE, NATIVE, NATIVE, EVENTS],
    users: &["ann", "ann", "bob", "bob", "bea", "cid", "dan"],
    features: &[&presence::IN_NATIVE, &presence::OVER_HTTP],
    opening: None,
    last_words: &[
        (ProtocolId::NATIVE, &[r#"{"type":"presence","id":"l"}"#]),
        (ProtocolId::EVENTS, EVENTS_LAST),
    ],
};

pub(super) static FOLLOWED_HUB: Place = Place {
    name: "hub of those who follow its log",
    kind: Kind::Hub,
    seats: &[NATIVE, NATIVE.batched(), NATIVE, EVENTS, EVENTS],
    users: &["ann", "ann", "bob", "bob", "bea", "dan"],
    features: &[
        &connection::ALL,
        &native::FOLLOWING,
        &bans::ALL,
        &publishing::BY_EVENTS,
        &state::STATE,
        &http::HISTORY,
        &vacancy::VACANCY,
    ],
    opening: None,
    last_words: &[(
        ProtocolId::NATIVE,
        &[
            r#"{"type":"history","id":"l","limit":200,"raw":true}"#,
            r#"{"type":"query","id":"p","query":"position"}"#,
        ],
    )],
};

const EVENTS_LAST: &[&str] = &[
    r#"{"type":"query","query":"presence"}"#,
    r#"{"type":"query","query":"stats"}"#,
    r#"{"type":"query","query":"state"}"#,
    r#"{"type":"query","query":"history","params":{"limit":200}}"#,
    r#"{"type":"query","query":"search","params":{"text":"a*"}}"#,
];

pub(super) static LOBBY: Place = Place {
    name: "lobby",
    kind: Kind::Hub,
    seats: &[
        CLIENT.by(Door::Stranger),
        CLIENT.by(Door::Stranger),
        CLIENT.by(Door::Stranger).batched(),
        CLIENT,
        EVENTS,
    ],
    users: &["ann", "bob", "bea"],
    features: &[
        &connection::ALL,
        &connection::SILENT,
        &connection::UNKNOWN,
        &connection::PATIENT,
        &demo::STRANGERS,
        &publishing::BY_CLIENT,
        &heartbeat::HEARTBEAT,
        &http::EVENTS,
        &http::HISTORY,
        &presence::OVER_HTTP,
        &admin::ALL,
        &bans::ALL,
        &vacancy::VACANCY,
        &webhooks::WEBHOOKS,
    ],
    opening: None,
    last_words: &[
        (ProtocolId::EVENTS, EVENTS_LAST),
        (ProtocolId::CLIENT, &[r#"{"type":"status"}"#]),
    ],
};

pub(super) static DEMO: Place = Place {
    name: "demo",
    kind: Kind::Hub,
    seats: &[
        EVENTS.by(Door::Demo),
        EVENTS.by(Door::Demo),
        EVENTS.by(Door::Demo).batched(),
        EVENTS.by(Door::Demo),
    ],
    users: &["ann", "bob", "bea"],
    features: &[
        &connection::ALL,
        &connection::SILENT,
        &connection::UNKNOWN,
        &connection::PATIENT,
        &demo::STRANGERS,
        &presence::IN_EVENTS,
        &topics::TOPICS,
        &publishing::BY_EVENTS,
        &annotations::IN_EVENTS,
        &state::STATE,
        &vacancy::VACANCY,
        &webhooks::WEBHOOKS,
    ],
    opening: None,
    last_words: &[(ProtocolId::EVENTS, EVENTS_LAST)],
};

pub(super) static ANALYTICS: Place = Place {
    name: "analytics",
    kind: Kind::Analytics,
    seats: &[CONTEXT, CONTEXT, CONTEXT.batched(), CONTEXT],
    users: &["ann", "ann", "bob", "bob", "bob", "bea", "cid", "dan"],
    features: &[
        &connection::ALL,
        &connection::SILENT,
        &connection::UNKNOWN,
        &token::TOKENS,
        &presence::IN_CONTEXT,
        &presence::OVER_HTTP,
        &metrics::METRICS,
        &http::EVENTS,
        &http::HISTORY,
        &search::OFF,
        &admin::ALL,
        &bans::ALL,
        &vacancy::VACANCY,
        &webhooks::WEBHOOKS,
    ],
    opening: None,
    last_words: &[(
        ProtocolId::CONTEXT,
        &[
            r#"{"type":"presence"}"#,
            r#"{"type":"subscribe","data":{"metrics":["engagement","activity","performance","a","b"]}}"#,
        ],
    )],
};

pub(super) static COLLABORATION: Place = Place {
    name: "collaboration",
    kind: Kind::Collaboration,
    seats: &[CONTEXT, CONTEXT, CONTEXT.batched(), CONTEXT],
    users: &["ann", "ann", "bob", "bob", "bob", "bea", "bea", "cid", "dan"],
    features: &[
        &connection::ALL,
        &connection::SILENT,
        &connection::UNKNOWN,
        &token::TOKENS,
        &presence::IN_CONTEXT,
        &presence::OVER_HTTP,
        &editing::SESSIONS,
        &editing::EDITS,
        &editing::DELETION,
        &http::EVENTS,
        &http::HISTORY,
        &admin::ALL,
        &bans::ALL,
        &vacancy::VACANCY,
        &webhooks::WEBHOOKS,
    ],
    opening: Some(r#"{"type":"join_session","data":{"sessionId":"one"}}"#),
    last_words: &[(
        ProtocolId::CONTEXT,
        &[
            r#"{"type":"presence"}"#,
            r#"{"type":"join_session","data":{"sessionId":"one"}}"#,
            r#"{"type":"join_session","data":{"sessionId":"two"}}"#,
        ],
    )],
};

const CONNECT: &str = r#"{"type":"connect","clientId":"c","version":"1"}"#;

pub(super) static TALK: Place = Place {
    name: "conversation",
    kind: Kind::Conversation,
    seats: &[CONVERSATION, CONVERSATION, CONVERSATION.batched(), CONVERSATION],
    users: &["bob"],
    features: &[
        &connection::ALL,
        &connection::SILENT,
        &connection::UNKNOWN,
        &connection::PATIENT,
        &token::TOKENS,
        &conversation::TALK,
        &conversation::ANSWERS,
        &http::EVENTS,
        &http::HISTORY,
        &presence::OVER_HTTP,
        &admin::ALL,
        &bans::ALL,
        &vacancy::VACANCY,
        &webhooks::WEBHOOKS,
    ],
    opening: Some(CONNECT),
    last_words: &[(ProtocolId::CONVERSATION, &[CONNECT, r#"{"type":"history","limit":200}"#])],
};

impl Place {
    pub(super) fn limits(&self, bounds: Bounds) -> Limits {
        let Bounds { messages, broadcasts, streams, shares, silence } = bounds;
        let limits = Limits {
            message_bytes_max: 700,
            messages_per_minute: messages.of(4, 100),
            broadcasts_per_minute: broadcasts.of(6, 300),
            room_edits_per_second: broadcasts.of(3, 40),
            user_share_percent: 50,
            edits_per_second: streams.of(2, 20),
            chunks_per_second: streams.of(1, 20),
            chunk_bytes_max: 64,
            chunks_max: 8,
            transfer_quota_bytes: shares.of(150, 4096),
            connections_per_user: shares.of(2, 10),
            anonymous_per_address: shares.of(2, 10),
            inactivity_ms: silence.of(90_000, 90_000),
            presence_grace_ms: 5_000,
            presence_members_max: 3,
            typing_ms: 5_000,
            history_entries_max: 6,
            history_age_days_max: 1,
            ..Limits::default()
        };
        let is_demo = self.seats.iter().all(|it| it.door == Door::Demo);
        if is_demo { limits.of_demo() } else { limits }
    }

    /// A seat of those who speak this.
    pub(super) fn seat_of(&self, protocol: ProtocolId) -> Seat {
        *self.seats.iter().rev().find(|it| it.protocol == protocol).unwrap()
    }

    /// Frames of a protocol, said by those who speak it.
    pub(super) fn says(
        &self,
        protocol: ProtocolId,
        frame: impl Strategy<Value = Value> + 'static,
    ) -> Steps {
        let seats = self.seats.iter().enumerate().filter(|(_, it)| it.protocol == protocol);
        let seats: Vec<usize> = seats.map(|(at, _)| at).collect();
        (select(seats), frame)
            .prop_map(|(seat, frame)| Step::Says(seat, Frame::Text(frame.to_string())))
            .boxed()
    }
}
