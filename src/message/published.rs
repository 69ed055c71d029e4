use super::{EventName, Fault, Json, Refusal, StateKey, UserId, workflow};

/// Which queue something waits in (A37).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Lane {
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
    pub lane: Lane,
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
    pub const RESERVED: Refusal = Refusal::invalid("this name is the protocol's own");

    /// An event somebody wants to publish. Refuses data that is not what its name promises, with
    /// every fault named. Which words the protocols have, the dialects know: what comes from
    /// outside is made by `dialect::publication`.
    pub fn new(name: EventName, data: Json, user: Option<UserId>) -> Result<Self, Refusal> {
        let text = name.as_str();
        if text.starts_with(Self::STATE) {
            return Err(Self::RESERVED);
        }
        let (mut whose, mut lane) = (None, Lane::Normal);
        match text {
            "workflow_update" => workflow::check_update(&data)?,
            "notification" => (whose, lane) = workflow::check_notification(&data)?,
            _ => {}
        }
        if whose.is_some() && user.is_some() && whose != user {
            let problem = "must be the user_id of the data, or missing".into();
            return Err(Refusal::faulty(vec![Fault { field: "user_id".into(), problem }]));
        }
        Ok(Self { name, data, user: user.or(whose), lane })
    }

    /// The change of a room's state: this value under this key.
    #[must_use]
    pub fn state(key: &StateKey, value: Json) -> Self {
        Self { name: key.event(), data: value, user: None, lane: Lane::Normal }
    }

    /// Whether users must not publish it.
    #[must_use]
    pub fn is_protected(&self) -> bool {
        Self::PROTECTED.contains(&self.name.as_str())
    }

    /// The key it sets, if it is a room's state.
    #[must_use]
    pub fn state_key(&self) -> Option<&str> {
        self.name.as_str().strip_prefix(Self::STATE)
    }
}
