//! Who may search what, and what is told of it.

use super::stored::{Found, Lookup, Order};
use super::terms::Terms;
use super::words::{SearchCommand, SearchEvent};
use super::{Asked, Search};
use crate::feature::Query;
use crate::feature::door::Door;
use crate::kernel::features::Rules;
use crate::kernel::principal::Principal;
use crate::kernel::{Answer, Context, Duplicate, Effect, Event, Grant, HostStats, Room, retention};
use crate::message::{Code, Offset, ProtocolError};

impl Door for Search {}

impl Rules for Search {
    fn handle(
        room: &mut Room,
        cx: &mut Context,
        principal: &Principal,
        SearchCommand::Search(asked): SearchCommand,
        _: Option<Duplicate>,
    ) {
        match lookup(room, cx, principal, &asked) {
            Err(error) => cx.refuse_principal(principal, error),
            Ok(lookup) => {
                let pending = Some(cx.pending(principal));
                cx.effects.push(Effect::Find { query: Query::from(lookup), pending });
            }
        }
    }

    fn found(_: &mut Room, lookup: Lookup, found: Found, _: HostStats) -> Option<Answer> {
        let next_before = next_before(&lookup, &found);
        let Lookup { head, epoch, .. } = lookup;
        let event = SearchEvent::Found { found, next_before, head, epoch };
        Some(Answer::Event(Event::from(event)))
    }
}

fn lookup(
    room: &Room,
    cx: &Context,
    principal: &Principal,
    asked: &Asked,
) -> Result<Lookup, ProtocolError> {
    principal.needs(Grant::History, "this token does not allow reading history here")?;
    if !room.config.search.kinds.contains(&room.kind) {
        return Err(OFF);
    }
    Ok(Lookup {
        terms: Terms::parse(&asked.text)?,
        limit: asked.limit,
        before: asked.before(),
        order: asked.order,
        viewer: principal.member.id.clone(),
        first: retention::first_visible(room),
        since: retention::oldest_visible(room, cx.clock.at),
        head: room.head,
        epoch: room.epoch.clone(),
    })
}

const OFF: ProtocolError =
    ProtocolError::new(Code::NotFound, "search is switched off in rooms of this kind");

/// Where the next matches begin: after the last one, or where nothing was searched yet.
fn next_before(lookup: &Lookup, found: &Found) -> Option<Offset> {
    let last = found.hits.last().map(|it| it.offset).filter(|_| found.has_more);
    last.or(found.searched_from).filter(|_| lookup.order == Order::Newest)
}
