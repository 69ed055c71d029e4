use js_sys::Array;
use wasm_bindgen::JsValue;
use worker::worker_sys::DurableObjectState;
use worker::worker_sys::types::SqlStorage;
use worker::{Error, Result, State};

use super::platform;
use crate::database::{Database, Row, Value};

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
        match platform::run_sql(&self.sql, sql, &bindings)? {
            None => Ok(Vec::new()),
            Some(rows) => Ok(serde_json::from_str(&rows)?),
        }
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
