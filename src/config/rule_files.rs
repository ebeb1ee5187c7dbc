//! Sampling rules from files, where none are given inline. A file may have 1 MiB.

use super::kind::Parsed;
use super::resolution::Resolution;
use super::sampling_rules;
use std::fs::{self, File};
use std::io::{self, Read};

const MOST_BYTES: u64 = 1 << 20;

/// The setting with the rules, the setting with the path, and how the rules are read.
type RuleFile = (&'static str, &'static str, fn(&str) -> Result<Parsed, String>);

const RULE_FILES: &[RuleFile] = &[
    ("DD_TRACE_SAMPLING_RULES", "DD_TRACE_SAMPLING_RULES_FILE", sampling_rules::parse_trace_rules),
    ("DD_SPAN_SAMPLING_RULES", "DD_SPAN_SAMPLING_RULES_FILE", sampling_rules::parse_span_rules),
];

/// Reads the files that are needed.
pub(super) fn complete(resolution: &mut Resolution) {
    for (rules, file, parse) in RULE_FILES {
        let Some(path) = resolution.value(file).text() else { continue };
        if resolution.is_set(rules) {
            resolution.warn(format!("{file} is ignored: {rules} is set too"));
            continue;
        }
        let shown = super::grammar::quoted(&path);
        let parsed = read(&path).map_err(|error| format!("it cannot be read: {error}"));
        match parsed.and_then(|text| parse(&text).map_err(|expected| format!("expected {expected}"))) {
            Ok(parsed) => {
                parsed.notes.iter().for_each(|note| resolution.warn(format!("{file}: {shown}: {note}")));
                resolution.calculate(rules, parsed.value);
            }
            Err(reason) => resolution.warn(format!("{file}: {shown} is ignored: {reason}")),
        }
    }
}

fn read(path: &str) -> io::Result<String> {
    // Opening a pipe could block for ever.
    if !fs::metadata(path)?.is_file() {
        return Err(io::Error::other("not a regular file"));
    }
    let mut text = String::new();
    File::open(path)?.take(MOST_BYTES + 1).read_to_string(&mut text)?;
    match text.len() as u64 > MOST_BYTES {
        true => Err(io::Error::other("more than 1 MiB")),
        false => Ok(text),
    }
}
