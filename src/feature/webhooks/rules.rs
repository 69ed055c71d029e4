//! What is told, when, and what comes of it.
//!
//! What a room decides is recorded with it and never waits for the service. A service may hear of
//! an event twice: whoever is called about a batch that is tried again has perhaps had it.

use serde::Serialize;

use super::delivery::{Delivered, Outcome, PATIENCE_MS};
use super::stored::{Batch, NUMBERS_PER_MS, Told, WebhookWrite};
use super::{DROPPED, Delivery, FAILED, JOINED, LEFT, OCCUPIED, SENT, VACATED, Webhooks};
use crate::feature::door::Door;
use crate::feature::{Call, Never, Query};
use crate::kernel::features::Rules;
use crate::kernel::principal::Principal;
use crate::kernel::{Answer, Context, Duplicate, Effect, HostStats, Loss, Room, Write, presence};
use crate::message::{Entry, Json, Member, Millis, Offset};
use crate::outgoing::Policy;

/// Events of one room that wait, at most: some hours of a busy room's.
const WAITING_MAX: u64 = 10_000;
/// And their bytes.
const WAITING_BYTES_MAX: u64 = 16 << 20;

/// How long an event is worth telling, in milliseconds: a day.
const AGE_MS_MAX: u64 = 24 * 60 * 60 * 1000;

/// How a service is called.
const POLICY: Policy = Policy {
    // It is events that are counted.
    pending_max: usize::MAX,
    under_way_max: 1,
    in_order: true,
    attempts_max: u32::MAX,
    age_ms_max: AGE_MS_MAX,
    base_ms: 1_000,
    // So that what comes back is told of within five minutes, by some 300 calls in a day.
    wait_ms_max: 300_000,
    // The call itself says when its time is up.
    overdue_ms: PATIENCE_MS + 2_000,
};

const TOO_OLD: &str = "webhook events were given up: nobody took them for a day";
const TOO_MANY: &str = "webhook events were given up: more wait than a room keeps";

impl Door for Webhooks {}

impl Rules for Webhooks {
    fn handle(
        _: &mut Room,
        _: &mut Context,
        _: &Principal,
        command: Never<Self>,
        _: Option<Duplicate>,
    ) {
        command.never()
    }

    fn heard(room: &mut Room, cx: &mut Context, input: Delivered) {
        heard(room, cx, &input);
    }

    /// Calls the service, unless the events were given up, or erased with all else.
    fn found(_: &mut Room, Told(batch): Told, events: Vec<String>, _: HostStats) -> Option<Answer> {
        let is_there = !events.is_empty();
        is_there.then_some(Answer::Call(Call::Webhooks(Delivery { batch, events })))
    }

    fn appended(room: &mut Room, cx: &mut Context, entry: &Entry) {
        let (body, name) = (&entry.body, entry.body.name.as_str());
        if room.config.webhooks.hears(name) {
            let event = Event {
                id: format!("event_{}", entry.id),
                kind: name,
                at: entry.at.to_rfc3339(),
                offset: Some(entry.offset),
                user: Some(&entry.author.id.0),
                to: body.user.as_ref().map(|it| it.0.as_str()),
                data: Some(&body.data),
            };
            record(room, cx, &event);
        }
    }

    fn watches_members(room: &Room) -> bool {
        room.config.webhooks.watches_members()
    }

    fn member_joined(room: &mut Room, cx: &mut Context, member: &Member) {
        if Self::watches_members(room) {
            joined(room, cx, member);
        }
    }

    fn member_left(room: &mut Room, cx: &mut Context, member: &Member) {
        if let Ok(place) = room.own.webhooks.place(&member.id) {
            room.own.webhooks.members.remove(place);
            write(cx, WebhookWrite::Leave(member.id.clone()));
            left(room, cx, member);
            if room.own.webhooks.members.is_empty() {
                say(room, cx, VACATED, None);
            }
        }
    }

    fn erasing(room: &mut Room) {
        room.own.webhooks.farewell = std::mem::take(&mut room.own.webhooks.members);
    }

    fn due_at(room: &Room) -> Option<Millis> {
        let batches = &room.own.webhooks.batches;
        if room.config.webhooks.is_set() {
            return batches.due_at(&POLICY);
        }
        batches.iter().next().map(|it| it.progress.since.plus(AGE_MS_MAX))
    }

