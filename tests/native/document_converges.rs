//! Whoever edits what, and whatever is heard when: all have the same text in the end.

use std::cell::Cell;
use std::collections::VecDeque;

use dormouse::feature::documents::document::{
    Applied, Document, Edit, Operation, Pace, Rejection, Snapshot, Version,
};
use dormouse::message::UserId;
use proptest::prelude::*;

use crate::document_replica::{EditFrame, Heard, Replica};
use crate::fuzzed::bytes::Bytes;

#[derive(Clone, Debug)]
enum Step {
    /// A user replaces what is between two places by this.
    Edit { who: usize, place: usize, length: usize, content: String },
    /// The room hears the next of what this one sent.
    Room { who: usize },
    /// This one hears the next of what the room sent.
    Client { who: usize },
    /// This user takes something back.
    Undo { who: usize },
    /// The room is dropped and restored.
    Sleep,
}

fn step() -> impl Strategy<Value = Step> {
    let who = || 0usize..6;
    let content = prop_oneof![2 => Just(String::new()), 5 => "[a-c😀𝄞é]{1,3}"];
    let length = prop_oneof![3 => Just(0usize), 3 => 1usize..8];
    prop_oneof![
        10 => (who(), 0usize..1000, length, content)
            .prop_map(|(who, place, length, content)| Step::Edit { who, place, length, content }),
        8 => who().prop_map(|who| Step::Room { who }),
        10 => who().prop_map(|who| Step::Client { who }),
        2 => who().prop_map(|who| Step::Undo { who }),
        1 => Just(Step::Sleep),
    ]
}

enum Sent {
    Edit(EditFrame),
    Undo,
}

struct Client {
    user: UserId,
    replica: Replica,
    up: VecDeque<Sent>,
    down: VecDeque<Heard>,
}

/// A room with a document, what is stored of it, and the wires between it and its clients.
struct Table {
    pace: Pace,
    document: Document,
    snapshots: Vec<Snapshot>,
    edits: Vec<Edit>,
    clients: Vec<Client>,
    stale: usize,
    undone: usize,
    split: usize,
}

fn units(text: &str) -> Vec<u16> {
    text.encode_utf16().collect()
}

/// What a protocol would make of a frame.
fn operation(frame: &EditFrame) -> Operation {
    let (position, length) = (frame.position as u64, frame.length as u64);
    let content = String::from_utf16(&frame.content).unwrap().into();
    match frame.operation {
        "insert" => Operation::Insert { position, content },
        "delete" => Operation::Delete { position, length },
        _ => Operation::Replace { position, length, content },
    }
}

/// What a protocol would make of an operation.
fn frame(Version(version): Version, operation: &Operation) -> EditFrame {
    let (operation, position, length, content) = match operation {
        Operation::Insert { position, content } => ("insert", position, &0, &**content),
        Operation::Delete { position, length } => ("delete", position, length, ""),
        Operation::Replace { position, length, content } => {
            ("replace", position, length, &**content)
        }
    };
    let place = |number: &u64| usize::try_from(*number).unwrap();
    let (position, length, content) = (place(position), place(length), units(content));
    EditFrame { operation, position, length, content, version }
}

impl Table {
    fn new(people: usize, pace: Pace) -> Self {
        let client = |number: usize| Client {
            // The first two are one user in two tabs.
            user: UserId(format!("user {}", number.saturating_sub(1))),
            replica: Replica::default(),
            up: VecDeque::new(),
            down: VecDeque::new(),
        };
        Self {
            pace,
            document: Document::new(pace),
            snapshots: vec![Snapshot::default()],
            edits: vec![],
            clients: (0..people).map(client).collect(),
            stale: 0,
            undone: 0,
            split: 0,
        }
    }

