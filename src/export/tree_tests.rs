use super::*;
use crate::export::sample_chunk::{shop, span, with_tags};

fn drawn(chunk: &ChunkData, columns: usize, colour: bool) -> String {
    let mut out = String::new();
    append_tree(&mut out, chunk, TreeStyle { columns, colour });
    out
}

fn chunk(spans: Vec<SpanData>) -> ChunkData {
    ChunkData { spans, priority: None }
}

#[test]
fn a_trace_as_a_tree() {
    let expected = r"trace 68f0c1b2000000001a2b3c4d5e6f7081 · kept (priority 1) · 5 spans · 2 errors · 312 ms
↰ front ▸ ✗ http.request GET /cart  server · 500 · http://127.0.0.1/cart                     312 ms ━━━━━━━━━━━━━━━━━━━━
├─ cart.render                                                                              3.00 ms ━···················
└─ http.request GET /stock  client · 404                                                     305 ms ━━━━━━━━━━━━━━━━━━━━
   ├─ back ▸ cache.get get  redis                                                              0 ns ━···················
   └─ back ▸ ✗ db.query SELECT count FROM stock WHERE id = ?  sqlite  1 event  1 link        300 ms ━━━━━━━━━━━━━━━━━━━━
      ✗ TableLocked: stock\nis locked

";
    let text = drawn(&shop(), 120, false);
    assert_eq!(text, expected, "\n{text}");
}

#[test]
fn a_narrow_tree_is_cut_and_never_wraps() {
    let expected = r"trace 68f0c1b2000000001a2b3c4d5e6f7081 · kept (priority 1) …
↰ front ▸ ✗ http.request GET /cart  ser…   312 ms ━━━━━━━━━━
├─ cart.render                            3.00 ms ━·········
└─ http.request GET /stock  client · 404   305 ms ━━━━━━━━━━
   ├─ back ▸ cache.get get  redis            0 ns ━·········
   └─ back ▸ ✗ db.query SELECT count FR…   300 ms ━━━━━━━━━━
      ✗ TableLocked: stock\nis locked

";
    let text = drawn(&shop(), 60, false);
    assert_eq!(text, expected, "\n{text}");
    for columns in [0, 40, 59, 89, 90, 120, 5000] {
        for line in drawn(&shop(), columns, false).lines() {
            assert!(line.chars().count() <= columns.clamp(40, 120), "{columns}: {line}");
        }
    }
}

#[test]
fn colours_do_not_move_anything() {
    let coloured = drawn(&shop(), 100, true);
    assert!(coloured.contains("\u{1b}[1;31m✗ \u{1b}[0m"), "errors are red: {coloured}");
    assert!(coloured.contains("\u{1b}[32mkept (priority 1)\u{1b}[0m"), "kept is green: {coloured}");
    let mut plain = String::new();
    for piece in coloured.split('\u{1b}') {
        let end = piece.strip_prefix('[').and_then(|rest| rest.find('m'));
        plain.push_str(end.map_or(piece, |end| &piece[end + 2..]));
    }
    assert_eq!(plain, drawn(&shop(), 100, false));
}

#[test]
fn the_header_tells_what_becomes_of_the_trace() {
    let mut chunk = chunk(vec![span((1, 0), "a", "s", (0, 1))]);
    let header = |chunk: &ChunkData| drawn(chunk, 100, false).lines().next().map(str::to_owned);
    let prefix = "trace 68f0c1b2000000001a2b3c4d5e6f7081 · ";
    assert_eq!(header(&chunk), Some(format!("{prefix}undecided · 1 span · 1.00 ms")));
    chunk.priority = Some(-1);
    assert_eq!(header(&chunk), Some(format!("{prefix}dropped (priority -1) · 1 span · 1.00 ms")));
    chunk.spans[0].error = true;
    let expected = format!("{prefix}dropped (priority -1) · 1 span · 1 error · 1.00 ms");
    assert_eq!(header(&chunk), Some(expected));
}

#[test]
fn hostile_text_drives_no_terminal() {
    let hostile = "\u{1b}]0;owned\u{7}\r\n\u{9b}2J\u{202e}";
    let mut bad = with_tags(
        span((1, 0), hostile, hostile, (0, 1)),
        &format!("{hostile}!"),
        &[("span.kind", hostile), ("error.type", hostile), ("error.message", hostile)],
    );
    bad.error = true;
    let text = drawn(&chunk(vec![bad]), 120, false);
    let drives = |c| c != '\n' && crate::export::terminal_text::drives_terminal(c);
    assert!(!text.contains(drives), "{text:?}");
    assert_eq!(text.lines().count(), 4, "header, span, error, empty line: {text}");
    assert!(text.contains("\\u{1b}]0;owned\\u{7}\\r\\n\\u{9b}2J\\u{202e}"), "{text}");
}

#[test]
fn a_huge_name_is_cut() {
    let text = drawn(&chunk(vec![span((1, 0), &"x".repeat(1_000_000), "s", (0, 1))]), 100, false);
    assert!(text.len() < 400, "{}", text.len());
}

#[test]
fn a_huge_chunk_says_what_is_not_shown() {
    let spans = (1..=1_003).map(|id| span((id, 0), "a", "s", (0, 1))).collect();
    let text = drawn(&chunk(spans), 100, false);
    assert!(text.ends_with("\n… and 3 spans not shown\n\n"));
    assert_eq!(text.lines().count(), 1 + 1_000 + 2);
}

#[test]
fn nothing_is_drawn_for_an_empty_chunk() {
    assert_eq!(drawn(&ChunkData::default(), 100, true), "");
}