    fn tick(room: &mut Room, cx: &mut Context) {
        let now = cx.clock.at;
        for first in room.own.webhooks.batches.overdue(now) {
            failed(room, cx, first); // No word of it: as good as a failure.
        }
        if !room.config.webhooks.is_set() {
            let old = room.own.webhooks.batches.iter().filter(|it| is_old(it, now));
            for first in old.map(|it| it.first).collect::<Vec<_>>() {
                drop_batch(room, cx, first, TOO_OLD);
            }
        }
        begin_due(room, cx);
    }

    fn settle(room: &mut Room, cx: &mut Context) {
        if !room.own.webhooks.farewell.is_empty() {
            say_farewell(room, cx);
        }
        if !room.own.webhooks.is_compared {
            room.own.webhooks.is_compared = true;
            compare(room, cx);
        }
    }
}

/// What is told, without the room.
#[derive(Serialize)]
struct Event<'a> {
    id: String,
    #[serde(rename = "type")]
    kind: &'a str,
    at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    offset: Option<Offset>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user: Option<&'a str>,
    /// Only this user's connections got it.
    #[serde(skip_serializing_if = "Option::is_none")]
    to: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<&'a Json>,
}

/// What is told of a member beside who it is.
#[derive(Serialize)]
struct Who<'a> {
    username: &'a str,
}

/// Tells that somebody came or went, or the first or the last, if the service is to know.
fn say(room: &mut Room, cx: &mut Context, kind: &str, member: Option<&Member>) {
    if !room.config.webhooks.hears(kind) {
        return;
    }
    let data = member.map(|it| Json::of(&Who { username: &it.name }));
    let event = Event {
        id: format!("event_{}", cx.clock.new_id()),
        kind,
        at: cx.clock.at.to_rfc3339(),
        offset: None,
        user: member.map(|it| it.id.0.as_str()),
        to: None,
        data: data.as_ref(),
    };
    record(room, cx, &event);
}

fn joined(room: &mut Room, cx: &mut Context, member: &Member) {
    let is_first = room.own.webhooks.members.is_empty();
    // Else one who was lost with the room's memory is back.
    let Err(place) = room.own.webhooks.place(&member.id) else { return };
    room.own.webhooks.members.insert(place, member.clone());
    write(cx, WebhookWrite::Enter(member.clone()));
    if is_first {
        say(room, cx, OCCUPIED, None);
    }
    say(room, cx, JOINED, Some(member));
}

fn left(room: &mut Room, cx: &mut Context, member: &Member) {
    say(room, cx, LEFT, Some(member));
}

/// Tells that all left who were in a room that was erased.
fn say_farewell(room: &mut Room, cx: &mut Context) {
    for member in std::mem::take(&mut room.own.webhooks.farewell) {
        left(room, cx, &member);
    }
    say(room, cx, VACATED, None);
}

/// Compares who was told to be here with who is. They differ where connections were lost without
/// a word, as all are when a server dies: whose were begin their grace, as if they had just closed.
fn compare(room: &mut Room, cx: &mut Context) {
    let now = cx.clock.at;
    let ahead = room.own.webhooks.batches.iter().filter(|it| now < it.progress.since);
    for first in ahead.map(|it| it.first).collect::<Vec<_>>() {
        // A clock set back must not silence it.
        room.own.webhooks.batches.put_off(first, now, 0);
    }
    if !Webhooks::watches_members(room) {
        return;
    }
    let lost = room.own.webhooks.members.iter().filter(|it| !room.is_here(&it.id));
    let lost: Vec<Member> = lost.cloned().collect();
    for member in lost {
        presence::depart(room, cx, member, None);
    }
    let is_told = |id| room.own.webhooks.place(id).is_ok();
    let untold = room.connections.values().filter(|it| it.is_present() && !is_told(&it.member.id));
    for member in untold.map(|it| it.member.clone()).collect::<Vec<_>>() {
        joined(room, cx, &member);
    }
}

