//! Conversations (D3, X9, X17): anybody with a token opens one, and comes back to it with
//! what was signed when they did.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, Mac};
use sha2::Sha256;

use super::{Claims, Endpoint, HandOff, Keys, Query, Terms};
use crate::feature::conversations::ResumeToken;
use crate::kernel::{Grant, Grants};
use crate::message::{ProtocolError, RoomName};

/// Which conversation a client wants, in its own words.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Opening {
    /// `conversationId`: one there is.
    named: Option<String>,
    /// `resumeToken`: the proof that it is this user's.
    token: Option<String>,
}

impl Opening {
    pub(super) fn of(query: &Query) -> Self {
        let text = |name| query.get(name).map(str::to_owned);
        Self { named: text("conversationId"), token: text("resumeToken") }
    }
}

/// What resume tokens are signed with.
#[derive(Clone)]
pub struct ResumeKey(Hmac<Sha256>);

/// What is signed begins with it, so that no other signature of the same key fits.
const DOMAIN: &str = "dormouse conversation 1";
/// What the key is derived with, where it has no secret of its own.
const DERIVATION: &str = "dormouse resume key 1";
/// In development, where everybody is let in anyway.
const DEVELOPMENT: &str = "dormouse in development";

impl ResumeKey {
    /// Of a secret for nothing else.
    #[must_use]
    pub fn new(secret: &str) -> Option<Self> {
        Hmac::new_from_slice(secret.as_bytes()).ok().map(Self) // Which takes any length.
    }

    /// Of the secret that signs tokens; in development one can do without.
    pub(super) fn derived(secret: Option<&str>, development: bool) -> Option<Self> {
        let secret = secret.or(development.then_some(DEVELOPMENT))?;
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
    #[must_use]
    pub fn sign(&self, conversation: &RoomName, user: &str) -> String {
        URL_SAFE_NO_PAD.encode(self.over(conversation, user).finalize().into_bytes())
    }

    /// Whether this is the `resumeToken` of this user's conversation. How long it takes
    /// says nothing about how much of it is right.
    #[must_use]
    pub fn verifies(&self, conversation: &RoomName, user: &str, token: &str) -> bool {
        let Ok(shown) = URL_SAFE_NO_PAD.decode(token) else { return false };
        self.over(conversation, user).verify_slice(&shown).is_ok()
    }
}

/// What a conversation's user may do in it.
pub(super) fn grants() -> Grants {
    [Grant::Join, Grant::Send, Grant::History, Grant::Presence].into_iter().collect()
}

const NOT_YOURS: ProtocolError =
    ProtocolError::denied("this conversationId needs the resumeToken that this user got with it");

impl Keys {
    /// Lets a token's owner into a new conversation, or back into one.
    pub(super) fn open(
        &self,
        endpoint: &Endpoint,
        Terms { batched, opening, .. }: Terms,
        claims: &Claims,
        new_id: impl FnOnce() -> String,
    ) -> Result<HandOff, ProtocolError> {
        let key = self.resume.as_ref().ok_or(ProtocolError::system())?;
        let room = match opening.named {
            None => RoomName::parse(format!("conversation_{}", new_id()))?,
            Some(name) => {
                let room = RoomName::parse(name)?;
                let token = opening.token.unwrap_or_default();
                if !key.verifies(&room, &claims.sub, &token) {
                    return Err(NOT_YOURS);
                }
                room
            }
        };
        let (token, wire) = (key.sign(&room, &claims.sub), endpoint.wire(batched));
        let resume = Some(ResumeToken { conversation: room.clone(), token });
        // What the client calls itself it says in its first frame.
        let hand_off = HandOff::new(room, wire, claims.member(), grants());
        Ok(HandOff { expires_at: claims.expires_at, resume, ..hand_off })
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
        assert!(ResumeKey::derived(None, false).is_none());
        assert!(ResumeKey::derived(None, true).is_some());
    }
}
