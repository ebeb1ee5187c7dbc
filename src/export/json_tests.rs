use super::*;
use crate::export::sample_chunk::{shop, span};

#[test]
fn a_span_has_all_fields_in_order() {
    let expected = concat!(
        r#"{"trace_id":"68f0c1b2000000001a2b3c4d5e6f7081","span_id":"0000000000000005","#,
        r#""parent_id":"0000000000000003","name":"db.query","service":"back","#,
        r#""resource":"SELECT count FROM stock WHERE id = ?","type":"","kind":"internal","#,
        r#""status":{"code":"ERROR","description":"stock\nis locked"},"#,
        r#""start":1760000000009000000,"end":1760000000309000000,"duration":300000000,"error":1,"#,
        r#""meta":{"db.system":"sqlite","error.type":"TableLocked","error.message":"stock\nis locked"},"#,
        r#""metrics":{"rows":9007199254740993,"load":1.0},"meta_struct":{"plan":4},"#,
        r#""events":[{"name":"lock","time_unix_nano":1760000000100000000,"#,
        r#""attributes":{"held by":"job","tries":[1,2],"share":0.0,"fair":false}}],"#,
        r#""links":[{"trace_id":"00000000000000000000000000000007","span_id":"0000000000000008","#,
        r#""tracestate":"dd=s:1","flags":1,"attributes":{"why":"retry"}}],"baggage":{},"sampled":null}"#,
    );
    assert_eq!(span_json(&shop().spans[4]).to_string(), expected);
}

#[test]
fn a_plain_root_has_null_and_empty_fields() {
    let expected = concat!(
        r#"{"trace_id":"68f0c1b2000000001a2b3c4d5e6f7081","span_id":"0000000000000001","#,
        r#""parent_id":null,"name":"a","service":"s","resource":"a","type":"","kind":"internal","#,
        r#""status":{"code":"UNSET","description":null},"start":1760000000000000000,"#,
        r#""end":1760000000000000000,"duration":0,"error":0,"meta":{},"metrics":{},"#,
        r#""events":[],"links":[],"baggage":{},"sampled":true}"#,
    );
    let mut root = span((1, 0), "a", "s", (0, 0));
    root.duration_ns = -5;
    assert_eq!(span_json_with_priority(&root, Some(2)).to_string(), expected);
}

#[test]
fn links_and_events_leave_out_what_they_do_not_have() {
    let mut root = span((1, 0), "a", "s", (0, 0));
    root.links.push(SpanLink::default());
    root.events.push(SpanEvent::default());
    let text = span_json(&root).to_string();
    assert!(text.contains(r#""events":[{"name":"","time_unix_nano":0}]"#), "{text}");
    let zeros = "0".repeat(32);
    let link = format!(r#""links":[{{"trace_id":"{zeros}","span_id":"0000000000000000"}}]"#);
    assert!(text.contains(&link), "{text}");
}

#[test]
fn the_kind_is_read_from_its_tag() {
    let vectors =
        [("server", "server"), ("Client", "client"), ("producer", "producer"), ("consumer", "consumer"), ("x", "internal")];
    for (tag, expected) in vectors {
        let mut root = span((1, 0), "a", "s", (0, 0));
        root.meta.push(("span.kind".to_owned(), tag.to_owned()));
        assert_eq!(json_value(&root)["kind"], expected);
    }
}

#[test]
fn an_error_message_without_error_is_no_description() {
    let mut root = span((1, 0), "a", "s", (0, 0));
    root.meta.push(("error.message".to_owned(), "was mended".to_owned()));
    assert_eq!(json_value(&root)["status"]["description"], serde_json::Value::Null);
    root.error = true;
    assert_eq!(json_value(&root)["status"]["description"], "was mended");
}

#[test]
fn sampled_follows_the_priority_and_single_span_rules() {
    let mut root = span((1, 0), "a", "s", (0, 0));
    assert_eq!(span_json(&root).sampled, None);
    assert_eq!(span_json_with_priority(&root, Some(0)).sampled, Some(false));
    root.metrics.push(("_sampling_priority_v1".to_owned(), Number::Int(-1)));
    assert_eq!(span_json(&root).sampled, Some(false));
    root.metrics.push(("_dd.span_sampling.mechanism".to_owned(), Number::Int(8)));
    assert_eq!(span_json(&root).sampled, Some(true));
    assert_eq!(span_json_with_priority(&root, Some(0)).sampled, Some(true));
}

#[test]
fn times_and_numbers_at_their_limits_are_valid_json() {
    let mut root = span((u64::MAX, u64::MAX), "a", "s", (0, 0));
    root.start_ns = i64::MAX;
    root.duration_ns = i64::MAX;
    root.metrics.push(("least".to_owned(), Number::Int(i64::MIN)));
    root.metrics.push(("none".to_owned(), Number::Float(f64::NAN)));
    let value = json_value(&root);
    assert_eq!(value["end"], i64::MAX);
    assert_eq!(value["metrics"]["least"], i64::MIN);
    assert_eq!(value["metrics"]["none"], serde_json::Value::Null);
    assert_eq!(value["span_id"], "ffffffffffffffff");
}

fn json_value(span: &SpanData) -> serde_json::Value {
    serde_json::from_str(&span_json(span).to_string()).expect("valid JSON")
}
