//! They do nothing but being published.

use super::Workflows;
use crate::feature::Never;
use crate::feature::door::Door;
use crate::kernel::features::Rules;
use crate::kernel::principal::Principal;
use crate::kernel::{Context, Duplicate, Room};

impl Door for Workflows {}

impl Rules for Workflows {
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
