mod alarm;
mod class;
mod join;
mod outbound;
mod report;
mod room_request;
mod tokens;
mod waiting;

use std::cell::RefCell;
use std::panic::AssertUnwindSafe;
use std::rc::Rc;
use std::time::Duration;

use js_sys::Promise;
use litemap::LiteMap;
use waiting::Waiting;
use worker::{Delay, Env, Error, Result, State, WebSocket};

use super::clock::ClockSource;
use super::config::Config;
use super::database::EdgeDatabase;
use super::sockets::EdgeSockets;
use super::{attachment, breakers, clock, log, platform};
use crate::admission::capability;
use crate::breaker::Breaker;
use crate::close::{CloseCode, CloseReply, reply_to};
use crate::history::SqlHistory;
use crate::host::{After, Driver, Failed, Flush, Host};
use crate::kernel::Input;
use crate::kernel::{Event, Notice};
use crate::limits::Limits;
use crate::message::{Clock, ConnectionId, Kind, ProtocolError, RoomName};
use crate::protocol::{Channel, Frame};
use crate::tally::Tally;

/// One room, hosted by a Durable Object.
struct Shared {
    kind: Kind,
    state: State,
    env: Env,
    config: Rc<Config>,
    /// `None` while asleep, and after a failure: then it is rebuilt from what is durable.
    awake: RefCell<Option<RoomDriver>>,
    /// What was counted and could not be reported.
    unreported: RefCell<Tally>,
    /// What waits for keys.
    waiting: RefCell<LiteMap<ConnectionId, Waiting>>,
}

type RoomHost = Host<SqlHistory<EdgeDatabase>, EdgeSockets>;
type RoomDriver = Driver<SqlHistory<EdgeDatabase>, EdgeSockets>;
type Stepped = std::result::Result<After, Failed<Error>>;

/// The tag of sockets through which the Worker's pipe speaks beside the client. The guard in
/// `guard.mjs` knows it.
const PIPED: &str = "piped";

/// Answers a peer's close code with one that the platform accepts.
pub(super) fn reply(socket: &WebSocket, code: usize, reason: &str) {
    let replied = match reply_to(u16::try_from(code).unwrap_or(u16::MAX), reason) {
        CloseReply::Code(code) => socket.close(Some(code), None::<&str>),
        CloseReply::NoCode => socket.close(None, None::<&str>),
        CloseReply::Nothing => Ok(()),
    };
    drop(replied); // The platform may have answered already.
}

impl Shared {
    fn is_awake(&self) -> bool {
        self.awake.try_borrow().is_ok_and(|it| it.is_some())
    }

    fn take(self: &Rc<Self>, socket: &WebSocket, frame: &Frame) {
        self.step_of(socket, |host, connection, clock| {
            #[cfg(feature = "chaos")]
            super::chaos::panic_if_asked(frame);
            #[cfg(feature = "chaos")]
            super::chaos::measure_if_asked(frame);
            let now = clock.at;
            host.receive(connection, frame, clock, |token, context| {
                let room = self.name().and_then(|it| RoomName::parse(it).ok());
                let room = room.ok_or(ProtocolError::system())?;
                let renewed = self.config.policy.renew(self.kind, &room, token, context, now)?;
                self.look_at_tokens_soon();
                Ok(renewed)
            })
        });
    }

    /// One step on behalf of a socket that is in the room.
    fn step_of(
        self: &Rc<Self>,
        socket: &WebSocket,
        step: impl FnOnce(&mut RoomHost, ConnectionId, Clock) -> Result<Flush>,
    ) {
        let mut woke = false;
        let done = self.step(|host| {
            woke = true;
            match connection_of(socket) {
                Some(connection) => step(host, connection, clock::clock()),
                None => Ok(Flush::No), // Let go already: what still arrives finds nobody.
            }
        });
        if done.is_err() && !woke {
            refuse_asleep(socket);
        }
    }

