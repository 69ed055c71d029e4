//! What is asked, published and told of it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::entries::{DELETE, EDIT, REACTION};
use crate::feature::{Ask, Publishing, Spelled, Tell};
use crate::message::{
    Body, EntryKind, Json, Kind, Member, Offset, ProtocolError, Target, UserId, json, starts_object,
};

/// Longest key of a reaction, in bytes: an emoji of many parts has some forty.
const REACTION_BYTES_MAX: usize = 64;

/// What a client asks beside what it publishes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AnnotationCommand {
    /// I have read up to there.
    Read(Offset),
    /// How far has everyone read?
    Reads,
}

/// What is asked over HTTP by a call of its own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum AnnotationTask {
    /// How far has everyone read?
    #[serde(rename = "reads")]
    Reads,
}

impl From<AnnotationTask> for AnnotationCommand {
    fn from(AnnotationTask::Reads: AnnotationTask) -> Self {
        Self::Reads
    }
}

/// What is told of it beside what is in the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AnnotationEvent {
    /// Somebody has read up to there.
    Read(UserId, Offset),
    /// Your marker stands there.
    Marked(UserId, Offset),
    /// How far everyone has read.
    Reads(BTreeMap<UserId, Offset>),
}

impl Ask for AnnotationCommand {
    fn read(
        protocol: &str,
        word: &str,
        data: Option<&RawValue>,
    ) -> Option<Result<Self, ProtocolError>> {
        match (protocol, word) {
            (
                "context"
                | "client"
                | "events publish"
                | "native"
                | "native publish"
                | Publishing::HTTP,
                "read",
            ) => {
                let wrong = "read needs data with offset, a whole number";
                Some(json::data(data, wrong).map(|ReadIn { offset }| Self::Read(offset)))
            }
            ("context", "reads") | ("events" | "native", "query reads") => Some(Ok(Self::Reads)),
            _ => None,
        }
    }
    fn is_served_in(&self, kind: Kind) -> bool {
        kind.properties().serves_events
    }
    fn has_long_answer(&self) -> bool {
        *self == Self::Reads
    }
}

impl Tell for AnnotationEvent {
    fn spell(&self, protocol: &str) -> Option<Spelled> {
        Some(match (protocol, self) {
            ("context", Self::Read(user, offset) | Self::Marked(user, offset)) => {
                Spelled::new("read", &InContext { user_id: &user.0, offset: *offset })
            }
            ("events" | "client", Self::Read(user, offset)) => {
                Spelled::new("read", &InEvents { user_id: &user.0, offset: *offset })
            }
            ("native", Self::Read(user, offset)) => {
                let data = BTreeMap::from([("offset", *offset)]);
                Spelled::new("read", &data).by(Member::new(user.clone(), None))
            }
            ("events" | "native", Self::Marked(_, offset)) => {
                let word = if protocol == "native" { "" } else { "response" };
                Spelled::new(word, &MarkedOut { read: *offset })
            }
            ("native", Self::Reads(reads)) => Spelled::new("", reads),
            ("context" | "events", Self::Reads(reads)) => {
                Spelled::new("reads", &ReadsOut { reads })
            }
            _ => return None,
        })
    }
    fn answer(&self) -> Option<Json> {
        Some(match self {
            Self::Read(_, offset) | Self::Marked(_, offset) => {
                Json::of(&MarkedOut { read: *offset })
            }
            Self::Reads(reads) => Json::of(&ReadsOut { reads }),
        })
    }
    fn topic(&self) -> Option<&'static str> {
        matches!(self, Self::Read(..)).then_some("read")
    }
    fn is_ephemeral(&self) -> bool {
        matches!(self, Self::Read(..))
    }
    fn weight(&self) -> usize {
        if let Self::Reads(all) = self { all.keys().map(|it| it.0.len() + 32).sum() } else { 0 }
    }
}

/// Reads what is to be published about an entry.
pub(super) fn publication(it: &mut Publishing) -> Option<Result<Body, ProtocolError>> {
    if it.protocol != "context" && !it.kind.properties().serves_events {
        return None;
    }
    match it.name.as_str() {
        "edit" => Some(about(it, EDIT)),
        "delete" => Some(about(it, DELETE)),
        "reaction" => Some(about(it, REACTION)),
        // Which is asked, and not published.
        "read" => Some(Err(ProtocolError::RESERVED)),
        _ => None,
    }
}

