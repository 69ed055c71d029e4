use super::counts::Counts;
use super::{Addresses, Listed, Listing, Report, Summary};
use crate::breaker::{Breaker, State};
use crate::database::{Database, Row, Step, Value};
use crate::database::{find, read_meta, write_meta};
use crate::feature::Numbers;
use crate::history::schema;
use crate::message::Millis;

/// Every step from an empty database to today's, in order. A directory in production
/// has run a prefix of these: append, never edit (pinned by a test).
pub const MIGRATIONS: &[Step] = &[
    (
        0,
        &[
            // No index beside the key: it would be written with every report, and a summary,
            // which is rare, reads the whole table in milliseconds.
            "CREATE TABLE room (
        address TEXT PRIMARY KEY,
        connections INTEGER NOT NULL,
        active INTEGER NOT NULL,
        reported_at INTEGER NOT NULL,
        breakers TEXT
    ) STRICT, WITHOUT ROWID",
        ],
    ),
    // What features of a room show, by name; nearly always nothing.
    (1, &["ALTER TABLE room ADD COLUMN gauges TEXT"]),
];

/// The key of the stored [`Counts`].
const COUNTS: &str = "counts";

/// For how long a room is believed that somebody in it is active.
const ACTIVE_MS: u64 = 60_000;

/// Most sockets a room is believed to have: sums over two million rooms stay below 2^53.
const SOCKETS_MAX: u64 = u32::MAX as u64;

/// One shard of the directory, in SQLite.
#[derive(Debug)]
pub struct Directory<D> {
    database: D,
    gauge_ms: u64,
}

impl<D: Database> Directory<D> {
    /// Opens the directory, creating or migrating its tables. A room whose last report is
    /// older than `gauge_ms` is dead, and nobody is in it: as long as there is somebody, it
    /// wakes to look for silence and reports. 0 means that it never is.
    pub fn open(database: D, gauge_ms: u64, now: Millis) -> Result<Self, D::Error> {
        schema::open(&database, MIGRATIONS, (COUNTS, &Counts::new(now).store()))?;
        let gauge_ms = if gauge_ms == 0 { u64::MAX } else { gauge_ms };
        Ok(Self { database, gauge_ms })
    }

    /// Takes in what a room reports: its gauges replace what was known of them, its counts
    /// are added.
    pub fn absorb(&mut self, report: &Report, now: Millis) -> Result<(), D::Error> {
        let connections = report.connections.min(SOCKETS_MAX);
        let active = report.active.min(connections);
        let sql = "INSERT OR REPLACE INTO room
                   (address, connections, active, reported_at, breakers, gauges)
                   VALUES (?, ?, ?, ?, ?, ?)";
        self.database.atomically(&mut || {
            if !report.tally.is_empty() {
                let mut counts = self.counts(now)?;
                counts.add(&report.tally, now);
                write_meta(&self.database, COUNTS, &counts.store())?;
            }
            if report.is_empty {
                let sql = "DELETE FROM room WHERE address = ?";
                return self.database.run(sql, &[report.room.as_str().into()]).map(drop);
            }
            let bindings = [
                report.room.as_str().into(),
                connections.into(),
                active.into(),
                now.0.into(),
                not_closed(&report.breakers).into(),
                shown(report.gauges).into(),
            ];
            self.database.run(sql, &bindings).map(drop)
        })
    }

