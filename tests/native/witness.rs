//! What a room reveals is durable: looked up in its log by every frame of every script.

use dormouse::database::{Database, Value};
use dormouse::protocol::Frame;

use crate::support::Rusqlite;

/// [invariant 5] What this frame reveals is in the log.
pub(crate) fn is_durable(log: &Rusqlite, frame: &Frame) {
    let Frame::Text(text) = frame else { return };
    let Ok(json) = serde_json::from_str::<serde_json::Value>(text) else {
        return is_in_log(log, text);
    };
    let of_log = ["message", "edit_message", "delete_message", "reaction"];
    let is_entry = of_log.iter().any(|it| json["type"] == **it);
    if let Some(offset) = json["data"]["offset"].as_u64().filter(|_| is_entry) {
        // Or it is a resend of what the log no longer keeps, but remembers.
        let there = |table| format!("EXISTS (SELECT 1 FROM {table} WHERE offset = {offset})");
        let sql = format!("SELECT ({} OR {}) = ", there("entry"), there("recent"));
        assert_eq!(log.count(&sql, 1), 1, "revealed before it was durable: {text}");
    }
    let version = json["data"]["version"].as_u64();
    if let Some(version) = version.filter(|_| json["type"] == "edit") {
        let sql = format!(
            "SELECT COUNT(*) FROM document_edit
             WHERE {version} < first + json_array_length(operations) AND first <= "
        );
        assert!(0 < log.count(&sql, version), "revealed before it was durable: {text}");
    }
    if let (Some("response"), Some(message)) = (json["type"].as_str(), json["messageId"].as_str()) {
        // A day later another message may have the same name.
        let sql = "SELECT COUNT(*), COUNT(DISTINCT json_extract(data, '$.of')) FROM entry
            WHERE kind = 'response' AND json_extract(data, '$.messageId') = ?";
        let counts: Vec<_> = log.run(sql, &[message.into()]).unwrap().remove(0);
        let counts: Vec<_> = counts.iter().map(Value::integer).collect();
        assert_ne!(counts[0], Some(0), "revealed before it was durable: {text}");
        assert_eq!(counts[0], counts[1], "twice there: {text}");
    }
    if json["type"] == "large_data_received" {
        let data = json["data"]["data_id"].as_str().unwrap();
        let sql = "SELECT COALESCE(SUM(chunk.bytes), 0) FROM chunk JOIN transfer ON id = transfer";
        let stored = log.count(&format!("{sql} WHERE data = '{data}' AND 1 = "), 1);
        let told = json["data"]["total_size"].as_u64().unwrap();
        assert!(told <= stored, "acknowledged before it was durable: {text}");
    }
}

/// The same of an event stream, which is no JSON.
fn is_in_log(log: &Rusqlite, text: &str) {
    for data in text.lines().filter_map(|it| it.strip_prefix("data: ")) {
        let json: serde_json::Value = serde_json::from_str(data).unwrap();
        // What has a type is an entry.
        if let (Some(_), Some(offset)) = (json["type"].as_str(), json["offset"].as_u64()) {
            let sql = "SELECT COUNT(*) FROM entry WHERE offset = ";
            assert_eq!(log.count(sql, offset), 1, "revealed before it was durable: {text}");
        }
    }
}
