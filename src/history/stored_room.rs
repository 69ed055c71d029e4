//! What a log knows of its room.

use super::share;
use crate::database::find;
use crate::database::{Database, Row, Value};
use crate::feature::tables::Woken;
use crate::feature::{self, tables};
use crate::kernel::{Counts, Departure, StoredRoom, Told};
use crate::message::{Epoch, Json, Member, Millis, Offset, UserId};

/// What a wake reads beside features.
const KERNEL: &str = "
    SELECT 'meta', key, value, 0, 0 FROM meta
    UNION ALL
    SELECT 'end', '', '', offset, at FROM entry
        WHERE offset IN ((SELECT MIN(offset) FROM entry), (SELECT MAX(offset) FROM entry))
    UNION ALL
    SELECT 'chained', '', '', offset, 0 FROM (
        SELECT offset FROM (SELECT offset, user FROM entry ORDER BY offset DESC LIMIT 256)
        WHERE user IS NULL ORDER BY offset DESC LIMIT 1)
    UNION ALL
    SELECT 'departure', user, name, until, data FROM departure
    UNION ALL
    SELECT 'share', user, data, 0, 0 FROM share";

/// The platform joins at most so many selects, so features are joined apart.
const JOINED_MAX: usize = 5;

/// All that a room knew, in one statement: a wake waits for it.
fn statement() -> String {
    let mut all = format!("SELECT * FROM ({KERNEL})");
    let selects: Vec<&str> = tables::WAKES.iter().flatten().copied().collect();
    for selects in selects.chunks(JOINED_MAX) {
        all += " UNION ALL SELECT * FROM (";
        all += &selects.join(" UNION ALL ");
        all += ")";
    }
    all
}

/// A row of the kernel's, or of a feature's with its tag.
enum Memo {
    Meta(String, String),
    End(Offset, Millis),
    Chained(Offset),
    Departure(Departure),
    Share(UserId, Counts),
    Feature(String, Woken),
}

impl Memo {
    fn read(row: Row) -> Option<Self> {
        let [kind, key, value, number, at] = <[Value<'static>; 5]>::try_from(row).ok()?;
        let (key, value, number) = (key.text()?, value.text()?, number.integer()?);
        Some(match kind.text()?.as_str() {
            "meta" => Self::Meta(key, value),
            "end" => Self::End(Offset(number), Millis(at.integer()?)),
            "chained" => Self::Chained(Offset(number)),
            "departure" => {
                let member = Member { id: UserId(key), name: value };
                let data = at.text().and_then(Json::stored);
                Self::Departure(Departure { member, until: Millis(number), data })
            }
            "share" => {
                let (user, counts) = share::read(key, &value)?;
                Self::Share(user, counts)
            }
            tag => Self::Feature(tag.to_owned(), Woken { key, value, number, at: at.integer()? }),
        })
    }
}

/// Reads it.
pub(super) fn read<D: Database>(database: &D) -> Result<StoredRoom, D::Error> {
    let (mut meta, mut ends) = (Vec::new(), Vec::new());
    let (mut departures, mut shares) = (Vec::new(), Vec::new());
    let (mut own, mut chained) = (feature::Stored::default(), Offset(0));
    for row in database.run(&statement(), &[])? {
        match Memo::read(row) {
            Some(Memo::Meta(key, value)) => meta.push((key, value)),
            Some(Memo::End(offset, at)) => ends.push((offset, at)),
            Some(Memo::Chained(offset)) => chained = offset,
            Some(Memo::Departure(departure)) => departures.push(departure),
            Some(Memo::Share(user, counts)) => shares.push((user, counts)),
            // What cannot be read was written by a later version, or is damaged.
            Some(Memo::Feature(tag, row)) => drop(tables::wake(&mut own, &tag, row)),
            None => {}
        }
    }
    tables::wake_meta(&mut own, &meta);
    let number = |key| find(&meta, key)?.parse().ok();
    let trimmed = number("head").map(Offset).zip(number("head_at").map(Millis));
    let (head, head_at) = ends.iter().copied().max().max(trimmed).unwrap_or_default();
    let (first, first_at) = ends.iter().copied().min().unwrap_or_default();
    let counts: Option<Counts> =
        find(&meta, "broadcasts").and_then(|it| serde_json::from_str(it).ok());
    let occupancy: Option<[u64; 3]> =
        find(&meta, "occupancy").and_then(|it| serde_json::from_str(it).ok());
    let occupancy =
        occupancy.map(|[connections, users, at]| Told { connections, users, at: Millis(at) });
    let epoch = Epoch(find(&meta, "epoch").unwrap_or_default().to_owned());
    let counts = counts.unwrap_or_default();
    Ok(StoredRoom {
        epoch,
        head,
        head_at,
        chained,
        first,
        first_at,
        departures,
        occupancy,
        counts,
        shares,
        own,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::CHAINED_WITHIN;

    #[test]
    fn a_wake_looks_at_as_many_entries_as_a_room_awake_does() {
        assert!(KERNEL.contains(&format!("DESC LIMIT {CHAINED_WITHIN})")));
    }
}