    fn leave(self: &Rc<Self>, socket: &WebSocket, code: u16) {
        self.take_waiting(socket);
        let left = self.step(|host| {
            let Some(connection) = connection_of(socket) else { return Ok(Flush::No) };
            if let Some(it) = host.room().connection(connection) {
                let name = self.name().unwrap_or_default();
                log::closed(self.kind, &name, connection, &it.member.id, code);
            }
            host.sockets.remove(connection);
            host.handle(Input::Left { connection }, clock::clock())
        });
        drop(left); // In the log; the next wake no longer finds the socket.
    }

    /// One thing that happens to an awake room.
    fn step(self: &Rc<Self>, step: impl FnOnce(&mut RoomHost) -> Result<Flush>) -> Result<()> {
        self.drive(|driver| driver.step(&ClockSource, step)).map(drop)
    }

    /// Wakes the room if it sleeps, lets something happen to it, and does what comes after. If
    /// that fails or panics, the room's memory is dropped, and the next time rebuilds it. Gives
    /// when the alarm is set, if it is set at once.
    fn drive(
        self: &Rc<Self>,
        step: impl FnOnce(&mut RoomDriver) -> Stepped,
    ) -> Result<Option<Promise>> {
        let busy = |_| Error::RustError("a step of this room is under way".into());
        let mut slot = self.awake.try_borrow_mut().map_err(busy)?;
        let mut driver = match slot.take() {
            Some(driver) => driver,
            None => self.wake_if_it_may()?,
        };
        match step(&mut driver) {
            Ok(after) => {
                if breakers::are_watching() {
                    breakers::went(Breaker::Storage, &self.address(), true);
                }
                if after.vacancy.is_none() {
                    *slot = Some(driver);
                }
                self.after(after)
            }
            Err(failed) => {
                let error = match failed {
                    Failed::Error(error) => {
                        breakers::went(Breaker::Storage, &self.address(), false);
                        error
                    }
                    // Says nothing about the storage, and must not shut the room.
                    Failed::Panicked => Error::RustError("a step of this room panicked".into()),
                };
                self.log(&error);
                self.unreported.borrow_mut().add(&driver.abandon(clock::now()));
                Err(error)
            }
        }
    }

    /// Sets the timers and the alarm, and starts the calls.
    fn after(self: &Rc<Self>, after: After) -> Result<Option<Promise>> {
        let After { flush_in_ms, pump_in_ms, save_in_ms, wake, calls, losses, report, vacancy } =
            after;
        for loss in losses {
            log::lost(self.kind, &self.name().unwrap_or_default(), loss);
        }
        if let Some(wait_ms) = flush_in_ms {
            self.later(wait_ms, |driver| {
                driver.step(&ClockSource, |host| host.flush(clock::now()).map(|()| Flush::No))
            });
        }
        if let Some(wait_ms) = pump_in_ms {
            self.later(wait_ms, |driver| driver.pump(&ClockSource));
        }
        if let Some(wait_ms) = save_in_ms {
            self.later(wait_ms, |driver| driver.save(&ClockSource));
        }
        // After the frames: what is sent first does not wait for the alarm to be stored. But
        // before the calls: should the process die, it has them made again.
        let armed = wake.and_then(|it| self.arm(it));
        for call in calls {
            self.call_once(armed.clone(), call);
        }
        if let Some(activity) = report {
            self.report(activity);
        }
        if let Some(vacancy) = vacancy {
            // What comes next finds a new room, in memory as on disk.
            if vacancy.is_listed {
                self.forget();
            }
            platform::delete_storage(self.state.as_raw())?;
        }
        Ok(armed)
    }

    /// A step in a few milliseconds. Should the object vanish before, its next wake does without.
    fn later(
        self: &Rc<Self>,
        wait_ms: u64,
        step: impl FnOnce(&mut RoomDriver) -> Stepped + 'static,
    ) {
        let (shared, step) = (AssertUnwindSafe(Rc::clone(self)), AssertUnwindSafe(step));
        wasm_bindgen_futures::spawn_local(async move {
            Delay::from(Duration::from_millis(wait_ms)).await;
            let AssertUnwindSafe(step) = step;
            if !shared.is_awake() {
                return;
            }
            // A failure is in the log, and whoever waited for an answer has been told.
            drop(shared.drive(step));
        });
    }

