//! Editing together, as the context protocol spells it (B17 to B21, T1 and on).
//!
//! In: `join_session`, `leave_session`, `delete_document`, `edit`, `cursor`, `command`.
//! Out: the same but `command`, `session_state` and `edit_ack`.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::{Cursor, EditingCommand, EditingEvent, EditingState, Operation, Role, Version};
use crate::feature::Spelled;
use crate::limits::SELECTION_BYTES_MAX;
use crate::message::json::{self, Text};
use crate::message::{Acknowledgement, Code, Json, Member, Name, ProtocolError};

// ---- in

pub(crate) fn read(
    word: &str,
    data: Option<&RawValue>,
) -> Option<Result<EditingCommand, ProtocolError>> {
    Some(match word {
        "join_session" => join(data),
        "leave_session" => leave(data),
        "delete_document" => delete(data),
        "edit" => edit(data),
        "cursor" => cursor(data),
        "command" => command(data),
        _ => return None,
    })
}

/// A user's `sub`, and what they are called.
fn named(member: &Member) -> (&str, &str) {
    (&member.id.0, &member.name)
}

#[derive(Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct JoinIn {
    /// Which document.
    session_id: Name,
    /// Whether to edit or to look on; `participant` if it is missing.
    #[serde(default)]
    role: Role,
}

fn join(data: Option<&RawValue>) -> Result<EditingCommand, ProtocolError> {
    let wrong = "join_session needs data with sessionId, 1 to 128 of A-Z a-z 0-9 . _ : ~ -, and role, participant, viewer or none";
    let JoinIn { session_id: document, role } = json::data(data, wrong)?;
    Ok(EditingCommand::Join { document, role })
}

#[derive(Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct LeaveIn {
    /// Which document.
    session_id: Name,
}

fn leave(data: Option<&RawValue>) -> Result<EditingCommand, ProtocolError> {
    let wrong = "leave_session needs data with sessionId, 1 to 128 of A-Z a-z 0-9 . _ : ~ -";
    let LeaveIn { session_id: document } = json::data(data, wrong)?;
    Ok(EditingCommand::Leave { document })
}

fn delete(data: Option<&RawValue>) -> Result<EditingCommand, ProtocolError> {
    let wrong = "delete_document needs data with sessionId, 1 to 128 of A-Z a-z 0-9 . _ : ~ -";
    let LeaveIn { session_id: document } = json::data(data, wrong)?;
    Ok(EditingCommand::Delete { document })
}

/// What is done to a text.
#[derive(Clone, Copy, Deserialize, Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub(crate) enum Verb {
    /// Puts `content` in.
    Insert,
    /// Takes `length` units out.
    Delete,
    /// Does both.
    Replace,
}

#[derive(Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct EditIn<'a> {
    /// What is done.
    pub(super) operation: Verb,
    /// Where, in UTF-16 code units.
    pub(super) position: u64,
    /// What is put in; for `insert` and `replace`.
    #[serde(borrow, default)]
    #[cfg_attr(not(target_arch = "wasm32"), schemars(with = "Option<String>"))]
    pub(super) content: Option<Text<'a>>,
    /// So many UTF-16 code units are taken out; for `delete` and `replace`.
    #[serde(default)]
    pub(super) length: Option<u64>,
    /// The version of the text it was made to.
    pub(super) version: u64,
    /// The session it is meant for.
    #[serde(default)]
    pub(super) session_id: Option<Name>,
}

impl EditIn<'_> {
    /// `None` if it has not just what its operation needs.
    pub(super) fn operation(&self) -> Option<Operation> {
        let (position, content, length) = (self.position, self.content.as_deref(), self.length);
        Some(match self.operation {
            Verb::Insert if length.unwrap_or_default() == 0 => {
                Operation::Insert { position, content: content?.into() }
            }
            Verb::Delete if content.unwrap_or_default().is_empty() => {
                Operation::Delete { position, length: length? }
            }
            Verb::Replace => {
                Operation::Replace { position, length: length?, content: content?.into() }
            }
            Verb::Insert | Verb::Delete => return None,
        })
    }
}

fn edit(data: Option<&RawValue>) -> Result<EditingCommand, ProtocolError> {
    let wrong = "edit needs data with operation, insert, delete or replace, position and version, whole numbers, content, text, for insert and replace, and length, a whole number, for delete and replace";
    let edit: EditIn<'_> = json::data(data, wrong)?;
    let operation = edit.operation().ok_or(ProtocolError::invalid(wrong))?;
    let (version, document) = (Version(edit.version), edit.session_id);
    Ok(EditingCommand::Edit { operation, version, document })
}

#[derive(Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub(crate) struct CursorIn<'a> {
    /// Where, in UTF-16 code units.
    position: u64,
    /// What is selected: any JSON, up to 1 KiB.
    #[serde(borrow, default)]
    #[cfg_attr(not(target_arch = "wasm32"), schemars(with = "Option<Json>"))]
    selection: Option<&'a RawValue>,
}

fn cursor(data: Option<&RawValue>) -> Result<EditingCommand, ProtocolError> {
    let wrong = "cursor needs data with position, a whole number, and selection, any JSON of up to 1 KiB, or none";
    let CursorIn { position, selection } = json::data(data, wrong)?;
    let selection = selected(selection, wrong)?;
    Ok(EditingCommand::Cursor(Cursor { position, selection }, None))
}

