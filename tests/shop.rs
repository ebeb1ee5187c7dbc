//! The shop of `examples/c/shop`: two processes, real sockets, and one trace through both for each request.

mod c_program;
mod native;
#[path = "../examples/trace_tree/reader.rs"]
mod reader;

use std::fs::File;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::OnceLock;

use ddtrace::export::tree::{TreeStyle, append_tree};
use ddtrace::record::{ChunkData, Number, SpanData};

const BACK: [&str; 4] =
    ["examples/c/shop/back.c", "examples/c/shop/store.c", "examples/c/shop/tracing.c", "examples/c/shop/http.c"];
const FRONT: [&str; 3] = ["examples/c/shop/front.c", "examples/c/shop/tracing.c", "examples/c/shop/http.c"];

#[test]
fn a_trace_goes_through_both_services() {
    let [trace] = &Shop::start("shop-trace", 1).run(&["GET /cart?items=1&user=ada"], &[200])[..] else {
        panic!("expected one trace");
    };
    assert_eq!(
        outline(trace),
        [
            "shop-front http.request GET /cart",
            "  shop-front cart.render cart",
            "    shop-front http.client.request GET /products/{id}",
            "      shop-back http.request GET /products/{id}",
            "        shop-back cache.get GET product:1",
            "        shop-back db.query SELECT id, name, cents, stock FROM products WHERE id = ?",
        ]
    );
    assert!(trace.spans.iter().all(|span| !span.error));
    assert_eq!(trace.priority, Some(1), "both services keep it");

    let served = &trace.spans[0];
    assert_eq!(text(served, "span.kind"), "server");
    assert_eq!(text(served, "http.method"), "GET");
    assert_eq!(text(served, "http.route"), "/cart");
    assert_eq!(text(served, "http.status_code"), "200");
    assert!(text(served, "http.url").ends_with("/cart?items=1&user=ada"));
    let rendered = named(trace, "cart.render");
    assert_eq!(rendered.events.len(), 1);
    assert_eq!(rendered.events[0].name, "cart.priced");
    assert_eq!(text(named(trace, "http.client.request"), "span.kind"), "client");
    assert_eq!(text(named(trace, "db.query"), "db.system"), "other_sql");
}

#[test]
fn the_customer_travels_as_baggage() {
    let traces = Shop::start("shop-baggage", 1).run(&["GET /cart?items=2&user=ada"], &[200]);
    let back = traces[0].spans.iter().find(|span| span.service == "shop-back").unwrap();
    assert_eq!(text(back, "usr.id"), "ada", "read by the program");
    assert_eq!(text(back, "baggage.user.id"), "ada", "added by the library");
}

#[test]
fn a_cache_hit_is_linked_to_the_trace_that_filled_it() {
    let traces = Shop::start("shop-link", 2).run(&["GET /cart?items=4", "GET /cart?items=4"], &[200, 200]);
    let filler = named(&traces[0], "db.query");
    let hit = named(&traces[1], "cache.get");
    assert_eq!(text(hit, "cache.hit"), "true");
    assert_eq!(hit.links.len(), 1);
    assert_eq!(hit.links[0].trace_id, filler.trace_id);
    assert_eq!(hit.links[0].span_id, filler.span_id);
    assert!(filler.links.is_empty());
    assert!(traces[1].spans.iter().all(|span| span.name != "db.query"));
}

#[test]
fn a_failure_behind_is_seen_in_front() {
    let traces = Shop::start("shop-error", 1).run(&["POST /checkout?item=3"], &[502]);
    let query = named(&traces[0], "db.query");
    assert_eq!(text(query, "error.type"), "shop.ConstraintViolation");
    assert_eq!(text(query, "error.message"), "products.stock must not become negative (id 3)");
    assert_eq!(query.events.len(), 1);
    assert_eq!(query.events[0].name, "exception");
    assert!(traces[0].spans.iter().all(|span| span.error), "{}", outline(&traces[0]).join("\n"));
    assert_eq!(text(&traces[0].spans[0], "error.message"), "the service behind answered 500");
}

#[test]
fn a_slow_query_can_be_seen() {
    let traces = Shop::start("shop-slow", 1).run(&["GET /search?q=lamp"], &[200]);
    let query = named(&traces[0], "db.query");
    assert!(query.duration_ns >= 300_000_000, "{}", query.duration_ns);
    let rows = query.metrics.iter().find(|(key, _)| key == "db.row_count");
    assert!(matches!(rows, Some((_, Number::Float(rows))) if *rows == 3.0), "{rows:?}");
    let root = &traces[0].spans[0];
    assert!(root.duration_ns >= query.duration_ns);
}

