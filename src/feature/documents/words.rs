//! Editing together: what is said of it (B17 to B21).

use std::rc::Rc;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::{context, native, rates};
use crate::feature::{Ask, Rate, Spelled, Tell};
use crate::message::{Acknowledgement, Json, Kind, Member, Name, ProtocolError, Space, UserId};

impl Space {
    /// Documents, by their names.
    pub const DOCUMENTS: Self = Self("document");
}

/// One change of a text, as clients spell it. Positions and lengths count UTF-16 code
/// units; whether they lie within the text shows when it is made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Operation {
    /// Puts something in.
    Insert {
        /// Before which unit.
        position: u64,
        /// What; at least one character.
        content: Rc<str>,
    },
    /// Takes something out.
    Delete {
        /// From which unit on.
        position: u64,
        /// So many units, at least one.
        length: u64,
    },
    /// Takes something out and puts something in its place.
    Replace {
        /// From which unit on.
        position: u64,
        /// So many units; none if this is an insert by another name.
        length: u64,
        /// What comes there; nothing if this is a delete by another name.
        content: Rc<str>,
    },
}

/// How many operations made a text; 0 is the empty document.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version(pub u64);

impl Version {
    /// The version after so many operations more.
    #[must_use]
    pub fn plus(self, operations: usize) -> Self {
        Self(self.0.saturating_add(operations as u64))
    }
}

/// What somebody may do in an editing session. Stored in attachments: names are append-only.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Reads and edits.
    #[default]
    Participant,
    /// Reads only.
    Viewer,
}

/// Where somebody's cursor is. Relayed as it came; whether it lies within any text is for
/// those who show it to see.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cursor {
    /// Before which UTF-16 code unit.
    pub position: u64,
    /// What is selected; any JSON.
    pub selection: Json,
}

/// What a client may ask about documents.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EditingCommand {
    /// Let me in (B17).
    Join {
        /// Into the session on this document.
        document: Name,
        /// Whether it edits or looks on.
        role: Role,
    },
    /// Let me out (B18).
    Leave {
        /// Of this session.
        document: Name,
    },
    /// Forget this document.
    Delete {
        /// Its name, which is the session's.
        document: Name,
    },
    /// Change the text (B19).
    Edit {
        /// What it does to the text of `version`.
        operation: Operation,
        /// The text it was made to.
        version: Version,
        /// The session it is meant for; the one its author is in if `None`.
        document: Option<Name>,
    },
    /// Take my last change back.
    Undo {
        /// In this session; in the one its author is in if `None`.
        document: Option<Name>,
        /// How its author learns what became of it: as others do, or by an answer.
        acknowledgement: Acknowledgement,
    },
    /// My cursor is here, in this session; in the one I am in if `None`.
    Cursor(Cursor, Option<Name>),
}

/// What is asked about documents over HTTP.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum EditingTask {
    /// Forget this document.
    #[serde(rename = "delete_document")]
    Delete(Name),
}

impl From<EditingTask> for EditingCommand {
    fn from(task: EditingTask) -> Self {
        match task {
            EditingTask::Delete(document) => Self::Delete { document },
        }
    }
}

/// A session as a newcomer finds it.
#[derive(Clone, Debug, PartialEq)]
pub struct EditingState {
    /// The name of the document, and of its session.
    pub document: Name,
    /// How many operations made the text.
    pub version: Version,
    /// The text.
    pub content: String,
    /// Who is in it, each user once, by `sub`.
    pub participants: Vec<(Member, Role)>,
}

/// What a room says about documents.
#[derive(Clone, Debug, PartialEq)]
pub enum EditingEvent {
    /// This is the text, and who is here.
    State(Box<EditingState>),
    /// What you sent is in, and the text is this version now.
    Taken(Version),
    /// The text was changed (B20).
    Edited {
        /// Of which document.
        document: Name,
        /// What it does to the text of the version before.
        operation: Operation,
        /// Which version that made.
        version: Version,
        /// By whom.
        author: UserId,
    },
    /// Somebody's cursor in this document moved.
    Cursor(Name, UserId, Cursor),
    /// A user came into the session: once per user, not per socket.
    Joined {
        /// The session's document.
        document: Name,
        /// The user who came.
        member: Member,
        /// Whether they edit or look on.
        role: Role,
    },
    /// The document is deleted, and nobody is in its session any more.
    Deleted {
        /// Its name.
        document: Name,
        /// By whom.
        member: Member,
    },
    /// A user's last socket left the session; or yours did, as you asked.
    Left {
        /// The session's document.
        document: Name,
        /// The user who left.
        member: Member,
    },
}

impl Ask for EditingCommand {
    fn read(
        protocol: &str,
        word: &str,
        data: Option<&RawValue>,
    ) -> Option<Result<Self, ProtocolError>> {
        match protocol {
            "context" => context::read(word, data),
            "native" => native::read(word, data),
            _ => None,
        }
    }
    fn is_served_in(&self, kind: Kind) -> bool {
        kind == Kind::Collaboration
    }
    fn rate(&self) -> Option<&'static Rate> {
        match self {
            Self::Edit { .. } | Self::Undo { .. } => Some(&rates::EDITS),
            Self::Cursor(..) => Some(&rates::CURSORS),
            Self::Join { .. } | Self::Leave { .. } | Self::Delete { .. } => None,
        }
    }
    fn has_long_answer(&self) -> bool {
        matches!(self, Self::Join { .. })
    }
}

impl Tell for EditingEvent {
    fn spell(&self, protocol: &str) -> Option<Spelled> {
        match protocol {
            "context" => Some(context::spell(self)),
            "native" => Some(native::spell(self)),
            _ => None,
        }
    }
    fn answer(&self) -> Option<Json> {
        matches!(self, Self::Deleted { .. }).then(Json::null)
    }
    fn is_ephemeral(&self) -> bool {
        matches!(self, Self::Cursor(..))
    }
    fn weight(&self) -> usize {
        match self {
            Self::State(state) => state.content.len(),
            Self::Edited { operation, .. } => operation.weight(),
            Self::Cursor(.., cursor) => cursor.selection.as_str().len(),
            Self::Taken(_) | Self::Joined { .. } | Self::Left { .. } | Self::Deleted { .. } => 0,
        }
    }
}

impl Operation {
    /// How many bytes it puts in.
    pub(crate) fn weight(&self) -> usize {
        match self {
            Self::Insert { content, .. } | Self::Replace { content, .. } => content.len(),
            Self::Delete { .. } => 0,
        }
    }
}
