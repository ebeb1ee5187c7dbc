//! Sends flares: an archive in a form of several parts, to the agent.

use super::archive::zip;
use super::wishes::{DueFlare, Flare};
use crate::export::{Client, Limit, Link, Outgoing, Progress};
use crate::log::{log_debug, log_warn};
use crate::record::unix_ns;
use crate::remote_config::Headers;
use crate::service::{Cause, PeriodicService};
use sha2::{Digest, Sha256};
use std::borrow::Cow;
use std::fs::{self, OpenOptions};
use std::io::ErrorKind;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

const PATH: &str = "/tracer_flare/v1";
const BOUNDARY: &str = "83CAD6AA-8A24-462C-8B3D-FF9CC683B51B";
const CONTENT_TYPE: &str = "multipart/form-data; boundary=83CAD6AA-8A24-462C-8B3D-FF9CC683B51B";
/// How long to wait while no flare is due; one that is awakens.
const IDLE: Duration = Duration::from_secs(3600);
/// A lock file that is older was left behind.
const LONGEST_SENDING: Duration = Duration::from_secs(20 * 60);

/// What is told of the process.
#[derive(Clone, Debug, Default)]
pub struct FlareFacts {
    /// Language of the binding.
    pub language: String,
    /// The configuration, in JSON.
    pub configuration: Vec<u8>,
    /// Where the agent is: processes with the same one do not send the same flare at the same time.
    pub agent: String,
}

/// The service that sends.
pub struct Uploader {
    flare: Arc<Flare>,
    client: Client,
    headers: Headers,
    facts: Box<dyn Fn() -> FlareFacts + Send>,
    /// Held while a flare is on its way.
    lock: Option<LockFile>,
}

impl Uploader {
    /// Sends the flares of a process; the headers are of every request. An answer has `timeout`.
    pub fn new(
        flare: Arc<Flare>,
        link: Link,
        headers: Headers,
        facts: impl Fn() -> FlareFacts + Send + 'static,
        timeout: Duration,
    ) -> Self {
        Uploader { flare, client: Client::new(link, timeout), headers, facts: Box::new(facts), lock: None }
    }

    fn send(&mut self, due: &DueFlare) -> Option<Progress> {
        let facts = (self.facts)();
        match LockFile::take(&facts.agent, due) {
            Taken::By(lock) => self.lock = Some(lock),
            Taken::Elsewhere => {
                log_debug!("a flare is not sent: another process sends it");
                return None;
            }
            Taken::Impossible => {}
        }
        let headers = self.headers.iter().map(|(name, value)| (name.clone(), Cow::Borrowed(value.as_str())));
        let request = Outgoing {
            method: "POST",
            path: PATH,
            headers: headers.chain([("Content-Type".into(), CONTENT_TYPE.into())]).collect(),
            body: Cow::Owned(form(due, &facts, unix_ns() / 1_000_000_000)),
        };
        let flare = Arc::downgrade(&self.flare);
        let awake = move || {
            if let Some(flare) = flare.upgrade() {
                flare.awake();
            }
        };
        Some(self.client.send(request, Limit::default(), awake))
    }
}

impl PeriodicService for Uploader {
    fn name(&self) -> &'static str {
        "flare"
    }

    fn periodic(&mut self, cause: Cause) -> Duration {
        if matches!(cause, Cause::Shutdown(_)) {
            self.client.forget();
            self.lock = None;
            return IDLE;
        }
        loop {
            let progress = match self.client.look(Limit::default()) {
                Some(progress) => Some(progress),
                None => match self.flare.take_due() {
                    Some(due) => self.send(&due),
                    None => return IDLE,
                },
            };
            match progress {
                Some(Progress::Pending { poll }) => return poll,
                Some(Progress::Ended { result, .. }) => {
                    match result {
                        Ok(response) if (200..300).contains(&response.status) => log_debug!("a flare was sent"),
                        Ok(response) => log_warn!("a flare was not taken: the agent answered {}", response.status),
                        Err(error) => log_warn!("a flare was not sent: {error}"),
                    }
                    self.lock = None;
                }
                None => {}
            }
        }
    }
}

fn form(due: &DueFlare, facts: &FlareFacts, unix_seconds: i64) -> Vec<u8> {
    let task = &due.task;
    let language = &facts.language;
    let mut body = Vec::new();
    let fields = [
        ("source", format!("tracer_{language}")),
        ("case_id", task.case_id.clone()),
        ("hostname", task.hostname.clone()),
        ("email", task.user_handle.clone()),
        ("uuid", task.uuid.clone()),
    ];
    for (name, value) in fields {
        let value = value.replace(BOUNDARY, "");
        let part = format!("--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n");
        body.extend(part.as_bytes());
    }
    let file = format!("tracer-{language}-{}-{unix_seconds}-{}.zip", task.case_id, due.level.name());
    let head = format!(
        "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"flare_file\"; filename=\"{file}\"\r\n\
         Content-Type: application/octet-stream\r\n\r\n"
    );
    body.extend(head.as_bytes());
    body.extend(zip(&files(due, facts)));
    body.extend(format!("\r\n--{BOUNDARY}--\r\n").as_bytes());
    body
}

