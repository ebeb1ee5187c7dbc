//! What the kernel tells of this process: processor time, memory, threads, context switches, open files (Linux).
//!
//! What grows for ever is reported as its growth since the last collection; the first one only takes notes. What cannot be read is left out.

use super::collectors::{Collector, CollectorFailed};
use super::message::{Metric, MetricKind, MetricValue};
use crate::lock::Mutex;
use std::fs::{self, File};
use std::io::Read;
use std::time::Instant;

/// The files that are read have some kilobytes.
const MOST_BYTES: u64 = 64 * 1024;

/// Reads what the kernel tells of this process.
#[derive(Debug, Default)]
pub struct ProcessCollector {
    last: Mutex<Option<Reading>>,
}

/// What grows, and when it was read.
#[derive(Clone, Copy, Debug)]
struct Reading {
    at: Instant,
    /// Seconds.
    user: f64,
    system: f64,
    switches: Option<[u64; 2]>,
}

impl Collector for ProcessCollector {
    fn collect(&self, each: &mut dyn FnMut(&Metric<'_>)) -> Result<(), CollectorFailed> {
        let stat = read("/proc/self/stat").ok_or(CollectorFailed)?;
        let stat = Stat::parse(&stat).ok_or(CollectorFailed)?;
        let status = read("/proc/self/status").unwrap_or_default();
        let mut gauge = |name: &str, value: f64| each(&gauge(name, value));
        let now = Reading { at: Instant::now(), user: stat.user, system: stat.system, switches: switches(&status) };
        let last = self.last.lock().replace(now);
        if let Some(last) = last {
            report_growth(&last, &now, &mut gauge);
        }
        gauge("process.mem.rss", stat.rss);
        gauge("process.thread_count", stat.threads);
        if let Ok(files) = fs::read_dir("/proc/self/fd") {
            // Reading the directory opens one more.
            gauge("process.open_file_descriptors", files.count().saturating_sub(1) as f64);
        }
        Ok(())
    }
}

fn report_growth(last: &Reading, now: &Reading, gauge: &mut dyn FnMut(&str, f64)) {
    let (user, system) = ((now.user - last.user).max(0.0), (now.system - last.system).max(0.0));
    gauge("process.cpu.time.user", user);
    gauge("process.cpu.time.sys", system);
    let passed = now.at.saturating_duration_since(last.at).as_secs_f64();
    if passed > 0.0 {
        gauge("process.cpu.percent", (user + system) / passed * 100.0);
    }
    if let (Some(last), Some(now)) = (last.switches, now.switches) {
        for (name, (last, now)) in ["voluntary", "involuntary"].into_iter().zip(last.into_iter().zip(now)) {
            gauge(&format!("process.cpu.ctx_switch.{name}"), now.saturating_sub(last) as f64);
        }
    }
}

fn gauge(name: &str, value: f64) -> Metric<'_> {
    Metric {
        kind: MetricKind::Gauge,
        name,
        value: MetricValue::Number(value),
        tags: &|_| (),
        rate: 1.0,
        timestamp: None,
        cardinality: None,
    }
}

/// What `/proc/self/stat` says: seconds, threads, bytes.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Stat {
    user: f64,
    system: f64,
    threads: f64,
    rss: f64,
}

impl Stat {
    /// The second field is the program's name in parentheses, which may contain anything.
    fn parse(text: &str) -> Option<Self> {
        let (_, rest) = text.rsplit_once(')')?;
        let fields: Vec<&str> = rest.split_ascii_whitespace().collect();
        let number = |field: usize| fields.get(field - 3)?.parse::<f64>().ok();
        let (ticks, page) = (system_value(libc::_SC_CLK_TCK)?, system_value(libc::_SC_PAGESIZE)?);
        Some(Stat { user: number(14)? / ticks, system: number(15)? / ticks, threads: number(20)?, rss: number(24)? * page })
    }
}

fn system_value(name: libc::c_int) -> Option<f64> {
    // SAFETY: the call takes a number and gives one.
    let value = unsafe { libc::sysconf(name) };
    (value > 0).then_some(value as f64)
}

/// Voluntary and involuntary context switches in `/proc/self/status`: those of the main thread, whose file it is.
fn switches(status: &str) -> Option<[u64; 2]> {
    let value = |key: &str| status.lines().find_map(|line| line.strip_prefix(key))?.trim().parse().ok();
    Some([value("voluntary_ctxt_switches:")?, value("nonvoluntary_ctxt_switches:")?])
}

fn read(path: &str) -> Option<String> {
    let mut bytes = Vec::new();
    File::open(path).ok()?.take(MOST_BYTES).read_to_end(&mut bytes).ok()?;
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_the_program_may_contain_anything() {
        let text = "7 (a ) b) S 1 7 7 0 -1 4194560 100 0 0 0 250 50 0 0 20 0 3 0 100 1000000 25 18446744073709551615 1 1";
        let stat = Stat::parse(text).unwrap();
        let (ticks, page) = (system_value(libc::_SC_CLK_TCK).unwrap(), system_value(libc::_SC_PAGESIZE).unwrap());
        assert_eq!(stat, Stat { user: 250.0 / ticks, system: 50.0 / ticks, threads: 3.0, rss: 25.0 * page });
        assert_eq!(Stat::parse("7 (x) S 1"), None);
        assert_eq!(Stat::parse(""), None);
    }

    #[test]
    fn switches_are_there_or_not() {
        assert_eq!(switches("Name:\tx\nvoluntary_ctxt_switches:\t5\nnonvoluntary_ctxt_switches:\t7\n"), Some([5, 7]));
        assert_eq!(switches("voluntary_ctxt_switches:\t5\n"), None);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn the_first_collection_only_takes_notes_of_what_grows() {
        let collector = ProcessCollector::default();
        let collect = || {
            let mut found = Vec::new();
            let collected = collector.collect(&mut |metric| {
                let MetricValue::Number(value) = metric.value else { panic!("numbers only") };
                found.push((metric.name.to_owned(), value));
            });
            collected.unwrap();
            found
        };
        let first = collect();
        let names: Vec<&str> = first.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["process.mem.rss", "process.thread_count", "process.open_file_descriptors"]);
        assert!(first.iter().all(|(_, value)| *value >= 1.0), "{first:?}");
        // The kernel counts in hundredths of a second, and a busy machine may give none of them for long.
        let begin = Instant::now();
        let second = loop {
            let turn = Instant::now();
            while turn.elapsed().as_millis() < 60 {
                std::hint::black_box(0);
            }
            let found = collect();
            let has_percent = found.iter().any(|(name, value)| name == "process.cpu.percent" && *value > 0.0);
            if has_percent || begin.elapsed().as_secs() > 60 {
                break found;
            }
        };
        let value = |name: &str| second.iter().find(|(found, _)| found == name).unwrap().1;
        assert!(value("process.cpu.percent") > 0.0 && value("process.cpu.time.user") < 60.0, "{second:?}");
        assert!(value("process.cpu.ctx_switch.voluntary") >= 0.0);
    }
}
