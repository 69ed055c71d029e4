//! Why chunks and requests of large data are refused.

use std::borrow::Cow;

use crate::message::{Code, Fault, ProtocolError};

pub(super) const fn conflict(message: &'static str) -> ProtocolError {
    ProtocolError::new(Code::Conflict, message)
}

pub(super) const UNKNOWN: ProtocolError =
    ProtocolError::new(Code::NotFound, "no data of this data_id is here");
pub(super) const GONE: ProtocolError =
    ProtocolError::new(Code::NotFound, "this data is no longer here");

pub(super) fn fault(field: &'static str, problem: impl Into<Cow<'static, str>>) -> ProtocolError {
    ProtocolError::faulty(vec![Fault { field: field.into(), problem: problem.into() }])
}
