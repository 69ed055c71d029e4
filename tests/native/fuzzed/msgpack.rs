//! MessagePack and JSON say the same.

use dormouse::protocol::msgpack;
use serde_json::Value;
use serde_json::value::RawValue;

use super::bytes::text;

/// What the server says before data that is bytes. A client says it behind them, where it says nothing.
const ENCODING: &str = "\"encoding\"";

/// What is read is JSON, and packed again it stays what it is.
pub(crate) fn to_json(input: &[u8]) {
    let Some(text) = msgpack::to_json(input) else { return };
    assert!(serde_json::from_str::<&RawValue>(&text).is_ok(), "no JSON: {text}");
    if text.contains(ENCODING) {
        return;
    }
    let packed = msgpack::from_json(&text).expect("what was read can be packed");
    let again = msgpack::to_json(&packed).expect("and read again");
    let (read, same): (Value, Value) =
        (serde_json::from_str(&text).unwrap(), serde_json::from_str(&again).unwrap());
    assert!(is_like(&read, &same), "{text} became {again}");
    assert_eq!(msgpack::from_json(&again).as_ref(), Some(&packed), "packed otherwise: {text}");
}

/// JSON can be packed unless it promises bytes that it has not, and text that is none does no harm.
pub(crate) fn from_json(input: &[u8]) {
    let text = text(input);
    let packed = msgpack::from_json(&text);
    let Ok(said) = serde_json::from_str::<Value>(&text) else { return };
    if text.contains(ENCODING) {
        return;
    }
    let packed = packed.expect("JSON can be packed");
    // What is nested too deeply, or says a key twice, clients read and the server does not.
    let Some(again) = msgpack::to_json(&packed) else { return };
    let read: Value = serde_json::from_str(&again).unwrap();
    assert!(is_like(&said, &read), "{text} became {again}");
}

/// Whether two values are the same to a client in JavaScript.
fn is_like(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Number(one), Value::Number(other)) => {
            // The last digit of a long number is rounded otherwise by the parser of these values.
            let (one, other) = (one.as_f64().unwrap(), other.as_f64().unwrap());
            (one - other).abs() <= one.abs() * 4.0 * f64::EPSILON
        }
        (Value::Array(one), Value::Array(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(it, same)| is_like(it, same))
        }
        (Value::Object(one), Value::Object(other)) => {
            let is_there =
                |(key, it): (&String, &Value)| other.get(key).is_some_and(|same| is_like(it, same));
            one.len() == other.len() && one.iter().all(is_there)
        }
        (one, other) => one == other,
    }
}
