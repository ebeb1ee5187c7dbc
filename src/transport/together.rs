//! Several transports that end together.

use super::{Request, Response, Transport, TransportError};
use std::sync::Arc;

/// A transport, and others of the same service, which are interrupted with it.
pub struct Together {
    /// The one that sends what is sent by this.
    pub first: Arc<dyn Transport>,
    /// The others.
    pub others: Vec<Arc<dyn Transport>>,
}

impl Transport for Together {
    fn send(&self, request: &Request<'_>) -> Result<Response, TransportError> {
        self.first.send(request)
    }

    fn interrupt(&self) {
        self.first.interrupt();
        self.others.iter().for_each(|other| other.interrupt());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU32, Ordering};

    #[derive(Default)]
    struct Counting {
        sent: AtomicU32,
        interrupted: AtomicU32,
    }

    impl Transport for Counting {
        fn send(&self, _: &Request<'_>) -> Result<Response, TransportError> {
            self.sent.fetch_add(1, Ordering::Relaxed);
            Err(TransportError::Interrupted)
        }

        fn interrupt(&self) {
            self.interrupted.fetch_add(1, Ordering::Relaxed);
        }
    }

    #[test]
    fn the_first_sends_and_all_are_interrupted() {
        let all: [Arc<Counting>; 3] = Default::default();
        let [first, second, third] = all.clone().map(|one| one as Arc<dyn Transport>);
        let together = Together { first, others: vec![second, third] };
        let request =
            Request { method: "GET", path: "/", headers: &[], body: &[], timeout: std::time::Duration::ZERO, response_limit: 1 };
        assert!(together.send(&request).is_err());
        together.interrupt();
        let seen = all.map(|one| (one.sent.load(Ordering::Relaxed), one.interrupted.load(Ordering::Relaxed)));
        assert_eq!(seen, [(1, 1), (0, 1), (0, 1)]);
    }
}
