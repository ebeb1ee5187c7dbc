//! Whole conversations with an agent.

use std::time::{Duration, Instant};

use super::*;
use crate::config::AgentUrl;
use crate::transport::{AgentTransport, MAX_RESPONSE_BODY_BYTES, Origin, Request, Response, Transport, TransportError};

fn facts(format: TraceFormat) -> AgentFacts {
    AgentFacts { language: "cpp".to_owned(), tracer_version: "1.2.3".to_owned(), format, ..AgentFacts::default() }
}

fn protocol(format: TraceFormat) -> AgentProtocol {
    AgentProtocol::new(facts(format))
}

fn header(protocol: &mut AgentProtocol, name: &str) -> Option<String> {
    let headers = protocol.headers(1);
    let mut values = headers.iter().filter(|(candidate, _)| candidate.eq_ignore_ascii_case(name));
    let value = values.next().map(|(_, value)| value.to_string());
    assert!(values.next().is_none(), "{name} is there twice");
    value
}

fn answered(status: u16, body: &str, version: Option<&str>) -> Result<Response, TransportError> {
    let headers = version.map(|version| ("datadog-rates-payload-version".to_owned(), version.to_owned()));
    Ok(Response { status, headers: headers.into_iter().collect(), body: body.as_bytes().to_vec() })
}

fn status(code: u16) -> Result<Response, TransportError> {
    answered(code, "", None)
}

fn refused() -> Result<Response, TransportError> {
    Err(TransportError::Connect { address: "http://localhost:8126".to_owned(), cause: "refused".to_owned() })
}

const RATES: &str = r#"{"rate_by_service":{"service:,env:":0.5}}"#;
const VERSION: &str = "Datadog-Rates-Payload-Version";

#[test]
fn known_facts_become_headers_and_unknown_ones_do_not() {
    let mut plain = protocol(TraceFormat::V04);
    let names: Vec<String> = plain.headers(3).iter().map(|(name, value)| format!("{name}: {value}")).collect();
    let expected = [
        "Content-Type: application/msgpack",
        "Datadog-Meta-Lang: cpp",
        "Datadog-Meta-Tracer-Version: 1.2.3",
        "Datadog-Client-Computed-Top-Level: yes",
        "Datadog-Send-Real-Http-Status: 1",
        "X-Datadog-Trace-Count: 3",
        "Datadog-Rates-Payload-Version: 0",
    ];
    assert_eq!(names, expected);

    let mut full = AgentProtocol::new(AgentFacts {
        language_version: "17".to_owned(),
        interpreter: "gcc".to_owned(),
        interpreter_vendor: "GNU".to_owned(),
        origin: Origin { container_id: Some("abc".to_owned()), entity_id: Some("ci-abc".to_owned()) },
        external_env: "it-false,cn-x".to_owned(),
        test_session_token: "token".to_owned(),
        computes_stats: true,
        ..facts(TraceFormat::V04)
    });
    let expected = [
        ("Datadog-Meta-Lang-Version", "17"),
        ("Datadog-Meta-Lang-Interpreter", "gcc"),
        ("Datadog-Meta-Lang-Interpreter-Vendor", "GNU"),
        ("Datadog-Container-ID", "abc"),
        ("Datadog-Entity-ID", "ci-abc"),
        ("Datadog-External-Env", "it-false,cn-x"),
        ("X-Datadog-Test-Session-Token", "token"),
        ("Datadog-Client-Computed-Stats", "yes"),
    ];
    for (name, value) in expected {
        assert_eq!(header(&mut full, name).as_deref(), Some(value), "{name}");
    }
}

#[test]
fn extra_headers_replace_what_they_name_but_not_what_describes_the_payload() {
    let extra = [("datadog-meta-lang", "rust"), ("X-Own", "1"), ("x-datadog-trace-count", "99")];
    let extra_headers = extra.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec().into();
    let mut protocol = AgentProtocol::new(AgentFacts { extra_headers, ..facts(TraceFormat::V04) });
    assert_eq!(header(&mut protocol, "Datadog-Meta-Lang").as_deref(), Some("rust"));
    assert_eq!(header(&mut protocol, "X-Own").as_deref(), Some("1"));
    assert_eq!(header(&mut protocol, "X-Datadog-Trace-Count").as_deref(), Some("1"));
}

