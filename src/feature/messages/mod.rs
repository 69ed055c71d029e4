//! Messages of people: text, and what it is (B8, B11).

mod context;
mod http;
mod rules;
#[cfg(not(target_arch = "wasm32"))]
pub(crate) mod schema;
mod tables;
mod words;

use std::convert::Infallible;

use super::{Feature, Known, Never, Nothing, Publishing};
use crate::message::{Body, EntryKind, Millis, ProtocolError};

pub use words::{MESSAGE, MessageText};

/// There is nothing to know of them.
#[derive(Debug)]
pub struct Messages;

impl Feature for Messages {
    type Command = Never<Self>;
    type Event = Never<Self>;
    type Write = Never<Self>;
    type Query = Never<Self>;
    type Found = ();
    type Call = Infallible;
    type Input = Infallible;
    type OnConnection = Nothing;
    type Config = ();
    type Task = Never<Self>;
    const KINDS: &'static [EntryKind] = &[MESSAGE];
    fn publication(it: &mut Publishing) -> Option<Result<Body, ProtocolError>> {
        words::read(it)
    }
    fn event_of(protocol: &str, word: &str) -> Option<&'static str> {
        ((protocol, word) == ("context", MESSAGE.name)).then_some(MESSAGE.name)
    }
}

impl Known for Messages {
    type Stored = ();
    type Shared = ();
    fn wake((): (), _: Millis) -> Self {
        Self
    }
    fn keeps_nothing(&self) -> bool {
        true
    }
}
