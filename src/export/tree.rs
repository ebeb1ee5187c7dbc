//! A chunk as a tree, for people at a terminal.
//!
//! ```text
//! trace 68f0c1b2000000001a2b3c4d5e6f7081 · kept (priority 1) · 4 spans · 1 error · 312 ms
//! ↰ front ▸ http.request GET /cart  server · 200          312 ms ━━━━━━━━━━━━━━━━━━━━
//! ├─ cart.render                                         2.10 ms ━···················
//! └─ http.request GET /stock  client · 200                305 ms ·━━━━━━━━━━━━━━━━━━━
//!    └─ back ▸ ✗ db.query SELECT 1  sqlite  1 event       300 ms ·━━━━━━━━━━━━━━━━━━━
//!       ✗ TableLocked: stock is locked
//! ```
//!
//! The bar shows when in the trace a span ran. A service is named where it changes, and `↰` marks a root whose parent is
//! elsewhere. At most 1000 spans are shown; lines are 40 to 120 columns wide and never wrap.

use super::terminal_ink::{Ink, paint, service_ink};
use super::tree_line::{error_line, header, omission, span_line};
use super::tree_order::{Row, rows};
use super::tree_time::{Period, duration_text};
use crate::record::{ChunkData, SpanData};

const MOST_ROWS: usize = 1_000;
const DURATION_COLUMNS: usize = 8;

/// How a tree is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TreeStyle {
    /// The width of the lines; what is out of 40 to 120 is taken as the nearer of the two.
    pub columns: usize,
    /// Whether to use ANSI colours.
    pub colour: bool,
}

/// Appends the tree of a chunk, and an empty line. A chunk without spans is nothing.
pub fn append_tree(out: &mut String, chunk: &ChunkData, style: TreeStyle) {
    if chunk.spans.is_empty() {
        return;
    }
    let times = chunk.spans.iter().map(|span| (span.start_ns, span.duration_ns));
    let tree = Tree {
        spans: &chunk.spans,
        rows: rows(&chunk.spans, MOST_ROWS),
        period: Period::around(times),
        columns: style.columns.clamp(40, 120),
        colour: style.colour,
    };
    header(chunk, tree.period.length()).paint(out, tree.columns, style.colour);
    out.push('\n');
    for row in &tree.rows {
        tree.append_row(out, row);
    }
    let hidden = chunk.spans.len() - tree.rows.len();
    if hidden > 0 {
        omission(hidden).paint(out, tree.columns, style.colour);
        out.push('\n');
    }
    out.push('\n');
}

struct Tree<'a> {
    spans: &'a [SpanData],
    rows: Vec<Row>,
    period: Period,
    columns: usize,
    colour: bool,
}

impl Tree<'_> {
    fn append_row(&self, out: &mut String, row: &Row) {
        let Some(span) = self.spans.get(row.span) else {
            return;
        };
        let above = row.parent.and_then(|parent| self.rows.get(parent));
        let parent = above.and_then(|above| self.spans.get(above.span));
        let cells = self.bar_cells();
        let left = self.columns.saturating_sub(DURATION_COLUMNS + 2 + cells);
        let used = span_line(span, parent, &row.lead).paint(out, left, self.colour);
        out.push_str(&" ".repeat(left.saturating_sub(used) + 1));
        let duration = format!("{:>DURATION_COLUMNS$}", duration_text(span.duration_ns));
        paint(out, Ink::Plain, &duration, self.colour);
        self.append_bar(out, span, cells);
        out.push('\n');
        if let Some(line) = error_line(span, &row.below) {
            line.paint(out, self.columns, self.colour);
            out.push('\n');
        }
    }

    fn append_bar(&self, out: &mut String, span: &SpanData, cells: usize) {
        if cells == 0 {
            return;
        }
        let bar = self.period.bar(span.start_ns, span.duration_ns, cells);
        let ink = if span.error { Ink::Bad } else { service_ink(&span.service) };
        out.push(' ');
        paint(out, Ink::Dim, &"·".repeat(bar.before), self.colour);
        paint(out, ink, &"━".repeat(bar.filled), self.colour);
        paint(out, Ink::Dim, &"·".repeat(bar.after), self.colour);
    }

    fn bar_cells(&self) -> usize {
        match self.columns {
            ..60 => 0,
            60..90 => 10,
            _ => 20,
        }
    }
}

#[cfg(test)]
#[path = "tree_tests.rs"]
mod tests;
