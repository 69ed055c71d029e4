//! How it is stored: what became of each entry, who reacts to it with what, and how far each user has
//! read. An entry that nothing is said about has no row.

use std::collections::BTreeMap;

use super::entries::{DELETE, EDIT, reacted};
use super::memory::Memory;
use super::told::{Mark, NAMED_MAX, added, range};
use super::{AnnotationFound, AnnotationQuery, Annotations, MarkRead, Standing};
use crate::database::{Database, Row, Step, Value};
use crate::feature::tables::{Log, Shown, Tables};
use crate::message::{Added, Entry, Json, Millis, Offset, Relation, UserId};

/// The tables, as of their introduction.
const TABLES: &[&str] = &[
    // Who changed an entry last, or deleted it, when, and by which entry; replies to it.
    "CREATE TABLE annotated (
        target INTEGER PRIMARY KEY,
        change INTEGER,
        at INTEGER,
        user TEXT,
        deleted INTEGER NOT NULL DEFAULT 0,
        replies INTEGER NOT NULL DEFAULT 0
    ) STRICT",
    // Who reacts with what, and the entry that says so.
    "CREATE TABLE reaction (
        target INTEGER NOT NULL,
        key TEXT NOT NULL,
        user TEXT NOT NULL,
        offset INTEGER NOT NULL,
        PRIMARY KEY (target, key, user)
    ) STRICT, WITHOUT ROWID",
    // How many users react with what, and the first of them.
    "CREATE TABLE reaction_total (
        target INTEGER NOT NULL,
        key TEXT NOT NULL,
        count INTEGER NOT NULL,
        users TEXT NOT NULL,
        PRIMARY KEY (target, key)
    ) STRICT, WITHOUT ROWID",
    // How far each user has read.
    "CREATE TABLE reader (
        user TEXT PRIMARY KEY,
        offset INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID",
];

impl Tables for Annotations {
    type Memory = Memory;

