use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::body::{Body, EntryKind};
use super::{EventName, Fault, Json, ProtocolError, StateKey, UserId, workflow};

/// Somebody published an event (A14, A17, C8). It is stored with its name.
pub const EVENT: EntryKind = EntryKind {
    name: "event",
    accept: |body, _| body,
    store: |Body { name, data, .. }, _| {
        let event = Stored { name: name.as_str().into(), data: Cow::Borrowed(data) };
        serde_json::to_string(&event).unwrap_or_default().into()
    },
    load: |data, _, user| {
        let Stored { name, data } = serde_json::from_str(data).ok()?;
        let body = Body::new(EVENT, EventName::stored(name).ok()?, data.into_owned());
        Some(Body { user, ..body })
    },
    leaves_more: |body| body.state_key().is_some(),
};

#[derive(Serialize, Deserialize)]
struct Stored<'a> {
    name: Cow<'a, str>,
    data: Cow<'a, Json>,
}

impl From<Published> for Body {
    fn from(Published { name, data, user, priority }: Published) -> Self {
        Self { user, priority, ..Self::new(EVENT, name, data) }
    }
}

impl Body {
    /// The key it sets, if it is a room's state.
    #[must_use]
    pub fn state_key(&self) -> Option<&str> {
        if self.kind == EVENT { self.name.as_str().strip_prefix(Published::STATE) } else { None }
    }

    /// Whether everyone hears it, whatever they subscribed to (C8).
    #[must_use]
    pub fn is_broadcast(&self) -> bool {
        self.kind == EVENT && self.name.as_str() == Published::BROADCAST
    }

    /// Whether users must not publish it: it takes the grant `publish`.
    #[must_use]
    pub fn is_protected(&self) -> bool {
        Published::PROTECTED.contains(&self.name.as_str())
    }
}

/// Which queue something waits in (A37).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Priority {
    /// Waits for nothing, and goes before what waits.
    Critical,
    /// In its turn.
    #[default]
    Normal,
}

/// An event somebody published: a name and data, passed on as they came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Published {
    /// What it is called; a dialect's own word where it has one.
    pub name: EventName,
    /// What it says.
    pub data: Json,
    /// Whose sockets get it; everyone's if `None`.
    pub user: Option<UserId>,
    /// How urgent it is. Not stored: what is read later waits for nothing.
    pub priority: Priority,
}

impl Published {
    /// What everyone hears, whatever they subscribed to (C8).
    pub const BROADCAST: &str = "broadcast";

    /// What users must not forge (H2): publishing these takes the grant `publish`.
    pub const PROTECTED: &[&str] =
        &["workflow_update", "notification", "metric_update", Self::BROADCAST];

    /// Before the key of a room's state.
    pub const STATE: &str = "state.";

    /// The answer to whoever publishes a word of the protocols: it could be taken for ours.
    pub const RESERVED: ProtocolError = ProtocolError::invalid("this name is the protocol's own");

    /// An event somebody wants to publish. Refuses data that is not what its name promises, with
    /// every fault named. Which words the protocols have, the dialects know: what comes from
    /// outside is made by `dialect::publication`.
    pub fn new(name: EventName, data: Json, user: Option<UserId>) -> Result<Self, ProtocolError> {
        let text = name.as_str();
        if text.starts_with(Self::STATE) {
            return Err(Self::RESERVED);
        }
        let (mut whose, mut priority) = (None, Priority::Normal);
        match text {
            "workflow_update" => workflow::check_update(&data)?,
            "notification" => (whose, priority) = workflow::check_notification(&data)?,
            _ => {}
        }
        if whose.is_some() && user.is_some() && whose != user {
            let problem = "must be the user_id of the data, or missing".into();
            return Err(ProtocolError::faulty(vec![Fault { field: "user_id".into(), problem }]));
        }
        Ok(Self { name, data, user: user.or(whose), priority })
    }

    /// The change of a room's state: this value under this key.
    #[must_use]
    pub fn state(key: &StateKey, value: Json) -> Self {
        Self { name: key.event(), data: value, user: None, priority: Priority::Normal }
    }
}
