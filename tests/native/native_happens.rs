//! What may happen to clients of the native protocol.

use proptest::prelude::*;

#[derive(Clone, Debug)]
pub(crate) enum Happens {
    Joins(usize, bool),
    /// Its connection ends, and what it has not read is lost.
    Leaves(usize),
    Says(usize, Said),
    /// It says something, and its connection ends before the answer comes.
    SaysAndIsCut(usize, Said),
    Asks(usize, Ask),
    /// It reads, or not.
    Reads(usize, bool),
    Waits(u64),
    Sleeps,
    /// The server is killed: nobody's connection survives it.
    IsKilled,
}

/// So many events: their name, for whom, how long.
#[derive(Clone, Debug)]
pub(crate) struct Said {
    pub(crate) count: usize,
    pub(crate) name: usize,
    pub(crate) to: usize,
    pub(crate) bytes: usize,
    pub(crate) echo: bool,
    pub(crate) is_kept: bool,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Ask {
    Position,
    History,
    Nonsense,
    /// It attaches again, where it is.
    Attach,
    /// It attaches again, with the last so many entries.
    Rewind(u64),
}

pub(crate) const NAMES: [&str; 4] = ["a.x", "a.y", "b", "c"];

/// Who takes part: name, filter, whether in MessagePack, whether in batches.
pub(crate) const CLIENTS: [(&str, Option<&[&str]>, bool, bool); 4] = [
    ("ann", None, false, false),
    ("bob", Some(&["a.*"]), false, true),
    ("cid", None, true, true),
    ("ann", Some(&["a.x", "b"]), true, false),
];

pub(crate) fn happens() -> impl Strategy<Value = Happens> {
    let bytes = prop_oneof![9 => Just(9usize), 1 => Just(60_000)];
    let flags = (prop::bool::weighted(0.8), prop::bool::weighted(0.8));
    let said = (1..6usize, 0..NAMES.len(), 0..9usize, bytes, flags).prop_map(
        |(count, name, to, bytes, (echo, is_kept))| Said { count, name, to, bytes, echo, is_kept },
    );
    let ask = prop_oneof![
        4 => Just(Ask::Position),
        1 => Just(Ask::History),
        1 => Just(Ask::Nonsense),
        2 => Just(Ask::Attach),
        1 => (1..30u64).prop_map(Ask::Rewind),
    ];
    let who = || 0..CLIENTS.len();
    prop_oneof![
        6 => (who(), any::<bool>()).prop_map(|(who, reads)| Happens::Joins(who, reads)),
        2 => who().prop_map(Happens::Leaves),
        8 => (who(), said.clone()).prop_map(|(who, said)| Happens::Says(who, said)),
        2 => (who(), said).prop_map(|(who, said)| Happens::SaysAndIsCut(who, said)),
        4 => (who(), ask).prop_map(|(who, ask)| Happens::Asks(who, ask)),
        4 => (who(), any::<bool>()).prop_map(|(who, reads)| Happens::Reads(who, reads)),
        3 => prop_oneof![0u64..5, 1_000u64..12_000].prop_map(Happens::Waits),
        3 => Just(Happens::Sleeps),
        1 => Just(Happens::IsKilled),
    ]
}
