use super::is_local;
use crate::message::ProtocolError;

/// What is open to those who prove nothing: endpoints without a token, and connections without TLS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own")]
pub struct Doors {
    /// `DEMO`: rooms in which everybody may do everything.
    pub demo: bool,
    /// `ECHO`: what comes goes back.
    pub echo: bool,
    /// `LOBBY`: where clients of `/ws/client` go that bring no token.
    pub lobby: bool,
    /// `PLAIN_HTTP`: requests that came without TLS, on which everybody on the way reads the token.
    pub plain: bool,
}

impl Default for Doors {
    /// All of them.
    fn default() -> Self {
        Self { demo: true, echo: true, lobby: true, plain: true }
    }
}

impl Doors {
    /// Reads the variables: `on` or `off`. Where nothing is said, the demo and plain
    /// HTTP are open in development only, the others everywhere. Returns the names of those that say something
    /// else, which are shut: a slip of the pen opens nothing.
    pub fn read(
        variable: impl Fn(&str) -> Option<String>,
        development: bool,
    ) -> (Self, Vec<&'static str>) {
        let mut unreadable = Vec::new();
        let mut door = |name, usual| {
            let value = variable(name).unwrap_or_default();
            match value.trim().to_ascii_lowercase().as_str() {
                "" => usual,
                "on" | "true" | "1" => true,
                "off" | "false" | "0" => false,
                _ => {
                    unreadable.push(name);
                    false
                }
            }
        };
        let doors = Self {
            demo: door("DEMO", development),
            echo: door("ECHO", true),
            lobby: door("LOBBY", true),
            plain: door("PLAIN_HTTP", development),
        };
        (doors, unreadable)
    }

    /// Judges a request to `host` by whether it came over TLS. Under a name of this machine nothing
    /// is on the way.
    pub fn admit_plain(self, secure: bool, host: &str) -> Result<(), ProtocolError> {
        let error = ProtocolError::denied("this service is reached over TLS: PLAIN_HTTP is off");
        open(self.plain || secure || is_local(host), error)
    }

    pub(super) fn admit_demo(self) -> Result<(), ProtocolError> {
        open(self.demo, ProtocolError::denied("there is no demo here: DEMO is off"))
    }

    pub(super) fn admit_echo(self) -> Result<(), ProtocolError> {
        open(self.echo, ProtocolError::denied("there is no echo here: ECHO is off"))
    }

    pub(super) fn admit_lobby(self) -> Result<(), ProtocolError> {
        open(self.lobby, ProtocolError::denied("a token is needed here: LOBBY is off"))
    }
}

fn open(is_open: bool, error: ProtocolError) -> Result<(), ProtocolError> {
    if is_open { Ok(()) } else { Err(error) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn in_production_the_demo_and_plain_http_are_shut_unless_they_are_switched_on() {
        let read = |value: Option<&str>, development| {
            Doors::read(|_| value.map(str::to_owned), development)
        };
        let all = Doors::default();
        let demo = Doors { demo: false, plain: false, ..all };
        assert_eq!(read(None, false), (demo, vec![]));
        assert_eq!(read(Some(""), false), (demo, vec![]));
        assert_eq!(read(None, true), (all, vec![]));
        assert_eq!(read(Some("on"), false), (all, vec![]));
        let none = Doors { demo: false, echo: false, lobby: false, plain: false };
        assert_eq!(read(Some("OFF "), true), (none, vec![]));
        assert_eq!(read(Some("no"), true), (none, vec!["DEMO", "ECHO", "LOBBY", "PLAIN_HTTP"]));
    }

    /// [O5] Plain HTTP is refused, but under a name of this machine.
    #[test]
    fn without_tls_only_names_of_this_machine_are_served() {
        let shut = Doors { plain: false, ..Doors::default() };
        for (secure, host, is_served) in [
            (true, "rooms.example", true),
            (false, "rooms.example", false),
            (false, "localhost:8787", true),
            (false, "127.0.0.1", true),
            (false, "localhost.evil.example", false),
        ] {
            assert_eq!(shut.admit_plain(secure, host).is_ok(), is_served, "{secure} {host}");
        }
        assert!(Doors::default().admit_plain(false, "rooms.example").is_ok());
    }
}
