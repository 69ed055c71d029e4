//! They do nothing but being published.

use super::Messages;
use crate::feature::Never;
use crate::feature::door::Door;
use crate::kernel::features::Rules;
use crate::kernel::principal::Principal;
use crate::kernel::{Context, Duplicate, Room};

impl Door for Messages {}

impl Rules for Messages {
    fn handle(
        _: &mut Room,
        _: &mut Context,
        _: &Principal,
        command: Never<Self>,
        _: Option<Duplicate>,
    ) {
        command.never()
    }
}
