//! How an entry is stored: a kind and its JSON. Kinds and their fields are
//! append-only; the names are the wire's, so that a log can be read by eye.

use uuid::Uuid;

use crate::database::{Row, Value};
use crate::feature;
use crate::message::{Body, Entry, Member, Millis, Offset, RequestId, Target, UserId};

/// A row of [`COLUMNS`].
pub(super) fn row(entry: &Entry) -> [Value<'_>; COLUMNS_COUNT] {
    let Entry { offset, at, id, author, request_id, body } = entry;
    let target = body.kind.relates.and(body.relates_to).and_then(|(_, it)| it.offset());
    [
        offset.0.into(),
        at.0.into(),
        id.to_string().into(),
        author.id.0.as_str().into(),
        author.name.as_str().into(),
        request_id.as_ref().map(RequestId::as_str).into(),
        body.kind.name.into(),
        Value::Text(body.to_stored(*at)),
        body.user.as_ref().map(|it| it.0.as_str()).into(),
        target.map(|it| it.0).into(),
    ]
}

/// The columns of [`row`] and [`entry`], in their order.
pub(super) const COLUMNS: &str = "offset, at, id, author, name, ref, kind, data, user, target";
/// How many they are.
pub(super) const COLUMNS_COUNT: usize = 10;

/// Reads a row of [`COLUMNS`].
pub(super) fn entry(row: Row) -> Option<Entry> {
    let [offset, at, id, author, name, request_id, kind, data, user, target] =
        <[Value<'static>; COLUMNS_COUNT]>::try_from(row).ok()?;
    let at = Millis(at.integer()?);
    let kind = feature::entry_kind(&kind.text()?)?;
    let body = (kind.load)(&data.text()?, at, user.text().map(UserId))?;
    let relates_to =
        kind.relates.zip(target.integer().map(|it| Target::Offset(Offset(it)))).or(body.relates_to);
    Some(Entry {
        offset: Offset(offset.integer()?),
        at,
        id: Uuid::parse_str(&id.text()?).ok()?,
        author: Member { id: UserId(author.text()?), name: name.text()? },
        request_id: request_id.text().and_then(|it| RequestId::parse(it).ok()),
        body: Body { relates_to, ..body },
    })
}
