//! Every message of every protocol. A protocol's `schema.rs` lists them; the types say the rest.

mod echo;

use serde_json::{Map, Value, json};

use super::parsed;
use super::shape::{Shape, Shapes};
use crate::feature;
use crate::message::RequestId;
use crate::protocol::schema::Description;
use crate::protocol::{self, ProtocolId};

pub(super) use echo::of_echo;

/// A message of a protocol.
pub(crate) struct Message {
    /// What it is called in the document; its `type`, and more where one type is several.
    pub(crate) name: &'static str,
    /// What it is for.
    pub(crate) about: &'static str,
    /// The frame around.
    pub(crate) envelope: Envelope,
    /// What is in it beside what all frames of its envelope have.
    pub(crate) fields: &'static [Field],
    /// One of them.
    pub(crate) example: &'static str,
}

/// A request of a client's, in the protocol's own envelope.
pub(crate) const fn request(
    name: &'static str,
    fields: &'static [Field],
    about: &'static str,
    example: &'static str,
) -> Message {
    Message { name, about, envelope: Envelope::In, fields, example }
}

/// An answer to one, in the protocol's own envelope.
pub(crate) const fn answer(
    name: &'static str,
    fields: &'static [Field],
    about: &'static str,
    example: &'static str,
) -> Message {
    Message { name, about, envelope: Envelope::Answer, fields, example }
}

/// The frame around what a message says.
pub(crate) enum Envelope {
    /// One of its own.
    Of(Shape),
    /// As all that the protocol's clients say.
    In,
    /// As what its server says.
    Out,
    /// The same, with the fields of this type beside its own.
    OutWith(Shape),
    /// As the server tells of an entry of the log.
    Entry,
    /// As it answers a request.
    Answer,
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

/// What a protocol's clients say, and what the server does.
pub(super) struct Frames {
    /// From clients.
    pub(super) receive: Vec<&'static Message>,
    /// To clients.
    pub(super) send: Vec<&'static Message>,
    /// The protocol's own part.
    own: &'static Description,
}

/// The messages of a protocol, its own and those of features.
pub(super) fn of(protocol: ProtocolId) -> Frames {
    let own = protocol::schema::of(protocol);
    let features = feature::schema::of(protocol.descriptor().name);
    let receives = features.iter().flat_map(|(receive, _)| receive.iter());
    let sends = features.iter().flat_map(|(_, send)| send.iter());
    Frames {
        receive: own.receive.iter().chain(receives).collect(),
        send: own.send.iter().chain(sends).collect(),
        own,
    }
}

impl Frames {
    /// The schema of a client's frame. The envelope it is read by has the fields of all.
    pub(super) fn received(&self, message: &Message, shapes: &mut Shapes) -> Value {
        let is_in = |name: &str| {
            let owned = |it: &Field| match it {
                Field::Own(own) | Field::MayOwn(own) => *own == name,
                Field::Is(..) | Field::Needs(..) | Field::May(..) => false,
            };
            COMMON.contains(&name) || message.fields.iter().any(owned)
        };
        let mut schema = message.schema(self.own, shapes, is_in);
        if let Some(Value::Object(id)) = schema.pointer_mut("/properties/id") {
            id.insert("minLength".into(), 1.into());
            id.insert("maxLength".into(), RequestId::BYTES_MAX.into());
        }
        schema
    }

    /// The schema of the server's frame.
    pub(super) fn sent(&self, message: &Message, shapes: &mut Shapes) -> Value {
        message.schema(self.own, shapes, |_| true)
    }
}

impl Envelope {
    fn schema(&self, protocol: &Description, shapes: &mut Shapes) -> Value {
        match self {
            Self::Of(shape) => shape(shapes),
            Self::In => (protocol.from_clients)(shapes),
            Self::Out => (protocol.from_server)(shapes),
            Self::OutWith(fields) => {
                let (mut schema, fields) = ((protocol.from_server)(shapes), fields(shapes));
                let part = |name: &str| fields.get(name).cloned();
                if let (Some(Value::Object(all)), Some(Value::Object(more))) =
                    (schema.get_mut("properties"), part("properties"))
                {
                    all.extend(more);
                }
                if let (Some(Value::Array(all)), Some(Value::Array(more))) =
                    (schema.get_mut("required"), part("required"))
                {
                    all.extend(more);
                }
                schema
            }
            Self::Entry => (protocol.entry)(shapes),
            Self::Answer => (protocol.answer)(shapes),
        }
    }
}

/// What every envelope of a client's has.
const COMMON: [&str; 2] = ["type", "id"];

impl Message {
    fn schema(
        &self,
        protocol: &Description,
        shapes: &mut Shapes,
        is_in: impl Fn(&str) -> bool,
    ) -> Value {
        let mut schema = self.envelope.schema(protocol, shapes);
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
