//! The `OpenAPI` document and the HTTP API say the same.

use dormouse::admission::{Query, Route, Target};
use dormouse::api::{Answer, Batch, Call, Problem, read_batch, read_event};
use dormouse::feature;
use dormouse::kernel::Event;
use dormouse::message::{Json, Kind, ProtocolError, Reply};
use dormouse::protocol::Transport;
use dormouse::schema::openapi;
use jsonschema::Validator;
use serde_json::{Value, json};

use crate::schema::{events, notice, validator};

const DRAFT_2020: &str = "https://json-schema.org/draft/2020-12/schema";

/// What each call is: the test fails until a new one stands here and is documented.
fn name(call: &Call) -> &'static str {
    match call {
        Call::Room(asked) => match (asked.call.method, asked.call.path) {
            ("POST", "events") => "publish",
            ("GET", "events") => "history",
            ("GET", "events?search") => "search",
            ("GET", "presence") => "presence",
            ("GET", "reads") => "reads",
            ("GET", "bans") => "list bans",
            ("PUT", "bans/{user}") => "ban",
            ("DELETE", "bans/{user}") => "lift ban",
            ("DELETE", "connections") => "drain",
            ("DELETE", "connections/{session}") => "kick session",
            ("DELETE", "users/{user}") => "kick user",
            ("DELETE", "") => "erase",
            ("DELETE", "documents/{document}") => "delete document",
            ("DELETE", "objects/{data_id}") => "delete object",
            ("DELETE", "state/{key}") => "delete state",
            other => panic!("{other:?}"),
        },
        Call::Batch => "batch",
        Call::List(_) => "list",
        Call::Revoke => "revoke",
        Call::Revocations(..) => "revocations",
        Call::LiftRevocation(_) => "lift revocation",
        Call::LogOut(_) => "log out",
        Call::Health => "health",
        Call::Metrics => "metrics",
        Call::Prometheus => "prometheus",
    }
}

const CALLS: [&str; 24] = [
    "ban",
    "batch",
    "delete document",
    "delete object",
    "delete state",
    "drain",
    "erase",
    "health",
    "history",
    "kick session",
    "kick user",
    "lift ban",
    "lift revocation",
    "list",
    "list bans",
    "log out",
    "metrics",
    "presence",
    "prometheus",
    "publish",
    "reads",
    "revocations",
    "revoke",
    "search",
];

/// What is documented with the calls, and is none: the health check, and what protocols stream.
fn is_no_call(path: &str) -> bool {
    match Route::of(path, false) {
        Route::Health => true,
        Route::Socket(Target::Room(endpoint, _)) => {
            endpoint.protocol.descriptor().transport == Transport::EventStream
        }
        _ => false,
    }
}

#[test]
fn every_call_is_documented_and_every_documented_call_is_one() {
    let document = openapi();
    let parameters = &document["components"]["parameters"];
    let mut called = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let (mut path, mut query, mut needed) = (path.clone(), Vec::new(), Vec::new());
            for parameter in operation["parameters"].as_array().into_iter().flatten() {
                let key = parameter["$ref"].as_str().unwrap().rsplit('/').next().unwrap();
                let parameter = &parameters[key];
                let name = parameter["name"].as_str().unwrap();
                let example = match &parameter["example"] {
                    Value::String(text) => text.clone(),
                    other => other.to_string(),
                };
                assert!(example != "null", "{key}");
                if parameter["in"] == "path" {
                    path = path.replace(&format!("{{{name}}}"), &example);
                } else {
                    let pair = (name.to_owned(), example);
                    needed.extend((parameter["required"] == true).then(|| pair.clone()));
                    query.push(pair);
                }
            }
            // With all parameters it may be another call than with those alone that it needs.
            for query in [query, needed] {
                match Call::of(&method.to_uppercase(), &path, &Query::new(query)) {
                    Ok(call) => called.push(name(&call)),
                    Err(no_call) => assert!(is_no_call(&path), "{path}: {no_call:?}"),
                }
            }
        }
    }
    called.sort_unstable();
    called.dedup();
    assert_eq!(called, CALLS);
    assert!(document["paths"]["/healthz"]["get"].is_object());
}

