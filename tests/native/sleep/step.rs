//! A script is made of the steps of all features that a place serves.

use std::fmt::Debug;
use std::rc::Rc;

use dormouse::api::Task;
use dormouse::protocol::Frame;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::strategy::Union;
use serde_json::Value;

use super::place::Place;
use super::stage::Stage;
use super::told::Told;

/// One thing that happens.
#[derive(Clone, Debug)]
pub(super) enum Step {
    /// A client comes in, unless somebody has this seat.
    Joins {
        seat: usize,
        user: &'static str,
        lives_ms: Option<u64>,
    },
    Leaves(usize),
    Says(usize, Frame),
    /// A call over HTTP, or another room's errand.
    Calls(&'static str, Task),
    /// Events are published over HTTP.
    Publishes(&'static str, Vec<Value>),
    /// Milliseconds pass.
    Waits(u64),
    /// Milliseconds pass, and all whose connection has ended meanwhile come back.
    WaitsAndReturns(u64),
    /// What only one feature does.
    Acts(Rc<dyn Act>),
    /// Memory is dropped, in the world that sleeps.
    Sleeps,
}

pub(super) trait Act: Debug {
    fn play(&self, stage: &mut Stage);
}

pub(super) fn acts<A: Act + 'static>(act: impl Strategy<Value = A> + 'static) -> Steps {
    act.prop_map(|it| Step::Acts(Rc::new(it))).boxed()
}

pub(super) type Steps = BoxedStrategy<Step>;

/// What a feature brings along. It joins the property by a line in [`Place`].
pub(super) struct Feature {
    /// Its steps, and how often each comes.
    pub(super) steps: fn(&'static Place) -> Vec<(u32, Steps)>,
    /// What they are for.
    pub(super) reached: &'static [Reached],
}

/// Something that scripts must have reached at least once, and how it shows.
pub(super) struct Reached(pub(super) &'static str, pub(super) fn(&Told) -> bool);

/// How high a limit is. What is not limited is not counted either, and so not stored with it: then
/// nothing but a feature's own care stores what belongs to it.
#[derive(Clone, Copy, Debug)]
pub(super) enum Bound {
    None,
    /// So low that scripts reach it.
    Low,
    /// So high that it ends nothing.
    High,
}

impl Bound {
    pub(super) fn of(self, low: u64, high: u64) -> u64 {
        match self {
            Self::None => 0,
            Self::Low => low,
            Self::High => high,
        }
    }
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds {
    /// Frames of a connection.
    pub(super) messages: Bound,
    /// Of a room: messages, and edits.
    pub(super) broadcasts: Bound,
    /// Edits and chunks of a connection.
    pub(super) streams: Bound,
    /// Connections of a user, and how much they keep.
    pub(super) shares: Bound,
    /// How long a connection may be silent.
    pub(super) silence: Bound,
}

impl Bounds {
    pub(super) const LOW: Self = Self::all(Bound::Low);
    pub(super) const HIGH: Self = Self::all(Bound::High);

    const fn all(it: Bound) -> Self {
        Self { messages: it, broadcasts: it, streams: it, shares: it, silence: it }
    }

    fn any() -> impl Strategy<Value = Self> {
        let one = || select(vec![Bound::None, Bound::Low, Bound::High]);
        let each = (one(), one(), one(), one(), one());
        prop_oneof![
            3 => Just(Self::all(Bound::None)),
            3 => Just(Self::LOW),
            // What counts against the room counts against no connection here.
            2 => Just(Self { messages: Bound::None, silence: Bound::None, ..Self::LOW }),
            2 => Just(Self::HIGH),
            3 => each.prop_map(|(messages, broadcasts, streams, shares, silence)| {
                Self { messages, broadcasts, streams, shares, silence }
            }),
        ]
    }
}

#[derive(Clone, Debug)]
pub(super) struct Script {
    pub(super) bounds: Bounds,
    /// Whether the room sleeps between any two steps, and whenever it has rung.
    pub(super) drowsy: bool,
    /// Whether a service is told of all that happens.
    pub(super) is_told: bool,
    /// Whether each says first what is usual.
    pub(super) polite: bool,
    /// Who has each seat at first.
    pub(super) guests: Vec<Option<&'static str>>,
    pub(super) steps: Vec<Step>,
}

impl Place {
    pub(super) fn script(&'static self, most: usize) -> impl Strategy<Value = Script> {
        let guest = prop_oneof![4 => self.user().prop_map(Some), 1 => Just(None)];
        let guests = prop::collection::vec(guest, self.seats.len());
        let steps = prop::collection::vec(self.step(), 0..most);
        let (drowsy, polite) = (prop::bool::weighted(0.3), prop::bool::weighted(0.8));
        (Bounds::any(), drowsy, any::<bool>(), polite, guests, steps).prop_map(
            |(bounds, drowsy, is_told, polite, guests, steps)| Script {
                bounds,
                drowsy,
                is_told,
                polite,
                guests,
                steps,
            },
        )
    }

    pub(super) fn step(&'static self) -> impl Strategy<Value = Step> {
        let features = self.features.iter().flat_map(|it| (it.steps)(self));
        let mut steps: Vec<(u32, Steps)> = features.collect();
        let sleeps = steps.iter().map(|(weight, _)| weight).sum::<u32>() / 6;
        steps.push((sleeps.max(1), Just(Step::Sleeps).boxed()));
        Union::new_weighted(steps)
    }

    pub(super) fn user(&self) -> impl Strategy<Value = &'static str> + use<> {
        select(self.users)
    }

    pub(super) fn seat(&self) -> impl Strategy<Value = usize> + use<> {
        0..self.seats.len()
    }
}
