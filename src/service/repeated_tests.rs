use super::{Manner, Repeat, RepeatedService, ServiceError, Work};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

const LONG: Duration = Duration::from_secs(600);
const SOON: Duration = Duration::from_secs(20);

#[derive(Default)]
struct Counts {
    turns: AtomicUsize,
    ended: AtomicUsize,
    fails: AtomicBool,
    ends: AtomicBool,
    itself: Mutex<Option<Arc<RepeatedService>>>,
    errors: Mutex<Vec<String>>,
}

struct Counting(Arc<Counts>);

impl Work for Counting {
    fn turn(&self) -> Result<Repeat, String> {
        self.0.turns.fetch_add(1, Ordering::Relaxed);
        if let Some(service) = self.0.itself.lock().unwrap().clone() {
            let mut errors = self.0.errors.lock().unwrap();
            errors.push(format!("{:?}", service.join(SOON).is_err()));
            errors.push(format!("{:?}", service.awake(SOON).is_ok()));
            errors.push(format!("{:?}", service.stop().is_ok()));
        }
        assert!(!self.0.fails.swap(false, Ordering::Relaxed), "a fault");
        Ok(if self.0.ends.load(Ordering::Relaxed) { Repeat::End } else { Repeat::Again })
    }

    fn ended(&self) {
        self.0.ended.fetch_add(1, Ordering::Relaxed);
    }
}

fn service(interval: Duration, manner: Manner) -> (Arc<RepeatedService>, Arc<Counts>) {
    let counts = Arc::new(Counts::default());
    (RepeatedService::new("Poller", interval, manner, Box::new(Counting(Arc::clone(&counts)))), counts)
}

fn text(result: Result<(), ServiceError>) -> String {
    result.map_or_else(|error| error.to_string(), |()| "ok".to_owned())
}

#[test]
fn a_second_start_or_stop_is_an_error_and_changes_nothing() {
    let (service, counts) = service(LONG, Manner::default());
    assert_eq!(text(service.stop()), "Poller is already in status stopped");
    service.start().unwrap();
    assert_eq!(text(service.start()), "Poller is already in status running");
    assert!(service.is_running());
    service.stop().unwrap();
    service.join(SOON).unwrap();
    assert_eq!(text(service.stop()), "Poller is already in status stopped");
    assert_eq!((counts.turns.load(Ordering::Relaxed), counts.ended.load(Ordering::Relaxed)), (0, 1));
    service.start().unwrap();
    service.awake(SOON).unwrap();
    service.stop().unwrap();
    service.join(SOON).unwrap();
    assert_eq!((counts.turns.load(Ordering::Relaxed), counts.ended.load(Ordering::Relaxed)), (1, 2));
}

#[test]
fn who_awakes_waits_for_a_turn_that_began_after() {
    let (service, counts) = service(LONG, Manner::default());
    service.awake(SOON).unwrap();
    assert_eq!(counts.turns.load(Ordering::Relaxed), 0, "it does not run");
    service.start().unwrap();
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                let before = counts.turns.load(Ordering::Relaxed);
                service.awake(SOON).unwrap();
                assert!(counts.turns.load(Ordering::Relaxed) > before);
            });
        }
    });
    assert!(counts.turns.load(Ordering::Relaxed) <= 8);
    service.stop().unwrap();
    service.join(SOON).unwrap();
}

#[test]
fn the_interval_may_change_and_the_first_turn_may_be_at_once() {
    let (service, counts) = service(LONG, Manner { at_once: true, ..Manner::default() });
    service.set_interval(Duration::from_millis(1));
    service.start().unwrap();
    while counts.turns.load(Ordering::Relaxed) < 5 {
        std::thread::sleep(Duration::from_millis(1));
    }
    service.stop().unwrap();
    service.join(SOON).unwrap();
}

#[test]
fn faults_are_contained_and_the_service_may_end_itself() {
    let (service, counts) = service(LONG, Manner::default());
    counts.fails.store(true, Ordering::Relaxed);
    service.start().unwrap();
    service.awake(SOON).unwrap();
    service.awake(SOON).unwrap();
    assert_eq!(counts.turns.load(Ordering::Relaxed), 2);
    counts.ends.store(true, Ordering::Relaxed);
    service.awake(SOON).unwrap();
    service.join(SOON).unwrap();
    assert!(!service.is_running());
}

#[test]
fn a_service_may_stop_itself_and_does_not_wait_for_itself() {
    let (service, counts) = service(LONG, Manner::default());
    *counts.itself.lock().unwrap() = Some(Arc::clone(&service));
    service.start().unwrap();
    service.awake(SOON).unwrap();
    service.join(SOON).unwrap();
    assert_eq!(*counts.errors.lock().unwrap(), ["true"; 3]);
    *counts.itself.lock().unwrap() = None;
}

#[test]
fn a_join_of_a_service_that_runs_ends_in_time() {
    let (service, _) = service(LONG, Manner::default());
    service.start().unwrap();
    assert!(matches!(service.join(Duration::from_millis(10)), Err(ServiceError::Timeout)));
    service.stop().unwrap();
    service.join(SOON).unwrap();
}
