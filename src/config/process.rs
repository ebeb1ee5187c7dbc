//! What the process is started with: environment, arguments, the agent's socket. Nothing else in the crate reads
//! `std::env`; the environment is read once per resolution and never changed.

use super::agent_endpoint::DEFAULT_SOCKET;
use super::dogstatsd;
use super::platform::LAMBDA_EXTENSION;
use super::stable::StableFile;
use std::collections::{HashMap, HashSet};
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Longest value in bytes that is taken from code or the environment.
pub(super) const LONGEST_VALUE: usize = 1 << 20;

/// An environment that the host provides: the value of a variable, or `None`.
pub type EnvLookup = Arc<dyn Fn(&str) -> Option<String> + Send + Sync>;

/// The environment variables of one resolution.
pub(super) struct Environment {
    lookup: EnvLookup,
    /// All variables; none where the host answers only what it is asked.
    variables: Arc<HashMap<String, String>>,
    undecodable: HashSet<String>,
}

impl Environment {
    /// The variables of this process.
    pub(super) fn of_process() -> Self {
        let mut variables = HashMap::new();
        let mut undecodable = HashSet::new();
        for (name, value) in std::env::vars_os() {
            let Ok(name) = name.into_string() else { continue };
            match value.into_string() {
                Ok(value) => drop(variables.insert(name, value)),
                Err(_) => drop(undecodable.insert(name)),
            }
        }
        Environment { undecodable, ..Environment::of_variables(variables) }
    }

    fn of_variables(variables: HashMap<String, String>) -> Self {
        let variables = Arc::new(variables);
        let known = Arc::clone(&variables);
        let lookup: EnvLookup = Arc::new(move |name| known.get(name).cloned());
        Environment { lookup, variables, undecodable: HashSet::new() }
    }

    /// The variables of a host.
    pub(super) fn of_host(lookup: EnvLookup) -> Self {
        Environment { lookup, variables: Arc::default(), undecodable: HashSet::new() }
    }

    /// Names and values, as far as they can be listed, in no order.
    pub(super) fn all(&self) -> impl Iterator<Item = (&str, &str)> {
        self.variables.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// Reads a variable.
    pub(super) fn read(&self, name: &str) -> Variable {
        // In a CGI program this is a header of the request, `Proxy`, and not the administrator's word.
        if name == "HTTP_PROXY" && (self.lookup)("REQUEST_METHOD").is_some() {
            return Variable::Absent;
        }
        if self.undecodable.contains(name) {
            return Variable::Unusable("is not UTF-8");
        }
        match (self.lookup)(name) {
            None => Variable::Absent,
            Some(text) if text.len() > LONGEST_VALUE => Variable::Unusable("has more than 1 MiB"),
            Some(text) => Variable::Text(text),
        }
    }

    /// The text of a variable, unless it is unusable.
    pub(super) fn get(&self, name: &str) -> Option<String> {
        match self.read(name) {
            Variable::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The same, unless it is empty.
    pub(super) fn get_non_empty(&self, name: &str) -> Option<String> {
        self.get(name).filter(|text| !text.trim().is_empty())
    }
}

/// What an environment says about a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Variable {
    Absent,
    Text(String),
    /// It is there, but cannot be used; the text completes the sentence "the variable …".
    Unusable(&'static str),
}

/// Everything outside the configuration that it depends on.
pub(super) struct Surroundings {
    pub(super) environment: Environment,
    /// The command line, with the program first.
    pub(super) arguments: Vec<String>,
    /// Where the process was started, or is now.
    pub(super) working_directory: Option<PathBuf>,
    /// Where the files of stable configuration are, if there can be any: the local one and the fleet's.
    pub(super) stable_files: [Option<PathBuf>; 2],
    /// Whether the agent's socket is at its usual place.
    pub(super) has_agent_socket: bool,
    /// Whether the agent's socket for metrics is at its usual place.
    pub(super) has_dogstatsd_socket: bool,
    /// Whether the Datadog extension of AWS Lambda is there.
    pub(super) has_lambda_extension: bool,
}

impl Surroundings {
    /// Those of this process, with the host's environment if it gave one.
    pub(super) fn of_process(lookup: Option<EnvLookup>) -> Self {
        let environment = lookup.map_or_else(Environment::of_process, Environment::of_host);
        let place = |file: StableFile| {
            let place = environment.get_non_empty(file.place_variable());
            Some(place.unwrap_or_else(|| file.usual_place().to_owned()).into())
        };
        Surroundings {
            stable_files: [StableFile::Local, StableFile::Fleet].map(place),
            environment,
            arguments: std::env::args_os().map(|argument| argument.to_string_lossy().into_owned()).collect(),
            working_directory: std::env::current_dir().ok(),
            has_agent_socket: Path::new(DEFAULT_SOCKET).exists(),
            has_dogstatsd_socket: Path::new(dogstatsd::DEFAULT_SOCKET).exists(),
            has_lambda_extension: Path::new(LAMBDA_EXTENSION).exists(),
        }
    }
}

impl fmt::Debug for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Environment { .. }")
    }
}

#[cfg(test)]
impl Surroundings {
    /// A process with these variables and nothing else.
    pub(super) fn with_variables(variables: &[(&str, &str)]) -> Self {
        let variables = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Surroundings {
            environment: Environment::of_variables(variables.collect()),
            stable_files: [None, None],
            arguments: vec!["/usr/bin/shop".to_owned()],
            working_directory: None,
            has_agent_socket: false,
            has_dogstatsd_socket: false,
            has_lambda_extension: false,
        }
    }

    /// The same, with a variable that is no UTF-8.
    pub(super) fn with_undecodable(mut self, name: &str) -> Self {
        self.environment.undecodable.insert(name.to_owned());
        self
    }
}
