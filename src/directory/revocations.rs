use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::database::{Database, Row, Step, Value};
use crate::database::{find, read_meta, write_meta};
use crate::history::schema;
use crate::message::{Issue, Millis, Revocation, UserId};

/// Every step from an empty database to today's, in order: append, never edit (pinned by a test).
pub const REVOCATION_MIGRATIONS: &[Step] = &[(
    0,
    &[
        // What is taken back, until no token can be left that it means; and log-outs, which have a
        // `joined_by`, until all rooms know. `due_at`: when rooms are told, NULL when they know.
        "CREATE TABLE revocation (
        id TEXT PRIMARY KEY,
        sub TEXT,
        jti TEXT,
        issued_before INTEGER,
        joined_by INTEGER,
        made_at INTEGER NOT NULL,
        expires_at INTEGER NOT NULL,
        pass INTEGER NOT NULL,
        due_at INTEGER
    ) STRICT, WITHOUT ROWID",
        // Rooms that did not answer, and since when they have not heard.
        "CREATE TABLE owed (
        room TEXT PRIMARY KEY,
        since INTEGER NOT NULL,
        tries INTEGER NOT NULL,
        due_at INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID",
    ],
)];

/// The version of the list: a time, so that no two lists share one even if storage is lost.
const VERSION: &str = "version";

/// The walk through all rooms that is under way.
const WALK: &str = "walk";

/// Revocations at most: each isolate keeps them all, with the longest names in 2 MiB.
pub const REVOCATIONS_MAX: u64 = 10_000;

/// Those that rooms are told in one walk: a few KiB for each room.
const WALK_MAX: u64 = 100;

/// How long a log-out is told to rooms that do not answer, in milliseconds. Longer, and its users
/// are back with other tokens.
const LOG_OUT_MS: u64 = 60 * 60 * 1000;

/// When rooms are told again: by then those have reported that opened just before the first time.
const AGAIN_MS: u64 = 1_500;

/// Longest pause before a room that does not answer is told again, in milliseconds.
const PAUSE_MAX_MS: u64 = 60_000;

/// What is to be taken back, as it is asked and kept.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Revoking {
    /// Whose tokens.
    pub sub: Option<UserId>,
    /// The token that is called so.
    pub jti: Option<String>,
    /// Those made earlier than this, in seconds since 1970.
    pub issued_before: Option<u64>,
    /// Only connections, those that came no later than this: a log-out.
    #[serde(default)]
    pub joined_by: Option<Millis>,
}

impl Revoking {
    /// The same for the same, so that asking twice is asking once.
    #[must_use]
    pub fn id(&self) -> String {
        let words = serde_json::to_string(self).unwrap_or_default();
        let digest = Sha256::digest(words);
        digest.iter().take(8).fold(String::new(), |id, byte| format!("{id}{byte:02x}"))
    }

    /// As isolates and rooms know it.
    #[must_use]
    pub fn revocation(&self) -> Revocation {
        Revocation {
            user: self.sub.clone(),
            token: self.jti.as_deref().map_or(0, Issue::hash),
            issued_before: self.issued_before.map(|it| Millis(it.saturating_mul(1000))),
            joined_by: self.joined_by,
        }
    }
}

/// One that is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptRevocation {
    /// What it is called.
    pub id: String,
    /// What it means.
    pub what: Revoking,
    /// Since when.
    pub made_at: Millis,
    /// Until when it is kept.
    pub expires_at: Millis,
}

/// What the object of revocations is asked, by the Worker.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RevocationAsk {
    /// Take this back, until then.
    Add(Revoking, Millis),
    /// Those after this one, at most so many.
    List(String, u32),
    /// Keep this one no more.
    Lift(String),
    /// All of them, if they are not those of this version.
    Since(u64),
}

/// A walk through all rooms with connections, to tell them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Walk {
    /// What they are told.
    pub ids: Vec<String>,
    /// The last room that knows.
    pub after: Option<String>,
}

