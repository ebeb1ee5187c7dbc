//! Which characters names and tags have: the protocol has no way to escape those that separate its fields.

/// The longest name of a metric and the longest tag, in characters.
const LONGEST: usize = 200;

/// Appends the name of a metric below a namespace that was cleaned. `false`: no letter is in it, or nothing at all.
pub fn push_name(line: &mut Vec<u8>, namespace: &str, name: &str) -> bool {
    // A name begins with a letter.
    let name = if namespace.is_empty() { name.trim_start_matches(|c: char| !c.is_ascii_alphabetic()) } else { name };
    if name.is_empty() {
        return false;
    }
    line.extend_from_slice(namespace.as_bytes());
    let room = LONGEST.saturating_sub(namespace.len());
    line.extend(name.chars().take(room).map(|c| match c {
        'a'..='z' | 'A'..='Z' | '0'..='9' | '_' | '.' => c as u8,
        _ => b'_',
    }));
    true
}

/// A namespace as it stands in front of names: cleaned, with a dot at its end; or empty.
pub fn clean_namespace(namespace: &str) -> String {
    let mut cleaned = Vec::new();
    if !push_name(&mut cleaned, "", namespace.trim_end_matches('.')) {
        return String::new();
    }
    cleaned.push(b'.');
    String::from_utf8_lossy(&cleaned).into_owned()
}

/// Appends a tag, and a comma in front of it unless it is the first. Line breaks are left out, separators replaced; an empty tag is none.
pub fn push_tag(tags: &mut Vec<u8>, tag: &str) {
    let before = tags.len();
    if before > 0 {
        tags.push(b',');
    }
    let begin = tags.len();
    push_clean(tags, tag, LONGEST, |c| matches!(c, '|' | ','));
    if tags.len() == begin {
        tags.truncate(before);
    }
}

/// Appends the value of a set.
pub fn push_set_value(line: &mut Vec<u8>, value: &str) {
    push_clean(line, value, usize::MAX, |c| c == '|');
}

/// Appends a field such as a host's name.
pub fn push_field(line: &mut Vec<u8>, value: &str) {
    push_clean(line, value, usize::MAX, |c| c == '|');
}

/// Appends a text of several lines as one.
pub fn push_escaped(line: &mut Vec<u8>, text: &str) {
    for part in text.split_inclusive('\n') {
        match part.strip_suffix('\n') {
            Some(before) => {
                line.extend_from_slice(before.as_bytes());
                line.extend_from_slice(b"\\n");
            }
            None => line.extend_from_slice(part.as_bytes()),
        }
    }
}

/// `DD_EXTERNAL_ENV` as it stands in messages: without what cannot be printed, and without separators.
pub fn clean_external_env(text: &str) -> String {
    text.chars().filter(|c| !c.is_control() && !matches!(c, '|' | '\u{fffd}')).collect::<String>().trim().to_owned()
}

fn push_clean(bytes: &mut Vec<u8>, text: &str, longest: usize, is_separator: impl Fn(char) -> bool) {
    if text.is_ascii() && text.len() <= longest {
        // Nearly always: no character needs to be decoded.
        let kept = text.bytes().filter(|byte| !matches!(byte, b'\n' | b'\r'));
        bytes.extend(kept.map(|byte| if is_separator(byte as char) { b'_' } else { byte }));
        return;
    }
    let mut utf8 = [0; 4];
    for c in text.chars().filter(|c| !matches!(c, '\n' | '\r')).take(longest) {
        let c = if is_separator(c) { '_' } else { c };
        bytes.extend_from_slice(c.encode_utf8(&mut utf8).as_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(namespace: &str, name: &str) -> Option<String> {
        let mut line = Vec::new();
        push_name(&mut line, namespace, name).then(|| String::from_utf8(line).unwrap())
    }

    fn tags(all: &[&str]) -> String {
        let mut bytes = Vec::new();
        all.iter().for_each(|tag| push_tag(&mut bytes, tag));
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn names_have_letters_digits_underscores_and_dots() {
        for (given, cleaned) in [
            ("page.views", Some("page.views")),
            ("Page_Views.2", Some("Page_Views.2")),
            ("page views|c:1\n#x@é", Some("page_views_c_1__x__")),
            ("2xx.count", Some("xx.count")),
            ("_x", Some("x")),
            ("", None),
            ("123", None),
            ("\n|", None),
        ] {
            assert_eq!(name("", given).as_deref(), cleaned, "{given:?}");
        }
        assert_eq!(name("shop.", "2xx").as_deref(), Some("shop.2xx"));
        assert_eq!(name("shop.", ""), None);
    }

    #[test]
    fn long_names_are_cut() {
        assert_eq!(name("", &"x".repeat(201)).map(|name| name.len()), Some(200));
        assert_eq!(name("shop.", &"é".repeat(500)).map(|name| name.len()), Some(200));
    }

    #[test]
    fn namespaces_end_with_one_dot() {
        for (given, cleaned) in [("shop", "shop."), ("shop.", "shop."), ("a.b..", "a.b."), ("a b", "a_b."), ("", ""), ("..", "")]
        {
            assert_eq!(clean_namespace(given), cleaned, "{given}");
        }
        assert_eq!(clean_namespace(&"n".repeat(300)).len(), 201);
        assert_eq!(name(&clean_namespace(&"n".repeat(300)), "x").map(|name| name.len()), Some(201));
    }

    #[test]
    fn tags_cannot_break_a_message() {
        assert_eq!(tags(&["country:china", "beta"]), "country:china,beta");
        assert_eq!(tags(&["a:b,c", "d|#e", "f\ng\r\n"]), "a:b_c,d_#e,fg");
        assert_eq!(tags(&["", "\n", "a", ""]), "a");
        assert_eq!(tags(&["a", "a"]), "a,a");
        assert_eq!(tags(&["ü:|ß,\n"]), "ü:_ß_");
        assert_eq!(tags(&[&"é".repeat(300)]).chars().count(), 200);
        assert_eq!(tags(&[&"x".repeat(300)]).len(), 200);
    }

    #[test]
    fn texts_of_several_lines_become_one() {
        let mut line = Vec::new();
        push_escaped(&mut line, "a\nb\n\nc");
        assert_eq!(line, b"a\\nb\\n\\nc");
    }

    #[test]
    fn the_external_environment_is_printable() {
        assert_eq!(clean_external_env("it-false,cn-nginx,pu-75\u{7}|\n"), "it-false,cn-nginx,pu-75");
        assert_eq!(clean_external_env(" \t"), "");
    }
}
