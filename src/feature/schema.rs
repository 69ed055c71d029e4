//! The frames of all features, as the API document has them.

use super::features;
/// How the context protocol spells what its history shows.
pub(crate) use super::messages::schema::InContext;
use crate::schema::frames::Message;
use crate::schema::shape::Shape;

/// What clients say to a feature in a protocol, and what it says to them.
pub(crate) type Frames = (&'static [Message], &'static [Message]);

/// The frames of one feature.
pub(crate) trait Described {
    /// Its frames in this protocol.
    fn frames(_protocol: &str) -> Frames {
        (&[], &[])
    }
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
    };
}

features!(described);
