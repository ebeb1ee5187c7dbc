//! The setting `LIBDDTRACE_EXPORTER`: where finished spans go.

use std::fmt;

/// Where finished spans go.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum ExporterChoice {
    /// To the Datadog agent.
    #[default]
    Agent,
    /// To a collector of OpenTelemetry, or whoever takes its protocol.
    Otlp,
    /// To standard output, one line of JSON per span.
    Console,
    /// To standard output, indented JSON.
    ConsolePretty,
    /// To standard output, as a tree for people.
    Tree,
    /// To the end of a file, one line of JSON per span.
    File(String),
    /// To standard output, in the form that Datadog reads from the logs of cloud functions.
    Log,
    /// Into memory, for tests.
    Memory,
    /// Nowhere.
    Null,
}

impl ExporterChoice {
    pub(super) fn parse(raw: &str) -> Option<Self> {
        let text = raw.trim();
        if let Some((scheme, path)) = text.split_once(':') {
            let is_file = scheme.eq_ignore_ascii_case("file") && !path.is_empty() && !path.contains('\0');
            return is_file.then(|| ExporterChoice::File(path.to_owned()));
        }
        match text.to_ascii_lowercase().as_str() {
            "agent" => Some(ExporterChoice::Agent),
            "otlp" => Some(ExporterChoice::Otlp),
            "console" => Some(ExporterChoice::Console),
            "console-pretty" => Some(ExporterChoice::ConsolePretty),
            "tree" => Some(ExporterChoice::Tree),
            "log" => Some(ExporterChoice::Log),
            "memory" => Some(ExporterChoice::Memory),
            "null" => Some(ExporterChoice::Null),
            _ => None,
        }
    }
}

impl fmt::Display for ExporterChoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = match self {
            ExporterChoice::Agent => "agent",
            ExporterChoice::Otlp => "otlp",
            ExporterChoice::Console => "console",
            ExporterChoice::ConsolePretty => "console-pretty",
            ExporterChoice::Tree => "tree",
            ExporterChoice::File(path) => return write!(f, "file:{path}"),
            ExporterChoice::Log => "log",
            ExporterChoice::Memory => "memory",
            ExporterChoice::Null => "null",
        };
        f.write_str(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_choice_is_read_back_as_it_is_shown() {
        for text in ["agent", "otlp", "console", "console-pretty", "tree", "file:/tmp/a b:c", "log", "memory", "null"] {
            assert_eq!(ExporterChoice::parse(text).unwrap().to_string(), text);
        }
        assert_eq!(ExporterChoice::parse(" Console-Pretty "), Some(ExporterChoice::ConsolePretty));
    }

    #[test]
    fn anything_else_is_refused() {
        for text in ["", "file", "file:", "stdout", "http:x", "file:a\0b"] {
            assert_eq!(ExporterChoice::parse(text), None, "{text}");
        }
    }
}
