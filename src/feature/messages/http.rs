//! They have no call of their own.

use super::Messages;
use crate::feature::http::HttpCalls;

impl HttpCalls for Messages {}
