//! Lines gather in a payload; full payloads wait in a bounded queue. The newest are dropped where it is full.

use super::options::Limits;
use std::collections::VecDeque;

/// Buffers that are kept for the next payloads.
const MOST_SPARE: usize = 16;

/// What became of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Appended {
    /// Whether a first payload is full now, so that there is something to send at once.
    pub is_due: bool,
    /// Bytes of the payload that found the queue full.
    pub dropped: Option<usize>,
}

/// The payloads of one client.
#[derive(Debug)]
pub struct Payloads {
    limits: Limits,
    current: Vec<u8>,
    full: VecDeque<Vec<u8>>,
    spare: Vec<Vec<u8>>,
}

impl Payloads {
    pub fn new(limits: Limits) -> Self {
        Payloads { limits, current: Vec::new(), full: VecDeque::new(), spare: Vec::new() }
    }

    /// Adds a line, which is no longer than a message may be.
    pub fn append(&mut self, line: &[u8]) -> Appended {
        let was_due = !self.full.is_empty();
        let mut dropped = None;
        // With the line break in between.
        if !self.current.is_empty() && self.current.len() + 1 + line.len() > self.limits.payload {
            dropped = self.finish();
        }
        if !self.current.is_empty() {
            self.current.push(b'\n');
        }
        self.current.extend_from_slice(line);
        if self.current.len() >= self.limits.payload {
            dropped = dropped.or(self.finish());
        }
        Appended { is_due: !was_due && !self.full.is_empty(), dropped }
    }

    /// Ends the payload that is begun, if there is one. Returns its bytes if the queue is full.
    pub fn finish(&mut self) -> Option<usize> {
        if self.current.is_empty() {
            return None;
        }
        if self.full.len() >= self.limits.queue {
            let dropped = self.current.len();
            self.current.clear();
            return Some(dropped);
        }
        let next = self.spare.pop().unwrap_or_default();
        self.full.push_back(std::mem::replace(&mut self.current, next));
        None
    }

    /// The oldest payload that waits.
    pub fn take(&mut self) -> Option<Vec<u8>> {
        self.full.pop_front()
    }

    /// Gives a buffer back.
    pub fn reuse(&mut self, mut buffer: Vec<u8>) {
        if self.spare.len() < MOST_SPARE && buffer.capacity() <= 2 * self.limits.payload {
            buffer.clear();
            self.spare.push(buffer);
        }
    }

    /// Whether nothing waits.
    pub fn is_empty(&self) -> bool {
        self.current.is_empty() && self.full.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn payloads(queue: usize) -> Payloads {
        Payloads::new(Limits { payload: 10, message: 30, queue })
    }

    fn all(payloads: &mut Payloads) -> Vec<String> {
        std::iter::from_fn(|| payloads.take()).map(|payload| String::from_utf8(payload).unwrap()).collect()
    }

    #[test]
    fn lines_share_a_payload_up_to_its_size() {
        let mut payloads = payloads(8);
        let nothing = Appended { is_due: false, dropped: None };
        assert_eq!(payloads.append(b"abcd"), nothing);
        assert_eq!(payloads.append(b"efgh"), nothing);
        assert_eq!(payloads.append(b"i"), Appended { is_due: true, dropped: None });
        assert_eq!(payloads.append(b"0123456789"), nothing, "what waits is due already");
        assert_eq!(payloads.append(b"far too long for it"), nothing);
        assert_eq!(payloads.append(b"j"), nothing);
        assert_eq!(payloads.finish(), None);
        assert_eq!(all(&mut payloads), ["abcd\nefgh", "i", "0123456789", "far too long for it", "j"]);
        assert!(payloads.is_empty());
        assert_eq!(payloads.finish(), None);
    }

    #[test]
    fn where_the_queue_is_full_the_newest_is_dropped() {
        let mut payloads = payloads(2);
        let dropped: usize = (0..5).filter_map(|_| payloads.append(b"0123456789").dropped).sum();
        assert_eq!(dropped, 30);
        assert_eq!(all(&mut payloads).len(), 2);
        payloads.append(b"a");
        assert!(!payloads.is_empty());
    }

    #[test]
    fn buffers_are_used_again_unless_they_are_large() {
        let mut payloads = payloads(2);
        payloads.reuse(Vec::with_capacity(20));
        payloads.reuse(Vec::with_capacity(500));
        assert_eq!(payloads.spare.len(), 1);
        (0..100).for_each(|_| payloads.reuse(Vec::new()));
        assert_eq!(payloads.spare.len(), MOST_SPARE);
    }
}
