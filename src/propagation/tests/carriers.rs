//! The two kinds of carrier, and the sinks.

use super::*;

const SIX: Pairs<'static> = &[
    ("x-datadog-trace-id", "11803532876627986230"),
    ("x-datadog-parent-id", "67667974448284343"),
    ("x-datadog-sampling-priority", "1"),
    ("x-datadog-tags", "_dd.p.dm=-1,_dd.p.tid=640cfd8d00000000"),
    ("traceparent", "00-640cfd8d00000000a3ce929d0e0e4736-00f067aa0ba902b7-01"),
    ("tracestate", "dd=s:1;p:00f067aa0ba902b7;t.dm:-1,congo=t61rcWkgMzE"),
];

fn look_up(settings: &PropagationSettings, headers: Pairs<'_>) -> (Extracted, Vec<&'static str>) {
    let (mut extracted, mut asked) = (Extracted::default(), Vec::new());
    let mut carrier = |name: &'static str, found: &mut dyn FnMut(&str)| {
        asked.push(name);
        headers.iter().filter(|(present, _)| *present == name).for_each(|(_, value)| found(value));
    };
    Propagator::new(settings).extract(&mut carrier, &mut extracted);
    (extracted, asked)
}

#[test]
fn both_carriers_give_the_same() {
    let repeated =
        [SIX, &[("tracestate", "rojo=1"), ("baggage", "user.id=1"), ("baggage", "b=2"), ("x-datadog-trace-id", "5")]].concat();
    for headers in [SIX, &repeated] {
        let (looked_up, _) = look_up(&PropagationSettings::default(), headers);
        assert_eq!(looked_up, extract(&PropagationSettings::default(), headers));
        assert_eq!(looked_up.trace_id, 0x640c_fd8d_0000_0000_a3ce_929d_0e0e_4736);
    }
}

#[test]
fn only_configured_styles_are_asked_for() {
    assert_eq!(look_up(&styles(W3C), SIX).1, ["traceparent", "tracestate"]);
    assert_eq!(look_up(&styles(&[PropagationStyle::B3]), SIX).1, ["b3"]);
    assert_eq!(look_up(&styles(&[]), SIX).1, [""; 0]);
}

#[test]
fn a_looked_up_carrier_is_bounded() {
    let endless = |_: &'static str, found: &mut dyn FnMut(&str)| (0..10_000).for_each(|_| found("key=value"));
    let (mut carrier, mut extracted) = (endless, Extracted::default());
    Propagator::new(&PropagationSettings::default()).extract(&mut carrier, &mut extracted);
    assert!(extracted.is_empty());
}

#[test]
fn cgi_names_are_as_good() {
    let cgi: Vec<(String, &str)> =
        SIX.iter().map(|(name, value)| (format!("HTTP_{}", name.to_uppercase().replace('-', "_")), *value)).collect();
    let cgi: Vec<(&str, &str)> = cgi.iter().map(|(name, value)| (name.as_str(), *value)).collect();
    assert_eq!(extract(&PropagationSettings::default(), &cgi), extract(&PropagationSettings::default(), SIX));
}

#[test]
fn nothing_leaks_from_one_extraction_into_the_next() {
    let propagator = Propagator::new(&PropagationSettings::default());
    let mut recycled = Extracted::default();
    let full = [SIX, &[("baggage", "user.id=1"), ("x-datadog-origin", "rum"), ("b3", "1-2-d")]].concat();
    let narrow = [("x-datadog-trace-id", "7"), ("x-datadog-parent-id", "8")];
    for headers in [&full[..], &narrow, &[], SIX, &narrow] {
        propagator.extract_pairs(headers.iter().map(|(name, value)| (name.as_bytes(), value.as_bytes())), &mut recycled);
        assert_eq!(recycled, extract(&PropagationSettings::default(), headers));
    }
    assert_eq!(recycled.trace_id, 7);
}

#[test]
fn a_buffer_receives_all_headers() {
    let extracted = extract(&PropagationSettings::default(), SIX);
    let propagator = Propagator::new(&PropagationSettings::default());
    let written = inject(&PropagationSettings::default(), &child_of(&extracted));
    let expected: String = written.pairs().iter().map(|(name, value)| format!("{name}\0{value}\0")).collect();
    let mut measure = BufferSink::new(&mut []);
    propagator.inject(&child_of(&extracted), &mut measure);
    let mut buffer = vec![0; measure.needed()];
    let mut sink = BufferSink::new(&mut buffer);
    propagator.inject(&child_of(&extracted), &mut sink as &mut dyn HeaderSink);
    assert_eq!(sink.needed(), expected.len());
    assert_eq!(buffer, expected.as_bytes());
}

#[test]
fn the_report_names_the_styles() {
    let (_, report) = extract_reported(&PropagationSettings::default(), SIX);
    assert!(report.extracted.contains(PropagationStyle::Datadog) && report.extracted.contains(PropagationStyle::TraceContext));
    assert!(!report.extracted.contains(PropagationStyle::Baggage) && report.malformed.is_empty());
    let (_, report) = inject_reported(&PropagationSettings::default(), &local(1, 0, 1, None));
    assert!(report.injected.contains(PropagationStyle::Datadog) && !report.injected.contains(PropagationStyle::Baggage));
}

#[test]
fn no_ids_means_no_trace_headers() {
    for input in [InjectInput { trace_id: 0, ..local(1, 0, 1, None) }, InjectInput { span_id: 0, ..local(1, 0, 1, None) }] {
        let (written, report) = inject_reported(&PropagationSettings::default(), &input);
        assert!(written.names().is_empty() && report == InjectReport::default());
    }
}
