use worker::{Context, Env, Method, Request, Response, Result, event};

use super::config::Config;
use super::hand_over::{echo, hand_over};
use super::reception::{Introduction, receive, switch, turn_away};
use super::{clock, platform};
use crate::admission::{Endpoint, Query, Route, Upgrade, Verdict};
use crate::dialect::DialectId;
use crate::message::Refusal;

/// The binding that counts connects per address.
const CONNECT_LIMIT: &str = "CONNECT_LIMIT";

/// Answers every request. What goes wrong on our side stands in the log; whoever asked
/// learns only that it did.
#[event(fetch)]
async fn fetch(request: Request, env: Env, worker: Context) -> Result<Response> {
    match serve(request, env, worker).await {
        Ok(response) => Ok(response),
        Err(error) => {
            worker::console_error!("a request failed: {error}");
            problem(500, "Internal Server Error", "something went wrong here")
        }
    }
}

async fn serve(request: Request, env: Env, worker: Context) -> Result<Response> {
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
    let config = Config::of(&env);
    if config.limits.connects_per_minute != 0 && !may_connect(&request, &env).await {
        return turn_away(dialect, &Refusal::too_fast(60_000), protocol);
    }
    let answer = match (config.policy.judge(&upgrade, clock::now()), route) {
        (Some(Verdict::Join(hand_off)), Route::Room(Endpoint { kind, .. })) => {
            hand_over(&env, kind, &hand_off).await
        }
        (Some(Verdict::Receive { context }), Route::Room(endpoint)) => {
            let introduction = Introduction { endpoint, context, batched: upgrade.batched() };
            return receive(introduction, protocol, config, env, &worker);
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

/// `application/problem+json` (RFC 9457).
fn problem(status: u16, title: &str, detail: &str) -> Result<Response> {
    let problem = serde_json::json!({"type": "about:blank", "title": title, "status": status, "detail": detail});
    let response = Response::from_json(&problem)?.with_status(status);
    response.headers().set("Content-Type", "application/problem+json")?;
    Ok(response)
}
