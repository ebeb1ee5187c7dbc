//! Shows what file exporters wrote as trees: `trace_tree FILE…`
//!
//! Each process of a distributed trace exports its own part. Given the files of all of them (`LIBDDTRACE_EXPORTER=file:PATH`),
//! this joins the parts by trace id and draws one tree per trace, earliest first, as the exporter `tree` does for one process.

mod reader;

use std::env;
use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;

use ddtrace::export::tree::{TreeStyle, append_tree};
use ddtrace::record::ChunkData;

const COLUMNS: usize = 120;

fn main() -> ExitCode {
    let paths: Vec<String> = env::args().skip(1).collect();
    if paths.is_empty() {
        eprintln!("usage: trace_tree FILE…");
        return ExitCode::FAILURE;
    }
    match reader::read_all(&paths).and_then(|traces| draw(&traces)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("trace_tree: {error}");
            ExitCode::FAILURE
        }
    }
}

fn draw(traces: &[ChunkData]) -> io::Result<()> {
    let mut out = io::stdout();
    let colour = out.is_terminal() && env::var_os("NO_COLOR").is_none();
    let columns = COLUMNS;
    let mut text = String::new();
    for trace in traces {
        append_tree(&mut text, trace, TreeStyle { columns, colour });
    }
    out.write_all(text.as_bytes())
}
