//! What rooms know of features for each connection. It is stored with the connection, in the
//! socket's attachment.

use std::fmt::Debug;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::{Feature, features};
use crate::message::Space;
use crate::message::json::append_fields;

/// One feature's part of a connection: a JSON object, whose fields are stored among those of the
/// connection itself. They are append-only, and no two parts have one of the same name. One that
/// says nothing is left out.
pub trait ConnectionPart: Clone + Debug + Default + Eq + Serialize + DeserializeOwned {
    /// The channels that the connection subscribed to.
    fn channels(&self, _: &mut dyn FnMut(Space, &str)) {}
    /// Whether what it subscribed to is in no log, and must not be left out.
    fn hears_apart(&self) -> bool {
        false
    }
    /// What is handed over with a connection that is let in: an object as it is stored, or with
    /// names of fields that are read as well.
    fn handed_over(&self) -> serde_json::Result<String> {
        serde_json::to_string(self)
    }
}

/// The part of a feature that has none.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Nothing {}

impl ConnectionPart for Nothing {}

macro_rules! parts {
    ($($(#[$about:meta])* $module:ident: $name:ident;)*) => {
        /// What a room knows of all features for one of its connections.
        #[derive(Clone, Debug, Default, PartialEq, Eq)]
        pub struct ConnectionParts {
            $($(#[$about])* pub $module: <super::$module::$name as Feature>::OnConnection,)*
        }

        impl ConnectionParts {
            /// Adds their fields to the object in which they are stored.
            pub(crate) fn append_to(&self, json: &mut String) -> serde_json::Result<()> {
                $(append_fields(json, &serde_json::to_string(&self.$module)?);)*
                Ok(())
            }

            /// Adds their fields to the object that is handed over.
            pub(crate) fn hand_over(&self, json: &mut String) -> serde_json::Result<()> {
                $(append_fields(json, &self.$module.handed_over()?);)*
                Ok(())
            }

            /// Reads them from the object in which they are stored, or handed over. Each ignores what is not its
            /// own.
            pub(crate) fn read(json: &str) -> serde_json::Result<Self> {
                Ok(Self { $($module: serde_json::from_str(json)?,)* })
            }

            /// Under which names they are stored.
            #[cfg(test)]
            pub(crate) fn stored_fields() -> Vec<&'static str> {
                let own = [$(tests::stored_fields(|it| {
                    drop(<<super::$module::$name as Feature>::OnConnection>::deserialize(it));
                }),)*];
                own.concat()
            }

            /// See [`ConnectionPart::hears_apart`].
            pub(crate) fn hears_apart(&self) -> bool {
                $(self.$module.hears_apart() ||)* false
            }

            /// See [`ConnectionPart::channels`].
            pub(crate) fn channels(&self, each: &mut dyn FnMut(Space, &str)) {
                $(self.$module.channels(each);)*
            }
        }
    };
}

features!(parts);

#[cfg(test)]
pub(crate) mod tests {
    use serde::de::value::Error;
    use serde::de::{Deserializer, Visitor};

    pub(crate) struct Fields<'a>(&'a mut Vec<&'static str>);

    impl<'de> Deserializer<'de> for Fields<'_> {
        type Error = Error;

        fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Error> {
            Err(serde::de::Error::custom("no struct"))
        }
        fn deserialize_struct<V: Visitor<'de>>(
            self,
            _: &'static str,
            fields: &'static [&'static str],
            visitor: V,
        ) -> Result<V::Value, Error> {
            self.0.extend(fields);
            self.deserialize_any(visitor)
        }
        serde::forward_to_deserialize_any! {
            bool i8 i16 i32 i64 u8 u16 u32 u64 f32 f64 char str string bytes byte_buf option unit
            unit_struct newtype_struct seq tuple tuple_struct map enum identifier ignored_any
        }
    }

    /// Under which names the fields of a struct are stored that is read so.
    pub(crate) fn stored_fields(read: impl FnOnce(Fields<'_>)) -> Vec<&'static str> {
        let mut fields = Vec::new();
        read(Fields(&mut fields));
        fields
    }
}
