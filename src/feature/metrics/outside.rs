//! What an analytics room and the chat room of its name ask each other. Nothing is retried: a chat
//! room that was not heard tries with its next report, an analytics room when somebody subscribes
//! again.

use serde::de::DeserializeOwned;

use super::{MetricCall, MetricInput, Metrics};
use crate::feature::calls::Outbound;
use crate::message::{Json, Kind};
use crate::outgoing::{Answer, Caller, Heard, Outgoing, Verdict};

impl Outbound<Metrics> for MetricCall {
    fn outgoing(&self, (): &(), _: &Caller<'_>) -> Option<Outgoing> {
        let kind = match self {
            Self::Observe => Kind::Chat,
            Self::Measures(_) => Kind::Analytics,
        };
        Some(Outgoing::Room { kind, task: Json::of(self) })
    }

    fn heard(self, answer: Answer) -> Heard<MetricInput> {
        let input = match (self, answer) {
            (Self::Observe, Answer::Room(json)) => read(&json).map(MetricInput::Measured),
            (Self::Measures(_), Answer::Room(json)) => read(&json).map(MetricInput::IsWatched),
            (Self::Observe | Self::Measures(_), _) => None,
        };
        let verdict = if input.is_some() { Verdict::Useful } else { Verdict::Failed };
        Heard { input, verdict }
    }
}

fn read<T: DeserializeOwned>(json: &Json) -> Option<T> {
    serde_json::from_str(json.as_str()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::feature::metrics::Measures;
    use crate::limits::Limits;
    use crate::message::Millis;

    const MEASURES: Measures =
        Measures { at: Millis(1), engagement: 2, activity: 3, performance: None };

    /// The kind of room that is asked, and what: rooms of the version before read it too.
    fn asked(call: &MetricCall) -> (Kind, String) {
        let (kind, limits) = (Kind::Chat, &Limits::default());
        let from = Caller { kind, room: "r", limits, now: Millis(0) };
        let Some(Outgoing::Room { kind, task }) = call.outgoing(&(), &from) else {
            panic!("no room is asked")
        };
        (kind, task.as_str().to_owned())
    }

    fn answer(json: &str) -> Answer {
        Answer::Room(Json::stored(json.into()).unwrap())
    }

    #[test]
    fn rooms_ask_each_other_in_words_that_do_not_change() {
        assert_eq!(asked(&MetricCall::Observe), (Kind::Chat, r#""observe""#.into()));
        let measures = r#"{"measures":{"at":1,"engagement":2,"activity":3,"performance":null}}"#;
        let told = asked(&MetricCall::Measures(MEASURES));
        assert_eq!(told, (Kind::Analytics, measures.into()));
    }

    #[test]
    fn what_is_no_answer_is_a_failure_and_not_heard() {
        let measured = r#"{"at":1,"engagement":2,"activity":3,"performance":null}"#;
        let heard = MetricCall::Observe.heard(answer(measured));
        let input = Some(MetricInput::Measured(MEASURES));
        assert_eq!(heard, Heard { input, verdict: Verdict::Useful });
        let heard = MetricCall::Measures(MEASURES).heard(answer("true"));
        assert_eq!(heard.input, Some(MetricInput::IsWatched(true)));
        for wrong in [answer("7"), Answer::Missing, Answer::Held { wait_ms: 1 }, Answer::Nobody] {
            let heard = MetricCall::Measures(MEASURES).heard(wrong);
            assert_eq!(heard, Heard { input: None, verdict: Verdict::Failed });
        }
    }
}
