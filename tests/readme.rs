//! The example of the README is a program that works.

mod c_program;
mod native;

use native::{project, read, run};

const EXAMPLE: &str = "examples/c/hello.c";

#[test]
fn the_readme_shows_the_example_as_it_is() {
    let readme = read(&project("README.md"));
    let (_, block) = readme.split_once("```c\n").expect("a block of C in the README");
    let (block, _) = block.split_once("```").expect("the end of the block of C");
    assert_eq!(block, read(&project(EXAMPLE)));
}

#[test]
fn the_example_sends_its_span() {
    let dir = c_program::empty_directory("readme");
    let hello = c_program::compile(&dir, "hello", &[EXAMPLE]);
    let spans = dir.join("spans.jsonl");
    let mut command = c_program::command(&hello);
    run(command.env("LIBDDTRACE_EXPORTER", format!("file:{}", spans.display())).env("DD_SERVICE", "readme"));

    let lines = read(&spans);
    let [line] = lines.lines().collect::<Vec<_>>()[..] else {
        panic!("expected one span, got {lines:?}");
    };
    let span: serde_json::Value = serde_json::from_str(line).unwrap();
    assert_eq!(span["name"], "say.hello");
    assert_eq!(span["service"], "readme");
    assert_eq!(span["parent_id"], serde_json::Value::Null);
    assert_eq!(span["meta"]["greeting"], "Hello, trace!");
}

#[test]
fn the_example_does_no_harm_without_an_agent() {
    let dir = c_program::empty_directory("readme-without-agent");
    let hello = c_program::compile(&dir, "hello", &[EXAMPLE]);
    // Port 1 of the loopback: nobody listens there.
    run(c_program::command(&hello).env("DD_TRACE_AGENT_URL", "http://127.0.0.1:1"));
}
