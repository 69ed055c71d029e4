//! Workflows and notifications (A14 to A19): events whose data has a fixed shape. Nothing is kept of
//! them beside the log.

mod http;
mod rules;
#[cfg(not(target_arch = "wasm32"))]
mod schema;
mod tables;
mod words;

use std::convert::Infallible;

use super::{Feature, Known, Never, Nothing, Publishing};
use crate::message::{Body, Millis, ProtocolError};

/// There is nothing to know of them.
#[derive(Debug)]
pub struct Workflows;

impl Feature for Workflows {
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
    const PROTECTED: &'static [&'static str] = &["workflow_update", "notification"];
    fn publication(it: &mut Publishing) -> Option<Result<Body, ProtocolError>> {
        words::read(it)
    }
}

impl Known for Workflows {
    type Stored = ();
    type Shared = ();
    fn wake((): (), _: Millis) -> Self {
        Self
    }
    fn keeps_nothing(&self) -> bool {
        true
    }
}
