//! What is added up before it is sent: counts, the last value of gauges, the members of sets, and, if wanted, the values of other kinds.
//!
//! Sums are found by name, tags and the rest of what tells messages apart, as bytes in the order in which they will be sent. They lie in
//! shards, so that threads seldom meet. Their number and their memory are bounded: what finds no room is not added up but sent as it is.

use super::message::{Cardinality, MetricKind};
use crate::lock::Mutex;
use std::collections::{HashMap, HashSet};
use std::hash::BuildHasher;
use std::sync::atomic::{AtomicUsize, Ordering};

const SHARDS: usize = 8;
/// The most sums of one shard, and the most bytes that they may have.
const MOST_SUMS: usize = 2048;
const MOST_BYTES: usize = 512 * 1024;
/// What a sum needs beside its texts, roughly.
const SUM_BYTES: usize = 96;
/// The most values of one message.
const MOST_VALUES: usize = 4096;

/// What tells sums apart.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Context<'a> {
    pub kind: MetricKind,
    pub cardinality: Option<Cardinality>,
    /// 1 where it says nothing.
    pub rate: f64,
    /// Cleaned, with the namespace.
    pub name: &'a [u8],
    /// Cleaned.
    pub tags: &'a [u8],
}

/// What was added up.
#[derive(Clone, Debug, PartialEq)]
pub enum Sum {
    /// Of a count, or the last value of a gauge.
    Number(f64),
    /// The members of a set, cleaned.
    Members(HashSet<Box<[u8]>>),
    /// The values of another kind.
    Values(Vec<f64>),
}

/// A value to be added.
#[derive(Clone, Copy, Debug)]
pub enum Added<'a> {
    Number(f64),
    /// Cleaned.
    Member(&'a [u8]),
}

type Seeds = foldhash::fast::RandomState;

/// The sums of one client.
#[derive(Default)]
pub struct Sums {
    shards: [Mutex<Shard>; SHARDS],
    seeds: Seeds,
    /// How many there are.
    count: AtomicUsize,
}

#[derive(Default)]
struct Shard {
    sums: HashMap<Box<[u8]>, Sum, Seeds>,
    bytes: usize,
}

impl Sums {
    /// Adds a value. `false`: there is no room for it. `key` is for this call alone, a place that keeps its memory.
    pub fn add(&self, context: &Context<'_>, added: Added<'_>, key: &mut Vec<u8>) -> bool {
        context.write(key);
        let hash = self.seeds.hash_one(&key[..]);
        let Some(shard) = self.shards.get(hash as usize % SHARDS) else { return false };
        let mut shard = shard.lock();
        if shard.sums.contains_key(&key[..]) {
            return shard.grow(key, context.kind, added);
        }
        let bytes = key.len() + SUM_BYTES + added.bytes();
        if shard.sums.len() >= MOST_SUMS || shard.bytes + bytes > MOST_BYTES {
            return false;
        }
        shard.bytes += bytes;
        let first = match added {
            Added::Member(member) => Sum::Members(HashSet::from([member.into()])),
            Added::Number(value) if is_number(context.kind) => Sum::Number(value),
            Added::Number(value) => Sum::Values(vec![value]),
        };
        shard.sums.insert(key.as_slice().into(), first);
        self.count.fetch_add(1, Ordering::Relaxed);
        true
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.count.load(Ordering::Relaxed) == 0
    }

    /// Takes all sums out and calls `each` with them, no lock held.
    pub fn take(&self, mut each: impl FnMut(&Context<'_>, &Sum)) {
        for shard in &self.shards {
            let mut shard = shard.lock();
            let sums = std::mem::take(&mut shard.sums);
            shard.bytes = 0;
            self.count.fetch_sub(sums.len(), Ordering::Relaxed);
            drop(shard);
            for (key, sum) in &sums {
                if let Some(context) = Context::read(key) {
                    each(&context, sum);
                }
            }
        }
    }
}

fn is_number(kind: MetricKind) -> bool {
    matches!(kind, MetricKind::Count | MetricKind::Gauge)
}

impl Shard {
    fn grow(&mut self, key: &[u8], kind: MetricKind, added: Added<'_>) -> bool {
        let room = MOST_BYTES.saturating_sub(self.bytes);
        let Some(sum) = self.sums.get_mut(key) else { return false };
        match (sum, added) {
            (Sum::Number(sum), Added::Number(value)) if kind == MetricKind::Count => {
                // A sum that is not finite could not be sent.
                *sum = (*sum + value).clamp(f64::MIN, f64::MAX);
                true
            }
            (Sum::Number(last), Added::Number(value)) => {
                *last = value;
                true
            }
            (Sum::Values(values), Added::Number(value)) => {
                let has_room = values.len() < MOST_VALUES && room >= size_of::<f64>();
                if has_room {
                    values.push(value);
                    self.bytes += size_of::<f64>();
                }
                has_room
            }
            (Sum::Members(members), Added::Member(member)) => {
                let bytes = added.bytes();
                if members.contains(member) {
                    return true;
                }
                if bytes <= room {
                    members.insert(member.into());
                    self.bytes += bytes;
                }
                bytes <= room
            }
            _ => false,
        }
    }
}

impl Added<'_> {
    fn bytes(&self) -> usize {
        match self {
            Added::Number(_) => size_of::<f64>(),
            Added::Member(member) => member.len() + 32,
        }
    }
}

