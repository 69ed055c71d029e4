//! Values a room keeps under keys: the log says how they changed, the state what they are.

mod http;
mod rules;
#[cfg(not(target_arch = "wasm32"))]
mod schema;
mod tables;
mod words;

use std::convert::Infallible;

use litemap::LiteMap;

use super::{Feature, Find, Keep, Known, Nothing, Publishing};
use crate::message::{Body, Kind, Millis, Offset, ProtocolError, StateKey, Topic, UserId};

pub use words::{StateCommand, StateEvent, StateItem, StateTask};

/// The keys that are kept. Their values are in the log.
#[derive(Debug, Default)]
pub struct State {
    pub(crate) keys: LiteMap<String, KeptKey>,
}

/// What a room knows of a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptKey {
    /// Where it was changed last.
    pub version: Offset,
    /// How long the value is, in bytes.
    pub bytes: usize,
    /// Who set it first; `None` of one that was set when nobody took that down.
    pub owner: Option<UserId>,
    /// Whether only callers with `publish` change it.
    pub is_protected: bool,
}

/// Whose a key is; the entry before has set it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnState {
    /// The key.
    pub key: StateKey,
    /// Who set it first, or protects it.
    pub owner: UserId,
    /// Whether only callers with `publish` change it.
    pub is_protected: bool,
}

impl Keep for OwnState {}

/// What is kept under keys?
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AllState {
    /// Under these; all of them if `None`.
    pub keys: Option<Vec<Topic>>,
    /// Where the log stood when this was asked.
    pub head: Offset,
}

impl Find for AllState {}

impl Feature for State {
    type Command = StateCommand;
    type Event = StateEvent;
    type Write = OwnState;
    type Query = AllState;
    type Found = Vec<StateItem>;
    type Call = Infallible;
    type Input = Infallible;
    type OnConnection = Nothing;
    type Config = ();
    type Task = StateTask;
    fn offers(kind: Kind, (): &()) -> Option<&'static str> {
        matches!(kind, Kind::Chat | Kind::Hub).then_some("state")
    }
    fn publication(it: &mut Publishing) -> Option<Result<Body, ProtocolError>> {
        // What is kept under a key changes by this feature's own command alone.
        it.name.as_str().starts_with(StateKey::PREFIX).then_some(Err(ProtocolError::RESERVED))
    }
}

impl Known for State {
    type Stored = Vec<(String, KeptKey)>;
    type Shared = ();
    fn wake(stored: Self::Stored, _: Millis) -> Self {
        Self { keys: stored.into_iter().collect() }
    }
    fn keeps_nothing(&self) -> bool {
        self.keys.is_empty()
    }
}
