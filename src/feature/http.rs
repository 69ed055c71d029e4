//! The calls of the HTTP API that features serve, beside the kernel's.

use super::{Feature, features};
use crate::api::{KERNEL_CALLS, RoomCall};

/// The calls of one feature.
pub(crate) trait HttpCalls: Feature {
    /// Its calls of one room.
    const CALLS: &'static [RoomCall] = &[];
}

macro_rules! http {
    ($($(#[$about:meta])* $module:ident: $name:ident;)*) => {
        /// Every call of one room.
        pub(crate) const CALLS: &[&[RoomCall]] =
            &[KERNEL_CALLS, $(<super::$module::$name as HttpCalls>::CALLS,)*];
    };
}

features!(http);