/// What was taken back, in SQLite, and which rooms are still to be told.
#[derive(Debug)]
pub struct Revocations<D> {
    database: D,
    /// When rooms are told, after it was taken back.
    passes: [u64; 3],
}

impl<D: Database> Revocations<D> {
    /// Opens them. Rooms report at most once in `report_ms` to the directory where they are looked
    /// up.
    pub fn open(database: D, report_ms: u64, now: Millis) -> Result<Self, D::Error> {
        let birth = (VERSION, now.0.to_string());
        schema::open(&database, REVOCATION_MIGRATIONS, (birth.0, &birth.1))?;
        Ok(Self { database, passes: [0, AGAIN_MS, report_ms.saturating_add(AGAIN_MS)] })
    }

    /// How long ago a room may have said that nobody is in it, and somebody is by now.
    #[must_use]
    pub fn silence_ms(&self) -> u64 {
        self.passes.iter().copied().max().unwrap_or_default()
    }

    /// Keeps one, and has rooms told; `None` if there are too many.
    pub fn add(
        &mut self,
        what: &Revoking,
        expires_at: Millis,
        now: Millis,
    ) -> Result<Option<KeptRevocation>, D::Error> {
        let id = what.id();
        let sql = "SELECT COUNT(*) FROM revocation WHERE id <> ? AND joined_by IS NULL";
        if what.joined_by.is_none()
            && REVOCATIONS_MAX <= self.number(sql, &[id.as_str().into()])?.unwrap_or(0)
        {
            return Ok(None);
        }
        let expires_at = if what.joined_by.is_some() { now.plus(LOG_OUT_MS) } else { expires_at };
        let sql = "INSERT OR REPLACE INTO revocation VALUES (?, ?, ?, ?, ?, ?, ?, 0, ?)";
        let bindings = [
            id.as_str().into(),
            what.sub.as_ref().map(|it| it.0.as_str()).into(),
            what.jti.as_deref().into(),
            what.issued_before.into(),
            what.joined_by.map(|it| it.0).into(),
            now.0.into(),
            expires_at.0.into(),
            now.0.into(),
        ];
        self.database.atomically(&mut || {
            self.database.run(sql, &bindings)?;
            if what.joined_by.is_some() { Ok(()) } else { self.change(now) }
        })?;
        Ok(Some(KeptRevocation { id, what: what.clone(), made_at: now, expires_at }))
    }

    /// Those after this one, in the order of their names, and whether there are more.
    pub fn list(
        &self,
        after: &str,
        limit: u32,
        now: Millis,
    ) -> Result<(Vec<KeptRevocation>, bool), D::Error> {
        let sql = format!(
            "{COLUMNS} WHERE id > ? AND joined_by IS NULL AND expires_at > ? ORDER BY id LIMIT ?"
        );
        let rows = u64::from(limit).saturating_add(1);
        let mut all = self.read(&sql, &[after.into(), now.0.into(), rows.into()])?;
        let has_more = (limit as usize) < all.len();
        all.truncate(limit as usize);
        Ok((all, has_more))
    }

    /// Keeps one no more; whether there was one.
    pub fn lift(&mut self, id: &str, now: Millis) -> Result<bool, D::Error> {
        let sql = "SELECT COUNT(*) FROM revocation WHERE id = ? AND joined_by IS NULL";
        if self.number(sql, &[id.into()])?.unwrap_or(0) == 0 {
            return Ok(false);
        }
        self.database.atomically(&mut || {
            self.database.run("DELETE FROM revocation WHERE id = ?", &[id.into()])?;
            self.change(now)
        })?;
        Ok(true)
    }

    /// All of them and their version; `None` if that is this one.
    pub fn since(
        &self,
        version: u64,
        now: Millis,
    ) -> Result<Option<(u64, Vec<Revocation>)>, D::Error> {
        let newest = self.version()?;
        if newest == version {
            return Ok(None);
        }
        let sql = format!("{COLUMNS} WHERE joined_by IS NULL AND expires_at > ?");
        let all = self.read(&sql, &[now.0.into()])?;
        Ok(Some((newest, all.iter().map(|it| it.what.revocation()).collect())))
    }

