//! A clock that stands still.

use dormouse::host::ClockSource;
use dormouse::message::{Clock, Millis};

/// The world's clock at one moment: it does not advance within a step.
#[derive(Clone)]
pub(crate) struct Moment(pub(crate) Clock);

impl ClockSource for Moment {
    fn now(&self) -> Millis {
        self.0.at
    }

    fn clock(&self) -> Clock {
        self.0.clone()
    }
}
