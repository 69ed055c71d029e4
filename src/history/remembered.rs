//! What a log knows of its room.

use super::{Database, Row, Value, conversation, editing, metric, schema, share, transfer};
use crate::message::{Epoch, Member, Millis, Name, Offset, UserId};
use crate::room::{
    Counts, Departure, KeptKey, MetricMemory, Observed, OwnedDocument, Pending, Remembered,
    StoredReading, Transfer,
};

/// All that a room knew, in one statement: a wake waits for it. The platform joins at most five
/// selects, so some are joined apart.
const REMEMBERED: &str = "
    SELECT 'meta', key, value, 0, 0 FROM meta
    UNION ALL
    SELECT 'end', '', '', offset, at FROM entry
        WHERE offset IN ((SELECT MIN(offset) FROM entry), (SELECT MAX(offset) FROM entry))
    UNION ALL
    SELECT 'departure', user, name, until, 0 FROM departure
    UNION ALL
    SELECT 'state', key, COALESCE(owner, ''), octet_length(value), protected FROM state
    UNION ALL
    SELECT * FROM (
        SELECT 'transfer', data,
            json_array(owner, total, first, there, bytes, session, state), id, at FROM transfer
        UNION ALL
        SELECT 'metric', name, value, at, own FROM metric
        UNION ALL
        SELECT 'question', data, '', offset, 0 FROM question
        UNION ALL
        SELECT 'share', user, data, 0, 0 FROM share
        UNION ALL
        SELECT 'document', name, owner, COALESCE(empty_since, 0), 0 FROM document
    )";

/// A row of [`REMEMBERED`].
enum Memo {
    Meta(String, String),
    End(Offset, Millis),
    Departure(Departure),
    State(String, KeptKey),
    Document(OwnedDocument),
    Transfer(Transfer),
    Metric(Name, StoredReading),
    Question(Pending),
    Share(UserId, Counts),
}

impl Memo {
    fn read(row: Row) -> Option<Self> {
        let [kind, key, value, number, at] = <[Value<'static>; 5]>::try_from(row).ok()?;
        let (key, value, number) = (key.text()?, value.text()?, number.integer()?);
        Some(match kind.text()?.as_str() {
            "meta" => Self::Meta(key, value),
            "end" => Self::End(Offset(number), Millis(at.integer()?)),
            "departure" => {
                let member = Member { id: UserId(key), name: value };
                Self::Departure(Departure { member, until: Millis(number) })
            }
            "state" => {
                let owner = (!value.is_empty()).then_some(UserId(value));
                let (bytes, is_protected) = (usize::try_from(number).ok()?, at.integer()? != 0);
                Self::State(key, KeptKey { bytes, owner, is_protected })
            }
            "document" => Self::Document(editing::owned(key, value, number)?),
            "transfer" => Self::Transfer(transfer::read(key, &value, number, at.integer()?)?),
            "metric" => {
                let (name, reading) = metric::reading(key, value, number, at.integer()?)?;
                Self::Metric(name, reading)
            }
            "share" => {
                let (user, counts) = share::read(key, &value)?;
                Self::Share(user, counts)
            }
            "question" => Self::Question(conversation::pending(&key)?),
            _ => return None,
        })
    }
}

/// Reads it.
pub(super) fn read<D: Database>(database: &D) -> Result<Remembered, D::Error> {
    let (mut meta, mut ends) = (Vec::new(), Vec::new());
    let (mut departures, mut states, mut pending) = (Vec::new(), Vec::new(), Vec::new());
    let (mut transfers, mut shares, mut owned_documents) = (Vec::new(), Vec::new(), Vec::new());
    let mut metrics = MetricMemory::default();
    for row in database.run(REMEMBERED, &[])? {
        match Memo::read(row) {
            Some(Memo::Meta(key, value)) => meta.push((key, value)),
            Some(Memo::End(offset, at)) => ends.push((offset, at)),
            Some(Memo::Departure(departure)) => departures.push(departure),
            Some(Memo::State(key, state)) => states.push((key, state)),
            Some(Memo::Document(document)) => owned_documents.push(document),
            Some(Memo::Transfer(transfer)) => transfers.push(transfer),
            Some(Memo::Metric(name, reading)) => metrics.last.push((name, reading)),
            Some(Memo::Question(question)) => pending.push(question),
            Some(Memo::Share(user, counts)) => shares.push((user, counts)),
            None => {}
        }
    }
    let number = |key| schema::find(&meta, key)?.parse().ok();
    let trimmed = number("head").map(Offset).zip(number("head_at").map(Millis));
    let (head, head_at) = ends.iter().copied().max().max(trimmed).unwrap_or_default();
    let (first, first_at) = ends.iter().copied().min().unwrap_or_default();
    let counts: Option<Counts> =
        schema::find(&meta, "broadcasts").and_then(|it| serde_json::from_str(it).ok());
    let epoch = Epoch(schema::find(&meta, "epoch").unwrap_or_default().to_owned());
    let counts = counts.unwrap_or_default();
    let observed = schema::find(&meta, metric::OBSERVED).unwrap_or_default();
    metrics.observed = Observed::parse(observed);
    let documents = editing::count(&meta);
    Ok(Remembered {
        epoch,
        head,
        head_at,
        first,
        first_at,
        departures,
        counts,
        shares,
        states,
        transfers,
        metrics,
        documents,
        owned_documents,
        pending,
    })
}
