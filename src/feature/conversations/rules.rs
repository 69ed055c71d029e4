//! Conversations with a backend: what is asked, and what still waits for its response.
//!
//! A message is in the log before anything else happens with it. One that a service is
//! asked about is pending until there is a response, or none to be had: it is a job (see
//! [`crate::outgoing`]). The service may hear of a message twice; its author never gets two
//! responses.

use std::rc::Rc;

use super::Conversations;
use super::pending::{Outcome, Pending, Question, Responded};
use super::stored::{ConversationFound, ConversationQuery, ConversationWrite};
use crate::feature::conversations::{
    ClientName, ConversationCommand, ConversationEvent, Responder,
};
use crate::feature::messages::MessageText;
use crate::feature::{Call, Query};
use crate::kernel::features::Rules;
use crate::kernel::principal::Principal;
use crate::kernel::{
    Answer, Connection, Context, Duplicate, Effect, Grant, HostStats, Recipients, Room, Write, chat,
};
use crate::kernel::{Event, Notice};
use crate::limits::Limits;
use crate::message::{
    Body, Code, ConnectionId, Entry, Member, Millis, Offset, ProtocolError, RequestId, UserId,
};
use crate::outgoing::{Policy, Progress};

/// How a service is called about messages.
fn policy(limits: &Limits) -> Policy {
    Policy {
        // Each may be 1 MiB that is kept twice, and a person has waited long before there are so
        // many.
        pending_max: 16,
        // The platform lets an object have six connections open, and what waits for one would use
        // up its time to answer.
        under_way_max: 4,
        in_order: false,
        // With waits of 1, 2 and 4 s between them, what is down for longer is not coming back
        // while somebody looks at the screen.
        attempts_max: 4,
        age_ms_max: u64::MAX,
        base_ms: limits.conversation_retry_ms,
        wait_ms_max: u64::MAX,
        // The call itself says when its time is up.
        overdue_ms: limits.responder_patience_ms().saturating_add(OVERDUE_MS),
    }
}

/// What the room grants a call beyond its time to answer, in milliseconds, before it takes
/// it for lost.
const OVERDUE_MS: u64 = 2_000;
/// Seconds after which something of what is pending will be settled.
const BUSY_S: u64 = 2;

const NO_RESPONDER: ProtocolError =
    ProtocolError::new(Code::Unavailable, "no responder is set up here that could answer");
const TOO_MANY: ProtocolError = ProtocolError::new(
    Code::Unavailable,
    "too many messages of this conversation wait for a response",
);
const HELD: ProtocolError =
    ProtocolError::new(Code::Unavailable, "the responder failed too often just now; try later");
const UNREACHED: ProtocolError = ProtocolError::new(
    Code::Unavailable,
    "the responder did not answer; send the message again later",
);
const UNUSABLE: ProtocolError =
    ProtocolError::new(Code::Unavailable, "the responder gave no answer that could be used");

impl Rules for Conversations {
    fn handle(
        room: &mut Room,
        cx: &mut Context,
        principal: &Principal,
        command: ConversationCommand,
        duplicate: Option<Duplicate>,
    ) {
        handle(room, cx, principal, command, duplicate);
    }

    fn heard(room: &mut Room, cx: &mut Context, input: Responded) {
        responded(room, cx, input);
    }

    /// Of a message that came before, the response.
    fn wants(
        _: &Room,
        _: &UserId,
        _: Option<ConnectionId>,
        command: &ConversationCommand,
        duplicate: Option<&Duplicate>,
    ) -> Option<ConversationQuery> {
        match command {
            ConversationCommand::Ask { .. } => {
                duplicate.map(|it| ConversationQuery::Response(it.offset))
            }
            ConversationCommand::Connect { .. } => None,
        }
    }

    /// Calls a responder, unless the message was erased with all else.
    fn found(
        room: &mut Room,
        query: ConversationQuery,
        found: ConversationFound,
        _: HostStats,
    ) -> Option<Answer> {
        match (query, found) {
            (ConversationQuery::Content(mut question), ConversationFound::Content(content)) => {
                question.content = content;
                Some(Answer::Call(Call::Conversations(question)))
            }
            (ConversationQuery::Response(message), ConversationFound::Response(entry)) => {
                room.own.conversations.answered = Some((message, entry));
                None
            }
            (ConversationQuery::Content(_) | ConversationQuery::Response(_), _) => None,
        }
    }

