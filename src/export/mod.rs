//! Exporters: where finished spans go.

pub mod data_exporter;

mod output;
mod turn;

pub use data_exporter::{DataExporter, ExportError, NullExporter};
pub use output::Output;
