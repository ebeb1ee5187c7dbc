//! The four commands, for any subject.

use std::thread;
use std::time::{Duration, Instant};

use crate::measure::{Reading, clock, read, status};
use crate::subjects::Peer;
use crate::tags::CHILDREN;

const SPANS_PER_TRACE: u64 = 1 + CHILDREN as u64;

pub fn run<P: Peer>(command: &[String]) -> Result<(), String> {
    let words: Vec<&str> = command.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["hot", workload, iterations] => hot::<P>(workload, number(iterations)?, 1),
        ["hot", workload, iterations, threads] => hot::<P>(workload, number(iterations)?, number(threads)?),
        ["load", rate, seconds] => {
            load::<P>(number(rate)?, number(seconds)?);
            Ok(())
        }
        ["start"] => {
            start::<P>();
            Ok(())
        }
        ["exit"] => {
            exit::<P>();
            Ok(())
        }
        other => Err(format!(
            "unknown command {other:?}, expected hot WORKLOAD ITERATIONS [THREADS], load RATE SECONDS, start or exit"
        )),
    }
}

fn number(text: &str) -> Result<u64, String> {
    text.parse().map_err(|_| format!("{text:?} is not a whole number"))
}

fn hot<P: Peer>(workload: &str, iterations: u64, threads: u64) -> Result<(), String> {
    let per_iteration = if workload.starts_with("W2") { SPANS_PER_TRACE } else { 1 };
    let peer = P::start();
    measured_work(&peer, workload, iterations / 10 + 1)?;
    let before = read();
    if threads == 1 {
        measured_work(&peer, workload, iterations)?;
    } else {
        thread::scope(|scope| {
            for _ in 0..threads {
                scope.spawn(|| measured_work(&peer, workload, iterations));
            }
        });
    }
    print(&before, &read(), iterations * threads * per_iteration);
    peer.shutdown();
    Ok(())
}

/// On its own in the profile, so that callgrind can count it alone; `benches/c` has one of the same name.
#[inline(never)]
fn measured_work<P: Peer>(peer: &P, workload: &str, iterations: u64) -> Result<(), String> {
    match workload {
        "W1" => (0..iterations).for_each(|_| peer.root()),
        "W2s" => (0..iterations).for_each(|_| peer.trace_tag_by_tag()),
        "W2b" => (0..iterations).for_each(|_| peer.trace_tags_at_start()),
        "W3" => peer.inject(iterations),
        "W4" => peer.extract(iterations),
        other => {
            return Err(format!("unknown workload {other:?}, expected W1, W2s, W2b, W3 or W4"));
        }
    }
    Ok(())
}

fn print(before: &Reading, after: &Reading, units: u64) {
    let allocations = match (before.allocations, after.allocations) {
        (Some(before), Some(after)) => (after - before).to_string(),
        _ => "null".to_owned(),
    };
    println!(
        "{{\"units\":{units},\"thread_ns\":{},\"process_ns\":{},\"wall_ns\":{},\"allocations\":{allocations}}}",
        after.thread_ns - before.thread_ns,
        after.process_ns - before.process_ns,
        after.wall_ns - before.wall_ns,
    );
}

/// Traces of ten spans at a steady rate, from one thread; what was late is caught up with.
fn load<P: Peer>(rate: u64, seconds: u64) {
    let peer = P::start();
    let before = read();
    let start = Instant::now();
    let length = Duration::from_secs(seconds);
    let mut traces = 0;
    while start.elapsed() < length {
        let due = if rate == 0 { traces + 100 } else { (start.elapsed().as_secs_f64() * rate as f64) as u64 / SPANS_PER_TRACE };
        while traces < due {
            peer.trace_tags_at_start();
            traces += 1;
        }
        if rate != 0 {
            thread::sleep(Duration::from_millis(1));
        }
    }
    let wall_ns = read().wall_ns - before.wall_ns;
    peer.shutdown();
    println!(
        "{{\"spans\":{},\"process_ns\":{},\"wall_ns\":{wall_ns},\"peak_rss_kb\":{},\"dropped\":null}}",
        traces * SPANS_PER_TRACE,
        read().process_ns - before.process_ns,
        status("VmHWM"),
    );
}

fn start<P: Peer>() {
    let (cpu, rss, threads) = (read().process_ns, status("VmRSS"), status("Threads"));
    let peer = P::start();
    let (init_cpu, init_rss, init_threads) = (read().process_ns, status("VmRSS"), status("Threads"));
    peer.root();
    let first_span_cpu = read().process_ns;
    thread::sleep(Duration::from_millis(50));
    println!(
        "{{\"before_main_cpu_ns\":{cpu},\"init_cpu_ns\":{},\"init_rss_kb\":{},\"init_threads\":{},\"first_span_cpu_ns\":{},\"rss_kb\":{},\"threads\":{}}}",
        init_cpu - cpu,
        init_rss.saturating_sub(rss),
        init_threads.saturating_sub(threads),
        first_span_cpu - cpu,
        status("VmRSS").saturating_sub(rss),
        status("Threads").saturating_sub(threads),
    );
}

/// Prints when the exit begins; whoever started the process sees when it is over.
fn exit<P: Peer>() {
    let peer = P::start();
    peer.trace_tags_at_start();
    println!("{{\"process_ns\":{},\"exit_began_ns\":{}}}", clock(libc::CLOCK_PROCESS_CPUTIME_ID), clock(libc::CLOCK_MONOTONIC));
    peer.shutdown();
}
