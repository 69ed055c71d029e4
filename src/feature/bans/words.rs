//! What is asked and said of bans.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::feature::{Ask, Spelled, Tell};
use crate::message::{Json, Kind, Millis, ProtocolError, UserId, json};

/// Longest ban with an end, in seconds: a year. Whoever means longer means until it is lifted.
const SECONDS_MAX: u64 = 365 * 24 * 60 * 60;

/// Longest reason, in bytes: a sentence or two.
const REASON_BYTES_MAX: usize = 256;

const WRONG_SECONDS: ProtocolError =
    ProtocolError::invalid("seconds must be 1 to 31536000, a year; without it a ban has no end");
const WRONG_REASON: ProtocolError = ProtocolError::invalid("a reason has at most 256 bytes");

/// Keeping a user out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Banning {
    /// Whom it keeps out.
    pub user: UserId,
    /// For how many seconds; until it is lifted if `None`.
    pub seconds: Option<u64>,
    /// Why, for those who look after the room.
    pub reason: Option<String>,
}

impl Banning {
    fn new(
        user: UserId,
        seconds: Option<u64>,
        reason: Option<String>,
    ) -> Result<Self, ProtocolError> {
        if seconds.is_some_and(|it| !(1..=SECONDS_MAX).contains(&it)) {
            return Err(WRONG_SECONDS);
        }
        if reason.as_ref().is_some_and(|it| REASON_BYTES_MAX < it.len()) {
            return Err(WRONG_REASON);
        }
        Ok(Self { user, seconds, reason })
    }

    /// Reads the body of a call; nothing is a ban without an end.
    pub(super) fn read(user: UserId, body: &str) -> Result<Self, ProtocolError> {
        let body = if body.trim().is_empty() { "{}" } else { body };
        let wrong = |_| ProtocolError::invalid("the body must be an object: seconds, reason");
        let BanBody { seconds, reason } = serde_json::from_str(body).map_err(wrong)?;
        Self::new(user, seconds, reason)
    }
}

/// A ban, as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ban {
    /// Who is banned.
    pub user: UserId,
    /// When it ends, if it does by itself.
    pub until: Option<Millis>,
    /// Why, where that was said.
    pub reason: Option<String>,
    /// Who said so.
    pub by: UserId,
    /// Since when.
    pub at: Millis,
}

/// What is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BanCommand {
    /// Keep this user out, and end their connections.
    Ban(Banning),
    /// Let them in again.
    Lift(UserId),
    /// Who is banned, after this user? At most so many.
    List(Option<UserId>, u32),
}

/// What is asked over HTTP. Its names are those of the version before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum BanTask {
    /// Keep this user out.
    #[serde(rename = "ban")]
    Ban(Banning),
    /// Let them in again.
    #[serde(rename = "lift_ban")]
    Lift(UserId),
    /// Who is banned, after this user? At most so many.
    #[serde(rename = "list_bans")]
    List(Option<UserId>, u32),
}

impl From<BanTask> for BanCommand {
    fn from(task: BanTask) -> Self {
        match task {
            BanTask::Ban(it) => Self::Ban(it),
            BanTask::Lift(user) => Self::Lift(user),
            BanTask::List(after, limit) => Self::List(after, limit),
        }
    }
}

/// What is said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BanEvent {
    /// They are banned until then, and so many of their connections were ended.
    Banned(UserId, Option<Millis>, u64),
    /// They no longer are.
    Lifted(UserId),
    /// Some of those who are banned, and whether there are more.
    Page(Vec<Ban>, bool),
}

impl Ask for BanCommand {
    fn read(
        protocol: &str,
        word: &str,
        data: Option<&RawValue>,
    ) -> Option<Result<Self, ProtocolError>> {
        match (protocol, word) {
            ("events" | "native", "ban") => Some(ban(data)),
            ("events" | "native", "unban") => Some(unban(data)),
            _ => None,
        }
    }
    fn is_served_in(&self, _: Kind) -> bool {
        true
    }
    fn has_long_answer(&self) -> bool {
        matches!(self, Self::List(..))
    }
}

fn ban(data: Option<&RawValue>) -> Result<BanCommand, ProtocolError> {
    let wrong = "ban needs params with user_id, a string, and seconds and reason, or none";
    let BanIn { user_id, seconds, reason } = json::data(data, wrong)?;
    Banning::new(UserId::parse(user_id)?, seconds, reason).map(BanCommand::Ban)
}

