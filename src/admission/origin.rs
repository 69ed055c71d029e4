/// Which web pages may open a socket here.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Origins(Vec<String>);

impl Origins {
    /// Reads `ALLOWED_ORIGINS`: origins with commas between; nothing allows all.
    #[must_use]
    pub fn parse(list: &str) -> Self {
        let origins = list.split(',').map(|it| it.trim().trim_end_matches('/'));
        Self(origins.filter(|it| !it.is_empty()).map(str::to_ascii_lowercase).collect())
    }

    /// Exact matches only. A client without an origin is no browser, so no page can
    /// have lured its user here; it still needs its token.
    #[must_use]
    pub fn allow(&self, origin: Option<&str>) -> bool {
        let Some(origin) = origin else { return true };
        self.0.is_empty() || self.0.contains(&origin.to_ascii_lowercase())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_matches_whole_or_not_at_all() {
        let origins = Origins::parse(" https://good.example , https://app.example:8443/ ");
        for good in ["https://good.example", "HTTPS://Good.Example", "https://app.example:8443"] {
            assert!(origins.allow(Some(good)), "{good}");
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
            assert!(!origins.allow(Some(bad)), "{bad}");
        }
        assert!(origins.allow(None));
        assert!(Origins::parse("").allow(Some("https://anyone.example")));
    }
}
