//! What became of a configuration file at those who read it.

/// The longest text that is told of an error, in bytes.
pub const LONGEST_ERROR: usize = 500;
const NO_TEXT: &str = "unspecified error";

/// What a consumer made of a file. The numbers are those of the protocol and of the C API.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum ApplyState {
    /// No consumer has told yet.
    #[default]
    Unknown,
    /// It was received; the result comes later.
    Unacknowledged,
    /// It is in force, or rightly ignored.
    Acknowledged,
    /// It was refused, for this reason.
    Error(String),
}

impl ApplyState {
    /// A refusal; the reason is cut to [`LONGEST_ERROR`] bytes and never empty.
    pub fn error(reason: &str) -> Self {
        let reason = if reason.trim().is_empty() { NO_TEXT } else { reason };
        let mut end = reason.len().min(LONGEST_ERROR);
        while !reason.is_char_boundary(end) {
            end -= 1;
        }
        ApplyState::Error(reason.get(..end).unwrap_or_default().to_owned())
    }

    /// The state of a number, with the reason if it is a refusal. `None`: there is no such state.
    pub fn of_number(number: i32, reason: &str) -> Option<Self> {
        match number {
            0 => Some(ApplyState::Unknown),
            1 => Some(ApplyState::Unacknowledged),
            2 => Some(ApplyState::Acknowledged),
            3 => Some(ApplyState::error(reason)),
            _ => None,
        }
    }

    /// The state's number.
    pub fn number(&self) -> i32 {
        match self {
            ApplyState::Unknown => 0,
            ApplyState::Unacknowledged => 1,
            ApplyState::Acknowledged => 2,
            ApplyState::Error(_) => 3,
        }
    }

    /// Why it was refused.
    pub fn reason(&self) -> &str {
        if let ApplyState::Error(reason) = self { reason } else { "" }
    }

    /// The state of a file that several consumers judged: an error of one is the file's, and so is one that has yet to tell.
    pub fn of_all<'a>(states: impl Iterator<Item = &'a ApplyState>) -> ApplyState {
        let rank = |state: &&ApplyState| match state {
            ApplyState::Unknown => 0,
            ApplyState::Acknowledged => 1,
            ApplyState::Unacknowledged => 2,
            ApplyState::Error(_) => 3,
        };
        // Of several errors the first one.
        states.fold(&ApplyState::Unknown, |worst, state| if rank(&state) > rank(&worst) { state } else { worst }).clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worst_state_of_several_consumers_counts() {
        let (pending, done, bad) = (ApplyState::Unacknowledged, ApplyState::Acknowledged, ApplyState::error("bad"));
        assert_eq!(ApplyState::of_all([&done, &pending].into_iter()), pending);
        assert_eq!(ApplyState::of_all([&pending, &bad, &done].into_iter()), bad);
        assert_eq!(ApplyState::of_all([&done, &ApplyState::Unknown].into_iter()), done);
        assert_eq!(ApplyState::of_all([].into_iter()), ApplyState::Unknown);
    }

    #[test]
    fn errors_have_a_text_of_500_bytes_at_most() {
        assert_eq!(ApplyState::error(" ").reason(), "unspecified error");
        assert_eq!(ApplyState::error(&"ü".repeat(400)).reason().len(), 500);
        assert_eq!(ApplyState::error(&format!("x{}", "ü".repeat(400))).reason().len(), 499);
    }

    #[test]
    fn numbers_are_those_of_the_protocol() {
        for number in 0..=3 {
            assert_eq!(ApplyState::of_number(number, "why").unwrap().number(), number);
        }
        assert_eq!(ApplyState::of_number(4, ""), None);
        assert_eq!(ApplyState::of_number(-1, ""), None);
    }
}
