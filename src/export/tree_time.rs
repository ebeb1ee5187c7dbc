//! Time in a tree: durations that people can read, and the bar that shows when in its trace a span ran.

/// Units below a minute, with their nanoseconds.
const UNITS: [(&str, u64); 4] = [("ns", 1), ("µs", 1_000), ("ms", 1_000_000), ("s", 1_000_000_000)];
const SECOND: u64 = 1_000_000_000;

/// The duration with three significant digits and its unit; from a minute on in two units. Negative ones are 0.
pub(super) fn duration_text(nanoseconds: i64) -> String {
    let nanoseconds = u64::try_from(nanoseconds).unwrap_or(0);
    let seconds = nanoseconds.saturating_add(SECOND / 2) / SECOND;
    match seconds {
        0..60 => short_text(nanoseconds),
        60..3_600 => format!("{}m{:02}s", seconds / 60, seconds % 60),
        3_600..86_400 => format!("{}h{:02}m", seconds / 3_600, seconds % 3_600 / 60),
        _ => format!("{}d{:02}h", seconds / 86_400, seconds % 86_400 / 3_600),
    }
}

fn short_text(nanoseconds: u64) -> String {
    // The first unit in which the rounded number has at most three digits before the point.
    let fits = |(_, unit): &&(&str, u64)| nanoseconds.saturating_mul(2) < 1_999 * unit;
    let (name, unit) = UNITS.iter().find(fits).copied().unwrap_or(("s", SECOND));
    let value = nanoseconds as f64 / unit as f64;
    let decimals = match value {
        _ if unit == 1 || value == 0.0 => 0,
        _ if value < 9.995 => 2,
        _ if value < 99.95 => 1,
        _ => 0,
    };
    format!("{value:.decimals$} {name}")
}

/// The time that the spans of a tree cover.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Period {
    start: i64,
    end: i64,
}

/// A bar in cells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Bar {
    pub(super) before: usize,
    pub(super) filled: usize,
    pub(super) after: usize,
}

impl Period {
    /// The smallest period around all those given as start and duration.
    pub(super) fn around(times: impl Iterator<Item = (i64, i64)>) -> Self {
        let periods = times.map(|(start, duration)| Period::new(start, duration));
        let joined = periods.reduce(|all, next| Period { start: all.start.min(next.start), end: all.end.max(next.end) });
        joined.unwrap_or(Period::new(0, 0))
    }

    /// How long it is, in nanoseconds.
    pub(super) fn length(self) -> i64 {
        self.end.saturating_sub(self.start)
    }

    /// Where in this period a span lies: a bar of so many cells, of which at least one is filled.
    pub(super) fn bar(self, start: i64, duration: i64, cells: usize) -> Bar {
        let span = Period::new(start, duration);
        let from = self.cell(span.start, cells, 0).min(cells.saturating_sub(1));
        let to = self.cell(span.end, cells, 1).clamp((from + 1).min(cells), cells);
        Bar { before: from, filled: to - from, after: cells - to }
    }

    fn new(start: i64, duration: i64) -> Self {
        Period { start, end: start.saturating_add(duration.max(0)) }
    }

    /// The cell in which a moment lies, counted down, or up if it is inside of it.
    fn cell(self, moment: i64, cells: usize, up: i128) -> usize {
        let length = i128::from(self.end) - i128::from(self.start);
        let offset = (i128::from(moment) - i128::from(self.start)).clamp(0, length);
        if length == 0 {
            return 0;
        }
        let cell = (offset * cells as i128 + up * (length - 1)) / length;
        usize::try_from(cell).unwrap_or(0).min(cells)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_three_digits_and_a_unit() {
        let vectors = [
            (-5, "0 ns"),
            (0, "0 ns"),
            (870, "870 ns"),
            (1_000, "1.00 µs"),
            (12_345, "12.3 µs"),
            (999_499, "999 µs"),
            (999_600, "1.00 ms"),
            (9_996_000, "10.0 ms"),
            (312_400_000, "312 ms"),
            (1_234_000_000, "1.23 s"),
            (59_400_000_000, "59.4 s"),
            (59_600_000_000, "1m00s"),
            (125_000_000_000, "2m05s"),
            (11_520_000_000_000, "3h12m"),
            (183_600_000_000_000, "2d03h"),
            (i64::MAX, "106751d23h"),
        ];
        for (nanoseconds, text) in vectors {
            assert_eq!(duration_text(nanoseconds), text, "{nanoseconds}");
        }
    }

    fn bar(start: i64, duration: i64) -> (usize, usize, usize) {
        let period = Period { start: 1_000, end: 2_000 };
        let bar = period.bar(start, duration, 10);
        (bar.before, bar.filled, bar.after)
    }

    #[test]
    fn a_bar_shows_when_a_span_ran() {
        assert_eq!(bar(1_000, 1_000), (0, 10, 0));
        assert_eq!(bar(1_200, 300), (2, 3, 5));
        assert_eq!(bar(1_250, 300), (2, 4, 4), "cells that are touched are filled");
    }

    #[test]
    fn every_span_has_a_cell() {
        assert_eq!(bar(1_000, 0), (0, 1, 9));
        assert_eq!(bar(1_500, 0), (5, 1, 4));
        assert_eq!(bar(2_000, 0), (9, 1, 0));
    }

    #[test]
    fn what_lies_outside_is_moved_inside() {
        assert_eq!(bar(0, 10), (0, 1, 9));
        assert_eq!(bar(5_000, 10), (9, 1, 0));
        assert_eq!(bar(i64::MIN, i64::MAX), (0, 1, 9));
        assert_eq!(bar(i64::MAX, i64::MAX), (9, 1, 0));
    }

    #[test]
    fn a_period_without_length_and_a_bar_without_cells_are_harmless() {
        let period = Period::around([(7, 0)].into_iter());
        assert_eq!(period.bar(7, 0, 3), Bar { before: 0, filled: 1, after: 2 });
        assert_eq!(period.bar(7, 0, 0), Bar { before: 0, filled: 0, after: 0 });
        assert_eq!(Period::around(std::iter::empty()).length(), 0);
    }

    #[test]
    fn a_period_goes_from_the_first_start_to_the_last_end() {
        let period = Period::around([(10, 5), (12, 30), (11, -4)].into_iter());
        assert_eq!(period, Period { start: 10, end: 42 });
        let all = Period::around([(i64::MIN, 0), (i64::MAX, i64::MAX)].into_iter());
        assert_eq!(all.length(), i64::MAX);
    }
}
