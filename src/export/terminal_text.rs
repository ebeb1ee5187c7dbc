//! Text of users on a terminal: harmless, and of a known width.
//!
//! A tag may hold anything, escape sequences and direction marks included. Whatever a terminal would obey instead of
//! show is written out as an escape. Widths follow the East Asian Width property closely enough to keep columns straight.

/// Whether a terminal, or a reader's eye, could be led astray by the character: controls (C0, DEL, C1), direction
/// marks, line separators, and characters that are invisible.
pub(super) fn drives_terminal(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{61c}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{e0000}'..='\u{e007f}')
}

/// The text with such characters escaped, cut to a number of columns. A cut shows as `…`.
pub(super) fn fit(text: &str, columns: usize) -> String {
    let mut fitted = String::new();
    let mut used = 0;
    // Where to cut, should more come than fits: the last place that leaves a column for the mark.
    let mut cut = 0;
    for c in text.chars() {
        let start = fitted.len();
        push_escaped(&mut fitted, c);
        used += fitted.get(start..).map_or(0, width);
        if used > columns {
            fitted.truncate(cut);
            if columns > 0 {
                fitted.push('…');
            }
            return fitted;
        }
        if used < columns {
            cut = fitted.len();
        }
    }
    fitted
}

/// How many columns a text without controls takes.
pub(super) fn width(text: &str) -> usize {
    text.chars().map(columns).sum()
}

fn push_escaped(out: &mut String, c: char) {
    match c {
        '\n' => out.push_str("\\n"),
        '\r' => out.push_str("\\r"),
        '\t' => out.push_str("\\t"),
        c if drives_terminal(c) => out.extend(c.escape_unicode()),
        c => out.push(c),
    }
}

fn columns(c: char) -> usize {
    match c {
        '\u{300}'..='\u{36f}' | '\u{200c}' | '\u{200d}' | '\u{fe00}'..='\u{fe0f}' => 0,
        '\u{1100}'..='\u{115f}'
        | '\u{2e80}'..='\u{a4cf}'
        | '\u{ac00}'..='\u{d7a3}'
        | '\u{f900}'..='\u{faff}'
        | '\u{fe30}'..='\u{fe6f}'
        | '\u{ff00}'..='\u{ff60}'
        | '\u{ffe0}'..='\u{ffe6}'
        | '\u{1f300}'..='\u{1f64f}'
        | '\u{1f680}'..='\u{1f6ff}'
        | '\u{1f900}'..='\u{1f9ff}'
        | '\u{20000}'..='\u{3fffd}' => 2,
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_that_fits_stays() {
        assert_eq!(fit("GET /café", 9), "GET /café");
        assert_eq!(fit("", 0), "");
    }

    #[test]
    fn longer_text_is_cut_with_a_mark() {
        assert_eq!(fit("abcdef", 5), "abcd…");
        assert_eq!(fit("abcdef", 1), "…");
        assert_eq!(fit("abcdef", 0), "");
    }

    #[test]
    fn wide_characters_count_twice_and_combining_ones_not_at_all() {
        assert_eq!(width("日本"), 4);
        assert_eq!(width("e\u{301}"), 1);
        assert_eq!(fit("日本語", 5), "日本…");
        assert_eq!(fit("日本語", 4), "日…");
    }

    #[test]
    fn what_drives_a_terminal_is_written_out() {
        assert_eq!(fit("\u{1b}[31m\r\n\t\u{7}", 80), "\\u{1b}[31m\\r\\n\\t\\u{7}");
        assert_eq!(fit("\u{9b}2J\u{7f}", 80), "\\u{9b}2J\\u{7f}");
        assert_eq!(fit("\u{202e}gpj.exe\u{2066}", 80), "\\u{202e}gpj.exe\\u{2066}");
    }

    #[test]
    fn an_escape_is_never_cut_in_half() {
        assert_eq!(fit("ab\u{1b}[0m", 5), "ab…");
    }
}
