//! Every message of every dialect. A dialect's `schema.rs` lists them; the types say the rest.

mod echo;

use serde_json::{Map, Value, json};

use super::parsed;
use super::shape::{Shape, Shapes};
use crate::feature;
use crate::message::RequestId;
use crate::protocol::{
    ProtocolId, client::schema as client, context::schema as context,
    conversation::schema as conversation, events::schema as events, workflow::schema as workflow,
};

pub(super) use echo::of_echo;

/// A message of a dialect.
pub(crate) struct Message {
    /// What it is called in the document; its `type`, and more where one type is several.
    pub(crate) name: &'static str,
    /// What it is for.
    pub(crate) about: &'static str,
    /// The frame around.
    pub(crate) envelope: Shape,
    /// What is in it beside what all frames of its envelope have.
    pub(crate) fields: &'static [Field],
    /// One of them.
    pub(crate) example: &'static str,
}

/// A field of a message.
pub(crate) enum Field {
    /// Always there, with this value.
    Is(&'static str, &'static str),
    /// Always there.
    Needs(&'static str, Shape),
    /// Maybe there.
    May(&'static str, Shape),
    /// As the envelope has it, always there.
    Own(&'static str),
    /// As the envelope has it, maybe there.
    MayOwn(&'static str),
}

/// What a dialect's clients say, and what the server does.
pub(super) struct Frames {
    /// From clients.
    pub(super) receive: Vec<&'static Message>,
    /// To clients.
    pub(super) send: Vec<&'static Message>,
}

/// The messages of a dialect, its own and those of features. A new one is a line here.
pub(super) fn of(dialect: ProtocolId) -> Frames {
    let (receive, send): (&[Message], &[Message]) = match dialect {
        ProtocolId::WORKFLOW => (workflow::RECEIVE, workflow::SEND),
        ProtocolId::EVENTS => (events::RECEIVE, events::SEND),
        ProtocolId::CLIENT => (client::RECEIVE, client::SEND),
        ProtocolId::CONTEXT => (context::RECEIVE, context::SEND),
        ProtocolId::CONVERSATION => (conversation::RECEIVE, conversation::SEND),
        _ => (&[], &[]), // Which a test does not let pass.
    };
    let own = feature::schema::of(dialect.descriptor().name);
    let receives = own.iter().flat_map(|(receive, _)| receive.iter());
    let sends = own.iter().flat_map(|(_, send)| send.iter());
    Frames {
        receive: receive.iter().chain(receives).collect(),
        send: send.iter().chain(sends).collect(),
    }
}

/// What every envelope of a client's has.
const COMMON: [&str; 2] = ["type", "id"];

impl Message {
    /// The schema of a client's frame. The envelope it is read by has the fields of all.
    pub(super) fn received(&self, shapes: &mut Shapes) -> Value {
        let is_in = |name: &str| {
            let owned = |it: &Field| match it {
                Field::Own(own) | Field::MayOwn(own) => *own == name,
                Field::Is(..) | Field::Needs(..) | Field::May(..) => false,
            };
            COMMON.contains(&name) || self.fields.iter().any(owned)
        };
        let mut schema = self.schema(shapes, is_in);
        if let Some(Value::Object(id)) = schema.pointer_mut("/properties/id") {
            id.insert("minLength".into(), 1.into());
            id.insert("maxLength".into(), RequestId::BYTES_MAX.into());
        }
        schema
    }

    /// The schema of the server's frame.
    pub(super) fn sent(&self, shapes: &mut Shapes) -> Value {
        self.schema(shapes, |_| true)
    }

    fn schema(&self, shapes: &mut Shapes, is_in: impl Fn(&str) -> bool) -> Value {
        let mut schema = (self.envelope)(shapes);
        let mut part = |name: &str| schema.get_mut(name).map(Value::take);
        let fields = part("properties").and_then(|it| serde_json::from_value(it).ok());
        let required = part("required").and_then(|it| serde_json::from_value(it).ok());
        let mut fields: Map<String, Value> = fields.unwrap_or_default();
        // Of an envelope none of whose fields must be there, there are none.
        let mut required: Vec<String> = required.unwrap_or_default();
        fields.retain(|name, _| is_in(name));
        for field in self.fields {
            let (name, needed, schema) = match field {
                Field::Is(name, value) => {
                    (name, true, Some(json!({"type": "string", "const": value})))
                }
                Field::Needs(name, shape) => (name, true, Some(shape(shapes))),
                Field::May(name, shape) => (name, false, Some(shape(shapes))),
                Field::Own(name) => (name, true, None),
                Field::MayOwn(name) => (name, false, None),
            };
            if let Some(schema) = schema {
                fields.insert((*name).into(), schema);
            }
            required.retain(|it| it != name);
            if needed {
                required.push((*name).into());
            }
        }
        let Value::Object(mut schema) = schema else { return json!({}) };
        schema.remove("description");
        schema.insert("properties".into(), fields.into());
        schema.insert("required".into(), required.into());
        let mut schema = schema.into();
        shapes.finish(&mut schema);
        schema
    }

    /// As the document has it.
    pub(super) fn spelled(&self, payload: &Value) -> Value {
        json!({
            "name": self.name,
            "title": self.name,
            "summary": self.about,
            "payload": payload,
            "examples": [{"payload": parsed(self.example)}],
        })
    }
}
