//! Which kind of room serves what. A dialect that several kinds speak does not know.

use crate::message::{Code, Command, Kind, MetricCommand, Refusal};

/// What everyone says who speaks of something that this room does not serve.
pub(super) const UNKNOWN: Refusal =
    Refusal::new(Code::UnknownMessageType, "this endpoint knows no such type");

/// Whether rooms of this kind serve this to their sockets.
pub(super) fn serves(kind: Kind, command: &Command) -> bool {
    match command {
        Command::Ping
        | Command::Pong
        | Command::Authenticate { .. }
        | Command::History(_)
        | Command::Presence
        | Command::Subscriptions
        | Command::State
        | Command::Stats
        | Command::Status
        | Command::Kick(_)
        | Command::Erase => true,
        Command::Say(_)
        | Command::Typing(_)
        | Command::Publish { .. }
        | Command::SetState { .. }
        | Command::Subscribe(_)
        | Command::Unsubscribe(_) => matches!(kind, Kind::Chat | Kind::Hub),
        Command::Transfer(_) => kind == Kind::Hub,
        Command::Metric(it) => match it {
            MetricCommand::Watch(_) | MetricCommand::Unwatch(_) => kind == Kind::Analytics,
            // Only rooms ask each other this.
            MetricCommand::Observe | MetricCommand::Measures(_) => false,
        },
        Command::Editing(_) => kind == Kind::Collaboration,
        Command::Conversation(_) => kind == Kind::Conversation,
    }
}
