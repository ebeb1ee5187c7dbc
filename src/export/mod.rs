//! Exporters: where finished spans go.

pub mod data_exporter;
pub mod file;
pub mod json;
pub mod memory;

mod json_lines;
mod output;
#[cfg(test)]
mod sample_chunk;
mod terminal_text;
mod turn;

pub use data_exporter::{DataExporter, ExportError, NullExporter};
pub use file::FileExporter;
pub use json::{SpanJson, span_json};
pub use memory::MemoryExporter;
pub use output::Output;
