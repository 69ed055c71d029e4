//! What features count and show beside the kernel: in a room's report, in the directory, and for
//! Prometheus.

use serde::{Deserialize, Serialize};

use super::{Feature, features};

/// A number of a feature's.
#[derive(Debug)]
pub struct Number {
    /// What it is called, after `dormouse_`. Published and stored: names are append-only.
    pub name: &'static str,
    /// What it is.
    pub help: &'static str,
}

impl Number {
    /// Whether it only grows. Else it says how much there is now, and the last report counts.
    #[must_use]
    pub fn is_counter(&self) -> bool {
        self.name.ends_with("_total")
    }
}

macro_rules! numbers {
    ($($(#[$about:meta])* $module:ident: $name:ident;)*) => {
        /// Those of each feature.
        pub const NUMBERS: &[&[Number]] = &[$(<super::$module::$name as Feature>::NUMBERS,)*];

        /// How many there are.
        const COUNT: usize = 0 $(+ <super::$module::$name as Feature>::NUMBERS.len())*;
    };
}

features!(numbers);

/// The numbers of all features, in the order of the list. Stored and reported by their names, as
/// pairs; what is 0 is left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Vec<(String, u64)>", into = "Vec<(String, u64)>")]
pub struct Numbers([u64; COUNT]);

impl Default for Numbers {
    fn default() -> Self {
        Self([0; COUNT])
    }
}

impl Numbers {
    /// Adds to the number of this name, if there is one.
    pub fn add(&mut self, name: &str, more: u64) {
        let named = Self::all().zip(&mut self.0).find(|(it, _)| it.name == name);
        if let Some((_, value)) = named {
            *value = value.saturating_add(more);
        }
    }

    /// Adds those of another room, or of a later time.
    pub fn add_all(&mut self, other: &Self) {
        for (value, more) in self.0.iter_mut().zip(other.0) {
            *value = value.saturating_add(more);
        }
    }

    /// The number of this name.
    #[must_use]
    pub fn get(&self, name: &str) -> u64 {
        Self::all().zip(self.0).find(|(it, _)| it.name == name).map_or(0, |(_, value)| value)
    }

    /// Whether all are 0.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    fn all() -> impl Iterator<Item = &'static Number> {
        NUMBERS.iter().copied().flatten()
    }
}

impl From<Numbers> for Vec<(String, u64)> {
    fn from(numbers: Numbers) -> Self {
        let named = Numbers::all().zip(numbers.0).filter(|(_, value)| *value != 0);
        named.map(|(it, value)| (it.name.to_owned(), value)).collect()
    }
}

/// A name that a later version added is left out.
impl From<Vec<(String, u64)>> for Numbers {
    fn from(named: Vec<(String, u64)>) -> Self {
        let mut numbers = Self::default();
        for (name, value) in named {
            numbers.add(&name, value);
        }
        numbers
    }
}
