//! How the vectors spell what clients ask.

use dormouse::feature;
use dormouse::feature::conversations::ConversationCommand;
use dormouse::feature::documents::{Cursor, EditingCommand, Operation};
use dormouse::feature::messages::MESSAGE;
use dormouse::feature::metrics::MetricCommand;
use dormouse::feature::state::StateCommand;
use dormouse::feature::transfers::TransferCommand;
use dormouse::feature::typing::TypingCommand;
use dormouse::kernel::{Command, Publication, Request};
use dormouse::message::{
    BYTES, Before, Body, EVENT, Kicked, PageRequest, Priority, ProtocolError, RequestId,
};
use serde_json::{Value, json};

use crate::annotation_frames;

/// How the vectors spell a decoded request.
pub(crate) fn spelled(request: &Request) -> Value {
    let id = request.request_id.as_ref().map(RequestId::as_str);
    let about = request.command.as_ref().ok().and_then(annotation_frames::spelled);
    let command = match &request.command {
        Ok(_) if about.is_some() => json!(about),
        Err(ProtocolError { code, .. }) => json!({"refused": code}),
        Ok(Command::Ping) => json!("ping"),
        Ok(Command::Pong) => json!("pong"),
        Ok(Command::Authenticate { token, context }) => {
            json!({"authenticate": {"token": token, "context": context}})
        }
        Ok(Command::Publish(it)) if it.body.kind == MESSAGE => json!({"say": it.body.data}),
        Ok(Command::Publish(it)) if [EVENT, BYTES].contains(&it.body.kind) => published(it),
        Ok(Command::Attach(it)) if it.is_absent => json!({"attach": {"present": false}}),
        Ok(Command::Attach(it)) => {
            let mut attach = json!({
                "topics": it.topics,
                "position": it.position.as_ref().map(ToString::to_string),
                "rewind": it.rewind,
            });
            if let Some(token) = &it.token {
                attach["token"] = json!(token);
            }
            json!({"attach": attach})
        }
        Ok(Command::Detach) => json!("detach"),
        Ok(Command::Position) => json!("position"),
        Ok(Command::Feature(feature::Command::State(StateCommand::Set {
            key,
            value,
            if_version,
        }))) => {
            let mut set = json!({"set_state": {"key": key.as_str(), "value": value}});
            if let Some(version) = if_version {
                set["set_state"]["if_version"] = json!(version);
            }
            set
        }
        Ok(Command::Feature(feature::Command::Typing(TypingCommand::Set(it)))) => {
            json!({"typing": it})
        }
        Ok(Command::Subscribe(topics)) => json!({"subscribe": topics}),
        Ok(Command::Unsubscribe(topics)) => json!({"unsubscribe": topics}),
        Ok(Command::Presence | Command::Members(None, None)) => json!("presence"),
        Ok(Command::Members(limit, cursor)) => {
            json!({"members": {"limit": limit, "cursor": cursor}})
        }
        Ok(Command::Show(change, data)) => json!({"show": {"change": change, "data": data}}),
        Ok(Command::Subscriptions) => json!("subscriptions"),
        Ok(Command::Feature(feature::Command::State(StateCommand::All(None)))) => json!("state"),
        Ok(Command::Feature(feature::Command::State(StateCommand::All(keys)))) => {
            json!({"state": keys})
        }
        Ok(Command::Stats) => json!("stats"),
        Ok(Command::Status) => json!("status"),
        Ok(Command::Kick(Kicked::User(user))) => json!({"kick": {"user": user}}),
        Ok(Command::Kick(Kicked::Connection(connection))) => {
            json!({"kick": {"session": connection.to_string()}})
        }
        Ok(Command::History(page)) => history(page),
        Ok(Command::Feature(feature::Command::Transfers(TransferCommand::Keep(chunk)))) => {
            json!({"keep": {
                "data": chunk.data, "index": chunk.index, "total": chunk.total,
                "text": chunk.text, "bytes": chunk.bytes, "digest": chunk.digest,
            }})
        }
        Ok(Command::Feature(feature::Command::Transfers(TransferCommand::Delete(data)))) => {
            json!({"delete": data})
        }
        Ok(Command::Feature(feature::Command::Transfers(TransferCommand::Fetch {
            data,
            from,
        }))) => {
            json!({"fetch": {"data": data, "from": from}})
        }
        Ok(Command::Feature(feature::Command::Metrics(MetricCommand::Watch(names)))) => {
            json!({"watch": names})
        }
        Ok(Command::Feature(feature::Command::Metrics(MetricCommand::Unwatch(names)))) => {
            json!({"unwatch": names})
        }
        Ok(Command::Feature(feature::Command::Documents(it))) => editing(it),
        Ok(Command::Feature(feature::Command::Search(it))) => crate::search::spelled(it),
        Ok(Command::Feature(feature::Command::Conversations(ConversationCommand::Connect {
            client,
        }))) => {
            json!({"connect": {"client": client.as_str()}})
        }
        Ok(Command::Feature(feature::Command::Conversations(ConversationCommand::Ask {
            client,
            content,
        }))) => {
            json!({"ask": {"client": client.as_str(), "content": content}})
        }
        Ok(other) => panic!("no protocol has such a command: {other:?}"),
    };
    json!({"id": id, "command": command})
}

