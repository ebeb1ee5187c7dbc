//! What a log line says to be found with its trace: `dd.trace_id`, `dd.span_id`, `dd.service`, `dd.version`, `dd.env`.
//!
//! A trace id of more than 64 bits is 32 lowercase hexadecimal digits, any other is decimal, as all of them are, in their lower half, if
//! `DD_TRACE_128_BIT_TRACEID_LOGGING_ENABLED` is off. Span ids are decimal. Ids are `0` when there is no span or tracing is disabled;
//! the others are empty when they are not set.

use crate::config::Settings;
use std::io::{Cursor, Write};

/// The longest: 32 hexadecimal digits.
const ID_BYTES: usize = 40;

/// The five fields.
pub struct LogCorrelation<'a> {
    settings: &'a Settings,
    trace_id: u128,
    span_id: u64,
}

impl<'a> LogCorrelation<'a> {
    /// The fields of a span or context, `None` for nothing.
    pub fn new(settings: &'a Settings, ids: Option<(u128, u64)>) -> Self {
        let (trace_id, span_id) = ids.filter(|_| settings.enabled).unwrap_or_default();
        LogCorrelation { settings, trace_id, span_id }
    }

    /// Calls `field` with name and value of each.
    pub fn each(&self, mut field: impl FnMut(&str, &str)) {
        let identity = &self.settings.identity;
        let mut digits = [0; ID_BYTES];
        field("dd.trace_id", self.trace_id_text(&mut digits));
        field("dd.span_id", write_digits(&mut digits, format_args!("{}", self.span_id)));
        field("dd.service", &identity.service);
        field("dd.version", identity.version.as_deref().unwrap_or_default());
        field("dd.env", identity.env.as_deref().unwrap_or_default());
    }

    fn trace_id_text<'d>(&self, digits: &'d mut [u8; ID_BYTES]) -> &'d str {
        if self.settings.logging.show_128_bit_trace_ids && self.trace_id > u128::from(u64::MAX) {
            return write_digits(digits, format_args!("{:032x}", self.trace_id));
        }
        write_digits(digits, format_args!("{}", self.trace_id as u64))
    }
}

fn write_digits<'d>(digits: &'d mut [u8; ID_BYTES], number: std::fmt::Arguments<'_>) -> &'d str {
    let mut cursor = Cursor::new(&mut digits[..]);
    // It fits.
    let _ = cursor.write_fmt(number);
    let len = usize::try_from(cursor.position()).unwrap_or(0);
    let written = digits.get(..len).unwrap_or_default();
    std::str::from_utf8(written).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::ConfigBuilder;
    use std::sync::Arc;

    fn fields(settings: &[(&str, &str)], ids: Option<(u128, u64)>) -> Vec<(String, String)> {
        let mut builder = ConfigBuilder::new();
        builder.set_env_lookup(Arc::new(|_: &str| None));
        settings.iter().for_each(|(name, value)| builder.set(name, value).unwrap());
        let config = builder.resolve();
        let mut fields = Vec::new();
        LogCorrelation::new(&config.settings, ids).each(|name, value| fields.push((name.into(), value.into())));
        fields
    }

    fn values(settings: &[(&str, &str)], ids: Option<(u128, u64)>) -> Vec<String> {
        fields(settings, ids).into_iter().map(|(_, value)| value).collect()
    }

    const WIDE: u128 = 0x640c_fd8d_0000_0000_abcd_ef01_2345_6789;

    #[test]
    fn names_come_in_their_order() {
        let names: Vec<_> = fields(&[], None).into_iter().map(|(name, _)| name).collect();
        assert_eq!(names, ["dd.trace_id", "dd.span_id", "dd.service", "dd.version", "dd.env"]);
    }

    #[test]
    fn wide_ids_are_hexadecimal_and_others_decimal() {
        assert_eq!(values(&[], Some((WIDE, 7)))[..2], ["640cfd8d00000000abcdef0123456789", "7"]);
        assert_eq!(values(&[], Some((1 << 64, 7)))[0], "00000000000000010000000000000000");
        let largest = (u128::from(u64::MAX), u64::MAX);
        assert_eq!(values(&[], Some(largest))[..2], ["18446744073709551615", "18446744073709551615"]);
    }

    #[test]
    fn the_lower_half_is_enough_if_the_user_says_so() {
        let setting = [("DD_TRACE_128_BIT_TRACEID_LOGGING_ENABLED", "false")];
        assert_eq!(values(&setting, Some((WIDE, 7)))[0], "12379813738877118345");
    }

    #[test]
    fn ids_are_zero_without_a_span_or_without_tracing() {
        assert_eq!(values(&[], None)[..2], ["0", "0"]);
        assert_eq!(values(&[("DD_TRACE_ENABLED", "false")], Some((WIDE, 7)))[..2], ["0", "0"]);
    }

    #[test]
    fn service_version_and_env_are_the_configured_ones() {
        let settings = [("DD_SERVICE", "shop"), ("DD_VERSION", "1.2"), ("DD_ENV", "prod")];
        assert_eq!(values(&settings, None)[2..], ["shop", "1.2", "prod"]);
        assert_eq!(values(&[("DD_SERVICE", "shop")], None)[2..], ["shop", "", ""]);
    }
}
