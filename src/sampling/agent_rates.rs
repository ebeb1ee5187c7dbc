//! The rates that the agent asks for, per service and environment.
//!
//! The agent answers each trace request with `{"rate_by_service":{"service:web,env:prod":0.25,"service:,env:":0.8}}`. Such
//! a table replaces the former one as a whole. Anything else (`OK`, an empty body, no table in it) keeps it. The key
//! without names is the rate of everything that has no key of its own.
//!
//! A restarted agent asks for everything until it knows better. So a rate that rises does so by doubling, one step with
//! each answer; a lower rate applies at once, and so does the first rate of a key and any rate after 0. An answer
//! without a table is a step too: an agent whose rates have not changed does not repeat them.
//!
//! Limits: 16384 keys; what exceeds them is ignored, the key without names last.

use std::cmp::Ordering;
use std::sync::atomic::{self, AtomicBool};

use serde_json::Value;

use super::fork_lock::ForkLock;

const MAX_KEYS: usize = 16_384;
const KEY_START: &str = "service:";
const KEY_MIDDLE: &str = ",env:";

/// How far a rate may rise with one answer.
const MAX_RISE: f64 = 2.0;

/// The current rates.
#[derive(Debug, Default)]
pub(super) struct AgentRates {
    /// Whether there are any; spares tracers without an agent the lock.
    present: AtomicBool,
    table: ForkLock<Table>,
}

impl AgentRates {
    /// The rate for a service in an environment, or the one for everything else.
    pub(super) fn rate(&self, service: &str, env: &str) -> Option<f64> {
        if !self.present.load(atomic::Ordering::Relaxed) {
            return None;
        }
        let table = self.table.read();
        table.rate(service, env).or_else(|| table.rate("", ""))
    }

    /// Takes an answer of the agent. Whether it had a table.
    pub(super) fn update(&self, json_body: &[u8]) -> bool {
        let Some(received) = parse(json_body) else {
            if self.table.read().is_rising() {
                self.table.write().rise();
            }
            return false;
        };
        let table = Table::new(received, &self.table.read());
        self.present.store(!table.entries.is_empty(), atomic::Ordering::Relaxed);
        let old = std::mem::replace(&mut *self.table.write(), table);
        // The lock is free again: nobody waits for this.
        drop(old);
        true
    }

    /// To be called in a forked child, while it has one thread. The rates stay, unless they were being replaced.
    pub(super) fn reset_after_fork(&self) {
        self.table.replace_if_abandoned(|rates| rates.cloned().unwrap_or_default());
    }

    /// What a fork leaves behind where a thread of the parent was replacing the table.
    #[cfg(test)]
    pub(super) fn abandon(&self) {
        std::thread::scope(|scope| {
            scope.spawn(|| std::mem::forget(self.table.write()));
        });
    }
}

/// One table of rates, sorted by key.
#[derive(Clone, Debug, Default)]
struct Table {
    entries: Box<[Entry]>,
}

#[derive(Clone, Debug)]
struct Entry {
    /// The key after `service:`.
    key: Box<str>,
    /// The rate in use.
    rate: f64,
    /// The rate that the agent wants.
    wanted: f64,
}

impl Table {
    fn new(received: Vec<(Box<str>, f64)>, current: &Table) -> Self {
        let mut entries: Vec<Entry> = received
            .into_iter()
            .map(|(key, wanted)| {
                let rate = current.get(&key, "", "").map_or(wanted, |entry| step(entry.rate, wanted));
                Entry { key, rate, wanted }
            })
            .collect();
        entries.sort_unstable_by(|a, b| a.key.cmp(&b.key));
        Table { entries: entries.into_boxed_slice() }
    }

    fn rate(&self, service: &str, env: &str) -> Option<f64> {
        self.get(service, KEY_MIDDLE, env).map(|entry| entry.rate)
    }

    /// The entry whose key is these pieces in a row; they are never put together, which would allocate.
    fn get(&self, service: &str, middle: &str, env: &str) -> Option<&Entry> {
        let index = self.entries.binary_search_by(|entry| compare(&entry.key, [service, middle, env])).ok()?;
        self.entries.get(index)
    }

    fn is_rising(&self) -> bool {
        self.entries.iter().any(|entry| entry.rate < entry.wanted)
    }

    fn rise(&mut self) {
        for entry in &mut self.entries {
            entry.rate = step(entry.rate, entry.wanted);
        }
    }
}

/// The rate to use next. From 0, doubling would lead nowhere.
fn step(current: f64, wanted: f64) -> f64 {
    if current > 0.0 { wanted.min(current * MAX_RISE) } else { wanted }
}

/// How a key compares with pieces in a row.
fn compare(key: &str, pieces: [&str; 3]) -> Ordering {
    let mut rest = key.as_bytes();
    for piece in pieces {
        let (head, tail) = rest.split_at(piece.len().min(rest.len()));
        let order = head.cmp(piece.as_bytes());
        if order != Ordering::Equal {
            return order;
        }
        rest = tail;
    }
    if rest.is_empty() { Ordering::Equal } else { Ordering::Greater }
}

/// The table of an answer, if it has one, without entries that make no sense.
fn parse(json_body: &[u8]) -> Option<Vec<(Box<str>, f64)>> {
    let body: Value = serde_json::from_slice(json_body).ok()?;
    let table = body.get("rate_by_service")?.as_object()?;
    let default_key = table.iter().find(|(key, _)| is_default(key));
    let others = table.iter().filter(|(key, _)| !is_default(key));
    let entries = default_key.into_iter().chain(others).filter_map(|(key, value)| entry(key, value));
    Some(entries.take(MAX_KEYS).collect())
}

fn is_default(key: &str) -> bool {
    key.strip_prefix(KEY_START) == Some(KEY_MIDDLE)
}

fn entry(key: &str, value: &Value) -> Option<(Box<str>, f64)> {
    let key = key.strip_prefix(KEY_START)?;
    let rate = value.as_f64().filter(|rate| (0.0..=1.0).contains(rate))?;
    Some((key.into(), rate))
}

#[cfg(test)]
#[path = "agent_rates_tests.rs"]
mod tests;
