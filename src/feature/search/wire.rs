//! How protocols spell what was found.

use serde::Serialize;

use super::snippet::Part;
use super::stored::Hit;
use super::words::SearchEvent;
use crate::feature::{Spelled, Tell};
use crate::message::{Json, Millis, Offset};

/// In the events protocol.
#[derive(Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[cfg_attr(not(target_arch = "wasm32"), schemars(rename = "Matches"))]
pub(super) struct InEvents<'a> {
    /// In the order that was asked for.
    matches: Vec<EventMatch<'a>>,
    /// Whether there may be more.
    has_more: bool,
    /// The `before` of the next ones; only with the newest first.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_before: Option<Offset>,
    /// Whether all of the history was searched. If not, the same again searches more of it.
    complete: bool,
    offset: Offset,
    epoch: &'a str,
}

#[derive(Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
struct EventMatch<'a> {
    event: &'a str,
    /// Its name, minted by the room.
    id: String,
    timestamp: String,
    offset: Offset,
    author: &'a str,
    /// What it says about what was looked for: parts of plain text.
    snippet: &'a [Part],
}

impl<'a> InEvents<'a> {
    pub(super) fn of(event: &'a SearchEvent) -> Self {
        let SearchEvent::Found { found, next_before, head, epoch } = event;
        let of = |it: &'a Hit| EventMatch {
            event: it.name.as_str(),
            id: format!("event_{}", it.id),
            timestamp: it.at.to_rfc3339(),
            offset: it.offset,
            author: &it.author.id.0,
            snippet: &it.snippet,
        };
        Self {
            matches: found.hits.iter().map(of).collect(),
            has_more: event.has_more(),
            next_before: *next_before,
            complete: found.searched_from.is_none(),
            offset: *head,
            epoch: &epoch.0,
        }
    }
}

/// In the native protocol.
#[derive(Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[cfg_attr(not(target_arch = "wasm32"), schemars(rename = "NativeMatches"))]
pub(super) struct InNative<'a> {
    /// In the order that was asked for.
    matches: Vec<NativeMatch<'a>>,
    /// Whether there may be more.
    has_more: bool,
    /// The `before` of the next ones; only with the newest first.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_before: Option<Offset>,
    /// Whether all of the history was searched. If not, the same again searches more of it.
    complete: bool,
    offset: Offset,
    epoch: &'a str,
}

#[derive(Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
struct NativeMatch<'a> {
    event: &'a str,
    offset: Offset,
    /// In milliseconds since 1970.
    #[cfg_attr(not(target_arch = "wasm32"), schemars(with = "u64"))]
    at: Millis,
    /// Who said it: a `sub`.
    user: &'a str,
    /// What it says about what was looked for: parts of plain text.
    snippet: &'a [Part],
}

impl<'a> InNative<'a> {
    pub(super) fn of(event: &'a SearchEvent) -> Self {
        let SearchEvent::Found { found, next_before, head, epoch } = event;
        let of = |it: &'a Hit| NativeMatch {
            event: it.name.as_str(),
            offset: it.offset,
            at: it.at,
            user: &it.author.id.0,
            snippet: &it.snippet,
        };
        Self {
            matches: found.hits.iter().map(of).collect(),
            has_more: event.has_more(),
            next_before: *next_before,
            complete: found.searched_from.is_none(),
            offset: *head,
            epoch: &epoch.0,
        }
    }
}

/// In the context protocol.
#[derive(Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[cfg_attr(not(target_arch = "wasm32"), schemars(rename = "Matches"))]
#[serde(rename_all = "camelCase")]
pub(super) struct InContext<'a> {
    /// In the order that was asked for.
    matches: Vec<ContextMatch<'a>>,
    /// Whether there may be more.
    has_more: bool,
    /// The `before` of the next ones; `null` when there are none, or with the best first.
    next_before: Option<Offset>,
    /// Whether all of the history was searched. If not, the same again searches more of it.
    complete: bool,
    /// Where the log stands.
    offset: Offset,
    /// Which incarnation of the log this is.
    epoch: &'a str,
}

