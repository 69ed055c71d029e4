use std::time::Duration;

use futures_util::future::{Either, select};
use worker::{Context, Delay, Env, Method, Request, Response, Result, WebSocket, event};

use super::config::Config;
use super::reception::{receive, switch, turn_away};
use super::{clock, platform};
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
    let upgrade = read(&request)?;
    let route = Route::of(&upgrade.path);
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

fn read(request: &Request) -> Result<Upgrade> {
    let mut url = platform::split_url(&request.inner().url())?.into_iter();
    let path = url.next().unwrap_or_default();
    let mut query = Vec::new();
    while let (Some(name), Some(value)) = (url.next(), url.next()) {
        query.push((name, value));
    }
    let headers = request.headers();
    Ok(Upgrade {
        path,
        query: Query::new(query),
        origin: headers.get("Origin")?,
        authorization: headers.get("Authorization")?,
        protocols: headers.get("Sec-WebSocket-Protocol")?,
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
    ask(env, binding, hand_off.room.as_str(), (HAND_OFF_HEADER, hand_off.to_header())).await
}

async fn echo(env: &Env, client: &RoomName) -> std::result::Result<WebSocket, Refusal> {
    ask(env, "ECHOES", client.as_str(), (HAND_OFF_HEADER, String::new())).await
}

async fn ask(
    env: &Env,
    binding: &str,
    name: &str,
    header: (&str, String),
) -> std::result::Result<WebSocket, Refusal> {
    let namespace = js_sys::Reflect::get(env, &binding.into()).map_err(|_| UNAVAILABLE)?;
    let header = vec![header.0.to_owned(), header.1];
    let asked = platform::ask_for_socket(&namespace, name, header);
    let patience = Delay::from(Duration::from_millis(HAND_OVER_MS));
    match select(Box::pin(asked), patience).await {
        Either::Left((Ok(answer), _)) => match answer.as_string() {
            None => Ok(web_sys::WebSocket::from(answer).into()),
            Some(refusal) => Err(serde_json::from_str(&refusal).unwrap_or(UNAVAILABLE)),
        },
        Either::Left((Err(_), _)) | Either::Right(_) => Err(UNAVAILABLE),
    }
}

/// `application/problem+json` (RFC 9457).
fn problem(status: u16, title: &str, detail: &str) -> Result<Response> {
    let problem = serde_json::json!({"type": "about:blank", "title": title, "status": status, "detail": detail});
    let response = Response::from_json(&problem)?.with_status(status);
    response.headers().set("Content-Type", "application/problem+json")?;
    Ok(response)
}