    const MIGRATIONS: &'static [Step] = &[(10, TABLES)];
    const TABLES: &'static [&'static str] = &["annotated", "reaction", "reaction_total", "reader"];

    fn write<D: Database>(database: &D, writes: &[&MarkRead]) -> Result<(), D::Error> {
        writes.iter().try_for_each(|MarkRead { user, offset }| {
            let sql = "INSERT INTO reader (user, offset) VALUES (?, ?)
                       ON CONFLICT (user) DO UPDATE SET offset = MAX(offset, excluded.offset)";
            database.run(sql, &[user.0.as_str().into(), offset.0.into()]).map(drop)
        })
    }

    fn find<D: Database>(
        database: &D,
        _: &impl Log<Error = D::Error>,
        query: &AnnotationQuery,
    ) -> Result<AnnotationFound, D::Error> {
        Ok(match query {
            AnnotationQuery::Standing { target, key, user } => {
                AnnotationFound::Standing(standing(database, *target, key, user)?)
            }
            AnnotationQuery::Marker(user) => {
                let sql = "SELECT offset FROM reader WHERE user = ?";
                let offset = number(database.run(sql, &[user.0.as_str().into()])?);
                let count = number(database.run("SELECT COUNT(*) FROM reader", &[])?);
                AnnotationFound::Marker(offset.map(Offset), count.unwrap_or_default())
            }
            AnnotationQuery::Reads => {
                let rows = database.run("SELECT user, offset FROM reader ORDER BY user", &[])?;
                let reader = |row: Row| {
                    let [user, offset] = <[Value<'static>; 2]>::try_from(row).ok()?;
                    Some((UserId(user.text()?), Offset(offset.integer()?)))
                };
                AnnotationFound::Reads(rows.into_iter().filter_map(reader).collect())
            }
        })
    }

    fn appended<D: Database>(database: &D, entry: &Entry) -> Result<(), D::Error> {
        let Entry { offset, at, author, body, .. } = entry;
        if let Some(of) = body.target(Relation::Replies) {
            let sql = "INSERT INTO annotated (target, replies) VALUES (?, 1)
                       ON CONFLICT (target) DO UPDATE SET replies = replies + 1";
            return database.run(sql, &[of.0.into()]).map(drop);
        }
        let (user, place) = (author.id.0.as_str(), offset.0.into());
        if body.kind == EDIT || body.kind == DELETE {
            let is_deleted = body.kind == DELETE;
            let of = body.target(if is_deleted { Relation::Redacts } else { Relation::Replaces });
            let of = of.unwrap_or_default().0;
            let sql = "INSERT INTO annotated (target, change, at, user, deleted)
                       VALUES (?, ?, ?, ?, ?) ON CONFLICT (target) DO UPDATE
                       SET change = excluded.change, at = excluded.at, user = excluded.user,
                           deleted = excluded.deleted";
            let bindings =
                [of.into(), place, at.0.into(), user.into(), u64::from(is_deleted).into()];
            database.run(sql, &bindings)?;
            if is_deleted {
                for table in ["reaction", "reaction_total"] {
                    let sql = format!("DELETE FROM {table} WHERE target = ?");
                    database.run(&sql, &[of.into()])?;
                }
            }
        } else if let Some((of, key, on)) = reacted(entry) {
            let reacts = if on { reacts } else { reacts_no_more };
            reacts(database, &[of.0.into(), key.into(), user.into()], *offset)?;
        }
        Ok(())
    }

    fn complete<D: Database>(database: &D, shown: &Shown<'_>) -> Result<Added, D::Error> {
        // Both kinds of rows at once, and all reactions to an entry as they are shown, by key: each
        // value costs more on its way here than within the database.
        let sql = r#"SELECT target, COALESCE(user, ''), change, at, deleted, replies
             FROM annotated WHERE target BETWEEN ? AND ?
             UNION ALL
             SELECT target, '{' || group_concat(
                json_quote(key) || ':{"count":' || count || ',"users":' || users || ',"me":'
                || iif(EXISTS (SELECT 1 FROM reaction AS own WHERE own.target = every.target
                    AND own.key = every.key AND own.user = ?), 'true', 'false') || '}'
                ) || '}', NULL, NULL, NULL, NULL
             FROM reaction_total AS every WHERE target BETWEEN ? AND ? GROUP BY target"#;
        let (from, to) = range(shown);
        let viewer = shown.viewer.0.as_str().into();
        let bindings = [from.0.into(), to.0.into(), viewer, from.0.into(), to.0.into()];
        let rows = if shown.raw {
            let sql = "SELECT target, '', NULL, NULL, deleted, replies
                 FROM annotated WHERE target BETWEEN ? AND ? AND deleted";
            database.run(sql, bindings.get(..2).unwrap_or_default())?
        } else {
            database.run(sql, &bindings)?
        };
        let (mut marks, mut reacted) = (BTreeMap::new(), BTreeMap::new());
        for row in rows {
            match Completing::read(row) {
                Some(Completing::Mark(of, mark)) => drop(marks.insert(of, mark)),
                Some(Completing::Reacted(of, all)) => drop(reacted.insert(of, all)),
                None => {}
            }
        }
        Ok(added(&marks, reacted, shown))
    }

    fn trimmed<D: Database>(database: &D, first: Offset) -> Result<(), D::Error> {
        for sql in [
            "DELETE FROM annotated WHERE target < ?",
            "DELETE FROM reaction WHERE target < ?",
            "DELETE FROM reaction_total WHERE target < ?",
            "DELETE FROM reader WHERE offset < ?",
        ] {
            database.run(sql, &[first.0.into()])?;
        }
        Ok(())
    }
}

