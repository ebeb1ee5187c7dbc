//! HTTP statuses that count as errors: `500-599`, `404,418,500-503`.

use super::grammar;
use super::remarks::Remarks;
use std::fmt;

const LOWEST: u16 = 100;
const HIGHEST: u16 = 599;

/// Ranges of HTTP statuses, both ends included.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StatusRanges(Vec<(u16, u16)>);

impl StatusRanges {
    /// Whether a status is in one of the ranges.
    pub fn contains(&self, status: u16) -> bool {
        self.0.iter().any(|(low, high)| (*low..=*high).contains(&status))
    }

    /// Reads `n` and `a-b` between commas. Reversed bounds are swapped; bad entries are left out with a remark each;
    /// `None` if nothing is left.
    pub(super) fn parse(raw: &str) -> Option<(Self, Vec<String>)> {
        let mut ranges = Vec::new();
        let mut remarks = Remarks::default();
        for entry in raw.split(',').map(str::trim).filter(|entry| !entry.is_empty()) {
            match range(entry) {
                Some(range) => ranges.push(range),
                None => remarks.add(|| {
                    let shown = grammar::quoted(entry);
                    format!("entry {shown} is left out: expected a status or a range within {LOWEST}-{HIGHEST}")
                }),
            }
        }
        if ranges.is_empty() { None } else { Some((StatusRanges(ranges), remarks.into_vec())) }
    }
}

fn range(entry: &str) -> Option<(u16, u16)> {
    let (first, last) = match entry.split_once('-') {
        Some((first, last)) => (status(first)?, status(last)?),
        None => (status(entry)?, status(entry)?),
    };
    Some((first.min(last), first.max(last)))
}

fn status(text: &str) -> Option<u16> {
    text.trim().parse().ok().filter(|status| (LOWEST..=HIGHEST).contains(status))
}

impl fmt::Display for StatusRanges {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, (low, high)) in self.0.iter().enumerate() {
            let comma = if index == 0 { "" } else { "," };
            match low == high {
                true => write!(f, "{comma}{low}")?,
                false => write!(f, "{comma}{low}-{high}")?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_single_statuses_and_reversed_bounds() {
        for (raw, shown) in
            [("500-599", "500-599"), ("250-200", "200-250"), ("404, 418 ,500 - 503", "404,418,500-503"), ("100-100", "100")]
        {
            let (ranges, notes) = StatusRanges::parse(raw).unwrap();
            assert_eq!(ranges.to_string(), shown, "{raw}");
            assert!(notes.is_empty(), "{raw}");
        }
    }

    #[test]
    fn both_ends_are_included() {
        let (ranges, _) = StatusRanges::parse("250-200,404").unwrap();
        for (status, inside) in [(199, false), (200, true), (250, true), (251, false), (404, true), (0, false)] {
            assert_eq!(ranges.contains(status), inside, "{status}");
        }
    }

    #[test]
    fn bad_entries_are_left_out() {
        let (ranges, notes) = StatusRanges::parse("500,abc,99,600,1-2-3,400-,501").unwrap();
        assert_eq!(ranges.to_string(), "500,501");
        assert_eq!(notes.len(), 5);
    }

    #[test]
    fn only_bad_entries_are_no_value() {
        for raw in ["", ",", "abc", "99", "600-700", "-"] {
            assert_eq!(StatusRanges::parse(raw), None, "{raw}");
        }
    }
}
