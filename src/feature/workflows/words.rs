//! The events whose shape is fixed (A14 to A19): read field by field, so that a backend
//! learns of every fault at once. What is passed on is what came, unknown fields included.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::feature::Publishing;
use crate::message::fields::{Fields, TIME, is_time};
use crate::message::{Body, EVENT, Fault, Json, Priority, ProtocolError, UserId};

/// Where a workflow stands (A15).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub(super) enum Status {
    Pending,
    InProgress,
    Completed,
    Failed,
    Cancelled,
}

/// What a workflow is doing (A16).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub(super) enum Stage {
    RequirementsAnalysis,
    ArchitectureDesign,
    ComponentGeneration,
    Validation,
    Review,
}

/// What a notification is about (A18).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub(super) enum Category {
    WorkflowUpdate,
    WorkflowComplete,
    WorkflowFailed,
    SystemAlert,
    UserAction,
}

/// How urgent a notification is (A19).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[cfg_attr(not(target_arch = "wasm32"), schemars(rename = "Priority"))]
#[serde(rename_all = "snake_case")]
pub(super) enum NotificationPriority {
    Low,
    Normal,
    High,
    Critical,
}

/// The data of `workflow_update` (A14).
#[cfg(not(target_arch = "wasm32"))]
#[derive(Serialize, Deserialize, schemars::JsonSchema)]
pub(super) struct WorkflowUpdate {
    /// Which workflow; 1 to 128 bytes.
    pub(super) workflow_id: String,
    /// Where it stands.
    pub(super) status: Status,
    /// What it is doing.
    pub(super) stage: Stage,
    /// How far it is, 0 to 100.
    #[schemars(range(min = 0.0, max = 100.0))]
    pub(super) progress: f64,
    /// For people.
    #[serde(default)]
    pub(super) message: Option<String>,
    /// When it is expected to be done: RFC 3339.
    #[serde(default)]
    pub(super) estimated_completion: Option<String>,
}

/// The data of `notification` (A17).
#[cfg(not(target_arch = "wasm32"))]
#[derive(Serialize, Deserialize, schemars::JsonSchema)]
#[expect(clippy::struct_field_names, reason = "the names are the wire's")]
pub(super) struct Notification {
    /// Its name; 1 to 128 bytes.
    pub(super) notification_id: String,
    /// Whose sockets get it; everyone's if it is missing.
    #[serde(default)]
    pub(super) user_id: Option<String>,
    /// One line, for people.
    pub(super) title: String,
    /// More, for people.
    pub(super) message: String,
    /// What it is about.
    pub(super) category: Category,
    /// How urgent it is. `critical` has priority over whatever waits.
    pub(super) priority: NotificationPriority,
    /// What can be done about it.
    #[serde(default)]
    pub(super) action: Option<Action>,
    /// What it belongs to; any object.
    #[serde(default)]
    pub(super) metadata: Option<Map<String, Value>>,
}

/// A link.
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub(super) struct Action {
    /// What to call it.
    pub(super) label: String,
    /// A path, or a URL of `https` or `http`: a click must not run a script.
    pub(super) url: String,
}

const ID: &str = "a string of 1 to 128 bytes";
const USER: &str = "a string of 1 to 128 bytes without control or invisible characters";
const TEXT: &str = "a string";

#[expect(clippy::ptr_arg, reason = "what a field of this type is read as")]
fn is_id(text: &String) -> bool {
    (1..=128).contains(&text.len())
}

/// Reads an event of one of these names.
pub(super) fn read(it: &mut Publishing) -> Option<Result<Body, ProtocolError>> {
    match it.name.as_str() {
        "workflow_update" => Some(update(it)),
        "notification" => Some(notification(it)),
        _ => None,
    }
}

fn update(it: &mut Publishing) -> Result<Body, ProtocolError> {
    let data = it.take_data()?;
    check_update(&data)?;
    Ok(Body { user: it.user.take(), ..Body::new(EVENT, it.name.clone(), data) })
}

fn notification(it: &mut Publishing) -> Result<Body, ProtocolError> {
    let data = it.take_data()?;
    let (whose, priority) = check_notification(&data)?;
    if whose.is_some() && it.user.is_some() && whose != it.user {
        let problem = "must be the user_id of the data, or missing".into();
        return Err(ProtocolError::faulty(vec![Fault { field: "user_id".into(), problem }]));
    }
    let user = it.user.take().or(whose);
    Ok(Body { user, priority, ..Body::new(EVENT, it.name.clone(), data) })
}

/// Checks the data of a `workflow_update`.
fn check_update(data: &Json) -> Result<(), ProtocolError> {
    let mut it = Fields::of(data.as_str())?;
    it.need("workflow_id", ID, is_id);
    let status = "one of pending, in_progress, completed, failed, cancelled";
    it.need::<Status>("status", status, |_| true);
    let stage = "one of requirements_analysis, architecture_design, component_generation, validation, review";
    it.need::<Stage>("stage", stage, |_| true);
    it.need::<f64>("progress", "a number from 0 to 100", |it| (0.0..=100.0).contains(it));
    it.may::<String>("message", TEXT, |_| true);
    it.may("estimated_completion", TIME, is_time);
    it.end()
}

/// Checks the data of a `notification`; gives whose it is and how urgent.
fn check_notification(data: &Json) -> Result<(Option<UserId>, Priority), ProtocolError> {
    let mut it = Fields::of(data.as_str())?;
    it.need("notification_id", ID, is_id);
    let is_user = |it: &String| UserId::parse(it.as_str()).is_ok();
    let user = it.may("user_id", USER, is_user);
    it.need::<String>("title", TEXT, |_| true);
    it.need::<String>("message", TEXT, |_| true);
    let category =
        "one of workflow_update, workflow_complete, workflow_failed, system_alert, user_action";
    it.need::<Category>("category", category, |_| true);
    let priority: Option<NotificationPriority> =
        it.need("priority", "one of low, normal, high, critical", |_| true);
    let leads = |it: &Action| is_harmless(&it.url);
    it.may("action", "an object with label and url, a path or a URL of https or http", leads);
    it.may::<Map<String, Value>>("metadata", "an object", |_| true);
    it.end()?;
    let priority = if priority == Some(NotificationPriority::Critical) {
        Priority::Critical
    } else {
        Priority::Normal
    };
    Ok((user.map(UserId), priority))
}

/// Whether a click on it runs nothing. A scheme may be written in any case; what has no
/// colon before its first slash has none.
fn is_harmless(url: &str) -> bool {
    let url = url.trim_start().to_ascii_lowercase();
    let scheme = url.split(['/', '?', '#']).next().unwrap_or_default();
    !scheme.contains(':') || url.starts_with("https://") || url.starts_with("http://")
}
