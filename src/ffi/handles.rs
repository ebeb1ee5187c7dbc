//! The opaque types that handles point to, and the numbers of their kinds.
//!
//! A handle is the address of a slot with the slot's generation in its low bits; what stands there is not for C to know, and these types
//! are never dereferenced. They have no `repr(C)`, which makes cbindgen declare them without a body.

/// Settings for tracers and propagators.
pub struct ddtrace_config {
    _private: [u8; 0],
}

/// Makes spans and sends them.
pub struct ddtrace_tracer {
    _private: [u8; 0],
}

/// One timed operation.
pub struct ddtrace_span {
    _private: [u8; 0],
}

/// What a trace carries from one service to the next: ids, sampling decision, origin, propagated tags, baggage.
pub struct ddtrace_context {
    _private: [u8; 0],
}

/// Reads contexts from headers and writes them.
pub struct ddtrace_propagator {
    _private: [u8; 0],
}

/// Remembers the active span.
pub struct ddtrace_provider {
    _private: [u8; 0],
}

/// Where finished spans go.
pub struct ddtrace_exporter {
    _private: [u8; 0],
}

/// Why a call failed, in words.
pub struct ddtrace_error {
    _private: [u8; 0],
}

/// One HTTP request that the host sends for the library.
pub struct ddtrace_exchange {
    _private: [u8; 0],
}

/// Is told of spans that start and finish.
pub struct ddtrace_processor {
    _private: [u8; 0],
}

/// Changes or drops what is about to be sent.
pub struct ddtrace_filter {
    _private: [u8; 0],
}

/// Finished spans of one trace that leave together.
pub struct ddtrace_chunk {
    _private: [u8; 0],
}

/// Service and tags that belong to one object of the program.
pub struct ddtrace_pin {
    _private: [u8; 0],
}

/// Sends metrics, events and checks by DogStatsD.
pub struct ddtrace_statsd {
    _private: [u8; 0],
}

/// A metric of telemetry that was looked up.
pub struct ddtrace_telemetry_metric {
    _private: [u8; 0],
}

/// Something that goes on in the program.
pub struct ddtrace_execution {
    _private: [u8; 0],
}

/// What listeners to an event answered.
pub struct ddtrace_event_results {
    _private: [u8; 0],
}

/// Work of the program that is done again and again on a thread of its own.
pub struct ddtrace_service {
    _private: [u8; 0],
}

/// For `ddtrace_live_handles`: handles of all kinds.
pub const DDTRACE_HANDLE_ANY: i32 = 0;
/// For `ddtrace_live_handles`: configurations.
pub const DDTRACE_HANDLE_CONFIG: i32 = 1;
/// For `ddtrace_live_handles`: tracers.
pub const DDTRACE_HANDLE_TRACER: i32 = 2;
/// For `ddtrace_live_handles`: spans.
pub const DDTRACE_HANDLE_SPAN: i32 = 3;
/// For `ddtrace_live_handles`: contexts.
pub const DDTRACE_HANDLE_CONTEXT: i32 = 4;
/// For `ddtrace_live_handles`: propagators.
pub const DDTRACE_HANDLE_PROPAGATOR: i32 = 5;
/// For `ddtrace_live_handles`: providers of the active span.
pub const DDTRACE_HANDLE_PROVIDER: i32 = 6;
/// For `ddtrace_live_handles`: exporters.
pub const DDTRACE_HANDLE_EXPORTER: i32 = 7;
/// For `ddtrace_live_handles`: errors.
pub const DDTRACE_HANDLE_ERROR: i32 = 8;
/// For `ddtrace_live_handles`: exchanges.
pub const DDTRACE_HANDLE_EXCHANGE: i32 = 9;
/// For `ddtrace_live_handles`: processors.
pub const DDTRACE_HANDLE_PROCESSOR: i32 = 10;
/// For `ddtrace_live_handles`: filters.
pub const DDTRACE_HANDLE_FILTER: i32 = 11;
/// For `ddtrace_live_handles`: chunks.
pub const DDTRACE_HANDLE_CHUNK: i32 = 12;
/// For `ddtrace_live_handles`: pins.
pub const DDTRACE_HANDLE_PIN: i32 = 13;
/// For `ddtrace_live_handles`: clients of DogStatsD.
pub const DDTRACE_HANDLE_STATSD: i32 = 20;
/// For `ddtrace_live_handles`: metrics of telemetry.
pub const DDTRACE_HANDLE_TELEMETRY_METRIC: i32 = 14;
/// For `ddtrace_live_handles`: executions.
pub const DDTRACE_HANDLE_EXECUTION: i32 = 24;
/// For `ddtrace_live_handles`: answers to events.
pub const DDTRACE_HANDLE_EVENT_RESULTS: i32 = 25;
/// For `ddtrace_live_handles`: services.
pub const DDTRACE_HANDLE_SERVICE: i32 = 26;
