//! The events whose shape is fixed (A14 to A19): read field by field, so that a backend
//! learns of every fault at once. What is passed on is what came, unknown fields included.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::fields::{Fields, TIME, is_time};
use super::{Json, Priority, ProtocolError, UserId};

/// Where a workflow stands (A15).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names say it")]
pub enum Status {
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
#[expect(missing_docs, reason = "the names say it")]
pub enum Stage {
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
#[expect(missing_docs, reason = "the names say it")]
pub enum Category {
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
#[expect(missing_docs, reason = "the names say it")]
pub enum NotificationPriority {
    Low,
    Normal,
    High,
    Critical,
}

/// The data of `workflow_update` (A14).
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct WorkflowUpdate {
    /// Which workflow; 1 to 128 bytes.
    pub workflow_id: String,
    /// Where it stands.
    pub status: Status,
    /// What it is doing.
    pub stage: Stage,
    /// How far it is, 0 to 100.
    #[cfg_attr(not(target_arch = "wasm32"), schemars(range(min = 0.0, max = 100.0)))]
    pub progress: f64,
    /// For people.
    #[serde(default)]
    pub message: Option<String>,
    /// When it is expected to be done: RFC 3339.
    #[serde(default)]
    pub estimated_completion: Option<String>,
}

/// The data of `notification` (A17).
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct Notification {
    /// Its name; 1 to 128 bytes.
    pub notification_id: String,
    /// Whose sockets get it; everyone's if it is missing.
    #[serde(default)]
    pub user_id: Option<String>,
    /// One line, for people.
    pub title: String,
    /// More, for people.
    pub message: String,
    /// What it is about.
    pub category: Category,
    /// How urgent it is. `critical` overtakes whatever waits.
    pub priority: NotificationPriority,
    /// What can be done about it.
    #[serde(default)]
    pub action: Option<Action>,
    /// What it belongs to; any object.
    #[serde(default)]
    pub metadata: Option<Map<String, Value>>,
}

/// A link.
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct Action {
    /// What to call it.
    pub label: String,
    /// A path, or a URL of `https` or `http`: a click must not run a script.
    pub url: String,
}

const ID: &str = "a string of 1 to 128 bytes";
const USER: &str = "a string of 1 to 128 bytes without control or invisible characters";
const TEXT: &str = "a string";

#[expect(clippy::ptr_arg, reason = "what a field of this type is read as")]
fn is_id(text: &String) -> bool {
    (1..=128).contains(&text.len())
}

/// Checks the data of a `workflow_update`.
pub(super) fn check_update(data: &Json) -> Result<(), ProtocolError> {
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
pub(super) fn check_notification(data: &Json) -> Result<(Option<UserId>, Priority), ProtocolError> {
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