    /// The walk that is under way; else a new one, if rooms are to be told something.
    pub fn walk(&mut self, now: Millis) -> Result<Option<Walk>, D::Error> {
        let meta = read_meta(&self.database)?;
        if let Some(walk) = find(&meta, WALK).and_then(|it| serde_json::from_str(it).ok()) {
            return Ok(Some(walk));
        }
        let sql = format!("{COLUMNS} WHERE due_at <= ? ORDER BY due_at LIMIT ?");
        let due = self.read(&sql, &[now.0.into(), WALK_MAX.into()])?;
        if due.is_empty() {
            return Ok(None);
        }
        let walk = Walk { ids: due.into_iter().map(|it| it.id).collect(), after: None };
        self.keep(&walk)?;
        Ok(Some(walk))
    }

    /// What rooms are told in this walk: less, if something was lifted meanwhile.
    pub fn told(&self, walk: &Walk) -> Result<Vec<KeptRevocation>, D::Error> {
        let sql = format!("{COLUMNS} WHERE id = ?");
        let mut told = Vec::new();
        for id in &walk.ids {
            told.extend(self.read(&sql, &[id.as_str().into()])?);
        }
        Ok(told)
    }

    /// A stretch of the walk is done, up to `after`; `None` if that was the last. These rooms did not
    /// answer.
    pub fn walked(
        &mut self,
        walk: &Walk,
        after: Option<&str>,
        silent: &[String],
        now: Millis,
    ) -> Result<(), D::Error> {
        let told = self.told(walk)?;
        let since = told.iter().map(|it| it.made_at.0).min().unwrap_or(now.0);
        self.database.atomically(&mut || {
            let sql = "INSERT INTO owed (room, since, tries, due_at) VALUES (?, ?, 0, ?)
                       ON CONFLICT (room) DO UPDATE SET since = MIN(since, excluded.since)";
            for room in silent {
                let bindings = [room.as_str().into(), since.into(), now.plus(1000).0.into()];
                self.database.run(sql, &bindings)?;
            }
            if let Some(after) = after {
                return self.keep(&Walk { ids: walk.ids.clone(), after: Some(after.to_owned()) });
            }
            for it in &told {
                let sql = "SELECT pass FROM revocation WHERE id = ?";
                let pass =
                    self.number(sql, &[it.id.as_str().into()])?.unwrap_or(0).saturating_add(1);
                let next = usize::try_from(pass).ok().and_then(|it| self.passes.get(it));
                let due_at = next.map(|ms| it.made_at.plus(*ms).max(now).0);
                let sql = "UPDATE revocation SET pass = ?, due_at = ? WHERE id = ?";
                let bindings = [pass.into(), due_at.into(), it.id.as_str().into()];
                self.database.run(sql, &bindings)?;
            }
            self.database.run("DELETE FROM meta WHERE key = ?", &[WALK.into()]).map(drop)
        })
    }

