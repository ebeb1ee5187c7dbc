use super::*;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

type Seen = Arc<Mutex<Vec<String>>>;

fn named(name: &str) -> Identity {
    Identity::Name(name.into())
}

/// Notes its name, the event and the arguments, and answers with its name.
fn noting(seen: &Seen, name: &'static str) -> Arc<ListenerFunction> {
    let seen = Arc::clone(seen);
    Arc::new(move |event, arguments| {
        seen.lock().unwrap().push(format!("{name} {event} {}", arguments.len()));
        Ok(Value::from(name))
    })
}

fn failing() -> Arc<ListenerFunction> {
    Arc::new(|_, _| Err(HubError("refused".to_owned())))
}

fn take(seen: &Seen) -> Vec<String> {
    std::mem::take(&mut *seen.lock().unwrap())
}

#[test]
fn listeners_are_called_in_order_and_replaced_at_their_place() {
    let (hub, seen) = (EventHub::new(), Seen::default());
    let first = hub.on("e", named("a"), noting(&seen, "a")).unwrap();
    hub.on("e", Identity::Callback(1, 2), noting(&seen, "b")).unwrap();
    hub.on("other", named("a"), noting(&seen, "elsewhere")).unwrap();
    hub.dispatch("e", &[Value::Int(1), Value::Null], Dispatch::Contained).unwrap();
    assert_eq!(take(&seen), ["a e 2", "b e 2"]);
    assert_eq!(hub.on("e", named("a"), noting(&seen, "c")).unwrap(), first, "its number is kept");
    hub.dispatch("e", &[], Dispatch::Contained).unwrap();
    assert_eq!(take(&seen), ["c e 0", "b e 0"]);
}

#[test]
fn events_have_numbers() {
    let (hub, seen) = (EventHub::new(), Seen::default());
    let id = hub.event_id("e").unwrap();
    assert_eq!(hub.event_id("e"), Ok(id));
    assert!(!hub.has_listeners_of(id) && !hub.has_listeners("e") && !hub.has_listeners("unheard of"));
    hub.on("e", named("a"), noting(&seen, "a")).unwrap();
    assert!(hub.has_listeners_of(id) && hub.has_listeners("e") && !hub.has_listeners("unheard of"));
    hub.dispatch_id(id, &[], Dispatch::Contained).unwrap();
    hub.dispatch_id(EventId(77), &[], Dispatch::Contained).unwrap();
    assert_eq!(take(&seen), ["a e 0"]);
}

#[test]
fn listeners_are_removed() {
    let (hub, seen) = (EventHub::new(), Seen::default());
    let on = |event: &str, name: &'static str| hub.on(event, named(name), noting(&seen, name)).unwrap();
    let (a, b, _) = (on("e", "a"), on("e", "b"), on("f", "c"));
    hub.reset(None, Some(a));
    assert!(hub.has_listeners("e"), "one listener without its event: nothing");
    assert!(hub.off(a) && !hub.off(a));
    hub.dispatch("e", &[], Dispatch::Contained).unwrap();
    assert_eq!(take(&seen), ["b e 0"]);
    hub.reset(Some("f"), Some(b));
    assert!(hub.has_listeners("e") && hub.has_listeners("f"), "it is not of that event");
    hub.reset(Some("e"), Some(b));
    assert!(!hub.has_listeners("e"));
    on("e", "d");
    hub.reset(Some("e"), None);
    assert!(!hub.has_listeners("e") && hub.has_listeners("f"));
    hub.reset(None, None);
    assert!(!hub.has_listeners("f"));
}

#[test]
fn errors_and_panics_are_contained_unless_they_are_wanted() {
    let (hub, seen) = (EventHub::new(), Seen::default());
    hub.on("e", named("panicking"), Arc::new(|_, _| panic!("a listener's fault"))).unwrap();
    hub.on("e", named("failing"), failing()).unwrap();
    hub.on("e", named("a"), noting(&seen, "a")).unwrap();
    hub.dispatch("e", &[], Dispatch::Contained).unwrap();
    assert_eq!(take(&seen), ["a e 0"]);
    assert_eq!(hub.dispatch("e", &[], Dispatch::Raising), Err(HubError("it panicked".to_owned())));
    assert_eq!(take(&seen), [""; 0]);
    hub.set_raising(true);
    assert!(hub.dispatch("e", &[], Dispatch::Contained).is_err());
}

