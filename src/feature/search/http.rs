//! What is asked of it over HTTP: the events in which something stands.

use super::Search;
use super::words::{Asked, LIMIT, SearchCommand};
use crate::api::{Cost, Reads, RoomCall, Task};
use crate::feature::{self, http::HttpCalls};
use crate::kernel::Grant;

impl HttpCalls for Search {
    const CALLS: &'static [RoomCall] = &[RoomCall {
        method: "GET",
        path: "events?search",
        grants: &[Grant::History],
        cost: Cost::Page,
        answers_nothing: false,
        reads: Reads::Path(|it| {
            let text = it.query.get("search").unwrap_or_default().to_owned();
            let (limit, order) = (it.number("limit", LIMIT)?, it.query.get("order"));
            Asked::new(text, limit, it.before()?, order)
                .map(|it| Task::from(SearchCommand::Search(it)))
        }),
    }];
}

impl From<SearchCommand> for Task {
    fn from(task: SearchCommand) -> Self {
        Self::Feature(feature::Task::Search(task))
    }
}
