//! How the objects of the directory are asked: the shards, and the one that keeps what was taken back.

use worker::{Env, Error, Result};

use super::hand_over::ANSWER_MS;
use super::platform;
use crate::directory::{Ask, SHARDS, shard_of};

const BINDING: &str = "DIRECTORY";

/// Asks the shard that knows this room.
pub(super) async fn tell(env: &Env, room: &str, ask: &Ask) -> Result<String> {
    ask_shard(env, shard_of(room), ask).await
}

/// Asks every shard, all at once.
pub(super) async fn ask_all(env: &Env, ask: &Ask) -> Result<Vec<String>> {
    let asked = (0..SHARDS).map(|shard| ask_shard(env, shard, ask));
    futures::future::try_join_all(asked).await
}

async fn ask_shard(env: &Env, shard: u32, ask: &Ask) -> Result<String> {
    ask_object(env, &format!("shard-{shard}"), ask, ANSWER_MS).await
}

/// The object that keeps what was taken back: of this class, and beside the shards.
pub(super) const REVOCATIONS: &str = "revocations";

/// Asks one object of this class.
pub(super) async fn ask_object(
    env: &Env,
    name: &str,
    ask: &Ask,
    patience_ms: f64,
) -> Result<String> {
    let namespace = js_sys::Reflect::get(env, &BINDING.into()).map_err(Error::from)?;
    let body = serde_json::to_string(ask)?;
    let answer = platform::post_to(&namespace, name, &body, patience_ms).await;
    answer.map_err(Error::from)?.as_string().ok_or(Error::RustError("no answer".into()))
}