#[test]
fn answers_are_found_by_name_and_what_is_absent_is_undefined() {
    let (hub, seen) = (EventHub::new(), Seen::default());
    hub.on("e", named("a"), noting(&seen, "a")).unwrap();
    hub.on("e", named("failing"), failing()).unwrap();
    let unnamed = hub.on("e", Identity::Callback(1, 2), Arc::new(|_, arguments| Ok(arguments[0].clone().into_owned()))).unwrap();
    let results = hub.dispatch_with_results("e", &[Value::Float(0.5)]);
    assert_eq!(results.get("a"), &Outcome::Ok(Value::from("a")));
    assert_eq!(results.get("failing"), &Outcome::Exception(HubError("refused".to_owned())));
    assert_eq!(results.get_id(unnamed), &Outcome::Ok(Value::Float(0.5)));
    assert_eq!((results.get("absent"), results.len()), (&Outcome::Undefined, 3));
    assert!(results.get("a").is_ok() && !results.get("failing").is_ok());
    let none = hub.dispatch_with_results("nobody", &[]);
    assert_eq!((none.get("a"), none.is_empty()), (&Outcome::Undefined, true));
}

#[test]
fn listeners_may_use_the_hub() {
    static HUB: EventHub = EventHub::new();
    let calls = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&calls);
    let itself: Arc<ListenerFunction> = Arc::new(move |event, _| {
        counted.fetch_add(1, Ordering::Relaxed);
        HUB.on("later", named("late"), Arc::new(|_, _| Ok(Value::Null))).unwrap();
        HUB.dispatch(event, &[], Dispatch::Contained)?;
        Ok(Value::Null)
    });
    HUB.on("deep", named("itself"), itself).unwrap();
    HUB.dispatch("deep", &[], Dispatch::Contained).unwrap();
    assert_eq!(calls.load(Ordering::Relaxed), 32, "no deeper");
    assert!(HUB.has_listeners("later"));
    HUB.on(
        "once",
        named("once"),
        Arc::new(|_, _| {
            HUB.reset(Some("once"), None);
            Ok(Value::Null)
        }),
    )
    .unwrap();
    HUB.dispatch("once", &[], Dispatch::Contained).unwrap();
    assert!(!HUB.has_listeners("once"));
}

#[test]
fn what_a_listener_owns_goes_with_it() {
    struct Owned(Arc<AtomicBool>);
    impl Drop for Owned {
        fn drop(&mut self) {
            self.0.store(true, Ordering::Relaxed);
        }
    }
    let (hub, gone) = (EventHub::new(), Arc::new(AtomicBool::new(false)));
    let owned = Owned(Arc::clone(&gone));
    let id = hub
        .on(
            "e",
            named("a"),
            Arc::new(move |_, _| {
                let _ = &owned;
                Ok(Value::Null)
            }),
        )
        .unwrap();
    hub.dispatch("e", &[], Dispatch::Contained).unwrap();
    assert!(!gone.load(Ordering::Relaxed));
    hub.off(id);
    assert!(gone.load(Ordering::Relaxed));
}

#[test]
fn names_and_listeners_are_limited() {
    let hub = EventHub::new();
    let quiet: Arc<ListenerFunction> = Arc::new(|_, _| Ok(Value::Null));
    let taken = (0..5_000).take_while(|number| hub.event_id(&format!("event {number}")).is_ok()).count();
    assert_eq!(taken, 1024);
    assert!(hub.on("one too many", named("a"), Arc::clone(&quiet)).is_err());
    assert!(hub.on("event 1", named("a"), quiet).is_ok());
    assert!(hub.dispatch("one too many", &[], Dispatch::Contained).is_ok());
}