const WRONG: ProtocolError = ProtocolError::invalid(
    "data must be an object with of, an offset, or id, a string; edit has data, reaction has key",
);
const FOR_NOBODY: ProtocolError =
    ProtocolError::invalid("what is about an entry is for whoever that is for");
const NO_CONTENT: ProtocolError = ProtocolError::invalid("edit_message needs content, a string");
const NO_KEY: ProtocolError = ProtocolError::invalid(
    "a reaction needs key, 1 to 64 bytes without control characters, and on, true or false or none",
);

/// What somebody says about an entry. What it is about is looked up before it is judged: until then
/// its data is what stands in that entry's place, or with what somebody reacts.
fn about(it: &mut Publishing, kind: EntryKind) -> Result<Body, ProtocolError> {
    if it.user.is_some() {
        return Err(FOR_NOBODY);
    }
    let is_native = it.of.is_some();
    let text = it.data.as_str();
    let given = match starts_object(text) {
        true => serde_json::from_str::<AboutIn<'_>>(text).map_err(|_| WRONG)?,
        false if is_native => AboutIn::default(),
        false => return Err(WRONG),
    };
    let in_context = it.protocol == "context";
    let place = if in_context { given.offset } else { given.of };
    let target = it.of.map_or_else(|| Target::one_of(place, given.id), Ok)?;
    let data = if kind == REACTION {
        given.reaction()?
    } else if kind == DELETE {
        Json::null()
    } else if in_context {
        let is_text = |it: &&RawValue| it.get().starts_with('"');
        let content = given.content.filter(is_text).ok_or(NO_CONTENT)?;
        Json::of(&BTreeMap::from([("content", content)]))
    } else if is_native {
        std::mem::replace(&mut it.data, Json::null())
    } else {
        given.data.map(Json::unchecked).ok_or(WRONG)?
    };
    let relates_to = kind.relates.map(|it| (it, target));
    Ok(Body { relates_to, ..Body::new(kind, it.name.clone(), data) })
}

#[derive(Default, Deserialize)]
struct AboutIn<'a> {
    #[serde(borrow, default)]
    of: Option<&'a RawValue>,
    #[serde(borrow, default)]
    offset: Option<&'a RawValue>,
    #[serde(borrow, default)]
    id: Option<&'a RawValue>,
    #[serde(borrow, default)]
    content: Option<&'a RawValue>,
    #[serde(borrow, default)]
    data: Option<&'a RawValue>,
    #[serde(borrow, default)]
    key: Option<&'a RawValue>,
    #[serde(borrow, default)]
    on: Option<&'a RawValue>,
}

/// With what somebody reacts, and whether they do.
#[derive(Serialize, Deserialize)]
pub(super) struct Reaction {
    pub(super) key: String,
    pub(super) on: bool,
}

impl AboutIn<'_> {
    fn reaction(&self) -> Result<Json, ProtocolError> {
        let key = self.key.filter(|it| it.get().len() <= 6 * REACTION_BYTES_MAX + 2);
        let key: String = key.and_then(|it| serde_json::from_str(it.get()).ok()).ok_or(NO_KEY)?;
        let on = self.on.map_or(Some(true), |it| serde_json::from_str(it.get()).ok());
        let is_shown = !key.chars().any(char::is_control) && !key.trim().is_empty();
        match on {
            Some(on) if is_shown && key.len() <= REACTION_BYTES_MAX => {
                Ok(Json::of(&Reaction { key, on }))
            }
            _ => Err(NO_KEY),
        }
    }
}

#[derive(Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub(super) struct ReadIn {
    /// The last entry that was read.
    offset: Offset,
}

#[derive(Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[cfg_attr(not(target_arch = "wasm32"), schemars(rename = "Read"))]
#[serde(rename_all = "camelCase")]
pub(super) struct InContext<'a> {
    /// Who: a `sub`.
    user_id: &'a str,
    /// How far.
    offset: Offset,
}

#[derive(Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[cfg_attr(not(target_arch = "wasm32"), schemars(rename = "Read"))]
pub(super) struct InEvents<'a> {
    user_id: &'a str,
    /// How far.
    offset: Offset,
}

#[derive(Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[cfg_attr(not(target_arch = "wasm32"), schemars(rename = "Marked"))]
pub(super) struct MarkedOut {
    /// Where the marker stands.
    read: Offset,
}

#[derive(Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[cfg_attr(not(target_arch = "wasm32"), schemars(rename = "Reads"))]
pub(super) struct ReadsOut<'a> {
    /// The last entry that each user has read.
    reads: &'a BTreeMap<UserId, Offset>,
}
