use std::time::Duration;

use futures_util::future::{Either, select};
use worker::{
    Context, Delay, Env, Headers, Method, Request, RequestInit, Response, Result, WebSocket, event,
};

use super::clock;
use super::config::Config;
use super::reception::{receive, switch, turn_away};
use crate::admission::{Endpoint, HAND_OFF_HEADER, HandOff, Query, Route, Upgrade, Verdict};
use crate::dialect::DialectId;
use crate::message::{Code, Kind, Refusal, RoomName};

/// How long an object may take to answer before its client is told to come back,
/// rather than hang.
const HAND_OVER_MS: u64 = 10_000;

/// The binding that counts connects per address.
const CONNECT_LIMIT: &str = "CONNECT_LIMIT";

const UNAVAILABLE: Refusal = Refusal::new(Code::Unavailable, "the room did not answer; try again");

#[event(fetch, respond_with_errors)]
async fn fetch(request: Request, env: Env, worker: Context) -> Result<Response> {
    let url = request.url()?;
    let route = Route::of(url.path());
    match route {
        Route::Health => return Response::from_json(&serde_json::json!({"status": "ok"})),
        Route::Nothing => return problem(404, "Not Found", "nothing is served at this path"),
        Route::Room(_) | Route::Echo(_) => {}
    }
    if !is_upgrade(&request)? {
        let response = problem(426, "Upgrade Required", "this path is a WebSocket endpoint")?;
        response.headers().set("Upgrade", "websocket")?;
        return Ok(response);
    }
    let upgrade = read(&request, &url)?;
    let protocol = upgrade.chosen_protocol();
    let dialect = match &route {
        Route::Room(endpoint) => endpoint.dialect,
        // The echo has no words of its own to refuse with.
        Route::Echo(_) | Route::Health | Route::Nothing => DialectId::CONTEXT,
    };
    let config = Config::read(&env);
    if config.limits.connects_per_minute != 0 && !may_connect(&request, &env).await {
        return turn_away(dialect, &Refusal::too_fast(60_000), protocol);
    }
    let answer = match (config.policy.judge(&upgrade, clock::now()), route) {
        (Some(Verdict::Join(hand_off)), Route::Room(Endpoint { kind, .. })) => {
            hand_over(&env, kind, &hand_off).await
        }
        (Some(Verdict::Receive { context }), Route::Room(endpoint)) => {
            return receive(endpoint, context, protocol, config, env, &worker);
        }
        (Some(Verdict::Echo(client)), _) => echo(&env, &client).await,
        (Some(Verdict::Refuse(refusal)), _) => Err(refusal),
        _ => Err(Refusal::system()),
    };
    match answer {
        Ok(socket) => switch(socket, protocol),
        Err(refusal) => turn_away(dialect, &refusal, protocol),
    }
}

fn is_upgrade(request: &Request) -> Result<bool> {
    let upgrade = request.headers().get("Upgrade")?;
    Ok(request.method() == Method::Get
        && upgrade.is_some_and(|it| it.eq_ignore_ascii_case("websocket")))
}

fn read(request: &Request, url: &worker::Url) -> Result<Upgrade> {
    let pairs = url.query_pairs().map(|(name, value)| (name.into(), value.into())).collect();
    Ok(Upgrade {
        path: url.path().to_owned(),
        query: Query::new(pairs),
        origin: request.headers().get("Origin")?,
        authorization: request.headers().get("Authorization")?,
        protocols: request.headers().get("Sec-WebSocket-Protocol")?,
    })
}

/// Asks the platform's rate limit (B26). Open where there is no binding, and no
/// address to count by.
async fn may_connect(request: &Request, env: &Env) -> bool {
    let Ok(limiter) = env.rate_limiter(CONNECT_LIMIT) else { return true };
    let Ok(Some(address)) = request.headers().get("CF-Connecting-IP") else { return true };
    match limiter.limit(crate::admission::address_key(&address)).await {
        Ok(outcome) => outcome.success,
        Err(_) => true,
    }
}

/// Hands an admitted client to its room's object, and returns the room's end of the socket.
pub(super) async fn hand_over(
    env: &Env,
    kind: Kind,
    hand_off: &HandOff,
) -> std::result::Result<WebSocket, Refusal> {
    let binding = match kind {
        Kind::Chat => "CHAT_ROOMS",
    };
    let header = (HAND_OFF_HEADER, hand_off.to_header());
    ask(env, binding, hand_off.room.as_str(), Some(header)).await
}

async fn echo(env: &Env, client: &RoomName) -> std::result::Result<WebSocket, Refusal> {
    ask(env, "ECHOES", client.as_str(), None).await
}

/// Asks an object for a socket. The request is built from nothing: no header of a
/// client's reaches an object.
async fn ask(
    env: &Env,
    binding: &str,
    name: &str,
    header: Option<(&str, String)>,
) -> std::result::Result<WebSocket, Refusal> {
    let asked = async {
        let headers = Headers::new();
        headers.set("Upgrade", "websocket")?;
        if let Some((name, value)) = &header {
            headers.set(name, value)?;
        }
        let mut init = RequestInit::new();
        init.with_headers(headers);
        let request = Request::new_with_init("https://object/", &init)?;
        let stub = env.durable_object(binding)?.id_from_name(name)?.get_stub()?;
        stub.fetch_with_request(request).await
    };
    let patience = Delay::from(Duration::from_millis(HAND_OVER_MS));
    match select(Box::pin(asked), patience).await {
        Either::Left((Ok(response), _)) => socket_of(response).await,
        Either::Left((Err(_), _)) | Either::Right(_) => Err(UNAVAILABLE),
    }
}

async fn socket_of(mut response: Response) -> std::result::Result<WebSocket, Refusal> {
    if response.status_code() == 409 {
        return Err(response.json().await.unwrap_or(UNAVAILABLE));
    }
    response.websocket().ok_or(UNAVAILABLE)
}

/// `application/problem+json` (RFC 9457).
fn problem(status: u16, title: &str, detail: &str) -> Result<Response> {
    let problem = serde_json::json!({"type": "about:blank", "title": title, "status": status, "detail": detail});
    let response = Response::from_json(&problem)?.with_status(status);
    response.headers().set("Content-Type", "application/problem+json")?;
    Ok(response)
}