#[test]
fn the_version_of_rates_is_kept_only_together_with_rates() {
    let now = Instant::now();
    let mut protocol = protocol(TraceFormat::V04);
    let nothing = Verdict::Accepted { rates: None };
    for body in ["{}", "OK", "", "{\"rate_by_service\":", "[]", "{\"rate_by_service\":7}"] {
        assert_eq!(protocol.judge(&answered(200, body, Some("v1")), now), nothing, "{body}");
        assert_eq!(header(&mut protocol, VERSION).as_deref(), Some("0"), "{body}");
    }
    let rates = Verdict::Accepted { rates: Some(RATES.as_bytes().to_vec()) };
    assert_eq!(protocol.judge(&answered(200, RATES, Some("v2")), now), rates);
    assert_eq!(header(&mut protocol, VERSION).as_deref(), Some("v2"));
    assert_eq!(protocol.judge(&answered(200, "{}", Some("v2")), now), nothing);
    assert_eq!(header(&mut protocol, VERSION).as_deref(), Some("v2"));
    assert_eq!(protocol.judge(&answered(200, RATES, None), now), rates);
    assert_eq!(header(&mut protocol, VERSION).as_deref(), Some("v2"));
}

#[test]
fn a_version_that_cannot_stand_in_a_header_is_not_taken_over() {
    let mut protocol = protocol(TraceFormat::V04);
    for version in ["", "a\r\nb", "\u{e9}", &"x".repeat(257)] {
        protocol.judge(&answered(200, RATES, Some(version)), Instant::now());
        assert_eq!(header(&mut protocol, VERSION).as_deref(), Some("0"), "{version:?}");
    }
}

#[test]
fn dropped_traces_are_told_until_a_request_arrives() {
    let now = Instant::now();
    let mut protocol = protocol(TraceFormat::V04);
    let told = |protocol: &mut AgentProtocol| {
        let traces = header(protocol, "Datadog-Client-Dropped-P0-Traces");
        (traces, header(protocol, "Datadog-Client-Dropped-P0-Spans"))
    };
    assert_eq!(told(&mut protocol), (None, None));
    protocol.count_dropped_p0(2, 5);
    assert_eq!(told(&mut protocol), (Some("2".to_owned()), Some("5".to_owned())));
    protocol.judge(&status(500), now);
    assert_eq!(told(&mut protocol), (Some("2".to_owned()), Some("5".to_owned())));
    protocol.count_dropped_p0(1, 1);
    protocol.judge(&status(200), now);
    assert_eq!(told(&mut protocol), (Some("1".to_owned()), Some("1".to_owned())));
    protocol.judge(&status(200), now);
    assert_eq!(told(&mut protocol), (None, None));
}

#[test]
fn failures_that_may_pass_are_retried_five_times_then_dropped() {
    let timeout = Err(TransportError::Timeout { address: "a".to_owned(), after: Duration::from_secs(2) });
    let io = Err(TransportError::Io { address: "a".to_owned(), cause: "reset".to_owned() });
    let garbage = Err(TransportError::Protocol { address: "a".to_owned(), cause: "no HTTP".to_owned() });
    for failure in [status(408), status(429), status(500), status(503), status(599), timeout, io, garbage] {
        let mut protocol = protocol(TraceFormat::V04);
        for _ in 0..2 {
            let delays = [100, 200, 400, 800, 1600].map(|millis| Verdict::RetryAfter(Duration::from_millis(millis)));
            for delay in delays {
                assert_eq!(protocol.judge(&failure, Instant::now()), delay);
            }
            assert_eq!(protocol.judge(&failure, Instant::now()), Verdict::Drop(DropReason::SendFailure));
        }
        assert_eq!(protocol.format(), TraceFormat::V04);
    }
}

#[test]
fn an_agent_that_is_not_there_is_waited_for() {
    let mut protocol = protocol(TraceFormat::V04);
    let delays: Vec<_> = (0..8).map(|_| protocol.judge(&refused(), Instant::now())).collect();
    let expected = [100, 200, 400, 800, 1600, 1600, 1600, 1600].map(|millis| Verdict::RetryAfter(Duration::from_millis(millis)));
    assert_eq!(delays, expected);
    // Once it is back, the payload has all its attempts.
    for _ in 0..MAX_RETRIES {
        assert!(matches!(protocol.judge(&status(500), Instant::now()), Verdict::RetryAfter(_)));
    }
    assert_eq!(protocol.judge(&status(500), Instant::now()), Verdict::Drop(DropReason::SendFailure));
}

