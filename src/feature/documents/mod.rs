//! Documents that several people edit at once (B17 to B21).

pub(crate) mod context;
mod words;

pub use words::{Cursor, EditingCommand, EditingEvent, EditingState, Operation, Role, Version};
