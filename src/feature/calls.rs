//! What features have called outside of their room, and what an operator sets for them.

use std::convert::Infallible;

use super::{Call, Feature, Input, features};
use crate::outgoing::{Answer, Caller, Heard, Outgoing};

/// What an operator sets for a feature, beside the limits.
pub trait Configured: Default {
    /// Reads the variables that concern it. What is wrong with them is added to `faults`, for the
    /// log; what is in force then must not be wider than what was meant.
    fn read(variable: &dyn Fn(&str) -> Option<String>, faults: &mut Vec<String>) -> Self;
}

/// Whether `ENVIRONMENT` says so. Whatever is not called development is production: a slip of the pen
/// must not open the door to the token `test`.
#[must_use]
pub fn is_development(variable: &dyn Fn(&str) -> Option<String>) -> bool {
    variable("ENVIRONMENT").as_deref() == Some("development")
}

/// Of a feature for which an operator sets nothing.
impl Configured for () {
    fn read(_: &dyn Fn(&str) -> Option<String>, _: &mut Vec<String>) -> Self {}
}

/// A call of a feature out of its room.
pub trait Outbound<F: Feature> {
    /// Whom it asks what; `None` if there is nobody to ask, as the feature is configured.
    fn outgoing(&self, config: &F::Config, from: &Caller<'_>) -> Option<Outgoing>;
    /// What the feature makes of the answer.
    fn heard(self, answer: Answer) -> Heard<F::Input>;
}

/// Of a feature that calls nobody.
impl<F: Feature> Outbound<F> for Infallible {
    fn outgoing(&self, _: &F::Config, _: &Caller<'_>) -> Option<Outgoing> {
        match *self {}
    }
    fn heard(self, _: Answer) -> Heard<F::Input> {
        match self {}
    }
}

macro_rules! calls {
    ($($(#[$about:meta])* $module:ident: $name:ident;)*) => {
        /// What an operator sets for all features.
        #[derive(Clone, Debug, Default)]
        pub struct Config {
            $($(#[$about])* pub $module: <super::$module::$name as Feature>::Config,)*
        }

        impl Configured for Config {
            fn read(variable: &dyn Fn(&str) -> Option<String>, faults: &mut Vec<String>) -> Self {
                Self { $($module: Configured::read(variable, faults),)* }
            }
        }

        impl Call {
            /// See [`Outbound::outgoing`].
            #[must_use]
            pub fn outgoing(&self, config: &Config, from: &Caller<'_>) -> Option<Outgoing> {
                match self {
                    $(Self::$name(it) => {
                        Outbound::<super::$module::$name>::outgoing(it, &config.$module, from)
                    })*
                }
            }

            /// See [`Outbound::heard`].
            #[must_use]
            pub fn heard(self, answer: Answer) -> Heard<Input> {
                match self {
                    $(Self::$name(it) => {
                        Outbound::<super::$module::$name>::heard(it, answer).map(Input::$name)
                    })*
                }
            }
        }
    };
}

features!(calls);
