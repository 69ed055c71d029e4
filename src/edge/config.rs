use std::cell::OnceCell;
use std::rc::Rc;

use worker::Env;

use super::platform;
use crate::admission::{Keys, Origins, Policy};
use crate::limits::Limits;

/// Everything an operator can set. It cannot change while an isolate lives.
pub(super) struct Config {
    pub(super) limits: Limits,
    pub(super) policy: Policy,
}

thread_local! {
    static CONFIG: OnceCell<Rc<Config>> = const { OnceCell::new() };
}

impl Config {
    /// Read from the environment once per isolate.
    pub(super) fn of(env: &Env) -> Rc<Self> {
        CONFIG.with(|config| Rc::clone(config.get_or_init(|| Rc::new(Self::read(env)))))
    }

    fn read(env: &Env) -> Self {
        let variable = |name: &str| platform::variable(env, name);
        let (limits, unreadable) = Limits::read(variable);
        for name in unreadable {
            worker::console_error!(
                "{name} is no number this limit can be; its default is in force"
            );
        }
        // Whatever is not called development is production: a slip of the pen must
        // not open the door to the token `test`.
        let development = variable("ENVIRONMENT").as_deref() == Some("development");
        let secret = variable("JWT_SECRET");
        let (issuer, audience) = (variable("JWT_ISSUER"), variable("JWT_AUDIENCE"));
        let keys = Keys::new(secret.as_deref(), issuer, audience, development);
        if keys.refuse_everything() {
            worker::console_error!(
                "no usable JWT_SECRET: in production it must have 32 bytes or more, and until it is set nobody gets in"
            );
        }
        let origins = Origins::parse(&variable("ALLOWED_ORIGINS").unwrap_or_default());
        Self { limits, policy: Policy { keys, origins } }
    }
}