    /// What this directory knows of the service.
    pub fn summary(&self, now: Millis) -> Result<Summary, D::Error> {
        let counts = self.counts(now)?;
        let alive: Value<'_> = now.0.saturating_sub(self.gauge_ms).into();
        let active = now.0.saturating_sub(self.gauge_ms.min(ACTIVE_MS)).into();
        let sql = "SELECT COUNT(*),
                          SUM(connections) FILTER (WHERE reported_at > ?),
                          SUM(active) FILTER (WHERE reported_at > ?)
                   FROM room";
        let rows = self.database.run(sql, &[alive.clone(), active])?;
        let number = |column| {
            let value = rows.first().and_then(|row| row.get(column));
            // Of no rows the sum is NULL.
            value.and_then(Value::integer).unwrap_or(0)
        };
        let mut summary = Summary {
            since: counts.since,
            rooms: number(0),
            connections: number(1),
            active: number(2),
            totals: counts.totals,
            recent: counts.recent(now),
            breakers: Breaker::ALL.map(|it| (it, State::Closed)).into(),
            gauges: Numbers::default(),
        };
        let sql = "SELECT DISTINCT breakers FROM room
                   WHERE breakers IS NOT NULL AND reported_at > ?";
        for row in self.database.run(sql, std::slice::from_ref(&alive))? {
            let text = row.into_iter().next().and_then(Value::text).unwrap_or_default();
            let states: Vec<(Breaker, State)> = serde_json::from_str(&text).unwrap_or_default();
            summary.worsen(states);
        }
        let sql = "SELECT gauges FROM room WHERE gauges IS NOT NULL AND reported_at > ?";
        for row in self.database.run(sql, &[alive])? {
            let text = row.into_iter().next().and_then(Value::text).unwrap_or_default();
            summary.gauges.add_all(&serde_json::from_str(&text).unwrap_or_default());
        }
        Ok(summary)
    }

    /// Rooms in order of their addresses, one more than a page holds: it takes
    /// [`merge_pages`](super::merge_pages) to know which of all directories' come first.
    pub fn list(&self, listing: &Listing) -> Result<Vec<Listed>, D::Error> {
        let after = listing.after.as_deref().unwrap_or_default();
        let sql = "SELECT address, connections, reported_at FROM room
                   WHERE address >= ? AND address < ? AND address > ?
                   AND (connections > 0 OR reported_at >= ?) ORDER BY address LIMIT ?";
        let mut rooms: Vec<Listed> = Vec::new();
        for Addresses { from, to } in listing.ranges() {
            let wanted = listing.rows().saturating_sub(rooms.len() as u64);
            if wanted == 0 {
                break;
            }
            // The larger of both, so that the key serves it.
            let from = from.as_str().max(after);
            let since = listing.occupied_since.0.into();
            let bindings = [from.into(), to.as_str().into(), after.into(), since, wanted.into()];
            rooms.extend(self.database.run(sql, &bindings)?.into_iter().filter_map(listed));
        }
        Ok(rooms)
    }

    /// Lists a room no more. What it did stays counted, and another report lists it again.
    pub fn forget(&mut self, room: &str) -> Result<(), D::Error> {
        self.database.run("DELETE FROM room WHERE address = ?", &[room.into()]).map(drop)
    }

    /// What is stored of the counts; if that cannot be read, counting begins anew.
    fn counts(&self, now: Millis) -> Result<Counts, D::Error> {
        let meta = read_meta(&self.database)?;
        let counts = find(&meta, COUNTS).and_then(Counts::load);
        Ok(counts.unwrap_or_else(|| Counts::new(now)))
    }
}

/// The breakers worth storing, as JSON: nearly always none.
fn not_closed(breakers: &[(Breaker, State)]) -> Option<String> {
    let breakers: Vec<_> = breakers.iter().filter(|(_, it)| *it != State::Closed).collect();
    if breakers.is_empty() { None } else { serde_json::to_string(&breakers).ok() }
}

/// What is shown, as JSON.
fn shown(gauges: Numbers) -> Option<String> {
    if gauges.is_empty() { None } else { serde_json::to_string(&gauges).ok() }
}

fn listed(row: Row) -> Option<Listed> {
    let [room, connections, reported_at] = <[Value<'static>; 3]>::try_from(row).ok()?;
    Some(Listed {
        room: room.text()?,
        connections: connections.integer()?,
        reported_at: Millis(reported_at.integer()?),
    })
}
