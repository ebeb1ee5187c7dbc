use super::*;
use std::fs::File;
use std::io::Read;
use std::os::fd::IntoRawFd;
use std::process::Command;
use std::thread;

/// Set in the child of a test: the part to run there.
const PART: &str = "DDTRACE_OUTPUT_TEST_PART";

fn writer(fd: impl Into<OwnedFd>) -> Writer {
    Writer::owned(fd.into(), "a test".to_owned())
}

/// The reading and the writing end of a pipe.
fn pipe() -> (File, OwnedFd) {
    let mut fds = [-1; 2];
    // SAFETY: the pointer is to an array of two.
    let result = unsafe { libc::pipe2(fds.as_mut_ptr(), libc::O_CLOEXEC) };
    assert_eq!(result, 0, "{}", io::Error::last_os_error());
    // SAFETY: both descriptors are new and known to nobody else.
    unsafe { (File::from_raw_fd(fds[0]), OwnedFd::from_raw_fd(fds[1])) }
}

fn set_default(signal: libc::c_int) {
    // SAFETY: SIG_DFL needs no handler.
    unsafe { libc::signal(signal, libc::SIG_DFL) };
}

/// Whether the signal is blocked on this thread, and whether it is pending.
fn state(signal: libc::c_int) -> (bool, bool) {
    let (mut mask, mut pending) = (signal_set(&[]), signal_set(&[]));
    // SAFETY: all pointers are to initialised sets or null.
    unsafe {
        libc::pthread_sigmask(libc::SIG_BLOCK, ptr::null(), &mut mask);
        libc::sigpending(&mut pending);
        (libc::sigismember(&mask, signal) == 1, libc::sigismember(&pending, signal) == 1)
    }
}

/// Runs a test of this file again in a process of its own, where signals may kill.
fn run_in_child(test: &str) {
    let program = std::env::current_exe().expect("knows itself");
    let name = format!("export::output::tests::{test}");
    let child = Command::new(program).args(["--exact", &name, "--nocapture"]).env(PART, "1").output();
    let output = child.expect("runs");
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{}: {text}", output.status);
    assert!(text.contains("1 passed"), "{text}");
}

fn is_child() -> bool {
    std::env::var_os(PART).is_some()
}

#[test]
fn a_pipe_without_reader_is_an_error_and_no_signal() {
    if !is_child() {
        return run_in_child("a_pipe_without_reader_is_an_error_and_no_signal");
    }
    set_default(libc::SIGPIPE);
    let (reader, pipe) = pipe();
    drop(reader);
    let error = writer(pipe).write_lines(b"line\n").expect_err("nobody reads");
    assert!(error.to_string().starts_with("cannot write spans to a test: Broken pipe"), "{error}");
    assert_eq!(state(libc::SIGPIPE), (false, false));
}

#[test]
fn a_signal_that_was_pending_before_stays_pending() {
    if !is_child() {
        return run_in_child("a_signal_that_was_pending_before_stays_pending");
    }
    set_default(libc::SIGPIPE);
    let set = signal_set(&[libc::SIGPIPE]);
    // SAFETY: the set is initialised; the thread raises a signal that it has blocked.
    unsafe {
        libc::pthread_sigmask(libc::SIG_BLOCK, &set, ptr::null_mut());
        libc::raise(libc::SIGPIPE);
    }
    let (reader, pipe) = pipe();
    drop(reader);
    writer(pipe).write_lines(b"line\n").expect_err("nobody reads");
    assert_eq!(state(libc::SIGPIPE), (true, true));
}

#[test]
fn a_file_at_its_size_limit_is_an_error_and_no_signal() {
    if !is_child() {
        return run_in_child("a_file_at_its_size_limit_is_an_error_and_no_signal");
    }
    set_default(libc::SIGXFSZ);
    let path = std::env::temp_dir().join(format!("ddtrace-size-limit-{}", std::process::id()));
    let file = File::create(&path).expect("makes a file");
    let unlinked = std::fs::remove_file(&path);
    assert!(unlinked.is_ok());
    let limit = libc::rlimit { rlim_cur: 6, rlim_max: libc::RLIM_INFINITY };
    // SAFETY: the pointer is to an initialised limit.
    assert_eq!(unsafe { libc::setrlimit(libc::RLIMIT_FSIZE, &limit) }, 0);
    let writer = writer(file);
    let error = writer.write_lines(b"line\nanother\n").expect_err("is full").to_string();
    // The report of the test must not be cut off itself.
    let limit = libc::rlimit { rlim_cur: libc::RLIM_INFINITY, rlim_max: libc::RLIM_INFINITY };
    // SAFETY: as above.
    unsafe { libc::setrlimit(libc::RLIMIT_FSIZE, &limit) };
    assert!(error.contains("File too large"), "{error}");
    assert_eq!(state(libc::SIGXFSZ), (false, false));
    assert!(writer.torn.load(Ordering::Relaxed), "the second line was cut off");
}

