//! The example of processors, filters and exporters does what it says.

mod c_program;
mod native;

use native::run;

#[test]
fn the_example_times_hides_drops_and_prints() {
    let dir = c_program::empty_directory("example-hooks");
    let hooks = c_program::compile(&dir, "hooks", &["examples/c/hooks.c"]);
    let output = run(c_program::command(&hooks).env("DD_TRACE_STARTUP_LOGS", "false"));
    let text = String::from_utf8(output.stdout).unwrap();
    let mut lines: Vec<_> = text.lines().collect();
    assert_eq!(lines.pop(), Some("3 requests"), "{text}");
    assert_eq!(
        lines,
        [
            "http.request GET /cart",
            "  db.query SELECT, card hidden",
            "http.request POST /checkout",
            "  db.query SELECT, card hidden"
        ]
    );
}