fn unban(data: Option<&RawValue>) -> Result<BanCommand, ProtocolError> {
    let UnbanIn { user_id } = json::data(data, "unban needs params with user_id, a string")?;
    UserId::parse(user_id).map(BanCommand::Lift)
}

impl Tell for BanEvent {
    fn spell(&self, protocol: &str) -> Option<Spelled> {
        let word = match protocol {
            "events" => "response",
            "native" => "",
            _ => return None,
        };
        match self {
            Self::Banned(user, until, kicked) => {
                Some(Spelled::new(word, &BannedOut::of(user, *until, *kicked)))
            }
            Self::Lifted(user) => Some(Spelled::new(word, &LiftedOut { user_id: &user.0 })),
            Self::Page(..) => None,
        }
    }
    fn answer(&self) -> Option<Json> {
        Some(match self {
            Self::Banned(user, until, kicked) => Json::of(&BannedOut::of(user, *until, *kicked)),
            Self::Lifted(_) => Json::null(),
            Self::Page(bans, has_more) => Json::of(&BansOut::of(bans, *has_more)),
        })
    }
}

/// The params of `ban`.
#[derive(Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub(super) struct BanIn {
    /// The `sub` of whom.
    user_id: String,
    /// For how long; until it is lifted if it is missing.
    #[serde(default)]
    #[cfg_attr(not(target_arch = "wasm32"), schemars(range(min = 1, max = 31_536_000)))]
    seconds: Option<u64>,
    /// Why, for those who look after the room; at most 256 bytes.
    #[serde(default)]
    reason: Option<String>,
}

/// The body of a ban over HTTP.
#[derive(Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub(super) struct BanBody {
    /// For how long; until it is lifted if it is missing.
    #[serde(default)]
    #[cfg_attr(not(target_arch = "wasm32"), schemars(range(min = 1, max = 31_536_000)))]
    seconds: Option<u64>,
    /// Why, for those who look after the room; at most 256 bytes.
    #[serde(default)]
    reason: Option<String>,
}

/// The params of `unban`.
#[derive(Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub(super) struct UnbanIn {
    /// The `sub` of whom.
    user_id: String,
}

/// The answer to a ban.
#[derive(Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[cfg_attr(not(target_arch = "wasm32"), schemars(rename = "Banned"))]
pub(super) struct BannedOut<'a> {
    /// Who is banned.
    user_id: &'a str,
    /// When it ends: RFC 3339; missing where it has no end.
    #[serde(skip_serializing_if = "Option::is_none")]
    until: Option<String>,
    /// So many connections were ended.
    kicked: u64,
}

impl<'a> BannedOut<'a> {
    fn of(user: &'a UserId, until: Option<Millis>, kicked: u64) -> Self {
        Self { user_id: &user.0, until: until.map(Millis::to_rfc3339), kicked }
    }
}

/// The answer to `unban`.
#[derive(Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[cfg_attr(not(target_arch = "wasm32"), schemars(rename = "Unbanned"))]
pub(super) struct LiftedOut<'a> {
    /// Who may come in again.
    user_id: &'a str,
}

/// A page of bans.
#[derive(Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[cfg_attr(not(target_arch = "wasm32"), schemars(rename = "Bans"))]
pub(super) struct BansOut<'a> {
    /// In the order of users.
    bans: Vec<BanOut<'a>>,
    /// The `cursor` of the next page; missing on the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    cursor: Option<&'a str>,
}

/// A ban.
#[derive(Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[cfg_attr(not(target_arch = "wasm32"), schemars(rename = "Ban"))]
struct BanOut<'a> {
    /// Who is banned.
    user_id: &'a str,
    /// Since when: RFC 3339.
    since: String,
    /// When it ends: RFC 3339; missing where it has no end.
    #[serde(skip_serializing_if = "Option::is_none")]
    until: Option<String>,
    /// Why, where that was said.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
    /// The `sub` of who said so.
    by: &'a str,
}

impl<'a> BansOut<'a> {
    fn of(bans: &'a [Ban], has_more: bool) -> Self {
        let last = bans.last().map(|it| it.user.0.as_str());
        Self { bans: bans.iter().map(BanOut::of).collect(), cursor: last.filter(|_| has_more) }
    }
}

impl<'a> BanOut<'a> {
    fn of(Ban { user, until, reason, by, at }: &'a Ban) -> Self {
        Self {
            user_id: &user.0,
            since: at.to_rfc3339(),
            until: until.map(Millis::to_rfc3339),
            reason: reason.as_deref(),
            by: &by.0,
        }
    }
}