fn files(due: &DueFlare, facts: &FlareFacts) -> Vec<(String, Vec<u8>)> {
    let process = std::process::id();
    let messages = &due.messages;
    let mut log = messages.lines.concat().into_bytes();
    if messages.dropped > 0 {
        log.extend(format!("{{\"level\":\"WARN\",\"message\":\"{} messages are missing\"}}\n", messages.dropped).bytes());
    }
    let mut files = vec![
        (format!("tracer_{}_{process}.log", facts.language), log),
        (format!("tracer_config_{process}.json"), facts.configuration.clone()),
    ];
    files.extend(due.extra.iter().map(|(name, content)| (name.clone(), content.to_vec())));
    files
}

/// A file that tells other processes that a flare is being sent.
struct LockFile(PathBuf);

enum Taken {
    By(LockFile),
    Elsewhere,
    /// Files cannot be made here: better two flares than none.
    Impossible,
}

impl LockFile {
    fn take(agent: &str, due: &DueFlare) -> Taken {
        let task = &due.task;
        let digest = Sha256::digest(format!("{agent}\n{}\n{}", task.uuid, task.case_id));
        let name: String = digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
        let path = std::env::temp_dir().join(format!("ddtrace-flare-{name}.lock"));
        for _ in 0..2 {
            match OpenOptions::new().write(true).create_new(true).open(&path) {
                Ok(_) => return Taken::By(LockFile(path)),
                Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
                Err(_) => return Taken::Impossible,
            }
            let age = fs::symlink_metadata(&path).and_then(|facts| facts.modified()).ok().and_then(|time| time.elapsed().ok());
            if age.is_none_or(|age| age < LONGEST_SENDING) || fs::remove_file(&path).is_err() {
                return Taken::Elsewhere;
            }
        }
        Taken::Elsewhere
    }
}

impl Drop for LockFile {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

#[cfg(test)]
mod tests {
    use super::super::task::FlareTask;
    use super::*;
    use crate::log::{Collected, Level};
    use crate::remote_config::flare::level_file::CollectLevel;

    fn due(uuid: &str) -> DueFlare {
        DueFlare {
            task: FlareTask {
                case_id: "12".to_owned(),
                hostname: "host".to_owned(),
                user_handle: format!("a@b\r\n--{BOUNDARY}--"),
                uuid: uuid.to_owned(),
            },
            level: CollectLevel::UpTo(Level::Debug),
            messages: Arc::new(Collected { lines: vec!["{\"message\":\"one\"}\n".to_owned()], dropped: 3 }),
            extra: vec![("binding.txt".to_owned(), b"more".as_slice().into())],
        }
    }

    #[test]
    fn the_form_has_all_parts_once() {
        let facts = FlareFacts { language: "cpp".to_owned(), configuration: b"{}".to_vec(), agent: String::new() };
        let form = String::from_utf8_lossy(&form(&due("u"), &facts, 1_700_000_000)).into_owned();
        for name in ["source", "case_id", "hostname", "email", "uuid"] {
            assert_eq!(form.matches(&format!("name=\"{name}\"\r\n\r\n")).count(), 1, "{name}");
        }
        assert!(form.contains("\r\n\r\ntracer_cpp\r\n"));
        assert!(
            form.contains("filename=\"tracer-cpp-12-1700000000-debug.zip\"\r\nContent-Type: application/octet-stream\r\n\r\nPK")
        );
        assert_eq!(form.matches(BOUNDARY).count(), 7, "no value can end the form");
        assert!(form.ends_with(&format!("--{BOUNDARY}--\r\n")));
    }

    #[test]
    fn what_is_missing_among_the_messages_is_told() {
        let facts = FlareFacts { language: "cpp".to_owned(), ..FlareFacts::default() };
        let files = files(&due("u"), &facts);
        let names: Vec<&str> = files.iter().map(|(name, _)| name.as_str()).collect();
        let process = std::process::id();
        assert_eq!(names, [&format!("tracer_cpp_{process}.log"), &format!("tracer_config_{process}.json"), "binding.txt"]);
        let log = String::from_utf8(files[0].1.clone()).unwrap();
        assert_eq!(log.lines().count(), 2);
        assert!(log.contains("3 messages are missing"));
    }

    #[test]
    fn one_process_at_a_time_sends_a_flare() {
        let due = due(&format!("test {}", std::process::id()));
        let Taken::By(lock) = LockFile::take("agent", &due) else { panic!("not taken") };
        assert!(matches!(LockFile::take("agent", &due), Taken::Elsewhere));
        assert!(matches!(LockFile::take("another agent", &due), Taken::By(_)));
        drop(lock);
        assert!(matches!(LockFile::take("agent", &due), Taken::By(_)));
    }
}
