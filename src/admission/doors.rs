use crate::message::ProtocolError;

/// Which endpoints that take no token are open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Doors {
    /// `DEMO`: rooms in which everybody may do everything.
    pub demo: bool,
    /// `ECHO`: what comes goes back.
    pub echo: bool,
    /// `LOBBY`: where clients of `/ws/client` go that bring no token.
    pub lobby: bool,
}

impl Default for Doors {
    /// All of them.
    fn default() -> Self {
        Self { demo: true, echo: true, lobby: true }
    }
}

impl Doors {
    /// Reads the variables: `on` or `off`. Where nothing is said, the demo is open in
    /// development only, the others everywhere. Returns the names of those that say something
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
        };
        (doors, unreadable)
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
    fn in_production_the_demo_is_shut_unless_it_is_switched_on() {
        let read = |value: Option<&str>, development| {
            Doors::read(|_| value.map(str::to_owned), development)
        };
        let (demo, all) = (Doors { demo: false, ..Doors::default() }, Doors::default());
        assert_eq!(read(None, false), (demo, vec![]));
        assert_eq!(read(Some(""), false), (demo, vec![]));
        assert_eq!(read(None, true), (all, vec![]));
        assert_eq!(read(Some("on"), false), (all, vec![]));
        let none = Doors { demo: false, echo: false, lobby: false };
        assert_eq!(read(Some("OFF "), true), (none, vec![]));
        assert_eq!(read(Some("no"), true), (none, vec!["DEMO", "ECHO", "LOBBY"]));
    }
}
