use std::net::{Ipv4Addr, Ipv6Addr};

/// Which web pages may open a socket here and read answers of the API.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Origins {
    listed: Vec<String>,
    /// `*`: pages of every origin.
    any: bool,
    /// Whether pages of this machine may, whatever their port: in development they are
    /// served by another server than the Worker.
    local: bool,
}

impl Origins {
    /// Reads `ALLOWED_ORIGINS`: origins with commas between, or `*` for all. Pages of the
    /// Worker's own host need no entry.
    #[must_use]
    pub fn parse(list: &str, development: bool) -> Self {
        let origins = list.split(',').map(|it| it.trim().trim_end_matches('/'));
        let listed: Vec<String> =
            origins.filter(|it| !it.is_empty()).map(str::to_ascii_lowercase).collect();
        let any = listed.iter().any(|it| it == "*");
        Self { listed, any, local: development }
    }

    /// Whether pages of every origin may.
    #[must_use]
    pub fn allow_any(&self) -> bool {
        self.any
    }

    /// Judges the header `Origin` of a request to `host`. Exact matches only. A client
    /// without an origin is no browser, so no page can have lured its user here; it still
    /// needs its token.
    #[must_use]
    pub fn allow(&self, origin: Option<&str>, host: &str) -> bool {
        let Some(origin) = origin else { return true };
        if self.any || self.listed.contains(&origin.to_ascii_lowercase()) {
            return true;
        }
        // Without the scheme: TLS may end before the Worker.
        let Some((_, page)) = origin.split_once("://") else { return false };
        (!host.is_empty() && page.eq_ignore_ascii_case(host)) || (self.local && is_local(page))
    }
}

/// Whether a host, with its port or without, is a name of this machine: no page of another
/// machine is served under it, however names are resolved.
#[must_use]
pub fn is_local(host: &str) -> bool {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|it| it.is_ascii_digit()) => name,
        Some(_) | None => host,
    };
    let v6 = name.strip_prefix('[').and_then(|it| it.strip_suffix(']'));
    name.eq_ignore_ascii_case("localhost")
        || name.parse::<Ipv4Addr>().is_ok_and(|it| it.is_loopback())
        || v6.is_some_and(|it| it.parse::<Ipv6Addr>().is_ok_and(|it| it.is_loopback()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOST: &str = "rooms.example";

    #[test]
    fn an_origin_matches_whole_or_not_at_all() {
        let origins = Origins::parse(" https://good.example , https://app.example:8443/ ", false);
        for good in ["https://good.example", "HTTPS://Good.Example", "https://app.example:8443"] {
            assert!(origins.allow(Some(good), HOST), "{good}");
        }
        for bad in [
            "null",
            "",
            "http://good.example",
            "https://good.example.evil.example",
            "https://evil-good.example",
            "https://good.example:444",
            "https://app.example",
        ] {
            assert!(!origins.allow(Some(bad), HOST), "{bad}");
        }
        assert!(origins.allow(None, HOST));
    }

    #[test]
    fn where_no_origin_is_listed_only_pages_of_the_same_host_may() {
        for origins in [Origins::parse("", false), Origins::parse("https://good.example", false)] {
            assert!(origins.allow(None, HOST));
            assert!(origins.allow(Some("https://rooms.example"), HOST));
            assert!(origins.allow(Some("http://ROOMS.example:8787"), "rooms.example:8787"));
            for other in [
                "https://anyone.example",
                "https://rooms.example:8443",
                "https://rooms.example.evil.example",
                "https://sub.rooms.example",
                "http://localhost:3000",
                "null",
            ] {
                assert!(!origins.allow(Some(other), HOST), "{other}");
            }
            assert!(!origins.allow(Some("https://"), ""));
        }
    }

    #[test]
    fn a_star_means_every_origin() {
        for list in ["*", "https://good.example, *"] {
            let origins = Origins::parse(list, false);
            assert!(origins.allow_any());
            assert!(origins.allow(Some("https://anyone.example"), HOST));
            assert!(origins.allow(Some("null"), HOST));
        }
        assert!(!Origins::parse("https://*.example", false).allow_any());
    }

    #[test]
    fn in_development_pages_of_this_machine_may_whatever_their_port() {
        let origins = Origins::parse("", true);
        for page in ["http://localhost:3000", "https://127.0.0.1", "http://[::1]:5173"] {
            assert!(origins.allow(Some(page), "localhost:8787"), "{page}");
        }
        for page in ["http://localhost.evil.example", "http://192.0.2.1:8787", "null"] {
            assert!(!origins.allow(Some(page), "localhost:8787"), "{page}");
        }
    }

    #[test]
    fn this_machine_has_few_names() {
        for host in ["localhost", "LOCALHOST:8787", "127.0.0.1:1", "127.9.9.9", "[::1]", "[::1]:80"]
        {
            assert!(is_local(host), "{host}");
        }
        for host in
            ["", "localhost.example", "127.0.0.1.example", "::1", "0.0.0.0", "[::2]", "10.0.0.1:80"]
        {
            assert!(!is_local(host), "{host}");
        }
    }
}
