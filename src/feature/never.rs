use std::convert::Infallible;
use std::marker::PhantomData;

use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;

use super::{Ask, Find, Keep, Spelled, Tell};
use crate::message::{Kind, ProtocolError};

/// What is asked, said, made durable or looked up of a feature that has nothing of the kind: there is none.
#[derive(Debug)]
pub struct Never<F>(Infallible, PhantomData<F>);

impl<F> Never<F> {
    /// Serves it, which never happens.
    pub fn never(&self) -> ! {
        match self.0 {}
    }
}

impl<F> Clone for Never<F> {
    fn clone(&self) -> Self {
        self.never()
    }
}

impl<F> PartialEq for Never<F> {
    fn eq(&self, _: &Self) -> bool {
        self.never()
    }
}

impl<F> Eq for Never<F> {}

impl<F> Ask for Never<F> {
    fn read(_: &str, _: &str, _: Option<&RawValue>) -> Option<Result<Self, ProtocolError>> {
        None
    }
    fn is_served_in(&self, _: Kind) -> bool {
        self.never()
    }
}

impl<F> Tell for Never<F> {
    fn spell(&self, _: &str) -> Option<Spelled> {
        self.never()
    }
}

impl<F> Serialize for Never<F> {
    fn serialize<S: Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
        self.never()
    }
}

impl<'de, F> Deserialize<'de> for Never<F> {
    fn deserialize<D: Deserializer<'de>>(_: D) -> Result<Self, D::Error> {
        Err(D::Error::custom("there is none"))
    }
}

impl<F> Keep for Never<F> {}

impl<F> Find for Never<F> {}
