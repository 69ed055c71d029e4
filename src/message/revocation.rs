use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{Millis, ProtocolError, UserId, is_default};

/// Which token somebody came with, as far as taking tokens back goes by it. Stored with connections
/// and handed over with them: a list of two numbers, append-only.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Issue(
    /// When it was made; 0 where it does not say so.
    pub Millis,
    /// [`Issue::hash`] of what it is called, 0 where it has no name.
    pub u64,
);

impl Issue {
    /// Of a token that was made then and is called so.
    #[must_use]
    pub fn new(at: Millis, id: Option<&str>) -> Self {
        Self(at, id.map_or(0, Self::hash))
    }

    /// What stands for a token's name (`jti`): the first eight bytes of its SHA-256, which fit where
    /// a name of any length would not. Who asks for a token does not choose its name, and so cannot look for two
    /// that share these.
    #[must_use]
    pub fn hash(id: &str) -> u64 {
        let bytes = Sha256::digest(id);
        bytes.iter().take(8).fold(0, |sum, byte| (sum << 8) | u64::from(*byte))
    }
}

/// What is taken back: tokens for which all of this holds that is there. Sent from object to object:
/// names are append-only.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Revocation {
    /// They are of this user.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<UserId>,
    /// They are called so: [`Issue::hash`].
    #[serde(default, skip_serializing_if = "is_default")]
    pub token: u64,
    /// They were made earlier than this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issued_before: Option<Millis>,
    /// Only connections that came no later than this are closed, and tokens stay good: a log-out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub joined_by: Option<Millis>,
}

impl Revocation {
    /// Whether it means what this user came with, on a connection that began then.
    #[must_use]
    pub fn covers(&self, user: &UserId, Issue(at, token): Issue, joined_at: Millis) -> bool {
        let names_nothing = self.user.is_none() && self.token == 0 && self.issued_before.is_none();
        !names_nothing
            && self.user.as_ref().is_none_or(|it| it == user)
            && (self.token == 0 || self.token == token)
            && self.issued_before.is_none_or(|it| at < it)
            && self.joined_by.is_none_or(|it| joined_at <= it)
    }

    /// Whether no token of its user's is good, whenever it was or will be made.
    #[must_use]
    pub fn is_for_good(&self) -> bool {
        self.user.is_some()
            && self.token == 0
            && self.issued_before.is_none()
            && self.joined_by.is_none()
    }

    /// What those are told whom it means: to come back with another token, or not at all.
    #[must_use]
    pub fn error(&self) -> ProtocolError {
        let error = if self.joined_by.is_some() {
            ProtocolError::unauthenticated("this user has logged out: a new token is needed")
        } else if self.is_for_good() {
            ProtocolError::denied("this user is no longer let in")
        } else {
            ProtocolError::unauthenticated("the token was taken back: a new one is needed")
        };
        error.of_claim("revoked")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_for_a_tokens_name_does_not_change() {
        assert_eq!(Issue::hash("token-1"), HASH);
        let issue = Issue::new(Millis(5), Some("token-1"));
        assert_eq!(serde_json::to_string(&issue).unwrap(), format!("[5,{HASH}]"));
        assert_eq!(Issue::new(Millis(5), None), Issue(Millis(5), 0));
    }

    const HASH: u64 = 4_542_068_026_248_192_566;
}
