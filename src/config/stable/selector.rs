//! Which processes a rule is for.

use crate::config::process::Environment;

/// What rules and templates may ask of the process.
pub(super) struct Process<'a> {
    pub(super) environment: &'a Environment,
    /// The command line, with the program first.
    pub(super) arguments: &'a [String],
    pub(super) language: &'a str,
    /// The tags of the file.
    pub(super) tags: &'a [(String, String)],
}

impl<'a> Process<'a> {
    pub(super) fn variable(&self, name: &str) -> Option<String> {
        self.environment.get(name)
    }

    /// The value of the first argument `key=value`.
    pub(super) fn argument(&self, key: &str) -> Option<&'a str> {
        self.arguments
            .iter()
            .filter_map(|argument| argument.split_once('='))
            .find(|(name, _)| *name == key)
            .map(|(_, value)| value)
    }

    pub(super) fn tag(&self, key: &str) -> Option<&'a str> {
        self.tags.iter().rev().find(|(name, _)| name == key).map(|(_, value)| value.as_str())
    }
}

/// One condition of a rule.
#[derive(Debug)]
pub(super) struct Selector {
    origin: Origin,
    key: Option<String>,
    operator: Operator,
}

#[derive(Debug)]
enum Origin {
    Arguments,
    Variables,
    Language,
    Tags,
}

#[derive(Debug)]
enum Operator {
    Exists,
    Equals(Vec<String>),
    Prefix(Vec<String>),
    Suffix(Vec<String>),
}

impl Selector {
    /// A condition in the words of the file. The error says which of them is not known.
    pub(super) fn new(origin: &str, operator: &str, key: Option<String>, matches: Option<Vec<String>>) -> Result<Self, String> {
        let origin = match origin {
            "process_arguments" => Origin::Arguments,
            "environment_variables" => Origin::Variables,
            "language" => Origin::Language,
            "tags" => Origin::Tags,
            _ => return Err("the origin of a selector is not known".to_owned()),
        };
        let expected = || "expected a selector to have matches".to_owned();
        let operator = match operator {
            "exists" => Operator::Exists,
            "equals" => Operator::Equals(matches.ok_or_else(expected)?),
            "prefix_matches" => Operator::Prefix(matches.ok_or_else(expected)?),
            "suffix_matches" => Operator::Suffix(matches.ok_or_else(expected)?),
            _ => return Err("the operator of a selector is not known".to_owned()),
        };
        Ok(Selector { origin, key, operator })
    }

    /// Whether the process fits.
    pub(super) fn matches(&self, process: &Process<'_>) -> bool {
        match (&self.origin, self.key.as_deref()) {
            (Origin::Arguments, Some(key)) => process.argument(key).is_some_and(|value| self.operator.fits(value)),
            (Origin::Arguments, None) => process.arguments.iter().any(|argument| self.operator.fits(argument)),
            (Origin::Variables, Some(key)) => process.variable(key).is_some_and(|value| self.operator.fits(&value)),
            (Origin::Variables, None) => {
                process.environment.all().any(|(name, value)| self.operator.fits(&format!("{name}={value}")))
            }
            (Origin::Language, _) => self.operator.fits(process.language),
            (Origin::Tags, Some(key)) => process.tag(key).is_some_and(|value| self.operator.fits(value)),
            (Origin::Tags, None) => false,
        }
    }
}

impl Operator {
    fn fits(&self, value: &str) -> bool {
        match self {
            Operator::Exists => true,
            Operator::Equals(texts) => texts.iter().any(|text| value == text),
            Operator::Prefix(texts) => texts.iter().any(|text| value.starts_with(text.as_str())),
            Operator::Suffix(texts) => texts.iter().any(|text| value.ends_with(text.as_str())),
        }
    }
}
