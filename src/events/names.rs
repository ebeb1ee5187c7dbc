//! The events that the library itself publishes, all at places where time does not matter.

/// Their names.
pub mod event {
    /// A span was started: the handle of the span.
    pub const SPAN_START: &str = "trace.span_start";
    /// A span has its end time and can still be changed: the handle of the span.
    pub const SPAN_FINISH: &str = "trace.span_finish";
    /// Finished spans of a trace leave together: the handle of the chunk.
    pub const CHUNK_READY: &str = "trace.chunk_ready";
    /// A flush that somebody asked for has ended: whether everything was sent.
    pub const WRITER_FLUSH: &str = "writer.flush";
    /// A tracer got other settings: its handle.
    pub const TRACER_CONFIGURED: &str = "tracer.configured";
    /// A setting has another value: its name, the former value and the present one as text or nothing, and where it comes from.
    pub const CONFIG_CHANGED: &str = "config.changed";
    /// A file of remote configuration was delivered, or its result came later: product, path, and the number of its state.
    pub const RC_APPLIED: &str = "rc.applied";
    /// A file of remote configuration is not active any more: product and path.
    pub const RC_REMOVED: &str = "rc.removed";
    /// A request of telemetry has ended: its type, and the status of the answer, 0 if there was none.
    pub const TELEMETRY_SENT: &str = "telemetry.sent";
    /// The process is about to be forked: its id. Published on the thread that forks.
    pub const FORK_PREPARE: &str = "fork.prepare";
    /// The process was forked, and is the parent: its id. Published on the thread that forked.
    pub const FORK_PARENT: &str = "fork.parent";
    /// A binding told telemetry of an integration: its name, and whether it works.
    pub const INTEGRATION_PATCHED: &str = "integration.patched";
    /// A forked child has begun to use the library: the id of the process.
    pub const FORK_CHILD: &str = "fork.child";
    /// A service of the program was started: its name.
    pub const SERVICE_STARTED: &str = "service.started";
    /// A service of the program has ended: its name.
    pub const SERVICE_STOPPED: &str = "service.stopped";
    /// Before the name of an execution that begins: its handle.
    pub const EXECUTION_STARTED: &str = "context.started.";
    /// Before the name of an execution that has ended: its handle, and the error if there was one.
    pub const EXECUTION_ENDED: &str = "context.ended.";
}
