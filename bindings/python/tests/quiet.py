"""Settings of tracers in tests: no thread, no request, no message that a test does not ask for."""

QUIET = {
    "DD_SERVICE": "tests",
    "DD_INSTRUMENTATION_TELEMETRY_ENABLED": "false",
    "DD_REMOTE_CONFIGURATION_ENABLED": "false",
    "DD_TRACE_STARTUP_LOGS": "false",
}
