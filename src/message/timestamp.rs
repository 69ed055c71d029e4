use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// Milliseconds since the Unix epoch, always supplied by the caller.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Millis(pub u64);

impl Millis {
    /// This much later.
    #[must_use]
    pub fn plus(self, millis: u64) -> Self {
        Self(self.0.saturating_add(millis))
    }

    /// The next multiple of `step`, in milliseconds, or this one.
    #[must_use]
    pub fn round_up(self, step: u64) -> Self {
        let step = step.max(1);
        Self(self.0.div_ceil(step).saturating_mul(step))
    }

    /// How long after `earlier`; 0 if it is not.
    #[must_use]
    pub fn since(self, earlier: Self) -> u64 {
        self.0.saturating_sub(earlier.0)
    }

    /// RFC 3339 in UTC with milliseconds and `Z`, as every timestamp we send.
    #[must_use]
    pub fn to_rfc3339(self) -> String {
        let seconds = i64::try_from(self.0 / 1000).ok();
        let time = seconds.and_then(|it| OffsetDateTime::from_unix_timestamp(it).ok());
        // Past the year 9999, which no clock of ours shows.
        let Some(time) = time else { return "9999-12-31T23:59:59.999Z".into() };
        let (year, month, day) = time.to_calendar_date();
        let (hour, minute, second) = time.to_hms();
        let (month, millis) = (u8::from(month), self.0 % 1000);
        // A format description would do the same with 20 KB more of wasm.
        format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{millis:03}Z")
    }

    /// Reads RFC 3339; a time without a zone is UTC (X3). Before 1970 is 1970: whoever asks what
    /// was before such a time asks for nothing.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let time = read(text)?;
        // Rounded up: "before T" with T inside a millisecond includes that millisecond.
        let millis = time.unix_timestamp_nanos().saturating_add(999_999).div_euclid(1_000_000);
        Some(Self(u64::try_from(millis.max(0)).unwrap_or(u64::MAX)))
    }

    /// Reads RFC 3339 as [`Millis::parse`] does; `None` before 1970 too. For a time that is kept.
    #[must_use]
    pub fn parse_kept(text: &str) -> Option<Self> {
        let is_kept = OffsetDateTime::UNIX_EPOCH <= read(text)?;
        Self::parse(text).filter(|_| is_kept)
    }
}

fn read(text: &str) -> Option<OffsetDateTime> {
    OffsetDateTime::parse(text, &Rfc3339)
        .or_else(|_| OffsetDateTime::parse(&format!("{text}Z"), &Rfc3339))
        .ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timestamps_go_out_in_one_form() {
        assert_eq!(Millis(0).to_rfc3339(), "1970-01-01T00:00:00.000Z");
        assert_eq!(Millis(1_704_067_200_123).to_rfc3339(), "2024-01-01T00:00:00.123Z");
        assert_eq!(Millis(u64::MAX).to_rfc3339(), "9999-12-31T23:59:59.999Z");
    }

    #[test]
    fn timestamps_come_in_with_or_without_a_zone() {
        let noon = Some(Millis(1_704_110_400_000));
        for text in [
            "2024-01-01T12:00:00Z",
            "2024-01-01T12:00:00.000Z",
            "2024-01-01T14:00:00+02:00",
            "2024-01-01T12:00:00",
            "2024-01-01T12:00:00.000000",
        ] {
            assert_eq!(Millis::parse(text), noon, "{text}");
        }
        assert_eq!(Millis::parse("1950-01-01T00:00:00Z"), Some(Millis(0)));
        for text in
            ["1950-01-01T00:00:00Z", "1969-12-31T23:59:59.9999Z", "1970-01-01T00:00:00+01:00"]
        {
            assert_eq!(Millis::parse_kept(text), None, "{text}");
        }
        assert_eq!(Millis::parse_kept("1970-01-01T00:00:00"), Some(Millis(0)));
        for text in ["", "yesterday", "2024-13-01T00:00:00Z", "2024-01-01", "12:00"] {
            assert_eq!(Millis::parse(text), None, "{text}");
        }
    }
}