#[test]
fn the_parts_of_both_services_are_drawn_as_one_tree() {
    let traces = Shop::start("shop-tree", 1).run(&["POST /checkout?item=3"], &[502]);
    let mut tree = String::new();
    append_tree(&mut tree, &traces[0], TreeStyle { columns: 120, colour: false });
    let roots = tree.lines().filter(|line| line.contains("http.request POST /checkout"));
    assert_eq!(roots.count(), 1, "{tree}");
    assert!(tree.contains("└─ shop-back ▸ ✗ http.request POST /orders"), "{tree}");
    assert!(!tree.contains("↰"), "no span looks for its parent: {tree}");
}

/// Both services, which the test runs once.
struct Shop {
    back: Service,
    front: Service,
    spans: [PathBuf; 2],
}

struct Service {
    process: Child,
    /// Kept open, so that the service may write to it.
    _out: BufReader<ChildStdout>,
    port: u16,
}

impl Shop {
    fn start(name: &str, requests: usize) -> Shop {
        static PROGRAMS: OnceLock<[PathBuf; 2]> = OnceLock::new();
        let [front, back] = PROGRAMS.get_or_init(compile);
        let dir = c_program::empty_directory(name);
        let spans = [dir.join("front.jsonl"), dir.join("back.jsonl")];
        let back = Service::start(exporting(back, &spans[1]));
        let mut front = exporting(front, &spans[0]);
        front.args([back.port.to_string(), requests.to_string()]);
        let front = Service::start(front);
        Shop { back, front, spans }
    }

    /// Sends the requests, ends both services, checks that they forgot no handle, and reads what they exported.
    fn run(mut self, requests: &[&str], statuses: &[u16]) -> Vec<ChunkData> {
        for (request, status) in requests.iter().zip(statuses) {
            assert_eq!(ask(self.front.port, request), *status, "{request}");
        }
        assert_eq!(self.front.wait(), Some(0), "front ends after its last request, in good order");
        // SAFETY: a signal to a child that was not waited for yet.
        unsafe { libc::kill(self.back.process.id() as i32, libc::SIGTERM) };
        assert_eq!(self.back.wait(), Some(0), "back ends at SIGTERM, in good order");
        let paths: Vec<String> = self.spans.iter().map(|path| path.display().to_string()).collect();
        reader::read_all(&paths).unwrap()
    }
}

impl Service {
    /// Starts a service and reads the port that it prints.
    fn start(mut command: Command) -> Service {
        let mut process = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut out = BufReader::new(process.stdout.take().unwrap());
        let mut line = String::new();
        out.read_line(&mut line).unwrap();
        let port = line.trim().rsplit(':').next().and_then(|port| port.parse().ok());
        let port = port.unwrap_or_else(|| panic!("{command:?}: expected a port, got {line:?}"));
        Service { process, _out: out, port }
    }

    fn wait(&mut self) -> Option<i32> {
        self.process.wait().unwrap().code()
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn compile() -> [PathBuf; 2] {
    let dir = c_program::empty_directory("shop");
    [c_program::compile(&dir, "front", &FRONT), c_program::compile(&dir, "back", &BACK)]
}

fn exporting(program: &Path, spans: &Path) -> Command {
    let mut command = c_program::command(program);
    command.env("LIBDDTRACE_EXPORTER", format!("file:{}", spans.display()));
    command.stderr(File::create(spans.with_extension("err")).unwrap());
    command
}

fn ask(port: u16, request: &str) -> u16 {
    let mut connection = TcpStream::connect(("127.0.0.1", port)).unwrap();
    write!(connection, "{request} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n").unwrap();
    let mut answer = String::new();
    connection.read_to_string(&mut answer).unwrap();
    let status = answer.split(' ').nth(1).and_then(|status| status.parse().ok());
    status.unwrap_or_else(|| panic!("{request}: {answer:?}"))
}

/// The spans of a trace, indented by depth, in start order below their parents.
fn outline(trace: &ChunkData) -> Vec<String> {
    let mut lines = Vec::new();
    append_outline(&mut lines, trace, 0, 0);
    lines
}

fn append_outline(lines: &mut Vec<String>, trace: &ChunkData, parent_id: u64, depth: usize) {
    for span in trace.spans.iter().filter(|span| span.parent_id == parent_id) {
        let indent = "  ".repeat(depth);
        lines.push(format!("{indent}{} {} {}", span.service, span.name, span.resource));
        append_outline(lines, trace, span.span_id, depth + 1);
    }
}

fn named<'a>(trace: &'a ChunkData, name: &str) -> &'a SpanData {
    let found = trace.spans.iter().find(|span| span.name == name);
    found.unwrap_or_else(|| panic!("no {name} in {:?}", outline(trace)))
}

fn text<'a>(span: &'a SpanData, key: &str) -> &'a str {
    let found = span.meta.iter().find(|(name, _)| name == key);
    found.map_or_else(|| panic!("no {key} in {:?}", span.meta), |(_, value)| value.as_str())
}
