use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::{DeserializeOwned, Deserializer, Error, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::{Fault, Millis, ProtocolError};

/// Fields being read, and what is wrong with them: whoever sent them learns of every fault at
/// once. No tree is built of what is not read.
#[derive(Debug)]
pub(crate) struct Fields<'a> {
    map: BTreeMap<Cow<'a, str>, &'a RawValue>,
    faults: Vec<Fault>,
}

/// What a time is expected to be.
pub(crate) const TIME: &str = "an RFC 3339 time";

#[expect(clippy::ptr_arg, reason = "what a field of this type is read as")]
pub(crate) fn is_time(text: &String) -> bool {
    Millis::parse(text).is_some()
}

const OBJECT: &str = "must be an object, no field of which is there twice";

/// An object, no field of which is there twice: nobody is to read another value than we did.
struct Unique<'a>(BTreeMap<Cow<'a, str>, &'a RawValue>);

impl<'de: 'a, 'a> Deserialize<'de> for Unique<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Pairs;
        impl<'de> Visitor<'de> for Pairs {
            type Value = Unique<'de>;
            fn expecting(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                out.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut pairs: A) -> Result<Unique<'de>, A::Error> {
                let mut map = BTreeMap::new();
                while let Some((field, value)) = pairs.next_entry::<Cow<'de, str>, _>()? {
                    if map.insert(field, value).is_some() {
                        return Err(A::Error::custom("a field is there twice"));
                    }
                }
                Ok(Unique(map))
            }
        }
        deserializer.deserialize_map(Pairs)
    }
}

impl<'a> Fields<'a> {
    /// Those of an object.
    pub(crate) fn of(data: &'a str) -> Result<Self, ProtocolError> {
        let fault = || Fault { field: "data".into(), problem: OBJECT.into() };
        let Unique(map) =
            serde_json::from_str(data).map_err(|_| ProtocolError::faulty(vec![fault()]))?;
        Ok(Self { map, faults: Vec::new() })
    }

    /// Notes that a field is not what is expected.
    pub(crate) fn fault(&mut self, field: &'static str, expected: &'static str) {
        let problem = Cow::Owned(format!("must be {expected}"));
        self.faults.push(Fault { field: Cow::Borrowed(field), problem });
    }

    /// A field, if it is there and can be read as this.
    pub(crate) fn find<T: DeserializeOwned>(&self, field: &str) -> Option<T> {
        self.map.get(field).and_then(|it| serde_json::from_str(it.get()).ok())
    }

    /// A field that must be there.
    pub(crate) fn need<T: DeserializeOwned>(
        &mut self,
        field: &'static str,
        expected: &'static str,
        is_good: impl Fn(&T) -> bool,
    ) -> Option<T> {
        let value = self.find(field).filter(is_good);
        if value.is_none() {
            self.fault(field, expected);
        }
        value
    }

    /// A field that may be missing or `null`.
    pub(crate) fn may<T: DeserializeOwned>(
        &mut self,
        field: &'static str,
        expected: &'static str,
        is_good: impl Fn(&T) -> bool,
    ) -> Option<T> {
        match self.map.get(field).map(|it| it.get()) {
            None | Some("null") => None,
            Some(_) => self.need(field, expected, is_good),
        }
    }

    /// All faults, if there are any.
    pub(crate) fn end(self) -> Result<(), ProtocolError> {
        if self.faults.is_empty() { Ok(()) } else { Err(ProtocolError::faulty(self.faults)) }
    }
}
