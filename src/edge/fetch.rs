use std::rc::Rc;

use worker::{Context, Env, Method, Request, Response, Result, event};

use super::config::Config;
use super::hand_over::{echo, hand_over};
use super::http::{self, problem};
use super::reception::{Handshake, Introduction, receive};
use super::{clock, issuers, platform, revoked, stream};
use crate::admission::{Credentials, HandOff, Query, Route, Target, Upgrade, Verdict};
use crate::api::Problem;
use crate::close::CloseCode;
use crate::message::{Position, ProtocolError, address_key, networks};
use crate::protocol::{Transport, Wire};
use crate::rates::Quota;

/// The bindings that count connects per address, or per IPv6 network of /64, /56 and /48.
const CONNECT_LIMITS: [&str; 3] = ["CONNECT_LIMIT", "CONNECT_LIMIT_56", "CONNECT_LIMIT_48"];

/// Answers every request. What goes wrong on our side stands in the log; whoever asked
/// learns only that it did.
#[event(fetch)]
async fn fetch(request: Request, env: Env, worker: Context) -> Result<Response> {
    let response = serve(request, env, worker).await.or_else(|error| {
        worker::console_error!("a request failed: {error}");
        problem(&Problem::of(&ProtocolError::system()))
    })?;
    if response.status_code() == SWITCHING {
        return Ok(response);
    }
    // Answers are their caller's alone, never to be kept or taken for something else, and
    // differ by who may read them.
    let headers = response.headers();
    headers.set("Cache-Control", "no-store")?;
    headers.set("X-Content-Type-Options", "nosniff")?;
    headers.set("Vary", "Origin")?;
    // A browser keeps to it only where it came over TLS.
    headers.set("Strict-Transport-Security", "max-age=31536000")?;
    Ok(response)
}

const SWITCHING: u16 = 101;

async fn serve(request: Request, env: Env, worker: Context) -> Result<Response> {
    let mut upgrade = read(&request)?;
    let config = Config::of(&env);
    let route = Route::of(&upgrade.path, config.policy.development);
    if !matches!(route, Route::Health)
        && let Err(error) = config.policy.doors.admit_plain(upgrade.secure, &upgrade.host)
    {
        return problem(&Problem::of(&error));
    }
    let mut target = match route {
        Route::Socket(target) => target,
        Route::Health => return Response::from_json(&serde_json::json!({"status": "ok"})),
        Route::Nothing => return problem(&Problem::new(404, "nothing is served at this path")),
        Route::Api => return http::serve(&request, &upgrade, &env).await,
    };
    if let Target::Room(_, parameters) = &mut target {
        upgrade.query.put_first(std::mem::take(parameters).decoded());
    }
    if target.protocol().descriptor().transport == Transport::EventStream {
        let response = match stream::other_than_get(&request)? {
            Some(response) => response,
            None => connect(&request, &upgrade, target, &config, env, &worker).await?,
        };
        return http::share(response, &upgrade, &config);
    }
    if is_upgrade(&request)? {
        return connect(&request, &upgrade, target, &config, env, &worker).await;
    }
    let response = problem(&Problem::new(426, "this path is a WebSocket endpoint"))?;
    response.headers().set("Upgrade", "websocket")?;
    Ok(response)
}

