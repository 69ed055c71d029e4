//! The calls of one room: a table. A new call of the kernel's is an entry here, and one of a
//! feature's an entry in its `http.rs`.

use percent_encoding::percent_decode_str;

use super::{Cost, Task, read_event};
use crate::admission::Query;
use crate::feature::http;
use crate::kernel::Grant;
use crate::message::{
    Before, ConnectionId, Drain, Kind, Millis, Offset, PageRequest, ProtocolError, RoomName,
    UserId, Within,
};
use crate::protocol::json;

/// Why a request is no call.
#[derive(Clone, Debug, PartialEq)]
pub enum NoCall {
    /// Nothing is there.
    Nothing,
    /// Something is there, but it takes other methods.
    Method(String),
    /// It is refused.
    Refused(ProtocolError),
}

impl From<ProtocolError> for NoCall {
    fn from(error: ProtocolError) -> Self {
        Self::Refused(error)
    }
}

/// A call of one room.
#[derive(Debug)]
pub struct RoomCall {
    /// In capitals. Who may `GET` may `HEAD`.
    pub method: &'static str,
    /// Below the room's own path. A segment in braces stands for any one. What follows a `?` is a
    /// parameter of the query: without it, this is another call.
    pub path: &'static str,
    /// Any of these will do; whose something is only the room knows.
    pub grants: &'static [Grant],
    /// What it costs who may make it.
    pub cost: Cost,
    /// Whether it is answered with status 204 and without a body.
    pub answers_nothing: bool,
    /// How it is read.
    pub reads: Reads,
}

/// How a call is read.
#[derive(Clone, Copy, Debug)]
pub enum Reads {
    /// From its path and query, before it is known who calls.
    Path(fn(&Asked) -> Result<Task, ProtocolError>),
    /// From its body too, once it is known that they may. The number bounds the data in it, in
    /// bytes.
    Body(fn(&Asked, &str, usize) -> Result<Task, ProtocolError>),
}

/// What is asked of one room.
#[derive(Debug)]
pub struct Asked {
    /// The kind of the room.
    pub kind: Kind,
    /// The room.
    pub room: RoomName,
    /// Which call it is.
    pub call: &'static RoomCall,
    /// What stands in the path for segments in braces, decoded.
    pub parameters: Vec<String>,
    /// The query.
    pub query: Query,
    /// What is to be done, unless it takes the body to know.
    pub task: Option<Task>,
}

impl Asked {
    /// Finds the call, and reads it as far as it goes without its body. `path` is what stands
    /// below the room's own path.
    pub(super) fn of(
        kind: Kind,
        room: RoomName,
        method: &str,
        path: &[&str],
        query: &Query,
    ) -> Result<Self, NoCall> {
        let all = || http::CALLS.iter().copied().flatten();
        let found = all().filter_map(|it| Some((it, parameters(it, path, query)?)));
        let called = found.clone().filter(|(it, _)| it.method == method);
        let Some((call, segments)) = called.max_by_key(|(it, _)| it.path.contains('?')) else {
            let plain = found.filter(|(it, _)| !it.path.contains('?'));
            let mut methods: Vec<&str> = plain.map(|(it, _)| it.method).collect();
            if let Some(get) = methods.iter().position(|it| *it == "GET") {
                methods.insert(get + 1, "HEAD");
            }
            return Err(if methods.is_empty() {
                NoCall::Nothing
            } else {
                NoCall::Method(methods.join(", "))
            });
        };
        let parameters = segments.into_iter().map(decoded).collect::<Result<_, _>>()?;
        let mut asked = Self { kind, room, call, parameters, query: query.clone(), task: None };
        if let Reads::Path(read) = call.reads {
            asked.task = Some(read(&asked)?);
        }
        Ok(asked)
    }

    /// The first of its parameters.
    pub(crate) fn parameter(&self) -> &str {
        self.parameters.first().map(String::as_str).unwrap_or_default()
    }

    /// A number in the query, if it is there.
    pub(crate) fn number(
        &self,
        name: &str,
        wrong: &'static str,
    ) -> Result<Option<u64>, ProtocolError> {
        number(&self.query, name, wrong)
    }

    /// Where what is read ends.
    pub(crate) fn before(&self) -> Result<Before, ProtocolError> {
        self.query.get("before").map_or(Ok(Before::Newest), Before::read)
    }

    /// How many are asked for at most.
    pub(crate) fn limit(&self) -> Result<u32, ProtocolError> {
        json::limit(self.number("limit", "limit must be 1 to 200")?)
    }

    /// Which connections are to be closed for them to come back.
    fn drain(&self) -> Result<Drain, ProtocolError> {
        let before = self.query.get("joined_before");
        let before = before.map_or(Some(Millis(u64::MAX)), Millis::parse);
        let before = before.ok_or(WRONG_TIME)?;
        Ok(Drain { before, limit: self.limit()? })
    }

    fn page(&self) -> Result<PageRequest, ProtocolError> {
        let limit = self.limit()?;
        let before = self.before()?;
        let after = self.number("after", "after must be an offset")?.map(Offset);
        let raw = match self.query.get("raw") {
            None | Some("false") => false,
            Some("true") => true,
            Some(_) => return Err(ProtocolError::invalid("raw must be true or false")),
        };
        Ok(PageRequest { before, after, limit, raw, within: Within::default() })
    }
}

const WRONG_TIME: ProtocolError = ProtocolError::invalid("joined_before must be an RFC 3339 time");