#[test]
fn a_closed_descriptor_is_refused() {
    for fd in [-1, i32::MIN, 1_000_000] {
        let error = Writer::console(Output::Fd(fd)).expect_err("is not open").to_string();
        assert!(error.contains(&format!("expected an open descriptor, got {fd}: Bad")), "{error}");
    }
}

#[test]
fn the_host_may_close_its_descriptor() {
    let (mut reader, pipe) = pipe();
    let fd = pipe.into_raw_fd();
    let writer = Writer::console(Output::Fd(fd)).expect("is open");
    // SAFETY: the descriptor is ours, and nothing uses it any more.
    drop(unsafe { OwnedFd::from_raw_fd(fd) });
    writer.write_lines(b"still\n").expect("has its own");
    drop(writer);
    let mut text = String::new();
    reader.read_to_string(&mut text).expect("reads");
    assert_eq!(text, "still\n");
}

#[test]
fn the_numbers_of_the_standard_streams_are_those_streams() {
    let stdout = Writer::console(Output::Fd(1)).expect("needs nothing");
    assert!(matches!(stdout.target, Target::Standard(1)));
    let stderr = Writer::console(Output::Fd(2)).expect("needs nothing");
    assert!(matches!(stderr.target, Target::Standard(2)));
}

#[test]
fn more_than_a_pipe_holds_arrives_whole() {
    let (mut reader, pipe) = pipe();
    let text: Vec<u8> = (0..300_000_u32).map(|number| number as u8).collect();
    let expected = text.clone();
    let writing = thread::spawn(move || writer(pipe).write_lines(&text).is_ok());
    let mut read = Vec::new();
    reader.read_to_end(&mut read).expect("reads");
    assert!(writing.join().expect("does not panic"));
    assert!(read == expected);
}

#[test]
fn a_reader_that_stopped_reading_is_given_up() {
    let (mut reader, pipe) = pipe();
    let writer = writer(pipe);
    let line = [&[b'x'; 299_999][..], b"\n"].concat();
    let error = writer.write_lines(&line).expect_err("nobody reads").to_string();
    assert!(error.ends_with("the reader does not read"), "{error}");

    let mut start = vec![0; 64 * 1024];
    reader.read_exact(&mut start).expect("what fitted");
    assert!(start.iter().all(|byte| *byte == b'x'));
    writer.write_lines(b"next\n").expect("there is room again");
    drop(writer);
    let mut rest = String::new();
    reader.read_to_string(&mut rest).expect("reads");
    assert_eq!(rest.trim_start_matches('x'), "\nnext\n", "after a cut line a new one begins");
}

#[test]
fn a_pipe_is_no_terminal() {
    let (_reader, pipe) = pipe();
    let writer = writer(pipe);
    assert!(!writer.is_terminal());
    assert_eq!(writer.columns(), None);
}

#[test]
fn a_terminal_knows_its_width() {
    let size = libc::winsize { ws_row: 24, ws_col: 77, ws_xpixel: 0, ws_ypixel: 0 };
    let (mut master, mut slave) = (-1, -1);
    // SAFETY: both descriptors are written, the size is read, and the rest may be null.
    let result = unsafe { libc::openpty(&mut master, &mut slave, ptr::null_mut(), ptr::null(), &size) };
    assert_eq!(result, 0, "{}", io::Error::last_os_error());
    // SAFETY: both descriptors are new and known to nobody else.
    let (_master, slave) = unsafe { (OwnedFd::from_raw_fd(master), OwnedFd::from_raw_fd(slave)) };
    let writer = writer(slave);
    assert!(writer.is_terminal());
    assert_eq!(writer.columns(), Some(77));
}
