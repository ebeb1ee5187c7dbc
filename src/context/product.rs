//! Products besides tracing that keep traces, and the mask of products (`_dd.p.ts`) by which a trace tells what it is for.

use super::mechanism;
use std::sync::atomic::{AtomicU32, Ordering};

/// The mask of products.
pub const PRODUCTS: &str = "_dd.p.ts";

/// Tracing's own bit of the mask.
const TRACING: u32 = 0x01;

/// Products that work in this process, as bits of the mask.
static ACTIVE: AtomicU32 = AtomicU32::new(0);

/// A product that keeps traces. The numbers are its bits in the mask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum Product {
    /// Application security.
    AppSec = 0x02,
    /// The guard of language models.
    AiGuard = 0x20,
}

impl Product {
    /// Its bit in the mask.
    pub const fn bit(self) -> u32 {
        self as u32
    }

    /// The product of a bit.
    pub const fn of_bit(bit: u32) -> Option<Product> {
        match bit {
            0x02 => Some(Product::AppSec),
            0x20 => Some(Product::AiGuard),
            _ => None,
        }
    }

    /// The sampling mechanism of what it keeps.
    pub(super) const fn mechanism(self) -> u8 {
        match self {
            Product::AppSec => mechanism::APPSEC,
            Product::AiGuard => mechanism::AI_GUARD,
        }
    }
}

/// Says which products work in this process. Where APM tracing is off, traces that were kept for one of them are kept here, too.
pub fn set_active_products(mask: u32) {
    ACTIVE.store(mask & !TRACING, Ordering::Relaxed);
}

/// The products that work in this process.
pub fn active_products() -> u32 {
    ACTIVE.load(Ordering::Relaxed)
}

/// Reads a mask: two to eight hexadecimal digits.
pub fn parse_products(text: &str) -> Option<u32> {
    let is_mask = (2..=8).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    u32::from_str_radix(text, 16).ok().filter(|_| is_mask)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mask_has_two_to_eight_digits() {
        for (text, mask) in [("02", 2), ("22", 0x22), ("0A", 10), ("ffffffff", u32::MAX), ("00000020", 0x20), ("00", 0)] {
            assert_eq!(parse_products(text), Some(mask), "{text}");
        }
        for text in ["", "2", "000000002", "0x02", "+2", "-2", " 02", "zz"] {
            assert_eq!(parse_products(text), None, "{text}");
        }
    }
}
