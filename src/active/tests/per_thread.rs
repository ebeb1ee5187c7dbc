use super::*;
use crate::active::{MAX_SCOPES, active_segment};
use crate::slot::HandleError;
use crate::span::segment_of_span;

fn provider() -> Arc<Provider> {
    Arc::new(Provider::per_thread(RELEASE))
}

#[test]
fn nothing_is_active_at_first_and_after_activating_nothing() {
    let provider = provider();
    assert!(is_empty(&provider));
    let span = root();
    activate(&provider, span);
    assert_eq!(active(&provider), span);
    activate(&provider, std::ptr::null_mut());
    assert!(is_empty(&provider));
    end(span, true);
    assert!(!is_live(span));
}

#[test]
fn an_active_span_stays_readable_when_the_user_frees_his_handle() {
    let provider = provider();
    let span = root();
    activate(&provider, span);
    free(span);
    assert_eq!(active(&provider), span);
    finish(span);
    assert!(is_empty(&provider));
    assert!(!is_live(span));
}

#[test]
fn spans_may_be_finished_in_any_order() {
    let provider = provider();
    let a = root();
    let b = child(a);
    let c = child(b);
    activate(&provider, c);
    end(b, true);
    assert_eq!(active(&provider), c, "its own end counts, not that of its parent");
    finish(c);
    assert_eq!(active(&provider), a, "the nearest open ancestor");
    free(c);
    end(a, true);
    assert!(is_empty(&provider));
    assert!(!is_live(a) && !is_live(b) && !is_live(c));
}

#[test]
fn a_scope_brings_back_what_was_before() {
    let provider = provider();
    let a = root();
    let b = child(a);
    let outer = scope(&provider, a);
    let inner = scope(&provider, b);
    assert_eq!(active(&provider), b);
    provider.restore(inner).unwrap();
    assert_eq!(active(&provider), a);
    provider.restore(outer).unwrap();
    assert!(is_empty(&provider));
    end(b, true);
    end(a, true);
    assert!(!is_live(a) && !is_live(b));
}

#[test]
fn what_was_before_is_cleaned_up_when_it_comes_back() {
    let provider = provider();
    let a = root();
    let b = child(a);
    activate(&provider, b);
    let token = scope(&provider, std::ptr::null_mut());
    end(b, true);
    assert!(is_empty(&provider));
    provider.restore(token).unwrap();
    assert_eq!(active(&provider), a);
    activate(&provider, std::ptr::null_mut());
    end(a, true);
}

#[test]
fn the_end_of_an_outer_scope_ends_the_inner_ones() {
    let provider = provider();
    let a = root();
    let b = child(a);
    let outer = scope(&provider, a);
    let inner = scope(&provider, b);
    provider.restore(outer).unwrap();
    assert!(is_empty(&provider));
    assert_eq!(error_of(provider.restore(inner)), Some(ActiveError::Token(inner)));
    end(b, true);
    end(a, true);
    assert!(!is_live(a) && !is_live(b));
}

#[test]
fn wrong_tokens_are_refused_and_change_nothing() {
    let (provider, other) = (provider(), provider());
    let span = root();
    let token = scope(&provider, span);
    let foreign = scope(&other, span);
    let of_thread = std::thread::scope(|threads| {
        let (provider, span) = (&provider, span.expose_provenance());
        threads.spawn(move || scope(provider, std::ptr::with_exposed_provenance_mut(span))).join().unwrap()
    });
    for wrong in [0, 1, u64::MAX, token + 1, foreign, of_thread] {
        assert_eq!(error_of(provider.restore(wrong)), Some(ActiveError::Token(wrong)));
        assert_eq!(active(&provider), span);
    }
    provider.restore(token).unwrap();
    assert_eq!(error_of(provider.restore(token)), Some(ActiveError::Token(token)));
    other.restore(foreign).unwrap();
    end(span, true);
    assert!(!is_live(span));
}

#[test]
fn what_is_no_span_is_refused_and_changes_nothing() {
    let provider = provider();
    let (span, gone, context) = (root(), root(), remote_context(1));
    end(gone, true);
    activate(&provider, span);
    let stale = Some(ActiveError::Handle(HandleError::Stale));
    // SAFETY: all were given out by this library.
    unsafe {
        assert_eq!(error_of(provider.activate_span(gone)), stale);
        assert_eq!(error_of(provider.activate_span(context)), stale);
        assert_eq!(error_of(provider.activate_context(span)), stale);
        assert_eq!(error_of(provider.open_context_scope(span)), stale);
    }
    assert_eq!(active(&provider), span);
    provider.forget_thread();
    end(span, true);
    free_context(context);
    assert!(!is_live(span) && !is_live(context));
}

#[test]
fn a_new_thread_starts_empty_and_its_end_releases_what_it_held() {
    let provider = provider();
    let (mine, theirs) = (root(), root());
    activate(&provider, mine);
    std::thread::scope(|threads| {
        let (provider, theirs) = (&provider, theirs.expose_provenance());
        let thread = threads.spawn(move || {
            let theirs = std::ptr::with_exposed_provenance_mut(theirs);
            assert!(is_empty(provider));
            scope(provider, theirs);
            activate(provider, theirs);
            end(theirs, true);
            assert!(is_live(theirs), "the thread's slot holds it");
        });
        // Waits for the destructors of its thread-locals too, which the end of the scope does not.
        thread.join().unwrap();
    });
    assert!(!is_live(theirs));
    assert_eq!(active(&provider), mine);
    provider.forget_thread();
    assert!(is_empty(&provider));
    end(mine, true);
    assert!(!is_live(mine));
}