/// Adds an event to what waits. What is too much is given up, the oldest first.
fn record(room: &mut Room, cx: &mut Context, event: &Event<'_>) {
    let (now, event) = (cx.clock.at, serde_json::to_string(event).unwrap_or_default());
    let (bytes, webhooks) = (event.len() as u64, &mut room.own.webhooks);
    // The last, unless a call about it was begun: those before it, it waits for as well.
    let mut batch = match webhooks.batches.gathering(Millis(0)) {
        Some(last) if last.has_room(bytes) => last.clone(),
        last => {
            if let Some(last) = last {
                last.complete();
            }
            Batch::new(webhooks.end.max(now.0.saturating_mul(NUMBERS_PER_MS)))
        }
    };
    let number = batch.add(bytes);
    webhooks.end = batch.end();
    write(cx, WebhookWrite::Add { number, batch: batch.first, event });
    room.own.webhooks.batches.replace(batch);
    give_up_what_is_too_much(room, cx);
    begin_due(room, cx);
}

fn give_up_what_is_too_much(room: &mut Room, cx: &mut Context) {
    loop {
        let batches = &room.own.webhooks.batches;
        let sum = |each: fn(&Batch) -> u64| batches.iter().map(each).sum::<u64>();
        let is_too_much =
            WAITING_MAX < sum(|it| it.count) || WAITING_BYTES_MAX < sum(|it| it.bytes);
        // What is being told is perhaps through.
        let oldest = batches.iter().find(|it| !it.progress.under_way).map(|it| it.first);
        let Some(oldest) = oldest.filter(|_| is_too_much) else { return };
        drop_batch(room, cx, oldest, TOO_MANY);
    }
}

/// Gives up a batch, and says so.
fn drop_batch(room: &mut Room, cx: &mut Context, first: u64, what: &'static str) {
    if let Some(Batch { count, .. }) = remove(room, cx, first) {
        cx.tally.own.add(DROPPED, count);
        cx.effects.push(Effect::Lost(Loss { what, count }));
    }
}

fn remove(room: &mut Room, cx: &mut Context, first: u64) -> Option<Batch> {
    let batch = room.own.webhooks.batches.remove(first)?;
    write(cx, WebhookWrite::Remove(batch.clone()));
    Some(batch)
}

/// What came of a call.
fn heard(room: &mut Room, cx: &mut Context, Delivered { batch, outcome }: &Delivered) {
    let (first, now, batches) = (batch.first, cx.clock.at, &mut room.own.webhooks.batches);
    let is_same = batches.get(first).is_some_and(|it| it.count == batch.count);
    let is_current = batches.is_current(first, batch.progress.attempt);
    match outcome {
        // Of whichever call about them.
        Outcome::Done if is_same => {
            cx.tally.own.add(SENT, batch.count);
            remove(room, cx, first);
        }
        Outcome::Failed if is_current => failed(room, cx, first),
        Outcome::Held { wait_ms } if is_current => {
            let put_off = batches.put_off(first, now, *wait_ms).cloned();
            if let Some(batch) = put_off.filter(|it| !is_old(it, now)) {
                write(cx, WebhookWrite::Update(batch));
            } else {
                drop_batch(room, cx, first, TOO_OLD);
            }
        }
        // Given up, or tried again since.
        Outcome::Done | Outcome::Failed | Outcome::Held { .. } => {}
    }
    begin_due(room, cx);
}

fn is_old(batch: &Batch, now: Millis) -> bool {
    AGE_MS_MAX <= now.since(batch.progress.since)
}

/// Tells them again after a while, unless they are too old.
fn failed(room: &mut Room, cx: &mut Context, first: u64) {
    cx.tally.own.add(FAILED, 1);
    match room.own.webhooks.batches.retry(first, &POLICY, cx.clock.at).cloned() {
        Some(batch) => write(cx, WebhookWrite::Update(batch)),
        None => drop_batch(room, cx, first, TOO_OLD),
    }
}

/// Begins the next call, if one is due and none under way.
fn begin_due(room: &mut Room, cx: &mut Context) {
    if !room.config.webhooks.is_set() {
        return;
    }
    if let Some(batch) = room.own.webhooks.batches.begin_next(&POLICY, cx.clock.at).cloned() {
        write(cx, WebhookWrite::Update(batch.clone()));
        let query = Query::from(Told(batch));
        cx.effects.push(Effect::Find { query, pending: None });
    }
}

fn write(cx: &mut Context, write: WebhookWrite) {
    cx.effects.push(Effect::Write(Write::from(write)));
}
