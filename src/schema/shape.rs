use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde_json::{Map, Value};

use super::words;

/// What is read and what is written differ: what may be missing here may never be there.
pub(crate) struct Shapes {
    input: SchemaGenerator,
    output: SchemaGenerator,
}

/// The schema of a type. A function, so that it can stand in a table.
pub(crate) type Shape = fn(&mut Shapes) -> Value;

/// A type that is read, by reference.
pub(crate) fn input<T: JsonSchema>(shapes: &mut Shapes) -> Value {
    shapes.input.subschema_for::<T>().to_value()
}

/// A type that is written, by reference.
pub(crate) fn output<T: JsonSchema>(shapes: &mut Shapes) -> Value {
    shapes.output.subschema_for::<T>().to_value()
}

/// A type that is read, in place.
pub(crate) fn input_here<T: JsonSchema>(shapes: &mut Shapes) -> Value {
    T::json_schema(&mut shapes.input).to_value()
}

/// A type that is written, in place.
pub(crate) fn output_here<T: JsonSchema>(shapes: &mut Shapes) -> Value {
    let mut schema = T::json_schema(&mut shapes.output).to_value();
    drop_missing(&mut schema);
    schema
}

impl Shapes {
    /// Generates the JSON Schema of these settings.
    pub(crate) fn new(settings: SchemaSettings) -> Self {
        let input = settings.clone().for_deserialize().into_generator();
        Self { input, output: settings.for_serialize().into_generator() }
    }

    /// The types that were referred to so far.
    pub(crate) fn take(&mut self) -> Map<String, Value> {
        let mut all = self.input.take_definitions(false);
        let mut output = self.output.take_definitions(false);
        output.values_mut().for_each(drop_missing);
        all.append(&mut output);
        for schema in all.values_mut() {
            self.finish(schema);
        }
        all
    }

    /// What is done to every schema at last.
    pub(crate) fn finish(&mut self, schema: &mut Value) {
        walk(schema, &mut |it| {
            words::explain(it);
            words::tidy(it);
        });
        if let Ok(schema) = <&mut Schema>::try_from(schema) {
            for transform in self.output.transforms_mut() {
                transform.transform(schema);
            }
        }
    }
}

/// Visits every object.
pub(crate) fn walk(value: &mut Value, visit: &mut impl FnMut(&mut Map<String, Value>)) {
    match value {
        Value::Object(fields) => {
            visit(fields);
            fields.values_mut().for_each(|it| walk(it, visit));
        }
        Value::Array(items) => items.iter_mut().for_each(|it| walk(it, visit)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// A field that is left out when there is nothing in it is never `null`; one that could be
/// nothing else is never there.
fn drop_missing(schema: &mut Value) {
    walk(schema, &mut |it| {
        let required = it.get("required").cloned().unwrap_or_default();
        let is_required =
            |name: &str| required.as_array().is_some_and(|all| all.iter().any(|it| it == name));
        let Some(Value::Object(fields)) = it.get_mut("properties") else { return };
        for (_, schema) in fields.iter_mut().filter(|(name, _)| !is_required(name)) {
            drop_null(schema);
        }
        fields.retain(|_, it| it.get("type").is_none_or(|kind| kind != "null"));
    });
}

fn drop_null(schema: &mut Value) {
    let Value::Object(schema) = schema else { return };
    if let Some(Value::Array(kinds)) = schema.get_mut("type") {
        kinds.retain(|it| it != "null");
        if let [kind] = kinds.as_slice() {
            let kind = kind.clone();
            schema.insert("type".into(), kind);
        }
    }
    if let Some(Value::Array(all)) = schema.get_mut("anyOf") {
        all.retain(|it| it.get("type").is_none_or(|kind| kind != "null"));
        if let [Value::Object(only)] = all.as_mut_slice() {
            let mut only = std::mem::take(only);
            schema.remove("anyOf");
            schema.append(&mut only);
        }
    }
}
