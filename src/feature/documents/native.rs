//! Editing together, as the native protocol spells it (N39).

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::context::{EditIn, Verb, parts, selected};
use super::{Cursor, EditingCommand, EditingEvent, EditingState, Role, Version};
use crate::feature::Spelled;
use crate::message::json::{self, Text};
use crate::message::{Acknowledgement, Json, Member, Name, ProtocolError};

/// The params of every command: what each needs of them.
#[derive(Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[cfg_attr(not(target_arch = "wasm32"), schemars(rename = "DocumentParams"))]
pub(super) struct In<'a> {
    /// Which document.
    document: Name,
    /// Of `document.join`: whether to edit or to look on; `participant` if it is missing.
    #[serde(default)]
    role: Role,
    /// Of `document.edit`: what is done.
    #[serde(default)]
    operation: Option<Verb>,
    /// Of `document.edit` and `document.cursor`: where, in UTF-16 code units.
    #[serde(default)]
    position: Option<u64>,
    /// Of `document.edit`: what is put in; for `insert` and `replace`.
    #[serde(borrow, default)]
    #[cfg_attr(not(target_arch = "wasm32"), schemars(with = "Option<String>"))]
    content: Option<Text<'a>>,
    /// Of `document.edit`: so many UTF-16 code units are taken out; for `delete` and `replace`.
    #[serde(default)]
    length: Option<u64>,
    /// Of `document.edit`: the version of the text it was made to.
    #[serde(default)]
    version: Option<u64>,
    /// Of `document.cursor`: what is selected; any JSON, up to 1 KiB.
    #[serde(borrow, default)]
    #[cfg_attr(not(target_arch = "wasm32"), schemars(with = "Option<Json>"))]
    selection: Option<&'a RawValue>,
}

const WRONG: &str =
    "this needs params with document, 1 to 128 of A-Z a-z 0-9 . _ : ~ -, and what its rule names";

pub(super) fn read(
    word: &str,
    params: Option<&RawValue>,
) -> Option<Result<EditingCommand, ProtocolError>> {
    let verb = word.strip_prefix("document.")?;
    matches!(verb, "join" | "leave" | "delete" | "edit" | "undo" | "cursor")
        .then(|| command(verb, params))
}

fn command(verb: &str, params: Option<&RawValue>) -> Result<EditingCommand, ProtocolError> {
    let wrong = ProtocolError::invalid(WRONG);
    let In { document, role, operation, position, content, length, version, selection } =
        json::data(params, WRONG)?;
    Ok(match verb {
        "join" => EditingCommand::Join { document, role },
        "leave" => EditingCommand::Leave { document },
        "delete" => EditingCommand::Delete { document },
        "undo" => {
            let acknowledgement = Acknowledgement::ByReply;
            EditingCommand::Undo { document: Some(document), acknowledgement }
        }
        "cursor" => {
            let (position, selection) = (position.ok_or(wrong)?, selected(selection, WRONG)?);
            EditingCommand::Cursor(Cursor { position, selection }, Some(document))
        }
        _ => {
            let said = operation.zip(position).zip(version);
            let ((operation, position), version) = said.ok_or(wrong.clone())?;
            let session_id = Some(document);
            let edit = EditIn { operation, position, content, length, version, session_id };
            let operation = edit.operation().ok_or(wrong)?;
            let document = edit.session_id;
            EditingCommand::Edit { operation, version: Version(version), document }
        }
    })
}

pub(super) fn spell(event: &EditingEvent) -> Spelled {
    let named = |word, document: &Name, member: &Member| {
        Spelled::new(word, &DocumentOut { document, role: None }).by(member.clone())
    };
    match event {
        EditingEvent::State(state) => Spelled::new("document.state", &DocumentState::of(state)),
        EditingEvent::Taken(Version(version)) => {
            Spelled::new("", &DocumentTaken { version: *version })
        }
        EditingEvent::Edited { document, operation, version, author } => {
            let (operation, position, content, length) = parts(operation);
            let version = version.0;
            let data = DocumentEdit { document, operation, position, content, length, version };
            Spelled::new("document.edit", &data).by(Member::new(author.clone(), None))
        }
        EditingEvent::Cursor(document, user, Cursor { position, selection }) => {
            let data = DocumentCursor { document, position: *position, selection };
            Spelled::new("document.cursor", &data).by(Member::new(user.clone(), None))
        }
        EditingEvent::Joined { document, member, role } => {
            let data = DocumentOut { document, role: Some(*role) };
            Spelled::new("document.join", &data).by(member.clone())
        }
        EditingEvent::Deleted { document, member } => named("document.delete", document, member),
        EditingEvent::Left { document, member } => named("document.leave", document, member),
    }
}

/// A document as a newcomer finds it.
#[derive(Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub(super) struct DocumentState<'a> {
    document: &'a Name,
    /// How many operations made the text.
    version: u64,
    /// The text.
    content: &'a str,
    /// Who is in it, each user once; empty for who may not see who is here.
    participants: Vec<DocumentParticipant<'a>>,
}

#[derive(Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
struct DocumentParticipant<'a> {
    /// A `sub`.
    user: &'a str,
    /// What they are called, where that is something else.
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    /// Whether they edit or look on.
    role: Role,
}

impl<'a> DocumentState<'a> {
    fn of(EditingState { document, version, content, participants }: &'a EditingState) -> Self {
        let of = |(Member { id, name }, role): &'a (Member, Role)| DocumentParticipant {
            user: &id.0,
            name: Some(name.as_str()).filter(|it| *it != id.0),
            role: *role,
        };
        let participants = participants.iter().map(of).collect();
        Self { document, version: version.0, content, participants }
    }
}

/// The result of `document.edit` and `document.undo`.
#[derive(Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub(super) struct DocumentTaken {
    /// The text is this version now.
    version: u64,
}

/// The data of `document.edit`.
#[derive(Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub(super) struct DocumentEdit<'a> {
    document: &'a Name,
    /// What is done.
    operation: Verb,
    /// Where, in UTF-16 code units.
    position: u64,
    /// What is put in; `""` for nothing.
    content: &'a str,
    /// So many UTF-16 code units are taken out.
    length: u64,
    /// The version it makes of the one before.
    version: u64,
}

/// The data of `document.cursor`.
#[derive(Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub(super) struct DocumentCursor<'a> {
    document: &'a Name,
    /// Where, in UTF-16 code units.
    position: u64,
    /// What is selected, as it came; `null` if it was missing.
    selection: &'a Json,
}

/// The data of `document.join`, `document.leave` and `document.delete`.
#[derive(Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub(super) struct DocumentOut<'a> {
    document: &'a Name,
    /// Whether who joins edits or looks on.
    #[serde(skip_serializing_if = "Option::is_none")]
    role: Option<Role>,
}
