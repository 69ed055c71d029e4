//! What is asked of features by calls of the HTTP API, and by other rooms.

use serde::Serialize;

use super::{Command, Feature, features};

macro_rules! tasks {
    ($($(#[$about:meta])* $module:ident: $name:ident;)*) => {
        /// What is asked of a feature by a call of the HTTP API or by another room.
        #[derive(Clone, Debug, PartialEq, Serialize)]
        #[serde(untagged)]
        pub enum Task {
            $($(#[$about])* $name(<super::$module::$name as Feature>::Task),)*
        }

        impl Task {
            /// Reads one, by the name under which its feature spells it.
            #[must_use]
            pub fn read(json: &str) -> Option<Self> {
                $(if let Ok(task) = serde_json::from_str(json) {
                    return Some(Self::$name(task));
                })*
                None
            }
        }

        impl From<Task> for Command {
            fn from(task: Task) -> Self {
                match task {
                    $(Task::$name(it) => Self::$name(it.into()),)*
                }
            }
        }
    };
}

features!(tasks);