    fn play(&mut self, step: &Step) {
        let people = self.clients.len();
        match step {
            Step::Edit { who, place, length, content } => {
                let client = &mut self.clients[who % people];
                let text = String::from_utf16(&client.replica.text).unwrap();
                let mut gaps = vec![0];
                gaps.extend(text.chars().scan(0, |at, it| {
                    *at += it.len_utf16();
                    Some(*at)
                }));
                let from = place % gaps.len();
                let to = (from + length).min(gaps.len() - 1);
                if from < to || !content.is_empty() {
                    let sent = client.replica.edits(gaps[from], gaps[to], &units(content));
                    client.up.extend(sent.map(Sent::Edit));
                }
            }
            Step::Room { who } => self.room_hears(who % people),
            Step::Client { who } => self.client_hears(who % people),
            Step::Undo { who } => self.clients[who % people].up.push_back(Sent::Undo),
            Step::Sleep => self.sleep(),
        }
    }

    fn client_hears(&mut self, who: usize) {
        let client = &mut self.clients[who];
        let Some(heard) = client.down.pop_front() else { return };
        let sent = client.replica.hears(&heard);
        client.up.extend(sent.map(Sent::Edit));
    }

    fn room_hears(&mut self, who: usize) {
        let client = &mut self.clients[who];
        match client.up.pop_front() {
            None => {}
            Some(Sent::Undo) => {
                if let Some(applied) = self.document.undo(&client.user.clone()).unwrap() {
                    self.undone += 1;
                    self.tell(&applied, None);
                }
            }
            Some(Sent::Edit(frame)) => {
                let version = Version(frame.version);
                match self.document.submit(&operation(&frame), version, &client.user) {
                    Ok(applied) => self.tell(&applied, Some(who)),
                    Err(Rejection::Stale) => {
                        self.stale += 1;
                        let Snapshot { version, content } = self.document.snapshot();
                        let (version, content) = (version.0, units(&content));
                        client.down.push_back(Heard::State { version, content });
                    }
                    Err(rejection) => panic!("{rejection:?} of {frame:?}"),
                }
            }
        }
    }

    fn tell(&mut self, applied: &Applied, author: Option<usize>) {
        self.split += usize::from(1 < applied.edit.operations.len());
        for (number, client) in self.clients.iter_mut().enumerate() {
            if Some(number) == author {
                client.down.push_back(Heard::Ack { version: applied.edit.version().0 });
            } else {
                let frames = applied.edit.numbered().map(|(version, it)| frame(version, it));
                client.down.extend(frames.map(Heard::Edit));
            }
        }
        if !applied.edit.operations.is_empty() {
            self.edits.push(applied.edit.clone());
        }
        if applied.is_mark {
            let since = self.document.kept_since();
            self.snapshots.push(self.document.snapshot());
            self.snapshots.retain(|it| since <= it.version);
            self.edits.retain(|it| since < it.first);
        }
    }

    fn sleep(&mut self) {
        let restored = Document::restore(self.pace, &self.snapshots[0], self.edits.clone());
        assert_eq!(restored.as_ref(), Ok(&self.document), "sleep is invisible");
        self.document = restored.unwrap();
    }

    /// Until everything is said and heard.
    fn settle(&mut self) {
        let busy = |it: &Client| !it.up.is_empty() || !it.down.is_empty();
        while self.clients.iter().any(busy) {
            for who in 0..self.clients.len() {
                self.room_hears(who);
                self.client_hears(who);
            }
        }
        let text = units(&self.document.content());
        for client in &self.clients {
            assert!(client.replica.is_at_rest());
            assert_eq!(client.replica.text, text);
        }
    }
}

fn pace() -> impl Strategy<Value = Pace> {
    prop_oneof![
        3 => Just(Pace::default()),
        1 => (1u64..12, 1usize..60).prop_map(|(operations, bytes)| Pace { operations, bytes }),
    ]
}

fn played(people: usize, pace: Pace, steps: &[Step]) -> Table {
    let mut table = Table::new(people, pace);
    for step in steps {
        table.play(step);
    }
    table.settle();
    table
}

