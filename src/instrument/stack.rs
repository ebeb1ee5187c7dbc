//! How much of a stack is put on a span.

/// A text of more characters would be cut when it is set; frames are left out instead.
const LONGEST: usize = 25_000;

/// The most recent frames, a line each: at most `most`, and half of them, and half of those, until the text is short enough.
pub fn limited_stack<T: AsRef<str>>(frames: &[T], most: usize, most_recent_first: bool) -> String {
    let mut count = most.min(frames.len());
    loop {
        let chosen = if most_recent_first { frames.get(..count) } else { frames.get(frames.len() - count..) };
        let lines: Vec<&str> = chosen.unwrap_or_default().iter().map(AsRef::as_ref).collect();
        let text = lines.join("\n");
        if count <= 1 || text.chars().nth(LONGEST).is_none() {
            return text;
        }
        count /= 2;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_recent_frames_are_kept() {
        let frames = ["a", "b", "c"];
        assert_eq!(limited_stack(&frames, 30, false), "a\nb\nc");
        assert_eq!(limited_stack(&frames, 2, false), "b\nc");
        assert_eq!(limited_stack(&frames, 2, true), "a\nb");
        assert_eq!(limited_stack(&frames, 0, true), "");
        assert_eq!(limited_stack::<&str>(&[], 30, true), "");
    }

    #[test]
    fn frames_are_halved_until_the_text_fits() {
        let frames: Vec<String> = (0..30).map(|number| format!("{number}{}", "x".repeat(2_000))).collect();
        let text = limited_stack(&frames, 30, false);
        assert_eq!(text.lines().count(), 7);
        assert!(text.starts_with("23"));
        assert_eq!(limited_stack(&["x".repeat(30_000)], 30, false).len(), 30_000, "one frame is cut when it is set");
    }
}
