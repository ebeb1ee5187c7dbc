//! The content of a stable configuration file: settings for all, rules for some, and tags that rules may ask for.

use super::selector::{Process, Selector};
use super::tree::Node;

/// A file that was understood.
#[derive(Debug, Default)]
pub(super) struct Document {
    pub(super) config_id: Option<String>,
    pub(super) tags: Vec<(String, String)>,
    for_all: Vec<(String, String)>,
    rules: Vec<Rule>,
}

#[derive(Debug)]
struct Rule {
    selectors: Vec<Selector>,
    values: Vec<(String, String)>,
}

impl Document {
    /// Reads a file's text. The error says what was expected where.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let mut document = Document::default();
        for (key, value) in pairs(Node::parse(text)?, "the file")? {
            match key.as_str() {
                "config_id" => document.config_id = one_text(value, &key)?,
                "apm_configuration_default" => document.for_all = texts(value, &key)?,
                "tags" => document.tags = texts(value, &key)?,
                "apm_configuration_rules" | "rules" => {
                    for rule in items(value, &key)? {
                        document.rules.push(Rule::read(rule)?);
                    }
                }
                // Later versions of the file may say more.
                _ => {}
            }
        }
        Ok(document)
    }

    /// The settings for a process: of those that are named twice, the ones of the first rule that fits come last.
    pub(super) fn values_for(&self, process: &Process<'_>) -> impl Iterator<Item = (&str, &str)> {
        let rule = self.rules.iter().find(|rule| rule.selectors.iter().all(|selector| selector.matches(process)));
        let of_rule = rule.map(|rule| rule.values.as_slice()).unwrap_or_default();
        self.for_all.iter().chain(of_rule).map(|(name, value)| (name.as_str(), value.as_str()))
    }
}

impl Rule {
    fn read(node: Node) -> Result<Self, String> {
        let mut rule = Rule { selectors: Vec::new(), values: Vec::new() };
        for (key, value) in pairs(node, "a rule")? {
            match key.as_str() {
                "selectors" => {
                    for selector in items(value, &key)? {
                        rule.selectors.push(selector_of(selector)?);
                    }
                }
                "configuration" => rule.values = texts(value, &key)?,
                _ => {}
            }
        }
        Ok(rule)
    }
}

fn selector_of(node: Node) -> Result<Selector, String> {
    let (mut origin, mut operator, mut wanted, mut matches) = (None, None, None, None);
    for (key, value) in pairs(node, "a selector")? {
        match key.as_str() {
            "origin" => origin = one_text(value, &key)?,
            "operator" => operator = one_text(value, &key)?,
            "key" => wanted = one_text(value, &key)?,
            "matches" => {
                let texts: Result<Vec<_>, String> =
                    items(value, &key)?.into_iter().map(|item| one_text(item, "matches")).collect();
                matches = Some(texts?.into_iter().flatten().collect());
            }
            _ => {}
        }
    }
    Selector::new(&origin.unwrap_or_default(), &operator.unwrap_or_default(), wanted, matches)
}

fn pairs(node: Node, place: &str) -> Result<Vec<(String, Node)>, String> {
    let pairs = match node {
        Node::Null => return Ok(Vec::new()),
        Node::Map(pairs) => pairs,
        _ => return Err(format!("expected {place} to be a map")),
    };
    pairs.into_iter().map(|(key, value)| Ok((one_text(key, place)?.unwrap_or_default(), value))).collect()
}

fn items(node: Node, place: &str) -> Result<Vec<Node>, String> {
    match node {
        Node::Null => Ok(Vec::new()),
        Node::List(items) => Ok(items),
        _ => Err(format!("expected {place} to be a list")),
    }
}

fn one_text(node: Node, place: &str) -> Result<Option<String>, String> {
    match node {
        Node::Null => Ok(None),
        Node::Text(text) => Ok(Some(text)),
        _ => Err(format!("expected text in {place}")),
    }
}

fn texts(node: Node, place: &str) -> Result<Vec<(String, String)>, String> {
    let mut texts = Vec::new();
    for (name, value) in pairs(node, place)? {
        texts.extend(one_text(value, &name)?.map(|value| (name, value)));
    }
    Ok(texts)
}