#[test]
fn each_payload_has_all_its_attempts() {
    let now = Instant::now();
    let first = Verdict::RetryAfter(Duration::from_millis(100));
    let mut protocol = protocol(TraceFormat::V04);
    for end_of_payload in [status(200), status(400), status(413)] {
        assert_eq!(protocol.judge(&refused(), now), first);
        protocol.judge(&end_of_payload, now);
    }
    assert_eq!(protocol.judge(&refused(), now), first);
    protocol.give_up();
    assert_eq!(protocol.judge(&refused(), now), first);
}

#[test]
fn refusals_are_never_retried() {
    let mut protocol = protocol(TraceFormat::V05);
    assert_eq!(protocol.judge(&status(413), Instant::now()), Verdict::TooLarge);
    for code in [301, 400, 401, 403, 422] {
        assert_eq!(protocol.judge(&status(code), Instant::now()), Verdict::Drop(DropReason::Rejected { status: code }));
    }
    assert_eq!(protocol.format(), TraceFormat::V05);
}

#[test]
fn an_unknown_endpoint_or_content_type_leads_back_to_the_older_format_for_good() {
    for code in [404, 415] {
        let mut protocol = protocol(TraceFormat::V05);
        assert_eq!((protocol.format(), protocol.path()), (TraceFormat::V05, "/v0.5/traces"));
        assert_eq!(protocol.judge(&status(code), Instant::now()), Verdict::Reencode);
        assert_eq!((protocol.format(), protocol.path()), (TraceFormat::V04, "/v0.4/traces"));
        assert_eq!(protocol.judge(&status(200), Instant::now()), Verdict::Accepted { rates: None });
        for _ in 0..2 {
            assert_eq!(protocol.judge(&status(code), Instant::now()), Verdict::Drop(DropReason::Unsupported));
        }
        assert_eq!(protocol.format(), TraceFormat::V04);
    }
}

#[test]
fn an_interrupted_payload_is_not_retried() {
    let mut protocol = protocol(TraceFormat::V04);
    let verdict = protocol.judge(&Err(TransportError::Interrupted), Instant::now());
    assert_eq!(verdict, Verdict::Drop(DropReason::SendFailure));
}

#[test]
fn a_sender_drives_the_protocol_over_a_real_transport() {
    use std::io::{BufRead, BufReader, Read, Write};
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let agent = std::thread::spawn(move || {
        let stream = listener.accept().unwrap().0;
        let mut reader = BufReader::new(stream);
        let rates = format!("200 OK\r\nDatadog-Rates-Payload-Version: v9\r\nContent-Length: {}\r\n\r\n{RATES}", RATES.len());
        let answers = ["404 Not Found\r\nContent-Length: 0\r\n\r\n", "503 Busy\r\nContent-Length: 0\r\n\r\n", &rates];
        let mut request_lines = Vec::new();
        for answer in answers {
            let mut lines = Vec::new();
            while lines.last().is_none_or(|line| line != "\r\n") {
                let mut line = String::new();
                reader.read_line(&mut line).unwrap();
                lines.push(line);
            }
            reader.read_exact(&mut [0; 1]).unwrap();
            request_lines.push(lines.swap_remove(0));
            write!(reader.get_mut(), "HTTP/1.1 {answer}").unwrap();
        }
        request_lines
    });
    let url = AgentUrl::Http { host: "127.0.0.1".to_owned(), port, base_path: String::new() };
    let transport = AgentTransport::new(&url, Duration::from_secs(60)).unwrap();
    let mut protocol = protocol(TraceFormat::V05);
    let mut verdicts = Vec::new();
    while !matches!(verdicts.last(), Some(Verdict::Accepted { .. } | Verdict::Drop(_))) {
        let path = protocol.path();
        let headers = protocol.headers(0);
        let request = Request {
            method: "POST",
            path,
            headers: &headers,
            body: &[0x90],
            timeout: Duration::from_secs(60),
            response_limit: MAX_RESPONSE_BODY_BYTES,
        };
        let result = transport.send(&request);
        verdicts.push(protocol.judge(&result, Instant::now()));
    }
    let accepted = Verdict::Accepted { rates: Some(RATES.as_bytes().to_vec()) };
    assert_eq!(verdicts, [Verdict::Reencode, Verdict::RetryAfter(Duration::from_millis(100)), accepted]);
    assert_eq!(header(&mut protocol, VERSION).as_deref(), Some("v9"));
    let paths = ["/v0.5/traces", "/v0.4/traces", "/v0.4/traces"].map(|path| format!("POST {path} HTTP/1.1\r\n"));
    assert_eq!(agent.join().unwrap(), paths);
}
