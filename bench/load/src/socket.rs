//! A client's WebSocket, in the two framings that peers speak.

use std::time::Duration;

use anyhow::{Context, Result, bail};
use clap::ValueEnum;
use futures_util::{SinkExt, Stream, StreamExt, stream};
use tokio::net::TcpStream;
use tokio_websockets::{ClientBuilder, Config, Message, WebSocketStream};

/// What stands around a message on the wire.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Framing {
    /// Nothing.
    #[default]
    Plain,
    /// Engine.IO 4 and Socket.IO 5: every message is `42["message",…]`.
    Socketio,
}

/// How many connects are under way at once where many sockets are opened.
const CONNECTS_MAX: usize = 64;

/// The longest a closing handshake may take.
const CLOSE_MAX: Duration = Duration::from_secs(5);

pub struct Socket {
    stream: WebSocketStream<TcpStream>,
    framing: Framing,
}

impl Socket {
    pub async fn connect(url: &str, framing: Framing) -> Result<Self> {
        // Nothing is sent before `next` is polled, so that sending never waits.
        let config = Config::default().flush_threshold(usize::MAX);
        let builder = ClientBuilder::new().config(config).uri(url)?;
        let address = url.strip_prefix("ws://").and_then(|it| it.split('/').next());
        let stream = TcpStream::connect(address.context("the URL must start with ws://")?).await?;
        stream.set_nodelay(true)?;
        let (stream, _) =
            builder.connect_on(stream).await.with_context(|| format!("{url} refused"))?;
        let mut socket = Self { stream, framing };
        if framing == Framing::Socketio {
            socket.open_socketio().await?;
        }
        Ok(socket)
    }

    /// The server opens Engine.IO with `0{…}`; we ask for the default namespace with
    /// `40`, and it agrees with `40{…}`.
    async fn open_socketio(&mut self) -> Result<()> {
        self.expect("0").await?;
        self.stream.send(Message::text("40")).await?;
        self.expect("40").await
    }

    async fn expect(&mut self, start: &str) -> Result<()> {
        match self.next().await? {
            Some(frame) if frame.as_payload().starts_with(start.as_bytes()) => Ok(()),
            other => bail!("expected {start}…, not {other:?}"),
        }
    }

    /// Queues a message; it leaves with the next poll of [`Socket::next`] or a flush.
    pub async fn feed(&mut self, message: String) -> Result<()> {
        let message = match self.framing {
            Framing::Plain => message,
            Framing::Socketio => format!(r#"42["message",{message}]"#),
        };
        Ok(self.stream.feed(Message::text(message)).await?)
    }

    pub async fn send(&mut self, message: String) -> Result<()> {
        self.feed(message).await?;
        Ok(self.stream.flush().await?)
    }

    /// The next text frame; `None` once the socket is closed. Can be dropped while it waits.
    pub async fn next(&mut self) -> Result<Option<Message>> {
        loop {
            let Some(message) = self.stream.next().await else { return Ok(None) };
            let message = message?;
            if let Some((code, reason)) = message.as_close() {
                bail!("closed by the server: {} {reason}", u16::from(code));
            }
            if !message.is_text() {
                continue;
            }
            if self.framing == Framing::Socketio && **message.as_payload() == *b"2" {
                // Engine.IO's ping, which closes the socket if it gets no pong.
                self.stream.feed(Message::text("3")).await?;
                continue;
            }
            return Ok(Some(message));
        }
    }

    pub async fn close(mut self) -> Result<()> {
        let closed = tokio::time::timeout(CLOSE_MAX, self.stream.close()).await;
        Ok(closed.context("no answer to a close")??)
    }
}

/// Opens a socket for every URL, many at once, and gives them in the order of the URLs.
pub async fn connect_all(
    urls: impl IntoIterator<Item = String>,
    framing: Framing,
) -> Result<Vec<Socket>> {
    let connects =
        stream::iter(urls).map(|url| async move { Socket::connect(&url, framing).await });
    let mut connects = connects.buffered(CONNECTS_MAX);
    let mut sockets = Vec::with_capacity(connects.size_hint().0);
    while let Some(socket) = connects.next().await {
        sockets.push(socket?);
    }
    Ok(sockets)
}
