//! The calls of the HTTP API that take tokens back.

use worker::{Response, Result};

use super::clock;
use super::http::{Answered, Failure, Http};
use super::revoked::ask;
use crate::api::{REVOKING_BYTES_MAX, RevocationOut, RevocationsOut, TOO_MANY, read_revoking};
use crate::directory::{KeptRevocation, RevocationAsk, Revoking};
use crate::message::{Code, Millis, ProtocolError, Revocation, UserId};

const NO_ADMIN: ProtocolError = ProtocolError::denied("tokens are taken back by admins");
const NO_LOG_OUT: ProtocolError = ProtocolError::denied("users are logged out by admins");
const NOT_THERE: ProtocolError =
    ProtocolError::new(Code::NotFound, "nothing of this id was taken back");

impl Http<'_> {
    /// Takes tokens back.
    pub(super) async fn revoke(&self) -> Answered {
        self.admin(NO_ADMIN).await?;
        let (text, _held) = self.body(REVOKING_BYTES_MAX).await?;
        let (what, expires_at) =
            read_revoking(&text, self.config.policy.keys.life_ms_max(), clock::now())?;
        let kept = self.add(what, expires_at).await?;
        Ok(Response::from_json(&RevocationOut::of(kept))?)
    }

    /// Some of what was taken back.
    pub(super) async fn revocations(&self, after: String, limit: u32) -> Answered {
        self.admin(NO_ADMIN).await?;
        let (all, has_more): (Vec<KeptRevocation>, bool) =
            self.ask_revocations(RevocationAsk::List(after, limit)).await?;
        Ok(Response::from_json(&RevocationsOut::of(all, has_more))?)
    }

    /// Takes one back.
    pub(super) async fn lift_revocation(&self, id: String) -> Answered {
        self.admin(NO_ADMIN).await?;
        let was_there: bool = self.ask_revocations(RevocationAsk::Lift(id)).await?;
        if was_there { Ok(Response::empty()?.with_status(204)) } else { Err(NOT_THERE.into()) }
    }

    /// Closes the connections of a user, in all rooms. It has each of them told, so that it is no
    /// call for users: one of them would keep all rooms of the service awake.
    pub(super) async fn log_out(&self, user: UserId) -> Answered {
        self.admin(NO_LOG_OUT).await?;
        let now = clock::now();
        self.add(Revoking { sub: Some(user), joined_by: Some(now), ..Revoking::default() }, now)
            .await?;
        Ok(Response::empty()?.with_status(204))
    }

    async fn add(
        &self,
        what: Revoking,
        expires_at: Millis,
    ) -> std::result::Result<KeptRevocation, Failure> {
        let news: [Revocation; 1] = [what.revocation()];
        let kept: Option<KeptRevocation> =
            self.ask_revocations(RevocationAsk::Add(what, expires_at)).await?;
        let kept = kept.ok_or(TOO_MANY)?;
        self.config.policy.revoked.learn(&news);
        Ok(kept)
    }

    async fn ask_revocations<T: serde::de::DeserializeOwned>(
        &self,
        asked: RevocationAsk,
    ) -> Result<T> {
        ask(self.env, asked, super::hand_over::ANSWER_MS).await
    }

    /// Whoever calls, if that is an admin.
    async fn admin(&self, otherwise: ProtocolError) -> std::result::Result<(), Failure> {
        if self.charged().await?.is_admin() { Ok(()) } else { Err(otherwise.into()) }
    }
}
