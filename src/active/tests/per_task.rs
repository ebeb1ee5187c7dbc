use super::*;

fn provider() -> Arc<Provider> {
    Arc::new(Provider::per_task(RELEASE))
}

#[test]
fn a_task_starts_with_a_copy_of_its_creators_slot() {
    let provider = provider();
    let span = root();
    provider.enter_task(1, 0).unwrap();
    assert!(is_empty(&provider));
    activate(&provider, span);
    provider.enter_task(2, 1).unwrap();
    assert_eq!(active(&provider), span);
    let own = child(span);
    activate(&provider, own);
    provider.enter_task(3, 1).unwrap();
    assert_eq!(active(&provider), span, "siblings do not see each other");
    provider.enter_task(1, 0).unwrap();
    assert_eq!(active(&provider), span, "nor does the creator see its tasks");
    provider.enter_task(2, 0).unwrap();
    assert_eq!(active(&provider), own, "a task goes on with what it had");
    assert!((1..=3).all(|task| provider.leave_task(task).unwrap()));
    assert_eq!(provider.task_count(), 0);
    end(own, true);
    end(span, true);
    assert!(!is_live(own) && !is_live(span));
}

#[test]
fn a_task_may_outlive_its_creator() {
    let provider = provider();
    let span = root();
    provider.enter_task(1, 0).unwrap();
    activate(&provider, span);
    provider.enter_task(2, 1).unwrap();
    provider.leave_task(1).unwrap();
    assert_eq!(active(&provider), span);
    provider.enter_task(3, 1).unwrap();
    assert!(is_empty(&provider), "the creator is gone");
    provider.leave_task(2).unwrap();
    provider.leave_task(3).unwrap();
    end(span, true);
    assert!(!is_live(span));
}

#[test]
fn a_task_goes_on_in_another_thread() {
    let provider = provider();
    let span = root();
    provider.enter_task(1, 0).unwrap();
    let token = scope(&provider, span);
    std::thread::scope(|threads| {
        let (provider, span) = (&provider, span.expose_provenance());
        threads.spawn(move || {
            assert!(is_empty(provider), "the thread runs no task yet");
            provider.enter_task(1, 0).unwrap();
            assert_eq!(active(provider).expose_provenance(), span);
            provider.restore(token).unwrap();
        });
    });
    assert!(is_empty(&provider));
    provider.leave_task(1).unwrap();
    end(span, true);
    assert!(!is_live(span));
}

#[test]
fn without_a_task_nothing_can_be_activated() {
    let provider = provider();
    let span = root();
    // SAFETY: a live span.
    let refused = |provider: &Arc<Provider>| unsafe {
        assert_eq!(error_of(provider.activate_span(span)), Some(ActiveError::NoTask));
        assert_eq!(error_of(provider.open_span_scope(span)), Some(ActiveError::NoTask));
        assert_eq!(error_of(provider.restore(1)), Some(ActiveError::Token(1)));
        assert!(is_empty(provider));
    };
    refused(&provider);
    provider.enter_task(1, 0).unwrap();
    provider.leave_task(1).unwrap();
    refused(&provider);
    end(span, true);
    assert!(!is_live(span));
}

#[test]
fn misuse_is_answered() {
    let provider = provider();
    assert_eq!(error_of(provider.enter_task(0, 0)), Some(ActiveError::TaskKey(0)));
    assert!(!provider.leave_task(7).unwrap());
    let other = Arc::new(Provider::per_thread(RELEASE));
    assert_eq!(error_of(other.enter_task(1, 0)), Some(ActiveError::NotTasks));
    assert_eq!(error_of(other.leave_task(1)), Some(ActiveError::NotTasks));
    assert_eq!(other.task_count(), 0);
}

#[test]
fn a_thousand_tasks_leave_nothing_behind() {
    let provider = provider();
    let span = root();
    provider.enter_task(u64::MAX, 0).unwrap();
    activate(&provider, span);
    for task in 1..=1000 {
        provider.enter_task(task, u64::MAX).unwrap();
        scope(&provider, span);
    }
    assert_eq!(provider.task_count(), 1001);
    end(span, true);
    assert!(is_live(span));
    assert!((1..=1000).chain([u64::MAX]).all(|task| provider.leave_task(task).unwrap()));
    assert_eq!(provider.task_count(), 0);
    assert!(!is_live(span));
}

#[test]
fn the_end_of_the_provider_releases_what_its_tasks_held() {
    let provider = provider();
    let span = root();
    for task in 1..=100 {
        provider.enter_task(task, 0).unwrap();
        activate(&provider, span);
    }
    end(span, true);
    provider.forget_thread();
    drop(provider);
    assert!(!is_live(span));
}

#[test]
fn a_context_of_an_open_scope_returns_in_tasks_made_within_it() {
    let provider = provider();
    let context = remote_context(9);
    provider.enter_task(1, 0).unwrap();
    let token = context_scope(&provider, context);
    let span = child_of_context(context);
    activate(&provider, span);
    provider.enter_task(2, 1).unwrap();
    end(span, true);
    assert_eq!(active(&provider), context);
    assert_eq!(error_of(provider.restore(token)), Some(ActiveError::Token(token)), "tokens are not copied");
    provider.leave_task(2).unwrap();
    provider.leave_task(1).unwrap();
    free_context(context);
    assert!(!is_live(context));
}

#[test]
fn beyond_the_limit_no_task_is_entered() {
    use crate::active::MAX_TASKS;
    let provider = provider();
    let limit = u64::try_from(MAX_TASKS).unwrap();
    (1..=limit).for_each(|task| provider.enter_task(task, 0).unwrap());
    assert_eq!(error_of(provider.enter_task(limit + 1, 1)), Some(ActiveError::TooManyTasks(MAX_TASKS)));
    assert_eq!(provider.task_count(), MAX_TASKS);
    // SAFETY: NULL.
    let activated = unsafe { provider.activate_span(std::ptr::null_mut()) };
    assert_eq!(error_of(activated), Some(ActiveError::NoTask), "not in the slot of another task");
    provider.leave_task(1).unwrap();
    provider.enter_task(limit + 1, 1).unwrap();
}

#[test]
fn threads_may_enter_the_same_tasks() {
    let provider = provider();
    let span = root();
    let address = span.expose_provenance();
    std::thread::scope(|threads| {
        for _ in 0..4 {
            let provider = &provider;
            threads.spawn(move || {
                for task in 1..=500 {
                    provider.enter_task(task, task - 1).unwrap();
                    // Another thread may have left it.
                    // SAFETY: a live span.
                    let _ = unsafe { provider.activate_span(std::ptr::with_exposed_provenance(address)) };
                    let _ = provider.active();
                    provider.leave_task(task).unwrap();
                }
            });
        }
    });
    assert_eq!(provider.task_count(), 0);
    end(span, true);
    assert!(!is_live(span));
}
