//! A service of others that rooms call: where it is, and how it knows that a call comes from here.

use std::fmt;

use hmac::{Hmac, Mac};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use sha2::Sha256;

use crate::message::Millis;

/// Shortest secret taken, in bytes: the size of the hash that it keys (RFC 2104 §3).
pub(crate) const SECRET_BYTES_MIN: usize = 32;

/// Where a service is, and the secret that it shares with us.
#[derive(Clone)]
pub struct Service {
    url: String,
    secret: Box<Hmac<Sha256>>,
}

/// Without the secret.
impl fmt::Debug for Service {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Service").field("url", &self.url).finish_non_exhaustive()
    }
}

/// A POST of JSON, signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedRequest {
    /// Where to.
    pub url: String,
    /// Names and values.
    pub headers: Vec<(&'static str, String)>,
    /// The body, JSON in UTF-8.
    pub body: String,
}

impl Service {
    /// Reads where it is and its secret from the variables of these names, or says what is wrong.
    pub fn read(
        variable: &dyn Fn(&str) -> Option<String>,
        url_name: &str,
        secret_name: &str,
    ) -> Result<Self, String> {
        let url = variable(url_name).unwrap_or_default();
        let secret = variable(secret_name).unwrap_or_default();
        if !is_url(&url) {
            return Err(format!("{url_name} is no URL of https or http"));
        }
        let is_long = SECRET_BYTES_MIN <= secret.len();
        let secret = Hmac::new_from_slice(secret.as_bytes()).ok().filter(|_| is_long);
        let secret = secret.ok_or_else(|| {
            format!("{secret_name} is missing or has less than {SECRET_BYTES_MIN} bytes")
        })?;
        Ok(Self { url, secret: Box::new(secret) })
    }

    /// The request with this body, signed at this time. `key` is the same whenever the same is
    /// sent again.
    #[must_use]
    pub fn request(&self, body: String, key: String, now: Millis) -> SignedRequest {
        let timestamp = (now.0 / 1000).to_string();
        let headers = vec![
            ("Content-Type", "application/json".to_owned()),
            ("X-Dormouse-Signature", format!("sha256={}", self.sign(&timestamp, &body))),
            ("X-Dormouse-Timestamp", timestamp),
            ("Idempotency-Key", key),
        ];
        SignedRequest { url: self.url.clone(), headers, body }
    }

    fn sign(&self, timestamp: &str, body: &str) -> String {
        let parts = [timestamp, ".", body];
        let mac = parts.into_iter().fold((*self.secret).clone(), Mac::chain_update);
        format!("{:x}", mac.finalize().into_bytes())
    }
}

/// Whether this can be the URL of a service. What is not refused here and cannot be called either is
/// found out by calling. A user's name in it is refused because the platform does not call such.
fn is_url(url: &str) -> bool {
    let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
    let Some(authority) = rest.and_then(|it| it.split(['/', '?', '#']).next()) else {
        return false;
    };
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, port),
        _ => (authority, ""),
    };
    let is_port = port.is_empty() || port.parse::<u16>().is_ok();
    let is_odd = |it: char| it.is_whitespace() || it.is_control();
    is_port && !host.is_empty() && !authority.contains('@') && !url.contains(is_odd)
}

const PLAIN: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// Any text, such that it can stand in a header: percent-encoded.
#[must_use]
pub fn header_text(text: &str) -> String {
    utf8_percent_encode(text, PLAIN).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "a secret of the service, 32 bytes or more";

    fn read(url: Option<&str>, secret: Option<&str>) -> Result<Service, String> {
        let variable = |name: &str| if name == "URL" { url } else { secret }.map(str::to_owned);
        Service::read(&variable, "URL", "SECRET")
    }

    /// The signature by Node: `createHmac("sha256", secret).update(timestamp + "." + body)`.
    #[test]
    fn a_request_is_signed_with_its_time() {
        let service = read(Some("https://a.example/"), Some(SECRET)).unwrap();
        let sent = service.request("{}".into(), "key".into(), Millis(1_704_110_400_999));
        let signature = "sha256=6a18c774ff3026c099b55792a679f3b712109c400c8167d7215703ed3e0f84d2";
        let headers = [
            ("Content-Type", "application/json"),
            ("X-Dormouse-Signature", signature),
            ("X-Dormouse-Timestamp", "1704110400"),
            ("Idempotency-Key", "key"),
        ];
        assert_eq!(sent.headers, headers.map(|(name, value)| (name, value.to_owned())));
        assert_eq!((sent.url.as_str(), sent.body.as_str()), ("https://a.example/", "{}"));
    }

    #[test]
    fn any_text_makes_a_header() {
        assert_eq!(header_text("a\r\nX-Evil: 1"), "a%0D%0AX-Evil%3A%201");
        assert_eq!(header_text("ü/€"), "%C3%BC%2F%E2%82%AC");
        assert_eq!(header_text("A-Z.a_z~9"), "A-Z.a_z~9");
    }

    #[test]
    fn a_service_needs_a_url_and_a_long_secret_and_shows_no_secret() {
        let url = Some("http://127.0.0.1:1/");
        let service = read(url, Some(SECRET)).unwrap();
        assert_eq!(format!("{service:?}"), r#"Service { url: "http://127.0.0.1:1/", .. }"#);
        for right in ["http://[::1]", "http://[::1]:8787/x?y#z", "https://b\u{fc}cher.example:443"]
        {
            assert!(read(Some(right), Some(SECRET)).is_ok(), "{right}");
        }
        for wrong in [
            None,
            Some(""),
            Some("a.example"),
            Some("ftp://a.example"),
            Some("https://"),
            Some("https:///path"),
            Some("https://:443/"),
            Some("https://a.example:99999/"),
            Some("https://a.example:x/"),
            Some("https://ann:secret@a.example/"),
            Some("https://a example/"),
            Some("https://a.example/\n"),
        ] {
            let wrong = read(wrong, Some(SECRET)).unwrap_err();
            assert_eq!(wrong, "URL is no URL of https or http");
        }
        for wrong in [None, Some("short")] {
            let wrong = read(url, wrong).unwrap_err();
            assert_eq!(wrong, "SECRET is missing or has less than 32 bytes");
        }
    }
}
