//! What a token says. A claim that is not understood grants nothing, and the rest counts: tokens
//! carry claims of other systems, under the same names too.

use std::rc::Rc;
use std::time::Duration;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use super::capability::{Contexts, Role};
use super::keys::Scope;
use super::things::{Capability, is_grant};
use crate::kernel::{Act, Grant};
use crate::message::{Issue, Member, Millis, UserId};

/// A token's claims, as far as they concern us.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct Claims {
    /// Who. Empty if it is missing or no string, which is nobody.
    #[serde(default, deserialize_with = "if_understood")]
    pub sub: String,
    /// For showing.
    #[serde(default, deserialize_with = "if_understood")]
    pub name: Option<String>,
    /// What the role adds.
    #[serde(default, deserialize_with = "role")]
    pub role: Role,
    /// Rooms by name.
    #[serde(default, deserialize_with = "contexts")]
    pub contexts: Contexts,
    /// Rooms by pattern.
    #[serde(default, deserialize_with = "capabilities")]
    pub caps: Vec<Capability>,
    /// Expiry; `None` only for the development token.
    #[serde(default, rename = "exp", deserialize_with = "time")]
    pub expires_at: Option<Millis>,
    #[serde(default, rename = "nbf", deserialize_with = "start")]
    pub(super) starts: Start,
    #[serde(default, rename = "iss", deserialize_with = "if_understood")]
    pub(super) issuer: Option<String>,
    #[serde(default, rename = "aud", deserialize_with = "strings")]
    pub(super) recipients: Vec<String>,
    /// When it was made, if it says so.
    #[serde(default, rename = "iat", deserialize_with = "start")]
    pub(super) issued: Start,
    /// What its issuer calls it, if it has a name.
    #[serde(default, rename = "jti", deserialize_with = "if_understood")]
    pub(super) id: Option<String>,
    /// What its issuer's tokens may grant at most; everything if there is none.
    #[serde(skip)]
    pub(super) scope: Option<Rc<Scope>>,
}

/// From when on a token is good.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Start {
    /// From the start.
    #[default]
    Always,
    /// From then on.
    At(Millis),
    /// It says when, and nobody understands it: it takes away, so it is not passed over.
    Unknown,
}

impl Claims {
    /// When it was made; 0 where it does not say so, or nobody understands it.
    #[must_use]
    pub fn issued_at(&self) -> Millis {
        if let Start::At(at) = self.issued { at } else { Millis(0) }
    }

    /// What its issuer calls it (`jti`).
    #[must_use]
    pub fn id(&self) -> Option<&str> {
        self.id.as_deref()
    }

    /// Which token this is, as far as taking tokens back goes by it.
    #[must_use]
    pub fn issue(&self) -> Issue {
        Issue::new(self.issued_at(), self.id())
    }

    /// The user these claims are about, as others may see them.
    #[must_use]
    pub fn member(&self) -> Member {
        Member::new(UserId(self.sub.clone()), self.name.as_deref())
    }
}

fn if_understood<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: DeserializeOwned + Default,
{
    Ok(understood(Value::deserialize(deserializer)?).unwrap_or_default())
}

fn understood<T: DeserializeOwned>(value: Value) -> Option<T> {
    serde_json::from_value(value).ok()
}

fn role<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Role, D::Error> {
    let name: Option<String> = if_understood(deserializer)?;
    Ok(match name.as_deref() {
        Some("service") => Role::Service,
        Some("admin") => Role::Admin,
        Some(_) | None => Role::User,
    })
}

fn contexts<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Contexts, D::Error> {
    strings(deserializer).map(Contexts::Some)
}

/// A string, or those of a list that are strings.
fn strings<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    Ok(match Value::deserialize(deserializer)? {
        Value::String(one) => vec![one],
        Value::Array(some) => some.into_iter().filter_map(understood).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => Vec::new(),
    })
}

/// Those with a room, and of what they allow what are strings; and those that deny.
fn capabilities<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Capability>, D::Error> {
    let Value::Array(all) = Value::deserialize(deserializer)? else { return Ok(Vec::new()) };
    let capability = |it: Value| {
        let denies = it.get("deny").unwrap_or(&Value::Null);
        if *denies != Value::Null && *denies != Value::Bool(false) {
            return Some(denial(&it, denies == &Value::Bool(true)));
        }
        let (room, can) = (it.get("room")?.as_str()?, it.get("can")?.as_array()?);
        let can = can.iter().filter_map(Value::as_str).map(str::to_owned).collect();
        let on = it.get("on").map(|it| patterns(it).unwrap_or_default());
        Some(Capability { room: room.to_owned(), can, on, denies: false })
    };
    Ok(all.into_iter().filter_map(capability).collect())
}

/// What is taken away. Where that is not understood it is not passed over: then all there is in its rooms
/// is taken away, and where these are not understood, all there is.
fn denial(it: &Value, is_plain: bool) -> Capability {
    let room = it.get("room").and_then(Value::as_str).unwrap_or("*").to_owned();
    let can = it.get("can").and_then(patterns).filter(|it| it.iter().all(|it| is_grant(it)));
    let on = match it.get("on") {
        None => Some(None),
        Some(it) => patterns(it).map(Some),
    };
    match (can, on) {
        (Some(can), Some(on)) if is_plain => Capability { room, can, on, denies: true },
        _ => {
            let all = Grant::ALL.map(|(name, _)| name).into_iter();
            let can = all.chain(Act::ALL.map(|(name, _)| name)).map(str::to_owned).collect();
            Capability { room, can, on: None, denies: true }
        }
    }
}

/// A list of strings, with something in it and nothing else.
fn patterns(value: &Value) -> Option<Vec<String>> {
    let all = value.as_array().filter(|it| !it.is_empty())?;
    all.iter().map(|it| it.as_str().map(str::to_owned)).collect()
}

/// Seconds since 1970, whole or not (RFC 7519 §2, `NumericDate`).
fn time<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Millis>, D::Error> {
    Ok(millis(&Value::deserialize(deserializer)?))
}

fn start<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Start, D::Error> {
    let value = Value::deserialize(deserializer)?;
    Ok(match millis(&value) {
        Some(at) => Start::At(at),
        // Before 1970 is always.
        None if value.is_null() || value.as_f64().is_some_and(|it| it < 0.0) => Start::Always,
        None => Start::Unknown,
    })
}

fn millis(value: &Value) -> Option<Millis> {
    if let Some(seconds) = value.as_u64() {
        return Some(Millis(seconds.saturating_mul(1000)));
    }
    let since = Duration::try_from_secs_f64(value.as_f64()?).ok()?;
    u64::try_from(since.as_millis()).ok().map(Millis)
}
