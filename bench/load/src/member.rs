//! One socket in a room: what it receives, and what it publishes if it does.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::Rc;
use std::time::Instant;

use anyhow::{Result, bail};
use memchr::memmem::Finder;
use tokio::sync::Semaphore;
use tokio_websockets::Message;

use crate::latency::Latency;
use crate::ledger::Ledger;
use crate::scan::{self, Marker};
use crate::socket::Socket;
use crate::template;

/// What all members count together.
pub struct Meter {
    pub frames: Cell<u64>,
    pub deliveries: Cell<u64>,
    pub acked: Cell<u64>,
    pub latency: RefCell<Latency>,
    /// Messages sent from here on are timed.
    pub timed_from: Cell<Option<Instant>>,
    pub stopped: Cell<bool>,
}

impl Meter {
    pub fn new() -> Result<Self> {
        Ok(Self {
            frames: Cell::default(),
            deliveries: Cell::default(),
            acked: Cell::default(),
            latency: RefCell::new(Latency::new()?),
            timed_from: Cell::default(),
            stopped: Cell::default(),
        })
    }
}

/// Somebody who publishes, and keeps only so many messages unacknowledged.
pub struct Publisher {
    /// Among all publishers of all rooms.
    pub index: usize,
    /// How many more messages may be sent.
    pub credits: Semaphore,
    pub published: Cell<u64>,
    sent_at: RefCell<VecDeque<Instant>>,
    /// Deliveries of the message in flight that have arrived, of `recipients`.
    arrived: Cell<u64>,
    recipients: u64,
}

impl Publisher {
    pub fn new(index: usize, recipients: u64) -> Self {
        Self {
            index,
            recipients,
            credits: Semaphore::new(0),
            published: Cell::default(),
            sent_at: RefCell::default(),
            arrived: Cell::default(),
        }
    }

    /// The oldest `count` messages have been acknowledged.
    fn acknowledge(&self, count: u64, meter: &Meter) {
        let now = Instant::now();
        let mut sent_at = self.sent_at.borrow_mut();
        let mut latency = meter.latency.borrow_mut();
        for _ in 0..count {
            let Some(at) = sent_at.pop_front() else { break };
            meter.acked.update(|it| it + 1);
            self.credits.add_permits(1);
            if meter.timed_from.get().is_some_and(|from| from <= at) {
                latency.record(now - at);
            }
        }
    }

    /// One socket has `count` more; acknowledged are messages that everyone has.
    fn share(&self, count: u64, meter: &Meter) {
        self.arrived.update(|it| it + count);
        while self.recipients <= self.arrived.get() {
            self.arrived.update(|it| it - self.recipients);
            self.acknowledge(1, meter);
        }
    }
}

/// Whose messages this socket acknowledges by receiving them.
pub enum Acks {
    Nobodys,
    /// Its own, which come back to it.
    Own(Rc<Publisher>),
    /// Another socket's, which does not hear itself.
    Witnessed(Rc<Publisher>),
    /// Another socket's, once everybody has them.
    Shared(Rc<Publisher>),
}

/// What a socket has received.
pub enum Received {
    /// Each delivery has a tag; the first publisher of the room is the `usize`th of all.
    Tagged(Ledger, usize),
    /// Deliveries are all alike.
    Counted(u64),
}

/// What frames are searched for.
pub struct Finders {
    pub marker: Marker,
    pub offset: Finder<'static>,
}

pub struct Member {
    pub socket: Socket,
    pub received: Rc<RefCell<Received>>,
    pub acks: Acks,
    pub publishes: Option<Rc<Publisher>>,
    pub message: Rc<template::Message>,
    pub finders: Rc<Finders>,
    pub meter: Rc<Meter>,
}

impl Member {
    /// Until the socket closes, which it should not.
    pub async fn run(mut self) -> Result<()> {
        let publisher = self.publishes.clone();
        loop {
            let credit = async {
                match &publisher {
                    Some(it) => it.credits.acquire().await,
                    None => std::future::pending().await,
                }
            };
            // Whatever has arrived first: then the messages it makes room for leave together.
            tokio::select! {
                biased;
                frame = self.socket.next() => match frame? {
                    Some(frame) => self.receive(&frame)?,
                    None => bail!("a socket was closed"),
                },
                credit = credit => {
                    credit?.forget();
                    self.publish().await?;
                }
            }
        }
    }

    async fn publish(&mut self) -> Result<()> {
        let Some(publisher) = &self.publishes else { return Ok(()) };
        while !self.meter.stopped.get() {
            let number = publisher.published.replace(publisher.published.get() + 1);
            publisher.sent_at.borrow_mut().push_back(Instant::now());
            self.socket.feed(self.message.fill(publisher.index, number)).await?;
            match publisher.credits.try_acquire() {
                Ok(credit) => credit.forget(),
                Err(_) => break,
            }
        }
        Ok(())
    }

    fn receive(&self, frame: &Message) -> Result<()> {
        let text: &[u8] = frame.as_payload();
        let (count, own) = match &mut *self.received.borrow_mut() {
            Received::Tagged(ledger, first) => self.enter(text, ledger, *first),
            Received::Counted(sum) => {
                let count = self.finders.marker.count(text);
                *sum += count;
                (count, 0)
            }
        };
        if count == 0 {
            return refuse_error(frame);
        }
        let meter = &self.meter;
        meter.frames.update(|it| it + 1);
        meter.deliveries.update(|it| it + count);
        match &self.acks {
            Acks::Own(publisher) if own != 0 => publisher.acknowledge(own, meter),
            Acks::Witnessed(publisher) => publisher.acknowledge(count, meter),
            Acks::Shared(publisher) => publisher.share(count, meter),
            Acks::Own(_) | Acks::Nobodys => {}
        }
        Ok(())
    }

    /// Enters a frame's messages, and says how many there were and how many were ours.
    fn enter(&self, text: &[u8], ledger: &mut Ledger, first: usize) -> (u64, u64) {
        let (mut count, mut own) = (0, 0);
        let me = self.publishes.as_ref().map(|it| it.index);
        for tag in scan::tags(text, &self.finders.offset) {
            if let Some(publisher) = tag.publisher.checked_sub(first) {
                ledger.enter(publisher, tag);
            }
            count += 1;
            own += u64::from(me == Some(tag.publisher));
        }
        (count, own)
    }
}

/// Other frames are none of ours (somebody joined), but an error means that the peer is
/// not set up for this.
fn refuse_error(frame: &Message) -> Result<()> {
    match frame.as_text() {
        Some(text) if text.contains(r#""type":"error""#) => bail!("the server says {text}"),
        _ => Ok(()),
    }
}
