//! The frames and calls of all features, as the API documents have them.

/// How the conversation protocol spells what its history shows.
pub(crate) use super::conversations::Said as InConversation;
use schemars::{Schema, SchemaGenerator};

use super::features;
/// How the context protocol spells what its history shows.
use crate::message::Kind;
use crate::schema::calls::Call;
use crate::schema::frames::Message;
use crate::schema::openapi::Parameter;
use crate::schema::shape::Shape;

/// What clients say to a feature in a protocol, and what it says to them.
pub(crate) type Frames = (&'static [Message], &'static [Message]);

/// The calls of a feature or a protocol, and the parameters of theirs that no other call has.
#[derive(Clone, Copy)]
pub(crate) struct Calls {
    pub(crate) calls: &'static [Call],
    pub(crate) parameters: &'static [Parameter],
}

impl Calls {
    pub(crate) const NONE: Self = Self { calls: &[], parameters: &[] };
}

/// How a feature assigns rooms.
pub(crate) struct Door {
    /// Who gets in: a sentence or two.
    pub(crate) about: &'static str,
    /// The parameters of the URL.
    pub(crate) parameters: &'static [DoorParameter],
}

/// One of them.
pub(crate) struct DoorParameter {
    pub(crate) name: &'static str,
    /// Whether it is the name of a room; any text if it is not.
    pub(crate) is_room: bool,
    pub(crate) about: &'static str,
}

/// How one feature is described.
pub(crate) trait Described {
    /// Its frames in this protocol.
    fn frames(_protocol: &str) -> Frames {
        (&[], &[])
    }
    /// Its calls of the HTTP API.
    const CALLS: Calls = Calls::NONE;
    /// How it assigns rooms, if it does.
    const DOOR: Option<&'static Door> = None;
    /// What it adds to what is shown of entries.
    fn added(_: &mut SchemaGenerator) -> Option<Schema> {
        None
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

        /// How a feature assigns rooms of this kind, if one does.
        pub(crate) fn door(kind: Kind) -> Option<&'static Door> {
            $(if <super::$module::$name as super::door::Door>::grants(kind).is_some() {
                return <super::$module::$name as Described>::DOOR;
            })*
            None
        }

        /// What all features add to what is shown of entries.
        pub(crate) fn added(generator: &mut SchemaGenerator) -> impl Iterator<Item = Schema> {
            let own = [$(<super::$module::$name as Described>::added(generator),)*];
            own.into_iter().flatten()
        }

        /// The calls of all features.
        pub(crate) fn calls() -> Vec<Calls> {
            vec![$(<super::$module::$name as Described>::CALLS,)*]
        }
    };
}

features!(described);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::admission::endpoints;
    use crate::message::Rooms;
    use crate::protocol::Access;

    macro_rules! parameters {
        ($($(#[$about:meta])* $module:ident: $name:ident;)*) => {
            /// What features read of URLs, and what is said of that.
            fn parameters() -> Vec<(&'static [&'static str], Option<&'static Door>)> {
                vec![$((
                    <super::super::$module::$name as super::super::door::Door>::PARAMETERS,
                    <super::super::$module::$name as Described>::DOOR,
                ),)*]
            }

            /// Whether each feature assigns rooms of this kind.
            fn assigning(kind: Kind) -> Vec<bool> {
                vec![$(
                    <super::super::$module::$name as super::super::door::Door>::grants(kind).is_some(),
                )*]
            }
        };
    }

    features!(parameters);

    #[test]
    fn one_feature_assigns_the_rooms_of_a_path_where_a_protocol_says_so() {
        for kind in Kind::ALL {
            let features = assigning(kind).into_iter().filter(|it| *it).count();
            assert_eq!(features, usize::from(door(kind).is_some()), "{kind:?}");
            assert_eq!(features == 1, kind.properties().rooms == Rooms::Assigned, "{kind:?}");
        }
        for it in endpoints() {
            assert_eq!(it.access == Access::Feature, door(it.kind).is_some(), "{}", it.path);
        }
    }

    #[test]
    fn what_a_feature_reads_of_a_url_is_described() {
        let mut described = 0;
        for (read, door) in parameters() {
            let names: Vec<_> =
                door.iter().flat_map(|it| it.parameters).map(|it| it.name).collect();
            assert_eq!(names, read);
            described += names.len();
        }
        assert!(1 < described);
    }
}
