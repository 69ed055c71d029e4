use crate::message::Refusal;

/// Which ways in are open to those who bring no token: each is an operator's to close.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Doors {
    /// The echo (`ECHO`).
    pub echo: bool,
}

const NO_ECHO: Refusal = Refusal::denied("the echo is switched off here (variable ECHO)");

impl Default for Doors {
    fn default() -> Self {
        Self { echo: true }
    }
}

impl Doors {
    /// Reads the variables: `1` or `on`, `0` or `off`. Returns the names of those that are
    /// neither, whose doors are closed, so that a slip of the pen never opens one.
    pub fn read(variable: impl Fn(&str) -> Option<String>) -> (Self, Vec<&'static str>) {
        let mut unreadable = Vec::new();
        let mut is_open = |name: &'static str, otherwise: bool| {
            let Some(value) = variable(name) else { return otherwise };
            match value.trim() {
                "1" | "on" => true,
                "0" | "off" => false,
                _ => {
                    unreadable.push(name);
                    false
                }
            }
        };
        let doors = Self { echo: is_open("ECHO", true) };
        (doors, unreadable)
    }

    pub(super) fn admit_echo(self) -> Result<(), Refusal> {
        if self.echo { Ok(()) } else { Err(NO_ECHO) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_door_is_open_shut_or_as_it_is_by_itself_and_a_slip_shuts_it() {
        let echo = |value: Option<&str>| {
            let (doors, unreadable) = Doors::read(|_| value.map(str::to_owned));
            (doors.echo, unreadable)
        };
        assert_eq!(echo(None), (true, vec![]));
        assert_eq!(echo(Some(" on ")), (true, vec![]));
        assert_eq!(echo(Some("1")), (true, vec![]));
        assert_eq!(echo(Some("0")), (false, vec![]));
        assert_eq!(echo(Some("off")), (false, vec![]));
        assert_eq!(echo(Some("no")), (false, vec!["ECHO"]));
        assert_eq!(echo(Some("")), (false, vec!["ECHO"]));
    }
}
