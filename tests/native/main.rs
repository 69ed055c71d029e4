//! The whole server, minus Cloudflare: `cargo test`.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::wildcard_enum_match_arm,
    reason = "a test may panic, and looks for one thing among others"
)]

mod addresses;
mod admission;
mod admission_conversation;
mod annotated;
mod annotation_frames;
mod annotations;
mod annotations_fold;
mod annotations_refused;
mod asked;
mod attachment;
mod behind;
mod behind_scripts;
mod breaker;
mod budget;
mod channels;
mod circles;
mod claims;
mod conversation;
mod conversation_history;
mod decoded;
mod descriptor;
mod directory;
mod directory_views;
mod document;
mod document_converges;
mod document_replica;
mod editing;
mod editing_frames;
mod editing_history;
mod editing_memory;
mod editing_refusals;
mod ends;
mod erase;
mod following;
mod found;
mod grants;
mod heartbeat;
mod history;
mod host;
mod lanes;
mod measures;
mod metrics;
mod moment;
mod names;
mod native_beside;
mod native_frames;
mod native_happens;
mod native_objects;
mod native_scripts;
mod native_words;
mod numbers;
mod outbox;
mod owners;
mod presence;
mod presence_crowds;
mod presence_frames;
mod protocol;
mod publications;
mod readable;
mod readers;
mod resume;
mod room;
mod rules;
mod schema;
mod schema_http;
mod search;
mod search_index;
mod search_words;
mod shares;
mod sleep;
mod sse;
mod stored;
mod stored_rooms;
mod support;
mod threads;
mod tidy;
mod transfer;
mod transfer_rules;
mod transfer_stream;
mod vacancy;
mod vectors;
mod webhooks;
mod webhooks_members;
mod webhooks_off;
mod witness;
mod words;
mod world;
