//! The HTTP API at the edge: bodies in, responses out. What they mean is `api`'s business.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use worker::{Env, Method, Request, Response, Result};

use super::config::Config;
use super::hand_over::run;
use super::{breakers, clock, directories, issuers, log, platform, revoked};
use crate::admission::{Upgrade, bearer, is_local};
use crate::api::{
    Answer, Asked, Batch, Call, Caller, Cost, NoCall, Problem, Rates, Reads, RoomRequest, Rooms,
    Sent, Task, read_batch,
};
use crate::budget::Lease;
use crate::directory::{Ask, Listed, Listing, PROMETHEUS_TYPE, Summary, merge_pages};
use crate::kernel::Grant;
use crate::message::{Code, Json, Kind, Millis, ProtocolError, RoomName};

/// A body may be this much longer than the data in it.
const ENVELOPE_BYTES_MAX: usize = 4 * 1024;

/// Longest body of a batch, in bytes: four of the longest events.
const BATCH_BYTES_MAX: usize = 4 << 20;

/// How long a summary of the directory is good, in milliseconds.
const SUMMARY_MS: u64 = 1000;

thread_local! {
    static SUMMARY: RefCell<Option<(Millis, Summary)>> = const { RefCell::new(None) };
    static RATES: RefCell<Rates> = RefCell::default();
}

/// Why no call was answered with what it asked for.
pub(super) enum Failure {
    Problem(Problem),
    Ours(worker::Error),
}

impl From<ProtocolError> for Failure {
    fn from(error: ProtocolError) -> Self {
        Self::Problem(Problem::of(&error))
    }
}

impl From<worker::Error> for Failure {
    fn from(error: worker::Error) -> Self {
        Self::Ours(error)
    }
}

pub(super) type Answered = std::result::Result<Response, Failure>;

/// What a call brings along.
pub(super) struct Http<'a> {
    request: &'a Request,
    asked: &'a Upgrade,
    pub(super) env: &'a Env,
    pub(super) config: Rc<Config>,
    /// Whether it is known by now who calls.
    is_known: Cell<bool>,
}

/// A room, and the events of a batch that go there with their places in it.
type RoomBatch = (Kind, RoomName, Vec<(usize, Sent)>);

/// Answers a call.
pub(super) async fn serve(request: &Request, asked: &Upgrade, env: &Env) -> Result<Response> {
    let config = Config::of(env);
    if request.method() == Method::Options {
        return share(Response::empty()?.with_status(204), asked, &config);
    }
    let http = Http { request, asked, env, config, is_known: Cell::new(false) };
    let response = match Call::of(request.method().as_ref(), &asked.path, &asked.query) {
        Ok(call) => {
            if let Some(token) = asked.authorization.as_deref().and_then(bearer) {
                issuers::ready(&http.config.policy.keys, token).await;
            }
            http.answer(call).await
        }
        Err(NoCall::Nothing) => {
            Err(Failure::Problem(Problem::new(404, "nothing is served at this path")))
        }
        Err(NoCall::Refused(error)) => Err(error.into()),
        Err(NoCall::Method(allow)) => {
            let response = problem(&http.count_failure(WRONG_METHOD))?;
            response.headers().set("Allow", &allow)?;
            Ok(response)
        }
    };
    let response = match response {
        Ok(response) => response,
        Err(Failure::Problem(it)) => {
            let it = http.count_failure(it);
            if matches!(it.code, Some(Code::AuthenticationFailed | Code::PermissionDenied)) {
                log::turned_away(&it, asked.address.as_deref());
            }
            problem(&it)?
        }
        Err(Failure::Ours(error)) => {
            log::broke("http", &error.to_string());
            problem(&Problem::of(&ProtocolError::system()))?
        }
    };
    share(response, asked, &http.config)
}

pub(super) const WRONG_METHOD: Problem = Problem::new(405, "this path does not take this method");

