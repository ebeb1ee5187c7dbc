//! Exporters: where finished spans go.

pub mod console;
pub mod data_exporter;
pub mod file;
pub mod json;
pub mod memory;
pub mod tree;

mod json_lines;
mod output;
#[cfg(test)]
mod sample_chunk;
mod terminal_ink;
mod terminal_text;
mod tree_line;
mod tree_order;
mod tree_time;
mod turn;

pub use console::{Colour, ConsoleExporter, ConsoleFormat};
pub use data_exporter::{DataExporter, ExportError, NullExporter};
pub use file::FileExporter;
pub use json::{SpanJson, span_json};
pub use memory::MemoryExporter;
pub use output::Output;