#[test]
fn threads_register_remove_and_publish_together() {
    let hub = EventHub::new();
    let calls = AtomicUsize::new(0);
    let alive = Arc::new(AtomicUsize::new(0));
    struct Counted(Arc<AtomicUsize>);
    impl Drop for Counted {
        fn drop(&mut self) {
            self.0.fetch_sub(1, Ordering::Relaxed);
        }
    }
    std::thread::scope(|scope| {
        let (hub, alive, calls) = (&hub, &alive, &calls);
        for thread in 0..3 {
            scope.spawn(move || {
                for round in 0..300 {
                    alive.fetch_add(1, Ordering::Relaxed);
                    let counted = Counted(Arc::clone(alive));
                    let listener: Arc<ListenerFunction> = Arc::new(move |_, _| {
                        assert!(counted.0.load(Ordering::Relaxed) > 0);
                        Ok(Value::Null)
                    });
                    let id = hub.on("e", Identity::Callback(thread, round % 5), listener).unwrap();
                    if round % 2 == 0 {
                        hub.off(id);
                    }
                }
            });
        }
        for _ in 0..2 {
            scope.spawn(move || {
                for _ in 0..2_000 {
                    hub.dispatch("e", &[], Dispatch::Raising).unwrap();
                    calls.fetch_add(hub.dispatch_with_results("e", &[]).len(), Ordering::Relaxed);
                }
            });
        }
    });
    hub.reset(None, None);
    assert_eq!(alive.load(Ordering::Relaxed), 0);
    assert!(!hub.has_listeners("e"));
}

mod executions {
    use super::*;

    #[test]
    fn items_are_found_upwards() {
        let root = Arc::new(Execution::new("", None, false).unwrap());
        let child = Arc::new(Execution::new("request", Some(Arc::clone(&root)), false).unwrap());
        assert_eq!((root.identifier(), child.identifier()), ("__root", "request"));
        root.set("user", Value::from("u")).unwrap();
        root.set("shared", Value::Int(1)).unwrap();
        child.set("shared", Value::Int(2)).unwrap();
        assert_eq!(child.get("user").unwrap(), None);
        assert_eq!(child.find("user").unwrap(), Some(Value::from("u")));
        assert_eq!(child.find("shared").unwrap(), Some(Value::Int(2)));
        assert_eq!(child.find("absent").unwrap(), None);
        assert_eq!(child.set_new("shared", Value::Null), Err(ExecutionError::KeyExists));
        assert!(child.discard("shared").unwrap() && child.discard("user").unwrap() && !child.discard("user").unwrap());
        assert_eq!(child.find("shared").unwrap(), Some(Value::Int(1)), "only the nearest was removed");
        assert!(!child.discard_local("shared").unwrap());
    }

    #[test]
    fn a_parent_is_set_once_and_is_no_descendant() {
        let [a, b, c] = ["a", "b", "c"].map(|name| Arc::new(Execution::new(name, None, false).unwrap()));
        a.set_parent(Arc::clone(&b)).unwrap();
        assert_eq!(a.set_parent(Arc::clone(&c)), Err(ExecutionError::HasParent));
        assert_eq!(b.set_parent(Arc::clone(&a)), Err(ExecutionError::HasParent));
        assert_eq!(c.set_parent(Arc::clone(&c)), Err(ExecutionError::HasParent));
    }

    #[test]
    fn begin_and_end_are_events() {
        let (hub, seen) = (EventHub::new(), Seen::default());
        hub.on("context.started.query", named("start"), noting(&seen, "start")).unwrap();
        hub.on("context.ended.query", named("end"), noting(&seen, "end")).unwrap();
        let query = Execution::new("query", None, false).unwrap();
        query.announce(&hub, 1, Dispatch::Contained).unwrap();
        query.exit(&hub, 1, Some("failed"));
        query.exit(&hub, 1, None);
        assert_eq!(take(&seen), ["start context.started.query 1", "end context.ended.query 2"]);
        let deferred = Execution::new("query", None, true).unwrap();
        deferred.exit(&hub, 1, None);
        assert_eq!(take(&seen), [""; 0]);
        deferred.end(&hub, 1, None);
        deferred.end(&hub, 1, None);
        assert_eq!(take(&seen).len(), 1);
        hub.on("context.started.query", named("failing"), failing()).unwrap();
        assert!(query.announce(&hub, 1, Dispatch::Raising).is_err());
    }

    #[test]
    fn trees_and_data_are_limited() {
        let mut deepest = Arc::new(Execution::new("", None, false).unwrap());
        let mut depth = 1;
        while let Ok(next) = Execution::new("next", Some(Arc::clone(&deepest)), false) {
            deepest = Arc::new(next);
            depth += 1;
        }
        assert_eq!(depth, 1_000);
        let taken = (0..2_000).take_while(|number| deepest.set(&number.to_string(), Value::Null).is_ok()).count();
        assert_eq!(taken, 1_000);
    }
}
