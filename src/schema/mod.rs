//! The API as documents that tools read: `OpenAPI` for HTTP, `AsyncAPI` for sockets. Shapes
//! come from the types that are the wire; what no type says stands in tables: the calls in
//! `calls`, the messages in `frames`. Made on the host, by a test; never deployed.

mod asyncapi;
pub(crate) mod calls;
pub(crate) mod frames;
pub(crate) mod openapi;
pub(crate) mod shape;
pub(crate) mod words;

pub use asyncapi::asyncapi;
pub use openapi::openapi;
use serde_json::{Map, Value};

/// A document as it is committed.
#[must_use]
pub fn text(document: &Value) -> String {
    let mut text = serde_json::to_string_pretty(document).unwrap_or_default();
    text.push('\n');
    text
}

/// JSON that stands in a table as text; `null` if it is none, which no test lets pass.
fn parsed(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_default()
}

/// An object of these fields.
fn object<K: Into<String>>(fields: impl IntoIterator<Item = (K, Value)>) -> Value {
    fields.into_iter().map(|(name, it)| (name.into(), it)).collect::<Map<_, _>>().into()
}

/// A reference to a part of the document.
fn reference(path: &str) -> Value {
    serde_json::json!({"$ref": format!("#/{path}")})
}
