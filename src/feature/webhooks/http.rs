//! They have no call of their own.

use super::Webhooks;
use crate::feature::http::HttpCalls;

impl HttpCalls for Webhooks {}
