//! The frames of all protocols, as the API documents have them.

use super::{PROTOCOLS_COUNT, ProtocolId, protocols};
use crate::close::CloseCode;
use crate::feature::schema::Calls;
use crate::schema::frames::Message;
use crate::schema::shape::Shape;

/// How one protocol is described, without what features say in it.
pub(crate) struct Description {
    /// The frame in which its clients say something, with the fields of all that they say.
    pub(crate) from_clients: Shape,
    /// The frame in which its server says something.
    pub(crate) from_server: Shape,
    /// The same, where it is an entry of the log.
    pub(crate) entry: Shape,
    /// The same, where it is an answer.
    pub(crate) answer: Shape,
    /// What its clients say.
    pub(crate) receive: &'static [Message],
    /// What its server says.
    pub(crate) send: &'static [Message],
    /// Codes with which no other protocol closes, and why it does.
    pub(crate) close_codes: &'static [(CloseCode, &'static str)],
    /// Where it is spoken over HTTP, as calls.
    pub(crate) calls: Calls,
}

macro_rules! described {
    ($($(#[$about:meta])* $id:ident: $module:ident::$name:ident;)*) => {
        static DESCRIPTIONS: [Description; PROTOCOLS_COUNT] =
            [$(super::$module::schema::DESCRIPTION),*];
    };
}

protocols!(described);

/// All that is spoken over HTTP.
pub(crate) fn calls() -> impl Iterator<Item = Calls> {
    DESCRIPTIONS.iter().map(|it| it.calls)
}

/// The description of a protocol.
pub(crate) fn of(protocol: ProtocolId) -> &'static Description {
    let [first, ..] = &DESCRIPTIONS;
    DESCRIPTIONS.get(protocol.index()).unwrap_or(first)
}
