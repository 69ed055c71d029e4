//! What is said about an entry: which entry that is, and who may speak of it.

use std::rc::Rc;

use super::principal::Principal;
use super::{Context, Effect, Grant, Publication, Related, Room, Write, retention};
use crate::feature::Query;
use crate::message::{Body, Code, Entry, Millis, ProtocolError, Relation, Target, UserId};

const NOTHING: ProtocolError =
    ProtocolError::new(Code::NotFound, "there is no such entry here that this can be about");
const FOR_ANOTHER: ProtocolError =
    ProtocolError::invalid("what is about an entry is for whoever that is for");

impl Room {
    /// What must be looked up for something of this author's that is about this entry; `None` if
    /// the room shows it no more.
    #[must_use]
    pub fn wants_about(
        &self,
        author: &UserId,
        body: &Body,
        entry: &Entry,
        now: Millis,
    ) -> Option<Option<Query>> {
        let is_kept = retention::first_visible(self) <= entry.offset
            && retention::oldest_visible(self, now) <= entry.at;
        is_kept.then(|| self.features.wants_about(author, body, entry))
    }
}

/// Whether it changes the entry that it is about.
pub(crate) fn changes(body: &Body) -> bool {
    matches!(body.relates_to, Some((Relation::Replaces | Relation::Redacts, _)))
}

/// Whether there is such an entry, as far as this caller may know: then it is for the same user.
pub(crate) fn admit(
    principal: &Principal,
    Publication { body, related, .. }: &mut Publication,
) -> Result<(), ProtocolError> {
    let Some((relation, _)) = body.relates_to else { return Ok(()) };
    let related = related.as_deref().filter(|Related { entry, .. }| {
        let stays = entry.body.kind.is_folded || entry.body.blank().is_none();
        !stays && sees(principal, body, entry)
    });
    let Related { entry, .. } = related.ok_or(NOTHING)?;
    if let Some(user) = &entry.body.user {
        if body.user.as_ref().is_some_and(|it| it != user) {
            return Err(FOR_ANOTHER);
        }
        body.user = Some(user.clone());
    }
    body.relates_to = Some((relation, Target::Offset(entry.offset)));
    Ok(())
}

/// Whether this caller may speak of it: what is for one user is that user's. Who said it, and who
/// may do so with everything, changes it all the same.
fn sees(principal: &Principal, body: &Body, entry: &Entry) -> bool {
    let own = &principal.member.id;
    let is_theirs = || entry.author.id == *own || principal.grants.has(Grant::Admin);
    entry.body.user.as_ref().is_none_or(|it| it == own || (changes(body) && is_theirs()))
}

/// The entry that this one is about says something else from now on, if it does.
pub(crate) fn amend(cx: &mut Context, entry: &Entry, related: Option<Box<Related>>) {
    let Some(Related { entry: of, amended: Some(body), .. }) = related.map(|it| *it) else {
        return;
    };
    let is_blank = matches!(entry.body.relates_to, Some((Relation::Redacts, _)));
    let entry = Rc::new(Entry { body, ..Entry::clone(&of) });
    cx.effects.push(Effect::Write(Write::Amend { entry, is_blank }));
}