/// What is decided by bytes: until they are spent, and then all is said and heard.
pub(crate) fn played_by(people: usize, pace: Pace, bytes: &mut Bytes<'_>, contents: &[&str]) {
    let mut table = Table::new(people, pace);
    while bytes.are_left() {
        let (kind, who) = (bytes.below(16), bytes.below(people));
        table.play(&match kind {
            0..6 => {
                let (at, length) = (usize::from(bytes.byte()), bytes.below(8));
                Step::Edit { who, place: at, length, content: bytes.one_of(contents).to_owned() }
            }
            6..9 => Step::Room { who },
            9..13 => Step::Client { who },
            13 | 14 => Step::Undo { who },
            _ => Step::Sleep,
        });
    }
    table.settle();
    table.sleep();
}

/// The scripts of every run: change it, and they are others.
const SEED: [u8; 32] = *b"dormouse: all replicas converge ";
const SCRIPTS: u32 = 10_000;

fn script() -> impl Strategy<Value = (usize, Pace, Vec<Step>)> {
    (2usize..=6, pace(), prop::collection::vec(step(), 1..60))
}

/// [T8, T9, T10, T11, T12, T13] Any number of editors, any interleaving; 10,000 scripts of a fixed seed.
#[test]
fn all_replicas_converge_in_ten_thousand_scripts_of_one_seed() {
    use proptest::test_runner::{RngAlgorithm, TestRng, TestRunner};
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &SEED);
    let config =
        ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(SCRIPTS) };
    let (played_out, edits) = (Cell::new(0u32), Cell::new(0usize));
    let run = TestRunner::new_with_rng(config, rng).run(&script(), |(people, pace, steps)| {
        let mut table = played(people, pace, &steps);
        table.sleep();
        played_out.set(played_out.get() + 1);
        edits.set(edits.get() + usize::try_from(table.document.version().0).unwrap());
        Ok(())
    });
    let seed = String::from_utf8_lossy(&SEED);
    println!("seed {seed:?}: {SCRIPTS} scripts, {} operations, all converged", edits.get());
    run.unwrap_or_else(|it| panic!("{it}"));
    assert_eq!(played_out.get(), SCRIPTS);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    /// [T13] And 1,000 of a seed of this run's own.
    #[test]
    fn all_replicas_converge((people, pace, steps) in script()) {
        let mut table = played(people, pace, &steps);
        table.sleep();
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    /// [T14] What nobody wrote into since is as if it had not been.
    #[test]
    fn an_undone_edit_never_was(
        people in 2usize..=6,
        steps in prop::collection::vec(step(), 1..40),
        (place, length, content) in (0usize..1000, 0usize..8, "[a-c😀]{1,3}"),
    ) {
        let mut table = played(people, Pace::default(), &steps);
        let before = table.document.content();
        table.play(&Step::Edit { who: 1, place, length, content });
        table.settle();
        table.play(&Step::Undo { who: 1 });
        table.settle();
        prop_assert_eq!(table.document.content(), before);
    }

    /// [T14] Who edits alone gets back to the beginning.
    #[test]
    fn one_who_edits_alone_takes_everything_back(
        steps in prop::collection::vec(step(), 1..60),
    ) {
        let mut table = played(1, Pace::default(), &steps);
        let user = table.clients[0].user.clone();
        while table.document.undo(&user).unwrap().is_some() {}
        prop_assert_eq!(table.document.content(), "");
    }
}

/// The scripts are worth something only if they get that far.
#[test]
fn scripts_reach_what_they_are_made_for() {
    use proptest::strategy::ValueTree;
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let (mut stale, mut undone, mut split, mut marked) = (0, 0, 0, 0);
    for number in 0..300 {
        let steps = prop::collection::vec(step(), 60).new_tree(&mut runner).unwrap().current();
        let pace =
            if number % 2 == 0 { Pace::default() } else { Pace { operations: 4, bytes: 40 } };
        let table = played(2 + number % 5, pace, &steps);
        (stale, undone, split) = (stale + table.stale, undone + table.undone, split + table.split);
        marked += usize::from(table.document.kept_since() != Version(0));
    }
    assert!(
        [stale, undone, split, marked].iter().all(|it| 20 < *it),
        "{stale} {undone} {split} {marked}"
    );
}
