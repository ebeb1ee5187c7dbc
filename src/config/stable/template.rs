//! Templates in values: `{{ environment_variables[NAME] }}` and the like stand for what the process has.

use super::selector::Process;
use crate::config::process::LONGEST_VALUE;
use std::borrow::Cow;

/// What stands for what is not there.
const UNDEFINED: &str = "UNDEFINED";

/// Fills a value. `None`: a template has no end. Stops when the text is longer than any value may be.
pub(super) fn fill(value: &str, process: &Process<'_>) -> Option<String> {
    let mut text = String::new();
    let mut rest = value;
    while let Some((before, template)) = rest.split_once("{{") {
        let (expression, after) = template.split_once("}}")?;
        text.push_str(before);
        text.push_str(meaning(expression.trim(), process).as_deref().unwrap_or(UNDEFINED));
        rest = after;
        if text.len() > LONGEST_VALUE {
            break;
        }
    }
    text.push_str(rest);
    Some(text)
}

fn meaning<'a>(expression: &str, process: &Process<'a>) -> Option<Cow<'a, str>> {
    if expression == "language" {
        return Some(Cow::Borrowed(process.language));
    }
    let (origin, key) = expression.strip_suffix(']')?.split_once('[')?;
    let key = unquoted(key.trim());
    match origin.trim() {
        "environment_variables" => process.variable(key).map(Cow::Owned),
        "process_arguments" => process.argument(key).map(Cow::Borrowed),
        "tags" => process.tag(key).map(Cow::Borrowed),
        _ => None,
    }
}

fn unquoted(key: &str) -> &str {
    let within = |quote: char| key.strip_prefix(quote)?.strip_suffix(quote);
    within('\'').or_else(|| within('"')).unwrap_or(key)
}
