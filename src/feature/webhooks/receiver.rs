//! Whom rooms tell what happens in them, and of which events.

use super::{JOINED, LEFT, OCCUPIED, VACATED};
use crate::feature::Configured;
use crate::message::Topic;
use crate::outgoing::Service;

/// Who is told what happens in rooms.
#[derive(Clone, Debug, Default)]
pub enum Receiver {
    /// Nobody is told.
    #[default]
    Nobody,
    /// A service of the operator's, over HTTP.
    Http {
        /// Where it is.
        service: Service,
        /// Of which events, by name or by what names begin with; never none.
        events: Vec<Topic>,
    },
}

impl Receiver {
    /// Whether it is told of events of this name.
    #[must_use]
    pub fn hears(&self, name: &str) -> bool {
        match self {
            Self::Nobody => false,
            Self::Http { events, .. } => events.iter().any(|it| it.matches(name)),
        }
    }

    /// Whether it is told who comes and goes.
    #[must_use]
    pub fn watches_members(&self) -> bool {
        [OCCUPIED, VACATED, JOINED, LEFT].into_iter().any(|it| self.hears(it))
    }

    /// Whether there is one.
    #[must_use]
    pub fn is_set(&self) -> bool {
        matches!(self, Self::Http { .. })
    }
}

/// What is wrong is named by its place in the list, of which so many are named.
const PLACES_MAX: usize = 10;

impl Configured for Receiver {
    fn read(variable: &dyn Fn(&str) -> Option<String>, faults: &mut Vec<String>) -> Self {
        let url = |name: &str| variable(name).map(|it| it.trim().to_owned());
        if url("WEBHOOK_URL").is_none_or(|it| it.is_empty()) {
            return Self::Nobody;
        }
        let until = "until that is set right, no webhook is sent";
        let service = match Service::read(variable, "WEBHOOK_URL", "WEBHOOK_SECRET") {
            Ok(service) => service,
            Err(wrong) => {
                faults.push(format!("{wrong}: {until}"));
                return Self::Nobody;
            }
        };
        let (mut events, mut wrong) = (Vec::new(), Vec::new());
        let list = variable("WEBHOOK_EVENTS").unwrap_or_default();
        for (at, text) in list.split(',').map(str::trim).enumerate() {
            match Topic::parse(text) {
                Ok(topic) => events.push(topic),
                Err(_) if text.is_empty() => {}
                Err(_) => wrong.push((at + 1).to_string()),
            }
        }
        if !wrong.is_empty() {
            wrong.truncate(PLACES_MAX);
            let places = wrong.join(", ");
            faults.push(format!(
                "WEBHOOK_EVENTS: what stands at place {places} is no event's name, nor a beginning of one with * at its end, and is left out"
            ));
        }
        if events.is_empty() {
            faults.push(format!("WEBHOOK_EVENTS names no event: {until}"));
            return Self::Nobody;
        }
        events.sort_unstable();
        events.dedup();
        Self::Http { service, events }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "a secret of the receiver, 32 bytes or more";

    fn read(url: &str, secret: &str, events: Option<&str>) -> (Receiver, Vec<String>) {
        let variable = |name: &str| match name {
            "WEBHOOK_URL" => Some(url.to_owned()),
            "WEBHOOK_SECRET" => Some(secret.to_owned()),
            _ => events.map(str::to_owned),
        };
        let mut faults = Vec::new();
        (Receiver::read(&variable, &mut faults), faults)
    }

    fn of(events: &str) -> (Receiver, Vec<String>) {
        read("https://hooks.example/", SECRET, Some(events))
    }

    #[test]
    fn y2_a_service_is_told_of_names_and_of_what_names_begin_with() {
        let (receiver, faults) = of(" member.joined, agent.*,member.joined ,");
        assert!(faults.is_empty(), "{faults:?}");
        for (name, is_heard) in [
            ("member.joined", true),
            ("member.left", false),
            ("agent.started", true),
            ("agents", false),
            ("message", false),
        ] {
            assert_eq!(receiver.hears(name), is_heard, "{name}");
        }
        assert!(receiver.watches_members());
        assert!(!of("agent.*,message").0.watches_members());
        assert!(of("*").0.hears("message") && of("*").0.watches_members());
        let Receiver::Http { events, .. } = receiver else { panic!("there is one") };
        assert_eq!(events.len(), 2, "each once");
    }

    #[test]
    fn y2_a_thousand_names_are_as_good_as_one() {
        let names: Vec<String> = (0..1000).map(|it| format!("event-{it}")).collect();
        let (receiver, faults) = of(&names.join(","));
        assert!(faults.is_empty() && receiver.hears("event-999") && !receiver.hears("event-1000"));
    }

    #[test]
    fn y1_without_a_url_there_is_nobody_and_nothing_wrong() {
        for url in ["", " "] {
            let (receiver, faults) = read(url, "", Some("*"));
            assert!(!receiver.is_set() && faults.is_empty(), "{faults:?}");
        }
        assert!(!Receiver::default().hears("message"));
    }

    #[test]
    fn y1_with_a_url_that_is_none_or_without_a_secret_nobody_is_told() {
        for (url, secret) in [
            ("ftp://hooks.example/", SECRET),
            ("hooks.example", SECRET),
            ("https://", SECRET),
            ("https://ann:word@hooks.example/", SECRET),
            ("https://hooks example/", SECRET),
            ("\u{0}", SECRET),
            ("https://hooks.example/", ""),
            ("https://hooks.example/", "short"),
        ] {
            let (receiver, faults) = read(url, secret, Some("*"));
            assert!(!receiver.is_set(), "{url}");
            let [fault] = faults.as_slice() else { panic!("{faults:?}") };
            assert!(fault.ends_with("no webhook is sent"), "{fault}");
            assert!(!fault.contains("word") && !fault.contains("short"), "{fault}");
        }
    }

    #[test]
    fn y2_what_is_no_name_is_left_out_and_without_any_nobody_is_told() {
        let (receiver, faults) = of("a b,message,*x,a*b,\u{fc}");
        assert!(receiver.hears("message") && !receiver.hears("a"));
        assert_eq!(faults.len(), 1);
        assert!(faults[0].contains("at place 1, 3, 4, 5 is"), "{faults:?}");
        for events in [None, Some(""), Some(" , ,"), Some("a b")] {
            let (receiver, faults) = read("https://hooks.example/", SECRET, events);
            assert!(!receiver.is_set());
            let last = faults.last().unwrap();
            assert!(last.starts_with("WEBHOOK_EVENTS names no event"), "{events:?}: {last}");
        }
        let garbage = "!,".repeat(1000);
        assert_eq!(of(&garbage).1.len(), 2, "in two lines, however much it is");
    }
}
