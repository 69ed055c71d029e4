//! The edge: the only code that knows it runs on Cloudflare. It brings requests, frames and alarms
//! to the modules above, and does what they say. What it decides by itself is what only the
//! platform shows: which sockets do not keep up, and which objects fail and are left alone.

mod attachment;
mod breakers;
#[cfg(feature = "chaos")]
mod chaos;
mod clock;
mod config;
mod database;
mod directories;
mod directory_object;
mod echo_object;
mod fetch;
mod hand_over;
mod http;
mod issuers;
mod log;
mod panic;
mod platform;
mod reception;
mod refused;
mod revoked;
mod revoker;
mod revoking;
mod room_object;
mod sockets;
mod stream;
