//! Search: history found again by words (S1 to S8).

mod chars;
mod http;
mod index;
mod rules;
#[cfg(not(target_arch = "wasm32"))]
mod schema;
mod snippet;
mod stored;
mod tables;
mod terms;
mod text;
mod wire;
mod words;

use std::convert::Infallible;

use super::{Feature, Known, Never, Nothing};
use crate::message::{Kind, Millis};

pub use snippet::{Part, snippet};
pub use stored::{Found, Hit, Lookup, Order, SearchConfig};
pub use terms::{SEARCH_BYTES_MAX, TERMS_MAX, Terms};
pub use words::{Asked, SearchCommand, SearchEvent};

/// There is nothing to know of it: what is indexed stands with the index.
#[derive(Debug)]
pub struct Search;

impl Feature for Search {
    type Command = SearchCommand;
    type Event = SearchEvent;
    type Write = Never<Self>;
    type Query = Lookup;
    type Found = Found;
    type Call = Infallible;
    type Input = Infallible;
    type OnConnection = Nothing;
    type Config = SearchConfig;
    type Task = SearchCommand;
    fn offers(kind: Kind, config: &SearchConfig) -> Option<&'static str> {
        config.kinds.contains(&kind).then_some("search")
    }
    fn words(protocol: &str) -> &'static [&'static str] {
        match protocol {
            "context" => &["search"],
            _ => &[],
        }
    }
}

impl Known for Search {
    type Stored = ();
    type Shared = ();
    fn wake((): (), _: Millis) -> Self {
        Self
    }
    fn keeps_nothing(&self) -> bool {
        true
    }
}