    /// A room whose storage fails again and again is left alone for a while.
    fn wake_if_it_may(&self) -> Result<RoomDriver> {
        let address = self.address();
        if breakers::admit(Breaker::Storage, &address).is_err() {
            return Err(Error::RustError("the storage failed too often".into()));
        }
        let woken = self.wake().inspect_err(|error| self.log(error));
        if woken.is_err() {
            breakers::went(Breaker::Storage, &address, false);
            self.unreported.borrow_mut().failed += 1;
        }
        woken
    }

    fn wake(&self) -> Result<RoomDriver> {
        #[cfg(feature = "chaos")]
        super::chaos::woke(self.name().as_deref().unwrap_or("?"));
        let history = SqlHistory::open(EdgeDatabase::new(&self.state), &clock::epoch())?;
        let name = self.name().unwrap_or_default();
        let budget = self.config.budget.clone();
        let mut sockets = EdgeSockets::new(&self.state, self.kind, name, budget);
        let mut connections = Vec::new();
        for socket in self.state.as_raw().get_websockets_with_tag(PIPED)? {
            platform::bind_pipe(&socket);
        }
        // Sockets that are closing too: their close events are still to come.
        for socket in self.state.as_raw().get_websockets()? {
            let socket = WebSocket::from(socket);
            match attachment::load(&socket) {
                Ok(Some((wire, connection))) => {
                    sockets.insert(connection.id, socket, wire);
                    connections.push(connection);
                }
                Ok(None) => {}
                // Nobody knows whose it is; its client comes back with a new one.
                Err(_) => drop(socket.close(Some(CloseCode::Internal.number()), None::<&str>)),
            }
        }
        let mut host = Host::wake(self.kind, self.limits(), history, sockets, connections)?;
        host = host.sharing(&self.config.budget, &self.config.shared);
        host = host.configured(Rc::clone(&self.config.policy.features));
        host = host.named(self.name().and_then(|it| RoomName::parse(it).ok()));
        host.keep_tally(&self.unreported.take());
        Ok(Driver::new(host, self.config.limits.report_ms))
    }

    fn log(&self, error: &Error) {
        log::failed(self.kind, self.name().as_deref().unwrap_or("?"), &error.to_string());
    }

    /// The limits of this room.
    fn limits(&self) -> Limits {
        let name = self.name().and_then(|it| RoomName::parse(it).ok());
        name.map_or(self.config.limits, |it| capability::limits(self.kind, &it, self.config.limits))
    }

    fn address(&self) -> String {
        format!("{}:{}", self.kind.as_str(), self.name().unwrap_or_default())
    }

    fn name(&self) -> Option<String> {
        self.state.id().name()
    }
}

fn connection_of(socket: &WebSocket) -> Option<ConnectionId> {
    platform::connection_of(socket.as_ref()).and_then(ConnectionId::from_f64)
}

/// The room cannot wake, so there is no host to tell the client.
fn refuse_asleep(socket: &WebSocket) {
    if let Ok(Some((wire, connection))) = attachment::load(socket) {
        let mut clock = clock::clock();
        let event = Event::Refused(ProtocolError::system());
        let (id, connection) = (clock.new_id(), Some(connection.id));
        let notice = Notice { id, reply_to: None, connection, at: clock.at, event };
        let Some(frame) = wire.protocol.get().encode(&notice, &Channel::default()) else { return };
        // A dead socket needs no answer.
        drop(match wire.packs(&frame).unwrap_or(frame) {
            Frame::Text(text) => socket.send_with_str(text),
            Frame::Binary(bytes) => socket.send_with_bytes(bytes),
        });
    }
}
