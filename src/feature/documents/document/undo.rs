//! What each author could take back.
//!
//! The log is a way to the present text in which nobody ever took anything back: an
//! operation that is undone is taken out of it, and all that came after is changed to what
//! it would have been without. So a text that was deleted and brought back is simply there,
//! and whoever put it in can still take it out.

use std::collections::VecDeque;

use super::change::{Change, Order};
use super::edit::{Kept, Version};
use crate::message::UserId;

/// How many transformations one undo may cost: some milliseconds. It is reached only by
/// who looks, through thousands of others' operations, for one of which anything is left.
const EFFORT_MAX: usize = 100_000;

#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Log(Vec<Step>);

#[derive(Clone, Debug, PartialEq)]
struct Step {
    /// The version its edit led to first.
    id: Version,
    /// Who may take it back; nobody, if it took something back itself.
    author: Option<UserId>,
    /// In this order, each one piece or what became of it.
    changes: Vec<Change>,
}

impl Step {
    /// What undoes it, one after the other.
    fn inverse(&self) -> Vec<Change> {
        let pieces: Vec<Change> = self.changes.iter().flat_map(Change::pieces).collect();
        pieces.iter().rev().map(Change::inverse).collect()
    }
}

impl Log {
    pub(super) fn of(kept: &VecDeque<Kept>) -> Self {
        let mut log = Self::default();
        for edit in kept {
            log.record(edit);
        }
        log
    }

    /// Takes in what has just been made.
    pub(super) fn record(&mut self, edit: &Kept) {
        let undone = edit.undoes.and_then(|id| self.0.iter().position(|it| it.id == id));
        let Some(undone) = undone else {
            let author = edit.undoes.is_none().then(|| edit.author.clone());
            return self.0.push(Step { id: edit.first, author, changes: edit.pieces.clone() });
        };
        let later = self.0.split_off(undone + 1);
        let mut inverse = self.0.pop().map(|it| it.inverse()).unwrap_or_default();
        self.0.extend(later.into_iter().map(|step| {
            let changes = step.changes.iter().map(|it| pass(&mut inverse, it));
            let changes = changes.filter(|it| !it.is_empty()).collect();
            Step { changes, ..step }
        }));
    }

    /// The author's last operation of which anything is left, and what undoes it now.
    pub(super) fn last_of(&self, author: &UserId) -> Option<(Version, Vec<Change>)> {
        let mut effort = EFFORT_MAX;
        let mut later: Vec<&Change> = Vec::new();
        for step in self.0.iter().rev() {
            if step.author.as_ref() == Some(author) {
                let mut inverse = step.inverse();
                for change in later.iter().rev() {
                    effort = effort.checked_sub(inverse.len())?;
                    pass(&mut inverse, change);
                    if inverse.iter().all(Change::is_empty) {
                        break;
                    }
                }
                inverse.retain(|it| !it.is_empty());
                if !inverse.is_empty() {
                    return Some((step.id, inverse));
                }
            }
            later.extend(step.changes.iter().rev());
        }
        None
    }
}

/// Moves a change to before others, and those to after it. What is undone counts as taken
/// last.
fn pass(inverse: &mut [Change], change: &Change) -> Change {
    let mut passing = change.clone();
    for undoing in inverse {
        let moved = undoing.after(&passing, Order::Later);
        passing = passing.after(undoing, Order::Earlier);
        *undoing = moved;
    }
    passing
}
