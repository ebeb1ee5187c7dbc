//! Variables that look like settings and are none.

use super::integration;
use super::process::Environment;
use super::stable::StableFile;
use super::table::position;
use crate::lock::Mutex;
use std::collections::HashSet;

const PREFIXES: [&str; 4] = ["DD_", "_DD_", "DATADOG_", "OTEL_"];
/// Most names that are kept.
const MOST: usize = 256;

/// The names in the environment that look like settings and are none, sorted.
pub(super) fn variables(environment: &Environment) -> Vec<String> {
    let is_unknown = |name: &str| {
        let files = [StableFile::Local, StableFile::Fleet].map(StableFile::place_variable);
        PREFIXES.iter().any(|prefix| name.starts_with(prefix))
            && position(name).is_none()
            && !super::otel_names::is_known(name)
            && !integration::is_name(name)
            && !files.contains(&name)
            && !is_of_session(name)
    };
    let mut names: Vec<_> = environment.all().map(|(name, _)| name).filter(|name| is_unknown(name)).map(str::to_owned).collect();
    names.sort_unstable();
    names.truncate(MOST);
    names
}

/// Names by which sessions are handed to processes that this one starts.
fn is_of_session(name: &str) -> bool {
    name.ends_with("_SESSION_ID")
        && ["_DD_ROOT_", "_DD_PARENT_", "DD_ROOT_", "DD_PARENT_"].iter().any(|start| name.starts_with(start))
}

/// Those of the names that nobody in this process has asked for before.
pub(super) fn new_ones(names: &[String]) -> Vec<&str> {
    static KNOWN: Mutex<Option<HashSet<String>>> = Mutex::new(None);
    const MOST_KNOWN: usize = 4 * MOST;
    // In a forked child the lock may be held by a thread that is gone.
    let Some(mut known) = KNOWN.lock_soon() else { return Vec::new() };
    let known = known.get_or_insert_with(HashSet::new);
    let is_new = |name: &&String| known.len() < MOST_KNOWN && known.insert((*name).clone());
    names.iter().filter(is_new).map(String::as_str).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::process::Surroundings;

    #[test]
    fn names_that_look_like_settings_and_are_none() {
        let given = [
            "DD_SERVCE",
            "DD_SERVICE",
            "DATADOG_TAGS",
            "DATADOG_WEATHER",
            "OTEL_SERVICE_NAME",
            "OTEL_WEATHER",
            "_DD_X",
            "DD_TRACE_REDIS_ENABLED",
            "HOME",
            "_DD_SC_LOCAL_FILE_OVERRIDE",
            "OTEL_BLRP_MAX_QUEUE_SIZE",
            "_DD_ROOT_PY_SESSION_ID",
        ];
        let variables: Vec<_> = given.iter().map(|name| (*name, "1")).collect();
        let surroundings = Surroundings::with_variables(&variables);
        assert_eq!(super::variables(&surroundings.environment), ["DATADOG_WEATHER", "DD_SERVCE", "OTEL_WEATHER", "_DD_X"]);
    }

    #[test]
    fn each_name_is_new_once() {
        let names = ["DD_TEST_ONE".to_owned(), "DD_TEST_TWO".to_owned()];
        assert_eq!(new_ones(&names), ["DD_TEST_ONE", "DD_TEST_TWO"]);
        assert_eq!(new_ones(&names), [""; 0]);
    }
}
