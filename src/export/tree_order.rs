//! The order of spans in a tree: children under their parents, siblings by start.
//!
//! Spans whose parent is not in the chunk are roots. A chunk may hold anything, so ids that occur twice and parents in a
//! circle are fine: each span has one row. Guides stop growing at a depth of 24.

use std::collections::HashMap;

use crate::record::SpanData;

/// The depth from which on the lines are not indented any further.
const DEEPEST_INDENT: usize = 24;

/// A span's place in the tree.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Row {
    /// The span, as an index into the chunk.
    pub(super) span: usize,
    /// The row of its parent.
    pub(super) parent: Option<usize>,
    /// The guides before its line.
    pub(super) lead: String,
    /// The guides before what belongs to it below its line.
    pub(super) below: String,
    depth: usize,
}

/// The first `limit` rows of the tree.
pub(super) fn rows(spans: &[SpanData], limit: usize) -> Vec<Row> {
    let mut walk = Walk::new(spans, limit);
    let mut starts: Vec<usize> = (0..spans.len()).collect();
    starts.sort_by_key(|&span| spans.get(span).map(|span| span.start_ns));
    let is_root = |span: &usize| !matches!(walk.parents.get(*span), Some(Some(_)));
    let roots: Vec<usize> = starts.iter().copied().filter(is_root).collect();
    // Spans of a circle have no root: whichever comes first serves as one.
    for span in roots.into_iter().chain(starts) {
        walk.descend(span);
    }
    walk.rows
}

struct Walk {
    limit: usize,
    parents: Vec<Option<usize>>,
    /// Children in start order.
    children: Vec<Vec<usize>>,
    seen: Vec<bool>,
    rows: Vec<Row>,
}

/// A span that waits for its row.
struct Waiting {
    span: usize,
    parent: Option<usize>,
    is_last: bool,
}

impl Walk {
    fn new(spans: &[SpanData], limit: usize) -> Self {
        let mut by_id = HashMap::with_capacity(spans.len());
        for (index, span) in spans.iter().enumerate() {
            by_id.entry(span.span_id).or_insert(index);
        }
        let parent_of = |(index, span): (usize, &SpanData)| {
            let known = by_id.get(&span.parent_id).copied().filter(|_| span.parent_id != 0);
            known.filter(|&parent| parent != index)
        };
        let parents: Vec<Option<usize>> = spans.iter().enumerate().map(parent_of).collect();
        let mut children = vec![Vec::new(); spans.len()];
        for (index, parent) in parents.iter().enumerate() {
            if let Some(list) = parent.and_then(|parent| children.get_mut(parent)) {
                list.push(index);
            }
        }
        for list in &mut children {
            list.sort_by_key(|&span| spans.get(span).map(|span| span.start_ns));
        }
        Walk { limit, parents, children, seen: vec![false; spans.len()], rows: Vec::new() }
    }

    fn descend(&mut self, root: usize) {
        let mut waiting = vec![Waiting { span: root, parent: None, is_last: true }];
        while let Some(next) = waiting.pop() {
            if self.rows.len() >= self.limit {
                return;
            }
            match self.seen.get_mut(next.span) {
                Some(seen) if !*seen => *seen = true,
                _ => continue,
            }
            let span = next.span;
            let row = self.rows.len();
            self.rows.push(self.row(next));
            self.await_children(span, row, &mut waiting);
        }
    }

    fn row(&self, next: Waiting) -> Row {
        let Waiting { span, parent, is_last } = next;
        let Some(above) = parent.and_then(|parent| self.rows.get(parent)) else {
            return Row { span, parent, lead: String::new(), below: String::new(), depth: 0 };
        };
        let (branch, trunk) = if is_last { ("└─ ", "   ") } else { ("├─ ", "│  ") };
        let lead = format!("{}{branch}", above.below);
        let depth = above.depth + 1;
        let below = match depth {
            ..DEEPEST_INDENT => format!("{}{trunk}", above.below),
            _ => above.below.clone(),
        };
        Row { span, parent, lead, below, depth }
    }

    /// Puts the children on the stack, the last one first.
    fn await_children(&mut self, span: usize, row: usize, waiting: &mut Vec<Waiting>) {
        let children = self.children.get_mut(span).map(std::mem::take).unwrap_or_default();
        let unseen = |span: &usize| self.seen.get(*span) == Some(&false);
        let mut is_last = true;
        for span in children.into_iter().rev().filter(unseen) {
            waiting.push(Waiting { span, parent: Some(row), is_last });
            is_last = false;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span(span_id: u64, parent_id: u64, start_ns: i64) -> SpanData {
        SpanData { span_id, parent_id, start_ns, ..SpanData::default() }
    }

    fn drawn(spans: &[SpanData]) -> Vec<String> {
        let draw = |row: Row| format!("{}{}", row.lead, spans[row.span].span_id);
        rows(spans, usize::MAX).into_iter().map(draw).collect()
    }

    #[test]
    fn children_follow_their_parents_by_start() {
        let spans = [span(1, 0, 0), span(2, 1, 20), span(3, 1, 10), span(4, 3, 15), span(5, 2, 30)];
        assert_eq!(drawn(&spans), ["1", "├─ 3", "│  └─ 4", "└─ 2", "   └─ 5"]);
    }

    #[test]
    fn orphans_are_roots_by_start() {
        let spans = [span(2, 77, 9), span(3, 78, 4), span(4, 77, 1)];
        assert_eq!(drawn(&spans), ["4", "3", "2"]);
    }

    #[test]
    fn rows_know_their_parents_row() {
        let spans = [span(2, 1, 5), span(1, 0, 0)];
        let parents: Vec<_> = rows(&spans, 9).iter().map(|row| (row.span, row.parent)).collect();
        assert_eq!(parents, [(1, None), (0, Some(0))]);
    }

    #[test]
    fn circles_and_equal_ids_have_one_row_each() {
        assert_eq!(drawn(&[span(1, 1, 0)]), ["1"]);
        assert_eq!(drawn(&[span(1, 2, 0), span(2, 1, 1), span(3, 1, 2)]), ["1", "├─ 2", "└─ 3"]);
        assert_eq!(drawn(&[span(1, 0, 0), span(1, 0, 1), span(2, 1, 2)]), ["1", "└─ 2", "1"]);
        assert_eq!(drawn(&[span(0, 0, 0), span(0, 0, 1)]), ["0", "0"]);
    }

    #[test]
    fn a_long_chain_neither_overflows_nor_indents_for_ever() {
        let spans: Vec<_> = (1..=50_000).map(|id| span(id, id - 1, 0)).collect();
        let rows = rows(&spans, usize::MAX);
        assert_eq!(rows.len(), 50_000);
        assert_eq!(rows[49_999].lead.chars().count(), rows[100].lead.chars().count());
    }

    #[test]
    fn rows_end_at_the_limit() {
        let spans: Vec<_> = (1..100).map(|id| span(id, 0, 0)).collect();
        assert_eq!(rows(&spans, 10).len(), 10);
    }
}
