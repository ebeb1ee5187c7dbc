//! The settings are of the whole process, so all that changes them is in one test.

use super::*;
use std::sync::Mutex;

type Seen = Arc<Mutex<Vec<(Level, String)>>>;

fn collect() -> (Seen, Callback) {
    let seen = Seen::default();
    let sink = Arc::clone(&seen);
    (seen, Arc::new(move |level, text: &str| sink.lock().unwrap().push((level, text.to_owned()))))
}

/// The messages of this module; other tests of the process may log meanwhile.
fn own_messages(seen: &Seen) -> Vec<(Level, String)> {
    seen.lock().unwrap().iter().filter(|(_, text)| text.contains("log-test")).cloned().collect()
}

#[test]
fn messages_pass_the_level_the_rate_limit_and_reach_the_callback_without_a_lock_held() {
    let (seen, callback) = collect();
    assert!(set_callback(Some(callback)));
    set_max_level(Some(Level::Warn));
    for round in 0..3 {
        log_warn!("log-test {round}");
        log_info!("log-test is too chatty: {}", panic_if_evaluated());
    }
    emit(Level::Error, format_args!("log-test emitted"));
    emit(Level::Error, format_args!("log-test emitted"));
    let expected =
        [(Level::Warn, "log::tests: log-test 0"), (Level::Error, "log-test emitted"), (Level::Error, "log-test emitted")];
    assert_eq!(own_messages(&seen), expected.map(|(level, text)| (level, text.to_owned())));

    set_rate_limit(Duration::ZERO);
    seen.lock().unwrap().clear();
    for _ in 0..2 {
        log_error!("log-test unlimited");
    }
    assert_eq!(own_messages(&seen).len(), 2);

    set_rate_limit(Duration::from_secs(60));
    set_max_level(Some(Level::Debug));
    seen.lock().unwrap().clear();
    for _ in 0..2 {
        log_debug!("log-test debug is never limited");
        log_warn!("log-test nor is anything else then");
    }
    assert_eq!(own_messages(&seen).len(), 4);

    set_max_level(None);
    seen.lock().unwrap().clear();
    log_error!("log-test off");
    emit(Level::Error, format_args!("log-test off"));
    assert_eq!(own_messages(&seen), []);

    set_max_level(Some(Level::Warn));
    let reentered = Arc::new(Mutex::new(0));
    let count = Arc::clone(&reentered);
    assert!(set_callback(Some(Arc::new(move |_, _| {
        // Taking the write lock shows that none is held during the call.
        assert!(set_callback(None));
        *count.lock().unwrap() += 1;
    }))));
    emit(Level::Error, format_args!("log-test re-entrant"));
    assert_eq!(*reentered.lock().unwrap(), 1);
}

fn panic_if_evaluated() -> u32 {
    panic!("the arguments of a message that is filtered out were evaluated")
}

#[test]
fn a_message_is_one_line_and_bounded() {
    let hostile = render(Some("config"), format_args!("DD_ENV \"a\nb\u{1b}[31m\tc\""), 3);
    assert_eq!(hostile, "config: DD_ENV \"a\\nb\\u{1b}[31m\tc\" [3 skipped]");
    let long = "é".repeat(MAX_TEXT_BYTES);
    let cut = render(None, format_args!("{long}"), 0);
    assert!(cut.len() <= MAX_TEXT_BYTES + '…'.len_utf8() + 1);
    assert!(cut.ends_with("é…"));
}
