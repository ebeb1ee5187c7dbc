use super::*;
use crate::active::HostSlot;
use std::sync::Mutex;

/// A host with one slot, which frees what it overwrites, as a host should.
#[derive(Clone, Default)]
struct OneSlot(Arc<Mutex<usize>>);

impl OneSlot {
    fn handle(&self) -> Handle {
        std::ptr::with_exposed_provenance_mut(*self.0.lock().unwrap())
    }
}

impl HostSlot for OneSlot {
    fn get(&self) -> *mut c_void {
        self.handle()
    }

    fn set(&self, active: *mut c_void) {
        let former = self.handle();
        *self.0.lock().unwrap() = active.expose_provenance();
        // One of the two refuses it.
        free(former);
        free_context(former);
    }
}

fn provider() -> (Arc<Provider>, OneSlot) {
    let slot = OneSlot::default();
    (Arc::new(Provider::of_host(Box::new(slot.clone()), RELEASE)), slot)
}

#[test]
fn the_host_gets_a_reference_and_cleanup_reaches_its_slot() {
    let (provider, slot) = provider();
    let a = root();
    let b = child(a);
    assert!(is_empty(&provider));
    activate(&provider, b);
    assert_eq!((slot.handle(), active(&provider)), (b, b));
    end(b, true);
    assert!(is_live(b), "the host's reference keeps it");
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
fn a_handle_that_the_host_lost_counts_as_nothing() {
    let (provider, slot) = provider();
    let span = root();
    activate(&provider, span);
    free(slot.handle());
    end(span, true);
    assert!(!is_live(span) && slot.handle() == span);
    assert!(is_empty(&provider));
    let token = scope(&provider, std::ptr::null_mut());
    provider.restore(token).unwrap();
    assert!(slot.handle().is_null());
}

#[test]
fn the_end_of_the_provider_releases_what_its_scopes_held() {
    let (provider, slot) = provider();
    let span = root();
    activate(&provider, span);
    scope(&provider, std::ptr::null_mut());
    end(span, true);
    assert!(slot.handle().is_null() && is_live(span));
    drop(provider);
    assert!(!is_live(span));
}
