//! How fast documents may be edited.

use crate::feature::Rate;
use crate::rates::{Bucket, Meter, Pool};

/// Edits of a connection: a fast typist is no flood.
pub(super) const EDITS: Rate =
    Rate { most: |it| it.edits_per_second, counter: |it| &mut it.documents.edits };

/// Moves of its cursor, which accompany edits.
pub(super) const CURSORS: Rate =
    Rate { most: |it| it.edits_per_second, counter: |it| &mut it.documents.cursors };

/// Operations of edits, in a room. How many an edit comes to shows when it is taken.
pub(super) const OPERATIONS: Pool = Pool {
    stored: "e",
    meter: Meter::Debt(Bucket::new()),
    most: |it| it.room_edits_per_second,
    is_breach: true,
};

/// Moves of cursors, in a room.
pub(super) const MOVES: Pool = Pool {
    stored: "u",
    meter: Meter::Bucket(Bucket::new()),
    most: |it| it.room_edits_per_second,
    is_breach: false,
};