fn published(Publication { body, is_ephemeral, is_privileged, .. }: &Publication) -> Value {
    let Body { kind, name, data, user, priority, .. } = body;
    let mut spelled = json!({"event": name, "data": data});
    if *kind == BYTES {
        spelled["bytes"] = json!(true);
    }
    if *is_ephemeral {
        spelled["ephemeral"] = json!(true);
    }
    if *is_privileged {
        spelled["privileged"] = json!(true);
    }
    if let Some(user) = user {
        spelled["user"] = json!(user);
    }
    if *priority == Priority::Critical {
        spelled["lane"] = json!("critical");
    }
    json!({"publish": spelled})
}

fn editing(command: &EditingCommand) -> Value {
    match command {
        EditingCommand::Join { document, role } => {
            json!({"join_session": {"sessionId": document, "role": role}})
        }
        EditingCommand::Leave { document } => json!({"leave_session": {"sessionId": document}}),
        EditingCommand::Delete { document } => json!({"delete_document": {"sessionId": document}}),
        EditingCommand::Edit { operation, version, document } => {
            let operation = match operation {
                Operation::Insert { position, content } => {
                    json!({"insert": {"position": position, "content": content}})
                }
                Operation::Delete { position, length } => {
                    json!({"delete": {"position": position, "length": length}})
                }
                Operation::Replace { position, length, content } => json!({
                    "replace": {"position": position, "length": length, "content": content}
                }),
            };
            json!({"edit": operation, "version": version.0, "sessionId": document})
        }
        EditingCommand::Undo { document: None, .. } => json!("undo"),
        EditingCommand::Undo { document, .. } => json!({"undo": {"sessionId": document}}),
        EditingCommand::Cursor(Cursor { position, selection }, document) => {
            let mut cursor = json!({"cursor": {"position": position, "selection": selection}});
            if let Some(document) = document {
                cursor["cursor"]["sessionId"] = json!(document);
            }
            cursor
        }
    }
}

fn history(PageRequest { before, after, limit, raw, within }: &PageRequest) -> Value {
    let before = match before {
        Before::Newest => json!("newest"),
        Before::Offset(offset) => json!({"offset": offset}),
        Before::Time(at) => json!({"time": at}),
    };
    let mut spelled = json!({"before": before, "limit": limit});
    if let Some(after) = after {
        spelled["after"] = json!(after);
    }
    if *raw {
        spelled["raw"] = json!(raw);
    }
    if let Some(of) = within.of {
        spelled["of"] = json!(of);
    }
    if let Some(at) = within.later_than {
        spelled["later_than"] = json!(at);
    }
    if within.reverse {
        spelled["reverse"] = json!(true);
    }
    json!({"history": spelled})
}
