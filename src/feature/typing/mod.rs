//! Who is typing (B9, B12): never stored but with the connection, and ended by the room, because a
//! client that vanishes cannot say that it stopped.

mod http;
mod rules;
#[cfg(not(target_arch = "wasm32"))]
mod schema;
mod tables;
mod words;

use std::convert::Infallible;

use serde::{Deserialize, Serialize};

use super::{ConnectionPart, Feature, Known, Never};
use crate::message::{Kind, Millis};
use crate::rates::{Meter, Pool, Window};

pub use words::{TypingCommand, TypingEvent};

/// Typing notices, in a room.
const NOTICES: Pool = Pool {
    stored: "t",
    meter: Meter::Window(Window::new()),
    most: |it| it.broadcasts_per_minute,
    is_breach: false,
};

/// What an awake room knows of it.
#[derive(Debug, Default)]
pub struct Typing {
    /// Nobody's typing ends before this; may be too early, never too late.
    due_at: Option<Millis>,
}

/// What a room knows for a connection.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OnConnection {
    /// Until when it is typing, unless it says so again.
    #[serde(rename = "t", default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Millis>,
}

impl ConnectionPart for OnConnection {}

impl Feature for Typing {
    type Command = TypingCommand;
    type Event = TypingEvent;
    type Write = Never<Self>;
    type Query = Never<Self>;
    type Found = ();
    type Call = Infallible;
    type Input = Infallible;
    type OnConnection = OnConnection;
    type Config = ();
    type Task = Never<Self>;
    const POOLS: &'static [Pool] = &[NOTICES];
    fn offers(kind: Kind, (): &()) -> Option<&'static str> {
        kind.properties().serves_events.then_some("typing")
    }
    fn words(protocol: &str) -> &'static [&'static str] {
        match protocol {
            "context" | "events" => &["typing"],
            _ => &[],
        }
    }
}

impl From<Never<Typing>> for TypingCommand {
    fn from(task: Never<Typing>) -> Self {
        task.never()
    }
}

impl Known for Typing {
    type Stored = ();
    type Shared = ();
    fn wake((): (), _: Millis) -> Self {
        Self::default()
    }
    fn keeps_nothing(&self) -> bool {
        true
    }
}