    fn due_at(room: &Room) -> Option<Millis> {
        room.own.conversations.pending.due_at(&policy(&room.limits))
    }

    fn tick(room: &mut Room, cx: &mut Context) {
        tick(room, cx);
    }
}

fn handle(
    room: &mut Room,
    cx: &mut Context,
    principal: &Principal,
    command: ConversationCommand,
    duplicate: Option<Duplicate>,
) {
    let done = match command {
        ConversationCommand::Connect { client } => connect(room, cx, principal, &client),
        ConversationCommand::Ask { client, content } => {
            ask(room, cx, principal, &client, content, duplicate)
        }
    };
    if let Err(error) = done {
        cx.refuse_principal(principal, error);
    }
}

/// Takes down who speaks, and says where they are (D3). Again if asked again.
fn connect(
    room: &mut Room,
    cx: &mut Context,
    principal: &Principal,
    client: &ClientName,
) -> Result<(), ProtocolError> {
    let connection = principal.connection.and_then(|id| room.connections.get_mut(&id));
    let connection = connection.ok_or(ProtocolError::system())?;
    let resume = connection.own.conversations.resume.clone().ok_or(ProtocolError::system())?;
    let client = client.as_str().to_owned();
    connection.client = Some(client.clone());
    cx.effects.save(connection.id);
    cx.answer(principal, Event::from(ConversationEvent::Confirmed { client, resume }));
    Ok(())
}

/// Takes a message down, and has it answered.
fn ask(
    room: &mut Room,
    cx: &mut Context,
    principal: &Principal,
    client: &ClientName,
    content: String,
    duplicate: Option<Duplicate>,
) -> Result<(), ProtocolError> {
    principal.needs(Grant::Send, "this token does not allow sending here")?;
    let message =
        principal.request_id.clone().ok_or(ProtocolError::invalid("a message needs messageId"))?;
    let connection = principal.connection.and_then(|id| room.connection(id));
    if connection.and_then(|it| it.client.as_deref()) != Some(client.as_str()) {
        return Err(ProtocolError::new(Code::Conflict, "clientId is not the one of connect"));
    }
    let answered = room.own.conversations.answered.take();
    let answered = answered.filter(|it| duplicate.as_ref().is_some_and(|of| of.offset == it.0));
    let (offset, content) = match (duplicate, answered) {
        (None, _) => {
            has_room(room)?;
            if !room.admits_broadcast(cx, principal) {
                return Ok(()); // Which has been said.
            }
            let body = Body::message(&content, None)?;
            let author = principal.member.clone();
            (chat::record(room, cx, author, Some(message.clone()), body).offset, content)
        }
        (Some(_), Some((_, Some(response)))) => {
            cx.answer(principal, Event::Entry(response));
            return Ok(());
        }
        (Some(_), Some((_, None))) => {
            let gone = "this message was answered, and the response is no longer kept";
            return Err(ProtocolError::new(Code::NotFound, gone));
        }
        // Nothing new is asked; the response comes to all.
        (Some(it), None) if room.own.conversations.pending.get(it.offset).is_some() => {
            return Ok(());
        }
        (Some(Duplicate { offset, entry }), None) => {
            has_room(room)?;
            let first = entry.as_deref().map(|it| MessageText::of(&it.body));
            let content = match first {
                None => content,
                Some(Some(first)) => serde_json::from_str(first.content.get()).unwrap_or(content),
                Some(None) => {
                    let taken = "this messageId was given to something else";
                    return Err(ProtocolError::new(Code::Conflict, taken));
                }
            };
            (offset, content)
        }
    };
    if matches!(room.config.conversations.responder, Responder::Echo) {
        answer(room, cx, &message, offset, &content);
    } else {
        let (policy, now) = (policy(&room.limits), cx.clock.at);
        let (author, client) = (principal.member.clone(), client.as_str().to_owned());
        let progress = Progress::new(now);
        let pending = Pending { offset, message, author, client, progress };
        if let Some(pending) = room.own.conversations.pending.add(pending, &policy, now).cloned() {
            cx.write(ConversationWrite::Ask(pending.clone(), content.into()));
            if pending.progress.under_way {
                cx.call(room, pending);
            }
        }
    }
    Ok(())
}

