//! What is asked, said, stored, looked up and called of all features, made of the list.

use serde_json::value::RawValue;

use super::{
    Ask, Config, Feature, Find, Keep, Known, Numbers, Publishing, Rate, Share, Spelled, Tell,
    features,
};
use crate::budget::Budget;
use crate::message::{
    BROADCAST, BYTES, Body, Dedupe, EVENT, EntryKind, Json, Kind, Millis, ProtocolError,
};
use crate::rates::Pool;

macro_rules! unions {
    ($($(#[$about:meta])* $module:ident: $name:ident;)*) => {
        /// What is asked of a feature.
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub enum Command {
            $($(#[$about])* $name(<super::$module::$name as Feature>::Command),)*
        }

        /// What a feature says that is not in the log.
        #[derive(Clone, Debug, PartialEq)]
        pub enum Event {
            $($(#[$about])* $name(<super::$module::$name as Feature>::Event),)*
        }

        /// What a feature has called outside of the room, once all before is durable.
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub enum Call {
            $($(#[$about])* $name(<super::$module::$name as Feature>::Call),)*
        }

        /// What a feature hears from outside of the room.
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub enum Input {
            $($(#[$about])* $name(<super::$module::$name as Feature>::Input),)*
        }

        /// Something that a feature makes durable.
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub enum Write {
            $($(#[$about])* $name(<super::$module::$name as Feature>::Write),)*
        }

        /// What a feature looks up in what is stored.
        #[derive(Clone, Debug, PartialEq)]
        pub enum Query {
            $($(#[$about])* $name(<super::$module::$name as Feature>::Query),)*
        }

        /// What is found.
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub enum Found {
            $($(#[$about])* $name(<super::$module::$name as Feature>::Found),)*
        }

        impl Found {
            /// What this finds where nothing is stored.
            pub(crate) fn nothing(query: &Query) -> Self {
                match query {
                    $(Query::$name(_) => Self::$name(Default::default()),)*
                }
            }
        }

        impl Find for Query {
            fn bytes_max(&self) -> usize {
                match self {
                    $(Self::$name(it) => Find::bytes_max(it),)*
                }
            }
        }

        /// What is stored of all features, as a wake reads it.
        #[derive(Clone, Debug, Default, PartialEq, Eq)]
        pub struct Stored {
            $($(#[$about])* pub $module: <super::$module::$name as Known>::Stored,)*
        }

        /// What the rooms of an isolate share of all features.
        #[derive(Clone, Debug)]
        pub struct Shared {
            $($(#[$about])* pub $module: <super::$module::$name as Known>::Shared,)*
        }

        impl Share for Shared {
            fn new(budget: &Budget) -> Self {
                Self { $($module: Share::new(budget),)* }
            }
        }

        /// What a room knows of all features while it is awake.
        #[derive(Debug)]
        pub struct States {
            $($(#[$about])* pub(crate) $module: super::$module::$name,)*
        }

        impl Known for States {
            type Stored = Stored;
            type Shared = Shared;

            fn wake(stored: Stored, head_at: Millis) -> Self {
                Self { $($module: Known::wake(stored.$module, head_at),)* }
            }
            fn share(&mut self, shared: &Shared) {
                $(self.$module.share(&shared.$module);)*
            }
            fn erased(self) -> Self {
                Self { $($module: self.$module.erased(),)* }
            }
            fn keeps_nothing(&self) -> bool {
                $(self.$module.keeps_nothing() &&)* true
            }
            fn is_empty(&self) -> bool {
                $(self.$module.is_empty() &&)* true
            }
            fn gauges(&self, numbers: &mut Numbers) {
                $(self.$module.gauges(numbers);)*
            }
            fn is_busy(&self) -> bool {
                $(self.$module.is_busy() ||)* false
            }
        }

        $(impl From<<super::$module::$name as Feature>::Write> for Write {
            fn from(write: <super::$module::$name as Feature>::Write) -> Self {
                Self::$name(write)
            }
        }

        impl From<<super::$module::$name as Feature>::Query> for Query {
            fn from(query: <super::$module::$name as Feature>::Query) -> Self {
                Self::$name(query)
            }
        }

        impl From<<super::$module::$name as Feature>::Command> for Command {
            fn from(command: <super::$module::$name as Feature>::Command) -> Self {
                Self::$name(command)
            }
        }

        impl From<<super::$module::$name as Feature>::Event> for Event {
            fn from(event: <super::$module::$name as Feature>::Event) -> Self {
                Self::$name(event)
            }
        })*

        /// How many pools features have together.
        pub const POOLS: usize = 0 $(+ <super::$module::$name as Feature>::POOLS.len())*;

        /// The pools of all features.
        pub fn pools() -> impl Iterator<Item = &'static Pool> {
            let own = [$(<super::$module::$name as Feature>::POOLS,)*];
            own.into_iter().flatten()
        }

        impl Ask for Command {
            fn read(
                protocol: &str,
                word: &str,
                data: Option<&RawValue>,
            ) -> Option<Result<Self, ProtocolError>> {
                $(if let Some(read) = <<super::$module::$name as Feature>::Command>::read(protocol, word, data) {
                    return Some(read.map(Self::$name));
                })*
                None
            }
            fn is_served_in(&self, kind: Kind) -> bool {
                match self {
                    $(Self::$name(it) => Ask::is_served_in(it, kind),)*
                }
            }
            fn rate(&self) -> Option<&'static Rate> {
                match self {
                    $(Self::$name(it) => Ask::rate(it),)*
                }
            }
            fn dedupe(&self) -> Dedupe {
                match self {
                    $(Self::$name(it) => Ask::dedupe(it),)*
                }
            }
            fn introduces(&self) -> bool {
                match self {
                    $(Self::$name(it) => Ask::introduces(it),)*
                }
            }
            fn is_measured(&self) -> bool {
                match self {
                    $(Self::$name(it) => Ask::is_measured(it),)*
                }
            }
            fn has_long_answer(&self) -> bool {
                match self {
                    $(Self::$name(it) => Ask::has_long_answer(it),)*
                }
            }
        }

        impl Keep for Write {
            fn is_urgent(&self) -> bool {
                match self {
                    $(Self::$name(it) => Keep::is_urgent(it),)*
                }
            }
            fn is_apart(&self) -> bool {
                match self {
                    $(Self::$name(it) => Keep::is_apart(it),)*
                }
            }
            fn weight(&self) -> usize {
                match self {
                    $(Self::$name(it) => Keep::weight(it),)*
                }
            }
        }

        /// The kind of entry that is stored under this name. A row of another kind was written by
        /// a later version: it is not shown.
        #[must_use]
        pub fn entry_kind(name: &str) -> Option<EntryKind> {
            entry_kinds().find(|it| it.name == name)
        }

        /// Every kind of entry.
        pub fn entry_kinds() -> impl Iterator<Item = EntryKind> {
            let own = [&[EVENT, BYTES], $(<super::$module::$name as Feature>::KINDS,)*];
            own.into_iter().flatten().copied()
        }

        /// Reads what is to be published under a name that a feature gives a meaning to.
        pub fn publication(it: &mut Publishing) -> Option<Result<Body, ProtocolError>> {
            $(if let Some(read) = <super::$module::$name as Feature>::publication(it) {
                return Some(read);
            })*
            None
        }

        /// Whether publishing an event of this name takes the grant `publish`.
        #[must_use]
        pub fn is_protected(name: &str) -> bool {
            let own = [&[BROADCAST], $(<super::$module::$name as Feature>::PROTECTED,)*];
            own.into_iter().flatten().any(|it| *it == name)
        }

        /// What is served in rooms of this kind, by the names that clients have for it.
        pub fn offers(kind: Kind, config: &Config) -> Vec<&'static str> {
            let own = [$(<super::$module::$name as Feature>::offers(kind, &config.$module),)*];
            own.into_iter().flatten().collect()
        }

        /// The event that a protocol's word publishes.
        pub fn event_of(protocol: &str, word: &str) -> Option<&'static str> {
            let own = [$(<super::$module::$name as Feature>::event_of(protocol, word),)*];
            own.into_iter().flatten().next()
        }
        /// The words by which a protocol asks features and tells what they say.
        pub fn words(protocol: &str) -> impl Iterator<Item = &'static str> {
            let own = [$(<super::$module::$name as Feature>::words(protocol),)*];
            own.into_iter().flatten().copied()
        }

        impl Tell for Event {
            fn spell(&self, protocol: &str) -> Option<Spelled> {
                match self {
                    $(Self::$name(it) => Tell::spell(it, protocol),)*
                }
            }
            fn answer(&self) -> Option<Json> {
                match self {
                    $(Self::$name(it) => Tell::answer(it),)*
                }
            }
            fn topic(&self) -> Option<&'static str> {
                match self {
                    $(Self::$name(it) => Tell::topic(it),)*
                }
            }
            fn is_ephemeral(&self) -> bool {
                match self {
                    $(Self::$name(it) => Tell::is_ephemeral(it),)*
                }
            }
            fn weight(&self) -> usize {
                match self {
                    $(Self::$name(it) => Tell::weight(it),)*
                }
            }
        }
    };
}

features!(unions);
