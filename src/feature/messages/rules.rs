//! They do nothing but being published.

use std::convert::Infallible;

use super::Messages;
use crate::feature::Never;
use crate::kernel::features::Rules;
use crate::kernel::principal::Principal;
use crate::kernel::{Context, Duplicate, Room};

impl Rules for Messages {
    type Command = Never<Self>;
    type Input = Infallible;
    type Query = Never<Self>;
    type Found = ();

    fn handle(
        _: &mut Room,
        _: &mut Context,
        _: &Principal,
        command: Never<Self>,
        _: Option<Duplicate>,
    ) {
        command.never()
    }

    fn heard(_: &mut Room, _: &mut Context, input: Infallible) {
        match input {}
    }
}
