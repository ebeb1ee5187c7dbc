//! Resources of database spans without their literals, so that each statement is one group and not as many as it has arguments.
//!
//! Only the keys of statistics are obfuscated here. The spans themselves leave as they are, and the agent obfuscates them.

mod redis;
mod sql;
mod sql_tokens;

use super::features::{Features, SqlMode};
use foldhash::fast::RandomState;
use std::collections::HashMap;

/// Obfuscates resources by the type of their span, and remembers what it made of the last.
#[derive(Debug)]
pub(super) struct Obfuscator {
    mode: SqlMode,
    /// SQL by its text. Most programs have few statements and run them often.
    known: HashMap<Box<[u8]>, Box<[u8]>, RandomState>,
    made: Vec<u8>,
}

/// Statements that are remembered. When there are as many, all are forgotten.
const MOST_KNOWN: usize = 512;
/// Longer ones are not remembered.
const LONGEST_KNOWN: usize = 1_000;

impl Obfuscator {
    /// `None`: the agent does not want it.
    pub fn new(features: &Features) -> Option<Self> {
        let wanted = features.obfuscates();
        wanted.then(|| Obfuscator { mode: features.sql_mode, known: HashMap::default(), made: Vec::new() })
    }

    /// Gives `take` the resource as it may be shown.
    pub fn of_resource(&mut self, span_type: &[u8], resource: &[u8], take: impl FnOnce(&[u8])) {
        match span_type {
            b"sql" | b"cassandra" => self.of_sql(resource, take),
            b"redis" | b"valkey" => {
                self.made.clear();
                redis::commands(resource, &mut self.made);
                take(&self.made);
            }
            _ => take(resource),
        }
    }

    fn of_sql(&mut self, statement: &[u8], take: impl FnOnce(&[u8])) {
        if let Some(known) = self.known.get(statement) {
            return take(known);
        }
        self.made.clear();
        sql::obfuscate(statement, self.mode, &mut self.made);
        if statement.len() <= LONGEST_KNOWN && self.made.len() <= 2 * LONGEST_KNOWN {
            if self.known.len() >= MOST_KNOWN {
                self.known.clear();
            }
            self.known.insert(statement.into(), self.made.as_slice().into());
        }
        take(&self.made);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_type_of_the_span_decides() {
        let features = Features { obfuscation_version: 1, ..Features::default() };
        let mut obfuscator = Obfuscator::new(&features).unwrap();
        let mut of = |span_type: &str, resource: &str| {
            let mut made = String::new();
            obfuscator
                .of_resource(span_type.as_bytes(), resource.as_bytes(), |text| made = String::from_utf8(text.to_vec()).unwrap());
            made
        };
        for _ in 0..2 {
            assert_eq!(of("sql", "SELECT 1"), "SELECT ?");
            assert_eq!(of("cassandra", "SELECT 1"), "SELECT ?");
            assert_eq!(of("redis", "get k"), "GET");
            assert_eq!(of("valkey", "get k"), "GET");
            assert_eq!(of("web", "SELECT 1"), "SELECT 1");
            assert_eq!(of("", "SELECT 1"), "SELECT 1");
        }
    }

    #[test]
    fn other_versions_of_the_rules_are_left_to_the_agent() {
        for obfuscation_version in [0, 2, 3] {
            assert!(Obfuscator::new(&Features { obfuscation_version, ..Features::default() }).is_none());
        }
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let mut obfuscator = Obfuscator::new(&Features { obfuscation_version: 1, ..Features::default() }).unwrap();
        for number in 0..3 * MOST_KNOWN {
            let statement = format!("SELECT a{number} FROM t");
            obfuscator.of_resource(b"sql", statement.as_bytes(), |text| assert_eq!(text, statement.as_bytes()));
            assert!(obfuscator.known.len() <= MOST_KNOWN);
        }
        let before = obfuscator.known.len();
        obfuscator.of_resource(b"sql", &[b'x'; LONGEST_KNOWN + 1], |_| {});
        assert_eq!(obfuscator.known.len(), before);
    }
}
