use js_sys::Array;
use wasm_bindgen::JsValue;
use worker::worker_sys::DurableObjectState;
use worker::worker_sys::types::SqlStorage;
use worker::{Error, Result, State};

use super::platform;
use crate::history::{Database, Row, Value};

/// The object's own SQLite.
pub(super) struct EdgeDatabase {
    state: DurableObjectState,
    sql: SqlStorage,
}

impl EdgeDatabase {
    pub(super) fn new(state: &State) -> Self {
        let raw: &JsValue = state.as_raw().as_ref();
        let sql = state.storage().sql();
        Self { state: raw.clone().into(), sql: sql.as_ref().clone().into() }
    }
}

impl Database for EdgeDatabase {
    type Error = Error;

    fn run(&self, sql: &str, bindings: &[Value<'_>]) -> Result<Vec<Row>> {
        let bindings: Array = bindings.iter().map(to_js).collect();
        let rows = platform::run_sql(&self.sql, sql, &bindings)?;
        rows.iter().map(|row| Array::from(&row).iter().map(|it| from_js(&it)).collect()).collect()
    }

    fn atomically(&self, work: &mut dyn FnMut() -> Result<()>) -> Result<()> {
        // A panic in it rolls the transaction back like an error, and then goes on.
        let mut work = std::panic::AssertUnwindSafe(work);
        let mut work = move || {
            let work = &mut work;
            (work.0)().map_err(JsValue::from)
        };
        platform::transaction_sync(&self.state, &mut work).map_err(Error::from)
    }
}

#[expect(clippy::cast_precision_loss, reason = "offsets and times stay below 2^53")]
fn to_js(value: &Value<'_>) -> JsValue {
    match value {
        Value::Null => JsValue::NULL,
        Value::Integer(integer) => JsValue::from_f64(*integer as f64),
        Value::Text(text) => JsValue::from_str(text),
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "range-checked")]
fn from_js(value: &JsValue) -> Result<Value<'static>> {
    if value.is_null() {
        return Ok(Value::Null);
    }
    if let Some(text) = value.as_string() {
        return Ok(Value::from(text));
    }
    match value.as_f64() {
        Some(number) if 0.0 <= number && number.fract() == 0.0 => Ok(Value::Integer(number as u64)),
        _ => Err(Error::RustError("a column has a type this schema does not use".into())),
    }
}
