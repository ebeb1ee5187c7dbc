//! Services other than the configured one that spans name: remote configuration and telemetry ask for them.
//!
//! A thread remembers by their hashes which services it has seen, and tells the pipeline of a new one once.

use crate::lock::Mutex;

/// No more are remembered.
const MOST: usize = 64;
/// Longer names are cut.
const LONGEST: usize = 200;

/// All that were seen in a pipeline.
#[derive(Debug, Default)]
pub struct ExtraServices(Mutex<Vec<String>>);

impl ExtraServices {
    /// Remembers a service.
    pub fn add(&self, service: &str) {
        let service: String = service.chars().take(LONGEST).collect();
        let mut all = self.0.lock();
        if !service.is_empty() && all.len() < MOST && !all.contains(&service) {
            all.push(service);
        }
    }

    /// Those that were seen, in that order.
    pub fn all(&self) -> Vec<String> {
        self.0.lock().clone()
    }
}

/// Those that one thread has seen.
#[derive(Debug, Default)]
pub(super) struct SeenServices {
    last: u64,
    /// Sorted.
    hashes: Vec<u64>,
}

impl SeenServices {
    /// Whether a service is the one that was seen last.
    #[inline]
    pub(super) fn was_last(&self, hash: u64) -> bool {
        self.last == hash
    }

    /// Whether a service was seen before, or cannot be remembered.
    pub(super) fn has(&mut self, hash: u64) -> bool {
        let Err(place) = self.hashes.binary_search(&hash) else {
            self.last = hash;
            return true;
        };
        if self.hashes.len() >= MOST {
            return true;
        }
        self.hashes.insert(place, hash);
        self.last = hash;
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn at_most_64_services_are_remembered_once_each() {
        let (services, mut seen) = (ExtraServices::default(), SeenServices::default());
        for round in 0..3 {
            for number in 0..100u64 {
                if !seen.has(2 * number + 1) {
                    assert_eq!(round, 0);
                    services.add(&format!("service {number}"));
                }
            }
        }
        assert_eq!(services.all().len(), 64);
        assert_eq!(services.all()[63], "service 63");
        services.add("service 1");
        assert_eq!(services.all().len(), 64);
    }
}
