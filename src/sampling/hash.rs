//! The sampling hash: the same id gets the same answer from every Datadog library.
//!
//! The id is multiplied by a large odd number modulo 2^64, and the product is compared with the rate's share of the
//! 64-bit range. A higher rate keeps all that a lower one keeps.

/// Spreads ids that are not random over the 64-bit range.
const FACTOR: u64 = 1_111_111_111_111_111_111;

/// Whether `id` is kept at `rate`: the low 64 bits of a trace id, or the span id for single-span sampling.
///
/// A rate of 1 or more keeps everything; 0, less, and what is not a number keep nothing.
pub fn keeps(rate: f64, id: u64) -> bool {
    if rate >= 1.0 {
        return true;
    }
    rate > 0.0 && hash(id) <= threshold(rate)
}

/// The rate within 0 to 1; `None` for what is not a number.
pub(super) fn clamp_rate(rate: f64) -> Option<f64> {
    // `abs` turns -0 into 0, so that it is never reported as "-0".
    (!rate.is_nan()).then(|| rate.clamp(0.0, 1.0).abs())
}

#[inline]
pub(super) fn hash(id: u64) -> u64 {
    id.wrapping_mul(FACTOR)
}

/// The largest hash that is kept. The product is one of doubles, as in the other libraries, hence 2^64 as the range;
/// the conversion truncates and saturates.
fn threshold(rate: f64) -> u64 {
    (rate * u64::MAX as f64) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATES: [f64; 9] = [0.01, 0.05, 0.1, 0.2, 0.25, 0.5, 0.75, 0.9, 0.99];

    /// Id, its hash, and the first of `RATES` at which it is kept.
    const VECTORS: [(u64, u64, usize); 23] = [
        (1, 0x0f6b_75ab_2bc4_71c7, 2),
        (2, 0x1ed6_eb56_5788_e38e, 3),
        (3, 0x2e42_6101_834d_5555, 3),
        (10, 0x9a32_98af_b5ac_71c6, 6),
        (42, 0x87a1_4e15_2e3a_aaa6, 6),
        (100, 0x05f9_f6dd_18bc_71bc, 1),
        (1000, 0x3bc3_a4a2_f75c_7158, 4),
        (123_456_789, 0xd315_a707_c8f6_b053, 7),
        (4_294_967_296, 0x2bc4_71c7_0000_0000, 3),
        (4_611_686_018_427_387_903, 0xb094_8a54_d43b_8e39, 6),
        (4_611_686_018_427_387_905, 0xcf6b_75ab_2bc4_71c7, 7),
        (9_223_372_036_854_775_807, 0x7094_8a54_d43b_8e39, 5),
        (9_223_372_036_854_775_809, 0x8f6b_75ab_2bc4_71c7, 6),
        (18_444_899_399_302_180_860, 0xe295_5430_0220_c8e4, 7),
        (18_444_899_399_302_180_861, 0xf200_c9db_2de5_3aab, 8),
        (18_444_899_399_302_180_862, 0x016c_3f86_59a9_ac72, 0),
        (18_444_899_399_302_180_863, 0x10d7_b531_856e_1e39, 2),
        (18_446_744_073_709_551_615, 0xf094_8a54_d43b_8e39, 8),
        (12_345_678_901_234_567_890, 0x1a7d_6f2f_07b0_1b3e, 3),
        (5_401_449_561_355_763_072, 0x0ccc_cccc_cccc_ce80, 2),
        (0x03A9_3EE8_B199_9F00, 0x1999_9999_9999_9900, 2),
        (8_687_463_697_196_027_922, 0x2c86_2b61_c317_effe, 3),
        (1_212_121_212_121_212_121, 0xfcb6_6403_479b_2daf, 8),
    ];

    #[test]
    fn thresholds_are_the_truncated_product() {
        let expected: [(f64, u64); 11] = [
            (0.000_001, 18_446_744_073_709),
            (0.001, 18_446_744_073_709_552),
            (0.01, 184_467_440_737_095_520),
            (0.05, 922_337_203_685_477_632),
            (0.1, 1_844_674_407_370_955_264),
            (0.2, 3_689_348_814_741_910_528),
            (0.25, 4_611_686_018_427_387_904),
            (0.5, 9_223_372_036_854_775_808),
            (0.75, 13_835_058_055_282_163_712),
            (0.9, 16_602_069_666_338_596_864),
            (0.99, 18_262_276_632_972_455_936),
        ];
        for (rate, want) in expected {
            assert_eq!(threshold(rate), want, "rate {rate}");
        }
    }

    #[test]
    fn item_01_shared_vectors_are_kept_from_their_rate_on() {
        for (id, hashed, first) in VECTORS {
            assert_eq!(hash(id), hashed, "hash of {id}");
            for (index, rate) in RATES.into_iter().enumerate() {
                assert_eq!(keeps(rate, id), index >= first, "id {id} at {rate}");
            }
        }
    }

    #[test]
    fn no_shared_vector_is_kept_at_a_thousandth() {
        for (id, _, _) in VECTORS {
            assert!(!keeps(0.001, id), "id {id}");
            assert!(!keeps(0.000_001, id), "id {id}");
        }
    }

    #[test]
    fn half_rate_vectors() {
        let kept: [u64; 7] = [
            646_771_306_295_669_658,
            1_882_305_164_521_835_798,
            6_272_545_487_220_484_606,
            8_696_342_848_850_656_916,
            10_197_320_802_478_874_805,
            10_350_218_024_687_037_124,
            13_794_769_880_582_338_323,
        ];
        let dropped: [u64; 3] = [5_198_373_796_167_680_436, 12_078_589_664_685_934_330, 14_629_469_446_186_818_297];
        assert!(kept.into_iter().all(|id| keeps(0.5, id)));
        assert!(!dropped.into_iter().any(|id| keeps(0.5, id)));
    }

    #[test]
    fn a_hash_equal_to_the_threshold_is_kept() {
        // The factor's inverse modulo 2^64 finds the id whose hash is exactly the threshold.
        let mut inverse: u64 = 1;
        for _ in 0..6 {
            inverse = inverse.wrapping_mul(2u64.wrapping_sub(FACTOR.wrapping_mul(inverse)));
        }
        let at = threshold(0.5).wrapping_mul(inverse);
        let above = (threshold(0.5) + 1).wrapping_mul(inverse);
        assert!(keeps(0.5, at));
        assert!(!keeps(0.5, above));
    }

    #[test]
    fn rates_outside_the_range_keep_all_or_nothing() {
        for id in [0, 1, u64::MAX] {
            assert!(keeps(1.0, id));
            assert!(keeps(7.5, id));
            assert!(keeps(f64::INFINITY, id));
            assert!(!keeps(0.0, id));
            assert!(!keeps(-1.0, id));
            assert!(!keeps(f64::NAN, id));
        }
    }

    #[test]
    fn clamping_never_leaves_a_negative_zero() {
        assert_eq!(clamp_rate(-0.0).map(f64::is_sign_positive), Some(true));
        assert_eq!(clamp_rate(-3.0), Some(0.0));
        assert_eq!(clamp_rate(3.0), Some(1.0));
        assert_eq!(clamp_rate(0.25), Some(0.25));
        assert_eq!(clamp_rate(f64::NAN), None);
    }
}