/// What is selected: not too much.
pub(super) fn selected(
    selection: Option<&RawValue>,
    wrong: &'static str,
) -> Result<Json, ProtocolError> {
    if selection.is_some_and(|it| SELECTION_BYTES_MAX < it.get().len()) {
        return Err(ProtocolError::invalid(wrong));
    }
    selection.map_or_else(|| Ok(Json::null()), Json::read)
}

#[derive(Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub(crate) struct CommandIn<'a> {
    /// What to do: `undo` is all there is.
    #[serde(borrow)]
    #[cfg_attr(not(target_arch = "wasm32"), schemars(with = "String", extend("enum" = ["undo"])))]
    command: Text<'a>,
}

fn command(data: Option<&RawValue>) -> Result<EditingCommand, ProtocolError> {
    let CommandIn { command } = json::data(data, "command needs data with command, a string")?;
    match &*command {
        "undo" => {
            let acknowledgement = Acknowledgement::ByEvent;
            Ok(EditingCommand::Undo { document: None, acknowledgement })
        }
        _ => Err(ProtocolError::new(Code::NotFound, "there is no such command")),
    }
}

// ---- out

pub(crate) fn spell(event: &EditingEvent) -> Spelled {
    match event {
        EditingEvent::State(state) => Spelled::new("session_state", &State::of(state)),
        EditingEvent::Taken(Version(version)) => {
            Spelled::new("edit_ack", &Ack { version: *version })
        }
        EditingEvent::Edited { operation, version, author, .. } => {
            Spelled::new("edit", &Edit::of(operation, *version, &author.0))
        }
        EditingEvent::Cursor(_, user, Cursor { position, selection }) => {
            let data = CursorOut { user_id: &user.0, position: *position, selection };
            Spelled::new("cursor", &data)
        }
        EditingEvent::Joined { document, member, role } => {
            let (session_id, (user_id, username)) = (document.as_str(), named(member));
            let data = Joined { session_id, user_id, username, role: *role };
            Spelled::new("join_session", &data)
        }
        EditingEvent::Deleted { document, member } => {
            let (user_id, username) = named(member);
            let data = Left { session_id: document.as_str(), user_id, username };
            Spelled::new("delete_document", &data)
        }
        EditingEvent::Left { document, member } => {
            let (user_id, username) = named(member);
            let data = Left { session_id: document.as_str(), user_id, username };
            Spelled::new("leave_session", &data)
        }
    }
}

#[derive(Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct State<'a> {
    /// Which document.
    session_id: &'a str,
    /// How many operations made the text.
    version: u64,
    /// The text.
    content: &'a str,
    /// Who is in the session, each user once; empty for who may not see who is here.
    participants: Vec<Participant<'a>>,
}

impl<'a> State<'a> {
    fn of(EditingState { document, version, content, participants }: &'a EditingState) -> Self {
        let participant = |(member, role): &'a (Member, Role)| {
            let (user_id, username) = named(member);
            Participant { user_id, username, role: *role }
        };
        Self {
            session_id: document.as_str(),
            version: version.0,
            content,
            participants: participants.iter().map(participant).collect(),
        }
    }
}

#[derive(Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct Participant<'a> {
    /// The token's `sub`.
    user_id: &'a str,
    /// For showing.
    username: &'a str,
    /// Whether they edit or look on.
    role: Role,
}

#[derive(Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub(crate) struct Ack {
    /// The text is this version now.
    version: u64,
}

#[derive(Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub(crate) struct Edit<'a> {
    /// What is done.
    operation: Verb,
    /// Where, in UTF-16 code units.
    position: u64,
    /// What is put in; `""` for nothing.
    content: &'a str,
    /// So many UTF-16 code units are taken out.
    length: u64,
    /// Who did it: a `sub`.
    author: &'a str,
    /// The version it makes of the one before.
    version: u64,
}

/// What is done, where, what is put in and how much is taken out.
pub(super) fn parts(operation: &Operation) -> (Verb, u64, &str, u64) {
    match operation {
        Operation::Insert { position, content } => (Verb::Insert, *position, &**content, 0),
        Operation::Delete { position, length } => (Verb::Delete, *position, "", *length),
        Operation::Replace { position, length, content } => {
            (Verb::Replace, *position, &**content, *length)
        }
    }
}

impl<'a> Edit<'a> {
    fn of(operation: &'a Operation, version: Version, author: &'a str) -> Self {
        let (operation, position, content, length) = parts(operation);
        Self { operation, position, content, length, author, version: version.0 }
    }
}

#[derive(Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct CursorOut<'a> {
    /// Whose: a `sub`.
    user_id: &'a str,
    /// Where, in UTF-16 code units.
    position: u64,
    /// What is selected, as it came; `null` if it was missing.
    selection: &'a Json,
}

#[derive(Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct Joined<'a> {
    /// Which session.
    session_id: &'a str,
    /// The token's `sub`.
    user_id: &'a str,
    /// For showing.
    username: &'a str,
    /// Whether they edit or look on.
    role: Role,
}

#[derive(Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct Left<'a> {
    /// Which session.
    session_id: &'a str,
    /// The token's `sub`.
    user_id: &'a str,
    /// For showing.
    username: &'a str,
}
