//! YAML as a tree of texts, lists and maps: what these files are made of. Bounded, and without aliases, which could blow a small file up.

use saphyr_parser::{Event, Parser, ScalarStyle};

/// Deepest nesting.
const DEEPEST: usize = 16;
/// Most parts of a document.
const MOST_NODES: usize = 100_000;

/// A part of a document.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Node {
    /// Nothing, or `null`.
    Null,
    /// Text; numbers and booleans as they are written.
    Text(String),
    /// A list.
    List(Vec<Node>),
    /// A map, in its order.
    Map(Vec<(Node, Node)>),
}

/// What is open while a document is read.
enum Open {
    List(Vec<Node>),
    /// The pairs, and a key that waits for its value.
    Map(Vec<(Node, Node)>, Option<Node>),
}

impl Node {
    /// The first document of a text. The error says what is wrong.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let mut stack: Vec<Open> = Vec::new();
        let mut first: Option<Node> = None;
        let mut nodes = 0;
        for event in Parser::new_from_str(text) {
            let (event, _) = event.map_err(|error| format!("it is no YAML: {}", brief(&error.to_string())))?;
            nodes += 1;
            if stack.len() > DEEPEST || nodes > MOST_NODES {
                return Err("it has more parts than such files have".to_owned());
            }
            let complete = match event {
                Event::Alias(_) => return Err("it has aliases, which are not followed".to_owned()),
                Event::SequenceStart(..) => {
                    stack.push(Open::List(Vec::new()));
                    continue;
                }
                Event::MappingStart(..) => {
                    stack.push(Open::Map(Vec::new(), None));
                    continue;
                }
                Event::Scalar(text, style, _, _) => scalar(text.into_owned(), style),
                Event::SequenceEnd | Event::MappingEnd => match stack.pop() {
                    Some(Open::List(items)) => Node::List(items),
                    Some(Open::Map(pairs, _)) => Node::Map(pairs),
                    None => continue,
                },
                _ => continue,
            };
            match stack.last_mut() {
                // The others are read as well: what is broken anywhere is broken.
                None if first.is_none() => first = Some(complete),
                None => {}
                Some(Open::List(items)) => items.push(complete),
                Some(Open::Map(pairs, key)) => match key.take() {
                    None => *key = Some(complete),
                    Some(key) => pairs.push((key, complete)),
                },
            }
        }
        Ok(first.unwrap_or(Node::Null))
    }
}

fn scalar(text: String, style: ScalarStyle) -> Node {
    let is_null = style == ScalarStyle::Plain && matches!(text.as_str(), "" | "~" | "null" | "Null" | "NULL");
    if is_null { Node::Null } else { Node::Text(text) }
}

fn brief(message: &str) -> String {
    const LONGEST: usize = 200;
    message.chars().filter(|character| !character.is_control()).take(LONGEST).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Node {
        Node::Text(text.to_owned())
    }

    #[test]
    fn documents_become_trees() {
        let tree = Node::parse("a: 1\nb: [x, 'true', ~]\nc:\n  d: null\n---\nnot: read\n").unwrap();
        let expected = Node::Map(vec![
            (text("a"), text("1")),
            (text("b"), Node::List(vec![text("x"), text("true"), Node::Null])),
            (text("c"), Node::Map(vec![(text("d"), Node::Null)])),
        ]);
        assert_eq!(tree, expected);
        assert_eq!(Node::parse("# nothing\n"), Ok(Node::Null));
        assert_eq!(Node::parse("'null'"), Ok(text("null")));
    }

    #[test]
    fn hostile_documents_are_refused() {
        let deep = "[".repeat(100_000);
        let wide = "- x\n".repeat(MOST_NODES + 1);
        let aliases = "a: &a [x, x]\nb: [*a, *a]\n";
        for hostile in
            [deep.as_str(), &wide, aliases, "a: [", "?? ??; ??\t\n\n --- ` \n a: {", "\u{0}", "a: b: c", "%YAML 9\n--- {"]
        {
            assert!(Node::parse(hostile).is_err(), "{:?}", hostile.get(..20));
        }
    }
}
