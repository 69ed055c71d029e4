//! Where an issuer puts claims that it has other places for: under names of its own, or in objects.

use serde::Deserialize;
use serde_json::Value;

use super::object;
use crate::admission::Claims;

/// Where each of our claims stands, as a JSON pointer (RFC 6901); where it is missing, under its name.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Mapping {
    name: Option<String>,
    role: Option<String>,
    contexts: Option<String>,
    caps: Option<String>,
}

impl Mapping {
    fn pointers(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let all = [
            ("name", &self.name),
            ("role", &self.role),
            ("contexts", &self.contexts),
            ("caps", &self.caps),
        ];
        all.into_iter().filter_map(|(claim, it)| Some((claim, it.as_deref()?)))
    }

    pub(super) fn fault(&self) -> Option<&'static str> {
        let mut pointers = self.pointers();
        let is_bad = pointers.any(|(_, it)| !it.starts_with('/'));
        is_bad.then_some("claims has a place that is no JSON pointer: it begins with /")
    }

    /// Reads the claims of a token.
    pub(super) fn read(&self, json: &[u8]) -> Option<Claims> {
        let mut ours = object(json)?;
        if self.pointers().next().is_none() {
            return serde_json::from_value(ours.into()).ok();
        }
        let said = Value::Object(ours.clone());
        for (claim, pointer) in self.pointers() {
            ours.remove(claim);
            let Some(value) = said.pointer(pointer) else { continue };
            let value = if claim == "role" { strongest(value) } else { value.clone() };
            ours.insert(claim.to_owned(), value);
        }
        serde_json::from_value(Value::Object(ours)).ok()
    }
}

/// Of a list of groups the one that is the strongest role.
fn strongest(value: &Value) -> Value {
    let Some(groups) = value.as_array() else { return value.clone() };
    let role = ["admin", "service"].into_iter().find(|role| groups.iter().any(|it| it == role));
    role.unwrap_or_default().into()
}
