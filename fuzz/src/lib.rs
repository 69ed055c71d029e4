//! The targets of `tests/native/fuzzed`, for the fuzzer, and what they use of the tests beside them.
#![allow(dead_code, unused_imports, unused_macros, reason = "targets use a part of what tests do")]

#[path = "../../tests/native/behind.rs"]
mod behind;
#[path = "../../tests/native/document_converges.rs"]
mod document_converges;
#[path = "../../tests/native/document_replica.rs"]
mod document_replica;
#[path = "../../tests/native/found.rs"]
mod found;
#[path = "../../tests/native/fuzzed/mod.rs"]
mod fuzzed;
#[path = "../../tests/native/moment.rs"]
mod moment;
#[path = "../../tests/native/native_happens.rs"]
mod native_happens;
#[path = "../../tests/native/native_scripts.rs"]
mod native_scripts;
#[path = "../../tests/native/publications.rs"]
mod publications;
#[path = "../../tests/native/sleep/mod.rs"]
mod sleep;
#[path = "../../tests/native/support.rs"]
mod support;
#[path = "../../tests/native/transfer.rs"]
mod transfer;
#[path = "../../tests/native/untold.rs"]
mod untold;
#[path = "../../tests/native/witness.rs"]
mod witness;
#[path = "../../tests/native/world.rs"]
mod world;

macro_rules! exported {
    ($($name:ident: $module:ident::$target:ident,)*) => {$(
        /// The target of this name.
        pub fn $name(input: &[u8]) {
            fuzzed::$module::$target(input);
        }
    )*};
}

fuzzed::each_target!(exported);
