//! The object that keeps what was taken back, and tells the rooms: at least once each, by its one
//! alarm, so that it goes on where it was when its process ends.

use wasm_bindgen_futures::JsFuture;
use worker::{Env, Response, Result, State};

use super::database::EdgeDatabase;
use super::hand_over::run;
use super::{clock, directories, log, platform};
use crate::api::{RoomRequest, Task};
use crate::directory::{
    Ask, KeptRevocation, Listed, Listing, RevocationAsk, Revocations, merge_pages,
};
use crate::message::{Kind, Millis, RoomName};

/// Rooms that are told at once: as many calls as the platform lets an object have open with room to
/// spare.
const AT_ONCE: usize = 50;

/// Rooms of a stretch of a walk. What dies with the process is told again.
const STRETCH: u32 = 200;

/// After a failure of the directory or the storage, in milliseconds.
const RETRY_MS: u64 = 2_000;

/// The object, for as long as it does something.
pub(super) struct Revoker<'a> {
    pub(super) state: &'a State,
    pub(super) env: &'a Env,
    pub(super) report_ms: u64,
}

impl Revoker<'_> {
    pub(super) async fn answer(&self, ask: RevocationAsk) -> Result<Response> {
        let now = clock::now();
        let mut kept = self.open(now)?;
        let response = match ask {
            RevocationAsk::Add(what, expires_at) => {
                Response::from_json(&kept.add(&what, expires_at, now)?)
            }
            RevocationAsk::List(after, limit) => {
                Response::from_json(&kept.list(&after, limit, now)?)
            }
            RevocationAsk::Lift(id) => Response::from_json(&kept.lift(&id, now)?),
            RevocationAsk::Since(version) => Response::from_json(&kept.since(version, now)?),
        };
        // Whatever is asked: should the process have died before an alarm was set, it is set now.
        self.arm(kept.next_at(now)?.filter(|at| *at <= now)).await;
        response
    }

    /// Does what is due. Never fails: the platform would give up on the alarm after six times.
    pub(super) async fn ring(&self) {
        let next = match self.do_due().await {
            Ok(next) => next,
            Err(error) => {
                log::broke("revocations", &error.to_string());
                Some(clock::now().plus(RETRY_MS))
            }
        };
        self.arm(next).await;
    }

    /// One stretch of a walk, and as many of the rooms that did not answer.
    async fn do_due(&self) -> Result<Option<Millis>> {
        let now = clock::now();
        let mut kept = self.open(now)?;
        kept.expire(now)?;
        if let Some(walk) = kept.walk(now)? {
            let told = kept.told(&walk)?;
            let listing = Listing {
                after: walk.after.clone(),
                limit: STRETCH,
                occupied_since: Millis(now.0.saturating_sub(kept.silence_ms())),
                ..Listing::default()
            };
            let mut pages = Vec::new();
            for page in directories::ask_all(self.env, &Ask::List(listing)).await? {
                pages.push(serde_json::from_str::<Vec<Listed>>(&page)?);
            }
            let (rooms, after) = merge_pages(pages, STRETCH);
            let rooms: Vec<String> = rooms.into_iter().map(|it| it.room).collect();
            let mut silent = Vec::new();
            for some in rooms.chunks(AT_ONCE).filter(|_| !told.is_empty()) {
                let heard = some.iter().map(|room| self.tell(room, &told));
                let heard = futures::future::join_all(heard).await;
                let unheard = some.iter().zip(heard).filter(|(_, has_heard)| !has_heard);
                silent.extend(unheard.map(|(room, _)| room.clone()));
            }
            kept.walked(&walk, after.as_deref(), &silent, clock::now())?;
        }
        let owed = kept.owed(AT_ONCE as u64, now)?;
        let heard = owed.iter().map(|(room, told)| self.tell(room, told));
        let heard = futures::future::join_all(heard).await;
        for ((room, _), has_heard) in owed.iter().zip(heard) {
            kept.answered(room, has_heard, clock::now())?;
        }
        kept.next_at(clock::now())
    }

    /// Tells a room, and whether it has heard. What is no room of this version's has nobody in it.
    async fn tell(&self, address: &str, told: &[KeptRevocation]) -> bool {
        let parsed = address
            .split_once(':')
            .and_then(|(kind, name)| Some((Kind::parse(kind)?, RoomName::parse(name).ok()?)));
        let Some((kind, name)) = parsed.filter(|_| !told.is_empty()) else { return true };
        let task = Task::Revoke(told.iter().map(|it| it.what.revocation()).collect());
        let request = RoomRequest::between_rooms(name, task);
        run(self.env, kind, &request).await.is_ok()
    }

    fn open(&self, now: Millis) -> Result<Revocations<EdgeDatabase>> {
        Revocations::open(EdgeDatabase::new(self.state), self.report_ms, now)
    }

    #[expect(clippy::cast_precision_loss, reason = "a time stays below 2^53")]
    async fn arm(&self, at: Option<Millis>) {
        let Some(at) = at else { return };
        match platform::set_alarm(self.state.as_raw(), at.0 as f64) {
            // A failure is in the log.
            Ok(armed) => drop(JsFuture::from(armed).await),
            Err(_) => log::broke("revocations", "the alarm was not set"),
        }
    }
}
