use super::share;
use crate::database::write_meta;
use crate::database::{Database, Step, Value};
use crate::feature::tables;

/// The steps of the history itself. A room in production has run a prefix of all steps: append,
/// never edit (pinned by a test).
const OWN: &[Step] = &[
    (
        0,
        &[
            // Offsets are consecutive and times never decrease, so the primary key serves
            // look-ups by time too, by bisection: no second index to pay for per message.
            "CREATE TABLE entry (
        offset INTEGER PRIMARY KEY,
        at INTEGER NOT NULL,
        id TEXT NOT NULL,
        kind TEXT NOT NULL,
        author TEXT NOT NULL,
        name TEXT NOT NULL,
        ref TEXT,
        data TEXT NOT NULL
    ) STRICT",
            // Clients' own ids, by which a resend is recognised; outlives trimmed entries.
            "CREATE TABLE recent (
        author TEXT NOT NULL,
        ref TEXT NOT NULL,
        offset INTEGER NOT NULL,
        at INTEGER NOT NULL,
        PRIMARY KEY (author, ref)
    ) STRICT, WITHOUT ROWID",
            "CREATE INDEX recent_offset ON recent (offset)",
            "CREATE TABLE departure (
        user TEXT PRIMARY KEY,
        name TEXT NOT NULL,
        until INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID",
        ],
    ),
    (
        1,
        &[
            // Whose sockets an entry is for; NULL is everyone's.
            "ALTER TABLE entry ADD COLUMN user TEXT",
        ],
    ),
    (6, share::TABLES),
    (
        8,
        &[
            // Which entry this one is about. Only those that are about one pay for the index.
            "ALTER TABLE entry ADD COLUMN target INTEGER",
            "CREATE INDEX entry_target ON entry (target) WHERE target IS NOT NULL",
        ],
    ),
    // What they said of themselves.
    (11, &["ALTER TABLE departure ADD COLUMN data TEXT"]),
];

/// Every step from an empty database to today's, in order: the history's and those of features.
#[must_use]
pub fn migrations() -> Vec<Step> {
    let features = tables::MIGRATIONS.iter().copied().flatten();
    let mut all: Vec<Step> = OWN.iter().chain(features).copied().collect();
    // What a feature adds in the same step comes after the history's.
    all.sort_by_key(|(number, _)| *number);
    all
}

const META: &str = "CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID";

/// Brings a database up to date. A new one is given `birth`, a key and its value.
pub(crate) fn open<D: Database>(
    database: &D,
    migrations: &[Step],
    birth: (&str, &str),
) -> Result<(), D::Error> {
    // What wakes has its tables: one statement, and nothing to do.
    let steps = steps_taken(database).or_else(|_| {
        database.run(META, &[])?;
        steps_taken(database)
    })?;
    let known = migrations.partition_point(|(number, _)| *number < steps);
    let Some(missing @ [_, ..]) = migrations.get(known..) else { return Ok(()) };
    database.atomically(&mut || migrate(database, steps, missing, birth))
}

/// Whether a database has its tables. Where it has none, it was never written to.
pub(crate) fn is_made<D: Database>(database: &D) -> Result<bool, D::Error> {
    // What wakes has them: one statement. Only where that fails, a second says why.
    if steps_taken(database).is_ok() {
        return Ok(true);
    }
    let rows = database.run("SELECT 1 FROM sqlite_master WHERE name = 'meta'", &[])?;
    Ok(!rows.is_empty())
}

/// Makes the tables of a database that has none, within a transaction of the caller's.
pub(crate) fn make<D: Database>(
    database: &D,
    migrations: &[Step],
    birth: (&str, &str),
) -> Result<(), D::Error> {
    database.run(META, &[])?;
    migrate(database, 0, migrations, birth)
}

fn migrate<D: Database>(
    database: &D,
    steps: usize,
    missing: &[Step],
    birth: (&str, &str),
) -> Result<(), D::Error> {
    for statement in missing.iter().flat_map(|(_, statements)| *statements) {
        database.run(statement, &[])?;
    }
    if steps == 0 {
        write_meta(database, birth.0, birth.1)?;
    }
    let taken = missing.last().map_or(steps, |(number, _)| number + 1);
    write_meta(database, "schema", &taken.to_string())
}

/// How many steps were taken; fails in a database that has no table yet.
fn steps_taken<D: Database>(database: &D) -> Result<usize, D::Error> {
    let rows = database.run("SELECT value FROM meta WHERE key = 'schema'", &[])?;
    let value = rows.into_iter().next().and_then(|row| row.into_iter().next());
    Ok(value.and_then(Value::text).and_then(|it| it.parse().ok()).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The last step that more than one of them took part in.
    const LAST_SHARED: usize = 7;

    #[test]
    fn the_steps_of_all_features_have_numbers_without_a_gap_and_each_its_own() {
        let numbers: Vec<usize> = migrations().iter().map(|(number, _)| *number).collect();
        assert_eq!(numbers.first(), Some(&0));
        for pair in numbers.windows(2) {
            let [one, next] = pair else { continue };
            let is_shared = one == next && *one <= LAST_SHARED;
            assert!(is_shared || one + 1 == *next, "{numbers:?}");
        }
    }
}