/// Kind, cardinality and rate, before name and tags.
const PREFIX: usize = 10;

impl Context<'_> {
    fn write(&self, key: &mut Vec<u8>) {
        key.clear();
        key.push(self.kind as u8);
        key.push(self.cardinality.map_or(0, |cardinality| cardinality as u8));
        key.extend_from_slice(&self.rate.to_ne_bytes());
        key.extend_from_slice(self.name);
        // Neither names nor tags have one.
        key.push(b'|');
        key.extend_from_slice(self.tags);
    }
}

impl<'a> Context<'a> {
    fn read(key: &'a [u8]) -> Option<Self> {
        let (prefix, texts) = key.split_at_checked(PREFIX)?;
        let (kind, prefix) = prefix.split_first()?;
        let (cardinality, rate) = prefix.split_first()?;
        let separator = texts.iter().position(|byte| *byte == b'|')?;
        let (name, tags) = texts.split_at(separator);
        Some(Context {
            kind: *MetricKind::ALL.get(usize::from(*kind))?,
            cardinality: Cardinality::of_number(*cardinality),
            rate: f64::from_ne_bytes(rate.try_into().ok()?),
            name,
            tags: tags.get(1..)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn context(kind: MetricKind, name: &'static str) -> Context<'static> {
        Context { kind, cardinality: None, rate: 1.0, name: name.as_bytes(), tags: b"a:b" }
    }

    fn taken(sums: &Sums) -> Vec<(String, Sum)> {
        let mut all = Vec::new();
        sums.take(|context, sum| {
            assert_eq!(context.tags, b"a:b");
            all.push((String::from_utf8(context.name.to_vec()).unwrap(), sum.clone()));
        });
        all.sort_by(|one, other| one.0.cmp(&other.0));
        all
    }

    #[test]
    fn each_kind_adds_up_in_its_way() {
        let (sums, mut key) = (Sums::default(), Vec::new());
        assert!(sums.is_empty());
        for value in [1.0, 2.5] {
            assert!(sums.add(&context(MetricKind::Count, "count"), Added::Number(value), &mut key));
            assert!(sums.add(&context(MetricKind::Gauge, "gauge"), Added::Number(value), &mut key));
            assert!(sums.add(&context(MetricKind::Histogram, "histogram"), Added::Number(value), &mut key));
        }
        for member in [b"x", b"y", b"x"] {
            assert!(sums.add(&context(MetricKind::Set, "set"), Added::Member(member), &mut key));
        }
        assert!(!sums.is_empty());
        let members = HashSet::from([b"x"[..].into(), b"y"[..].into()]);
        let expected = [
            ("count", Sum::Number(3.5)),
            ("gauge", Sum::Number(2.5)),
            ("histogram", Sum::Values(vec![1.0, 2.5])),
            ("set", Sum::Members(members)),
        ];
        assert_eq!(taken(&sums), expected.map(|(name, sum)| (name.to_owned(), sum)));
        assert!(sums.is_empty() && taken(&sums).is_empty());
    }

    #[test]
    fn contexts_are_told_apart_and_read_back() {
        let (sums, mut key) = (Sums::default(), Vec::new());
        let base = context(MetricKind::Count, "n");
        let others = [
            base,
            Context { kind: MetricKind::Gauge, ..base },
            Context { cardinality: Some(Cardinality::Orchestrator), ..base },
            Context { rate: 0.25, ..base },
            Context { name: b"m", ..base },
            Context { tags: b"", ..base },
        ];
        others.iter().for_each(|context| assert!(sums.add(context, Added::Number(1.0), &mut key)));
        let mut seen = Vec::new();
        sums.take(|context, _| {
            let place = others.iter().position(|other| other == context);
            seen.push(place.unwrap());
        });
        seen.sort_unstable();
        assert_eq!(seen, [0, 1, 2, 3, 4, 5]);
    }

    #[test]
    fn sums_that_cannot_be_sent_do_not_arise() {
        let (sums, mut key) = (Sums::default(), Vec::new());
        for _ in 0..3 {
            assert!(sums.add(&context(MetricKind::Count, "n"), Added::Number(f64::MAX), &mut key));
        }
        assert_eq!(taken(&sums), [("n".to_owned(), Sum::Number(f64::MAX))]);
    }

    #[test]
    fn memory_is_bounded() {
        let (sums, mut key) = (Sums::default(), Vec::new());
        let mut added = 0;
        for number in 0..100_000 {
            let name = format!("metric.{number}");
            let context = Context { name: name.as_bytes(), ..context(MetricKind::Count, "") };
            added += usize::from(sums.add(&context, Added::Number(1.0), &mut key));
        }
        assert!(added <= SHARDS * MOST_SUMS && added > SHARDS * MOST_SUMS / 2, "{added}");
        sums.take(|_, _| ());
        let large = [b'x'; 10_000];
        let members = (0..1_000_u32).filter(|number| {
            let member = [&large[..], &number.to_ne_bytes()].concat();
            sums.add(&context(MetricKind::Set, "set"), Added::Member(&member), &mut key)
        });
        assert!(members.count() * large.len() <= MOST_BYTES);
    }
}
