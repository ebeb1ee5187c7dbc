//! Commands of Redis and Valkey without their arguments.

/// Commands that are kept; then `...` says that there may be more.
const MOST_COMMANDS: usize = 3;
/// The ending of a text that was cut.
const CUT: &[u8] = b"...";
/// Commands that say what they do with their second word.
const OF_TWO_WORDS: [&str; 6] = ["CLIENT", "CLUSTER", "COMMAND", "CONFIG", "DEBUG", "SCRIPT"];

/// Appends the names of the first commands, one line each, in capitals.
pub(super) fn commands(text: &[u8], to: &mut Vec<u8>) {
    let mut kept = 0;
    let mut is_cut = false;
    for line in text.split(|byte| *byte == b'\n') {
        if kept == MOST_COMMANDS {
            break;
        }
        let mut words = line.split(|byte| matches!(byte, b' ' | b'\t' | b'\r')).filter(|word| !word.is_empty());
        let Some(command) = words.next() else { continue };
        is_cut = command.ends_with(CUT);
        if is_cut {
            continue;
        }
        append(to, command);
        kept += 1;
        if OF_TWO_WORDS.iter().any(|known| known.as_bytes().eq_ignore_ascii_case(command)) {
            if let Some(second) = words.next() {
                is_cut = second.ends_with(CUT);
                if !is_cut {
                    append(to, second);
                }
            }
        }
    }
    if kept == MOST_COMMANDS || is_cut {
        append(to, CUT);
    }
}

fn append(to: &mut Vec<u8>, word: &[u8]) {
    if !to.is_empty() {
        to.push(b' ');
    }
    to.extend(word.iter().map(u8::to_ascii_uppercase));
}

#[cfg(test)]
mod tests {
    #[test]
    fn commands_keep_their_names_only() {
        let cases = [
            ("", ""),
            (" \n ", ""),
            ("CLIENT", "CLIENT"),
            ("CLIENT LIST", "CLIENT LIST"),
            ("config set parameter value", "CONFIG SET"),
            ("CONFIG S...", "CONFIG ..."),
            ("get my_key", "GET"),
            ("\n\n  \nSET foo bar  \n  \n\n  ", "SET"),
            ("SET k v\nEXPIRE k 15", "SET EXPIRE"),
            ("SET toto tata \r\n \n  EXPIRE toto 15  ", "SET EXPIRE"),
            ("MULTI\nSET a\nSET b\nDEL", "MULTI SET SET ..."),
            ("MULTI\nSET a\nSET b", "MULTI SET SET ..."),
            ("GET...", "..."),
            ("GET k...", "GET"),
            ("GET k1\nGET k2\nG...", "GET GET ..."),
            ("GET k1\nGET k2\nDEL k3\nGET k...", "GET GET DEL ..."),
            ("GET k...\nDE...\nMS...", "GET ..."),
            ("GET k1\nDE...\nGET k2", "GET GET"),
            ("GET k1\nDE...\nGET k2\nHDEL k3 a\nGET k4\nDEL k5", "GET GET HDEL ..."),
            ("UNKNOWN 123", "UNKNOWN"),
        ];
        for (text, expected) in cases {
            let mut made = Vec::new();
            super::commands(text.as_bytes(), &mut made);
            assert_eq!(String::from_utf8(made).unwrap(), expected, "{text:?}");
        }
    }
}
