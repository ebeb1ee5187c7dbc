//! The console exporter: spans on a stream of the host, as JSON or as trees.
//!
//! Consoles of one process take turns, whichever streams they write to, because two streams are often one terminal.

use std::sync::atomic::{AtomicBool, Ordering};

use super::data_exporter::{DataExporter, ExportError};
use super::json_lines::{Layout, WRITE_SIZE, write_json};
use super::output::{Output, Writer};
use super::tree::{TreeStyle, append_tree};
use crate::lock::Turn;
use crate::record::ChunkData;

const EXPORTER: &str = "console";
/// The width of trees where there is no terminal to ask.
const DEFAULT_COLUMNS: usize = 100;

static TURN: Turn = Turn::new();

/// What a console exporter writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConsoleFormat {
    /// Each span as JSON on a line of its own.
    Json,
    /// Each span as JSON, indented by two spaces.
    Pretty,
    /// Each chunk as a tree (see [`super::tree`]).
    Tree,
}

/// When trees are coloured.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Colour {
    /// On a terminal. Whoever honours `NO_COLOR` asks for [`Colour::Never`] instead.
    #[default]
    Auto,
    /// Never.
    Never,
    /// Always.
    Always,
}

/// Writes spans to a stream.
#[derive(Debug)]
pub struct ConsoleExporter {
    format: ConsoleFormat,
    colour: Colour,
    writer: Writer,
    is_shut_down: AtomicBool,
}

impl ConsoleExporter {
    /// An exporter to an open stream. Fails only for a descriptor that is not open.
    pub fn new(format: ConsoleFormat, output: Output, colour: Colour) -> Result<Self, ExportError> {
        let writer = Writer::console(output)?;
        Ok(ConsoleExporter { format, colour, writer, is_shut_down: AtomicBool::new(false) })
    }

    fn write_trees(&self, chunks: &[ChunkData]) -> Result<(), ExportError> {
        let colour = match self.colour {
            Colour::Auto => self.writer.is_terminal(),
            Colour::Never => false,
            Colour::Always => true,
        };
        let columns = self.writer.columns().unwrap_or(DEFAULT_COLUMNS);
        let mut text = String::new();
        for chunk in chunks {
            append_tree(&mut text, chunk, TreeStyle { columns, colour });
            if text.len() >= WRITE_SIZE {
                self.writer.write_lines(text.as_bytes())?;
                text.clear();
            }
        }
        self.writer.write_lines(text.as_bytes())
    }
}

impl DataExporter for ConsoleExporter {
    fn export(&self, chunks: &[ChunkData]) -> Result<(), ExportError> {
        let _turn = TURN.take().ok_or(ExportError::Busy { exporter: EXPORTER })?;
        if self.is_shut_down.load(Ordering::Acquire) {
            return Err(ExportError::ShutDown { exporter: EXPORTER });
        }
        match self.format {
            ConsoleFormat::Json => write_json(&self.writer, chunks, Layout::Line),
            ConsoleFormat::Pretty => write_json(&self.writer, chunks, Layout::Indented),
            ConsoleFormat::Tree => self.write_trees(chunks),
        }
    }

    fn shutdown(&self) {
        self.is_shut_down.store(true, Ordering::Release);
    }
}

#[cfg(test)]
#[path = "console_tests.rs"]
mod tests;
