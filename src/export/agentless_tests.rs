use super::*;
use crate::lock::Mutex;
use crate::record::ChunkData;

/// A request: first line, headers, time limit.
type Seen = (String, Vec<(String, String)>, Duration);

/// Answers as it is told, and notes what it is asked.
struct Script {
    answers: Mutex<Vec<Result<Response, TransportError>>>,
    seen: Mutex<Vec<Seen>>,
}

impl Transport for Script {
    fn send(&self, request: &Request<'_>) -> Result<Response, TransportError> {
        let headers = request.headers.iter().map(|(name, value)| (name.to_string(), value.to_string()));
        self.seen.lock().push((format!("{} {}", request.method, request.path), headers.collect(), request.timeout));
        self.answers.lock().remove(0)
    }

    fn interrupt(&self) {}
}

/// A payload of this size.
struct Sized(usize);

impl Payload for Sized {
    fn chunk_count(&self) -> usize {
        1
    }

    fn encode(&self, format: &mut dyn TraceEncoder) {
        format.begin();
        let mut buffer = format.take();
        buffer.resize(self.0, b' ');
        format.reuse(buffer);
    }

    fn data(&self) -> Vec<ChunkData> {
        Vec::new()
    }
}

fn status(status: u16) -> Result<Response, TransportError> {
    Ok(Response { status, ..Response::default() })
}

fn exporter(answers: Vec<Result<Response, TransportError>>) -> (AgentlessExporter, Arc<Script>) {
    let script = Arc::new(Script { answers: Mutex::new(answers), seen: Mutex::default() });
    let transport: Arc<dyn Transport> = Arc::<Script>::clone(&script);
    (AgentlessExporter::new(AgentlessJson::new(&[]), transport, ApiKey::new("key")), script)
}

fn names(exporter: &mut AgentlessExporter, attempts: usize) -> Vec<String> {
    let name = |attempt| match attempt {
        Attempt::Taken { .. } => "taken".to_owned(),
        Attempt::Later(pause) => format!("after {pause:?}"),
        Attempt::Dropped => "dropped".to_owned(),
        _ => "else".to_owned(),
    };
    (0..attempts).map(|_| name(exporter.attempt(&Sized(100), None))).collect()
}

fn refused() -> Result<Response, TransportError> {
    Err(TransportError::Connect { address: "https://intake".to_owned(), cause: "refused".to_owned() })
}

#[test]
fn a_payload_is_tried_three_times() {
    let (mut exporter, script) = exporter(vec![status(503), refused(), status(429), status(500), status(202)]);
    assert_eq!(names(&mut exporter, 5), ["after 1s", "after 2s", "dropped", "after 1s", "taken"]);
    assert!(script.answers.lock().is_empty());
}

#[test]
fn what_is_refused_is_not_tried_again() {
    let interrupted = Err(TransportError::Interrupted);
    let (mut exporter, _) = exporter(vec![status(403), status(400), status(413), status(404), interrupted, status(200)]);
    assert_eq!(names(&mut exporter, 6), ["dropped", "dropped", "dropped", "dropped", "dropped", "taken"]);
}

#[test]
fn a_payload_that_is_given_up_leaves_all_attempts_to_the_next() {
    let (mut exporter, _) = exporter(vec![status(500), status(500), status(500)]);
    assert_eq!(names(&mut exporter, 2), ["after 1s", "after 2s"]);
    exporter.give_up();
    assert_eq!(names(&mut exporter, 1), ["after 1s"]);
}

#[test]
fn too_large_payloads_stay_here() {
    let (mut exporter, script) = exporter(vec![status(200)]);
    assert!(matches!(exporter.attempt(&Sized(MAX_PAYLOAD_BYTES), None), Attempt::Dropped));
    assert!(script.seen.lock().is_empty());
    assert!(matches!(exporter.attempt(&Sized(MAX_PAYLOAD_BYTES - 2), None), Attempt::Taken { bytes: MAX_PAYLOAD_BYTES }));
}

#[test]
fn a_request_has_the_key_and_time_enough() {
    let (mut exporter, script) = exporter(vec![status(200), status(200)]);
    names(&mut exporter, 1);
    exporter.attempt(&Sized(1), Some(Instant::now() + Duration::from_millis(10)));
    let seen = script.seen.lock();
    let (line, headers, timeout) = &seen[0];
    assert_eq!(line, "POST /v1/input");
    let header = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    assert_eq!(headers, &[header("Content-Type", "application/json"), header("dd-api-key", "key")]);
    assert_eq!(*timeout, Duration::from_secs(15));
    assert!(seen[1].2 <= Duration::from_millis(10));
}

#[test]
fn a_wrong_key_is_named_and_not_shown() {
    let Outcome::Refused(cause) = outcome(status(403)) else { panic!("403 is final") };
    assert!(cause.contains("403") && cause.contains("DD_API_KEY"), "{cause}");
}
