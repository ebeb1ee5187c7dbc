//! Files of AGENT_TASK: `{"task_type": "tracer_flare", "uuid": …, "args": {"case_id", "hostname", "user_handle"}}` wants the flare.

use super::wishes::Flare;
use crate::log::log_debug;
use crate::remote_config::{ApplyState, Change, Consumer, Operation};
use serde_json::Value;
use std::sync::Arc;

/// The product.
pub const AGENT_TASK: &str = "AGENT_TASK";
const FLARE: &str = "tracer_flare";
/// Longer texts are cut.
const LONGEST_TEXT: usize = 1024;

/// Reads the files.
pub struct Tasks(pub Arc<Flare>);

/// Who wants the flare.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FlareTask {
    /// The number of the support case.
    pub case_id: String,
    /// The host that support knows.
    pub hostname: String,
    /// The address of who asked.
    pub user_handle: String,
    /// The task's id.
    pub uuid: String,
}

impl Consumer for Tasks {
    fn deliver(&self, changes: &[Change], results: &mut [ApplyState]) {
        for (change, result) in changes.iter().zip(results) {
            if change.operation == Operation::Remove {
                continue;
            }
            match read(&change.content) {
                Ok(Some(task)) => self.0.want_flare(task),
                Ok(None) => {}
                Err(error) => {
                    self.0.want_end();
                    *result = ApplyState::error(&error);
                }
            }
        }
    }

    fn batch_ended(&self) {
        self.0.act();
    }
}

/// Reads a file; only what is no JSON is an error. `None`: there is nothing to do.
fn read(content: &[u8]) -> Result<Option<FlareTask>, String> {
    let file: Value = serde_json::from_slice(content).map_err(|error| format!("invalid JSON content: {error}"))?;
    if file.get("task_type").and_then(Value::as_str) != Some(FLARE) {
        return Ok(None);
    }
    let text = |value: Option<&Value>| match value {
        Some(Value::String(text)) => text.chars().take(LONGEST_TEXT).collect(),
        Some(Value::Number(number)) => number.to_string(),
        _ => String::new(),
    };
    let argument = |name: &str| text(file.get("args").and_then(|args| args.get(name)));
    let task = FlareTask {
        case_id: argument("case_id"),
        hostname: argument("hostname"),
        user_handle: argument("user_handle"),
        uuid: text(file.get("uuid")),
    };
    if !is_case(&task.case_id) {
        log_debug!("no flare is sent: {:?} is no number of a case", task.case_id);
        return Ok(None);
    }
    Ok(Some(task))
}

/// Digits, not 0 alone, which `-with-debug` or `-with-content` may follow.
fn is_case(id: &str) -> bool {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let with = ["-with-debug", "-with-content"].iter().find_map(|suffix| id.strip_suffix(suffix));
    match with {
        Some(number) => digits(number),
        None => digits(id) && id != "0",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn task(case_id: Value) -> Option<FlareTask> {
        let args = json!({"case_id": case_id, "hostname": "host", "user_handle": "a@b"});
        let file = json!({"task_type": "tracer_flare", "uuid": "u", "args": args});
        read(file.to_string().as_bytes()).unwrap()
    }

    #[test]
    fn a_case_has_a_number() {
        for good in [json!("12345"), json!("12-with-debug"), json!("7-with-content"), json!(12345), json!("00")] {
            assert!(task(good.clone()).is_some(), "{good}");
        }
        for bad in [json!(""), json!("0"), json!("-1"), json!("abc"), json!("12-with-else"), json!("-with-debug"), json!(null)] {
            assert_eq!(task(bad.clone()), None, "{bad}");
        }
        let known = task(json!("1")).unwrap();
        assert_eq!((known.hostname.as_str(), known.user_handle.as_str(), known.uuid.as_str()), ("host", "a@b", "u"));
    }

    #[test]
    fn other_tasks_are_passed_over() {
        assert_eq!(read(b"{}"), Ok(None));
        assert_eq!(read(br#"{"task_type":"agent_flare","args":{"case_id":"1"}}"#), Ok(None));
        assert!(read(b"x").is_err());
    }
}
