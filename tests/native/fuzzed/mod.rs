//! What fuzzing runs: a function of bytes for each target, which may say anything. It asserts what
//! holds for all of them, and must not panic.
//!
//! The fuzzer runs them from `fuzz/`, and [`crate::corpora`] runs them over the inputs that it has
//! found. A target is a line in this list, a file and a `[[bin]]` in `fuzz/`.
#![expect(clippy::expect_used, reason = "an expectation is what is looked at")]

pub(crate) mod admission;
pub(crate) mod api;
pub(crate) mod bytes;
pub(crate) mod capabilities;
pub(crate) mod documents;
pub(crate) mod frames;
pub(crate) mod keys;
pub(crate) mod msgpack;
pub(crate) mod names;
pub(crate) mod objects;
pub(crate) mod rows;
pub(crate) mod scripts;
pub(crate) mod search;
pub(crate) mod stored;
pub(crate) mod tokens;
pub(crate) mod twins;

/// Hands the list of all targets to a macro: `name: function`.
macro_rules! each_target {
    ($then:ident) => {
        $then! {
            api_bodies: api::bodies,
            api_calls: api::calls,
            api_tasks: api::tasks,
            attachments: stored::attachments,
            capabilities: capabilities::capabilities,
            client_frames: frames::client,
            context_frames: frames::context,
            conversation_frames: frames::conversation,
            document_edits: documents::edits,
            document_operations: documents::operations,
            entries: stored::entries,
            events_frames: frames::events,
            hand_off: admission::hand_off,
            key_sets: keys::key_sets,
            msgpack_from_json: msgpack::from_json,
            msgpack_to_json: msgpack::to_json,
            names: names::names,
            native_frames: frames::native,
            native_packed: frames::packed,
            native_scripts: scripts::native,
            native_twins: twins::encodings,
            objects: objects::objects,
            routes: admission::routes,
            rows: rows::rows,
            search: search::search,
            sleep_scripts: scripts::sleep,
            tokens: tokens::tokens,
            workflow_frames: frames::workflow,
        }
    };
}

pub(crate) use each_target;