#[test]
fn slots_of_a_provider_that_is_gone_are_released_at_the_next_new_one() {
    let span = root();
    let first = provider();
    activate(&first, span);
    drop(first);
    end(span, true);
    assert!(is_live(span));
    let second = provider();
    activate(&second, std::ptr::null_mut());
    assert!(!is_live(span));
}

#[test]
fn beyond_the_limit_the_oldest_scope_is_forgotten() {
    let provider = provider();
    let span = root();
    let tokens: Vec<_> = (0..=MAX_SCOPES).map(|_| scope(&provider, span)).collect();
    assert_eq!(error_of(provider.restore(tokens[0])), Some(ActiveError::Token(tokens[0])));
    assert_eq!(active(&provider), span);
    provider.restore(tokens[1]).unwrap();
    assert_eq!(active(&provider), span, "what was before the second scope");
    end(span, true);
    assert!(is_empty(&provider));
    assert!(!is_live(span));
}

#[test]
fn a_context_is_active_but_is_no_span() {
    let provider = provider();
    let context = remote_context(5);
    let token = context_scope(&provider, context);
    assert_eq!(active(&provider), context);
    assert!(provider.current_span().unwrap().is_none());
    assert!(provider.current_root_span().unwrap().is_none());
    provider.restore(token).unwrap();
    free_context(context);
    assert!(!is_live(context));
}

#[test]
fn within_its_scope_a_context_returns_when_its_trace_ends() {
    let provider = provider();
    let context = remote_context(5);
    let token = context_scope(&provider, context);
    free_context(context);
    for _ in 0..2 {
        let span = child_of_context(context);
        activate(&provider, span);
        let inner = child(span);
        activate(&provider, inner);
        end(inner, true);
        assert_eq!(active(&provider), span);
        end(span, true);
        assert_eq!(active(&provider), context);
    }
    let elsewhere = root();
    activate(&provider, elsewhere);
    end(elsewhere, true);
    assert!(is_empty(&provider), "another trace did not begin under it");
    provider.restore(token).unwrap();
    assert!(is_empty(&provider));
    assert!(!is_live(context));
}

#[test]
fn outside_of_a_scope_a_context_does_not_return() {
    let provider = provider();
    let context = remote_context(5);
    // SAFETY: a live context.
    unsafe { provider.activate_context(context) }.unwrap();
    let span = child_of_context(context);
    activate(&provider, span);
    end(span, true);
    assert!(is_empty(&provider));
    let token = context_scope(&provider, context);
    let span = child_of_context(context);
    provider.restore(token).unwrap();
    activate(&provider, span);
    end(span, true);
    assert!(is_empty(&provider));
    free_context(context);
    assert!(!is_live(context));
}

#[test]
fn the_context_of_a_local_span_returns_rather_than_that_span() {
    let provider = provider();
    let span = root();
    let context = context_of(span);
    std::thread::scope(|threads| {
        let (provider, context) = (&provider, context.expose_provenance());
        threads.spawn(move || {
            let context = std::ptr::with_exposed_provenance_mut(context);
            let token = context_scope(provider, context);
            let work = child_of_context(context);
            activate(provider, work);
            end(work, true);
            assert_eq!(active(provider), context);
            provider.restore(token).unwrap();
        });
    });
    free_context(context);
    end(span, true);
    assert!(!is_live(span) && !is_live(context));
}

#[test]
fn the_root_span_is_found_even_if_its_handle_is_gone() {
    let provider = provider();
    let a = root();
    let b = child(a);
    activate(&provider, b);
    assert_eq!(handle_of(provider.current_root_span().unwrap()), a);
    end(a, true);
    assert!(!is_live(a));
    let again = provider.current_root_span().unwrap().unwrap();
    assert!(is_live(again.handle()) && !is_live(a), "a new handle, not the one that was freed");
    let shared = again.share().unwrap();
    assert_eq!(shared.handle(), again.handle());
    drop((again, shared));
    end(b, true);
    assert!(is_empty(&provider));
}

#[test]
fn a_root_that_is_gone_is_not_found() {
    let provider = provider();
    let a = root();
    let context = context_of(a);
    finish(a);
    let b = child(a);
    free(a);
    free_context(context);
    activate(&provider, b);
    assert!(provider.current_root_span().unwrap().is_none());
    end(b, true);
    assert!(is_empty(&provider));
}

#[test]
fn a_fork_finds_the_segment_of_the_active_span() {
    let provider = provider();
    let span = root();
    assert!(active_segment().is_none());
    let token = scope(&provider, span);
    // SAFETY: a live span.
    let segment = unsafe { segment_of_span(span) }.unwrap();
    assert!(active_segment().is_some_and(|active| std::ptr::eq(active, segment)));
    provider.restore(token).unwrap();
    assert!(active_segment().is_none());
    activate(&provider, span);
    provider.forget_thread();
    assert!(active_segment().is_none());
    end(span, true);
}

#[test]
fn freeing_more_than_ones_own_leaves_nothing_active() {
    let provider = provider();
    let span = root();
    activate(&provider, span);
    finish(span);
    free(span);
    free(span);
    assert!(!is_live(span));
    assert!(is_empty(&provider));
}
