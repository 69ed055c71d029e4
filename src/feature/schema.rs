//! The frames and calls of all features, as the API documents have them.

/// How the conversation protocol spells what its history shows.
pub(crate) use super::conversations::Said as InConversation;
use super::features;
/// How the context protocol spells what its history shows.
pub(crate) use super::messages::schema::InContext;
use crate::schema::calls::Call;
use crate::schema::frames::Message;
use crate::schema::openapi::Parameter;
use crate::schema::shape::Shape;

/// What clients say to a feature in a protocol, and what it says to them.
pub(crate) type Frames = (&'static [Message], &'static [Message]);

/// The calls of a feature, and the parameters of theirs that no other call has.
pub(crate) struct Calls {
    pub(crate) calls: &'static [Call],
    pub(crate) parameters: &'static [Parameter],
}

/// How one feature is described.
pub(crate) trait Described {
    /// Its frames in this protocol.
    fn frames(_protocol: &str) -> Frames {
        (&[], &[])
    }
    /// Its calls of the HTTP API.
    const CALLS: Calls = Calls { calls: &[], parameters: &[] };
    /// Its types that mean the same in every protocol.
    fn vocabulary() -> &'static [Shape] {
        &[]
    }
}

macro_rules! described {
    ($($(#[$about:meta])* $module:ident: $name:ident;)*) => {
        /// The frames of all features in this protocol.
        pub(crate) fn of(protocol: &str) -> Vec<Frames> {
            vec![$(<super::$module::$name as Described>::frames(protocol),)*]
        }

        /// The types of all features that mean the same in every protocol.
        pub(crate) fn vocabulary() -> impl Iterator<Item = Shape> {
            let own = [$(<super::$module::$name as Described>::vocabulary(),)*];
            own.into_iter().flatten().copied()
        }

        /// The calls of all features.
        pub(crate) fn calls() -> Vec<Calls> {
            vec![$(<super::$module::$name as Described>::CALLS,)*]
        }
    };
}

features!(described);
