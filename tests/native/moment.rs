//! A clock that stands still.

use dormouse::host::Clock;
use dormouse::message::{Millis, Stamp};

/// The world's clock at one moment: it does not advance within a step.
#[derive(Clone)]
pub(crate) struct Moment(pub(crate) Stamp);

impl Clock for Moment {
    fn now(&self) -> Millis {
        self.0.at
    }

    fn stamp(&self) -> Stamp {
        self.0.clone()
    }
}
