//! How fast documents may be edited.

use crate::feature::Rate;

/// Edits of a connection: a fast typist is no flood.
pub(super) const EDITS: Rate =
    Rate { most: |it| it.edits_per_second, counter: |it| &mut it.documents.edits };

/// Moves of its cursor, which accompany edits.
pub(super) const CURSORS: Rate =
    Rate { most: |it| it.edits_per_second, counter: |it| &mut it.documents.cursors };