    /// Rooms that are to be told again by now, at most so many, and what each has not heard.
    pub fn owed(
        &self,
        limit: u64,
        now: Millis,
    ) -> Result<Vec<(String, Vec<KeptRevocation>)>, D::Error> {
        let sql = "SELECT room, since FROM owed WHERE due_at <= ? ORDER BY due_at LIMIT ?";
        let mut owed = Vec::new();
        for row in self.database.run(sql, &[now.0.into(), limit.into()])? {
            let Ok([room, since]) = <[Value<'static>; 2]>::try_from(row) else { continue };
            let (Some(room), Some(since)) = (room.text(), since.integer()) else { continue };
            let sql = format!("{COLUMNS} WHERE made_at >= ? AND expires_at > ?");
            owed.push((room, self.read(&sql, &[since.into(), now.0.into()])?));
        }
        Ok(owed)
    }

    /// Whether this room answered, or has nothing left to hear.
    pub fn answered(&mut self, room: &str, has_heard: bool, now: Millis) -> Result<(), D::Error> {
        if has_heard {
            return self.database.run("DELETE FROM owed WHERE room = ?", &[room.into()]).map(drop);
        }
        let tries = self.number("SELECT tries FROM owed WHERE room = ?", &[room.into()])?;
        let tries = tries.unwrap_or(0).saturating_add(1);
        let pause_ms = 1000_u64.saturating_mul(1 << tries.min(10)).min(PAUSE_MAX_MS);
        let sql = "UPDATE owed SET tries = ?, due_at = ? WHERE room = ?";
        let bindings = [tries.into(), now.plus(pause_ms).0.into(), room.into()];
        self.database.run(sql, &bindings).map(drop)
    }

    /// Forgets those that no token can be left of.
    pub fn expire(&mut self, now: Millis) -> Result<(), D::Error> {
        let sql = "SELECT COUNT(*) FROM revocation WHERE expires_at <= ?";
        if self.number(sql, &[now.0.into()])?.unwrap_or(0) == 0 {
            return Ok(());
        }
        self.database.atomically(&mut || {
            let sql = "DELETE FROM revocation WHERE expires_at <= ?";
            self.database.run(sql, &[now.0.into()])?;
            self.change(now)
        })
    }

    /// When there is something to do next, if ever.
    pub fn next_at(&self, now: Millis) -> Result<Option<Millis>, D::Error> {
        if find(&read_meta(&self.database)?, WALK).is_some() {
            return Ok(Some(now));
        }
        let sql = "SELECT MIN(at) FROM (
                       SELECT MIN(due_at) AS at FROM revocation
                       UNION ALL SELECT MIN(expires_at) FROM revocation
                       UNION ALL SELECT MIN(due_at) FROM owed)";
        Ok(self.number(sql, &[])?.map(Millis))
    }

    /// The list is another one from now on.
    fn change(&self, now: Millis) -> Result<(), D::Error> {
        let version = self.version()?.saturating_add(1).max(now.0);
        write_meta(&self.database, VERSION, &version.to_string())
    }

    fn version(&self) -> Result<u64, D::Error> {
        let meta = read_meta(&self.database)?;
        Ok(find(&meta, VERSION).and_then(|it| it.parse().ok()).unwrap_or(0))
    }

    fn keep(&self, walk: &Walk) -> Result<(), D::Error> {
        let walk = serde_json::to_string(walk).unwrap_or_default();
        write_meta(&self.database, WALK, &walk)
    }

    fn number(&self, sql: &str, bindings: &[Value<'_>]) -> Result<Option<u64>, D::Error> {
        let rows = self.database.run(sql, bindings)?;
        let value = rows.into_iter().next().and_then(|row| row.into_iter().next());
        Ok(value.as_ref().and_then(Value::integer))
    }

    fn read(&self, sql: &str, bindings: &[Value<'_>]) -> Result<Vec<KeptRevocation>, D::Error> {
        Ok(self.database.run(sql, bindings)?.into_iter().filter_map(kept).collect())
    }
}

const COLUMNS: &str =
    "SELECT id, sub, jti, issued_before, joined_by, made_at, expires_at FROM revocation";

fn kept(row: Row) -> Option<KeptRevocation> {
    let [id, sub, jti, issued_before, joined_by, made_at, expires_at] =
        <[Value<'static>; 7]>::try_from(row).ok()?;
    let what = Revoking {
        sub: sub.text().map(UserId),
        jti: jti.text(),
        issued_before: issued_before.integer(),
        joined_by: joined_by.integer().map(Millis),
    };
    let (made_at, expires_at) = (Millis(made_at.integer()?), Millis(expires_at.integer()?));
    Some(KeptRevocation { id: id.text()?, what, made_at, expires_at })
}
