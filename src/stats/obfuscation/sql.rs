//! SQL without literals, and in one form: no comments, single spaces, lists of values as one, no aliases.

use super::sql_tokens::{Kind, Token, Tokens};
use crate::stats::SqlMode;

/// Appends the statement in the form that the mode wants.
pub(super) fn obfuscate(statement: &[u8], mode: SqlMode, to: &mut Vec<u8>) {
    let start = to.len();
    // Some dialects escape by backslashes. If a text has no end that way, this is another dialect.
    if write(statement, mode, true, to) {
        return;
    }
    to.truncate(start);
    write(statement, mode, false, to);
}

/// `false`: a quoted text has no end.
fn write(statement: &[u8], mode: SqlMode, backslash_escapes: bool, to: &mut Vec<u8>) -> bool {
    let mut tokens = Tokens::new(statement, backslash_escapes);
    if mode == SqlMode::ObfuscateOnly {
        replace_literals(&mut tokens, statement, to);
    } else {
        let mut writer = Writer { out: to, begin: 0, replaces: mode == SqlMode::ObfuscateAndNormalize, state: State::default() };
        writer.begin = writer.out.len();
        tokens.by_ref().for_each(|token| writer.token(token));
    }
    !tokens.is_unterminated
}

/// Everything stays as and where it is but literals.
fn replace_literals(tokens: &mut Tokens<'_>, statement: &[u8], to: &mut Vec<u8>) {
    let mut done = 0;
    let mut previous: &[u8] = b"";
    for token in tokens {
        if is_literal(&token, previous) {
            to.extend_from_slice(statement.get(done..token.at).unwrap_or_default());
            to.push(b'?');
            done = token.at + token.text.len();
        }
        previous = token.text;
    }
    to.extend_from_slice(statement.get(done..).unwrap_or_default());
}

/// Whether this is a value. `previous`: the token in front of it.
fn is_literal(token: &Token<'_>, previous: &[u8]) -> bool {
    match token.kind {
        Kind::Literal => true,
        Kind::QuotedName { double } => double && previous == b"=" || previous.eq_ignore_ascii_case(b"SAVEPOINT"),
        Kind::Word => {
            ["NULL", "TRUE", "FALSE"].iter().any(|word| token.text.eq_ignore_ascii_case(word.as_bytes()))
                || previous.eq_ignore_ascii_case(b"SAVEPOINT")
        }
        Kind::Comment | Kind::Symbol => false,
    }
}

/// Puts tokens together again.
struct Writer<'o, 'a> {
    out: &'o mut Vec<u8>,
    begin: usize,
    replaces: bool,
    state: State<'a>,
}

#[derive(Default)]
struct State<'a> {
    previous: &'a [u8],
    alias: Alias,
    /// Values that were seen one after another, and commas, make one `?`.
    in_values: bool,
    /// The last bracket was opened for values, so that further brackets of values are repetitions.
    in_rows: bool,
    /// Brackets of repeated rows that were left out and not closed yet.
    skipped: u32,
    /// The last token was such a bracket. What follows may show that it is no row.
    bracket_is_pending: bool,
}

/// Whether the next token is an alias.
#[derive(Clone, Copy, Default, PartialEq)]
enum Alias {
    #[default]
    No,
    Next,
    InBrackets,
}

impl<'a> Writer<'_, 'a> {
    fn token(&mut self, token: Token<'a>) {
        if token.kind == Kind::Comment {
            return;
        }
        if self.is_alias(&token) {
            self.end_of_values();
            return;
        }
        let is_value = self.replaces && is_literal(&token, self.state.previous);
        let opened_before = self.state.previous == b"(";
        self.state.previous = token.text;
        if is_value {
            self.value(opened_before);
            return;
        }
        match token.text {
            b";" => self.end_of_values(),
            b"," if self.state.in_values => {}
            b"(" if self.state.in_rows => {
                self.state.skipped += 1;
                self.state.bracket_is_pending = true;
            }
            b")" if self.state.skipped > 0 => {
                self.state.skipped -= 1;
                self.state.bracket_is_pending = false;
            }
            b"," | b"(" | b")" => self.put(token.text),
            _ => {
                if self.state.bracket_is_pending {
                    self.put(b"(");
                }
                self.end_of_values();
                self.put(name_of(&token));
            }
        }
    }

    fn value(&mut self, opened_before: bool) {
        let state = &mut self.state;
        state.in_rows |= opened_before;
        state.bracket_is_pending = false;
        if !std::mem::replace(&mut state.in_values, true) {
            self.put(b"?");
        }
    }

    fn end_of_values(&mut self) {
        let State { in_values, in_rows, skipped, bracket_is_pending, .. } = &mut self.state;
        (*in_values, *in_rows, *skipped, *bracket_is_pending) = (false, false, 0, false);
    }

    /// Whether the token is `AS` or belongs to what it introduces.
    fn is_alias(&mut self, token: &Token<'a>) -> bool {
        let state = &mut self.state;
        match state.alias {
            Alias::Next => {
                state.alias = if token.text == b"[" { Alias::InBrackets } else { Alias::No };
                state.previous = b"";
                true
            }
            Alias::InBrackets => {
                if token.text == b"]" {
                    state.alias = Alias::No;
                }
                true
            }
            Alias::No => {
                let begins = token.kind == Kind::Word && token.text.eq_ignore_ascii_case(b"AS");
                if begins {
                    state.alias = Alias::Next;
                }
                begins
            }
        }
    }

    fn put(&mut self, text: &[u8]) {
        if self.out.len() > self.begin && text != b"," {
            self.out.push(b' ');
        }
        self.out.extend_from_slice(text);
    }
}

/// The text of a token, of a quoted name what is inside.
fn name_of<'a>(token: &Token<'a>) -> &'a [u8] {
    match token.kind {
        Kind::QuotedName { .. } => {
            let inside = token.text.get(1..).unwrap_or_default();
            match inside.split_last() {
                Some((last, inside)) if token.text.first() == Some(last) => inside,
                _ => inside,
            }
        }
        _ => token.text,
    }
}

#[cfg(test)]
#[path = "sql_tests.rs"]
mod tests;
