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

/// Words of the protocols themselves: an event of such a name could be taken for ours.
const RESERVED: &[&str] = &[
    "ack",
    "auth",
    "batch",
    "command",
    "connect",
    "connect_confirm",
    "connection_established",
    "error",
    "event",
    "hello",
    "history",
    "large_data",
    "large_data_received",
    "large_data_request",
    "ping",
    "pong",
    "presence",
    "publish",
    "query",
    "response",
    "status",
    "subscribe",
    "typing",
    "unsubscribe",
    "user_joined",
    "user_left",
];

/// What users must not forge (SPEC §4): publishing these takes the grant `publish`.
const PROTECTED: &[&str] =
    &["workflow_update", "notification", "metric_update", Published::BROADCAST];

impl Published {
    /// What everyone hears, whatever they subscribed to (C8).
    pub const BROADCAST: &str = "broadcast";

    /// Before the key of a room's state.
    pub const STATE: &str = "state.";

    /// An event somebody wants to publish. Names of the protocols are refused, and so is
    /// data that is not what its name promises, with every fault named.
    pub fn new(name: EventName, data: Json, user: Option<UserId>) -> Result<Self, Refusal> {
        let text = name.as_str();
        if RESERVED.contains(&text) || text.starts_with(Self::STATE) {
            return Err(Refusal::invalid("this name is the protocol's own"));
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
        PROTECTED.contains(&self.name.as_str())
    }

    /// The key it sets, if it is a room's state.
    #[must_use]
    pub fn state_key(&self) -> Option<&str> {
        self.name.as_str().strip_prefix(Self::STATE)
    }
}
