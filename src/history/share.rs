//! What was counted against users of a room whose connections left with the count: how much of
//! their share they took. Kept for a minute or so, and cleared away by the next that is written.

use crate::database::{Database, Value};
use crate::kernel::Counts;
use crate::message::{Millis, UserId};

/// The table of it, as of its introduction.
pub(super) const TABLES: &[&str] = &["CREATE TABLE share (
        user TEXT PRIMARY KEY,
        data TEXT NOT NULL,
        at INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID"];

pub(super) fn write<D: Database>(
    database: &D,
    user: &UserId,
    counts: &Counts,
    at: Millis,
) -> Result<(), D::Error> {
    let past = at.0.saturating_sub(Counts::HOLDS_MS);
    database.run("DELETE FROM share WHERE at < ?", &[past.into()])?;
    let data = serde_json::to_string(counts).unwrap_or_default();
    let sql = "INSERT OR REPLACE INTO share (user, data, at) VALUES (?, ?, ?)";
    let bindings: [Value<'_>; 3] = [user.0.as_str().into(), data.into(), at.0.into()];
    database.run(sql, &bindings).map(drop)
}

/// What a wake reads.
pub(super) fn read(user: String, data: &str) -> Option<(UserId, Counts)> {
    Some((UserId(user), serde_json::from_str(data).ok()?))
}
