//! A plain broadcast server on tokio: no JSON, no storage, no ids. What the load
//! generator does against it is what it can do at most.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use anyhow::Result;
use clap::Args;
use futures_util::{SinkExt, StreamExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio_websockets::{Message, ServerBuilder};

use crate::scan::Marker;

#[derive(Args)]
pub struct Options {
    #[arg(long, default_value_t = 0)]
    port: u16,
}

/// What waits to be sent to one socket.
#[derive(Default)]
struct Outbox {
    waiting: RefCell<Vec<Message>>,
    filled: Notify,
}

type Rooms = Rc<RefCell<HashMap<String, Vec<Rc<Outbox>>>>>;

pub async fn run(options: Options) -> Result<()> {
    let listener = TcpListener::bind(("127.0.0.1", options.port)).await?;
    println!("{}", listener.local_addr()?.port());
    let rooms = Rooms::default();
    loop {
        let (stream, _) = listener.accept().await?;
        let rooms = Rc::clone(&rooms);
        tokio::task::spawn_local(async move {
            if let Err(error) = serve(stream, rooms).await {
                eprintln!("{error}");
            }
        });
    }
}

async fn serve(stream: TcpStream, rooms: Rooms) -> Result<()> {
    stream.set_nodelay(true)?;
    let (request, mut socket) = ServerBuilder::new().accept(stream).await?;
    let room = request.uri().path().to_owned();
    let (own, typing) = (Rc::new(Outbox::default()), Marker::new(r#""typing""#));
    rooms.borrow_mut().entry(room.clone()).or_default().push(Rc::clone(&own));
    loop {
        tokio::select! {
            // First everything that has arrived, so that what it causes leaves together.
            biased;
            frame = socket.next() => {
                let Some(Ok(frame)) = frame else { break };
                if frame.is_text() {
                    let sender = typing.is_in(frame.as_payload()).then_some(&own);
                    broadcast(&rooms, &room, &frame, sender);
                }
            }
            () = own.filled.notified() => {
                for message in own.waiting.take() {
                    socket.feed(message).await?;
                }
                socket.flush().await?;
            }
        }
    }
    if let Some(members) = rooms.borrow_mut().get_mut(&room) {
        members.retain(|it| !Rc::ptr_eq(it, &own));
    }
    Ok(())
}

/// To everyone; `typing` is not for its sender.
fn broadcast(rooms: &Rooms, room: &str, frame: &Message, except: Option<&Rc<Outbox>>) {
    let rooms = rooms.borrow();
    for member in rooms.get(room).into_iter().flatten() {
        if except.is_none_or(|it| !Rc::ptr_eq(it, member)) {
            member.waiting.borrow_mut().push(frame.clone());
            member.filled.notify_one();
        }
    }
}
