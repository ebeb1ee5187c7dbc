use super::*;
use crate::active::HostSlot;
use std::sync::Mutex;

/// A host with one slot, or with several if it is told to use others.
#[derive(Clone, Default)]
struct Slots(Arc<Mutex<(usize, [usize; 2])>>);

impl Slots {
    fn handle(&self) -> Handle {
        let slots = self.0.lock().unwrap();
        std::ptr::with_exposed_provenance_mut(slots.1[slots.0])
    }

    fn go_to(&self, unit: usize) {
        self.0.lock().unwrap().0 = unit;
    }

    fn copy_first(&self) {
        let mut slots = self.0.lock().unwrap();
        slots.1[1] = slots.1[0];
    }
}

impl HostSlot for Slots {
    fn get(&self) -> *mut c_void {
        self.handle()
    }

    fn set(&self, active: *mut c_void) {
        let mut slots = self.0.lock().unwrap();
        let unit = slots.0;
        slots.1[unit] = active.expose_provenance();
    }
}

fn provider() -> (Arc<Provider>, Slots) {
    let slots = Slots::default();
    (Arc::new(Provider::of_host(Box::new(slots.clone()), RELEASE)), slots)
}

#[test]
fn the_active_span_is_kept_and_cleanup_reaches_the_hosts_slot() {
    let (provider, slot) = provider();
    let a = root();
    let b = child(a);
    assert!(is_empty(&provider));
    activate(&provider, b);
    assert_eq!((slot.handle(), active(&provider)), (b, b));
    end(b, true);
    assert!(is_live(b), "it is active");
    assert_eq!(handle_of(provider.current_span().unwrap()), a);
    assert_eq!(slot.handle(), a);
    assert!(!is_live(b));
    end(a, true);
    assert!(is_empty(&provider) && slot.handle().is_null());
    assert!(!is_live(a));
}

#[test]
fn scopes_end_in_any_order_and_once() {
    let (provider, _) = provider();
    let (a, b) = (root(), root());
    let first = scope(&provider, a);
    let second = scope(&provider, b);
    provider.restore(first).unwrap();
    assert!(is_empty(&provider));
    provider.restore(second).unwrap();
    assert_eq!(active(&provider), a);
    for wrong in [0, first, second, u64::MAX] {
        assert_eq!(error_of(provider.restore(wrong)), Some(ActiveError::Token(wrong)));
        assert_eq!(active(&provider), a);
    }
    activate(&provider, std::ptr::null_mut());
    end(a, true);
    end(b, true);
    assert!(!is_live(a) && !is_live(b));
}

#[test]
fn a_context_returns_within_its_scope() {
    let (provider, slot) = provider();
    let context = remote_context(11);
    let token = context_scope(&provider, context);
    let span = child_of_context(context);
    activate(&provider, span);
    assert_eq!(handle_of(provider.current_root_span().unwrap()), span);
    end(span, true);
    assert_eq!((active(&provider), slot.handle()), (context, context));
    provider.restore(token).unwrap();
    free_context(context);
    assert!(is_empty(&provider) && !is_live(context));
}

#[test]
fn each_slot_that_stores_a_span_keeps_it() {
    let (provider, slots) = provider();
    let span = root();
    activate(&provider, span);
    slots.go_to(1);
    activate(&provider, span);
    activate(&provider, std::ptr::null_mut());
    free(span);
    assert!(is_live(span), "the first slot has it");
    slots.go_to(0);
    assert_eq!(active(&provider), span);
    activate(&provider, std::ptr::null_mut());
    assert!(!is_live(span));
}

#[test]
fn a_copied_slot_never_costs_the_user_a_reference() {
    let (provider, slots) = provider();
    let (a, b) = (root(), root());
    activate(&provider, a);
    slots.copy_first();
    activate(&provider, b);
    slots.go_to(1);
    assert_eq!(active(&provider), a);
    activate(&provider, b);
    assert!(is_live(a));
    end(a, true);
    assert!(!is_live(a));
    end(b, true);
    slots.copy_first();
    assert!(is_empty(&provider));
    slots.go_to(0);
    assert!(is_empty(&provider));
    assert!(!is_live(b));
}

#[test]
fn a_stale_handle_in_the_hosts_slot_counts_as_nothing() {
    let (provider, slot) = provider();
    let span = root();
    slot.set(span);
    assert_eq!(active(&provider), span);
    end(span, true);
    assert!(!is_live(span) && slot.handle() == span);
    assert!(is_empty(&provider));
    let token = scope(&provider, std::ptr::null_mut());
    provider.restore(token).unwrap();
    assert!(slot.handle().is_null());
}

#[test]
fn the_end_of_the_provider_releases_what_its_slots_and_scopes_held() {
    let (provider, slot) = provider();
    let (saved, stored) = (root(), root());
    activate(&provider, saved);
    scope(&provider, stored);
    end(saved, true);
    end(stored, true);
    assert!(slot.handle() == stored && is_live(stored) && is_live(saved));
    drop(provider);
    assert!(!is_live(stored) && !is_live(saved));
}

#[test]
fn the_newest_scope_of_the_trace_counts() {
    let (provider, slots) = provider();
    let (first, second, other, empty) = (remote_context(21), remote_context(21), remote_context(22), remote_context(0));
    let tokens = [first, second, other].map(|context| context_scope(&provider, context));
    let spans = [first, other].map(child_of_context);
    activate(&provider, spans[0]);
    slots.go_to(1);
    activate(&provider, spans[1]);
    spans.into_iter().for_each(|span| end(span, true));
    assert_eq!(active(&provider), other);
    slots.go_to(0);
    assert_eq!(active(&provider), second);
    provider.restore(tokens[1]).unwrap();
    let span = child_of_context(first);
    activate(&provider, span);
    end(span, true);
    assert_eq!(active(&provider), first);
    provider.restore(tokens[0]).unwrap();
    let token = context_scope(&provider, empty);
    let span = child_of_context(empty);
    activate(&provider, span);
    end(span, true);
    assert_eq!(active(&provider), empty, "a context without a trace, which begins new ones");
    provider.restore(token).unwrap();
    provider.restore(tokens[2]).unwrap();
    slots.go_to(1);
    activate(&provider, std::ptr::null_mut());
    slots.go_to(0);
    activate(&provider, std::ptr::null_mut());
    [first, second, other, empty].into_iter().for_each(free_context);
    assert!([first, second, other, empty].into_iter().all(|context| !is_live(context)));
}
