//! It has no call of its own.

use super::Typing;
use crate::feature::http::HttpCalls;

impl HttpCalls for Typing {}
