/* SPDX-License-Identifier: Apache-2.0
 *
 * The library, loaded when the package is imported. `dd.span_start(…)` is `ddtrace_span_start(…)`. */
#ifndef LIBDDTRACE_PYTHON_API_H
#define LIBDDTRACE_PYTHON_API_H

#include <ddtrace.h>

/* Every function of the library that this extension calls. */
#define DDTRACE_FUNCTIONS(X)                                                                                                              \
    X(version) X(abi_version) X(live_handles) X(id_generate64) X(id_generate128) X(runtime_id) X(status_text)                             \
    X(set_log_callback) X(error_message) X(error_free)                                                                                    \
    X(config_new) X(config_set) X(config_unset) X(config_get) X(config_origin) X(config_each) X(config_each_warning)                      \
    X(config_set_exporter) X(config_integration_get) X(config_free)                                                                                                 \
    X(tracer_new) X(tracer_ref) X(tracer_free) X(tracer_flush) X(tracer_shutdown) X(tracer_config_get) X(tracer_config_origin)            \
    X(tracer_startup_json) X(tracer_get_exporter) X(tracer_counters) X(tracer_configure) X(tracer_set_remote_sampling) X(tracer_sample)   \
    X(tracer_refresh_agent_info) X(tracer_get_agent_info) X(tracer_on_config_change) X(tracer_remove_config_change)                       \
    X(tracer_add_processor) X(tracer_remove_processor) X(tracer_add_filter) X(tracer_remove_filter)                                       \
    X(tracer_is_http_error) X(tracer_limit_stack) X(tracer_add_extra_service) X(tracer_header_tag) X(tracer_clean_url)                    \
    X(tracer_obfuscate_query) X(tracer_client_ip) X(span_set_header_tags) X(pointer_hash)                                                 \
    X(span_start) X(span_finish) X(span_finish_with_ancestors) X(span_ref) X(span_free) X(span_get_ids) X(span_is_finished)               \
    X(span_set_name) X(span_set_service) X(span_set_resource) X(span_set_type) X(span_get_name) X(span_get_service)                       \
    X(span_get_resource) X(span_get_type) X(span_set_start) X(span_get_start) X(span_get_duration) X(span_set_kind) X(span_get_kind)      \
    X(span_set_status) X(span_get_status) X(span_set_error) X(span_is_error) X(span_set_exception) X(span_set_tag)                        \
    X(span_set_tag_f64) X(span_set_tag_i64) X(span_set_tag_bool) X(span_set_tags) X(span_unset_tag) X(span_get_tag)                       \
    X(span_get_tag_f64) X(span_set_meta_struct) X(span_each_tag) X(span_add_event) X(span_record_exception) X(span_add_link)              \
    X(span_link_span) X(span_link_context) X(span_add_pointer) X(span_to_json) X(span_is_recording) X(span_get_trace_flags)               \
    X(span_get_tracestate) X(span_get_context) X(span_set_baggage) X(span_get_baggage) X(span_unset_baggage) X(span_clear_baggage)        \
    X(span_replace_baggage) X(span_each_baggage) X(span_override_sampling) X(span_keep_for)                                               \
    X(context_new) X(context_ref) X(context_free) X(context_get_ids) X(context_is_empty) X(context_is_remote) X(context_get_priority)     \
    X(context_set_priority) X(context_unset_priority) X(context_get_origin) X(context_get_tag) X(context_copy) X(context_equals)          \
    X(context_to_json) X(context_from_json) X(context_set_baggage) X(context_get_baggage) X(context_unset_baggage)                        \
    X(context_clear_baggage) X(context_each_baggage) X(context_with_baggage_item) X(context_get_trace_flags) X(context_get_tracestate)    \
    X(context_set_user_id) X(context_get_user_id) X(before_fork)                                                                          \
    X(propagator_new) X(propagator_free) X(propagator_extract) X(propagator_inject_span) X(propagator_inject_context)                     \
    X(log_correlation_buffer)                                                                                                             \
    X(chunk_len) X(chunk_span_at) X(chunk_remove_at) X(chunk_drop) X(chunk_get_priority)                                                  \
    X(processor_new) X(processor_free) X(filter_new) X(filter_free)                                                                       \
    X(exporter_new_callbacks) X(exporter_console_new) X(exporter_file_new) X(exporter_memory_new) X(exporter_null_new) X(exporter_free)   \
    X(exporter_memory_json) X(exporter_memory_count) X(exporter_memory_clear)                                                             \
    X(hub_on) X(hub_off) X(hub_has_listeners) X(hub_dispatch)                                                                             \
    X(rc_subscribe) X(rc_unsubscribe) X(rc_acknowledge) X(rc_poll) X(rc_next_request) X(rc_process_response)                                                 \
    X(telemetry_add_config) X(telemetry_set_product) X(telemetry_log) X(telemetry_flush) X(telemetry_add_dependency)                      \
    X(telemetry_add_integration) X(telemetry_record) X(telemetry_get_stats)                                                               \
    X(statsd_new) X(statsd_free) X(statsd_flush) X(statsd_shutdown) X(statsd_send) X(statsd_send_event) X(statsd_send_check)              \
    X(statsd_get_address) X(statsd_get_counters) X(statsd_set_sink) X(tracer_get_statsd)

#define DDTRACE_MEMBER(name) __typeof__(ddtrace_##name) *name;
struct library {
    DDTRACE_FUNCTIONS(DDTRACE_MEMBER)
};
#undef DDTRACE_MEMBER

/* Complete, or the extension was not imported. */
extern struct library dd;

/* The file that was loaded. */
extern const char *library_path;

/* Loads the library from the first of `paths` that has it. -1 with an ImportError that says why each of them would not do. */
int library_load(const char *const *paths, size_t count);

#endif
