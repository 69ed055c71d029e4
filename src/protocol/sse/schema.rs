use super as wire;
use crate::protocol::json::Envelope;
use crate::protocol::schema::Description;
use crate::protocol::spell::Past;
use crate::schema::shape::{input_here, output_here};

pub(crate) const DESCRIPTION: Description = Description {
    from_clients: input_here::<Envelope<'static>>,
    from_server: output_here::<wire::AttachedOut<'static>>,
    entry: output_here::<Past<'static>>,
    answer: output_here::<wire::Closing<'static>>,
    receive: &[],
    send: &[],
    close_codes: &[],
};
