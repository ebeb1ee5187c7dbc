//! Whether the agent is there at all. That it is not is said on stderr: once, beside the start-up line, where whoever sets a program up looks.
//! Start-up lines that are written later say it, too.

use crate::lock::Mutex;
use crate::log::write_to_stderr;
use std::fmt::Display;

/// Notes and tells of an agent that cannot be reached.
#[derive(Clone, Debug)]
pub struct Reachability {
    /// Where the agent should be, without user and password.
    url: String,
    /// Whether stderr gets a line.
    tells: bool,
}

/// The agent that failed last. Forked children, and further tracers of the same agent, do not repeat it.
static LAST: Mutex<Option<Failed>> = Mutex::new(None);

struct Failed {
    url: String,
    /// Why; `None`: it has answered since.
    cause: Option<String>,
    was_told: bool,
}

impl Reachability {
    /// Of the agent at this address.
    pub fn of(url: &str, tells: bool) -> Self {
        Reachability { url: url.to_owned(), tells }
    }

    /// No answer came.
    pub(super) fn failed(&self, cause: &impl Display) {
        let cause = one_line(cause);
        // A thread of the parent may hold the lock in a forked child; the parent tells it then.
        let Some(mut last) = LAST.lock_soon() else { return };
        let was_told = last.as_ref().is_some_and(|failed| failed.url == self.url && failed.was_told);
        *last = Some(Failed { url: self.url.clone(), cause: Some(cause.clone()), was_told: was_told || self.tells });
        drop(last);
        if self.tells && !was_told {
            write_to_stderr(&line(&self.url, &cause));
        }
    }

    /// An answer came.
    pub(super) fn answered(&self) {
        let Some(mut last) = LAST.lock_soon() else { return };
        if let Some(failed) = last.as_mut().filter(|failed| failed.url == self.url) {
            failed.cause = None;
        }
    }
}

/// Why the agent at this address could not be reached when it was asked last. `None`: it could, or nobody has asked it yet.
pub fn agent_error(url: &str) -> Option<String> {
    LAST.lock_soon()?.as_ref().filter(|failed| failed.url == url)?.cause.clone()
}

fn one_line(cause: &impl Display) -> String {
    cause.to_string().chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

fn line(url: &str, cause: &str) -> String {
    format!("DATADOG TRACER DIAGNOSTIC - Agent not reachable at {}: {cause}\n", one_line(&url))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_is_one() {
        let told = line("http://agent:8126", &one_line(&"no\nanswer"));
        assert_eq!(told, "DATADOG TRACER DIAGNOSTIC - Agent not reachable at http://agent:8126: no answer\n");
    }

    #[test]
    fn what_failed_is_known_until_the_agent_answers() {
        let url = "http://agent-of-this-test:8126";
        let quiet = Reachability::of(url, false);
        assert_eq!(agent_error(url), None);
        quiet.failed(&"refused");
        assert_eq!(agent_error(url).as_deref(), Some("refused"));
        assert_eq!(agent_error("http://another:8126"), None);
        quiet.answered();
        assert_eq!(agent_error(url), None);
    }
}
