//! They have no call of their own.

use super::Workflows;
use crate::feature::http::HttpCalls;

impl HttpCalls for Workflows {}
