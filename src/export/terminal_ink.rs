//! Lines for a terminal: pieces of text with ink, cut to a width, with ANSI colours or without.

use super::terminal_text::{fit, width};

/// Longest text that a line takes over, in columns. Lines are narrower.
pub(super) const LONGEST_TEXT: usize = 300;
/// Colours for services: cyan, magenta, yellow, blue, green, bright cyan.
const SERVICE_COLOURS: [&str; 6] = ["36", "35", "33", "34", "32", "96"];

/// What a piece of text looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ink {
    Plain,
    Bold,
    Dim,
    Good,
    Doubtful,
    Bad,
    /// The colour of a service, by [`service_ink`].
    Service(usize),
}

/// The ink of a service: the same in every tree and every process.
pub(super) fn service_ink(service: &str) -> Ink {
    let fnv = |hash: u32, byte: u8| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193);
    let hash = service.bytes().fold(0x811c_9dc5, fnv);
    Ink::Service((hash ^ (hash >> 16)) as usize % SERVICE_COLOURS.len())
}

/// One line.
#[derive(Debug, Default)]
pub(super) struct Line(Vec<Piece>);

#[derive(Debug)]
struct Piece {
    ink: Ink,
    /// As it came: escaped only when painted, so that no escape is cut in half.
    text: String,
    longest: usize,
}

impl Line {
    /// Adds text of our own.
    pub(super) fn push(&mut self, ink: Ink, text: impl Into<String>) {
        self.0.push(Piece { ink, text: text.into(), longest: LONGEST_TEXT });
    }

    /// Adds text of a user, cut to a number of columns.
    pub(super) fn push_foreign(&mut self, ink: Ink, text: &str, columns: usize) {
        let longest = columns.min(LONGEST_TEXT);
        // One character more than fits, so that the cut is seen.
        let text = text.chars().take(longest + 1).collect();
        self.0.push(Piece { ink, text, longest });
    }

    /// Writes the line, cut to a number of columns, and answers how many it took.
    pub(super) fn paint(&self, out: &mut String, columns: usize, colour: bool) -> usize {
        let mut used = 0;
        for (number, piece) in self.0.iter().enumerate() {
            let left = columns.saturating_sub(used);
            let is_last = self.0.len() == number + 1;
            let mut text = fit(&piece.text, piece.longest);
            let mut taken = width(&text);
            // A piece that fills the line to its end leaves no column for the mark that more was to come.
            let is_cut = if is_last { taken > left } else { taken >= left };
            if is_cut {
                text = fit(&format!("{} ", piece.text), left);
                taken = width(&text);
            }
            paint(out, piece.ink, &text, colour);
            used += taken;
            if is_cut {
                break;
            }
        }
        used
    }
}

/// Writes text with ink.
pub(super) fn paint(out: &mut String, ink: Ink, text: &str, colour: bool) {
    let code = match ink {
        Ink::Plain => "",
        Ink::Bold => "1",
        Ink::Dim => "2",
        Ink::Good => "32",
        Ink::Doubtful => "33",
        Ink::Bad => "1;31",
        Ink::Service(number) => SERVICE_COLOURS.get(number).copied().unwrap_or(""),
    };
    if !colour || code.is_empty() || text.is_empty() {
        return out.push_str(text);
    }
    for part in ["\u{1b}[", code, "m", text, "\u{1b}[0m"] {
        out.push_str(part);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn painted(line: &Line, columns: usize, colour: bool) -> (String, usize) {
        let mut out = String::new();
        let used = line.paint(&mut out, columns, colour);
        (out, used)
    }

    fn line() -> Line {
        let mut line = Line::default();
        line.push(Ink::Bold, "abc");
        line.push(Ink::Plain, " ");
        line.push_foreign(Ink::Bad, "d\u{1b}", 10);
        line
    }

    #[test]
    fn without_colour_there_is_no_escape() {
        assert_eq!(painted(&line(), 80, false), ("abc d\\u{1b}".to_owned(), 11));
    }

    #[test]
    fn with_colour_each_piece_ends_its_own_ink() {
        let expected = "\u{1b}[1mabc\u{1b}[0m \u{1b}[1;31md\\u{1b}\u{1b}[0m";
        assert_eq!(painted(&line(), 80, true), (expected.to_owned(), 11));
    }

    #[test]
    fn a_line_is_cut_to_its_columns() {
        assert_eq!(painted(&line(), 11, false).0, "abc d\\u{1b}");
        assert_eq!(painted(&line(), 10, false).0, "abc d…");
        assert_eq!(painted(&line(), 3, false).0, "ab…");
        assert_eq!(painted(&line(), 0, false).0, "");
    }

    #[test]
    fn a_piece_is_cut_to_its_own_columns() {
        let mut line = Line::default();
        line.push_foreign(Ink::Plain, "abcdef", 4);
        line.push(Ink::Plain, "!");
        assert_eq!(painted(&line, 80, false), ("abc…!".to_owned(), 5));
    }

    #[test]
    fn a_service_keeps_its_ink() {
        assert_eq!(service_ink("shop"), service_ink("shop"));
        assert!((0..100).any(|n| service_ink(&format!("s{n}")) != service_ink("shop")));
    }
}