/// Whether one more message can wait for a response.
fn has_room(room: &Room) -> Result<(), ProtocolError> {
    match room.config.conversations.responder {
        Responder::Nobody => Err(NO_RESPONDER),
        Responder::Http(_) if room.own.conversations.pending.is_full(&policy(&room.limits)) => {
            Err(ProtocolError { retry_after: Some(BUSY_S), ..TOO_MANY })
        }
        Responder::Http(_) | Responder::Echo => Ok(()),
    }
}

/// Whose words responses are.
fn responder() -> Member {
    Member { id: UserId("responder".into()), name: "responder".into() }
}

/// Takes a response down, and tells everyone.
fn answer(room: &mut Room, cx: &mut Context, to: &RequestId, of: Offset, content: &str) {
    let reply_to = Some(to.clone());
    let body = Body::response(to, of, content);
    let entry: Rc<Entry> = chat::record(room, cx, responder(), None, body);
    let (id, at, event) = (entry.id, cx.clock.at, Event::Entry(entry));
    tell(room, cx, Notice { id, reply_to, connection: None, at, event });
}

/// Tells everyone who has said who they are: until then nothing but a refusal is said.
fn tell(room: &Room, cx: &mut Context, notice: Notice) {
    let to = room.hearers_such("response", None, Connection::is_introduced);
    if to != Recipients::Only(Vec::new()) {
        cx.tell_notice(to, notice);
    }
}

/// What came of a call.
fn responded(room: &mut Room, cx: &mut Context, responded: Responded) {
    let Responded { question, epoch, attempt, outcome } = responded;
    // A room that was erased has other messages at these positions.
    if room.own.conversations.pending.get(question).is_none() || epoch != room.epoch {
        return;
    }
    let is_current = room.own.conversations.pending.is_current(question, attempt);
    match outcome {
        Outcome::Answered(content) => {
            if let Some(Pending { message, offset, .. }) = settle(room, cx, question) {
                answer(room, cx, &message, offset, &content);
            }
        }
        // Given up, and asked again since.
        Outcome::Failed | Outcome::Unusable | Outcome::Held { .. } if !is_current => {}
        Outcome::Failed => failed(room, cx, question),
        Outcome::Unusable => give_up(room, cx, question, UNUSABLE),
        Outcome::Held { wait_s } => {
            give_up(room, cx, question, ProtocolError { retry_after: Some(wait_s), ..HELD });
        }
    }
    begin_due(room, cx);
}

/// Asks again after a while, unless that was the last time.
fn failed(room: &mut Room, cx: &mut Context, question: Offset) {
    let policy = policy(&room.limits);
    match room.own.conversations.pending.retry(question, &policy, cx.clock.at) {
        Some(pending) => cx.write(ConversationWrite::Update(pending.clone())),
        None => give_up(room, cx, question, UNREACHED),
    }
}

/// There will be no response: whoever wants one asks again.
fn give_up(room: &mut Room, cx: &mut Context, question: Offset, error: ProtocolError) {
    if let Some(Pending { message, .. }) = settle(room, cx, question) {
        cx.tally.refused += 1;
        let (id, at, event) = (cx.clock.new_id(), cx.clock.at, Event::Refused(error));
        tell(room, cx, Notice { id, reply_to: Some(message), connection: None, at, event });
    }
}

fn settle(room: &mut Room, cx: &mut Context, question: Offset) -> Option<Pending> {
    let pending = room.own.conversations.pending.remove(question)?;
    cx.write(ConversationWrite::Settle(question));
    Some(pending)
}

/// Begins the calls that are due, as many as may be under way.
fn begin_due(room: &mut Room, cx: &mut Context) {
    let policy = policy(&room.limits);
    while let Some(pending) = room.own.conversations.pending.begin_next(&policy, cx.clock.at) {
        let pending = pending.clone();
        cx.write(ConversationWrite::Update(pending.clone()));
        cx.call(room, pending);
    }
}

/// Does what is due.
fn tick(room: &mut Room, cx: &mut Context) {
    for question in room.own.conversations.pending.overdue(cx.clock.at) {
        failed(room, cx, question); // No word of it: as good as a failure.
    }
    begin_due(room, cx);
}

impl Context {
    fn write(&mut self, write: ConversationWrite) {
        self.effects.push(Effect::Write(Write::from(write)));
    }

    fn call(&mut self, room: &Room, pending: Pending) {
        let question = Question { pending, epoch: room.epoch.clone(), content: String::new() };
        let query = Query::from(ConversationQuery::Content(Box::new(question)));
        self.effects.push(Effect::Find { query, pending: None });
    }
}
