//! The fixed part of a record.

use super::Extra;

/// Bits of [`Head::flags`].
pub mod flag {
    /// The span failed.
    pub const ERROR: u32 = 1;
    /// No parent in this process.
    pub const LOCAL_ROOT: u32 = 1 << 1;
    /// No local parent, or another service than the parent's.
    pub const TOP_LEVEL: u32 = 1 << 2;
    /// The configured version applies.
    pub const VERSION: u32 = 1 << 3;
    /// The service was given explicitly, here or to the parent that it was inherited from.
    pub const SERVICE_GIVEN: u32 = 1 << 4;
    /// Start was given by the caller, so the duration is end minus start.
    pub const START_GIVEN: u32 = 1 << 5;
    /// The tags that the library adds to every span were copied into the record, because one of them was removed.
    pub const LIBRARY_TAGS_COPIED: u32 = 1 << 6;
    /// Status OK was set, which is final.
    pub const STATUS_OK: u32 = 1 << 7;
    /// Status ERROR was set.
    pub const STATUS_ERROR: u32 = 1 << 8;
    /// Begun through the OpenTelemetry API: some attributes stand for fields, and the name follows from kind and attributes.
    pub const OTEL: u32 = 1 << 9;
    /// Begun through the OpenTracing API.
    pub const OPENTRACING: u32 = 1 << 10;
    /// The attributes of a span of the OpenTelemetry API stay as they are (`DD_TRACE_OTEL_SEMANTICS_ENABLED`).
    pub const OTEL_SEMANTICS: u32 = 1 << 11;
    /// The name of a span of the OpenTelemetry API was given, and does not follow from anything.
    pub const NAME_GIVEN: u32 = 1 << 12;
    /// The service is the default of an integration, here or of the parent that it was inherited from.
    pub const SERVICE_OF_INTEGRATION: u32 = 1 << 13;
    /// The local root has the configured service: only then the configured version applies to any span of the segment.
    pub const ROOT_VERSION: u32 = 1 << 14;
    /// The tag `http.status_code` was set.
    pub const HTTP_STATUS: u32 = 1 << 15;
}

/// The fixed-size part of a record. Lengths are in bytes of the encoded runs.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct Head {
    /// The span.
    pub span_id: u64,
    /// Its parent, 0 for none.
    pub parent_id: u64,
    /// Unix time in nanoseconds.
    pub start_ns: i64,
    /// Nanoseconds, never negative.
    pub duration_ns: i64,
    /// One bit per key of the tags (`key_bit`): a bit that is not set proves that the key is absent.
    pub key_filter: u64,
    /// Hash of the service, 0 while it is the configured one.
    pub service_hash: u64,
    /// Links, events and structured tags; null for none. A finished record owns it.
    pub extra: *mut Extra,
    /// The span's number in its segment, by start.
    pub start_number: u32,
    /// Bits of [`flag`].
    pub flags: u32,
    /// 1 + the number of the single-span sampling rule that kept the span; 0 for none.
    pub span_rule: u32,
    /// Encoded length of each field, 0 while it is not set.
    pub field_len: [u32; 4],
    /// Encoded length of all fields.
    pub fields_len: u32,
    /// Length of the string tags.
    pub text_len: u32,
    /// Length of the numeric tags.
    pub number_len: u32,
    /// How many string tags.
    pub text_count: u32,
    /// How many numeric tags.
    pub number_count: u32,
}

/// The fields of a span, in the order in which a record has them. The service is first, because a child may inherit it before anything else is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(usize)]
pub enum Field {
    /// Service.
    Service = 0,
    /// Operation name.
    Name = 1,
    /// Resource.
    Resource = 2,
    /// Type.
    Type = 3,
}

impl Head {
    /// A head without anything.
    pub const EMPTY: Head = Head {
        span_id: 0,
        parent_id: 0,
        start_ns: 0,
        duration_ns: 0,
        key_filter: 0,
        service_hash: 0,
        extra: std::ptr::null_mut(),
        start_number: 0,
        flags: 0,
        span_rule: 0,
        field_len: [0; 4],
        fields_len: 0,
        text_len: 0,
        number_len: 0,
        text_count: 0,
        number_count: 0,
    };

    /// Whether a flag is set; of several, whether any is.
    #[inline]
    pub fn has(&self, flag: u32) -> bool {
        self.flags & flag != 0
    }

    /// Sets or clears a flag.
    #[inline]
    pub fn set_flag(&mut self, flag: u32, on: bool) {
        if on { self.flags |= flag } else { self.flags &= !flag }
    }

    /// Length of all runs.
    #[inline]
    pub fn runs_len(&self) -> usize {
        (self.fields_len + self.text_len + self.number_len) as usize
    }

    /// End of the span, Unix time in nanoseconds.
    #[inline]
    pub fn end_ns(&self) -> i64 {
        self.start_ns.saturating_add(self.duration_ns)
    }
}