/// Connects a client to where it wants to go, if it may.
async fn connect(
    request: &Request,
    upgrade: &Upgrade,
    target: Target,
    config: &Rc<Config>,
    env: Env,
    worker: &Context,
) -> Result<Response> {
    let protocol = target.protocol();
    let descriptor = protocol.descriptor();
    let subprotocol = upgrade.chosen_subprotocol(descriptor.subprotocols);
    let from = upgrade.address.as_deref();
    let wire = match &target {
        Target::Room(endpoint, _) => upgrade.terms(endpoint).wire,
        Target::Echo(_) => Wire { protocol, batched: false, packed: false },
    };
    let handshake = Handshake { request, config, wire, subprotocol, from };
    let address = match may_connect(from, &env, config).await {
        Connects::Refused => {
            let error = Quota::per_minute(config.limits.connects_per_minute).error(60_000);
            return handshake.reject(&error, CloseCode::of(&error));
        }
        Connects::Counted => None,
        Connects::Uncounted(address) => Some(address),
    };
    let answer = match target {
        Target::Echo(client) => match config.policy.judge_echo(client, upgrade) {
            Ok(client) => echo(&env, &client, from).await,
            Err(error) => Err(error),
        },
        Target::Room(endpoint, _) => {
            let endpoint = match endpoint.settled(&upgrade.query) {
                Ok(endpoint) => endpoint,
                Err(error) => return handshake.reject(&error, CloseCode::of(&error)),
            };
            if let Credentials::Token(token) = upgrade.credentials(descriptor.tokens) {
                revoked::refresh(&env, config).await;
                issuers::ready(&config.policy.keys, &token).await;
            }
            match config.policy.judge(&endpoint, upgrade, clock::now(), clock::new_id) {
                Verdict::Join(hand_off) => {
                    // Who reads a stream is only known to the Worker.
                    let piped = descriptor.transport == Transport::EventStream;
                    let hand_off = HandOff { address, piped, ..hand_off };
                    hand_over(&env, endpoint.kind, &hand_off).await
                }
                Verdict::Receive { context } => {
                    let (terms, from) = (upgrade.terms(&endpoint), upgrade.address.clone());
                    let introduction = Introduction { endpoint, context, terms, from, address };
                    return receive(introduction, &handshake, Rc::clone(config), env, worker);
                }
                Verdict::Refuse(error, code) => return handshake.reject(&error, code),
            }
        }
    };
    match answer {
        Ok(socket) => handshake.accept(socket),
        Err(error) => handshake.reject(&error, (descriptor.close_code)(&error)),
    }
}

fn is_upgrade(request: &Request) -> Result<bool> {
    let upgrade = request.headers().get("Upgrade")?;
    Ok(request.method() == Method::Get
        && upgrade.is_some_and(|it| it.eq_ignore_ascii_case("websocket")))
}

fn read(request: &Request) -> Result<Upgrade> {
    let mut url = platform::split_url(&request.inner().url())?.into_iter();
    let secure = url.next().is_some_and(|it| it == "https:");
    let (host, path) = (url.next().unwrap_or_default(), url.next().unwrap_or_default());
    let mut query = Vec::new();
    while let (Some(name), Some(value)) = (url.next(), url.next()) {
        query.push((name, value));
    }
    let headers = request.headers();
    let mut query = Query::new(query);
    // A page that comes back says in it where it was; the URL says where it once began.
    if let Some(last) = headers.get("Last-Event-ID")?.filter(|it| !it.is_empty()) {
        query.put_first(Query::new(vec![(Position::PARAMETER.to_owned(), last)]));
    }
    Ok(Upgrade {
        host,
        secure,
        path,
        query,
        origin: headers.get("Origin")?,
        authorization: headers.get("Authorization")?,
        protocols: headers.get("Sec-WebSocket-Protocol")?,
        address: headers.get("CF-Connecting-IP")?.map(|it| address_key(&it)),
    })
}

/// What became of counting a connect against its address.
enum Connects {
    /// It was counted, or is not to be.
    Counted,
    /// The platform does not count: the room may, by this key.
    Uncounted(String),
    /// Too many.
    Refused,
}

/// Asks the platform's rate limit (B26, C22). Open where there is no address to count by.
async fn may_connect(address: Option<&str>, env: &Env, config: &Config) -> Connects {
    let Some(address) = address.filter(|_| config.limits.connects_per_minute != 0) else {
        return Connects::Counted;
    };
    for (network, binding) in networks(address).into_iter().zip(CONNECT_LIMITS) {
        let Ok(limiter) = env.rate_limiter(binding) else {
            // Without the first there is none; the wider ones are for those who have them.
            if network.times == 1 {
                return Connects::Uncounted(address.to_owned());
            }
            continue;
        };
        if limiter.limit(network.key).await.is_ok_and(|it| !it.success) {
            return Connects::Refused;
        }
    }
    Connects::Counted
}
