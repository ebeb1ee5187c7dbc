//! The comment in front of a database statement by which database monitoring finds the span that the statement comes from.

use std::fmt::Write;

/// What the comment can say, in the order of its keys; an empty text is left out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DbmComment {
    /// `dddb`: the database.
    pub database: String,
    /// `dddbs`: the service that the database is shown as.
    pub database_service: String,
    /// `dde`: the environment.
    pub env: String,
    /// `ddh`: the database's host.
    pub host: String,
    /// `ddprs`: the peer service.
    pub peer_service: String,
    /// `ddps`: the program's service.
    pub service: String,
    /// `ddpv`: its version.
    pub version: String,
    /// `ddsh`: a hash of what the process is.
    pub base_hash: String,
    /// The span, as W3C Trace Context has it.
    pub traceparent: String,
}

impl DbmComment {
    /// The comment and a space, to be put in front of the statement. `doubles_percent`: for drivers that take the statement for a pattern.
    pub fn text(&self, doubles_percent: bool) -> String {
        let pairs = [
            ("dddb", &self.database),
            ("dddbs", &self.database_service),
            ("dde", &self.env),
            ("ddh", &self.host),
            ("ddprs", &self.peer_service),
            ("ddps", &self.service),
            ("ddpv", &self.version),
            ("ddsh", &self.base_hash),
            ("traceparent", &self.traceparent),
        ];
        let mut text = String::from("/*");
        for (key, value) in pairs.into_iter().filter(|(_, value)| !value.is_empty()) {
            text.push_str(if text.len() > 2 { "," } else { "" });
            text.push_str(key);
            text.push_str("='");
            append_quoted(&mut text, value, if doubles_percent { "%%" } else { "%" });
            text.push('\'');
        }
        text.push_str("*/ ");
        text
    }
}

/// As in URLs: neither a quote nor the end of the comment comes out of it.
fn append_quoted(text: &mut String, value: &str, percent: &str) {
    for byte in value.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            text.push(char::from(byte));
        } else {
            let _ = write!(text, "{percent}{byte:02X}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn comment(pairs: impl FnOnce(&mut DbmComment)) -> DbmComment {
        let mut comment = DbmComment::default();
        pairs(&mut comment);
        comment
    }

    #[test]
    fn the_keys_stand_in_their_order_and_what_is_not_known_is_left_out() {
        let comment = comment(|comment| {
            comment.traceparent = "00-1-2-01".to_owned();
            comment.service = "shop".to_owned();
            comment.env = "prod".to_owned();
            comment.database_service = "orders".to_owned();
            comment.version = "1.2".to_owned();
        });
        let expected = "/*dddbs='orders',dde='prod',ddps='shop',ddpv='1.2',traceparent='00-1-2-01'*/ ";
        assert_eq!(comment.text(false), expected);
    }

    #[test]
    fn nothing_gets_out_of_the_comment() {
        let comment = comment(|comment| comment.service = "a/b '*/; DROP%é".to_owned());
        assert_eq!(comment.text(false), "/*ddps='a/b%20%27%2A/%3B%20DROP%25%C3%A9'*/ ");
        assert_eq!(comment.text(true), "/*ddps='a/b%%20%%27%%2A/%%3B%%20DROP%%25%%C3%%A9'*/ ");
    }
}
