//! SQL in pieces, of whatever dialect: enough to tell literals, comments and names apart, and never more than one look at a byte.

/// What a piece is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A name or a keyword, with its dots; also a named parameter.
    Word,
    /// A name in double quotes or backticks.
    QuotedName {
        /// Whether by double quotes, which in some dialects make a literal.
        double: bool,
    },
    /// A number, a text, a parameter without a name: something in place of a value.
    Literal,
    /// A comment.
    Comment,
    /// An operator or a bracket.
    Symbol,
}

/// A piece and where it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Token<'a> {
    pub kind: Kind,
    /// Everything, quotes too.
    pub text: &'a [u8],
    /// Where it begins.
    pub at: usize,
}

/// Splits a text into tokens.
pub(super) struct Tokens<'a> {
    text: &'a [u8],
    at: usize,
    /// Whether a backslash in a quoted text takes away the meaning of the next byte.
    backslash_escapes: bool,
    /// Whether a quoted text did not end.
    pub is_unterminated: bool,
}

const SYMBOLS: [&[u8]; 13] = [b"<=>", b"->>", b"<=", b">=", b"<>", b"!=", b":=", b"::", b"->", b"<@", b"@>", b"==", b"=>"];

impl<'a> Tokens<'a> {
    pub fn new(text: &'a [u8], backslash_escapes: bool) -> Self {
        Tokens { text, at: 0, backslash_escapes, is_unterminated: false }
    }

    fn peek(&self, offset: usize) -> u8 {
        self.text.get(self.at + offset).copied().unwrap_or(0)
    }

    fn rest(&self) -> &'a [u8] {
        self.text.get(self.at..).unwrap_or_default()
    }

    /// Goes on while `is_in` holds.
    fn skip_while(&mut self, is_in: impl Fn(u8) -> bool) {
        self.at += self.rest().iter().take_while(|byte| is_in(**byte)).count();
    }

    /// Goes behind the next `end`, or to the end of all.
    fn skip_past(&mut self, end: &[u8]) {
        let found = self.rest().windows(end.len()).position(|piece| piece == end);
        self.at = found.map_or(self.text.len(), |found| self.at + found + end.len());
    }

    /// What begins with `first`.
    fn scan(&mut self, first: u8) -> Kind {
        let next = self.peek(1);
        match first {
            b'\'' => self.quoted(b'\'', Kind::Literal),
            b'"' => self.quoted(b'"', Kind::QuotedName { double: true }),
            b'`' => self.quoted(b'`', Kind::QuotedName { double: false }),
            b'#' => self.line_comment(),
            b'-' if next == b'-' => self.line_comment(),
            b'/' if next == b'/' => self.line_comment(),
            b'/' if next == b'*' => {
                self.at += 2;
                self.skip_past(b"*/");
                Kind::Comment
            }
            b'-' if next.is_ascii_digit() || next == b'.' && self.peek(2).is_ascii_digit() => self.number(),
            b'.' if next.is_ascii_digit() => self.number(),
            b'0'..=b'9' => self.number(),
            b'$' => self.dollar(next),
            b'%' => self.percent(next),
            b'{' => self.braces(),
            b'?' => self.one(Kind::Literal),
            b':' if is_word(next) => self.word(),
            b'@' if is_word(next) || next == b'@' => self.word(),
            _ if is_word(first) => self.word(),
            _ => self.symbol(),
        }
    }

    fn one(&mut self, kind: Kind) -> Kind {
        self.at += 1;
        kind
    }

    fn symbol(&mut self) -> Kind {
        let known = SYMBOLS.iter().find(|symbol| self.rest().starts_with(symbol));
        self.at += known.map_or(1, |symbol| symbol.len());
        Kind::Symbol
    }

    fn line_comment(&mut self) -> Kind {
        self.skip_while(|byte| byte != b'\n');
        Kind::Comment
    }

    /// A quote in it is doubled.
    fn quoted(&mut self, quote: u8, kind: Kind) -> Kind {
        self.at += 1;
        loop {
            let escapes = self.backslash_escapes;
            self.skip_while(|byte| byte != quote && !(escapes && byte == b'\\'));
            if self.at >= self.text.len() {
                self.at = self.text.len();
                self.is_unterminated = true;
                return kind;
            }
            if self.peek(0) == b'\\' || self.peek(1) == quote {
                self.at += 2;
                continue;
            }
            self.at += 1;
            return kind;
        }
    }

    fn number(&mut self) -> Kind {
        self.at += 1;
        let is_hex = matches!(self.peek(0), b'x' | b'X') && self.peek(1).is_ascii_hexdigit();
        if is_hex {
            self.at += 1;
            self.skip_while(|byte| byte.is_ascii_hexdigit());
            return Kind::Literal;
        }
        self.skip_while(|byte| byte.is_ascii_digit() || byte == b'.');
        if matches!(self.peek(0), b'e' | b'E') {
            let sign = usize::from(matches!(self.peek(1), b'+' | b'-'));
            if self.peek(1 + sign).is_ascii_digit() {
                self.at += 1 + sign;
                self.skip_while(|byte| byte.is_ascii_digit());
            }
        }
        Kind::Literal
    }

    /// `$1`, `$tag$ … $tag$`, `$name`.
    fn dollar(&mut self, next: u8) -> Kind {
        if next.is_ascii_digit() {
            self.at += 1;
            self.skip_while(|byte| byte.is_ascii_digit());
            return Kind::Literal;
        }
        let name = self.rest().iter().skip(1).take_while(|byte| **byte != b'$' && is_word(**byte)).count();
        if self.peek(1 + name) != b'$' {
            self.at += 1 + name;
            return if name == 0 { Kind::Symbol } else { Kind::Word };
        }
        let tag = self.rest().get(..name + 2).unwrap_or_default();
        self.at += tag.len();
        self.skip_past(tag);
        Kind::Literal
    }

    /// `%s` and `%(name)s`, or the operator.
    fn percent(&mut self, next: u8) -> Kind {
        if next == b'(' {
            self.skip_past(b")");
            self.at += usize::from(self.peek(0).is_ascii_alphabetic());
            return Kind::Literal;
        }
        if next.is_ascii_alphabetic() {
            self.at += 2;
            return Kind::Literal;
        }
        self.one(Kind::Symbol)
    }

    /// A map, or an escape of ODBC: a value as a whole.
    fn braces(&mut self) -> Kind {
        let mut depth = 0usize;
        while let Some(byte) = self.text.get(self.at) {
            self.at += 1;
            match byte {
                b'{' => depth += 1,
                b'}' => depth -= 1,
                _ => {}
            }
            if depth == 0 {
                break;
            }
        }
        Kind::Literal
    }

    fn word(&mut self) -> Kind {
        let start = self.at;
        self.at += 1;
        self.skip_while(|byte| is_word(byte) || matches!(byte, b'.' | b'#'));
        let is_after_dot = self.at > start && self.text.get(self.at - 1) == Some(&b'.');
        if is_after_dot && self.peek(0) == b'*' {
            self.at += 1;
        }
        Kind::Word
    }
}

impl<'a> Iterator for Tokens<'a> {
    type Item = Token<'a>;

    fn next(&mut self) -> Option<Token<'a>> {
        self.skip_while(|byte| byte.is_ascii_whitespace() || byte == 0 || byte == 0x0b);
        let at = self.at;
        let first = *self.text.get(at)?;
        let kind = self.scan(first);
        self.at = self.at.clamp(at + 1, self.text.len());
        Some(Token { kind, text: self.text.get(at..self.at)?, at })
    }
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'@' | b'$') || byte >= 0x80
}
