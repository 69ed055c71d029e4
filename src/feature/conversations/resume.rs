//! Resume tokens: what proves that a conversation is a user's own (X17).

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, Mac};
use sha2::Sha256;

use crate::feature::calls::is_development;
use crate::message::RoomName;
use crate::outgoing::SECRET_BYTES_MIN;

/// What resume tokens are signed with.
#[derive(Clone)]
pub struct ResumeKey(Hmac<Sha256>);

/// Without the secret.
impl fmt::Debug for ResumeKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("ResumeKey").finish_non_exhaustive()
    }
}

/// What is signed begins with it, so that no other signature of the same key fits.
const DOMAIN: &str = "dormouse conversation 1";
/// What the key is derived with, where it has no secret of its own.
const DERIVATION: &str = "dormouse resume key 1";
/// In development, where everybody is let in anyway.
const DEVELOPMENT: &str = "dormouse in development";

impl ResumeKey {
    /// As an operator sets it: of a secret for nothing else, so that resume tokens outlive another
    /// `JWT_SECRET`; without one, of that.
    pub(super) fn read(
        variable: &dyn Fn(&str) -> Option<String>,
        faults: &mut Vec<String>,
    ) -> Option<Self> {
        if let Some(secret) = variable("RESUME_SECRET") {
            if SECRET_BYTES_MIN <= secret.len() {
                return Self::new(&secret);
            }
            faults.push(format!(
                "RESUME_SECRET has less than {SECRET_BYTES_MIN} bytes and is not used: resume tokens are signed by JWT_SECRET"
            ));
        }
        Self::derived(variable("JWT_SECRET").as_deref(), is_development(variable))
    }

    /// Of a secret for nothing else.
    fn new(secret: &str) -> Option<Self> {
        Hmac::new_from_slice(secret.as_bytes()).ok().map(Self) // Which takes any length.
    }

    /// Of the secret that signs tokens; in development one can do without. Where that secret is
    /// too short, nobody is let in.
    fn derived(secret: Option<&str>, development: bool) -> Option<Self> {
        let secret = secret.filter(|it| !it.is_empty()).or(development.then_some(DEVELOPMENT))?;
        let Self(key) = Self::new(secret)?;
        let key = key.chain_update(DERIVATION).finalize().into_bytes();
        Hmac::new_from_slice(&key).ok().map(Self)
    }

    /// Neither a room's name nor the domain has a NUL in it, so no two pairs read alike.
    fn over(&self, conversation: &RoomName, user: &str) -> Hmac<Sha256> {
        let parts = [DOMAIN, "\0", conversation.as_str(), "\0", user];
        parts.into_iter().fold(self.0.clone(), Mac::chain_update)
    }

    /// The `resumeToken` of this user's conversation.
    pub(super) fn sign(&self, conversation: &RoomName, user: &str) -> String {
        URL_SAFE_NO_PAD.encode(self.over(conversation, user).finalize().into_bytes())
    }

    /// Whether this is the `resumeToken` of this user's conversation. How long it takes
    /// says nothing about how much of it is right.
    pub(super) fn verifies(&self, conversation: &RoomName, user: &str, token: &str) -> bool {
        let Ok(shown) = URL_SAFE_NO_PAD.decode(token) else { return false };
        self.over(conversation, user).verify_slice(&shown).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> RoomName {
        RoomName::parse(text).unwrap()
    }

    const TOKEN: &str = "OjwHNA7yqfVeb1Jt4-4X7BGbv2l8Fs8uXloaQApUiqo";

    /// Both by Node: `createHmac("sha256", key).update(…).digest("base64url")`.
    #[test]
    fn a_resume_token_is_what_node_makes_of_it() {
        let key = ResumeKey::new("a resume secret of 32 bytes or more").unwrap();
        assert_eq!(key.sign(&name("conversation_1"), "ann"), TOKEN);
        let derived = ResumeKey::derived(Some("0123456789abcdef0123456789abcdef"), false).unwrap();
        let token = "NIzN7iwzr-pLiynU-80v32i9kozbBGuQWtt-6ggNBao";
        assert_eq!(derived.sign(&name("conversation_1"), "ann"), token);
    }

    #[test]
    fn x9_a_resume_token_is_good_for_one_conversation_of_one_user() {
        let key = ResumeKey::new("a resume secret of 32 bytes or more").unwrap();
        let room = name("conversation_1");
        assert!(key.verifies(&room, "ann", TOKEN));
        assert!(!key.verifies(&room, "bob", TOKEN));
        assert!(!key.verifies(&room, "ann\0", TOKEN));
        assert!(!key.verifies(&name("conversation_2"), "ann", TOKEN));
        assert!(!ResumeKey::new("another").unwrap().verifies(&room, "ann", TOKEN));
        let (half, _) = TOKEN.split_at(20);
        let padded = format!("{TOKEN}=");
        let longer = format!("{TOKEN}AAAA");
        let flipped = TOKEN.replace("OjwH", "OjwI");
        for forged in ["", "x", half, &padded, &longer, &flipped, &"A".repeat(43)] {
            assert!(!key.verifies(&room, "ann", forged), "{forged}");
        }
    }

    #[test]
    fn without_any_secret_there_is_a_key_in_development_only() {
        for nothing in [None, Some("")] {
            assert!(ResumeKey::derived(nothing, false).is_none());
            assert!(ResumeKey::derived(nothing, true).is_some());
        }
    }
}
