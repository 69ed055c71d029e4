//! They have no call of their own.

use super::Conversations;
use crate::feature::http::HttpCalls;

impl HttpCalls for Conversations {}
