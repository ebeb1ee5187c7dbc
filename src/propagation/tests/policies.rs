//! What is believed of a context: the organization guard, and what is propagated without APM tracing.

use super::super::organization::LocalMarker;
use super::*;
use crate::config::OrgGuardSettings;
use crate::context::{Product, set_active_products};

const PARENT: &str = "00-00000000000000000000000000000001-0000000000000002-01";

/// A propagator with a guard and a marker of its own.
fn guarded(strict: bool, local: Option<&str>) -> Propagator {
    let org_guard = OrgGuardSettings { enabled: true, strict, trusted: vec!["trusted1".to_owned(), "trusted2".to_owned()] };
    let mut propagator = Propagator::new(&PropagationSettings { org_guard, ..PropagationSettings::default() });
    let marker: &'static LocalMarker = Box::leak(Box::new(LocalMarker::new()));
    assert!(marker.set(local));
    propagator.guard = propagator.guard.map(|guard| guard.with_marker(marker));
    propagator
}

fn extract_by(propagator: &Propagator, headers: Pairs<'_>) -> Extracted {
    let mut extracted = Extracted::default();
    propagator.extract_pairs(headers.iter().map(|(name, value)| (name.as_bytes(), value.as_bytes())), &mut extracted);
    extracted
}

fn inject_by(propagator: &Propagator, input: &InjectInput<'_>) -> Written {
    let mut written = Written::default();
    propagator.inject(input, &mut written);
    written
}

/// A context in both styles, with the marker where there is one.
fn headers(marker: &str) -> Vec<(&'static str, String)> {
    let tags = format!(
        "_dd.p.tid=1111111111111111,_dd.p.dm=-4,_dd.p.usr.id=7{}",
        if marker.is_empty() { String::new() } else { format!(",_dd.p.opm={marker}") }
    );
    vec![
        ("x-datadog-trace-id", "1".to_owned()),
        ("x-datadog-parent-id", "2".to_owned()),
        ("x-datadog-sampling-priority", "2".to_owned()),
        ("x-datadog-origin", "rum".to_owned()),
        ("x-datadog-tags", tags),
        ("traceparent", "00-11111111111111110000000000000001-0000000000000003-01".to_owned()),
        ("tracestate", "dd=s:2;o:rum;p:0000000000000009;x:y,congo=1,ot=th:8".to_owned()),
        ("baggage", "user.id=ada".to_owned()),
    ]
}

fn as_pairs<'a>(headers: &'a [(&'static str, String)]) -> Vec<(&'a str, &'a str)> {
    headers.iter().map(|(name, value)| (*name, value.as_str())).collect()
}

#[test]
fn item_12_the_guard_decides_by_marker_and_strictness() {
    for (strict, marker, is_accepted) in [
        (false, "local", true),
        (false, "trusted2", true),
        (false, "other", false),
        (false, "", true),
        (true, "local", true),
        (true, "trusted1", true),
        (true, "other", false),
        (true, "", false),
    ] {
        let extracted = extract_by(&guarded(strict, Some("local")), &as_pairs(&headers(marker)));
        let case = format!("strict {strict}, marker {marker:?}");
        assert_eq!((extracted.trace_id, extracted.span_id), (0x1111_1111_1111_1111 << 64 | 1, 3), "{case}");
        assert_eq!(extracted.tags.baggage().get("user.id"), Some("ada"), "{case}");
        assert_eq!(extracted.tags.baggage_tags().count(), 1, "{case}");
        assert_eq!(extracted.tags.vendor_members().collect::<Vec<_>>(), ["congo=1"], "{case}");
        assert_eq!(extracted.tags.sampling_member(), Some("ot=th:8"), "{case}");
        if is_accepted {
            assert_eq!((extracted.priority, extracted.tags.origin()), (Some(2), Some("rum")), "{case}");
            assert_eq!(extracted.tags.get("_dd.p.usr.id"), Some("7"), "{case}");
            assert_eq!(extracted.tags.last_parent_id(), Some("0000000000000009"), "{case}");
        } else {
            assert_eq!((extracted.priority, extracted.tags.origin()), (None, None), "{case}");
            assert_eq!(tags(&extracted.tags), [], "{case}");
            assert_eq!(extracted.tags.last_parent_id(), None, "{case}");
            assert_eq!(extracted.tags.unknown_items().count(), 0, "{case}");
            assert_eq!(extracted.tags.tracestate(), Some("ot=th:8,congo=1"), "{case}");
        }
    }
}

#[test]
fn the_own_marker_replaces_the_one_that_came_in() {
    let propagator = guarded(false, Some("local"));
    for marker in ["trusted1", "local", "other", ""] {
        let extracted = extract_by(&propagator, &as_pairs(&headers(marker)));
        let written = inject_by(&propagator, &child_of(&extracted));
        let sent = written.get("x-datadog-tags").unwrap();
        assert_eq!(sent.matches("_dd.p.opm=").count(), 1, "{sent}");
        assert!(sent.contains("_dd.p.opm=local"), "{sent}");
        assert_eq!(written.item("t.opm"), Some("local"));
        assert_eq!(written.get("tracestate").unwrap().matches("opm").count(), 1);
    }
    let new_trace = inject_by(&propagator, &local(1, 0, 1, None));
    assert_eq!(new_trace.get("x-datadog-tags"), Some("_dd.p.opm=local,_dd.p.dm=-0"));
}

#[test]
fn without_a_guard_or_a_known_marker_everything_passes() {
    for propagator in [Propagator::new(&PropagationSettings::default()), guarded(true, None)] {
        for marker in ["other", ""] {
            let extracted = extract_by(&propagator, &as_pairs(&headers(marker)));
            assert_eq!((extracted.priority, extracted.tags.origin()), (Some(2), Some("rum")));
            let written = inject_by(&propagator, &child_of(&extracted));
            assert_eq!(written.item("t.opm"), Some(marker).filter(|marker| !marker.is_empty()));
            assert_eq!(written.get("x-datadog-tags").unwrap().contains("_dd.p.opm=other"), !marker.is_empty());
        }
    }
}

#[test]
fn a_marker_in_the_tracestate_counts_as_well() {
    let propagator = guarded(true, Some("local"));
    for (marker, priority) in [("local", Some(2)), ("other", None)] {
        let state = format!("dd=s:2;t.opm:{marker};t.usr.id:7");
        let extracted = extract_by(&propagator, &[("traceparent", PARENT), ("tracestate", &state)]);
        assert_eq!(extracted.priority, priority);
        assert_eq!(extracted.tags.get("_dd.p.usr.id").is_some(), priority.is_some());
    }
}

fn without_apm() -> PropagationSettings {
    PropagationSettings { apm_tracing: false, ..PropagationSettings::default() }
}

fn upstream<'a>(priority: &'a str, tags: &'a str) -> Vec<(&'a str, &'a str)> {
    let ids = [("x-datadog-trace-id", "1"), ("x-datadog-parent-id", "2"), ("x-datadog-sampling-priority", priority)];
    ids.into_iter().chain([("x-datadog-tags", tags), ("baggage", "a=b")]).collect()
}

