//! The frames of all features, as the API document has them.

use super::features;
use crate::schema::frames::Message;

/// What clients say to a feature in a protocol, and what it says to them.
pub(crate) type Frames = (&'static [Message], &'static [Message]);

/// The frames of one feature.
pub(crate) trait Described {
    /// Its frames in this protocol.
    fn frames(_protocol: &str) -> Frames {
        (&[], &[])
    }
}

macro_rules! described {
    ($($(#[$about:meta])* $module:ident: $name:ident;)*) => {
        /// The frames of all features in this protocol.
        pub(crate) fn of(protocol: &str) -> Vec<Frames> {
            vec![$(<super::$module::$name as Described>::frames(protocol),)*]
        }
    };
}

features!(described);