/// `application/problem+json` (RFC 9457).
pub(super) fn problem(problem: &Problem) -> Result<Response> {
    let response = Response::from_json(problem)?.with_status(problem.status);
    let headers = response.headers();
    headers.set("Content-Type", "application/problem+json")?;
    if problem.status == 401 {
        headers.set("WWW-Authenticate", "Bearer")?;
    }
    if let Some(seconds) = problem.retry_after {
        headers.set("Retry-After", &seconds.to_string())?;
    }
    Ok(response)
}

/// Lets pages of an allowed origin read the answer.
pub(super) fn share(response: Response, asked: &Upgrade, config: &Config) -> Result<Response> {
    let origin = asked.origin.as_deref();
    let allows = |it: &&str| config.policy.origins.allow(Some(it), &asked.host);
    let Some(origin) = origin.filter(allows) else { return Ok(response) };
    let headers = response.headers();
    headers.set("Access-Control-Allow-Origin", origin)?;
    headers.set("Access-Control-Allow-Methods", "GET, POST, PUT, DELETE")?;
    headers.set("Access-Control-Allow-Headers", "Authorization, Content-Type, Last-Event-ID")?;
    headers.set("Access-Control-Max-Age", "86400")?;
    Ok(response)
}

impl Http<'_> {
    async fn answer(&self, call: Call) -> Answered {
        match call {
            Call::Room(asked) => self.room(*asked).await,
            Call::Batch => self.batch().await,
            Call::List(listing) => self.list(listing).await,
            Call::Revoke => self.revoke().await,
            Call::Revocations(after, limit) => self.revocations(after, limit).await,
            Call::LiftRevocation(id) => self.lift_revocation(id).await,
            Call::LogOut(user) => self.log_out(user).await,
            Call::Health => {
                let summary = self.summary().await?;
                Ok(Response::from_json(&summary.health(clock::now()))?)
            }
            Call::Metrics => {
                self.needs_metrics().await?;
                let summary = self.summary().await?;
                Ok(Response::from_json(&summary.metrics(clock::now()))?)
            }
            Call::Prometheus => {
                self.needs_metrics().await?;
                let text = self.summary().await?.prometheus(clock::now());
                let response = Response::ok(text)?;
                response.headers().set("Content-Type", PROMETHEUS_TYPE)?;
                Ok(response)
            }
        }
    }

    /// Whoever calls, with a token that is good and was not taken back.
    async fn caller(&self) -> std::result::Result<Caller, ProtocolError> {
        let authorization = self.asked.authorization.as_deref();
        let (policy, local) = (&self.config.policy, is_local(&self.asked.host));
        let caller = Caller::of(&policy.keys, authorization, local, clock::now())?;
        self.is_known.set(true);
        revoked::refresh(self.env, &self.config).await;
        policy.revoked.judge(caller.claims(), clock::now())?;
        Ok(caller)
    }

    /// The same, and the call is counted.
    pub(super) async fn charged(&self) -> std::result::Result<Caller, ProtocolError> {
        let caller = self.caller().await?;
        self.charge(&caller, Cost::Call)?;
        Ok(caller)
    }

    /// Counts a call against its caller, before any object is woken.
    fn charge(&self, caller: &Caller, cost: Cost) -> std::result::Result<(), ProtocolError> {
        let (sub, limits) = (caller.member().id.0, &self.config.limits);
        RATES.with_borrow_mut(|it| it.charge(&sub, cost, limits, clock::now()))
    }

    /// Counts what failed before it was known who calls. Past the limit that is all there is
    /// to say, and no line in the log.
    fn count_failure(&self, problem: Problem) -> Problem {
        let Some(address) = self.asked.address.as_deref().filter(|_| !self.is_known.get()) else {
            return problem;
        };
        let counted =
            RATES.with_borrow_mut(|it| it.fail(address, &self.config.limits, clock::now()));
        counted.map_or_else(|error| Problem::of(&error), |()| problem)
    }

    async fn room(&self, asked: Asked) -> Answered {
        let Asked { kind, call, .. } = asked;
        let caller = self.caller().await?;
        let allowed = caller.allowed(kind, &asked.room);
        // Of single things the room knows which are meant.
        let may = allowed.may_some(call.grants);
        let cost = if may { call.cost } else { Cost::Call };
        self.charge(&caller, cost)?;
        if !may {
            return Err(ProtocolError::denied("this token does not allow this in this room").into());
        }
        let task = match (&asked.task, call.reads) {
            (Some(task), _) => task.clone(),
            (None, Reads::Path(read)) => read(&asked)?,
            (None, Reads::Body(read)) => {
                let bytes_max = self.config.limits.data_bytes_max();
                let (text, _held) = self.body(bytes_max + ENVELOPE_BYTES_MAX).await?;
                read(&asked, &text, bytes_max)?
            }
        };
        let name = asked.room;
        let address = format!("{}:{}", kind.as_str(), name.as_str());
        let is_erased = matches!(task, Task::Erase);
        let room_request = RoomRequest::new(name, caller.member(), allowed, task);
        let answer = run(self.env, kind, &room_request).await;
        if cost == Cost::Page {
            let sub = &room_request.member.id.0;
            let bytes = answer.as_ref().map_or(0, |it| it.iter().map(Answer::bytes).sum());
            RATES.with_borrow_mut(|it| it.read_page(sub, bytes));
        }
        let answer = answer?.into_iter().next();
        match answer {
            Some(Answer::Done(_)) if call.answers_nothing => {
                if is_erased {
                    let forget = Ask::Forget(address.clone());
                    directories::tell(self.env, &address, &forget).await?;
                }
                Ok(Response::empty()?.with_status(204))
            }
            Some(Answer::Done(json)) => json_response(&json),
            Some(Answer::Refused(error)) => Err(error.into()),
            None => Err(ProtocolError::system().into()),
        }
    }

    /// Publishes to several rooms: one request each, whose events stay in their order.
    async fn batch(&self) -> Answered {
        let caller = self.caller().await?;
        // Before the body is read.
        if !caller.may_somewhere(Grant::Publish) {
            return Err(
                ProtocolError::denied("this token does not allow publishing in any room").into()
            );
        }
        let (text, _held) = self.body(BATCH_BYTES_MAX).await?;
        let items = read_batch(&text, self.config.limits.data_bytes_max())?;
        self.charge(&caller, Cost::Publish(items.len() as u64))?;
        let mut answers: Vec<Option<Answer>> = Vec::new();
        let mut rooms: Vec<RoomBatch> = Vec::new();
        for (at, item) in items.into_iter().enumerate() {
            let (answer, destination) = match item {
                Err(error) => (Some(Answer::Refused(error)), None),
                Ok((kind, name, _)) if !caller.allowed(kind, &name).may_some(&[Grant::Publish]) => {
                    let error =
                        ProtocolError::denied("this token does not allow publishing in this room");
                    (Some(Answer::Refused(error)), None)
                }
                Ok(destination) => (None, Some(destination)),
            };
            answers.push(answer);
            let Some((kind, name, event)) = destination else { continue };
            match rooms.iter_mut().find(|(other, it, _)| *other == kind && *it == name) {
                Some((.., events)) => events.push((at, event)),
                None => rooms.push((kind, name, vec![(at, event)])),
            }
        }
        let member = caller.member();
        let errands = rooms.into_iter().map(|(kind, room, events)| {
            let (places, events): (Vec<usize>, Vec<Sent>) = events.into_iter().unzip();
            let allowed = caller.allowed(kind, &room);
            let task = Task::Publish(events);
            let room_request = RoomRequest::new(room, member.clone(), allowed, task);
            async move { (places, run(self.env, kind, &room_request).await) }
        });
        for (places, answered) in futures::future::join_all(errands).await {
            let mut answered = answered.map(Vec::into_iter);
            for at in places {
                let answer = match &mut answered {
                    Ok(answers) => {
                        answers.next().unwrap_or(Answer::Refused(ProtocolError::system()))
                    }
                    Err(error) => Answer::Refused(error.clone()),
                };
                if let Some(slot) = answers.get_mut(at) {
                    *slot = Some(answer);
                }
            }
        }
        let answers =
            answers.into_iter().map(|it| it.unwrap_or(Answer::Refused(ProtocolError::system())));
        Ok(Response::from_json(&Batch::of(answers.collect()))?)
    }

    async fn list(&self, listing: Listing) -> Answered {
        let caller = self.charged().await?;
        let limit = listing.limit;
        let listing = Listing { within: caller.listable()?, ..listing };
        let mut pages = Vec::new();
        for page in directories::ask_all(self.env, &Ask::List(listing)).await? {
            let rooms: Vec<Listed> = serde_json::from_str(&page).map_err(worker::Error::from)?;
            // Before the page is cut: its cursor must name none that is not shown.
            pages.push(rooms.into_iter().filter(|it| caller.may_list(&it.room)).collect());
        }
        let (rooms, after) = merge_pages(pages, limit);
        let cursor = after.map(|it| Listing::cursor(&it));
        Ok(Response::from_json(&Rooms::of(rooms, cursor))?)
    }

    /// What all shards know, a second old at most: health is open to everyone, and must
    /// not be a way to make eight objects work for each request.
    async fn summary(&self) -> Result<Summary> {
        let now = clock::now();
        let is_fresh = |at: &Millis| *at <= now && now.since(*at) < SUMMARY_MS;
        let known = SUMMARY.with_borrow(|it| it.clone().filter(|(at, _)| is_fresh(at)));
        let mut summary = if let Some((_, summary)) = known {
            summary
        } else {
            let summary = self.ask_summary().await?;
            SUMMARY.with_borrow_mut(|it| *it = Some((now, summary.clone())));
            summary
        };
        // What the Worker itself could not reach, no room reports.
        summary.worsen(breakers::states());
        Ok(summary)
    }

    async fn ask_summary(&self) -> Result<Summary> {
        let mut summary: Option<Summary> = None;
        for text in directories::ask_all(self.env, &Ask::Summary).await? {
            let one: Summary = serde_json::from_str(&text)?;
            summary = Some(match summary {
                None => one,
                Some(sum) => sum.merge(one),
            });
        }
        summary.ok_or(worker::Error::RustError("the directory has no shard".into()))
    }

    /// Role `admin`, the bearer `METRICS_TOKEN`, or development.
    async fn needs_metrics(&self) -> std::result::Result<(), ProtocolError> {
        let shown = self.asked.authorization.as_deref().and_then(bearer).unwrap_or_default();
        if self.config.policy.development || self.config.is_metrics_token(shown) {
            return Ok(());
        }
        let caller = self.charged().await?;
        if caller.is_admin() {
            return Ok(());
        }
        Err(ProtocolError::denied("the metrics are for admins"))
    }

    /// The request's body, and what it takes of the budget until the call is answered.
    pub(super) async fn body(
        &self,
        bytes_max: usize,
    ) -> std::result::Result<(String, Lease), Failure> {
        let too_large = || ProtocolError::too_large(bytes_max);
        // Before it is touched: to give up half-way costs the connection.
        let length = self.request.headers().get("Content-Length")?;
        let length = length.and_then(|it| it.parse::<usize>().ok());
        if length.is_some_and(|it| bytes_max < it) {
            return Err(too_large().into());
        }
        // Once as JavaScript has it, once as it is here.
        let held = self.config.budget.take(2 * length.unwrap_or(bytes_max))?;
        #[expect(clippy::cast_precision_loss, reason = "some megabytes")]
        let text = platform::read_text(self.request.inner(), bytes_max as f64).await;
        let text = text.map_err(|_| ProtocolError::invalid("the body could not be read"))?;
        Ok((text.as_string().ok_or_else(too_large)?, held))
    }
}

fn json_response(json: &Json) -> Answered {
    let response = Response::ok(json.as_str())?;
    response.headers().set("Content-Type", "application/json")?;
    Ok(response)
}
