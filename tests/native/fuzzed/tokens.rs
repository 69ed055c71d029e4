//! Tokens: whatever is shown, none is good that our key has not signed.

use std::cell::LazyCell;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use dormouse::admission::Keys;
use dormouse::message::UserId;
use hmac::{Hmac, Mac};
use sha2::Sha256;

use super::bytes::{Bytes, text};
use crate::support::NOON;

const SECRET: &str = "0123456789abcdef0123456789abcdef";

/// The keys of every target: a server's, and one's that takes tokens of one issuer for itself alone.
pub(crate) fn keys(is_strict: bool, development: bool) -> Keys {
    let only = |it: &str| is_strict.then(|| it.to_owned());
    Keys::new(Some(SECRET), only("issuer"), only("audience"), development)
}

thread_local! {
    static KEYS: LazyCell<[Keys; 2]> = const {
        LazyCell::new(|| [keys(false, false), keys(true, false)])
    };
}

/// The first byte says whether the rest is a token, or what is to be signed and then changed.
pub(crate) fn tokens(input: &[u8]) {
    let mut bytes = Bytes::new(input);
    if bytes.byte().is_multiple_of(2) {
        return shown(&text(bytes.rest()));
    }
    let (at, change) = (bytes.number(), bytes.byte());
    let (header, claims) = (bytes.line(), bytes.line());
    let token = signed(&header, &claims);
    shown(&token);
    let mut changed = token.into_bytes();
    let at = usize::try_from(at).unwrap_or_default() % changed.len();
    changed[at] ^= change & 0x7f;
    shown(&text(&changed));
}

fn shown(token: &str) {
    KEYS.with(|keys| {
        for keys in keys.iter() {
            let Ok(claims) = keys.verify(token, NOON) else { continue };
            assert!(is_ours(token), "nobody signed {token}");
            assert!(claims.expires_at.is_some_and(|it| NOON < it), "{claims:?}");
            assert!(UserId::parse(claims.sub.as_str()).is_ok(), "{claims:?}");
        }
    });
}

fn over(message: &str) -> Hmac<Sha256> {
    <Hmac<Sha256> as Mac>::new_from_slice(SECRET.as_bytes()).unwrap().chain_update(message)
}

fn signed(header: &str, claims: &str) -> String {
    let message = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims));
    let signature = URL_SAFE_NO_PAD.encode(over(&message).finalize().into_bytes());
    format!("{message}.{signature}")
}

/// Whether this is a signature of our key, spelled in the one way there is.
fn is_ours(token: &str) -> bool {
    token.rsplit_once('.').is_some_and(|(message, signature)| {
        URL_SAFE_NO_PAD.encode(over(message).finalize().into_bytes()) == signature
    })
}