#[test]
fn every_example_of_the_http_api_is_of_its_shape() {
    let document = openapi();
    let mut looked = 0;
    let mut check = |place: &str, schema: &Value, example: &Value| {
        let valid = validator(&document, DRAFT_2020, schema);
        assert!(!example.is_null() && valid.is_valid(example), "{place}: {example}");
        looked += 1;
    };
    let content = |it: &Value| -> Vec<Value> {
        it["content"].as_object().into_iter().flat_map(|it| it.values().cloned()).collect()
    };
    for (path, item) in document["paths"].as_object().unwrap() {
        for operation in item.as_object().unwrap().values() {
            let responses = operation["responses"].as_object().unwrap().values();
            for body in responses.chain([&operation["requestBody"]]).flat_map(content) {
                check(path, &body["schema"], &body["example"]);
            }
        }
    }
    for kind in ["parameters", "responses"] {
        for (name, it) in document["components"][kind].as_object().unwrap() {
            let bodies = if kind == "parameters" { vec![it.clone()] } else { content(it) };
            for it in &bodies {
                check(name, &it["schema"], &it["example"]);
            }
        }
    }
    assert!(30 < looked, "{looked}");
}

/// The schema of a call's body, or of what is answered.
fn body(document: &Value, path: &str, method: &str, status: Option<&str>) -> Validator {
    let operation = &document["paths"][path][method];
    let body = status.map_or(&operation["requestBody"], |it| &operation["responses"][it]);
    validator(document, DRAFT_2020, &body["content"]["application/json"]["schema"])
}

#[test]
fn what_is_answered_over_http_is_of_the_documented_shape() {
    let document = openapi();
    let log = "/api/v1/rooms/{kind}/{name}/events";
    let problem =
        validator(&document, DRAFT_2020, &json!({"$ref": "#/components/schemas/Problem"}));
    let mut refused = 0;
    for event in events() {
        let (path, method) = match &event {
            Event::Presence(_) => ("/api/v1/rooms/{kind}/{name}/presence", "get"),
            Event::History(_) | Event::Feature(feature::Event::Search(_)) => (log, "get"),
            Event::Reply(Reply::Accepted(_)) => (log, "post"),
            Event::Reply(Reply::Kicked(_)) => {
                ("/api/v1/rooms/{kind}/{name}/users/{user}", "delete")
            }
            Event::Refused(error) => {
                let spelled = serde_json::to_value(Problem::of(error)).unwrap();
                problem.validate(&spelled).unwrap();
                refused += 1;
                continue;
            }
            _ => continue,
        };
        let Answer::Done(json) = Answer::of(&notice(event, None)) else { panic!("{path}") };
        let answer: Value = serde_json::from_str(json.as_str()).unwrap();
        body(&document, path, method, Some("200")).validate(&answer).unwrap();
    }
    assert_eq!(refused, 3);
    let done = Answer::Done(Json::parse(r#"{"offset":1,"epoch":"e","duplicate":true}"#).unwrap());
    let batch = Batch::of(vec![done, Answer::Refused(ProtocolError::system())]);
    let batch = serde_json::to_value(&batch).unwrap();
    body(&document, "/api/v1/events", "post", Some("200")).validate(&batch).unwrap();
}

#[test]
fn bodies_are_read_where_the_document_says_so() {
    let document = openapi();
    let publish = body(&document, "/api/v1/rooms/{kind}/{name}/events", "post", None);
    for (text, good) in [
        (r#"{"type":"a"}"#, true),
        (r#"{"type":"a","data":null,"id":"1","user_id":null,"exclude":null}"#, true),
        (r#"{"type":"a","id":1}"#, false),
        (r#"{"data":1}"#, false),
        ("[]", false),
    ] {
        assert_eq!(publish.is_valid(&serde_json::from_str(text).unwrap()), good, "{text}");
        assert_eq!(read_event(text, Kind::Hub, 1000).is_ok(), good, "{text}");
    }
    let batch = body(&document, "/api/v1/events", "post", None);
    for (text, good) in [
        (r#"{"events":[{"room":"hub:a","type":"a"}]}"#, true),
        (r#"{"events":[{"type":"a"}]}"#, false),
        (r#"{"events":[]}"#, false),
    ] {
        assert_eq!(batch.is_valid(&serde_json::from_str(text).unwrap()), good, "{text}");
        let read = read_batch(text, 1000).is_ok_and(|it| it.iter().all(Result::is_ok));
        assert_eq!(read, good, "{text}");
    }
}
