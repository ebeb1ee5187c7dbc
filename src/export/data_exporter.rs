//! What every exporter of readable spans can do, and how it fails.

use std::fmt;
use std::io;

use crate::record::ChunkData;

/// A sink for finished spans. Called by the background thread, but safe from any.
pub trait DataExporter: Send + Sync {
    /// Takes the chunks over to where they go. They count as delivered only if this answers `Ok`.
    fn export(&self, chunks: &[ChunkData]) -> Result<(), ExportError>;

    /// Ends the exporter: later exports are refused. Safe to call twice.
    fn shutdown(&self);

    /// Whether it is shut down with the last tracer that feeds it. Otherwise it is there for tracers to come.
    fn ends_with_its_tracers(&self) -> bool {
        false
    }
}

/// Accepts spans and forgets them.
#[derive(Clone, Copy, Debug, Default)]
pub struct NullExporter;

impl DataExporter for NullExporter {
    fn export(&self, _chunks: &[ChunkData]) -> Result<(), ExportError> {
        Ok(())
    }

    fn shutdown(&self) {}
}

/// Why an exporter could not be made, or could not take spans.
#[derive(Debug)]
pub enum ExportError {
    /// The file of the file exporter could not be opened.
    OpenFile {
        /// The path as it was given.
        path: String,
        /// What the system said.
        cause: io::Error,
    },
    /// The path of the file exporter names something that is no regular file.
    NotAFile {
        /// The path as it was given.
        path: String,
        /// What is there instead.
        found: &'static str,
    },
    /// The descriptor of the console exporter cannot be used.
    Descriptor {
        /// The descriptor's number.
        fd: i32,
        /// What the system said.
        cause: io::Error,
    },
    /// The text could not be written, or not all of it.
    Write {
        /// Where to: the path, or the name of the stream.
        output: String,
        /// What the system said.
        cause: io::Error,
    },
    /// Another thread did not let go of the exporter in time.
    Busy {
        /// Which exporter.
        exporter: &'static str,
    },
    /// The exporter did not take some chunks of an export.
    Refused {
        /// How many chunks.
        chunks: usize,
        /// How many spans are in them.
        spans: usize,
    },
    /// The exporter was shut down.
    ShutDown {
        /// Which exporter.
        exporter: &'static str,
    },
}

impl fmt::Display for ExportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OpenFile { path, cause } => {
                write!(f, "file exporter: cannot open {path:?} for appending: {cause}")
            }
            Self::NotAFile { path, found } => {
                write!(f, "file exporter: {path:?} is {found}, expected a regular file")
            }
            Self::Descriptor { fd, cause } => {
                write!(f, "console exporter: expected an open descriptor, got {fd}: {cause}")
            }
            Self::Write { output, cause } => write!(f, "cannot write spans to {output}: {cause}"),
            Self::Busy { exporter } => {
                write!(f, "{exporter} exporter: another thread holds it for too long")
            }
            Self::Refused { chunks, spans } => {
                write!(f, "the exporter did not take {spans} spans, {chunks} chunks among them as a whole")
            }
            Self::ShutDown { exporter } => {
                write!(f, "{exporter} exporter: spans arrived after its shutdown")
            }
        }
    }
}

impl std::error::Error for ExportError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::OpenFile { cause, .. } | Self::Descriptor { cause, .. } | Self::Write { cause, .. } => Some(cause),
            Self::NotAFile { .. } | Self::Busy { .. } | Self::Refused { .. } | Self::ShutDown { .. } => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn null_exporter_accepts_even_after_shutdown() {
        let exporter = NullExporter;
        exporter.shutdown();
        assert!(exporter.export(&[ChunkData::default()]).is_ok());
    }

    #[test]
    fn errors_name_the_thing_the_value_and_the_expectation() {
        let error = ExportError::NotAFile { path: "/tmp/x".into(), found: "a directory" };
        assert_eq!(error.to_string(), "file exporter: \"/tmp/x\" is a directory, expected a regular file");
        let error = ExportError::Descriptor { fd: -1, cause: io::Error::other("bad") };
        assert_eq!(error.to_string(), "console exporter: expected an open descriptor, got -1: bad");
    }
}
