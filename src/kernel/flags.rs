use serde::{Deserialize, Serialize};

/// One way in which a room treats a connection differently: what its endpoint promises.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Flag {
    /// Hears what it subscribed to and nothing else, from the start (C6).
    Filtered = 1,
    /// The room pings it, and lets it go when it does not answer (E9).
    Pinged = 2,
    /// Too fast is forgiven twice a minute (X7).
    Patient = 4,
    /// A tenth of every rate: nobody knows who it is (C3).
    Demo = 8,
    /// Is told first what it is connected to (C2, E7).
    Greeted = 16,
    /// Must say who it is before anything else (D2).
    Introduced = 32,
    /// Follows the log: hears each entry by its name, also where others hear it by a channel of its
    /// own, and is told where the log stands.
    Following = 64,
    /// Says nothing: its token cannot be renewed, and when that expires, it ends.
    Mute = 128,
}

/// How a room treats a connection. Stored in attachments: bits are append-only.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Flags(u8);

impl Flags {
    /// These manners and no others.
    #[must_use]
    pub const fn of(flags: &[Flag]) -> Self {
        let (mut bits, mut rest) = (0, flags);
        while let [first, others @ ..] = rest {
            bits |= *first as u8;
            rest = others;
        }
        Self(bits)
    }

    /// Whether this is one of them.
    #[must_use]
    pub const fn has(self, flag: Flag) -> bool {
        self.0 & flag as u8 != 0
    }

    /// These and those.
    #[must_use]
    pub const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}
