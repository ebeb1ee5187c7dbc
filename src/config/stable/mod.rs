//! Stable configuration: two files with settings of all processes of a machine. The local one is the administrator's, the fleet's one is
//! managed from afar and wins over the environment.
//!
//! A file names settings, and may have rules that name others for some processes. One that is not there says nothing; one that cannot be
//! understood is ignored as a whole.

mod document;
mod selector;
mod template;
mod tree;

use super::process::{Environment, LONGEST_VALUE};
use document::Document;
use selector::Process;
use std::collections::HashMap;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// Largest file that is read.
const MOST_BYTES: u64 = 1 << 20;

/// Which of the two files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum StableFile {
    /// Of this machine's administrator.
    Local,
    /// Managed from afar.
    Fleet,
}

impl StableFile {
    /// The variable that names another place; for tests.
    pub(super) const fn place_variable(self) -> &'static str {
        match self {
            StableFile::Local => "_DD_SC_LOCAL_FILE_OVERRIDE",
            StableFile::Fleet => "_DD_SC_MANAGED_FILE_OVERRIDE",
        }
    }

    /// Where the file is.
    pub(super) const fn usual_place(self) -> &'static str {
        match self {
            StableFile::Local if cfg!(target_os = "macos") => "/opt/datadog-agent/etc/application_monitoring.yaml",
            StableFile::Local => "/etc/datadog-agent/application_monitoring.yaml",
            StableFile::Fleet if cfg!(target_os = "macos") => "/opt/datadog-agent/etc/stable/application_monitoring.yaml",
            StableFile::Fleet => "/etc/datadog-agent/managed/datadog-agent/stable/application_monitoring.yaml",
        }
    }
}

/// What a file says to this process.
#[derive(Clone, Debug, Default)]
pub(super) struct StableConfig {
    /// Where it was read.
    pub(super) place: PathBuf,
    /// The name of this state of the file.
    pub(super) config_id: Option<String>,
    values: HashMap<String, String>,
}

impl StableConfig {
    /// Reads a file for a process. The error says what is wrong with it.
    pub(super) fn read(place: &Path, environment: &Environment, arguments: &[String], language: &str) -> Result<Self, String> {
        let text = match read(place) {
            Ok(text) if text.trim().is_empty() => return Ok(StableConfig::default()),
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(StableConfig::default()),
            Err(error) => return Err(format!("it cannot be read: {error}")),
        };
        let document = Document::parse(&text)?;
        let process = Process { environment, arguments, language, tags: &document.tags };
        let mut values = HashMap::new();
        for (name, value) in document.values_for(&process) {
            let value = template::fill(value, &process).ok_or_else(|| format!("{name}: a template has no end"))?;
            if value.len() > LONGEST_VALUE {
                return Err(format!("{name} has more than 1 MiB"));
            }
            values.insert(name.to_owned(), value);
        }
        Ok(StableConfig { place: place.to_owned(), config_id: document.config_id, values })
    }

    /// The value of a setting, by one of its names.
    pub(super) fn value(&self, name: &str) -> Option<&str> {
        self.values.get(name).map(String::as_str)
    }
}

fn read(place: &Path) -> io::Result<String> {
    let file = match fs::metadata(place)?.is_file() {
        true => File::open(place)?,
        // Opening a pipe could block for ever.
        false => return Err(io::Error::other("not a regular file")),
    };
    let mut bytes = Vec::new();
    file.take(MOST_BYTES + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MOST_BYTES {
        return Err(io::Error::other("more than 1 MiB"));
    }
    String::from_utf8(bytes).map_err(|_| io::Error::other("it is not UTF-8"))
}
