//! OpenTelemetry's consistent probability sampling (<https://opentelemetry.io/docs/specs/otel/trace/tracestate-probability-sampling/>): the
//! randomness of a trace and the threshold of its sampler, 56 bits each. A trace is kept if its randomness is not below the threshold.
//!
//! Both follow from the hash that decides here; where they would contradict the decision, for the thresholds are not quite the same, the
//! randomness is moved to the near side.

use super::hash::{hash, keeps};
use crate::context::{Decision, mechanism};

/// The largest value.
const MOST: u64 = (1 << 56) - 1;

/// What the decision about a trace says to samplers of OpenTelemetry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConsistentSampling {
    /// The randomness, `rv`.
    pub randomness: u64,
    /// The threshold, `th`; `None` where a forced decision replaced the one by probability.
    pub threshold: Option<u64>,
}

impl ConsistentSampling {
    /// `None` for decisions that were not made here by probability, or that the rate limiter overturned.
    #[inline]
    pub fn of(decision: &Decision, trace_id_low: u64) -> Option<Self> {
        // Where nobody says otherwise, everything is kept.
        if decision.mechanism == Some(mechanism::DEFAULT) && decision.rate.is_none() && decision.is_kept() {
            return Some(ConsistentSampling { randomness: !hash(trace_id_low) >> 8, threshold: Some(0) });
        }
        Self::of_rate(decision, trace_id_low)
    }

    #[inline(never)]
    fn of_rate(decision: &Decision, trace_id_low: u64) -> Option<Self> {
        if let Some(rate) = decision.probability() {
            let by_hash = keeps(rate, trace_id_low);
            let (randomness, threshold) = reconciled(rate, trace_id_low, by_hash);
            return (by_hash == decision.is_kept()).then_some(ConsistentSampling { randomness, threshold: Some(threshold) });
        }
        let replaced = decision.replaced_probability()?;
        let (randomness, _) = reconciled(replaced, trace_id_low, keeps(replaced, trace_id_low));
        Some(ConsistentSampling { randomness, threshold: None })
    }
}

fn reconciled(rate: f64, trace_id_low: u64, is_kept: bool) -> (u64, u64) {
    let randomness = !hash(trace_id_low) >> 8;
    let threshold = if rate >= 1.0 { 0 } else { (((1.0 - rate) * (MOST + 1) as f64).round() as u64).min(MOST) };
    let randomness = if is_kept { randomness.max(threshold) } else { randomness.min(threshold.saturating_sub(1)) };
    (randomness, threshold)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn by_rule(rate: f64, id: u64) -> Decision {
        let priority = if keeps(rate, id) { 2 } else { -1 };
        Decision { priority, mechanism: Some(mechanism::LOCAL_RULE), rate: Some(rate), limit_rate: None }
    }

    fn pair(rate: f64, id: u64) -> (u64, u64) {
        let sampling = ConsistentSampling::of(&by_rule(rate, id), id).unwrap();
        (sampling.randomness, sampling.threshold.unwrap())
    }

    #[test]
    fn randomness_is_the_hash_turned_around() {
        for (id, randomness) in [
            (1, 0xf0948a54d43b8e),
            (10, 0x65cd67504a538e),
            (100, 0xfa060922e7438e),
            (1000, 0xc43c5b5d08a38e),
            (u64::MAX, 0x0f6b75ab2bc471),
            (18444899399302180863, 0xef284ace7a91e1),
            (18444899399302180862, 0xfe93c079a65653),
            (83, 0x0028d980cf4f1c),
            (9223372036854775809, 0x70948a54d43b8e),
            (5198373796167680436, 0x7188fdce730439),
        ] {
            assert_eq!(pair(1.0, id), (randomness, 0), "{id}");
        }
    }

    #[test]
    fn thresholds_are_the_share_that_is_dropped() {
        for (rate, threshold) in [
            (0.99, 0x028f5c28f5c290),
            (0.75, 0x40000000000000),
            (0.5, 0x80000000000000),
            (0.25, 0xc0000000000000),
            (0.2, 0xccccccccccccd0),
            (0.1, 0xe6666666666668),
            (0.05, 0xf3333333333330),
            (0.01, 0xfd70a3d70a3d70),
            (1.0, 0),
            (0.0, MOST),
            (1e-18, MOST),
        ] {
            assert_eq!(pair(rate, 10).1, threshold, "{rate}");
        }
    }

    #[test]
    fn randomness_agrees_with_the_decision_at_the_border() {
        assert_eq!(pair(0.1, 0x03A9_3EE8_B199_9F00), (0xe6666666666668, 0xe6666666666668));
        assert_eq!(pair(0.05, 5401449561355763072), (0xf333333333332f, 0xf3333333333330));
        for rate in [0.0, 0.000001, 0.01, 0.1, 0.5, 0.9, 0.999999, 1.0] {
            for id in (0..1000).map(|n: u64| n.wrapping_mul(0x9e37_79b9_7f4a_7c15)) {
                let (randomness, threshold) = pair(rate, id);
                assert_eq!(randomness >= threshold, keeps(rate, id), "{id} at {rate}");
                assert!(randomness <= MOST);
            }
        }
    }

    #[test]
    fn no_information_is_the_rate_1() {
        let decision = Decision { rate: None, mechanism: Some(mechanism::DEFAULT), ..by_rule(1.0, 1) };
        let sampling = ConsistentSampling::of(&decision, 1);
        assert_eq!(sampling, Some(ConsistentSampling { randomness: 0xf0948a54d43b8e, threshold: Some(0) }));
    }

    #[test]
    fn decisions_that_are_none_by_probability_say_nothing() {
        let with = |priority, mechanism, rate| Decision { priority, mechanism, rate, limit_rate: None };
        for decision in [
            Decision::inherited(1),
            with(2, Some(mechanism::MANUAL), None),
            with(2, Some(mechanism::APPSEC), None),
            with(1, Some(mechanism::APPSEC), None),
            // The limiter turned a keep into a drop.
            with(-1, Some(mechanism::LOCAL_RULE), Some(1.0)),
        ] {
            assert_eq!(ConsistentSampling::of(&decision, 1), None, "{decision:?}");
        }
    }

    #[test]
    fn a_forced_decision_keeps_the_randomness_of_the_one_that_it_replaced() {
        let forced = Decision { priority: 2, mechanism: Some(mechanism::MANUAL), rate: Some(0.1), limit_rate: None };
        let sampling = ConsistentSampling::of(&forced, 10);
        assert_eq!(sampling, Some(ConsistentSampling { randomness: 0x65cd67504a538e, threshold: None }));
    }
}