/// What stands for the segments in braces, if a path and a query fit the call.
fn parameters<'a>(call: &RoomCall, path: &[&'a str], query: &Query) -> Option<Vec<&'a str>> {
    let (template, parameter) = call.path.split_once('?').unwrap_or((call.path, ""));
    if !parameter.is_empty() && query.get(parameter).is_none() {
        return None;
    }
    let mut expected = template.split('/').filter(|it| !it.is_empty());
    let mut found = Vec::new();
    for segment in path {
        match expected.next()? {
            it if it.starts_with('{') => found.push(*segment),
            it if it == *segment => {}
            _ => return None,
        }
    }
    expected.next().is_none().then_some(found)
}

/// A part of a path, as it is meant.
pub(super) fn decoded(part: &str) -> Result<String, ProtocolError> {
    let text = percent_decode_str(part).decode_utf8();
    text.map(Into::into).map_err(|_| ProtocolError::invalid("the path is not UTF-8"))
}

/// A number in the query, if it is there.
pub(super) fn number(
    query: &Query,
    name: &str,
    wrong: &'static str,
) -> Result<Option<u64>, ProtocolError> {
    query.get(name).map(|it| it.parse().map_err(|_| ProtocolError::invalid(wrong))).transpose()
}

/// Those of the kernel.
pub(crate) const CALLS: &[RoomCall] = &[
    RoomCall {
        method: "GET",
        path: "events",
        grants: &[Grant::History],
        cost: Cost::Page,
        answers_nothing: false,
        reads: Reads::Path(|it| Ok(Task::history(it.page()?))),
    },
    RoomCall {
        method: "POST",
        path: "events",
        grants: &[Grant::Publish],
        cost: Cost::Publish(1),
        answers_nothing: false,
        reads: Reads::Body(|it, body, bytes_max| {
            Ok(Task::Publish(vec![read_event(body, it.kind, bytes_max)?]))
        }),
    },
    RoomCall {
        method: "GET",
        path: "presence",
        grants: &[Grant::Presence],
        cost: Cost::Call,
        answers_nothing: false,
        reads: Reads::Path(|_| Ok(Task::Presence)),
    },
    RoomCall {
        method: "DELETE",
        path: "connections/{session}",
        grants: &[Grant::Admin],
        cost: Cost::Call,
        answers_nothing: false,
        reads: Reads::Path(|it| {
            let connection = ConnectionId::parse(it.parameter());
            connection.map(Task::KickSession).ok_or(NO_CONNECTION)
        }),
    },
    RoomCall {
        method: "DELETE",
        path: "connections",
        grants: &[Grant::Admin],
        cost: Cost::Call,
        answers_nothing: false,
        reads: Reads::Path(|it| it.drain().map(Task::Drain)),
    },
    RoomCall {
        method: "DELETE",
        path: "users/{user}",
        grants: &[Grant::Admin],
        cost: Cost::Call,
        answers_nothing: false,
        reads: Reads::Path(|it| UserId::parse(it.parameter()).map(Task::KickUser)),
    },
    RoomCall {
        method: "DELETE",
        path: "",
        grants: &[Grant::Admin],
        cost: Cost::Call,
        answers_nothing: true,
        reads: Reads::Path(|it| {
            let is_confirmed = it.query.get("confirm") == Some(it.room.as_str());
            is_confirmed.then_some(Task::Erase).ok_or(UNCONFIRMED)
        }),
    },
];

/// A client that resolves `..` in a path of something inside a room asks for the room itself.
const UNCONFIRMED: ProtocolError = ProtocolError::invalid(
    "erasing a room needs the query parameter confirm, with the room's own name",
);
const NO_CONNECTION: ProtocolError = ProtocolError::invalid("this is no session's id");

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(method: &str, path: &[&str]) -> Result<Task, NoCall> {
        let room = RoomName::parse("demo").unwrap();
        let asked = Asked::of(Kind::Hub, room, method, path, &Query::default())?;
        match (asked.call.reads, &asked.task) {
            (Reads::Path(_), Some(task)) => Ok(task.clone()),
            (Reads::Body(read), None) => Ok(read(&asked, r#"{"type":"a"}"#, 100)?),
            (_, task) => panic!("{task:?}"),
        }
    }

    #[test]
    fn a_call_is_found_by_its_method_and_path() {
        assert_eq!(asked("GET", &["presence"]), Ok(Task::Presence));
        let user = UserId::parse("a-b").unwrap();
        assert_eq!(asked("DELETE", &["users", "a%2Db"]), Ok(Task::KickUser(user)));
        assert!(matches!(asked("POST", &["events"]), Ok(Task::Publish(_))));
        for nothing in [&["present"][..], &["state"], &["state", "a", "b"], &[""], &["events", ""]]
        {
            assert_eq!(asked("GET", nothing), Err(NoCall::Nothing), "{nothing:?}");
        }
    }

    #[test]
    fn another_method_is_told_those_that_the_path_takes() {
        let allowed = |path: &[&str]| match asked("PATCH", path) {
            Err(NoCall::Method(methods)) => methods,
            other => panic!("{other:?}"),
        };
        assert_eq!(allowed(&["events"]), "GET, HEAD, POST");
        assert_eq!(allowed(&["presence"]), "GET, HEAD");
        for path in [
            &["connections"][..],
            &["connections", "x"],
            &["documents", "%ff"],
            &["state", "a"],
            &[],
        ] {
            assert_eq!(allowed(path), "DELETE", "{path:?}");
        }
    }

    #[test]
    fn no_two_calls_are_the_same() {
        let all = http::CALLS.iter().copied().flatten();
        let mut all: Vec<_> = all.map(|it| (it.method, it.path)).collect();
        let count = all.len();
        all.sort_unstable();
        all.dedup();
        assert!(all.len() == count && 9 <= count, "{all:?}");
    }
}
