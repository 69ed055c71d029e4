use serde::{Deserialize, Serialize};

/// What there is to know of the rooms of a kind, beside what features do there.
#[derive(Debug)]
pub struct Properties {
    /// As it stands in tokens, URLs, logs and stored addresses.
    pub name: &'static str,
    /// By which binding of `wrangler.toml` the Worker reaches its objects.
    pub binding: &'static str,
    /// Whether connections may publish events there, and subscribe to some.
    pub serves_events: bool,
    /// Who has which rooms.
    pub rooms: Rooms,
}

/// Who has which rooms of a kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rooms {
    /// Each context of a token is a room; who may go everywhere has one called `default`.
    Contexts,
    /// Each context of a token is a room, and each user has one of their own.
    ContextsAndUsers,
    /// A feature assigns them (`feature::door`), and contexts lead to none.
    Assigned,
}

macro_rules! kinds {
    ($($(#[$about:meta])* $kind:ident $properties:tt)*) => {
        /// Which class of Durable Object serves a room; the first half of `kind:name`.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
        #[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
        #[serde(rename_all = "snake_case")]
        pub enum Kind {
            $($(#[$about])* $kind,)*
        }

        impl Kind {
            /// Every kind.
            pub const ALL: [Self; [$(stringify!($kind)),*].len()] = [$(Self::$kind),*];

            /// What there is to know of it.
            #[must_use]
            pub fn properties(self) -> &'static Properties {
                match self {
                    $(Self::$kind => &Properties $properties,)*
                }
            }
        }
    };
}

// A new one is an entry here, and a class in `wrangler.toml` and `entry.mjs`.
kinds! {
    /// Messages, typing, presence, history.
    Chat {
        name: "chat",
        binding: "CHAT_ROOMS",
        serves_events: true,
        rooms: Rooms::Contexts,
    }
    /// Workflow updates, notifications, topics, keyed state, large data.
    Hub {
        name: "hub",
        binding: "HUBS",
        serves_events: true,
        rooms: Rooms::ContextsAndUsers,
    }
    /// Metric subscriptions and updates.
    Analytics {
        name: "analytics",
        binding: "ANALYTICS",
        serves_events: false,
        rooms: Rooms::Contexts,
    }
    /// Sessions in which documents are edited together.
    Collaboration {
        name: "collaboration",
        binding: "COLLABORATIONS",
        serves_events: false,
        rooms: Rooms::Contexts,
    }
    /// Requests to a backend and its responses.
    Conversation {
        name: "conversation",
        binding: "CONVERSATIONS",
        serves_events: false,
        rooms: Rooms::Assigned,
    }
}

impl Kind {
    /// The kind of this name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.as_str() == name)
    }

    /// As it stands in tokens, URLs and logs.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        self.properties().name
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_has_one_name_and_a_class_of_its_own() {
        let wrangler = include_str!("../../wrangler.toml");
        let entry = include_str!("../../src/entry.mjs");
        let names = Kind::ALL.map(Kind::as_str);
        assert_eq!(names, ["chat", "hub", "analytics", "collaboration", "conversation"]);
        for kind in Kind::ALL {
            let Properties { name, binding, .. } = kind.properties();
            assert_eq!(serde_json::to_string(&kind).unwrap(), format!("\"{name}\""));
            let bound = format!("name = \"{binding}\"\nclass_name = \"");
            let class = wrangler.split_once(&bound).and_then(|(_, it)| it.split_once('"'));
            let class = class.map(|it| it.0).unwrap_or_default();
            let object = format!("class {class} extends guarded(Room, \"{name}\")");
            assert!(!class.is_empty() && entry.contains(&object), "{name}: {class}");
        }
    }
}
