//! The file exporter: one line of JSON per span (see [`super::json`]), appended.
//!
//! The file is made readable by its owner only, and must be a regular one: a symbolic link in its place is refused, so
//! that nobody who may write to the folder can redirect the spans. Lines are written whole, also beside other processes
//! that append to the same file.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::sync::atomic::{AtomicBool, Ordering};

use super::data_exporter::{DataExporter, ExportError};
use super::json_lines::{Layout, write_json};
use super::output::Writer;
use crate::lock::Turn;
use crate::record::ChunkData;

const EXPORTER: &str = "file";

/// Appends spans to a file.
#[derive(Debug)]
pub struct FileExporter {
    writer: Writer,
    path: String,
    turn: Turn,
    is_shut_down: AtomicBool,
}

impl FileExporter {
    /// Opens the file for appending; makes it, with mode 0600, if it is not there.
    pub fn open(path: &str) -> Result<Self, ExportError> {
        let file = open_regular_file(path)?;
        Ok(FileExporter {
            writer: Writer::owned(file.into(), format!("{path:?}")),
            path: path.to_owned(),
            turn: Turn::new(),
            is_shut_down: AtomicBool::new(false),
        })
    }

    /// The path as it was given.
    pub fn path(&self) -> &str {
        &self.path
    }
}

impl DataExporter for FileExporter {
    fn export(&self, chunks: &[ChunkData]) -> Result<(), ExportError> {
        let _turn = self.turn.take().ok_or(ExportError::Busy { exporter: EXPORTER })?;
        if self.is_shut_down.load(Ordering::Acquire) {
            return Err(ExportError::ShutDown { exporter: EXPORTER });
        }
        write_json(&self.writer, chunks, Layout::Line)
    }

    fn shutdown(&self) {
        self.is_shut_down.store(true, Ordering::Release);
    }
}

fn open_regular_file(path: &str) -> Result<File, ExportError> {
    // Non-blocking, because opening a named pipe would wait for its reader. It changes nothing for regular files.
    let flags = libc::O_NOFOLLOW | libc::O_CLOEXEC | libc::O_NONBLOCK | libc::O_NOCTTY;
    let opened = OpenOptions::new().append(true).create(true).mode(0o600).custom_flags(flags).open(path);
    let file = opened.map_err(|cause| refusal(path, cause))?;
    let facts = file.metadata().map_err(|cause| refusal(path, cause))?;
    if !facts.is_file() {
        return Err(ExportError::NotAFile { path: path.to_owned(), found: "a device or pipe" });
    }
    Ok(file)
}

fn refusal(path: &str, cause: io::Error) -> ExportError {
    let path = path.to_owned();
    match cause.raw_os_error() {
        Some(libc::ELOOP) => ExportError::NotAFile { path, found: "a symbolic link" },
        Some(libc::EISDIR) => ExportError::NotAFile { path, found: "a directory" },
        Some(libc::ENXIO) => ExportError::NotAFile { path, found: "a pipe, socket or device" },
        _ => ExportError::OpenFile { path, cause },
    }
}

#[cfg(test)]
#[path = "file_tests.rs"]
mod tests;