#[derive(Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
struct ContextMatch<'a> {
    /// Its name, minted by the room.
    id: String,
    /// What it is called: `message`, or an event's name.
    #[serde(rename = "type")]
    kind: &'a str,
    /// Who said it, for showing.
    author: &'a str,
    /// Who said it: a `sub`.
    author_id: &'a str,
    /// When the room accepted it: RFC 3339.
    timestamp: String,
    /// Its position in the room's log.
    offset: Offset,
    /// What it says about what was looked for: parts of plain text.
    snippet: &'a [Part],
}

impl<'a> InContext<'a> {
    pub(super) fn of(event: &'a SearchEvent) -> Self {
        let SearchEvent::Found { found, next_before, head, epoch } = event;
        let of = |it: &'a Hit| ContextMatch {
            id: format!("{}_{}", it.name.as_str(), it.id),
            kind: it.name.as_str(),
            author: &it.author.name,
            author_id: &it.author.id.0,
            timestamp: it.at.to_rfc3339(),
            offset: it.offset,
            snippet: &it.snippet,
        };
        Self {
            matches: found.hits.iter().map(of).collect(),
            has_more: event.has_more(),
            next_before: *next_before,
            complete: found.searched_from.is_none(),
            offset: *head,
            epoch: &epoch.0,
        }
    }
}

/// Over HTTP.
#[derive(Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[cfg_attr(not(target_arch = "wasm32"), schemars(rename = "Matches"))]
pub(super) struct OverHttp<'a> {
    /// In the order that was asked for.
    matches: Vec<HttpMatch<'a>>,
    /// Whether there may be more.
    has_more: bool,
    /// The `before` of the next ones; only with the newest first.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_before: Option<Offset>,
    /// Whether all of the history was searched. If not, the same again searches more of it.
    complete: bool,
    /// Where the log stands.
    offset: Offset,
    /// Which incarnation of the log this is.
    epoch: &'a str,
}

#[derive(Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
struct HttpMatch<'a> {
    /// Its name, minted by the room.
    id: String,
    /// What it is called.
    #[serde(rename = "type")]
    kind: &'a str,
    /// Its position.
    offset: Offset,
    /// RFC 3339.
    timestamp: String,
    /// Who published it: a `sub`.
    author: &'a str,
    /// Only this user's connections got it.
    #[serde(skip_serializing_if = "Option::is_none")]
    user_id: Option<&'a str>,
    /// What it says about what was looked for: parts of plain text.
    snippet: &'a [Part],
}

impl<'a> OverHttp<'a> {
    pub(super) fn of(event: &'a SearchEvent) -> Self {
        let SearchEvent::Found { found, next_before, head, epoch } = event;
        let of = |it: &'a Hit| HttpMatch {
            id: format!("event_{}", it.id),
            kind: it.name.as_str(),
            offset: it.offset,
            timestamp: it.at.to_rfc3339(),
            author: &it.author.id.0,
            user_id: it.user.as_ref().map(|it| it.0.as_str()),
            snippet: &it.snippet,
        };
        Self {
            matches: found.hits.iter().map(of).collect(),
            has_more: event.has_more(),
            next_before: *next_before,
            complete: found.searched_from.is_none(),
            offset: *head,
            epoch: &epoch.0,
        }
    }
}

impl SearchEvent {
    fn has_more(&self) -> bool {
        let Self::Found { found, .. } = self;
        found.has_more || found.searched_from.is_some()
    }
}

impl Tell for SearchEvent {
    fn spell(&self, protocol: &str) -> Option<Spelled> {
        match protocol {
            "events" => Some(Spelled::new("search", &InEvents::of(self))),
            "native" => Some(Spelled::new("", &InNative::of(self))),
            "context" => Some(Spelled::new("search", &InContext::of(self))),
            _ => None,
        }
    }
    fn answer(&self) -> Option<Json> {
        Some(Json::of(&OverHttp::of(self)))
    }
}
