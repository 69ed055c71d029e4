//! The edge: the only code that knows it runs on Cloudflare. Decides nothing.

mod attachment;
mod breakers;
#[cfg(feature = "chaos")]
mod chaos;
mod classes;
mod clock;
mod config;
mod database;
mod directory_object;
mod echo_object;
mod fetch;
mod hand_over;
mod http;
mod log;
mod panic;
mod platform;
mod reception;
mod room_object;
mod sockets;