/// One test, because which products work is a fact of the whole process.
#[test]
fn without_apm_tracing_the_mask_of_products_decides() {
    let working = Product::AppSec.bit();
    for (active, priority, mask, kept_as) in [
        (0, "2", "", None),
        (0, "1", "_dd.p.ts=zz", None),
        (0, "2", "_dd.p.ts=00", None),
        (0, "2", "_dd.p.ts=02", Some(2)),
        (0, "1", "_dd.p.ts=02", Some(1)),
        (0, "0", "_dd.p.ts=02", Some(0)),
        (working, "1", "_dd.p.ts=02", Some(2)),
        (working, "-1", "_dd.p.ts=02", Some(2)),
        (working, "0", "_dd.p.ts=0A", Some(2)),
        (working, "1", "_dd.p.ts=04", Some(1)),
        (working, "1", "_dd.p.ts=01", Some(1)),
        (working, "2", "", None),
    ] {
        set_active_products(active);
        let tags = format!("_dd.p.foo=bar{}{mask}", if mask.is_empty() { "" } else { "," });
        let extracted = extract(&without_apm(), &upstream(priority, &tags));
        let case = format!("{active:x} {priority} {mask}");
        assert_eq!(extracted.priority, kept_as, "{case}");
        assert_eq!(extracted.tags.get("_dd.p.foo"), Some("bar"), "{case}");
        let with_apm = extract(&PropagationSettings::default(), &upstream(priority, &tags));
        assert_eq!(with_apm.priority, priority.parse().ok(), "{case}");
        let written = inject(&without_apm(), &child_of(&extracted));
        assert_eq!(written.get("baggage"), Some("a=b"), "{case}");
        assert_eq!(written.get("traceparent").is_some(), kept_as.is_some(), "{case}");
        assert_eq!(written.get("x-datadog-trace-id").is_some(), kept_as.is_some(), "{case}");
        assert_eq!(written.get("x-datadog-sampling-priority"), kept_as.map(|kept| kept.to_string()).as_deref(), "{case}");
    }
    set_active_products(0);
}

#[test]
fn without_apm_tracing_a_trace_that_a_product_kept_is_propagated() {
    let mut carried = TraceTags::new();
    assert_eq!(inject(&without_apm(), &local(1, 5, 1, None)).names(), Vec::<&str>::new());
    assert!(carried.set("_dd.p.ts", "02"));
    let written = inject(&without_apm(), &InjectInput { tags: Some(&carried), ..local(1, 5, 2, None) });
    assert_eq!(written.get("x-datadog-sampling-priority"), Some("2"));
    assert_eq!(written.get("x-datadog-tags"), Some("_dd.p.ts=02,_dd.p.dm=-5"));
    assert_eq!(written.item("t.ts"), Some("02"));
}
