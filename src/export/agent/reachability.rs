//! What is said on stderr when the agent is not there at all: once, beside the start-up line, where whoever sets a program up looks.

use crate::lock::Mutex;
use crate::log::write_to_stderr;
use std::fmt::Display;

/// Tells of an agent that cannot be reached.
#[derive(Clone, Debug)]
pub struct Reachability {
    /// Where the agent should be, without user and password.
    url: String,
}

/// The agent that was told of last. Forked children, and further tracers of the same agent, do not repeat it.
static TOLD: Mutex<Option<String>> = Mutex::new(None);

impl Reachability {
    /// Of the agent at this address.
    pub fn of(url: &str) -> Self {
        Reachability { url: url.to_owned() }
    }

    /// No answer came.
    pub(super) fn tell(&self, cause: &impl Display) {
        // A thread of the parent may hold the lock in a forked child; the parent tells it then.
        let Some(mut told) = TOLD.lock_soon() else { return };
        if told.as_deref() == Some(self.url.as_str()) {
            return;
        }
        *told = Some(self.url.clone());
        drop(told);
        write_to_stderr(&line(&self.url, cause));
    }
}

fn line(url: &str, cause: &impl Display) -> String {
    let text: String =
        format!("Agent not reachable at {url}: {cause}").chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    format!("DATADOG TRACER DIAGNOSTIC - {text}\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_is_one() {
        let told = line("http://agent:8126", &"no\nanswer");
        assert_eq!(told, "DATADOG TRACER DIAGNOSTIC - Agent not reachable at http://agent:8126: no answer\n");
    }
}
