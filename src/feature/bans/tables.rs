//! How they are stored: a row for each.

use std::collections::BTreeMap;
use std::convert::Infallible;

use super::{Ban, BanWrite, Bans, BansAfter};
use crate::database::{Database, Row, Step, Value};
use crate::feature::tables::{Log, Tables, Twin, Woken};
use crate::message::{Millis, UserId};

const TABLE: &[&str] = &[
    // Who is kept out, and until when; NULL is until it is lifted.
    "CREATE TABLE ban (
        user TEXT PRIMARY KEY,
        until INTEGER,
        reason TEXT,
        author TEXT NOT NULL,
        at INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID",
];

impl Tables for Bans {
    type Memory = Memory;

    const MIGRATIONS: &'static [Step] = &[(12, TABLE)];
    // Not among TABLES: an erased room keeps its bans.
    const WAKE: Option<&'static str> =
        Some("SELECT 'ban', user, '', COALESCE(until, 0), 0 FROM ban");
    const TAG: &'static str = "ban";

    fn write<D: Database>(database: &D, writes: &[&BanWrite]) -> Result<(), D::Error> {
        writes.iter().try_for_each(|write| match write {
            BanWrite::Keep(Ban { user, until, reason, by, at }) => {
                let sql = "INSERT OR REPLACE INTO ban (user, until, reason, author, at)
                           VALUES (?, ?, ?, ?, ?)";
                let bindings = [
                    user.0.as_str().into(),
                    until.map(|it| it.0).into(),
                    reason.clone().into(),
                    by.0.as_str().into(),
                    at.0.into(),
                ];
                database.run(sql, &bindings).map(drop)
            }
            BanWrite::Lift(user) => {
                let sql = "DELETE FROM ban WHERE user = ?";
                database.run(sql, &[user.0.as_str().into()]).map(drop)
            }
        })
    }

    fn find<D: Database>(
        database: &D,
        _: &impl Log<Error = D::Error>,
        BansAfter { after, limit, now }: &BansAfter,
    ) -> Result<Vec<Ban>, D::Error> {
        // One more shows that there are more.
        let sql = "SELECT user, COALESCE(until, 0), COALESCE(reason, ''), author, at FROM ban
                   WHERE user > ? AND (until IS NULL OR until > ?) ORDER BY user LIMIT ?";
        let limit = u64::from(*limit) + 1;
        let rows = database.run(sql, &[after.0.as_str().into(), now.0.into(), limit.into()])?;
        Ok(rows.into_iter().filter_map(ban).collect())
    }

    fn wake(stored: &mut Self::Stored, row: Woken) -> Option<()> {
        stored.push((UserId(row.key), (row.number != 0).then_some(Millis(row.number))));
        Some(())
    }
}

fn ban(row: Row) -> Option<Ban> {
    let [user, until, reason, by, at] = <[Value<'static>; 5]>::try_from(row).ok()?;
    let until = until.integer().filter(|it| *it != 0).map(Millis);
    let reason = reason.text().filter(|it| !it.is_empty());
    let (user, by) = (UserId(user.text()?), UserId(by.text()?));
    Some(Ban { user, until, reason, by, at: Millis(at.integer()?) })
}

/// The table in memory.
#[derive(Clone, Debug, Default)]
pub(crate) struct Memory(BTreeMap<UserId, Ban>);

impl Twin for Memory {
    type Write = BanWrite;
    type Stored = Vec<(UserId, Option<Millis>)>;
    type Query = BansAfter;
    type Found = Vec<Ban>;

    fn write(&mut self, write: &BanWrite) {
        match write {
            BanWrite::Keep(ban) => drop(self.0.insert(ban.user.clone(), ban.clone())),
            BanWrite::Lift(user) => drop(self.0.remove(user)),
        }
    }

    fn find(
        &self,
        _: &impl Log<Error = Infallible>,
        BansAfter { after, limit, now }: &BansAfter,
    ) -> Vec<Ban> {
        let is_meant = |it: &&Ban| *after < it.user && it.until.is_none_or(|until| *now < until);
        self.0.values().filter(is_meant).take(*limit as usize + 1).cloned().collect()
    }

    fn erased(self) -> Self {
        self
    }

    fn stored(&self) -> Vec<(UserId, Option<Millis>)> {
        self.0.values().map(|it| (it.user.clone(), it.until)).collect()
    }
}