/// Counts a user of a reaction, who is not counted yet: by entry, key and user.
fn reacts<D: Database>(
    database: &D,
    [of, key, user]: &[Value<'_>; 3],
    offset: Offset,
) -> Result<(), D::Error> {
    let sql = "INSERT OR IGNORE INTO reaction (target, key, user, offset) VALUES (?, ?, ?, ?)
               RETURNING 1";
    let reaction = [of.clone(), key.clone(), user.clone(), offset.0.into()];
    if database.run(sql, &reaction)?.is_empty() {
        return Ok(());
    }
    let sql = format!(
        "INSERT INTO reaction_total (target, key, count, users)
         VALUES (?, ?, 1, json_array(?)) ON CONFLICT DO UPDATE
         SET count = count + 1,
             users = CASE WHEN count < {NAMED_MAX} THEN json_insert(users, '$[#]', ?)
                          ELSE users END"
    );
    let total = [of.clone(), key.clone(), user.clone(), user.clone()];
    database.run(&sql, &total).map(drop)
}

/// Counts a user of a reaction no more. Only where it was among those named, others are looked for.
fn reacts_no_more<D: Database>(
    database: &D,
    reaction: &[Value<'_>; 3],
    _: Offset,
) -> Result<(), D::Error> {
    let sql = "DELETE FROM reaction WHERE target = ? AND key = ? AND user = ? RETURNING 1";
    if database.run(sql, reaction)?.is_empty() {
        return Ok(());
    }
    let [of, key, user] = reaction;
    let place = [of.clone(), key.clone()];
    let sql = "DELETE FROM reaction_total WHERE target = ? AND key = ? AND count = 1";
    database.run(sql, &place)?;
    let sql = "UPDATE reaction_total SET count = count - 1 WHERE target = ? AND key = ?";
    database.run(sql, &place)?;
    let sql = format!(
        "UPDATE reaction_total SET users =
            (SELECT json_group_array(user) FROM
                (SELECT user FROM reaction AS one WHERE one.target = reaction_total.target
                 AND one.key = reaction_total.key ORDER BY offset LIMIT {NAMED_MAX}))
         WHERE target = ? AND key = ? AND instr(users, json_quote(?))"
    );
    database.run(&sql, &[of.clone(), key.clone(), user.clone()]).map(drop)
}

/// A row of what completes a page.
enum Completing {
    Mark(Offset, Mark),
    Reacted(Offset, Json),
}

impl Completing {
    fn read(row: Row) -> Option<Self> {
        let [of, text, change, at, deleted, replies] = <[Value<'static>; 6]>::try_from(row).ok()?;
        let (of, text) = (Offset(of.integer()?), text.text()?);
        let Some(replies) = replies.integer() else {
            return Some(Self::Reacted(of, Json::stored(text)?));
        };
        let change = change.integer().zip(at.integer());
        let change = change.map(|(it, at)| (Offset(it), Millis(at), text));
        let is_deleted = deleted.integer().is_some_and(|it| it != 0);
        Some(Self::Mark(of, Mark { change, is_deleted, replies }))
    }
}

fn number(rows: Vec<Row>) -> Option<u64> {
    rows.into_iter().flatten().next()?.integer()
}

fn standing<D: Database>(
    database: &D,
    target: Offset,
    key: &str,
    user: &UserId,
) -> Result<Standing, D::Error> {
    let sql = "SELECT (SELECT deleted FROM annotated WHERE target = ?),
                COUNT(*),
                SUM(EXISTS (SELECT 1 FROM reaction AS own WHERE own.target = every.target
                    AND own.key = every.key AND own.user = ?)),
                SUM(CASE WHEN key = ? THEN count END),
                (SELECT offset FROM reaction WHERE target = ? AND key = ? AND user = ?)
               FROM reaction_total AS every WHERE target = ?";
    let (of, user) = (Value::from(target.0), Value::from(user.0.as_str()));
    let key = Value::from(key);
    let bindings = [of.clone(), user.clone(), key.clone(), of.clone(), key, user, of];
    let rows = database.run(sql, &bindings)?;
    let numbers = rows.first().map(|row| row.iter().map(Value::integer).collect::<Vec<_>>());
    let Some([deleted, keys, own_keys, count, own]) = numbers.as_deref() else {
        return Ok(Standing::default());
    };
    Ok(Standing {
        is_deleted: deleted.unwrap_or_default() != 0,
        keys: keys.unwrap_or_default(),
        own_keys: own_keys.unwrap_or_default(),
        count: count.unwrap_or_default(),
        own: own.map(Offset),
    })
}
