//! What is asked and said of a room's state.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::feature::{Ask, Spelled, Tell};
use crate::limits::TOPICS_MAX;
use crate::message::{
    Body, Dedupe, EVENT, EntryKind, Json, Kind, Offset, ProtocolError, StateKey, Topic, json,
};

/// What is asked of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StateCommand {
    /// Keep this value under this key, and say so; `null` drops the key.
    Set {
        /// The key.
        key: StateKey,
        /// The value.
        value: Json,
        /// Only if its version is this: the offset of its last change, 0 if there is no such key.
        if_version: Option<Offset>,
    },
    /// What is kept under these keys, or under all of them?
    All(Option<Vec<Topic>>),
}

/// What is asked of it over HTTP.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum StateTask {
    /// Drop this key.
    #[serde(rename = "delete_state")]
    Delete(StateKey),
}

impl From<StateTask> for StateCommand {
    fn from(task: StateTask) -> Self {
        match task {
            StateTask::Delete(key) => Self::Set { key, value: Json::null(), if_version: None },
        }
    }
}

/// What is said of it, beside the events of its changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StateEvent {
    /// What is kept under keys, with all that was said up to this offset.
    All(Vec<StateItem>, Offset),
}

/// One value of a room's state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StateItem {
    /// Its key.
    pub key: StateKey,
    /// The value.
    pub value: Json,
    /// The entry that set it.
    pub offset: Offset,
}

/// Stored as an event, whose value is kept beside its row.
const CHANGE: EntryKind = EntryKind { leaves_more: |_| true, ..EVENT };

impl Body {
    /// The change of a room's state: this value under this key.
    #[must_use]
    pub fn state(key: &StateKey, value: Json) -> Self {
        Self::new(CHANGE, key.event(), value)
    }

    /// The key it sets, if it is a change of a room's state.
    #[must_use]
    pub fn state_key(&self) -> Option<&str> {
        if self.kind == EVENT { self.name.as_str().strip_prefix(StateKey::PREFIX) } else { None }
    }
}

impl Ask for StateCommand {
    fn read(
        protocol: &str,
        word: &str,
        data: Option<&RawValue>,
    ) -> Option<Result<Self, ProtocolError>> {
        match (protocol, word) {
            ("events", "query state") => Some(Ok(Self::All(None))),
            ("native", "query state") => Some(all(data)),
            ("events" | "native", "set_state") => Some(set(data)),
            _ => None,
        }
    }
    fn is_served_in(&self, kind: Kind) -> bool {
        match self {
            Self::Set { .. } => matches!(kind, Kind::Chat | Kind::Hub),
            Self::All(_) => true,
        }
    }
    fn dedupe(&self) -> Dedupe {
        match self {
            Self::Set { .. } => Dedupe::Entry,
            Self::All(_) => Dedupe::No,
        }
    }
    fn has_long_answer(&self) -> bool {
        matches!(self, Self::All(_))
    }
}

fn set(data: Option<&RawValue>) -> Result<StateCommand, ProtocolError> {
    let wrong =
        "set_state needs params with key, a string, value, and if_version, an offset, or none";
    let SetStateIn { key, value, if_version } = json::data(data, wrong)?;
    let value = value.map_or_else(|| Ok(Json::null()), Json::read)?;
    Ok(StateCommand::Set { key: StateKey::parse(key)?, value, if_version })
}

fn all(data: Option<&RawValue>) -> Result<StateCommand, ProtocolError> {
    let wrong = "keys must be a list of 1 to 100 keys, or of what they begin with and a star";
    let keys = data.map(|_| json::data(data, wrong).map(|StateIn { keys }| keys)).transpose()?;
    let keys = keys.flatten();
    if keys.as_ref().is_some_and(|it| !(1..=TOPICS_MAX).contains(&it.len())) {
        return Err(ProtocolError::invalid(wrong));
    }
    let keys = keys.map(|it| it.into_iter().map(Topic::parse).collect());
    keys.transpose().map(StateCommand::All)
}

impl Tell for StateEvent {
    fn spell(&self, protocol: &str) -> Option<Spelled> {
        let Self::All(items, offset) = self;
        let spelled = || {
            let state = items.iter().map(StateOut::of).collect();
            Spelled::new("response", &AllOut { state })
        };
        match protocol {
            "events" => Some(spelled()),
            "native" => {
                let entries = items.iter().map(EntryOut::of).collect();
                Some(Spelled::new("", &EntriesOut { entries, offset: *offset }))
            }
            _ => None,
        }
    }
}

#[derive(Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub(super) struct SetStateIn<'a> {
    /// 1 to 122 of `A-Z a-z 0-9 . _ : ~ -`.
    key: String,
    /// Any JSON; `null` drops the key.
    #[serde(borrow, default)]
    value: Option<&'a RawValue>,
    /// Only if this is where the key was changed last; 0 if there is no such key.
    #[serde(default)]
    if_version: Option<Offset>,
}

/// What is asked of it with the query `state`.
#[derive(Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub(super) struct StateIn {
    /// Keys, or what they begin with and a star; all of them if it is missing.
    #[serde(default)]
    #[cfg_attr(not(target_arch = "wasm32"), schemars(with = "Option<Vec<Topic>>"))]
    keys: Option<Vec<String>>,
}

#[derive(Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[cfg_attr(not(target_arch = "wasm32"), schemars(rename = "State"))]
pub(super) struct AllOut<'a> {
    state: Vec<StateOut<'a>>,
}

#[derive(Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub(super) struct StateOut<'a> {
    key: &'a str,
    value: &'a Json,
    offset: Offset,
}

impl<'a> StateOut<'a> {
    fn of(item: &'a StateItem) -> Self {
        Self { key: item.key.as_str(), value: &item.value, offset: item.offset }
    }
}

#[derive(Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[cfg_attr(not(target_arch = "wasm32"), schemars(rename = "StateEntries"))]
pub(super) struct EntriesOut<'a> {
    entries: Vec<EntryOut<'a>>,
    /// Changes above it are told as events.
    offset: Offset,
}

#[derive(Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[cfg_attr(not(target_arch = "wasm32"), schemars(rename = "StateEntry"))]
struct EntryOut<'a> {
    key: &'a str,
    value: &'a Json,
    /// The offset of its last change.
    version: Offset,
}

impl<'a> EntryOut<'a> {
    fn of(item: &'a StateItem) -> Self {
        Self { key: item.key.as_str(), value: &item.value, version: item.offset }
    }
}
