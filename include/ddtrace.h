/* SPDX-License-Identifier: Apache-2.0
 *
 * ddtrace.h: the C API of libddtrace. Generated from the library's source; do not edit.
 *
 * A program makes a tracer, starts spans with it, ends them, and shuts the tracer down:
 *
 *     ddtrace_tracer *tracer;
 *     if (ddtrace_tracer_new(NULL, &tracer, NULL) != DDTRACE_OK) return 1;
 *     ddtrace_span_options options = DDTRACE_SPAN_OPTIONS_INIT;
 *     options.name = DDTRACE_TEXT("http.request");
 *     ddtrace_span *span;
 *     ddtrace_span_start(tracer, &options, &span, NULL);
 *     ddtrace_span_end(span, NULL);
 *     ddtrace_tracer_shutdown(tracer, 2000);
 *     ddtrace_tracer_free(tracer);
 *
 * What holds for all functions is said here, once.
 *
 * Text is UTF-8, given as a pointer and a length in bytes. The length DDTRACE_NTS means that the text ends at its NUL byte. (NULL, 0) is
 * the empty text, NULL with another length is DDTRACE_ERR_NULL. Bytes that are not UTF-8 are replaced by U+FFFD, and text that is longer
 * than the limits is cut. Everything that is passed in is copied before the call returns.
 *
 * Text comes out in one of three ways. Static text is a const char * that is never freed. Text that lives as long as a handle is a
 * ddtrace_str; the function says until when. All else is copied into the caller's buffer by the rule of snprintf: the text's length
 * without its NUL is returned, as much as fits is written, always with a NUL, and a buffer of NULL and 0 asks for the length only.
 * DDTRACE_ABSENT is returned where there is no such text. Nothing that the library returns is ever passed to free().
 *
 * Handles are opaque. Where a function gives one out, the caller owns a reference to it; _ref adds a reference, _free gives one back, and
 * _free(NULL) does nothing. Handles may be freed in any order: a span keeps alive what it needs of its tracer. Freeing never finishes
 * a span; a span that is freed unfinished is abandoned and never sent. A handle of the wrong kind, or one that was freed, is answered
 * with DDTRACE_ERR_HANDLE, as long as the library can tell; it is never memory-unsafe. Pointers that are no handles are not told from
 * those that are. A parameter that is "borrowed" stays the caller's, one that is "owned by this call" is given away.
 *
 * Errors are statuses. Outputs are the last parameters; they are written on success only, except where the function says otherwise. Every
 * pointer may be NULL: a required one is answered with DDTRACE_ERR_NULL, and functions without a status answer 0, false or NULL. Any
 * function may answer DDTRACE_ERR_PANIC, when a fault of the library was contained, and in a forked child DDTRACE_ERR_FORKED, for what a
 * thread of the parent was holding.
 * Functions that read settings also give out a ddtrace_error with a message, which the caller frees. Tracing never fails the program:
 * after a failed start, and after a shutdown, all calls are cheap and do nothing.
 *
 * Structs that begin with struct_size may grow at their end. Begin with their _INIT macro, which sets the size and clears the rest. A
 * library that is older than the program refuses fields that it does not know with DDTRACE_ERR_UNSUPPORTED, if they are set.
 *
 * Threads: every function may be called from any thread, and calls on the same handle are safe. A thread must not free a reference that
 * another one is using: take a _ref to share a handle. Only _flush, _shutdown, and freeing a tracer's last reference wait for
 * the network, and ddtrace_tracer_tick where the host gave no transport. Callbacks may come from any thread, the library's own included, unless the function says otherwise; user_data is passed
 * through, and free_user_data, which may be NULL, is called once when the library needs it no longer. A callback must not throw or jump
 * out. It may call the library.
 *
 * Signals: no function may be called from a signal handler.
 *
 * Fork: nothing has to be done. The child has a new runtime id, and threads of its own when they are first needed. Spans begun before
 * the fork belong to the parent, which sends them: in the child they can be read, injected and used as parents, and finishing them does
 * nothing. Between fork and exec of a program with several threads, call nothing but async-signal-safe functions, as ever.
 *
 * Exit: the process that made a tracer sends what waits when it exits normally, within the shutdown timeout, unless told not to. The
 * library stays loaded after dlclose.
 *
 * Times are Unix nanoseconds, 0 means now. Timeouts are milliseconds.
 */

#ifndef DDTRACE_H
#define DDTRACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The version of this header; ddtrace_version(), ddtrace_version_num() and ddtrace_abi_version() are those of the library. */
#define DDTRACE_VERSION_MAJOR 0
#define DDTRACE_VERSION_MINOR 1
#define DDTRACE_VERSION_PATCH 0
#define DDTRACE_VERSION "0.1.0"
/* 0xMMmmpp */
#define DDTRACE_VERSION_NUM ((DDTRACE_VERSION_MAJOR << 16) | (DDTRACE_VERSION_MINOR << 8) | DDTRACE_VERSION_PATCH)
#define DDTRACE_ABI_VERSION 0

/* Each of these may be defined before this header is included. */
#ifndef DDTRACE_API
#define DDTRACE_API
#endif
#ifndef DDTRACE_NODISCARD
#if defined(__GNUC__) || defined(__clang__)
#define DDTRACE_NODISCARD __attribute__((warn_unused_result))
#else
#define DDTRACE_NODISCARD
#endif
#endif
#ifndef DDTRACE_DEPRECATED
#if defined(__GNUC__) || defined(__clang__)
#define DDTRACE_DEPRECATED(message) __attribute__((deprecated(message)))
#else
#define DDTRACE_DEPRECATED(message)
#endif
#endif

/* As a text's length: the text ends at its first NUL byte. */
#define DDTRACE_NTS SIZE_MAX
/* The length of a text that is not there. */
#define DDTRACE_ABSENT SIZE_MAX

/* Initialise a ddtrace_str: with a string literal, or with nothing. */
#define DDTRACE_STR(literal) { (literal), sizeof(literal) - 1 }
#define DDTRACE_STR_NONE { NULL, 0 }

/* A ddtrace_str in an expression: options.name = DDTRACE_TEXT("http.request") */
#ifdef __cplusplus
#define DDTRACE_TEXT(literal) ddtrace_str DDTRACE_STR(literal)
#else
#define DDTRACE_TEXT(literal) (ddtrace_str) DDTRACE_STR(literal)
#endif

/* Initialise the structs that begin with their size. */
#define DDTRACE_LINK_INIT { sizeof(ddtrace_link), 0, 0, 0, 0, 0, DDTRACE_STR_NONE, NULL, 0 }
#define DDTRACE_SPAN_OPTIONS_INIT \
    { sizeof(ddtrace_span_options), DDTRACE_STR_NONE, DDTRACE_STR_NONE, DDTRACE_STR_NONE, DDTRACE_STR_NONE, \
      NULL, NULL, 0, 0, 0, NULL, 0, NULL, 0 }
#define DDTRACE_SPAN_END_OPTIONS_INIT \
    { sizeof(ddtrace_span_end_options), 0, DDTRACE_STR_NONE, DDTRACE_STR_NONE, DDTRACE_STR_NONE, DDTRACE_STR_NONE, \
      0, 0, DDTRACE_STR_NONE, DDTRACE_STR_NONE, DDTRACE_STR_NONE, NULL, 0, NULL, 0 }
#define DDTRACE_COUNTERS_INIT \
    { sizeof(ddtrace_counters), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, \
                                0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 }
#define DDTRACE_STATSD_OPTIONS_INIT \
    { sizeof(ddtrace_statsd_options), DDTRACE_STR_NONE, DDTRACE_STR_NONE, NULL, 0, 0, 0, 0, 0 }
#define DDTRACE_METRIC_INIT \
    { sizeof(ddtrace_metric), DDTRACE_STR_NONE, 0, 0, 0, DDTRACE_STR_NONE, NULL, 0, 0, 0 }
#define DDTRACE_STATSD_EVENT_INIT \
    { sizeof(ddtrace_statsd_event), DDTRACE_STR_NONE, DDTRACE_STR_NONE, 0, DDTRACE_STR_NONE, DDTRACE_STR_NONE, DDTRACE_STR_NONE, \
      0, 0, NULL, 0 }
#define DDTRACE_STATSD_CHECK_INIT \
    { sizeof(ddtrace_statsd_check), DDTRACE_STR_NONE, 0, 0, 0, DDTRACE_STR_NONE, DDTRACE_STR_NONE, NULL, 0 }
#define DDTRACE_STATSD_COUNTERS_INIT { sizeof(ddtrace_statsd_counters), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 }
#define DDTRACE_INTEGRATION_INIT \
    { sizeof(ddtrace_integration), DDTRACE_STR_NONE, DDTRACE_STR_NONE, DDTRACE_STR_NONE, 0, 0, 0, 0 }
#define DDTRACE_ENDPOINT_INIT \
    { sizeof(ddtrace_endpoint), DDTRACE_STR_NONE, DDTRACE_STR_NONE, DDTRACE_STR_NONE, DDTRACE_STR_NONE, DDTRACE_STR_NONE, \
      NULL, 0, NULL, 0, NULL, 0, NULL, 0 }
#define DDTRACE_TELEMETRY_STATS_INIT { sizeof(ddtrace_telemetry_stats), 0, 0, 0, 0, 0, 0, 0 }
#define DDTRACE_PROCESSOR_CALLBACKS_INIT { sizeof(ddtrace_processor_callbacks), NULL, NULL, NULL }
#define DDTRACE_EXPORTER_CALLBACKS_INIT { sizeof(ddtrace_exporter_callbacks), NULL, NULL, NULL }
#define DDTRACE_RC_CALLBACKS_INIT { sizeof(ddtrace_rc_callbacks), NULL, NULL, NULL }


/** Log level: something does not work. */
#define DDTRACE_LOG_ERROR 1

/** Log level: something was ignored or replaced. */
#define DDTRACE_LOG_WARN 2

/** Log level: worth knowing. */
#define DDTRACE_LOG_INFO 3

/** Log level: for whoever looks for a fault. */
#define DDTRACE_LOG_DEBUG 4

/** Log level: everything. */
#define DDTRACE_LOG_TRACE 5

/** For `ddtrace_span_dbm_comment`: percent signs are doubled, for drivers that take the statement for a pattern. */
#define DDTRACE_DBM_DOUBLE_PERCENT 1

/** For `ddtrace_tracer_configure`: traces that are open are given up. Their spans go on to propagate and are never sent. */
#define DDTRACE_CONFIGURE_GIVE_UP_OPEN_TRACES 1

/** For `ddtrace_telemetry_log`: the message may have something of the user's. */
#define DDTRACE_TELEMETRY_LOG_SENSITIVE 1

/** For `ddtrace_telemetry_log`: the message is the report of a crash, which is sent at once. */
#define DDTRACE_TELEMETRY_LOG_CRASH 2

/** Kind of a metric of telemetry: values are added. */
#define DDTRACE_TELEMETRY_COUNT 1

/** Kind of a metric of telemetry: the last value counts. */
#define DDTRACE_TELEMETRY_GAUGE 2

/** Kind of a metric of telemetry: values are added, and divided by the time in seconds. */
#define DDTRACE_TELEMETRY_RATE 3

/** Kind of a metric of telemetry: each value counts; the last 1,000 are kept until they are sent. */
#define DDTRACE_TELEMETRY_DISTRIBUTION 4

/** Product: application security. */
#define DDTRACE_PRODUCT_APPSEC 2

/** Product: the guard of language models. */
#define DDTRACE_PRODUCT_AI_GUARD 32

/** A file is new. */
#define DDTRACE_RC_ADD 0

/** A file that was active has another content. */
#define DDTRACE_RC_UPDATE 1

/** A file is active no more. */
#define DDTRACE_RC_REMOVE 2

/** Nobody has told what became of a file. */
#define DDTRACE_RC_UNKNOWN 0

/** A file was received; what becomes of it is told later. */
#define DDTRACE_RC_UNACKNOWLEDGED 1

/** A file is in force, or rightly ignored. */
#define DDTRACE_RC_ACKNOWLEDGED 2

/** A file was refused. */
#define DDTRACE_RC_ERROR 3

/** Bytes of the text in `ddtrace_rc_result`, its NUL among them. */
#define DDTRACE_RC_ERROR_SIZE 504

/** Console format: each span as JSON on a line of its own. */
#define DDTRACE_CONSOLE_JSON 0

/** Console format: each span as indented JSON. */
#define DDTRACE_CONSOLE_PRETTY 1

/** Console format: each trace as a tree for people, in colour on a terminal unless `NO_COLOR` is set. */
#define DDTRACE_CONSOLE_TREE 2

/** Kind of a value: nothing. */
#define DDTRACE_VALUE_NULL 0

/** Kind of a value: a truth value, in `i64`. */
#define DDTRACE_VALUE_BOOL 1

/** Kind of a value: a whole number, in `i64`. */
#define DDTRACE_VALUE_I64 2

/** Kind of a value: a number, in `f64`. */
#define DDTRACE_VALUE_F64 3

/** Kind of a value: text, in `string`. */
#define DDTRACE_VALUE_STRING 4

/** Kind of a value: a handle of this library, in `pointer`; borrowed for the time of the call. */
#define DDTRACE_VALUE_HANDLE 5

/** Kind of a value: a pointer of the program, in `pointer`. */
#define DDTRACE_VALUE_POINTER 6

/** For `ddtrace_hub_dispatch`: the first error of a listener ends the dispatch and is answered. */
#define DDTRACE_DISPATCH_RAISE 1

/** Answer of a listener: there is no such listener. */
#define DDTRACE_RESULT_UNDEFINED -1

/** Answer of a listener: it answered. */
#define DDTRACE_RESULT_OK 0

/** Answer of a listener: it failed. */
#define DDTRACE_RESULT_EXCEPTION 1

/** For `ddtrace_execution_enter`: its end is published by `ddtrace_execution_end`, not by `ddtrace_execution_exit`. */
#define DDTRACE_EXECUTION_DEFER_END 2

/** For `ddtrace_service_new`: the first turn is at once, not after the interval. */
#define DDTRACE_SERVICE_AT_ONCE 1

/** For `ddtrace_service_new`: it does not run in forked children unless it is started there. */
#define DDTRACE_SERVICE_NOT_IN_CHILDREN 2

/** Why a service's function is called: its time has come, or somebody called `ddtrace_service_awake`. */
#define DDTRACE_SERVICE_TURN 0

/** Why a service's function is called: the service has ended; the last call of its run. */
#define DDTRACE_SERVICE_ENDED 1

/** Why a service's function is called: this is a forked child, in which the service is about to run. */
#define DDTRACE_SERVICE_FORKED 2

/** Metric kind: a number of things that happened. */
#define DDTRACE_METRIC_COUNT 0

/** Metric kind: a value that is as it is now. */
#define DDTRACE_METRIC_GAUGE 1

/** Metric kind: values whose distribution the agent looks at. */
#define DDTRACE_METRIC_HISTOGRAM 2

/** Metric kind: values whose distribution is looked at for all hosts together. */
#define DDTRACE_METRIC_DISTRIBUTION 3

/** Metric kind: durations in milliseconds. */
#define DDTRACE_METRIC_TIMING 4

/** Metric kind: things, `text`, of which the different ones are counted. */
#define DDTRACE_METRIC_SET 5

/** Cardinality: as `DD_CARDINALITY` says, or else the agent. */
#define DDTRACE_CARDINALITY_UNSET 0

/** Cardinality: no tags of the container. */
#define DDTRACE_CARDINALITY_NONE 1

/** Cardinality: tags with few values. */
#define DDTRACE_CARDINALITY_LOW 2

/** Cardinality: tags of the orchestrator, too. */
#define DDTRACE_CARDINALITY_ORCHESTRATOR 3

/** Cardinality: all tags. */
#define DDTRACE_CARDINALITY_HIGH 4

/** Aggregation: counts, gauges and sets are added up for two seconds. */
#define DDTRACE_STATSD_AGGREGATION_BASIC 0

/** Aggregation: none, each value is a message. */
#define DDTRACE_STATSD_AGGREGATION_OFF 1

/** Aggregation: also, the values of the other kinds share messages. */
#define DDTRACE_STATSD_AGGREGATION_EXTENDED 2

/** Flag of `ddtrace_statsd_options`: the client sends no metrics about itself (`datadog.dogstatsd.client.*`). */
#define DDTRACE_STATSD_FLAG_NO_TELEMETRY 1

/** Event priority: as usual. */
#define DDTRACE_EVENT_PRIORITY_NORMAL 0

/** Event priority: less. */
#define DDTRACE_EVENT_PRIORITY_LOW 1

/** Event alert: worth knowing. */
#define DDTRACE_EVENT_ALERT_INFO 0

/** Event alert: something failed. */
#define DDTRACE_EVENT_ALERT_ERROR 1

/** Event alert: something may fail. */
#define DDTRACE_EVENT_ALERT_WARNING 2

/** Event alert: something succeeded. */
#define DDTRACE_EVENT_ALERT_SUCCESS 3

/** Check status: all is well. */
#define DDTRACE_CHECK_OK 0

/** Check status: it may not stay so. */
#define DDTRACE_CHECK_WARNING 1

/** Check status: it is not. */
#define DDTRACE_CHECK_CRITICAL 2

/** Check status: it could not be found out. */
#define DDTRACE_CHECK_UNKNOWN 3

/** Tag kind: `value.string`, UTF-8 text. */
#define DDTRACE_TAG_STRING 0

/** Tag kind: `value.f64`. */
#define DDTRACE_TAG_F64 1

/** Tag kind: `value.i64`, kept as an integer. */
#define DDTRACE_TAG_I64 2

/** Tag kind: a truth value, `value.i64` is not 0. */
#define DDTRACE_TAG_BOOL 3

/** Tag kind: removes the tag of this key. */
#define DDTRACE_TAG_NULL 4

/** Tag kind: `value.list`, the keys of its items are ignored; stored as `key.0`, `key.1`, ... */
#define DDTRACE_TAG_ARRAY 5

/** Tag kind: `value.list`; stored as `key.name` for each item. */
#define DDTRACE_TAG_MAP 6

/** Tag kind: `value.string`, any bytes; what is not UTF-8 in them is replaced. */
#define DDTRACE_TAG_BYTES 7

/** Span kind: not said. */
#define DDTRACE_SPAN_KIND_UNSPECIFIED 0

/** Span kind: an operation inside of the application. */
#define DDTRACE_SPAN_KIND_INTERNAL 1

/** Span kind: answers a request. */
#define DDTRACE_SPAN_KIND_SERVER 2

/** Span kind: makes a request. */
#define DDTRACE_SPAN_KIND_CLIENT 3

/** Span kind: puts a message into a queue. */
#define DDTRACE_SPAN_KIND_PRODUCER 4

/** Span kind: takes a message from a queue. */
#define DDTRACE_SPAN_KIND_CONSUMER 5

/** Span status: not said. */
#define DDTRACE_SPAN_STATUS_UNSET 0

/** Span status: the operation succeeded. */
#define DDTRACE_SPAN_STATUS_OK 1

/** Span status: the operation failed. */
#define DDTRACE_SPAN_STATUS_ERROR 2

/** Span flag: the agent computes statistics for this span even though it is no service entry. */
#define DDTRACE_SPAN_FLAG_MEASURED 1

/**
 * Span flag: the span was begun through the OpenTelemetry API, whose rules hold for it. Its name is the resource, and the operation name
 * follows at the end from kind and attributes unless the attribute `operation.name` gives it; `update_name` of that API is
 * `ddtrace_span_set_resource`. `analytics.event` and `http.response.status_code` are understood too. `ddtrace_span_record_exception`
 * sets the tags `error.type`, `error.message` and `error.stack`. With DD_TRACE_OTEL_ENABLED=false the span records nothing.
 */
#define DDTRACE_SPAN_FLAG_OTEL 2

/** Span flag: the span was begun through the OpenTracing API. */
#define DDTRACE_SPAN_FLAG_OPENTRACING 4

/**
 * Span flag: the service that is given is the default of an integration, not the user's choice. The span then says which integration that
 * is: its tag `component`, unless a tag `_dd.svc_src` is given that begins with `opt.`.
 */
#define DDTRACE_SPAN_FLAG_INTEGRATION_SERVICE 8

/** For `ddtrace_live_handles`: handles of all kinds. */
#define DDTRACE_HANDLE_ANY 0

/** For `ddtrace_live_handles`: configurations. */
#define DDTRACE_HANDLE_CONFIG 1

/** For `ddtrace_live_handles`: tracers. */
#define DDTRACE_HANDLE_TRACER 2

/** For `ddtrace_live_handles`: spans. */
#define DDTRACE_HANDLE_SPAN 3

/** For `ddtrace_live_handles`: contexts. */
#define DDTRACE_HANDLE_CONTEXT 4

/** For `ddtrace_live_handles`: propagators. */
#define DDTRACE_HANDLE_PROPAGATOR 5

/** For `ddtrace_live_handles`: providers of the active span. */
#define DDTRACE_HANDLE_PROVIDER 6

/** For `ddtrace_live_handles`: exporters. */
#define DDTRACE_HANDLE_EXPORTER 7

/** For `ddtrace_live_handles`: errors. */
#define DDTRACE_HANDLE_ERROR 8

/** For `ddtrace_live_handles`: exchanges. */
#define DDTRACE_HANDLE_EXCHANGE 9

/** For `ddtrace_live_handles`: processors. */
#define DDTRACE_HANDLE_PROCESSOR 10

/** For `ddtrace_live_handles`: filters. */
#define DDTRACE_HANDLE_FILTER 11

/** For `ddtrace_live_handles`: chunks. */
#define DDTRACE_HANDLE_CHUNK 12

/** For `ddtrace_live_handles`: pins. */
#define DDTRACE_HANDLE_PIN 13

/** For `ddtrace_live_handles`: clients of DogStatsD. */
#define DDTRACE_HANDLE_STATSD 20

/** For `ddtrace_live_handles`: metrics of telemetry. */
#define DDTRACE_HANDLE_TELEMETRY_METRIC 14

/** For `ddtrace_live_handles`: executions. */
#define DDTRACE_HANDLE_EXECUTION 24

/** For `ddtrace_live_handles`: answers to events. */
#define DDTRACE_HANDLE_EVENT_RESULTS 25

/** For `ddtrace_live_handles`: services. */
#define DDTRACE_HANDLE_SERVICE 26

/** Finished spans of one trace that leave together. */
typedef struct ddtrace_chunk ddtrace_chunk;

/** Settings for tracers and propagators. */
typedef struct ddtrace_config ddtrace_config;

/** What a trace carries from one service to the next: ids, sampling decision, origin, propagated tags, baggage. */
typedef struct ddtrace_context ddtrace_context;

/** Why a call failed, in words. */
typedef struct ddtrace_error ddtrace_error;

/** What listeners to an event answered. */
typedef struct ddtrace_event_results ddtrace_event_results;

/** One HTTP request that the host sends for the library. */
typedef struct ddtrace_exchange ddtrace_exchange;

/** Something that goes on in the program. */
typedef struct ddtrace_execution ddtrace_execution;

/** Where finished spans go. */
typedef struct ddtrace_exporter ddtrace_exporter;

/** Changes or drops what is about to be sent. */
typedef struct ddtrace_filter ddtrace_filter;

/** Service and tags that belong to one object of the program. */
typedef struct ddtrace_pin ddtrace_pin;

/** Is told of spans that start and finish. */
typedef struct ddtrace_processor ddtrace_processor;

/** Reads contexts from headers and writes them. */
typedef struct ddtrace_propagator ddtrace_propagator;

/** Remembers the active span. */
typedef struct ddtrace_provider ddtrace_provider;

/** Work of the program that is done again and again on a thread of its own. */
typedef struct ddtrace_service ddtrace_service;

/** One timed operation. */
typedef struct ddtrace_span ddtrace_span;

/** Sends metrics, events and checks by DogStatsD. */
typedef struct ddtrace_statsd ddtrace_statsd;

/** A metric of telemetry that was looked up. */
typedef struct ddtrace_telemetry_metric ddtrace_telemetry_metric;

/** Makes spans and sends them. */
typedef struct ddtrace_tracer ddtrace_tracer;

/**
 * The outcome of a call: DDTRACE_OK, or one of the DDTRACE_ERR_* values. A later library may answer values that this header does
 * not know; `ddtrace_status_text` has a text for all of its own.
 */
typedef int32_t ddtrace_status;

/** Text inside a struct: `len` bytes at `ptr`, UTF-8. `len` may be DDTRACE_NTS. As an optional field, `ptr` NULL means "not given". */
typedef struct ddtrace_str {
    /** The first byte; not NUL-terminated unless `len` is `DDTRACE_NTS` */
    const char *ptr;
    /** The number of bytes */
    size_t len;
} ddtrace_str;

/** What a tracer counted since it was made, for `ddtrace_tracer_counters`. Begin with DDTRACE_COUNTERS_INIT. */
typedef struct ddtrace_counters {
    /** `sizeof(ddtrace_counters)` */
    size_t struct_size;
    /** Spans that were started */
    uint64_t spans_started;
    /** Spans that were finished */
    uint64_t spans_finished;
    /** Spans that were freed unfinished; they are never sent */
    uint64_t spans_abandoned;
    /** Spans that only propagate, because of a limit or because tracing is off */
    uint64_t spans_not_recorded;
    /** Local traces that were begun */
    uint64_t segments_started;
    /** Local traces whose spans are all done */
    uint64_t segments_closed;
    /** Chunks that were handed to the exporter's queue */
    uint64_t chunks_enqueued;
    /** Chunks that were sent */
    uint64_t chunks_sent;
    /** Spans that were sent */
    uint64_t spans_sent;
    /** Chunks that were dropped */
    uint64_t chunks_dropped;
    /** Spans that were dropped with them */
    uint64_t spans_dropped;
    /** Requests that the receiver accepted */
    uint64_t payloads_sent;
    /** Requests that failed, whether or not they were tried again */
    uint64_t payloads_failed;
    /** Bytes of the requests that were accepted */
    uint64_t bytes_sent;
    /** Bytes that wait now */
    uint64_t buffered_bytes;
    /** Chunks that filters of the program dropped; `chunks_dropped` does not count them */
    uint64_t chunks_filtered;
    /** Spans that filters of the program removed, or dropped with their chunk; `spans_dropped` does not count them */
    uint64_t spans_filtered;
    /**
     * Chunks that were not sent because sampling rejected them and the receiver does not want them: an agent that gets statistics of all,
     * or whoever takes OTLP; `chunks_dropped` does not count them
     */
    uint64_t chunks_rejected;
    /** Spans that were not sent for that reason, those included that other chunks were reduced by */
    uint64_t spans_rejected;
    /** Chunks that filters of the agent do not want; `chunks_dropped` does not count them */
    uint64_t chunks_filtered_by_agent;
    /** Spans in them */
    uint64_t spans_filtered_by_agent;
    /**
     * Contexts that were written in the style `datadog`. This number and those that follow are of the whole process, because propagators
     * belong to no tracer
     */
    uint64_t injected_datadog;
    /** Contexts that were written in the style `tracecontext` */
    uint64_t injected_tracecontext;
    /** Contexts that were written in the style `b3multi` */
    uint64_t injected_b3multi;
    /** Contexts that were written in the style `b3` */
    uint64_t injected_b3;
    /** Baggage that was written as the header `baggage` */
    uint64_t injected_baggage;
    /** Contexts that were read from headers of the style `datadog` */
    uint64_t extracted_datadog;
    /** Contexts that were read from headers of the style `tracecontext` */
    uint64_t extracted_tracecontext;
    /** Contexts that were read from headers of the style `b3multi` */
    uint64_t extracted_b3multi;
    /** Contexts that were read from headers of the style `b3` */
    uint64_t extracted_b3;
    /** Baggage that was read from the header `baggage` */
    uint64_t extracted_baggage;
    /** Headers of the style `datadog` that were there and break its rules */
    uint64_t malformed_datadog;
    /** Headers of the style `tracecontext` that were there and break its rules */
    uint64_t malformed_tracecontext;
    /** Headers of the style `b3multi` that were there and break its rules */
    uint64_t malformed_b3multi;
    /** Headers of the style `b3` that were there and break its rules */
    uint64_t malformed_b3;
    /** Headers `baggage` that break its rules */
    uint64_t malformed_baggage;
    /** How often baggage was cut, read or written, because it had more items than `DD_TRACE_BAGGAGE_MAX_ITEMS` */
    uint64_t baggage_items_exceeded;
    /** How often baggage was cut because it had more bytes than `DD_TRACE_BAGGAGE_MAX_BYTES` */
    uint64_t baggage_bytes_exceeded;
} ddtrace_counters;

/** What telemetry has done, for `ddtrace_telemetry_get_stats`. Begin with DDTRACE_TELEMETRY_STATS_INIT. */
typedef struct ddtrace_telemetry_stats {
    /** `sizeof(ddtrace_telemetry_stats)` */
    size_t struct_size;
    /** Requests, second attempts among them */
    uint64_t requests;
    /** Requests that were taken */
    uint64_t requests_delivered;
    /** Requests that were not taken */
    uint64_t requests_failed;
    /** Messages that were taken; a request may have several */
    uint64_t messages_sent;
    /** Messages and parts of messages that were dropped */
    uint64_t dropped;
    /** Parts of messages that wait */
    uint64_t waiting;
    /** 1: the message that begins the session was taken */
    uint64_t is_accepted;
} ddtrace_telemetry_stats;

/** An integration with a library, for `ddtrace_telemetry_add_integration`. Begin with DDTRACE_INTEGRATION_INIT. */
typedef struct ddtrace_integration {
    /** `sizeof(ddtrace_integration)` */
    size_t struct_size;
    /** The integration */
    struct ddtrace_str name;
    /** The version of the library; not given: not known */
    struct ddtrace_str version;
    /** Why it does not work; not given: it does */
    struct ddtrace_str error;
    /** 0: it is off, or does not work */
    int32_t enabled;
    /** Whether the version is one that it knows. 0: not known; 1: no; 2: yes */
    int32_t compatible;
    /** Whether it is on without having been asked for. 0: not known; 1: no; 2: yes */
    int32_t auto_enabled;
    /** 0 */
    uint32_t reserved;
} ddtrace_integration;

/** An HTTP endpoint, for `ddtrace_telemetry_add_endpoint`. Begin with DDTRACE_ENDPOINT_INIT. */
typedef struct ddtrace_endpoint {
    /** `sizeof(ddtrace_endpoint)` */
    size_t struct_size;
    /** `REST`; may be absent */
    struct ddtrace_str type;
    /** The HTTP method; may be absent */
    struct ddtrace_str method;
    /** The path, with its parameters by name; may be absent */
    struct ddtrace_str path;
    /** The name that its spans have, such as `http.request` */
    struct ddtrace_str operation_name;
    /** The resource that its spans have, such as `GET /users/{id}` */
    struct ddtrace_str resource_name;
    /** Media types that it takes */
    const struct ddtrace_str *request_body_types;
    /** The number of them */
    size_t request_body_types_len;
    /** Media types that it answers */
    const struct ddtrace_str *response_body_types;
    /** The number of them */
    size_t response_body_types_len;
    /** Statuses that it answers */
    const int32_t *response_codes;
    /** The number of them */
    size_t response_codes_len;
    /** How callers are known */
    const struct ddtrace_str *authentication;
    /** The number of them */
    size_t authentication_len;
} ddtrace_endpoint;

/** Called with a name and a value, which are valid during the call. */
typedef void (*ddtrace_variable_visitor)(void *user_data, struct ddtrace_str name, struct ddtrace_str value);

/** The items of an array or a map. */
typedef struct ddtrace_tag_list {
    /** The first item */
    const struct ddtrace_tag *ptr;
    /** The number of items */
    size_t len;
} ddtrace_tag_list;

/** A tag's value; `ddtrace_tag.kind` says which member holds it. */
typedef union ddtrace_tag_value {
    /** `DDTRACE_TAG_STRING`, `DDTRACE_TAG_BYTES` */
    struct ddtrace_str string;
    /** `DDTRACE_TAG_F64` */
    double f64;
    /** `DDTRACE_TAG_I64`, `DDTRACE_TAG_BOOL` */
    int64_t i64;
    /** `DDTRACE_TAG_ARRAY`, `DDTRACE_TAG_MAP` */
    struct ddtrace_tag_list list;
} ddtrace_tag_value;

/** One tag of a span, or one attribute of a link or an event. */
typedef struct ddtrace_tag {
    /** The tag's name */
    struct ddtrace_str key;
    /** One of `DDTRACE_TAG_*` */
    int32_t kind;
    /** 0 */
    uint32_t reserved;
    /** The value */
    union ddtrace_tag_value value;
} ddtrace_tag;

/**
 * How a span begins, for `ddtrace_span_start`. Begin with DDTRACE_SPAN_OPTIONS_INIT; all fields but the first may stay zero.
 *
 * Packed tags are records without padding, one after the other: `u8` kind (DDTRACE_TAG_* without arrays and maps), `u32` length of the
 * key, `u32` length of the value, both little-endian, then the key's bytes and the value's: text as it is, `f64` and `i64` as 8 bytes
 * little-endian, a truth value as 1 byte, null as none. They are for languages that cannot pass an array of structs with pointers.
 */
typedef struct ddtrace_span_options {
    /** `sizeof(ddtrace_span_options)` */
    size_t struct_size;
    /** What kind of operation this is, such as `http.request` */
    struct ddtrace_str name;
    /** Not given: the parent's, or the configured one */
    struct ddtrace_str service;
    /** What the operation works on; not given: the name */
    struct ddtrace_str resource;
    /** Such as `web`, `http`, `sql` */
    struct ddtrace_str type;
    /** The parent, finished or not; at most one of `parent_span` and `parent_context`. Both NULL: a new trace */
    const struct ddtrace_span *parent_span;
    /** A parent elsewhere, or a context of a span here */
    const struct ddtrace_context *parent_context;
    /** Unix time in nanoseconds; 0: now */
    int64_t start_ns;
    /** One of `DDTRACE_SPAN_KIND_*` */
    int32_t kind;
    /** `DDTRACE_SPAN_FLAG_*` */
    uint32_t flags;
    /** Tags to begin with */
    const struct ddtrace_tag *tags;
    /** The number of tags */
    size_t tags_len;
    /** More tags, packed */
    const uint8_t *packed_tags;
    /** The number of bytes of packed tags */
    size_t packed_tags_len;
} ddtrace_span_options;

/** The ids of a span. The trace id has 128 bits, in two halves. */
typedef struct ddtrace_span_ids {
    /** Upper half of the trace id */
    uint64_t trace_id_high;
    /** Lower half of the trace id */
    uint64_t trace_id_low;
    /** The span */
    uint64_t span_id;
    /** Its parent, 0 for a root */
    uint64_t parent_id;
} ddtrace_span_ids;

/**
 * How a span ends, for `ddtrace_span_end` and `ddtrace_span_finish`. Begin with DDTRACE_SPAN_END_OPTIONS_INIT; all fields but the first
 * may stay zero.
 */
typedef struct ddtrace_span_end_options {
    /** `sizeof(ddtrace_span_end_options)` */
    size_t struct_size;
    /** Unix time in nanoseconds; 0: now */
    int64_t end_ns;
    /** Not given: unchanged */
    struct ddtrace_str name;
    /** Not given: unchanged */
    struct ddtrace_str service;
    /** Not given: unchanged */
    struct ddtrace_str resource;
    /** Not given: unchanged */
    struct ddtrace_str type;
    /** 0: unchanged; 1: the operation failed */
    int32_t error;
    /** 0 */
    uint32_t reserved;
    /** The error's type; if one of the three is given, the operation failed */
    struct ddtrace_str error_type;
    /** What the error says */
    struct ddtrace_str error_message;
    /** Where it happened */
    struct ddtrace_str error_stack;
    /** Tags to add */
    const struct ddtrace_tag *tags;
    /** The number of tags */
    size_t tags_len;
    /** More tags, packed as for `ddtrace_span_options` */
    const uint8_t *packed_tags;
    /** The number of bytes of packed tags */
    size_t packed_tags_len;
} ddtrace_span_end_options;

/** A link from a span to another one, for `ddtrace_span_add_link`. Begin with DDTRACE_LINK_INIT. */
typedef struct ddtrace_link {
    /** `sizeof(ddtrace_link)` */
    size_t struct_size;
    /** Upper half of the linked trace's id */
    uint64_t trace_id_high;
    /** Lower half of the linked trace's id */
    uint64_t trace_id_low;
    /** The linked span */
    uint64_t span_id;
    /** Whether `flags` is given */
    uint32_t has_flags;
    /** W3C trace flags; bit 0: sampled */
    uint32_t flags;
    /** The linked trace's W3C tracestate */
    struct ddtrace_str tracestate;
    /** The link's attributes */
    const struct ddtrace_tag *attributes;
    /** The number of attributes */
    size_t attributes_len;
} ddtrace_link;

/** Called with each baggage item; the texts are valid during the call. */
typedef void (*ddtrace_baggage_visitor)(void *user_data, struct ddtrace_str key, struct ddtrace_str value);

/** A setting that has another value than before, or the same from elsewhere. All texts are valid during the callback only. */
typedef struct ddtrace_config_change {
    /** The setting, such as `DD_TRACE_SAMPLE_RATE` */
    struct ddtrace_str name;
    /** What it was; DDTRACE_STR_NONE: unset */
    struct ddtrace_str former;
    /** What it is now; DDTRACE_STR_NONE: unset */
    struct ddtrace_str value;
    /** Where it comes from: `remote_config`, or after remote configuration withdrew it one of the others of `ddtrace_config_origin` */
    struct ddtrace_str origin;
    /** The id of the remote configuration; DDTRACE_STR_NONE: it does not come from there */
    struct ddtrace_str config_id;
    /** 0 */
    uint64_t more[4];
} ddtrace_config_change;

/** A change of one file. All texts and bytes are valid during the callback only. */
typedef struct ddtrace_rc_change {
    /** One of DDTRACE_RC_ADD, DDTRACE_RC_UPDATE, DDTRACE_RC_REMOVE */
    int32_t operation;
    /** 0 */
    uint32_t reserved;
    /** The file's path, which names it */
    struct ddtrace_str path;
    /** The product */
    struct ddtrace_str product;
    /** The id of the configuration */
    struct ddtrace_str config_id;
    /** The version of the file */
    uint64_t version;
    /** The content, bytes of any kind; empty for DDTRACE_RC_REMOVE */
    const uint8_t *content;
    /** Its length */
    size_t content_len;
    /** SHA-256 of the content in hexadecimal; empty where the backend gave another hash */
    struct ddtrace_str sha256;
    /** 0 */
    uint64_t more[4];
} ddtrace_rc_change;

/** What became of one file. */
typedef struct ddtrace_rc_result {
    /** One of DDTRACE_RC_UNKNOWN, _UNACKNOWLEDGED, _ACKNOWLEDGED, _ERROR; preset to DDTRACE_RC_ACKNOWLEDGED */
    int32_t state;
    /** Why it was refused, to be written by the callback: UTF-8 with a NUL behind it */
    char error[DDTRACE_RC_ERROR_SIZE];
} ddtrace_rc_result;

/**
 * The functions of a subscription. Begin with DDTRACE_RC_CALLBACKS_INIT; all but the first may stay NULL.
 *
 * They are called on the library's thread, in host-driven mode on one that calls `ddtrace_tracer_tick`, one at a time and without any lock of
 * the library. They may call the library, but not `ddtrace_rc_poll` and `ddtrace_rc_process_response`, and should return within half a second.
 */
typedef struct ddtrace_rc_callbacks {
    /** `sizeof(ddtrace_rc_callbacks)` */
    size_t struct_size;
    /** Files of the product have changed, removed ones first; `results` has an item for each of the changes */
    void (*on_changes)(void *user_data, const struct ddtrace_rc_change *changes, size_t count, struct ddtrace_rc_result *results);
    /** All subscribers have been told of a response */
    void (*on_batch_end)(void *user_data);
    /** A poll begins, be the agent there or not */
    void (*on_tick)(void *user_data);
} ddtrace_rc_callbacks;

/** Takes one value of the header that was asked for: call it once per value, before `lookup` returns. */
typedef void (*ddtrace_header_found)(void *sink, const char *value, size_t len);

/** Looks a header up by its lowercase name, and calls `found` with `sink` for each value that it has. */
typedef void (*ddtrace_header_lookup)(void *user_data, const char *name, ddtrace_header_found found, void *sink);

/** Takes one header; the texts are valid during the call and end with a NUL. */
typedef void (*ddtrace_header_setter)(void *user_data, struct ddtrace_str name, struct ddtrace_str value);

/** Takes one field of a log line; the texts are valid during the call, and have no NUL at their end. */
typedef void (*ddtrace_log_field)(void *user_data, struct ddtrace_str name, struct ddtrace_str value);

/**
 * The functions of a processor. Begin with DDTRACE_PROCESSOR_CALLBACKS_INIT; each of them may stay NULL.
 *
 * They are called on the thread that starts or finishes the span, in the order in which processors were registered, with no lock held. They
 * may call the library; what a processor starts and finishes itself is not told to processors. Spans that record nothing are not told of, nor
 * those that are freed unfinished. The spans are borrowed: who wants to keep one takes a `ddtrace_span_ref`.
 */
typedef struct ddtrace_processor_callbacks {
    /** `sizeof(ddtrace_processor_callbacks)` */
    size_t struct_size;
    /** A span was started, with what its options say; before the start returns */
    void (*on_start)(void *user_data, struct ddtrace_span *span);
    /** A span is finished, its duration is known; for the time of this call it can still be changed, before it is sent */
    void (*on_finish)(void *user_data, struct ddtrace_span *span);
    /** The last tracer that the processor is registered with is shut down; called once, before what waits is sent. Nothing is called after it */
    void (*shutdown)(void *user_data);
} ddtrace_processor_callbacks;

/**
 * The functions of an exporter. Begin with DDTRACE_EXPORTER_CALLBACKS_INIT.
 *
 * They are called in the background, by the thread of a tracer; in host-driven mode by the thread that ticks, flushes or shuts down. The
 * threads of several tracers that feed one exporter may call it at the same time. They may take their time: what comes meanwhile waits, within
 * the limits of its buffer. But a flush and a shutdown wait for them, so they must not call those of the tracers that feed them.
 */
typedef struct ddtrace_exporter_callbacks {
    /** `sizeof(ddtrace_exporter_callbacks)` */
    size_t struct_size;
    /**
     * Takes a chunk, whose spans are read with `ddtrace_chunk_span_at`; it is borrowed for the time of the call. DDTRACE_OK: it counts as
     * sent; anything else: as dropped. Required
     */
    ddtrace_status (*export_chunk)(void *user_data, struct ddtrace_chunk *chunk);
    /**
     * No more chunks are at hand for now: what was gathered should go out. Anything but DDTRACE_OK: the chunks since the last call count as
     * dropped. May be NULL
     */
    ddtrace_status (*flush)(void *user_data);
    /** The last tracer that has the exporter is shut down, or has another one now. Called once; nothing is called after it. May be NULL */
    void (*shutdown)(void *user_data);
} ddtrace_exporter_callbacks;

/** Called with a text, which is valid during the call. */
typedef void (*ddtrace_text_visitor)(void *user_data, struct ddtrace_str text);

/** What a value holds, by its kind. */
typedef union ddtrace_value_content {
    /** DDTRACE_VALUE_BOOL (0 or 1), DDTRACE_VALUE_I64 */
    int64_t i64;
    /** DDTRACE_VALUE_F64 */
    double f64;
    /** DDTRACE_VALUE_STRING */
    struct ddtrace_str string;
    /** DDTRACE_VALUE_HANDLE, DDTRACE_VALUE_POINTER */
    void *pointer;
} ddtrace_value_content;

/** An argument of an event, or the answer of a listener. Its layout never changes. */
typedef struct ddtrace_value {
    /** DDTRACE_VALUE_* */
    int32_t kind;
    /** 0 */
    uint32_t reserved;
    /** The content */
    union ddtrace_value_content content;
} ddtrace_value;

/**
 * A listener to events. Gets `user_data`, the event's name and its arguments, all of them valid during the call, and a place for its answer,
 * which is DDTRACE_VALUE_NULL at first; text in the answer is copied when the listener returns. Another answer than DDTRACE_OK is an error.
 */
typedef ddtrace_status (*ddtrace_listener)(void *user_data,
                                           struct ddtrace_str event,
                                           const struct ddtrace_value *arguments,
                                           size_t arguments_len,
                                           struct ddtrace_value *result);

/** What one listener answered. Its layout never changes. */
typedef struct ddtrace_event_result {
    /** DDTRACE_RESULT_* */
    int32_t response;
    /** 0 */
    uint32_t reserved;
    /** The answer of a listener that did not fail */
    struct ddtrace_value value;
    /** Why it failed; `ptr` is NULL if it did not */
    struct ddtrace_str error;
} ddtrace_event_result;

/** Is shown an item; its text is valid during the call. */
typedef void (*ddtrace_value_visitor)(void *user_data, const struct ddtrace_value *value);

/**
 * The function of a service. Gets `user_data` and one of the reasons above. Answers DDTRACE_OK, DDTRACE_SERVICE_END, or another status, which
 * is logged; the service goes on then.
 */
typedef ddtrace_status (*ddtrace_service_function)(void *user_data, int32_t reason);

/** One value of a metric, for `ddtrace_statsd_send`, and from collectors. Begin with DDTRACE_METRIC_INIT. */
typedef struct ddtrace_metric {
    /** `sizeof(ddtrace_metric)` */
    size_t struct_size;
    /** Letters, digits, `_` and `.`, beginning with a letter; others are replaced */
    struct ddtrace_str name;
    /** One of `DDTRACE_METRIC_*` */
    int32_t kind;
    /** One of `DDTRACE_CARDINALITY_*` */
    int32_t cardinality;
    /** What was measured */
    double value;
    /** What was seen, for sets */
    struct ddtrace_str text;
    /** `key:value` or a word each */
    const struct ddtrace_str *tags;
    /** The number of tags */
    size_t tags_len;
    /** Which part of the calls is sent, up to 1; 0: all. Not for gauges and sets */
    double rate;
    /** Unix seconds, for counts and gauges, which are then sent as they are; 0: now */
    int64_t timestamp_s;
} ddtrace_metric;

/**
 * How a client differs from what the settings say, for `ddtrace_statsd_new`. Begin with DDTRACE_STATSD_OPTIONS_INIT; all fields but the first
 * may stay zero.
 */
typedef struct ddtrace_statsd_options {
    /** `sizeof(ddtrace_statsd_options)` */
    size_t struct_size;
    /** In front of the names of all metrics, with a dot in between */
    struct ddtrace_str prefix;
    /** Where messages go, as `DD_DOGSTATSD_URL` has it; not given: as the settings say */
    struct ddtrace_str address;
    /** Tags of all messages, `key:value` or a word each */
    const struct ddtrace_str *tags;
    /** The number of tags */
    size_t tags_len;
    /** One of `DDTRACE_STATSD_AGGREGATION_*` */
    int32_t aggregation;
    /** `DDTRACE_STATSD_FLAG_*` */
    uint32_t flags;
    /** Bytes of a datagram; 0: 1432 by UDP, 8192 by unix sockets */
    size_t max_payload;
    /** Datagrams that may wait; 0: 2048 by UDP, 512 by unix sockets */
    size_t max_queue;
} ddtrace_statsd_options;

/** What a client counted in this process, for `ddtrace_statsd_get_counters`. Begin with DDTRACE_STATSD_COUNTERS_INIT. */
typedef struct ddtrace_statsd_counters {
    /** `sizeof(ddtrace_statsd_counters)` */
    size_t struct_size;
    /** Values of metrics that were taken */
    uint64_t metrics;
    /** Events that were taken */
    uint64_t events;
    /** Checks that were taken */
    uint64_t checks;
    /** Messages that were too large */
    uint64_t messages_dropped;
    /** Sums that were sent */
    uint64_t contexts;
    /** Datagrams that the system took */
    uint64_t packets_sent;
    /** Their bytes */
    uint64_t bytes_sent;
    /** Datagrams that were dropped, because too many waited or nobody took them */
    uint64_t packets_dropped;
    /** Their bytes */
    uint64_t bytes_dropped;
    /** Those of them that found too many waiting */
    uint64_t packets_dropped_queue;
    /** Their bytes */
    uint64_t bytes_dropped_queue;
    /** Those of them that nobody took */
    uint64_t packets_dropped_writer;
    /** Their bytes */
    uint64_t bytes_dropped_writer;
} ddtrace_statsd_counters;

/** Something that happened, in words, for `ddtrace_statsd_send_event`. Begin with DDTRACE_STATSD_EVENT_INIT. */
typedef struct ddtrace_statsd_event {
    /** `sizeof(ddtrace_statsd_event)` */
    size_t struct_size;
    /** The headline; not empty */
    struct ddtrace_str title;
    /** The story; may have several lines */
    struct ddtrace_str text;
    /** Unix seconds; 0: when it arrives */
    int64_t timestamp_s;
    /** Where it happened; not given: here */
    struct ddtrace_str hostname;
    /** What events are gathered by */
    struct ddtrace_str aggregation_key;
    /** Which kind of program says so */
    struct ddtrace_str source_type;
    /** One of `DDTRACE_EVENT_PRIORITY_*` */
    int32_t priority;
    /** One of `DDTRACE_EVENT_ALERT_*` */
    int32_t alert;
    /** `key:value` or a word each */
    const struct ddtrace_str *tags;
    /** The number of tags */
    size_t tags_len;
} ddtrace_statsd_event;

/** The state of a service, for `ddtrace_statsd_send_check`. Begin with DDTRACE_STATSD_CHECK_INIT. */
typedef struct ddtrace_statsd_check {
    /** `sizeof(ddtrace_statsd_check)` */
    size_t struct_size;
    /** Not empty */
    struct ddtrace_str name;
    /** One of `DDTRACE_CHECK_*` */
    int32_t status;
    /** 0 */
    uint32_t reserved;
    /** Unix seconds; 0: when it arrives */
    int64_t timestamp_s;
    /** Where; not given: here */
    struct ddtrace_str hostname;
    /** Why */
    struct ddtrace_str message;
    /** `key:value` or a word each */
    const struct ddtrace_str *tags;
    /** The number of tags */
    size_t tags_len;
} ddtrace_statsd_check;

/** The call did what was asked. */
#define DDTRACE_OK 0

/** A required pointer was NULL, or a text had a length but no bytes. */
#define DDTRACE_ERR_NULL 1

/** The handle is of another kind, or was freed. */
#define DDTRACE_ERR_HANDLE 2

/** The span is finished: it can be read, not written. */
#define DDTRACE_ERR_FINISHED 3

/** An argument is outside of its range. */
#define DDTRACE_ERR_INVALID 4

/** A struct is newer than this library and sets fields that the library does not know. */
#define DDTRACE_ERR_UNSUPPORTED 5

/** There is no such thing. */
#define DDTRACE_ERR_NOT_FOUND 6

/** The caller's buffer is too small; the size needed was written. */
#define DDTRACE_ERR_BUFFER 7

/** A limit of the library is reached. */
#define DDTRACE_ERR_LIMIT 8

/** The object was busy in a thread that did not survive `fork`. */
#define DDTRACE_ERR_FORKED 9

/** The call is not allowed in the state that the object is in. */
#define DDTRACE_ERR_STATE 10

/** The tracer is shut down. */
#define DDTRACE_ERR_SHUTDOWN 11

/** Time ran out before the work was done. */
#define DDTRACE_ERR_TIMEOUT 12

/** Input or output failed. */
#define DDTRACE_ERR_IO 13

/** A fault inside the library was contained; the call may have done nothing or a part of its work. */
#define DDTRACE_ERR_PANIC 14

/** A listener to an event failed. */
#define DDTRACE_ERR_LISTENER 15

/** Answer of a service's function: it has ended, and is not called again. */
#define DDTRACE_SERVICE_END -1

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

/**
 * The library's version, to be compared with DDTRACE_VERSION, the header's.
 *
 * @return a static text such as `"0.1.0"`, never NULL and never freed
 *
 * Threads: any. Since: 0.1
 */
DDTRACE_API const char *ddtrace_version(void);

/**
 * The library's version as a number that grows, `0xMMmmpp` (major, minor, patch), to be compared with DDTRACE_VERSION_NUM.
 *
 * Threads: any. Since: 0.1
 */
DDTRACE_API uint32_t ddtrace_version_num(void);

/**
 * The version of the ABI, to be compared with DDTRACE_ABI_VERSION. A program works with a library of another version as long as this number
 * is the same and the library's `ddtrace_version_num` is not smaller than that of the functions that the program uses.
 *
 * Threads: any. Since: 0.1
 */
DDTRACE_API uint32_t ddtrace_abi_version(void);

/**
 * Whether this build of the library has a feature: `tracing`, `propagation`, `sampling-rules`, `console`, `file`, `memory`, `unix-sockets`,
 * `host-driven`, `tls`.
 *
 * @param name, len  the feature's name
 * @return false for names that the library does not know, and for NULL
 *
 * Threads: any. Since: 0.1
 */
DDTRACE_API bool ddtrace_has_feature(const char *name, size_t len);

/**
 * How many handles are alive, so that tests find those that nobody frees: leak detectors do not see them. Walks all handles that ever were
 * alive at the same time.
 *
 * @param kind  one of DDTRACE_HANDLE_*
 * @return 0 also for kinds that the library does not know
 *
 * Threads: any. Since: 0.1
 */
DDTRACE_API size_t ddtrace_live_handles(int32_t kind);

/**
 * Draws an id as spans have them: random, never 0.
 *
 * Threads: any. Since: 0.1
 */
DDTRACE_API uint64_t ddtrace_id_generate64(void);

/**
 * Draws an id as traces have them: Unix seconds, 32 zero bits, and 64 random bits that are never 0.
 *
 * @param high  receives the upper half; may be NULL
 * @param low   receives the lower half; may be NULL
 *
 * Threads: any. Since: 0.1
 */
DDTRACE_API void ddtrace_id_generate128(uint64_t *high, uint64_t *low);

/**
 * Copies out the runtime id: the UUID that tells this process's traces from those of others. A forked child has another one.
 *
 * @param buf, cap  receives the text and a NUL, cut to `cap` bytes; may be NULL with 0; 37 bytes are enough
 * @return 36, the length of the text
 *
 * Threads: any. Since: 0.1
 */
DDTRACE_API size_t ddtrace_runtime_id(char *buf, size_t cap);

/**
 * Sends the library's own messages to the host instead of stderr, for the whole process. Which levels there are to see is a setting.
 *
 * The callback may be called from any thread, the library's own included, and by several at once. It must not throw. It may call the
 * library, but what it calls may log again. A message that is being delivered while the callback is replaced may still reach the former
 * one; the former one's data is freed after that.
 *
 * @param callback        gets `user_data`, one of DDTRACE_LOG_*, and the message: one line of UTF-8 without a NUL at its end, valid during
 *                        the call. NULL: messages go to stderr again
 * @param user_data       passed to the callback
 * @param free_user_data  called once with `user_data` when the callback is replaced or could not be registered; may be NULL
 * @return DDTRACE_OK; DDTRACE_ERR_FORKED if another thread was changing the callback when this process was forked
 *
 * Threads: any. Since: 0.1
 */
DDTRACE_API ddtrace_status ddtrace_set_log_callback(void (*callback)(void *user_data, int32_t level, const char *message, size_t len),
    void *user_data,
    void (*free_user_data)(void *user_data));

/**
 * Describes a status in a few English words.
 *
 * @param status  any number
 * @return a static text, never NULL and never freed; `"unknown status"` for a number that this library does not use
 *
 * Threads: any. Since: 0.1
 */
DDTRACE_API const char *ddtrace_status_text(ddtrace_status status);

/**
 * Makes the comment that is to stand in front of a database statement, so that database monitoring finds the span that the statement comes from.
 * `DD_DBM_PROPAGATION_MODE` says what it tells: `disabled`, the default, nothing; `service` names services, environment and version;
 * `dynamic_service` adds a hash of what the process is; `full` adds the trace, for which the sampling decision is made if it is open. The
 * comment ends with a space and has no more to be done to it than to be put in front.
 *
 * It reads `db.name`, `out.host` and `peer.service`, which the integration sets before. It sets `_dd.propagated_hash` or
 * `_dd.dbm_trace_injected`, where the comment tells of hash or trace.
 *
 * @param span      borrowed: that of the statement, unfinished
 * @param flags     0, or DDTRACE_DBM_DOUBLE_PERCENT
 * @param buf, cap  receives the comment and a NUL, cut to `cap` bytes; may be NULL with 0
 * @return the comment's length without the NUL; DDTRACE_ABSENT: there is to be none, the span is finished or records nothing, or an argument
 *         is wrong
 *
 * Threads: any. Since: 0.1
 */
DDTRACE_API size_t ddtrace_span_dbm_comment(struct ddtrace_span *span,
    uint32_t flags,
    char *buf,
    size_t cap);

/**
 * The status that the failed call answered as well.
 *
 * @param error  borrowed
 * @return one of DDTRACE_ERR_*; DDTRACE_ERR_NULL for NULL, and DDTRACE_ERR_HANDLE for a handle that is no error, or not any more
 *
 * Threads: any. Since: 0.1
 */
DDTRACE_API ddtrace_status ddtrace_error_code(const struct ddtrace_error *error);

/**
 * What went wrong, in English: the thing, the value that was seen, and what was expected. Secrets are not repeated.
 *
 * @param error  borrowed
 * @return text that is valid until the error is freed, not NUL-terminated; DDTRACE_STR_NONE for NULL and for other handles
 *
 * Threads: any. Since: 0.1
 */
DDTRACE_API struct ddtrace_str ddtrace_error_message(const struct ddtrace_error *error);

/**
 * Frees an error object, and with it its message.
 *
 * @param error  owned by this call; NULL and handles that were freed are ignored
 *
 * Threads: any. Since: 0.1
 */
DDTRACE_API void ddtrace_error_free(struct ddtrace_error *error);

/**
 * Makes a configuration with nothing set: the environment and the defaults decide.
 *
 * @param out  receives the configuration, owned by the caller: free it with `ddtrace_config_free`
 * @return DDTRACE_OK; DDTRACE_ERR_NULL; DDTRACE_ERR_LIMIT when memory is out
 *
 * Threads: any. Since: 0.1
 */
DDTRACE_API ddtrace_status ddtrace_config_new(struct ddtrace_config **out);

/**
 * Sets a setting, which beats the environment. The keys are the names of the environment variables: `DD_SERVICE`, `DD_ENV`,
 * `DD_TRACE_SAMPLING_RULES` and so on, and the library's own, of which the most used are
 *
 * - `LIBDDTRACE_EXPORTER`: `agent` (the default), `otlp`, `console`, `console-pretty`, `tree`, `file:PATH`, `log` (for cloud functions),
 *   `memory`, `null`;
 * - `LIBDDTRACE_HOST_DRIVEN`: `true` for a library without threads, see `ddtrace_tracer_tick`;
 * - `LIBDDTRACE_FLUSH_AT_EXIT`, `LIBDDTRACE_SHUTDOWN_TIMEOUT_MS`, `LIBDDTRACE_MAX_LIVE_SPANS`;
 * - `LIBDDTRACE_LANGUAGE`, `LIBDDTRACE_LANGUAGE_VERSION`, `LIBDDTRACE_INTERPRETER`: what a binding tells about itself.
 *
 * Tracers that were made before do not change.
 *
 * @param config            borrowed
 * @param key, key_len      the setting's name or one of its aliases
 * @param value, value_len  the value as it would stand in the environment; an empty one takes the setting back, as `ddtrace_config_unset`
 *                          does, unless empty is a value of this setting
 * @param err_or_null       receives an error if the call fails, else NULL; free it with `ddtrace_error_free`
 * @return DDTRACE_OK; DDTRACE_ERR_NOT_FOUND: there is no such setting; DDTRACE_ERR_INVALID: not a value of this setting, which keeps its
 *         former one; DDTRACE_ERR_NULL; DDTRACE_ERR_HANDLE; DDTRACE_ERR_FORKED
 *
 * Threads: any. Since: 0.1
 */
DDTRACE_API ddtrace_status ddtrace_config_set(struct ddtrace_config *config,
    const char *key,
    size_t key_len,
    const char *value,
    size_t value_len,
    struct ddtrace_error **err_or_null);

/**
 * Takes back what `ddtrace_config_set` set, so that the environment and the default decide again.
 *
 * @param config        borrowed
 * @param key, key_len  the setting's name or one of its aliases
 * @return DDTRACE_OK, also if nothing was set; DDTRACE_ERR_NOT_FOUND: there is no such setting; DDTRACE_ERR_NULL; DDTRACE_ERR_HANDLE;
 *         DDTRACE_ERR_FORKED
 *
 * Threads: any. Since: 0.1
 */
DDTRACE_API ddtrace_status ddtrace_config_unset(struct ddtrace_config *config, const char *key, size_t key_len);

/**
 * Copies out the value of a setting that is in effect now, after code, environment and default: numbers in decimal, lists and maps joined
 * with commas, `<redacted>` for secrets. A tracer made now would have the same one.
 *
 * @param config        borrowed
 * @param key, key_len  the setting's name or one of its aliases
 * @param buf, cap      receives the text and a NUL, cut to `cap` bytes; may be NULL with 0
 * @return the value's length; DDTRACE_ABSENT if it is unset, there is no such setting, or an argument is wrong
 *
 * Threads: any. Since: 0.1
 */
DDTRACE_API size_t ddtrace_config_get(const struct ddtrace_config *config, const char *key, size_t key_len, char *buf, size_t cap);

/**
 * Where the value of a setting that is in effect now came from.
 *
 * @param config        borrowed
 * @param key, key_len  the setting's name or one of its aliases
 * @return static text: `"code"`, `"fleet_stable_config"`, `"env_var"`, `"otel_env_var"`, `"local_stable_config"`, `"calculated"` (derived by
 *         the library) or `"default"`; NULL if there is no such setting, or an argument is wrong
 *
 * Threads: any. Since: 0.1
 */
DDTRACE_API const char *ddtrace_config_origin(const struct ddtrace_config *config,
    const char *key,
    size_t key_len);

/**
 * Shows every value that was seen for every setting, not only those in effect. The values of one setting follow each other: first those
 * that were refused, then the others from the weakest source to the strongest. So the last one of a name is the one in effect. Secrets are
 * left out.
 *
 * @param config     borrowed
 * @param visit      called on this thread, once per value; the texts are valid during the call. `value.ptr` is NULL where the setting is
 *                   unset, `origin` is one of the texts of `ddtrace_config_origin`
 * @param user_data  passed to `visit`
 * @return DDTRACE_OK; DDTRACE_ERR_NULL; DDTRACE_ERR_HANDLE; DDTRACE_ERR_FORKED
 *
 * Threads: any. Since: 0.1
 */
DDTRACE_API ddtrace_status ddtrace_config_each(const struct ddtrace_config *config,
    void (*visit)(void *user_data, struct ddtrace_str name, struct ddtrace_str value, struct ddtrace_str origin),
    void *user_data);

/**
 * Shows what the user should know of the settings that are in effect now: values that were ignored, former names, broken files.
 *
 * @param config_or_null  borrowed; NULL: the environment decides
 * @param visit           called on this thread, once per warning; the text is valid during the call
 * @param user_data       passed to `visit`
 * @return DDTRACE_OK; DDTRACE_ERR_NULL for `visit`; DDTRACE_ERR_HANDLE; DDTRACE_ERR_FORKED
 *
 * Threads: any. Since: 0.1
 */
DDTRACE_API ddtrace_status ddtrace_config_each_warning(const struct ddtrace_config *config_or_null,
    void (*visit)(void *user_data, struct ddtrace_str warning),
    void *user_data);

/**
 * Reads this environment instead of the process's, for hosts that have one of their own.
 *
 * @param config          borrowed
 * @param lookup          gets `user_data` and the name of a variable, answers its value or NULL; the text is copied before the next call.
 *                        Called while a tracer or propagator is made from this configuration, and while it is read, on the calling thread
 * @param user_data       passed to `lookup`
 * @param free_user_data  called once with `user_data`: when the configuration is freed, when another environment is set, or at once if this
 *                        call fails; may be NULL
 * @return DDTRACE_OK; DDTRACE_ERR_NULL; DDTRACE_ERR_HANDLE; DDTRACE_ERR_FORKED
 *
 * Threads: any. Since: 0.1
 */
DDTRACE_API ddtrace_status ddtrace_config_set_env_lookup(struct ddtrace_config *config,
    const char *(*lookup)(void *user_data, const char *name),
    void *user_data,
    void (*free_user_data)(void *user_data));

/**
 * Sends finished spans to this exporter, whatever `LIBDDTRACE_EXPORTER` says.
 *
 * @param config    borrowed
 * @param exporter  borrowed, may be freed at any time; several configurations may have the same one
 * @return DDTRACE_OK; DDTRACE_ERR_NULL; DDTRACE_ERR_HANDLE; DDTRACE_ERR_FORKED
 *
 * Threads: any. Since: 0.1
 */
DDTRACE_API ddtrace_status ddtrace_config_set_exporter(struct ddtrace_config *config, struct ddtrace_exporter *exporter);

/**
 * Lets the host carry the requests to the agent: the library opens no sockets. Another exporter, set in code or by `LIBDDTRACE_EXPORTER`,
 * wins.
 *
 * @param config          borrowed
 * @param begin           gets `user_data` and a request that it owns: it sends it at once or later, and ends it with
 *                        `ddtrace_exchange_complete` or `ddtrace_exchange_fail`. Called on the library's thread, in host-driven mode from
 *                        `ddtrace_tracer_tick`, `_flush`, `_shutdown` and `_free`
 * @param user_data       passed to `begin`
 * @param free_user_data  called once with `user_data`: when neither the configuration nor a tracer needs it any longer, or at once if this
 *                        call fails; may be NULL
 * @return DDTRACE_OK; DDTRACE_ERR_NULL; DDTRACE_ERR_HANDLE; DDTRACE_ERR_FORKED
 *
 * Threads: any. Since: 0.1
 */
DDTRACE_API ddtrace_status ddtrace_config_set_transport(struct ddtrace_config *config,
    void (*begin)(void *user_data, struct ddtrace_exchange *exchange),
    void *user_data,
    void (*free_user_data)(void *user_data));

/**
 * Frees a configuration. Tracers made from it go on.
 *
 * @param config  owned by this call; NULL and handles that were freed are ignored
 *
 * Threads: any. Since: 0.1
 */
DDTRACE_API void ddtrace_config_free(struct ddtrace_config *config);

/**
 * Copies out what the settings say of one integration: `DD_TRACE_<INTEGRATION>_ENABLED` and the like, with the integration's name in upper
 * case and `_` for what is neither letter nor digit. They come from `ddtrace_config_integration_set`, the environment and the files of stable
 * configuration; what is asked for and set is told to telemetry.
 *
 * Keys are `enabled`, `distributed_tracing` and `analytics_enabled`, which are `true` or `false`; `service`; `analytics_sample_rate`, a
 * number. Where `DD_TRACE_REMOVE_INTEGRATION_SERVICE_NAMES_ENABLED` is on, or `DD_TRACE_SPAN_ATTRIBUTE_SCHEMA` is `v1`, the service of all
 * integrations that have none of their own is the program's.
 *
 * @param config_or_null         borrowed; NULL: the environment decides
 * @param integration, name_len  its name: `redis`, `aws-sdk`, …
 * @param key, key_len           one of the words above
 * @param buf, cap               receives the value and a NUL, cut to `cap` bytes; may be NULL with 0
 * @return the value's length without the NUL; DDTRACE_ABSENT: nothing is set, and the integration's default holds; or an argument is wrong
 *
 * Threads: any. Since: 0.1
 */
DDTRACE_API size_t ddtrace_config_integration_get(const struct ddtrace_config *config_or_null,
    const char *integration,
    size_t name_len,
    const char *key,
    size_t key_len,
    char *buf,
    size_t cap);

/**
 * Sets what one integration is to do. It counts more than all other sources, as with `ddtrace_config_set`.
 *
 * @param config                 borrowed
 * @param integration, name_len  its name, as for `ddtrace_config_integration_get`
 * @param key, key_len           one of the words named there
 * @param value, value_len       the value as text; an empty one takes back what was set
 * @param err_or_null            receives an error, else NULL; free it with `ddtrace_error_free`
 * @return DDTRACE_OK; DDTRACE_ERR_NOT_FOUND: there is no such word; DDTRACE_ERR_INVALID: the value does not fit, and nothing has changed;
 *         DDTRACE_ERR_NULL; DDTRACE_ERR_HANDLE; DDTRACE_ERR_FORKED
 *
 * Threads: any. Since: 0.1
 */
DDTRACE_API ddtrace_status ddtrace_config_integration_set(struct ddtrace_config *config,
    const char *integration,
    size_t name_len,
    const char *key,
    size_t key_len,
    const char *value,
    size_t value_len,
    struct ddtrace_error **err_or_null);

/**
 * Makes a tracer. Logs what there is to say about the settings, and the start-up line unless `DD_TRACE_STARTUP_LOGS` is off. Level and rate
 * of the library's messages, which the process has once, are those of the tracer made last.
 *
 * @param config_or_null  the settings as they are now; the caller may change or free it afterwards. NULL: the environment decides
 * @param out             receives the tracer, owned by the caller: free it with `ddtrace_tracer_free`
 * @param err_or_null     receives an error if the call fails, else NULL; free it with `ddtrace_error_free`
 * @return DDTRACE_OK; DDTRACE_ERR_IO: the exporter's file cannot be opened; DDTRACE_ERR_INVALID: the agent's URL cannot be used by this
 *         build; DDTRACE_ERR_NULL; DDTRACE_ERR_HANDLE; DDTRACE_ERR_LIMIT; DDTRACE_ERR_FORKED
 *
 * Threads: any. Since: 0.1
 */
DDTRACE_API ddtrace_status ddtrace_tracer_new(const struct ddtrace_config *config_or_null,
    struct ddtrace_tracer **out,
    struct ddtrace_error **err_or_null);

/**
 * Finds the default tracer of the process, which the first call makes from the environment. It lives as long as somebody has a reference of
 * it; after that, the next call makes another one.
 *
 * @param out          receives the tracer with a reference of its own, owned by the caller: free it with `ddtrace_tracer_free`
 * @param err_or_null  receives an error if the call fails, else NULL; free it with `ddtrace_error_free`
 * @return as `ddtrace_tracer_new`
 *
 * Threads: any. Since: 0.1
 */
DDTRACE_API ddtrace_status ddtrace_tracer_default(struct ddtrace_tracer **out, struct ddtrace_error **err_or_null);

/**
 * Finds the tracer of a name. All callers of the same name get the same handle. Named tracers are the default tracer under another name:
 * they share its settings, its queue and its fate; to shut one down is to shut all of them down.
 *
 * @param name, len    at most 1,024 bytes; the empty name and `default` are the default tracer's. At most 1,024 names are remembered at a
 *                     time
 * @param out          receives the tracer with a reference of its own, owned by the caller: free it with `ddtrace_tracer_free`
 * @param err_or_null  receives an error if the call fails, else NULL; free it with `ddtrace_error_free`
 * @return as `ddtrace_tracer_new`; DDTRACE_ERR_INVALID also for a name that is too long, DDTRACE_ERR_LIMIT for one too many
 *
 * Threads: any. Since: 0.1
 */
DDTRACE_API ddtrace_status ddtrace_tracer_get(const char *name,
    size_t len,
    struct ddtrace_tracer **out,
    struct ddtrace_error **err_or_null);

/**
 * Adds a reference to a tracer.
 *
 * @param tracer  borrowed
 * @return the same handle, to be freed once more; NULL if it is none
 *
 * Threads: any. Since: 0.1
 */
DDTRACE_API struct ddtrace_tracer *ddtrace_tracer_ref(struct ddtrace_tracer *tracer);

/**
 * Gives a reference back. The last one shuts the tracer down, waiting for `LIBDDTRACE_SHUTDOWN_TIMEOUT_MS` at most. Spans that are still
 * open go on to propagate and are never sent.
 *
 * @param tracer  owned by this call; NULL and handles that were freed are ignored
 *
 * Threads: any. Since: 0.1
 */
DDTRACE_API void ddtrace_tracer_free(struct ddtrace_tracer *tracer);

/**
 * Sends what is finished by now, and waits until it is delivered. Traces that are still open stay.
 *
 * In host-driven mode it starts the sending on this thread and answers DDTRACE_ERR_TIMEOUT unless the host's transport completes all of it
 * at once.
 *
 * @param tracer      borrowed
 * @param timeout_ms  how long to wait; what is not sent by then stays queued
 * @return DDTRACE_OK; DDTRACE_ERR_TIMEOUT; DDTRACE_ERR_IO: something was dropped; DDTRACE_ERR_SHUTDOWN; DDTRACE_ERR_NULL;
 *         DDTRACE_ERR_HANDLE; DDTRACE_ERR_FORKED
 *
 * Threads: any. Since: 0.1
 */
DDTRACE_API ddtrace_status ddtrace_tracer_flush(struct ddtrace_tracer *tracer, uint32_t timeout_ms);

/**
 * Sends what is finished by now, waits until it is delivered, and ends the tracer's threads. The handle stays valid. Spans may still be
 * started, and propagate; they are never sent. A second call finds nothing to do.
 *
 * In host-driven mode there is one attempt, which the host's transport has to complete at once: flush and tick before.
 *
 * @param tracer      borrowed
 * @param timeout_ms  how long to wait; what is not sent by then is dropped
 * @return DDTRACE_OK; DDTRACE_ERR_TIMEOUT: a thread is still busy and left alone; DDTRACE_ERR_IO: something was dropped; DDTRACE_ERR_NULL;
 *         DDTRACE_ERR_HANDLE; DDTRACE_ERR_FORKED
 *
 * Threads: any. Since: 0.1
 */
DDTRACE_API ddtrace_status ddtrace_tracer_shutdown(struct ddtrace_tracer *tracer, uint32_t timeout_ms);

/**
 * Does on this thread what is due now, in host-driven mode (`LIBDDTRACE_HOST_DRIVEN`), where the library has no threads. The host calls it
 * from its event loop, and soon after it completed an exchange. Without a transport of the host (`ddtrace_config_set_transport`) it sends
 * by itself and waits for the agent, for `DD_TRACE_AGENT_TIMEOUT_SECONDS` per request.
 *
 * @param tracer           borrowed
 * @param next_ms_or_null  receives the time after which to call again at the latest, rounded up to whole milliseconds
 * @return DDTRACE_OK; DDTRACE_ERR_STATE: this tracer has threads of its own; DDTRACE_ERR_SHUTDOWN; DDTRACE_ERR_NULL; DDTRACE_ERR_HANDLE;
 *         DDTRACE_ERR_FORKED
 *
 * Threads: any. Since: 0.1
 */
DDTRACE_API ddtrace_status ddtrace_tracer_tick(struct ddtrace_tracer *tracer, uint32_t *next_ms_or_null);

/**
 * Copies out the value of a setting that the tracer works with, as `ddtrace_config_get` does.
 *
 * @param tracer        borrowed
 * @param key, key_len  the setting's name or one of its aliases
 * @param buf, cap      receives the text and a NUL, cut to `cap` bytes; may be NULL with 0
 * @return the value's length; DDTRACE_ABSENT if it is unset, there is no such setting, or an argument is wrong
 *
 * Threads: any. Since: 0.1
 */
DDTRACE_API size_t ddtrace_tracer_config_get(const struct ddtrace_tracer *tracer, const char *key, size_t key_len, char *buf, size_t cap);

/**
 * Copies out what the start-up line says: one line of JSON with the settings in effect, which has no secrets. The line is written before
 * anybody has asked the agent; here `agent_error` and `agent_features` tell what came of that since.
 *
 * @param tracer    borrowed
 * @param buf, cap  receives the text and a NUL, cut to `cap` bytes; may be NULL with 0
 * @return the text's length without the NUL; DDTRACE_ABSENT if an argument is wrong. The date in it is that of the call
 *
 * Threads: any. Since: 0.1
 */
DDTRACE_API size_t ddtrace_tracer_startup_json(const struct ddtrace_tracer *tracer, char *buf, size_t cap);

/**
 * Gives out the exporter that the tracer feeds, so that spans that `LIBDDTRACE_EXPORTER=memory` keeps can be read.
 *
 * @param tracer  borrowed
 * @param out     receives the exporter with a reference of its own, owned by the caller: free it with `ddtrace_exporter_free`
 * @return DDTRACE_OK; DDTRACE_ERR_NOT_FOUND: the spans go to the agent; DDTRACE_ERR_NULL; DDTRACE_ERR_HANDLE; DDTRACE_ERR_LIMIT;
 *         DDTRACE_ERR_FORKED
 *
 * Threads: any. Since: 0.1
 */
DDTRACE_API ddtrace_status ddtrace_tracer_get_exporter(const struct ddtrace_tracer *tracer, struct ddtrace_exporter **out);

/**
 * Tells what the tracer counted in this process. The numbers are read one after the other while threads go on counting.
 *
 * @param tracer  borrowed
 * @param out     receives the numbers; its `struct_size` is set by the caller, with DDTRACE_COUNTERS_INIT, and stays
 * @return DDTRACE_OK; DDTRACE_ERR_INVALID: the size is none; DDTRACE_ERR_NULL; DDTRACE_ERR_HANDLE; DDTRACE_ERR_FORKED
 *
 * Threads: any. Since: 0.1
 */
DDTRACE_API ddtrace_status ddtrace_tracer_counters(const struct ddtrace_tracer *tracer, struct ddtrace_counters *out);

/**
 * Lets a tracer work with other settings: all of a configuration, as if the tracer were made from it now. Handles stay valid, spans that are
 * open go on, and what they say of the settings (service, environment, global tags) is said by the new ones when they are finished.
 *
 * What is finished by now goes to the former exporter. What that does not take in time goes to the new one. Processors and filters that the
 * former configuration brought are replaced by those of this one; the others stay. Counters go on, and so do sampling rates of the agent
 * unless settings of sampling differ.
 *
 * @param tracer          borrowed
 * @param config_or_null  the settings as they are now; the caller may change or free it afterwards. NULL: the environment decides
 * @param flags           0, or DDTRACE_CONFIGURE_GIVE_UP_OPEN_TRACES
 * @param timeout_ms      how long to wait for the former exporter
 * @param err_or_null     receives an error if the settings are not used, else NULL; free it with `ddtrace_error_free`
 * @return DDTRACE_OK; DDTRACE_ERR_TIMEOUT or DDTRACE_ERR_IO: the settings are in force, but not all that was finished was taken, or some was
 *         dropped. All others change nothing: DDTRACE_ERR_STATE: the mode `LIBDDTRACE_HOST_DRIVEN` is another one; DDTRACE_ERR_SHUTDOWN;
 *         DDTRACE_ERR_UNSUPPORTED: unknown flags; and those of `ddtrace_tracer_new`. Only those give an error object.
 *
 * Threads: any. Since: 0.1
 */
DDTRACE_API ddtrace_status ddtrace_tracer_configure(struct ddtrace_tracer *tracer,
    const struct ddtrace_config *config_or_null,
    uint32_t flags,
    uint32_t timeout_ms,
    struct ddtrace_error **err_or_null);

/**
 * Asks the agent what it can do and what it wants (`GET /info`), and waits for the answer. The tracer does so by itself before the first trace
 * leaves, every five minutes, and when the agent's configuration changes; this is for those who cannot wait for that.
 *
 * In host-driven mode it starts the asking on this thread and answers DDTRACE_ERR_TIMEOUT unless the host's transport completes it at once.
 *
 * @param tracer      borrowed
 * @param timeout_ms  how long to wait; the asking goes on afterwards
 * @return DDTRACE_OK: the agent answered, be it that it has no such information; DDTRACE_ERR_IO: there was no usable answer, and what was
 *         known stays; DDTRACE_ERR_TIMEOUT; DDTRACE_ERR_NOT_FOUND: the spans do not go to an agent; DDTRACE_ERR_SHUTDOWN;
 *         DDTRACE_ERR_NULL; DDTRACE_ERR_HANDLE; DDTRACE_ERR_FORKED
 *
 * Threads: any. Since: 0.1
 */
DDTRACE_API ddtrace_status ddtrace_tracer_refresh_agent_info(struct ddtrace_tracer *tracer,
    uint32_t timeout_ms);

/**
 * Copies out what the agent said about itself last: the JSON object that it answered to `GET /info`.
 *
 * @param tracer    borrowed
 * @param buf, cap  receives the text and a NUL, cut to `cap` bytes; may be NULL with 0
 * @return the text's length; DDTRACE_ABSENT if the agent has said nothing yet or is too old to, or an argument is wrong
 *
 * Threads: any. Since: 0.1
 */
DDTRACE_API size_t ddtrace_tracer_get_agent_info(const struct ddtrace_tracer *tracer, char *buf, size_t cap);

/**
 * Tells telemetry at once that a setting has another value. Settings that the library reads itself are told without this call.
 *
 * Where telemetry is off (`DD_INSTRUMENTATION_TELEMETRY_ENABLED`), this and the other functions of telemetry do nothing and answer
 * DDTRACE_OK.
 *
 * @param tracer                borrowed
 * @param name, name_len        the setting's name, that of its environment variable
 * @param value, value_len      its value as text; `true` and `false` are booleans; `(NULL, 0)`: it is unset
 * @param origin, origin_len    where the value came from: `default`, `calculated`, `env_var`, `otel_env_var`, `local_stable_config`,
 *                              `fleet_stable_config`, `code`, `remote_config` or `unknown`
 * @param config_id, id_len     the configuration document that it came from; `(NULL, 0)`: none
 * @return DDTRACE_OK; DDTRACE_ERR_INVALID: there is no name, or no such origin; DDTRACE_ERR_SHUTDOWN; DDTRACE_ERR_NULL;
 *         DDTRACE_ERR_HANDLE; DDTRACE_ERR_FORKED
 *
 * Threads: any. Since: 0.1
 */
DDTRACE_API ddtrace_status ddtrace_telemetry_add_config(struct ddtrace_tracer *tracer,
    const char *name,
    size_t name_len,
    const char *value,
    size_t value_len,
    const char *origin,
    size_t origin_len,
    const char *config_id,
    size_t id_len);

/**
 * Tells telemetry how a product is. A change is told at once.
 *
 * @param tracer                borrowed
 * @param product, product_len  `appsec`, `profiler`, `dynamic_instrumentation`, `mlobs` and so on
 * @param enabled               0: it is off
 * @param version, version_len  its version; `(NULL, 0)`: that of the library
 * @param error_code            0: nothing is wrong with it
 * @param error, error_len      what is wrong with it; `(NULL, 0)`: nothing
 * @return DDTRACE_OK; DDTRACE_ERR_INVALID: there is no name; DDTRACE_ERR_LIMIT: there are too many products; DDTRACE_ERR_SHUTDOWN;
 *         DDTRACE_ERR_NULL; DDTRACE_ERR_HANDLE; DDTRACE_ERR_FORKED
 *
 * Threads: any. Since: 0.1
 */
DDTRACE_API ddtrace_status ddtrace_telemetry_set_product(struct ddtrace_tracer *tracer,
    const char *product,
    size_t product_len,
    int32_t enabled,
    const char *version,
    size_t version_len,
    int32_t error_code,
    const char *error,
    size_t error_len);

/**
 * Tells telemetry of an error of the binding, or of a product. The same message is sent once with the number of times that it happened, and
 * at most 256 different ones are kept until they are sent. Messages below DDTRACE_LOG_WARN are sent only with `DD_TELEMETRY_DEBUG`.
 *
 * @param tracer              borrowed
 * @param level               DDTRACE_LOG_ERROR to DDTRACE_LOG_DEBUG
 * @param message, len        a constant text, without anything of the user's: no ids, no paths, no texts of exceptions
 * @param stack, stack_len    where it happened, without frames of the user's; `(NULL, 0)`: not known. 8 KiB are kept
 * @param tags, tags_len      `key:value` pairs with commas between them; `(NULL, 0)`: none
 * @param flags               DDTRACE_TELEMETRY_LOG_* put together by `|`, or 0
 * @return DDTRACE_OK; DDTRACE_ERR_INVALID: there is no message, or no such level or flag; DDTRACE_ERR_SHUTDOWN; DDTRACE_ERR_NULL;
 *         DDTRACE_ERR_HANDLE; DDTRACE_ERR_FORKED
 *
 * Threads: any. Since: 0.1
 */
DDTRACE_API ddtrace_status ddtrace_telemetry_log(struct ddtrace_tracer *tracer,
    int32_t level,
    const char *message,
    size_t len,
    const char *stack,
    size_t stack_len,
    const char *tags,
    size_t tags_len,
    uint32_t flags);

/**
 * Sends now what telemetry has to tell, and waits until it is delivered. It has nothing to do with traces, as `ddtrace_tracer_flush` has
 * nothing to do with telemetry.
 *
 * In host-driven mode it starts the sending on this thread and answers DDTRACE_ERR_TIMEOUT unless the host's transport completes all of it
 * at once.
 *
 * @param tracer      borrowed
 * @param timeout_ms  how long to wait; the sending goes on afterwards
 * @return DDTRACE_OK; DDTRACE_ERR_TIMEOUT; DDTRACE_ERR_IO: something was not taken; DDTRACE_ERR_SHUTDOWN; DDTRACE_ERR_NULL;
 *         DDTRACE_ERR_HANDLE; DDTRACE_ERR_FORKED
 *
 * Threads: any. Since: 0.1
 */
DDTRACE_API ddtrace_status ddtrace_telemetry_flush(struct ddtrace_tracer *tracer, uint32_t timeout_ms);

/**
 * Ends telemetry for the process: what is left is sent, and a last message. The tracers go on. `ddtrace_tracer_shutdown` of the last tracer
 * does so by itself.
 *
 * @param tracer      borrowed
 * @param timeout_ms  how long to wait; the ending goes on afterwards, for three seconds at most
 * @return DDTRACE_OK, also where it had ended before; DDTRACE_ERR_TIMEOUT; DDTRACE_ERR_SHUTDOWN; DDTRACE_ERR_NULL; DDTRACE_ERR_HANDLE;
 *         DDTRACE_ERR_FORKED
 *
 * Threads: any. Since: 0.1
 */
DDTRACE_API ddtrace_status ddtrace_telemetry_stop(struct ddtrace_tracer *tracer, uint32_t timeout_ms);

/**
 * Tells what telemetry has done since it began in this process.
 *
 * @param tracer  borrowed
 * @param out     receives the numbers, all 0 where telemetry is off; its `struct_size` is set by the caller, with
 *                DDTRACE_TELEMETRY_STATS_INIT, and stays
 * @return DDTRACE_OK; DDTRACE_ERR_INVALID: the size is none; DDTRACE_ERR_SHUTDOWN; DDTRACE_ERR_NULL; DDTRACE_ERR_HANDLE;
 *         DDTRACE_ERR_FORKED
 *
 * Threads: any. Since: 0.1
 */
DDTRACE_API ddtrace_status ddtrace_telemetry_get_stats(const struct ddtrace_tracer *tracer, struct ddtrace_telemetry_stats *out);

/**
 * Tells telemetry of a library that the program uses. The same name and version is told once. Nothing is told with
 * `DD_TELEMETRY_DEPENDENCY_COLLECTION_ENABLED` off.
 *
 * @param tracer                borrowed
 * @param name, name_len        the library
 * @param version, version_len  its version; `(NULL, 0)`: not known
 * @return DDTRACE_OK; DDTRACE_ERR_INVALID: there is no name; DDTRACE_ERR_SHUTDOWN; DDTRACE_ERR_NULL; DDTRACE_ERR_HANDLE;
 *         DDTRACE_ERR_FORKED
 *
 * Threads: any. Since: 0.1
 */
DDTRACE_API ddtrace_status ddtrace_telemetry_add_dependency(struct ddtrace_tracer *tracer,
    const char *name,
    size_t name_len,
    const char *version,
    size_t version_len);

/**
 * Tells telemetry of an integration with a library of the program, and whether it works. Of what was not sent yet, the last word about the
 * same name and version counts. It is also an event, `integration.patched`, whether telemetry is on or not.
 *
 * @param tracer       borrowed
 * @param integration  borrowed
 * @return DDTRACE_OK; DDTRACE_ERR_INVALID: there is no name, or a number is none of its field's; DDTRACE_ERR_UNSUPPORTED;
 *         DDTRACE_ERR_SHUTDOWN; DDTRACE_ERR_NULL; DDTRACE_ERR_HANDLE; DDTRACE_ERR_FORKED
 *
 * Threads: any. Since: 0.1
 */
DDTRACE_API ddtrace_status ddtrace_telemetry_add_integration(struct ddtrace_tracer *tracer, const struct ddtrace_integration *integration);

/**
 * Tells telemetry of an HTTP endpoint that the program offers. The same endpoint is told once, and at most 10,000 of them.
 *
 * @param tracer    borrowed
 * @param endpoint  borrowed
 * @return DDTRACE_OK; DDTRACE_ERR_INVALID: there is no operation, or no resource; DDTRACE_ERR_LIMIT: there are too many;
 *         DDTRACE_ERR_UNSUPPORTED; DDTRACE_ERR_SHUTDOWN; DDTRACE_ERR_NULL; DDTRACE_ERR_HANDLE; DDTRACE_ERR_FORKED
 *
 * Threads: any. Since: 0.1
 */
DDTRACE_API ddtrace_status ddtrace_telemetry_add_endpoint(struct ddtrace_tracer *tracer, const struct ddtrace_endpoint *endpoint);

/**
 * Records a value of a metric of telemetry. Metrics are sent every ten seconds, or with every heartbeat if that is more often. Nothing is
 * recorded with `DD_TELEMETRY_METRICS_ENABLED` off.
 *
 * @param tracer          borrowed
 * @param space, space_len  the namespace: `tracers`, `profilers`, `appsec`, `iast`, `civisibility`, `mlobs`, `general` and so on
 * @param name, name_len  the metric: letters, digits, `_` and `.`
 * @param kind            one of DDTRACE_TELEMETRY_*; a name has one kind in its namespace
 * @param value           finite, and not below 0 for a count or a distribution
 * @param tags, tags_len  `key:value` texts; may be NULL with 0
 * @param is_common       0: only this language has the metric
 * @return DDTRACE_OK; DDTRACE_ERR_INVALID: name, namespace, kind or value are none; DDTRACE_ERR_LIMIT: there are 2,000 metrics in the
 *         namespace; DDTRACE_ERR_SHUTDOWN; DDTRACE_ERR_NULL; DDTRACE_ERR_HANDLE; DDTRACE_ERR_FORKED
 *
 * Threads: any. Since: 0.1
 */
DDTRACE_API ddtrace_status ddtrace_telemetry_record(struct ddtrace_tracer *tracer,
    const char *space,
    size_t space_len,
    const char *name,
    size_t name_len,
    int32_t kind,
    double value,
    const struct ddtrace_str *tags,
    size_t tags_len,
    int32_t is_common);

/**
 * Looks a metric of telemetry up, for those that are recorded often: `ddtrace_telemetry_metric_add` then neither searches nor copies.
 *
 * @param tracer          borrowed
 * @param space, space_len, name, name_len, kind, tags, tags_len, is_common  as for `ddtrace_telemetry_record`
 * @param out             receives the metric, owned by the caller: free it with `ddtrace_telemetry_metric_free`; there is one also where
 *                        telemetry is off
 * @return as `ddtrace_telemetry_record`
 *
 * Threads: any. Since: 0.1
 */
DDTRACE_API ddtrace_status ddtrace_telemetry_metric_new(struct ddtrace_tracer *tracer,
    const char *space,
    size_t space_len,
    const char *name,
    size_t name_len,
    int32_t kind,
    const struct ddtrace_str *tags,
    size_t tags_len,
    int32_t is_common,
    struct ddtrace_telemetry_metric **out);

/**
 * Records a value. In a forked child it is recorded for the child.
 *
 * @param metric  borrowed
 * @param value   finite, and not below 0 for a count or a distribution
 * @return DDTRACE_OK; DDTRACE_ERR_INVALID: the value is none; DDTRACE_ERR_NULL; DDTRACE_ERR_HANDLE; DDTRACE_ERR_FORKED
 *
 * Threads: any. Since: 0.1
 */
DDTRACE_API ddtrace_status ddtrace_telemetry_metric_add(struct ddtrace_telemetry_metric *metric, double value);

/**
 * Gives a metric back. What was recorded is sent all the same.
 *
 * @param metric  owned by this call; NULL and handles that were freed are ignored
 *
 * Threads: any. Since: 0.1
 */
DDTRACE_API void ddtrace_telemetry_metric_free(struct ddtrace_telemetry_metric *metric);

/**
 * Calls `visit` with the environment variables that a process should have which this one starts with another program, so that Datadog knows
 * that the two belong together: `_DD_ROOT_CPP_SESSION_ID` and `_DD_PARENT_CPP_SESSION_ID`, by the language of the binding. They are for the
 * environment of that process alone; the library never changes its own. Forked children need nothing of the kind.
 *
 * Where telemetry is off nothing is visited: what this process got itself is right for its children, too.
 *
 * @param tracer     borrowed
 * @param visit      called on this thread; no lock is held meanwhile
 * @param user_data  its first argument
 * @return DDTRACE_OK; DDTRACE_ERR_NULL; DDTRACE_ERR_HANDLE; DDTRACE_ERR_FORKED; DDTRACE_ERR_SHUTDOWN
 *
 * Threads: any. Since: 0.1
 */
DDTRACE_API ddtrace_status ddtrace_telemetry_each_session_variable(const struct ddtrace_tracer *tracer,
    ddtrace_variable_visitor visit,
    void *user_data);

/**
 * Starts a span with everything that is known of it. The span is not activated: nothing in this library consults a hidden current span.
 *
 * Without a parent the span begins a new trace. A parent may be finished, and may be freed after this call. The parent's service applies
 * unless `options` has one. Texts and tags are copied. When very many spans are live (`LIBDDTRACE_MAX_LIVE_SPANS`), or tracing is disabled,
 * the span records nothing but carries trace context on.
 *
 * @param tracer       borrowed
 * @param options      borrowed; NULL: an unnamed root span that starts now
 * @param out          receives the span, owned by the caller: end it with `ddtrace_span_end`, or `ddtrace_span_finish` and
 *                     `ddtrace_span_free`
 * @param ids_or_null  receives the span's ids
 * @return DDTRACE_OK; DDTRACE_ERR_NULL; DDTRACE_ERR_HANDLE for a tracer or parent that is none; DDTRACE_ERR_UNSUPPORTED or
 *         DDTRACE_ERR_INVALID for the options; DDTRACE_ERR_LIMIT when far too many spans are live. A tag that cannot be set is left out:
 *         the span is started, and the status says why.
 *
 * Threads: any. Since: 0.1
 */
DDTRACE_API ddtrace_status ddtrace_span_start(struct ddtrace_tracer *tracer,
    const struct ddtrace_span_options *options,
    struct ddtrace_span **out,
    struct ddtrace_span_ids *ids_or_null);

/**
 * Finishes a span and frees the caller's reference: the usual end of a span, in one call.
 *
 * @param span     owned by this call; NULL answers DDTRACE_ERR_NULL
 * @param options  borrowed; NULL: ends now, nothing to add
 * @return DDTRACE_OK; DDTRACE_ERR_FINISHED if it was finished before (the reference is freed all the same, what `options` say is ignored);
 *         DDTRACE_ERR_HANDLE for a span that was freed; DDTRACE_ERR_LIMIT or DDTRACE_ERR_INVALID for a tag that was left out. In a forked
 *         child, a span that the parent process began is only freed.
 *
 * Threads: any; no other thread may use this reference meanwhile. Since: 0.1
 */
DDTRACE_API ddtrace_status ddtrace_span_end(struct ddtrace_span *span, const struct ddtrace_span_end_options *options);

/**
 * Finishes a span and keeps the caller's reference: the span can still be read, injected, linked and be a parent, and no longer changed.
 *
 * @param span     borrowed
 * @param options  borrowed; NULL: ends now, nothing to add
 * @return as `ddtrace_span_end`; a second call answers DDTRACE_ERR_FINISHED and changes nothing
 *
 * Threads: any. Since: 0.1
 */
DDTRACE_API ddtrace_status ddtrace_span_finish(struct ddtrace_span *span, const struct ddtrace_span_end_options *options);

/**
 * Finishes a span and then each unfinished ancestor in its trace segment, up to the local root: how a program that leaves in a hurry closes
 * what it has open. The caller's references are kept.
 *
 * @param span    borrowed
 * @param end_ns  nanoseconds since the Unix epoch; 0: now
 * @return DDTRACE_OK; DDTRACE_ERR_FINISHED if the span itself was finished before (its ancestors are finished all the same);
 *         DDTRACE_ERR_NULL; DDTRACE_ERR_HANDLE for a span that was freed
 *
 * Threads: any. Since: 0.1
 */
DDTRACE_API ddtrace_status ddtrace_span_finish_with_ancestors(struct ddtrace_span *span, int64_t end_ns);

/**
 * Adds a reference to a span, so that two owners can free it.
 *
 * @param span  borrowed
 * @return the same handle, to be freed once more; NULL if it is none
 *
 * Threads: any. Since: 0.1
 */
DDTRACE_API struct ddtrace_span *ddtrace_span_ref(struct ddtrace_span *span);

/**
 * Frees a reference to a span. It never finishes one: a span that is freed unfinished is abandoned, counted, and never sent; its trace goes
 * on without it. A garbage collector may call this at any time, from any thread.
 *
 * @param span  owned by this call; NULL and handles that were freed are ignored
 *
 * Threads: any; no other thread may use this reference meanwhile. Since: 0.1
 */
DDTRACE_API void ddtrace_span_free(struct ddtrace_span *span);

/**
 * The ids of a span.
 *
 * @param span  borrowed; may be finished
 * @param out   receives the ids
 * @return DDTRACE_OK, DDTRACE_ERR_NULL, DDTRACE_ERR_HANDLE
 *
 * Threads: any. Since: 0.1
 */
DDTRACE_API ddtrace_status ddtrace_span_get_ids(const struct ddtrace_span *span, struct ddtrace_span_ids *out);

/**
 * Whether a span is finished.
 *
 * @param span  borrowed; false for NULL and handles that were freed
 *
 * Threads: any. Since: 0.1
 */
DDTRACE_API bool ddtrace_span_is_finished(const struct ddtrace_span *span);

/**
 * Sets the operation name.
 *
 * @param span        borrowed
 * @param value, len  copied; bytes that are not UTF-8 are replaced
 * @return DDTRACE_OK, DDTRACE_ERR_NULL, DDTRACE_ERR_HANDLE, DDTRACE_ERR_FINISHED, DDTRACE_ERR_LIMIT
 *
 * Threads: any. Since: 0.1
 */
DDTRACE_API ddtrace_status ddtrace_span_set_name(struct ddtrace_span *span, const char *value, size_t len);

/**
 * Sets the service, in place of the parent's or the configured one; empty: the configured one again. `DD_SERVICE_MAPPING` applies.
 *
 * @param span        borrowed
 * @param value, len  copied
 * @return as `ddtrace_span_set_name`
 *
 * Threads: any. Since: 0.1
 */
DDTRACE_API ddtrace_status ddtrace_span_set_service(struct ddtrace_span *span, const char *value, size_t len);

/**
 * Sets the resource; empty: the operation name.
 *
 * @param span        borrowed
 * @param value, len  copied
 * @return as `ddtrace_span_set_name`
 *
 * Threads: any. Since: 0.1
 */
DDTRACE_API ddtrace_status ddtrace_span_set_resource(struct ddtrace_span *span, const char *value, size_t len);

/**
 * Sets the type (`web`, `http`, `db`, `cache`, `queue`, …).
 *
 * @param span        borrowed
 * @param value, len  copied
 * @return as `ddtrace_span_set_name`
 *
 * Threads: any. Since: 0.1
 */
DDTRACE_API ddtrace_status ddtrace_span_set_type(struct ddtrace_span *span, const char *value, size_t len);

/**
 * Copies the operation name out.
 *
 * @param span      borrowed; may be finished
 * @param buf, cap  receives the text and a NUL, cut to `cap` bytes; may be NULL with 0
 * @return the text's length without the NUL; DDTRACE_ABSENT for a handle that is none, or a span that records nothing
 *
 * Threads: any. Since: 0.1
 */
DDTRACE_API size_t ddtrace_span_get_name(const struct ddtrace_span *span, char *buf, size_t cap);

/**
 * Copies the effective service out.
 *
 * @param span      borrowed; may be finished
 * @param buf, cap  as for `ddtrace_span_get_name`
 * @return as `ddtrace_span_get_name`
 *
 * Threads: any. Since: 0.1
 */
DDTRACE_API size_t ddtrace_span_get_service(const struct ddtrace_span *span, char *buf, size_t cap);

/**
 * Copies the effective resource out.
 *
 * @param span      borrowed; may be finished
 * @param buf, cap  as for `ddtrace_span_get_name`
 * @return as `ddtrace_span_get_name`
 *
 * Threads: any. Since: 0.1
 */
DDTRACE_API size_t ddtrace_span_get_resource(const struct ddtrace_span *span, char *buf, size_t cap);

/**
 * Copies the type out.
 *
 * @param span      borrowed; may be finished
 * @param buf, cap  as for `ddtrace_span_get_name`
 * @return as `ddtrace_span_get_name`
 *
 * Threads: any. Since: 0.1
 */
DDTRACE_API size_t ddtrace_span_get_type(const struct ddtrace_span *span, char *buf, size_t cap);

/**
 * Sets the start. The duration is then the end minus this, by the wall clock.
 *
 * @param span      borrowed
 * @param start_ns  Unix time in nanoseconds
 * @return as `ddtrace_span_set_name`
 *
 * Threads: any. Since: 0.1
 */
DDTRACE_API ddtrace_status ddtrace_span_set_start(struct ddtrace_span *span, int64_t start_ns);

/**
 * The start of a span.
 *
 * @param span  borrowed; may be finished
 * @return Unix time in nanoseconds; 0 for a handle that is none, or a span that records nothing
 *
 * Threads: any. Since: 0.1
 */
DDTRACE_API int64_t ddtrace_span_get_start(const struct ddtrace_span *span);

/**
 * The duration of a finished span.
 *
 * @param span  borrowed
 * @return nanoseconds; -1 while the span is open, for a handle that is none, and for a span that records nothing
 *
 * Threads: any. Since: 0.1
 */
DDTRACE_API int64_t ddtrace_span_get_duration(const struct ddtrace_span *span);

/**
 * Sets the kind, which becomes the tag `span.kind`; internal and unspecified spans have none.
 *
 * @param span  borrowed
 * @param kind  DDTRACE_SPAN_KIND_*; DDTRACE_ERR_INVALID otherwise
 * @return as `ddtrace_span_set_name`
 *
 * Threads: any. Since: 0.1
 */
DDTRACE_API ddtrace_status ddtrace_span_set_kind(struct ddtrace_span *span, int32_t kind);

/**
 * The kind of a span.
 *
 * @param span  borrowed; may be finished
 * @return DDTRACE_SPAN_KIND_*
 *
 * Threads: any. Since: 0.1
 */
DDTRACE_API int32_t ddtrace_span_get_kind(const struct ddtrace_span *span);

/**
 * Sets the status by OpenTelemetry's rules: OK is final and clears an earlier error, UNSET changes nothing, a description stays only with
 * ERROR, where it becomes the tag `error.message`.
 *
 * @param span              borrowed
 * @param span_status       DDTRACE_SPAN_STATUS_*; DDTRACE_ERR_INVALID otherwise
 * @param description, len  copied; may be NULL with 0
 * @return as `ddtrace_span_set_name`
 *
 * Threads: any. Since: 0.1
 */
DDTRACE_API ddtrace_status ddtrace_span_set_status(struct ddtrace_span *span, int32_t span_status, const char *description, size_t len);

/**
 * The status that was set.
 *
 * @param span  borrowed; may be finished
 * @return DDTRACE_SPAN_STATUS_*
 *
 * Threads: any. Since: 0.1
 */
DDTRACE_API int32_t ddtrace_span_get_status(const struct ddtrace_span *span);

/**
 * Marks a span as failed or not; not failed removes `error.message` and `error.type`.
 *
 * @param span   borrowed
 * @param error  0: not failed, anything else: failed
 * @return as `ddtrace_span_set_name`
 *
 * Threads: any. Since: 0.1
 */
DDTRACE_API ddtrace_status ddtrace_span_set_error(struct ddtrace_span *span, int32_t error);

/**
 * Whether a span is marked as failed.
 *
 * @param span  borrowed; may be finished
 *
 * Threads: any. Since: 0.1
 */
DDTRACE_API bool ddtrace_span_is_error(const struct ddtrace_span *span);

/**
 * Marks a span as failed and sets `error.type`, `error.message` and `error.stack`, each where it is given.
 *
 * @param span                  borrowed
 * @param type, type_len        copied; may be NULL with 0
 * @param message, message_len  copied; may be NULL with 0
 * @param stack, stack_len      copied; may be NULL with 0
 * @return as `ddtrace_span_set_name`
 *
 * Threads: any. Since: 0.1
 */
DDTRACE_API ddtrace_status ddtrace_span_set_exception(struct ddtrace_span *span,
    const char *type,
    size_t type_len,
    const char *message,
    size_t message_len,
    const char *stack,
    size_t stack_len);

/**
 * Sets a string tag, in place of whatever the key held.
 *
 * Some keys mean more: `manual.keep` and `manual.drop` decide the trace, `service.name`, `resource.name` and `span.type` set those fields,
 * `http.status_code` is always a string, `service.version` sets `version` too, `_dd.measured` becomes a number. An empty key is ignored.
 * Values beyond 25,000 characters are cut.
 *
 * @param span              borrowed
 * @param key, key_len      copied
 * @param value, value_len  copied; bytes that are not UTF-8 are replaced
 * @return DDTRACE_OK, DDTRACE_ERR_NULL, DDTRACE_ERR_HANDLE, DDTRACE_ERR_FINISHED, DDTRACE_ERR_LIMIT if the span has as many tags as it may
 *         have
 *
 * Threads: any. Since: 0.1
 */
DDTRACE_API ddtrace_status ddtrace_span_set_tag(struct ddtrace_span *span,
    const char *key,
    size_t key_len,
    const char *value,
    size_t value_len);

/**
 * Sets a numeric tag.
 *
 * @param span          borrowed
 * @param key, key_len  copied
 * @param value         a finite number; DDTRACE_ERR_INVALID otherwise, and nothing changes
 * @return as `ddtrace_span_set_tag`
 *
 * Threads: any. Since: 0.1
 */
DDTRACE_API ddtrace_status ddtrace_span_set_tag_f64(struct ddtrace_span *span, const char *key, size_t key_len, double value);

/**
 * Sets an integer tag. Beyond 2^53 either way it becomes a string, because readers take numbers as doubles.
 *
 * @param span          borrowed
 * @param key, key_len  copied
 * @param value         the integer
 * @return as `ddtrace_span_set_tag`
 *
 * Threads: any. Since: 0.1
 */
DDTRACE_API ddtrace_status ddtrace_span_set_tag_i64(struct ddtrace_span *span, const char *key, size_t key_len, int64_t value);

/**
 * Sets a truth value, as the string `true` or `false`.
 *
 * @param span          borrowed
 * @param key, key_len  copied
 * @param value         0: false, anything else: true
 * @return as `ddtrace_span_set_tag`
 *
 * Threads: any. Since: 0.1
 */
DDTRACE_API ddtrace_status ddtrace_span_set_tag_bool(struct ddtrace_span *span, const char *key, size_t key_len, int32_t value);

/**
 * Sets many tags in one call. Lists and maps become one tag per leaf: `key.0`, `key.sub`.
 *
 * @param span       borrowed
 * @param tags, len  borrowed; copied before the call returns
 * @return as `ddtrace_span_set_tag`, or DDTRACE_ERR_INVALID for an unknown kind; the status of the first tag that was left out, the others
 *         are set
 *
 * Threads: any. Since: 0.1
 */
DDTRACE_API ddtrace_status ddtrace_span_set_tags(struct ddtrace_span *span, const struct ddtrace_tag *tags, size_t len);

/**
 * Sets many tags from one buffer, for layers that cannot pass an array of structs: records of kind (1 byte, DDTRACE_TAG_*), key length and
 * value length (4 bytes each, little endian), key, value. F64 and I64 have 8 bytes, little endian; BOOL has 1; NULL has none.
 *
 * @param span         borrowed
 * @param packed, len  borrowed; copied before the call returns
 * @return as `ddtrace_span_set_tags`; DDTRACE_ERR_INVALID where the buffer does not hold whole records: those in front of the fault are set
 *
 * Threads: any. Since: 0.1
 */
DDTRACE_API ddtrace_status ddtrace_span_set_packed_tags(struct ddtrace_span *span, const uint8_t *packed, size_t len);

/**
 * Removes a tag of either kind, also one that the library adds from the settings (`env`, `version`, global tags).
 *
 * @param span          borrowed
 * @param key, key_len  borrowed
 * @return DDTRACE_OK, also if there was none; DDTRACE_ERR_NULL, DDTRACE_ERR_HANDLE, DDTRACE_ERR_FINISHED
 *
 * Threads: any. Since: 0.1
 */
DDTRACE_API ddtrace_status ddtrace_span_unset_tag(struct ddtrace_span *span, const char *key, size_t key_len);

/**
 * Copies a string tag out, the span's own or one that the library adds from the settings.
 *
 * @param span          borrowed; may be finished
 * @param key, key_len  borrowed
 * @param buf, cap      receives the text and a NUL, cut to `cap` bytes; may be NULL with 0
 * @return the text's length without the NUL; DDTRACE_ABSENT if there is no such string tag, or the handle is none
 *
 * Threads: any. Since: 0.1
 */
DDTRACE_API size_t ddtrace_span_get_tag(const struct ddtrace_span *span, const char *key, size_t key_len, char *buf, size_t cap);

/**
 * Copies a numeric tag out.
 *
 * @param span          borrowed; may be finished
 * @param key, key_len  borrowed
 * @param out           receives the number
 * @return DDTRACE_OK; DDTRACE_ERR_NOT_FOUND if there is no such numeric tag; DDTRACE_ERR_NULL, DDTRACE_ERR_HANDLE
 *
 * Threads: any. Since: 0.1
 */
DDTRACE_API ddtrace_status ddtrace_span_get_tag_f64(const struct ddtrace_span *span, const char *key, size_t key_len, double *out);

/**
 * Sets a structured tag: a MessagePack document, sent as it is. Formats that cannot carry it (v0.5) leave it out.
 *
 * @param span          borrowed
 * @param key, key_len  copied
 * @param msgpack, len  copied; 1 MiB at most
 * @return DDTRACE_OK, DDTRACE_ERR_NULL, DDTRACE_ERR_HANDLE, DDTRACE_ERR_FINISHED, DDTRACE_ERR_LIMIT for too many or too large ones
 *
 * Threads: any. Since: 0.1
 */
DDTRACE_API ddtrace_status ddtrace_span_set_meta_struct(struct ddtrace_span *span,
    const char *key,
    size_t key_len,
    const uint8_t *msgpack,
    size_t len);

/**
 * Shows every tag that a span has now, those that the library adds to every span among them: text first, then numbers. A truth value is text,
 * a list or a map has a tag for each of its items.
 *
 * @param span       borrowed; may be finished
 * @param visit      called on this thread, once per tag, which is of the kind DDTRACE_TAG_STRING, DDTRACE_TAG_F64 or DDTRACE_TAG_I64 and is
 *                   valid during the call. The span is not locked: what the function changes is not shown any more
 * @param user_data  passed to `visit`
 * @return DDTRACE_OK, also for a span that records nothing; DDTRACE_ERR_NULL; DDTRACE_ERR_HANDLE; DDTRACE_ERR_FORKED
 *
 * Threads: any. Since: 0.1
 */
DDTRACE_API ddtrace_status ddtrace_span_each_tag(const struct ddtrace_span *span,
    void (*visit)(void *user_data, const struct ddtrace_tag *tag),
    void *user_data);

/**
 * Adds an event.
 *
 * @param span                        borrowed
 * @param name, name_len              copied
 * @param time_ns                     Unix time in nanoseconds; 0: now; a negative time counts as the beginning of 1970
 * @param attributes, attributes_len  copied: strings, truth values, integers, finite numbers, arrays of one of these; others are left out
 *                                    with a warning
 * @return DDTRACE_OK, DDTRACE_ERR_NULL, DDTRACE_ERR_HANDLE, DDTRACE_ERR_FINISHED, DDTRACE_ERR_INVALID for an attribute of unknown kind,
 *         DDTRACE_ERR_LIMIT for more than 4,096 events
 *
 * Threads: any. Since: 0.1
 */
DDTRACE_API ddtrace_status ddtrace_span_add_event(struct ddtrace_span *span,
    const char *name,
    size_t name_len,
    int64_t time_ns,
    const struct ddtrace_tag *attributes,
    size_t attributes_len);

/**
 * Adds an event `exception` with the attributes `exception.type`, `exception.message` and `exception.stacktrace`; given attributes of the
 * same names replace them. It does not mark the span as failed: `ddtrace_span_set_exception` does.
 *
 * On a span of the OpenTelemetry API (DDTRACE_SPAN_FLAG_OTEL) the event also has `exception.escaped` (`False` unless it is given), and the tags
 * `error.type`, `error.message` and `error.stack` show what the event says; what it does not say is empty, or the language's name for any
 * exception.
 *
 * @param span                        borrowed
 * @param type, type_len              copied; may be NULL with 0
 * @param message, message_len        copied; may be NULL with 0
 * @param stack, stack_len            copied; may be NULL with 0
 * @param attributes, attributes_len  as for `ddtrace_span_add_event`
 * @return as `ddtrace_span_add_event`
 *
 * Threads: any. Since: 0.1
 */
DDTRACE_API ddtrace_status ddtrace_span_record_exception(struct ddtrace_span *span,
    const char *type,
    size_t type_len,
    const char *message,
    size_t message_len,
    const char *stack,
    size_t stack_len,
    const struct ddtrace_tag *attributes,
    size_t attributes_len);

/**
 * Adds a link to a span of any trace. A second link to the same span replaces the first.
 *
 * @param span  borrowed
 * @param link  borrowed, copied; zero ids answer DDTRACE_ERR_INVALID
 * @return DDTRACE_OK, DDTRACE_ERR_NULL, DDTRACE_ERR_HANDLE, DDTRACE_ERR_FINISHED, DDTRACE_ERR_INVALID, DDTRACE_ERR_UNSUPPORTED,
 *         DDTRACE_ERR_LIMIT for more than 4,096 links
 *
 * Threads: any. Since: 0.1
 */
DDTRACE_API ddtrace_status ddtrace_span_add_link(struct ddtrace_span *span, const struct ddtrace_link *link);

/**
 * Adds a link to another span of this process.
 *
 * @param span                        borrowed
 * @param other                       borrowed; may be finished
 * @param attributes, attributes_len  copied; all values become strings, lists one attribute per leaf
 * @return as `ddtrace_span_add_link`
 *
 * Threads: any. Since: 0.1
 */
DDTRACE_API ddtrace_status ddtrace_span_link_span(struct ddtrace_span *span,
    const struct ddtrace_span *other,
    const struct ddtrace_tag *attributes,
    size_t attributes_len);

/**
 * Adds a link to the place that a context names, with its tracestate and, if its trace is decided, its sampled flag.
 *
 * @param span                        borrowed
 * @param other                       borrowed
 * @param attributes, attributes_len  copied; all values become strings, lists one attribute per leaf
 * @return as `ddtrace_span_add_link`
 *
 * Threads: any. Since: 0.1
 */
DDTRACE_API ddtrace_status ddtrace_span_link_context(struct ddtrace_span *span,
    const struct ddtrace_context *other,
    const struct ddtrace_tag *attributes,
    size_t attributes_len);

/**
 * Adds a span pointer: a link not to a span but to an object that another span touched too.
 *
 * @param span            borrowed
 * @param kind, kind_len  copied: `aws.s3.object`, `aws.dynamodb.item`, …
 * @param direction       0: upstream, anything else: downstream
 * @param hash, hash_len  copied: the object's hash
 * @return as `ddtrace_span_add_link`
 *
 * Threads: any. Since: 0.1
 */
DDTRACE_API ddtrace_status ddtrace_span_add_pointer(struct ddtrace_span *span,
    const char *kind,
    size_t kind_len,
    int32_t direction,
    const char *hash,
    size_t hash_len);

/**
 * Copies a span out as JSON, as the console exporter writes it, without the tags that only finished chunks get.
 *
 * @param span      borrowed; may be finished
 * @param buf, cap  receives the text and a NUL, cut to `cap` bytes; may be NULL with 0
 * @return the text's length without the NUL; DDTRACE_ABSENT for a handle that is none, or a span that records nothing
 *
 * Threads: any. Since: 0.1
 */
DDTRACE_API size_t ddtrace_span_to_json(const struct ddtrace_span *span, char *buf, size_t cap);

/**
 * Whether a span takes what is set on it: it records, and is not finished.
 *
 * @param span  borrowed; false for NULL and handles that were freed
 *
 * Threads: any. Since: 0.1
 */
DDTRACE_API bool ddtrace_span_is_recording(const struct ddtrace_span *span);

/**
 * The W3C trace flags of a span: bit 0 says that its trace is kept. Makes the trace's sampling decision if that is open.
 *
 * @param span  borrowed; may be finished
 * @param out   receives the flags
 * @return DDTRACE_OK, DDTRACE_ERR_NULL, DDTRACE_ERR_HANDLE, DDTRACE_ERR_FORKED
 *
 * Threads: any. Since: 0.1
 */
DDTRACE_API ddtrace_status ddtrace_span_get_trace_flags(struct ddtrace_span *span, uint8_t *out);

/**
 * Copies the W3C tracestate of a span out, as it would be injected: our own member (`dd=`), then those of others. Makes the trace's sampling
 * decision if that is open.
 *
 * @param span      borrowed; may be finished
 * @param buf, cap  receives the text and a NUL, cut to `cap` bytes; may be NULL with 0
 * @return the text's length without the NUL; DDTRACE_ABSENT for a handle that is none
 *
 * Threads: any. Since: 0.1
 */
DDTRACE_API size_t ddtrace_span_get_tracestate(struct ddtrace_span *span,
    char *buf,
    size_t cap);

/**
 * The W3C trace flags of a context, as `ddtrace_span_get_trace_flags`. Of a trace that came in undecided, they say 0.
 *
 * @param context  borrowed
 * @param out      receives the flags
 * @return as `ddtrace_span_get_trace_flags`
 *
 * Threads: any. Since: 0.1
 */
DDTRACE_API ddtrace_status ddtrace_context_get_trace_flags(struct ddtrace_context *context, uint8_t *out);

/**
 * Copies the W3C tracestate of a context out, as it would be injected. What came in is `ddtrace_context_get_tag` of `tracestate`.
 *
 * @param context   borrowed
 * @param buf, cap  receives the text and a NUL, cut to `cap` bytes; may be NULL with 0
 * @return as `ddtrace_span_get_tracestate`
 *
 * Threads: any. Since: 0.1
 */
DDTRACE_API size_t ddtrace_context_get_tracestate(struct ddtrace_context *context, char *buf, size_t cap);

/**
 * Makes a context from ids, for a trace that was continued by other means than headers.
 *
 * @param ids                 borrowed; `parent_id` is ignored; zero trace or span id answers DDTRACE_ERR_INVALID
 * @param priority_or_null    the sampling priority, if it is decided
 * @param origin, origin_len  copied; may be NULL with 0; characters that no header carries: DDTRACE_ERR_INVALID
 * @param out                 receives the context, owned by the caller: free it with `ddtrace_context_free`
 * @return DDTRACE_OK, DDTRACE_ERR_NULL, DDTRACE_ERR_INVALID, DDTRACE_ERR_LIMIT when memory is out
 *
 * Threads: any. Since: 0.1
 */
DDTRACE_API ddtrace_status ddtrace_context_new(const struct ddtrace_span_ids *ids,
    const int32_t *priority_or_null,
    const char *origin,
    size_t origin_len,
    struct ddtrace_context **out);

/**
 * The context of a span: its ids, and a view of the state that it shares with its whole local trace. It may outlive the span's handle.
 *
 * @param span  borrowed; may be finished
 * @param out   receives the context, owned by the caller: free it with `ddtrace_context_free`
 * @return DDTRACE_OK, DDTRACE_ERR_NULL, DDTRACE_ERR_HANDLE, DDTRACE_ERR_FORKED, DDTRACE_ERR_LIMIT when memory is out
 *
 * Threads: any. Since: 0.1
 */
DDTRACE_API ddtrace_status ddtrace_span_get_context(struct ddtrace_span *span, struct ddtrace_context **out);

/**
 * Adds a reference to a context.
 *
 * @param context  borrowed
 * @return the same handle, to be freed once more; NULL if it is none
 *
 * Threads: any. Since: 0.1
 */
DDTRACE_API struct ddtrace_context *ddtrace_context_ref(struct ddtrace_context *context);

/**
 * Frees a reference to a context.
 *
 * @param context  owned by this call; NULL and handles that were freed are ignored
 *
 * Threads: any; no other thread may use this reference meanwhile. Since: 0.1
 */
DDTRACE_API void ddtrace_context_free(struct ddtrace_context *context);

/**
 * The ids of a context; `parent_id` is 0.
 *
 * @param context  borrowed
 * @param out      receives the ids; all 0 for an empty context
 * @return DDTRACE_OK, DDTRACE_ERR_NULL, DDTRACE_ERR_HANDLE
 *
 * Threads: any. Since: 0.1
 */
DDTRACE_API ddtrace_status ddtrace_context_get_ids(const struct ddtrace_context *context, struct ddtrace_span_ids *out);

/**
 * Whether a context names no trace. It may carry baggage and links all the same.
 *
 * @param context  borrowed; true for NULL and handles that were freed
 *
 * Threads: any. Since: 0.1
 */
DDTRACE_API bool ddtrace_context_is_empty(const struct ddtrace_context *context);

/**
 * Whether a context came from another process.
 *
 * @param context  borrowed; false for NULL and handles that were freed
 *
 * Threads: any. Since: 0.1
 */
DDTRACE_API bool ddtrace_context_is_remote(const struct ddtrace_context *context);

/**
 * The sampling priority of a context's trace. It makes no decision.
 *
 * @param context  borrowed
 * @param out      receives the priority: above 0 the trace is kept
 * @return DDTRACE_OK; DDTRACE_ERR_NOT_FOUND while it is not decided; DDTRACE_ERR_NULL, DDTRACE_ERR_HANDLE
 *
 * Threads: any. Since: 0.1
 */
DDTRACE_API ddtrace_status ddtrace_context_get_priority(const struct ddtrace_context *context, int32_t *out);

/**
 * Sets the sampling priority of a context's trace by hand, over any decision. What was sent already keeps the old one.
 *
 * @param context   borrowed
 * @param priority  any number, which is kept as it is; above 0: keep
 * @return DDTRACE_OK, DDTRACE_ERR_NULL, DDTRACE_ERR_HANDLE
 *
 * Threads: any. Since: 0.1
 */
DDTRACE_API ddtrace_status ddtrace_context_set_priority(struct ddtrace_context *context, int32_t priority);

/**
 * Takes the sampling decision of a context's trace back: it is made anew when it is needed next.
 *
 * @param context  borrowed
 * @return DDTRACE_OK, DDTRACE_ERR_NULL, DDTRACE_ERR_HANDLE
 *
 * Threads: any. Since: 0.1
 */
DDTRACE_API ddtrace_status ddtrace_context_unset_priority(struct ddtrace_context *context);

/**
 * Sets the id of the user on whose behalf a context's trace runs. It travels with the trace to other services.
 *
 * @param context  borrowed
 * @param id, len  copied; empty removes it
 * @return DDTRACE_OK, DDTRACE_ERR_NULL, DDTRACE_ERR_HANDLE, DDTRACE_ERR_LIMIT for too long an id, DDTRACE_ERR_FORKED
 *
 * Threads: any. Since: 0.1
 */
DDTRACE_API ddtrace_status ddtrace_context_set_user_id(struct ddtrace_context *context, const char *id, size_t len);

/**
 * Copies the id of the user on whose behalf a context's trace runs out.
 *
 * @param context   borrowed
 * @param buf, cap  receives the text and a NUL, cut to `cap` bytes; may be NULL with 0
 * @return the text's length without the NUL; DDTRACE_ABSENT if there is none
 *
 * Threads: any. Since: 0.1
 */
DDTRACE_API size_t ddtrace_context_get_user_id(const struct ddtrace_context *context, char *buf, size_t cap);

/**
 * Copies the origin of a context's trace out (`synthetics`, `rum`, …).
 *
 * @param context   borrowed
 * @param buf, cap  receives the text and a NUL, cut to `cap` bytes; may be NULL with 0
 * @return the text's length without the NUL; DDTRACE_ABSENT if there is none
 *
 * Threads: any. Since: 0.1
 */
DDTRACE_API size_t ddtrace_context_get_origin(const struct ddtrace_context *context, char *buf, size_t cap);

/**
 * Copies something that a context's trace carries out: a propagated tag (`_dd.p.…`), `_dd.parent_id`, `_dd.propagation_error`, or
 * `tracestate`, the whole of what came in.
 *
 * @param context       borrowed
 * @param key, key_len  borrowed
 * @param buf, cap      receives the text and a NUL, cut to `cap` bytes; may be NULL with 0
 * @return the text's length without the NUL; DDTRACE_ABSENT if there is none
 *
 * Threads: any. Since: 0.1
 */
DDTRACE_API size_t ddtrace_context_get_tag(const struct ddtrace_context *context, const char *key, size_t key_len, char *buf, size_t cap);

/**
 * Makes a context of another span in the same trace: it shares decision, origin, propagated tags and baggage with the original.
 *
 * @param context  borrowed
 * @param span_id  the span; 0: that of the original
 * @param out      receives the copy, owned by the caller: free it with `ddtrace_context_free`
 * @return DDTRACE_OK, DDTRACE_ERR_NULL, DDTRACE_ERR_HANDLE, DDTRACE_ERR_LIMIT when memory is out
 *
 * Threads: any. Since: 0.1
 */
DDTRACE_API ddtrace_status ddtrace_context_copy(const struct ddtrace_context *context, uint64_t span_id, struct ddtrace_context **out);

/**
 * Whether two contexts say the same of a trace: its id, decision, origin, propagated tags, tracestate, links and baggage, and whether it came
 * from another process. The spans that they name may differ.
 *
 * @param one    borrowed
 * @param other  borrowed
 * @return false for NULL and handles that were freed, too
 *
 * Threads: any. Since: 0.1
 */
DDTRACE_API bool ddtrace_context_equals(const struct ddtrace_context *one,
    const struct ddtrace_context *other);

/**
 * Copies a context out as a JSON object: `trace_id` and `span_id`, `parent_span_id` or null, in hexadecimal; `sampled`, null while the trace is
 * undecided; `baggage`.
 *
 * @param context   borrowed
 * @param buf, cap  receives the text and a NUL, cut to `cap` bytes; may be NULL with 0
 * @return the text's length without the NUL; DDTRACE_ABSENT for a handle that is none
 *
 * Threads: any. Since: 0.1
 */
DDTRACE_API size_t ddtrace_context_to_json(const struct ddtrace_context *context,
    char *buf,
    size_t cap);

/**
 * Makes a context of what `ddtrace_context_to_json` wrote, in this process or another. `sampled` becomes the priority 1 or 0. What is missing is
 * not set, and what is not known is passed over.
 *
 * @param json, len  borrowed
 * @param out        receives the context, owned by the caller: free it with `ddtrace_context_free`
 * @return DDTRACE_OK; DDTRACE_ERR_INVALID for a text that is no JSON object, or has ids that are none; DDTRACE_ERR_NULL; DDTRACE_ERR_LIMIT
 *
 * Threads: any. Since: 0.1
 */
DDTRACE_API ddtrace_status ddtrace_context_from_json(const char *json,
    size_t len,
    struct ddtrace_context **out);

/**
 * Sets a baggage item: it travels with the trace to other services, and is seen by all spans of this local trace.
 *
 * @param span              borrowed; may be finished
 * @param key, key_len      copied; empty: DDTRACE_ERR_INVALID
 * @param value, value_len  copied
 * @return DDTRACE_OK, DDTRACE_ERR_NULL, DDTRACE_ERR_HANDLE, DDTRACE_ERR_INVALID, DDTRACE_ERR_LIMIT for too much baggage
 *
 * Threads: any. Since: 0.1
 */
DDTRACE_API ddtrace_status ddtrace_span_set_baggage(struct ddtrace_span *span,
    const char *key,
    size_t key_len,
    const char *value,
    size_t value_len);

/**
 * Copies a baggage item out.
 *
 * @param span          borrowed; may be finished
 * @param key, key_len  borrowed
 * @param buf, cap      receives the text and a NUL, cut to `cap` bytes; may be NULL with 0
 * @return the text's length without the NUL; DDTRACE_ABSENT if there is none
 *
 * Threads: any. Since: 0.1
 */
DDTRACE_API size_t ddtrace_span_get_baggage(const struct ddtrace_span *span, const char *key, size_t key_len, char *buf, size_t cap);

/**
 * Removes a baggage item.
 *
 * @param span          borrowed; may be finished
 * @param key, key_len  borrowed
 * @return DDTRACE_OK, also if there was none; DDTRACE_ERR_NULL, DDTRACE_ERR_HANDLE
 *
 * Threads: any. Since: 0.1
 */
DDTRACE_API ddtrace_status ddtrace_span_unset_baggage(struct ddtrace_span *span, const char *key, size_t key_len);

/**
 * Removes all baggage.
 *
 * @param span  borrowed; may be finished
 * @return DDTRACE_OK, DDTRACE_ERR_NULL, DDTRACE_ERR_HANDLE
 *
 * Threads: any. Since: 0.1
 */
DDTRACE_API ddtrace_status ddtrace_span_clear_baggage(struct ddtrace_span *span);

/**
 * Sets all baggage at once, in place of what was there: what attaching a context of the OpenTelemetry API does.
 *
 * @param span        borrowed; may be finished
 * @param items, len  copied: keys and string values; an item without a key, or of another kind, answers DDTRACE_ERR_INVALID, and nothing
 *                    changes
 * @return DDTRACE_OK, DDTRACE_ERR_NULL, DDTRACE_ERR_HANDLE, DDTRACE_ERR_INVALID, DDTRACE_ERR_LIMIT for too much baggage
 *
 * Threads: any. Since: 0.1
 */
DDTRACE_API ddtrace_status ddtrace_span_replace_baggage(struct ddtrace_span *span, const struct ddtrace_tag *items, size_t len);

/**
 * Calls `visit` with every baggage item, in the order in which they were set. No lock is held meanwhile.
 *
 * @param span       borrowed; may be finished
 * @param visit      called on this thread
 * @param user_data  its first argument
 * @return DDTRACE_OK, DDTRACE_ERR_NULL, DDTRACE_ERR_HANDLE
 *
 * Threads: any. Since: 0.1
 */
DDTRACE_API ddtrace_status ddtrace_span_each_baggage(const struct ddtrace_span *span, ddtrace_baggage_visitor visit, void *user_data);

/**
 * Sets a baggage item of a context's trace; spans and contexts that share its state see it.
 *
 * @param context           borrowed
 * @param key, key_len      copied; empty: DDTRACE_ERR_INVALID
 * @param value, value_len  copied
 * @return as `ddtrace_span_set_baggage`
 *
 * Threads: any. Since: 0.1
 */
DDTRACE_API ddtrace_status ddtrace_context_set_baggage(struct ddtrace_context *context,
    const char *key,
    size_t key_len,
    const char *value,
    size_t value_len);

/**
 * Copies a baggage item out.
 *
 * @param context       borrowed
 * @param key, key_len  borrowed
 * @param buf, cap      as for `ddtrace_span_get_baggage`
 * @return as `ddtrace_span_get_baggage`
 *
 * Threads: any. Since: 0.1
 */
DDTRACE_API size_t ddtrace_context_get_baggage(const struct ddtrace_context *context,
    const char *key,
    size_t key_len,
    char *buf,
    size_t cap);

/**
 * Removes a baggage item.
 *
 * @param context       borrowed
 * @param key, key_len  borrowed
 * @return as `ddtrace_span_unset_baggage`
 *
 * Threads: any. Since: 0.1
 */
DDTRACE_API ddtrace_status ddtrace_context_unset_baggage(struct ddtrace_context *context, const char *key, size_t key_len);

/**
 * Removes all baggage.
 *
 * @param context  borrowed
 * @return as `ddtrace_span_clear_baggage`
 *
 * Threads: any. Since: 0.1
 */
DDTRACE_API ddtrace_status ddtrace_context_clear_baggage(struct ddtrace_context *context);

/**
 * Sets all baggage at once, in place of what was there: what attaching a context of the OpenTelemetry API does.
 *
 * @param context     borrowed
 * @param items, len  copied: keys and string values; an item without a key, or of another kind, answers DDTRACE_ERR_INVALID, and nothing
 *                    changes
 * @return DDTRACE_OK, DDTRACE_ERR_NULL, DDTRACE_ERR_HANDLE, DDTRACE_ERR_INVALID, DDTRACE_ERR_LIMIT for too much baggage
 *
 * Threads: any. Since: 0.1
 */
DDTRACE_API ddtrace_status ddtrace_context_replace_baggage(struct ddtrace_context *context, const struct ddtrace_tag *items, size_t len);

/**
 * Calls `visit` with every baggage item, in the order in which they were set. No lock is held meanwhile.
 *
 * @param context    borrowed
 * @param visit      called on this thread
 * @param user_data  its first argument
 * @return as `ddtrace_span_each_baggage`
 *
 * Threads: any. Since: 0.1
 */
DDTRACE_API ddtrace_status ddtrace_context_each_baggage(const struct ddtrace_context *context,
    ddtrace_baggage_visitor visit,
    void *user_data);

/**
 * Makes a copy of a context with one baggage item more. The copy has a state of its own: what is changed there is not seen by the original.
 *
 * @param context           borrowed
 * @param key, key_len      copied
 * @param value, value_len  copied
 * @param out               receives the copy, owned by the caller: free it with `ddtrace_context_free`
 * @return DDTRACE_OK, DDTRACE_ERR_NULL, DDTRACE_ERR_HANDLE, DDTRACE_ERR_INVALID for an empty key, DDTRACE_ERR_LIMIT
 *
 * Threads: any. Since: 0.1
 */
DDTRACE_API ddtrace_status ddtrace_context_with_baggage_item(const struct ddtrace_context *context,
    const char *key,
    size_t key_len,
    const char *value,
    size_t value_len,
    struct ddtrace_context **out);

/**
 * Decides a trace by hand, over any decision: `manual.keep` and `manual.drop` as a call. What was sent already keeps the old decision.
 *
 * @param span      borrowed: any span of the trace
 * @param priority  above 0: keep, else drop
 * @return DDTRACE_OK, DDTRACE_ERR_NULL, DDTRACE_ERR_HANDLE, DDTRACE_ERR_FORKED
 *
 * Threads: any. Since: 0.1
 */
DDTRACE_API ddtrace_status ddtrace_span_override_sampling(struct ddtrace_span *span, int32_t priority);

/**
 * Keeps a trace for a product, over any decision, and lets the services that follow know: priority 2, the product's decision maker, and its
 * bit in the propagated mask of products (`_dd.p.ts`). Where `DD_APM_TRACING_ENABLED` is off, only such traces are propagated.
 *
 * @param span     borrowed: any span of the trace
 * @param product  one of DDTRACE_PRODUCT_*
 * @return DDTRACE_OK, DDTRACE_ERR_NULL, DDTRACE_ERR_HANDLE, DDTRACE_ERR_UNSUPPORTED for another product; DDTRACE_ERR_FORKED, also where the
 *         trace is kept, but the mask is that of a parent process which was changing it
 *
 * Threads: any. Since: 0.1
 */
DDTRACE_API ddtrace_status ddtrace_span_keep_for(struct ddtrace_span *span, uint32_t product);

/**
 * Says which products work in this process besides tracing. Where `DD_APM_TRACING_ENABLED` is off, traces that another service kept for one of
 * them are kept here, too.
 *
 * @param products  DDTRACE_PRODUCT_* put together by `|`; replaces what was said before
 *
 * Threads: any. Since: 0.1
 */
DDTRACE_API void ddtrace_set_active_products(uint32_t products);

/**
 * Sets what remote configuration asks for about sampling, both at once and instead of what it asked for before. It holds for traces that
 * are decided from now on, over the settings `DD_TRACE_SAMPLING_RULES` and `DD_TRACE_SAMPLE_RATE`, which apply again when it is gone.
 * Limits and what the agent asks for stay. This is for hosts that read remote configuration themselves: where the library does so
 * (`DD_REMOTE_CONFIGURATION_ENABLED`), its next response replaces what was set here.
 *
 * @param tracer            borrowed
 * @param rules, rules_len  borrowed: a JSON array as in `tracing_sampling_rules`: `sample_rate` and `provenance` (`customer` or `dynamic`), and
 *                          `service`, `name`, `resource` or `tags` (a list of `{"key", "value_glob"}`). A rule that lacks something is
 *                          left out with a warning. The rules come instead of the local ones. NULL, and an empty array: no rules
 * @param rate_or_null      borrowed: the rate from 0 to 1 for what no rule matches; NULL: none
 * @param err_or_null       receives an error if the call fails, else NULL; free it with `ddtrace_error_free`
 * @return DDTRACE_OK; all others change nothing: DDTRACE_ERR_NULL, DDTRACE_ERR_HANDLE, DDTRACE_ERR_FORKED, DDTRACE_ERR_INVALID for what is no
 *         JSON array or no rate
 *
 * Threads: any. Since: 0.1
 */
DDTRACE_API ddtrace_status ddtrace_tracer_set_remote_sampling(struct ddtrace_tracer *tracer,
    const char *rules,
    size_t rules_len,
    const double *rate_or_null,
    struct ddtrace_error **err_or_null);

/**
 * Whether the trace of this id is kept at this rate, by the same rule in all services: for a sampler of one's own that keeps a share of all
 * traces.
 *
 * @param rate          from 0 to 1; what is beyond counts as the nearest of them, and what is not a number as 0
 * @param trace_id_low  lower half of the trace id
 *
 * Threads: any. Since: 0.1
 */
DDTRACE_API bool ddtrace_rate_keeps(double rate, uint64_t trace_id_low);

/**
 * Makes the sampling decision of a span's trace now, on its local root. From here on only a manual override changes it.
 *
 * @param tracer  borrowed
 * @param span    borrowed: any span of the trace
 * @return DDTRACE_OK, DDTRACE_ERR_NULL, DDTRACE_ERR_HANDLE, DDTRACE_ERR_FORKED
 *
 * Threads: any. Since: 0.1
 */
DDTRACE_API ddtrace_status ddtrace_tracer_sample(struct ddtrace_tracer *tracer, struct ddtrace_span *span);

/**
 * To be called before `fork` by a binding that keeps the active span itself: decides the span's trace, so that both processes agree.
 *
 * @param active_or_null  borrowed: any span of the trace
 * @return DDTRACE_OK, DDTRACE_ERR_HANDLE
 *
 * Threads: any. Since: 0.1
 */
DDTRACE_API ddtrace_status ddtrace_before_fork(struct ddtrace_span *active_or_null);

/**
 * Registers a function that is told when a setting of the tracer changes while it runs, which remote configuration makes happen. The new value
 * is in force when the function is called.
 *
 * @param tracer          borrowed
 * @param callback        called on the library's thread, in host-driven mode on one that calls `ddtrace_tracer_tick`, without any lock of
 *                        the library; it may call the library
 * @param user_data       the first argument of the callback
 * @param free_user_data  called once with `user_data`: when the function is removed or the tracer has ended, or at once if this call fails;
 *                        may be NULL
 * @param out_or_null     receives a number for `ddtrace_tracer_remove_config_change`
 * @return DDTRACE_OK; DDTRACE_ERR_LIMIT: there are 64; DDTRACE_ERR_SHUTDOWN; DDTRACE_ERR_NULL; DDTRACE_ERR_HANDLE; DDTRACE_ERR_FORKED
 *
 * Threads: any. Since: 0.1
 */
DDTRACE_API ddtrace_status ddtrace_tracer_on_config_change(struct ddtrace_tracer *tracer,
    void (*callback)(void *user_data, const struct ddtrace_config_change *change),
    void *user_data,
    void (*free_user_data)(void *user_data),
    uint64_t *out_or_null);

/**
 * Removes such a function. A call that is under way on another thread goes on.
 *
 * @param tracer  borrowed
 * @param id      what `ddtrace_tracer_on_config_change` gave
 * @return DDTRACE_OK; DDTRACE_ERR_NOT_FOUND; DDTRACE_ERR_NULL; DDTRACE_ERR_HANDLE; DDTRACE_ERR_FORKED
 *
 * Threads: any. Since: 0.1
 */
DDTRACE_API ddtrace_status ddtrace_tracer_remove_config_change(struct ddtrace_tracer *tracer, uint64_t id);

/**
 * Where the value of a setting that the tracer works with comes from.
 *
 * @param tracer        borrowed
 * @param key, key_len  the setting's name or one of its aliases
 * @return static text: `"remote_config"`, or one of those of `ddtrace_config_origin`; NULL if there is no such setting, or an argument is wrong
 *
 * Threads: any. Since: 0.1
 */
DDTRACE_API const char *ddtrace_tracer_config_origin(const struct ddtrace_tracer *tracer,
    const char *key,
    size_t key_len);

/**
 * Subscribes to a product: its files are asked for from now on, and each change is told. There may be several subscriptions of a product;
 * a later one gets the files that are active, too. Remote configuration is of the whole process: the files are told once, whatever tracers
 * there are, until the last of them has ended. A forked child goes on with the subscriptions, and is told of all files anew.
 *
 * With remote configuration off (`DD_REMOTE_CONFIGURATION_ENABLED`) the call succeeds, and nothing is ever called.
 *
 * @param tracer           borrowed
 * @param product, len     such as `LIVE_DEBUGGING`: 1 to 256 bytes, no slash
 * @param capabilities, n  borrowed: numbers from 1 to 63 of what the host can do with the product's files; may be NULL and 0
 * @param callbacks        borrowed, copied
 * @param user_data        the first argument of all of them
 * @param free_user_data   called once with `user_data`, when the subscription has ended and no call is under way, or at once if this call
 *                         fails; may be NULL
 * @param out_or_null      receives a number for `ddtrace_rc_unsubscribe`; 0 where remote configuration is off
 * @param err_or_null      receives an error if the call fails, else NULL; free it with `ddtrace_error_free`
 * @return DDTRACE_OK; DDTRACE_ERR_INVALID: the product's name or a capability is none; DDTRACE_ERR_LIMIT: there are 256 subscriptions;
 *         DDTRACE_ERR_SHUTDOWN; DDTRACE_ERR_NULL, also for `on_changes`; DDTRACE_ERR_UNSUPPORTED for the callbacks; DDTRACE_ERR_HANDLE;
 *         DDTRACE_ERR_FORKED
 *
 * Threads: any. Since: 0.1
 */
DDTRACE_API ddtrace_status ddtrace_rc_subscribe(struct ddtrace_tracer *tracer,
    const char *product,
    size_t len,
    const uint8_t *capabilities,
    size_t n,
    const struct ddtrace_rc_callbacks *callbacks,
    void *user_data,
    void (*free_user_data)(void *user_data),
    uint64_t *out_or_null,
    struct ddtrace_error **err_or_null);

/**
 * Ends a subscription. A call that is under way on another thread goes on. Files of a product without subscriptions are let go of, and
 * nobody is told.
 *
 * @param tracer  borrowed
 * @param id      what `ddtrace_rc_subscribe` gave; 0 is ignored
 * @return DDTRACE_OK; DDTRACE_ERR_NOT_FOUND; DDTRACE_ERR_SHUTDOWN; DDTRACE_ERR_NULL; DDTRACE_ERR_HANDLE; DDTRACE_ERR_FORKED
 *
 * Threads: any. Since: 0.1
 */
DDTRACE_API ddtrace_status ddtrace_rc_unsubscribe(struct ddtrace_tracer *tracer, uint64_t id);

/**
 * Tells the backend of capabilities besides those of the subscriptions, or keeps some of those back, from the next request on. For what must
 * be right in the first request of a process there is the setting `LIBDDTRACE_REMOTE_CAPABILITIES`.
 *
 * @param tracer           borrowed
 * @param capabilities, n  borrowed: numbers from 1 to 63
 * @param enabled          not 0: they are told; 0: they are not
 * @return DDTRACE_OK; DDTRACE_ERR_INVALID: a number is none; DDTRACE_ERR_SHUTDOWN; DDTRACE_ERR_NULL; DDTRACE_ERR_HANDLE; DDTRACE_ERR_FORKED
 *
 * Threads: any. Since: 0.1
 */
DDTRACE_API ddtrace_status ddtrace_rc_set_capabilities(struct ddtrace_tracer *tracer,
    const uint8_t *capabilities,
    size_t n,
    int32_t enabled);

/**
 * Tells what became of a file for which a callback answered DDTRACE_RC_UNACKNOWLEDGED. May be called before that callback returns.
 *
 * @param tracer            borrowed
 * @param path, path_len    the file's path
 * @param state             one of DDTRACE_RC_UNKNOWN, _UNACKNOWLEDGED, _ACKNOWLEDGED, _ERROR
 * @param error, error_len  why it was refused; cut to 500 bytes; may be NULL and 0
 * @return DDTRACE_OK; DDTRACE_ERR_NOT_FOUND: no such file is active; DDTRACE_ERR_INVALID: no such state; DDTRACE_ERR_SHUTDOWN;
 *         DDTRACE_ERR_NULL; DDTRACE_ERR_HANDLE; DDTRACE_ERR_FORKED
 *
 * Threads: any. Since: 0.1
 */
DDTRACE_API ddtrace_status ddtrace_rc_acknowledge(struct ddtrace_tracer *tracer,
    const char *path,
    size_t path_len,
    int32_t state,
    const char *error,
    size_t error_len);

/**
 * Polls now, and waits until the answer is processed and all subscribers know. For tests, and for those who cannot wait for the next tick.
 *
 * In host-driven mode it starts the poll on this thread and answers DDTRACE_ERR_TIMEOUT unless the host's transport completes it at once.
 *
 * @param tracer      borrowed
 * @param timeout_ms  how long to wait; the poll goes on afterwards
 * @return DDTRACE_OK: the poll has ended, be it that the agent did not answer; DDTRACE_ERR_TIMEOUT; DDTRACE_ERR_STATE: called from inside of
 *         a callback of a subscription; DDTRACE_ERR_SHUTDOWN; DDTRACE_ERR_NULL; DDTRACE_ERR_HANDLE; DDTRACE_ERR_FORKED
 *
 * Threads: any. Since: 0.1
 */
DDTRACE_API ddtrace_status ddtrace_rc_poll(struct ddtrace_tracer *tracer,
    uint32_t timeout_ms);

/**
 * Takes a response as if the agent had given it, and tells all subscribers. For tests.
 *
 * @param tracer       borrowed
 * @param http_status  the response's status
 * @param body, len    borrowed: its body
 * @param err_or_null  receives an error if the call fails, else NULL; free it with `ddtrace_error_free`
 * @return DDTRACE_OK, also for statuses that say nothing; DDTRACE_ERR_INVALID: the response was refused as a whole, the error says why;
 *         DDTRACE_ERR_STATE: called from inside of a callback of a subscription; DDTRACE_ERR_SHUTDOWN; DDTRACE_ERR_NULL;
 *         DDTRACE_ERR_HANDLE; DDTRACE_ERR_FORKED
 *
 * Threads: any. Since: 0.1
 */
DDTRACE_API ddtrace_status ddtrace_rc_process_response(struct ddtrace_tracer *tracer,
    int32_t http_status,
    const uint8_t *body,
    size_t len,
    struct ddtrace_error **err_or_null);

/**
 * Copies out the id by which the backend knows this process: a UUID, and another one than the runtime id of its traces.
 *
 * @param tracer    borrowed
 * @param buf, cap  receives the text and a NUL, cut to `cap` bytes; may be NULL with 0
 * @return the text's length; DDTRACE_ABSENT where remote configuration is off, or an argument is wrong
 *
 * Threads: any. Since: 0.1
 */
DDTRACE_API size_t ddtrace_rc_client_id(struct ddtrace_tracer *tracer, char *buf, size_t cap);

/**
 * Copies out the body of the next request, for diagnosis: JSON with the client's state, products and capabilities.
 *
 * @param tracer    borrowed
 * @param buf, cap  receives the text and a NUL, cut to `cap` bytes; may be NULL with 0
 * @return the text's length; DDTRACE_ABSENT where remote configuration is off, or an argument is wrong
 *
 * Threads: any. Since: 0.1
 */
DDTRACE_API size_t ddtrace_rc_next_request(struct ddtrace_tracer *tracer, char *buf, size_t cap);

/**
 * Adds a file to the flares that this process sends when Datadog's support asks for one, such as the binding's own log. A file of the same
 * name is replaced.
 *
 * @param tracer          borrowed
 * @param name, name_len  1 to 255 letters, digits, dots, dashes and underscores, no dot first
 * @param data, len       borrowed: the content
 * @param err_or_null     receives an error if the call fails, else NULL; free it with `ddtrace_error_free`
 * @return DDTRACE_OK, also where remote configuration is off; DDTRACE_ERR_INVALID for the name; DDTRACE_ERR_LIMIT: more than 32 files, or
 *         more than 8 MiB in all; DDTRACE_ERR_SHUTDOWN; DDTRACE_ERR_NULL; DDTRACE_ERR_HANDLE; DDTRACE_ERR_FORKED
 *
 * Threads: any. Since: 0.1
 */
DDTRACE_API ddtrace_status ddtrace_flare_add_file(struct ddtrace_tracer *tracer,
    const char *name,
    size_t name_len,
    const uint8_t *data,
    size_t len,
    struct ddtrace_error **err_or_null);

/**
 * Makes a propagator from the settings `DD_TRACE_PROPAGATION_*`, `DD_TRACE_BAGGAGE_*` and `DD_TRACE_X_DATADOG_TAGS_MAX_LENGTH`.
 *
 * @param config_or_null  borrowed, read now; NULL: the environment
 * @param out             receives the propagator, owned by the caller: free it with `ddtrace_propagator_free`
 * @param err_or_null     receives an error if the call fails, else NULL; free it with `ddtrace_error_free`
 * @return DDTRACE_OK, DDTRACE_ERR_NULL, DDTRACE_ERR_HANDLE, DDTRACE_ERR_LIMIT for more than 1,024 different ones
 *
 * Threads: any. Since: 0.1
 */
DDTRACE_API ddtrace_status ddtrace_propagator_new(const struct ddtrace_config *config_or_null,
    struct ddtrace_propagator **out,
    struct ddtrace_error **err_or_null);

/**
 * Adds a reference to a propagator.
 *
 * @param propagator  borrowed
 * @return the same handle, to be freed once more; NULL if it is none
 *
 * Threads: any. Since: 0.1
 */
DDTRACE_API struct ddtrace_propagator *ddtrace_propagator_ref(struct ddtrace_propagator *propagator);

/**
 * Frees a reference to a propagator.
 *
 * @param propagator  owned by this call; NULL and handles that were freed are ignored
 *
 * Threads: any; no other thread may use this reference meanwhile. Since: 0.1
 */
DDTRACE_API void ddtrace_propagator_free(struct ddtrace_propagator *propagator);

/**
 * Reads a context out of headers. It never fails for what the headers say: without a valid context in them the answer is an empty one,
 * which may still carry baggage and links. Nothing is activated, and no sampling decision is made.
 *
 * @param propagator        borrowed
 * @param pairs, pairs_len  borrowed: a flat array of 2 * `pairs_len` texts, name, value, name, value, …; names in any case. A repeated
 *                          header may be given repeatedly. A text whose `ptr` is NULL is empty.
 * @param out               receives the context, owned by the caller: free it with `ddtrace_context_free`
 * @return DDTRACE_OK, DDTRACE_ERR_NULL, DDTRACE_ERR_HANDLE, DDTRACE_ERR_LIMIT when memory is out
 *
 * Threads: any. Since: 0.1
 */
DDTRACE_API ddtrace_status ddtrace_propagator_extract(struct ddtrace_propagator *propagator,
    const struct ddtrace_str *pairs,
    size_t pairs_len,
    struct ddtrace_context **out);

/**
 * Reads a context out of a carrier that can be asked for headers. See `ddtrace_propagator_extract`, which is quicker where the headers are
 * at hand.
 *
 * @param propagator  borrowed
 * @param lookup      called on this thread, once per header that the configured styles know
 * @param user_data   its first argument
 * @param out         receives the context, owned by the caller: free it with `ddtrace_context_free`
 * @return as `ddtrace_propagator_extract`
 *
 * Threads: any. Since: 0.1
 */
DDTRACE_API ddtrace_status ddtrace_propagator_extract_with(struct ddtrace_propagator *propagator,
    ddtrace_header_lookup lookup,
    void *user_data,
    struct ddtrace_context **out);

/**
 * Writes the headers of a span into a buffer: `name\0value\0name\0value\0…`. Makes the trace's sampling decision if that is open.
 *
 * @param propagator  borrowed
 * @param span        borrowed; may be finished
 * @param buf, cap    receives the headers; 1 KiB is enough where there is little baggage
 * @param needed      receives the size of all headers
 * @return DDTRACE_OK; DDTRACE_ERR_BUFFER if `cap` is less than `needed`: nothing useful was written, call again with more;
 *         DDTRACE_ERR_NULL, DDTRACE_ERR_HANDLE, DDTRACE_ERR_FORKED
 *
 * Threads: any. Since: 0.1
 */
DDTRACE_API ddtrace_status ddtrace_propagator_inject_span(struct ddtrace_propagator *propagator,
    struct ddtrace_span *span,
    char *buf,
    size_t cap,
    size_t *needed);

/**
 * Writes the headers of a context into a buffer, as `ddtrace_propagator_inject_span`. An extracted context is handed through.
 *
 * @param propagator  borrowed
 * @param context     borrowed; an empty one has no headers but baggage
 * @param buf, cap    receives the headers
 * @param needed      receives the size of all headers
 * @return as `ddtrace_propagator_inject_span`
 *
 * Threads: any. Since: 0.1
 */
DDTRACE_API ddtrace_status ddtrace_propagator_inject_context(struct ddtrace_propagator *propagator,
    struct ddtrace_context *context,
    char *buf,
    size_t cap,
    size_t *needed);

/**
 * Hands the headers of a span to a function, one by one. See `ddtrace_propagator_inject_span`, which is quicker.
 *
 * @param propagator  borrowed
 * @param span        borrowed; may be finished
 * @param set         called on this thread; no lock is held meanwhile
 * @param user_data   its first argument
 * @return as `ddtrace_propagator_inject_span`
 *
 * Threads: any. Since: 0.1
 */
DDTRACE_API ddtrace_status ddtrace_propagator_inject_span_with(struct ddtrace_propagator *propagator,
    struct ddtrace_span *span,
    ddtrace_header_setter set,
    void *user_data);

/**
 * Hands the headers of a context to a function, one by one.
 *
 * @param propagator  borrowed
 * @param context     borrowed
 * @param set         called on this thread; no lock is held meanwhile
 * @param user_data   its first argument
 * @return as `ddtrace_propagator_inject_span`
 *
 * Threads: any. Since: 0.1
 */
DDTRACE_API ddtrace_status ddtrace_propagator_inject_context_with(struct ddtrace_propagator *propagator,
    struct ddtrace_context *context,
    ddtrace_header_setter set,
    void *user_data);

/**
 * Makes a provider with one slot per thread, for programs whose work stays on its thread. A new thread starts empty; a thread that ends
 * releases what its slot held.
 *
 * An active span or context is held by a reference of its own: it stays readable after its owner freed it, and an unfinished span is not
 * abandoned before it is replaced. What is active is only ever looked up by those who ask here: a span's parent is named at its start.
 *
 * @param out  receives the provider, owned by the caller: free it with `ddtrace_provider_free`
 * @return DDTRACE_OK, DDTRACE_ERR_NULL, DDTRACE_ERR_LIMIT when memory is out
 *
 * Threads: any. Since: 0.1
 */
DDTRACE_API ddtrace_status ddtrace_provider_thread_local(struct ddtrace_provider **out);

/**
 * Makes a provider with one slot per task, for programs whose tasks wander between threads or take turns on one. Which task a thread runs
 * is said by `ddtrace_provider_task_enter`.
 *
 * @param out  receives the provider, owned by the caller: free it with `ddtrace_provider_free`
 * @return DDTRACE_OK, DDTRACE_ERR_NULL, DDTRACE_ERR_LIMIT when memory is out
 *
 * Threads: any. Since: 0.1
 */
DDTRACE_API ddtrace_status ddtrace_provider_new_tasks(struct ddtrace_provider **out);

/**
 * Makes a provider whose slot the host keeps: in fibers, in context variables, wherever its language has it. The slot is one pointer, NULL
 * or the handle of a span or of a context.
 *
 * The host only stores the pointer and gives it back; references are held by the provider until the slot is overwritten. So a unit that
 * ends activates nothing first, or its span is kept until the provider ends. A slot may be copied, as context variables are: where a handle
 * has become stale meanwhile, nothing is active. Scopes may end in any order; their tokens are not checked against the unit that the call
 * comes from.
 *
 * @param get             answers what the calling unit's slot holds: NULL, or a pointer that `set` stored; called on the thread that calls
 *                        the provider, with no lock held
 * @param set             stores a pointer in the calling unit's slot; called like `get`
 * @param user_data       their first argument
 * @param free_user_data  called once with `user_data` when the provider ends, or if it could not be made; may be NULL
 * @param out             receives the provider, owned by the caller: free it with `ddtrace_provider_free`
 * @return DDTRACE_OK, DDTRACE_ERR_NULL, DDTRACE_ERR_LIMIT when memory is out
 *
 * Threads: any. Since: 0.1
 */
DDTRACE_API ddtrace_status ddtrace_provider_new_callbacks(void *(*get)(void *user_data),
    void (*set)(void *user_data, void *active),
    void *user_data,
    void (*free_user_data)(void *user_data),
    struct ddtrace_provider **out);

/**
 * Frees a provider, and releases what the slots of the calling thread, of all tasks or of the host held. Other threads release theirs when
 * they end or first use another provider.
 *
 * @param provider  owned by this call; NULL and handles that were freed are ignored
 *
 * Threads: any; no other thread may use the provider meanwhile. Since: 0.1
 */
DDTRACE_API void ddtrace_provider_free(struct ddtrace_provider *provider);

/**
 * Makes a span active on the calling thread or task, in place of what was active.
 *
 * When it is finished, its nearest unfinished ancestor of the same process is active, so that spans need not be finished in the reverse
 * order of their activation.
 *
 * With a token, the call opens a scope, and `ddtrace_provider_restore` brings back what was active before. At most 1,024 scopes per thread
 * or task are remembered (65,536 per provider with callbacks), beyond them the oldest is forgotten. Tokens are numbers other than 0, below
 * 2^53.
 *
 * @param provider       borrowed
 * @param span_or_null   borrowed, may be freed by its owner while it is active; NULL: nothing is active
 * @param token_or_null  receives the scope's token; NULL: no scope
 * @return DDTRACE_OK; DDTRACE_ERR_NULL for the provider; DDTRACE_ERR_HANDLE for a provider or span that is none; DDTRACE_ERR_STATE if a
 *         provider of tasks is used on a thread that runs no task, or on a thread that is ending; DDTRACE_ERR_FORKED. On an error nothing
 *         is changed.
 *
 * Threads: any. Since: 0.1
 */
DDTRACE_API ddtrace_status ddtrace_provider_activate_span(struct ddtrace_provider *provider,
    struct ddtrace_span *span_or_null,
    uint64_t *token_or_null);

/**
 * Makes a context active on the calling thread or task: how a trace is passed to another thread, or goes on from headers.
 *
 * With a token, the call opens a scope as `ddtrace_provider_activate_span` does; within it the context becomes active again when the spans
 * that were started under it are finished.
 *
 * @param provider         borrowed
 * @param context_or_null  borrowed, may be freed by its owner while it is active; NULL: nothing is active
 * @param token_or_null    receives the scope's token; NULL: no scope
 * @return as `ddtrace_provider_activate_span`
 *
 * Threads: any. Since: 0.1
 */
DDTRACE_API ddtrace_status ddtrace_provider_activate_context(struct ddtrace_provider *provider,
    struct ddtrace_context *context_or_null,
    uint64_t *token_or_null);

/**
 * Ends a scope: what was active when it was opened is active again, cleaned up if it was finished meanwhile. Scopes that were opened in it
 * on the same thread or task end too; their tokens are then wrong.
 *
 * @param provider  borrowed
 * @param token     of `ddtrace_provider_activate_span` or `ddtrace_provider_activate_context`, from the same thread or task
 * @return DDTRACE_OK; DDTRACE_ERR_INVALID for a token that is not of an open scope: nothing is changed; DDTRACE_ERR_NULL,
 *         DDTRACE_ERR_HANDLE, DDTRACE_ERR_STATE on a thread that is ending, DDTRACE_ERR_FORKED
 *
 * Threads: any. Since: 0.1
 */
DDTRACE_API ddtrace_status ddtrace_provider_restore(struct ddtrace_provider *provider, uint64_t token);

/**
 * The active span: to be tagged, or the parent of the next one.
 *
 * @param provider  borrowed
 * @param out       receives the span with a reference of its own, owned by the caller: free it with `ddtrace_span_free`; NULL on an error
 * @return DDTRACE_OK; DDTRACE_ERR_NOT_FOUND if nothing or a context is active; DDTRACE_ERR_NULL, DDTRACE_ERR_HANDLE, DDTRACE_ERR_STATE,
 *         DDTRACE_ERR_FORKED
 *
 * Threads: any. Since: 0.1
 */
DDTRACE_API ddtrace_status ddtrace_provider_current_span(struct ddtrace_provider *provider, struct ddtrace_span **out);

/**
 * The local root of the active span: the first span of its trace in this process, finished or not.
 *
 * @param provider  borrowed
 * @param out       receives the span with a reference of its own, owned by the caller: free it with `ddtrace_span_free`; NULL on an error
 * @return as `ddtrace_provider_current_span`; DDTRACE_ERR_NOT_FOUND also if the root was finished and freed, and nothing keeps it any more
 *
 * Threads: any. Since: 0.1
 */
DDTRACE_API ddtrace_status ddtrace_provider_current_root_span(struct ddtrace_provider *provider, struct ddtrace_span **out);

/**
 * The active context, or that of the active span: to be injected, or passed to another thread.
 *
 * @param provider  borrowed
 * @param out       receives the context with a reference of its own, owned by the caller: free it with `ddtrace_context_free`; NULL on an
 *                  error
 * @return DDTRACE_OK; DDTRACE_ERR_NOT_FOUND if nothing is active; DDTRACE_ERR_NULL, DDTRACE_ERR_HANDLE, DDTRACE_ERR_STATE,
 *         DDTRACE_ERR_FORKED, DDTRACE_ERR_LIMIT when memory is out
 *
 * Threads: any. Since: 0.1
 */
DDTRACE_API ddtrace_status ddtrace_provider_current_context(struct ddtrace_provider *provider, struct ddtrace_context **out);

/**
 * From now on the calling thread runs this task: to be called when a task is made, each time it goes on, and on whichever thread.
 *
 * A task that is not known yet starts with a copy of what is active in the task that made it; what either activates later, the other does
 * not see. Whoever makes a task on its creator's thread enters the new one, and then the creator again. At most 262,144 tasks are entered at
 * a time.
 *
 * @param provider     borrowed; one of tasks
 * @param task         any number but 0 that no other living task has
 * @param parent_task  the task that makes it, looked at when `task` is new; 0, or a task that was left: it starts with nothing
 * @return DDTRACE_OK; DDTRACE_ERR_INVALID for the task 0, and for a provider that keeps no tasks; DDTRACE_ERR_LIMIT if too many tasks are
 *         entered: the thread then runs no task; DDTRACE_ERR_NULL, DDTRACE_ERR_HANDLE, DDTRACE_ERR_STATE, DDTRACE_ERR_FORKED
 *
 * Threads: any. Since: 0.1
 */
DDTRACE_API ddtrace_status ddtrace_provider_task_enter(struct ddtrace_provider *provider,
    uint64_t task,
    uint64_t parent_task);

/**
 * A task has ended: its slot is removed, and what it held is released. A calling thread that ran it runs no task until it enters one. To be
 * called for each task that was entered, by its finalizer if not before: a task that is never left keeps its spans.
 *
 * @param provider  borrowed; one of tasks
 * @param task      its number, which may be used again
 * @return DDTRACE_OK; DDTRACE_ERR_NOT_FOUND if it was not entered; DDTRACE_ERR_INVALID for a provider that keeps no tasks;
 *         DDTRACE_ERR_NULL, DDTRACE_ERR_HANDLE, DDTRACE_ERR_FORKED
 *
 * Threads: any. Since: 0.1
 */
DDTRACE_API ddtrace_status ddtrace_provider_task_leave(struct ddtrace_provider *provider, uint64_t task);

/**
 * How many tasks are entered and not left; for tests.
 *
 * @param provider  borrowed
 * @return the number; 0 for NULL, for handles that were freed, and for providers that keep no tasks
 *
 * Threads: any. Since: 0.1
 */
DDTRACE_API size_t ddtrace_provider_task_count(const struct ddtrace_provider *provider);

/**
 * Starts a span below the active span or context of the calling thread or task, and makes it active: `ddtrace_span_start` and
 * `ddtrace_provider_activate_span` in one call. A parent in `options` is the parent instead of what is active.
 *
 * @param provider     borrowed
 * @param tracer       borrowed
 * @param options      borrowed; NULL: an unnamed span that starts now
 * @param out          receives the span, owned by the caller: end it with `ddtrace_provider_end_span`
 * @param token        receives the token of the scope
 * @param ids_or_null  receives the span's ids
 * @return as `ddtrace_span_start` and `ddtrace_provider_activate_span`. Where the status is of a tag that was left out, the span is started
 *         and active; on any other error nothing is
 *
 * Threads: any. Since: 0.1
 */
DDTRACE_API ddtrace_status ddtrace_provider_start_span(struct ddtrace_provider *provider,
    struct ddtrace_tracer *tracer,
    const struct ddtrace_span_options *options,
    struct ddtrace_span **out,
    uint64_t *token,
    struct ddtrace_span_ids *ids_or_null);

/**
 * Brings back what was active before a span was started, and ends the span: `ddtrace_provider_restore` and `ddtrace_span_end` in one call.
 * The span ends, and its reference is freed, also if the scope cannot be ended.
 *
 * @param provider  borrowed
 * @param token     of `ddtrace_provider_start_span`, from the same thread or task
 * @param span      owned by this call
 * @param options   borrowed; NULL: ends now, nothing to add. An error is told by its fields
 * @return as `ddtrace_span_end`, or else as `ddtrace_provider_restore`
 *
 * Threads: any; no other thread may use this reference meanwhile. Since: 0.1
 */
DDTRACE_API ddtrace_status ddtrace_provider_end_span(struct ddtrace_provider *provider,
    uint64_t token,
    struct ddtrace_span *span,
    const struct ddtrace_span_end_options *options);

/**
 * Hands out what a log line needs to be found with its trace: `dd.trace_id`, `dd.span_id`, `dd.service`, `dd.version`, `dd.env`, in this
 * order.
 *
 * A trace id of more than 64 bits is 32 lowercase hexadecimal digits, any other decimal; with DD_TRACE_128_BIT_TRACEID_LOGGING_ENABLED off
 * it is the lower half, decimal. Without span and context, or with tracing disabled, both ids are `0`. Service, version and environment are
 * those of the settings, empty if not set. Whether log lines get these fields (DD_LOGS_INJECTION) is for the caller to look at.
 *
 * @param tracer           borrowed
 * @param span_or_null     borrowed: the span to be found
 * @param context_or_null  borrowed: a context to be found, where there is no span; at most one of the two is given
 * @param field            called on this thread, five times; no lock is held meanwhile
 * @param user_data        its first argument
 * @return DDTRACE_OK; DDTRACE_ERR_NULL for the tracer or `field`; DDTRACE_ERR_HANDLE for what is no tracer, span or context;
 *         DDTRACE_ERR_INVALID if both span and context are given; DDTRACE_ERR_FORKED
 *
 * Threads: any. Since: 0.1
 */
DDTRACE_API ddtrace_status ddtrace_log_correlation(const struct ddtrace_tracer *tracer,
    const struct ddtrace_span *span_or_null,
    const struct ddtrace_context *context_or_null,
    ddtrace_log_field field,
    void *user_data);

/**
 * Writes the fields of `ddtrace_log_correlation` into a buffer: `name\0value\0name\0value\0…`.
 *
 * @param tracer           borrowed
 * @param span_or_null     borrowed
 * @param context_or_null  borrowed
 * @param buf, cap         receives the fields; 512 bytes are enough unless service, version or environment are long
 * @param needed           receives the size of all fields
 * @return as `ddtrace_log_correlation`; DDTRACE_ERR_BUFFER if `cap` is less than `needed`: nothing useful was written, call again with more
 *
 * Threads: any. Since: 0.1
 */
DDTRACE_API ddtrace_status ddtrace_log_correlation_buffer(const struct ddtrace_tracer *tracer,
    const struct ddtrace_span *span_or_null,
    const struct ddtrace_context *context_or_null,
    char *buf,
    size_t cap,
    size_t *needed);

/**
 * How many spans a chunk has.
 *
 * @param chunk  borrowed
 * @return 0 also for NULL, and for a chunk whose callback has returned
 *
 * Threads: any. Since: 0.1
 */
DDTRACE_API size_t ddtrace_chunk_len(const struct ddtrace_chunk *chunk);

/**
 * A span of a chunk, in the order in which the spans were started. All functions that read spans work on it: in an exporter with every tag
 * that is sent, in a filter with those that every span has, and in a filter all that change spans, too. It is finished; to be a parent, or to
 * be injected, is allowed.
 *
 * @param chunk  borrowed
 * @param index  from 0
 * @param out    receives the span, which is the chunk's: not to be freed or ended, and valid until the callback returns or
 *               `ddtrace_chunk_remove_at` removes it. Who takes a `ddtrace_span_ref` may go on reading it, but changes nothing any more
 * @return DDTRACE_OK; DDTRACE_ERR_NOT_FOUND: there is no such span; DDTRACE_ERR_LIMIT when memory is out; DDTRACE_ERR_NULL;
 *         DDTRACE_ERR_HANDLE: the callback has returned; DDTRACE_ERR_FORKED
 *
 * Threads: any. Since: 0.1
 */
DDTRACE_API ddtrace_status ddtrace_chunk_span_at(struct ddtrace_chunk *chunk,
    size_t index,
    struct ddtrace_span **out);

/**
 * The sampling priority of a chunk's trace. In a filter most traces are not decided yet.
 *
 * @param chunk  borrowed
 * @param out    receives the priority
 * @return DDTRACE_OK; DDTRACE_ERR_NOT_FOUND: not decided; DDTRACE_ERR_NULL; DDTRACE_ERR_HANDLE; DDTRACE_ERR_FORKED
 *
 * Threads: any. Since: 0.1
 */
DDTRACE_API ddtrace_status ddtrace_chunk_get_priority(const struct ddtrace_chunk *chunk, int32_t *out);

/**
 * Takes a span out of the chunk that a filter looks at: it is not sent. Those behind it move up by one. A chunk without spans is dropped.
 *
 * @param chunk  borrowed
 * @param index  from 0
 * @return DDTRACE_OK; DDTRACE_ERR_NOT_FOUND: there is no such span; DDTRACE_ERR_STATE: the chunk is an exporter's; DDTRACE_ERR_NULL;
 *         DDTRACE_ERR_HANDLE; DDTRACE_ERR_FORKED
 *
 * Threads: any. Since: 0.1
 */
DDTRACE_API ddtrace_status ddtrace_chunk_remove_at(struct ddtrace_chunk *chunk, size_t index);

/**
 * Drops the chunk that a filter looks at, when the filter returns DDTRACE_OK. Later filters do not see it.
 *
 * @param chunk  borrowed
 * @return DDTRACE_OK; DDTRACE_ERR_STATE: the chunk is an exporter's; DDTRACE_ERR_NULL; DDTRACE_ERR_HANDLE; DDTRACE_ERR_FORKED
 *
 * Threads: any. Since: 0.1
 */
DDTRACE_API ddtrace_status ddtrace_chunk_drop(struct ddtrace_chunk *chunk);

/**
 * Makes a processor, which several tracers may have.
 *
 * @param callbacks       borrowed, copied
 * @param user_data       the first argument of all of them
 * @param free_user_data  called once with `user_data`, when nobody has the processor any more, or at once if this call fails; may be NULL.
 *                        Threads that used a tracer with the processor may have it until they use the library again, or end
 * @param out             receives the processor, owned by the caller: free it with `ddtrace_processor_free`
 * @return DDTRACE_OK; DDTRACE_ERR_NULL; DDTRACE_ERR_UNSUPPORTED or DDTRACE_ERR_INVALID for the callbacks; DDTRACE_ERR_LIMIT when memory is out
 *
 * Threads: any. Since: 0.1
 */
DDTRACE_API ddtrace_status ddtrace_processor_new(const struct ddtrace_processor_callbacks *callbacks,
    void *user_data,
    void (*free_user_data)(void *user_data),
    struct ddtrace_processor **out);

/**
 * Adds a reference to a processor.
 *
 * @param processor  borrowed
 * @return the same handle, to be freed once more; NULL if it is none
 *
 * Threads: any. Since: 0.1
 */
DDTRACE_API struct ddtrace_processor *ddtrace_processor_ref(struct ddtrace_processor *processor);

/**
 * Gives a reference back. Configurations and tracers that the processor is registered with keep it.
 *
 * @param processor  owned by this call; NULL and handles that were freed are ignored
 *
 * Threads: any. Since: 0.1
 */
DDTRACE_API void ddtrace_processor_free(struct ddtrace_processor *processor);

/**
 * Registers a processor with the tracers that are made from a configuration.
 *
 * @param config     borrowed
 * @param processor  borrowed, may be freed at any time
 * @return DDTRACE_OK; DDTRACE_ERR_STATE: it is registered already; DDTRACE_ERR_LIMIT: there are 64; DDTRACE_ERR_NULL; DDTRACE_ERR_HANDLE;
 *         DDTRACE_ERR_FORKED
 *
 * Threads: any. Since: 0.1
 */
DDTRACE_API ddtrace_status ddtrace_config_add_processor(struct ddtrace_config *config, struct ddtrace_processor *processor);

/**
 * Registers a processor with a tracer that runs. It is told of what is started and finished from now on, of spans that are open by now only
 * when they are finished.
 *
 * @param tracer     borrowed
 * @param processor  borrowed, may be freed at any time
 * @return as `ddtrace_config_add_processor`; DDTRACE_ERR_SHUTDOWN
 *
 * Threads: any. Since: 0.1
 */
DDTRACE_API ddtrace_status ddtrace_tracer_add_processor(struct ddtrace_tracer *tracer, struct ddtrace_processor *processor);

/**
 * Removes a processor from a tracer. Calls that are under way on other threads go on to use it. Its function `shutdown` is not called.
 *
 * @param tracer     borrowed
 * @param processor  borrowed
 * @return DDTRACE_OK; DDTRACE_ERR_NOT_FOUND: it is not registered; DDTRACE_ERR_SHUTDOWN; DDTRACE_ERR_NULL; DDTRACE_ERR_HANDLE;
 *         DDTRACE_ERR_FORKED
 *
 * Threads: any. Since: 0.1
 */
DDTRACE_API ddtrace_status ddtrace_tracer_remove_processor(struct ddtrace_tracer *tracer, struct ddtrace_processor *processor);

/**
 * Makes a filter, which several tracers may have.
 *
 * A filter sees the finished spans of a trace when they leave together, before it is decided whether the trace is kept. Their setters work on
 * them, `ddtrace_chunk_remove_at` takes one out, `ddtrace_chunk_drop` all of them; that is counted. Filters run in the order in which they
 * were registered, each on what the one before left.
 *
 * @param filter          gets `user_data` and the chunk, which is borrowed: it and its spans are there for the time of the call. With another
 *                        answer than DDTRACE_OK the chunk goes on as it was before. Called with no lock held on the thread that finishes
 *                        the last span of the trace, or the one that makes a part of it leave. It may call the library; chunks of what it
 *                        traces itself are not shown to filters
 * @param user_data       passed to `filter`
 * @param free_user_data  called once with `user_data`, when nobody has the filter any more, or at once if this call fails; may be NULL.
 *                        Threads that used a tracer with the filter may have it until they use the library again, or end
 * @param out             receives the filter, owned by the caller: free it with `ddtrace_filter_free`
 * @return DDTRACE_OK; DDTRACE_ERR_NULL; DDTRACE_ERR_LIMIT when memory is out
 *
 * Threads: any. Since: 0.1
 */
DDTRACE_API ddtrace_status ddtrace_filter_new(ddtrace_status (*filter)(void *user_data, struct ddtrace_chunk *chunk),
    void *user_data,
    void (*free_user_data)(void *user_data),
    struct ddtrace_filter **out);

/**
 * Adds a reference to a filter.
 *
 * @param filter  borrowed
 * @return the same handle, to be freed once more; NULL if it is none
 *
 * Threads: any. Since: 0.1
 */
DDTRACE_API struct ddtrace_filter *ddtrace_filter_ref(struct ddtrace_filter *filter);

/**
 * Gives a reference back. Configurations and tracers that the filter is registered with keep it.
 *
 * @param filter  owned by this call; NULL and handles that were freed are ignored
 *
 * Threads: any. Since: 0.1
 */
DDTRACE_API void ddtrace_filter_free(struct ddtrace_filter *filter);

/**
 * Registers a filter with the tracers that are made from a configuration.
 *
 * @param config     borrowed
 * @param filter  borrowed, may be freed at any time
 * @return DDTRACE_OK; DDTRACE_ERR_STATE: it is registered already; DDTRACE_ERR_LIMIT: there are 64; DDTRACE_ERR_NULL; DDTRACE_ERR_HANDLE;
 *         DDTRACE_ERR_FORKED
 *
 * Threads: any. Since: 0.1
 */
DDTRACE_API ddtrace_status ddtrace_config_add_filter(struct ddtrace_config *config, struct ddtrace_filter *filter);

/**
 * Registers a filter with a tracer that runs. It sees the chunks that leave from now on.
 *
 * @param tracer     borrowed
 * @param filter  borrowed, may be freed at any time
 * @return as `ddtrace_config_add_filter`; DDTRACE_ERR_SHUTDOWN
 *
 * Threads: any. Since: 0.1
 */
DDTRACE_API ddtrace_status ddtrace_tracer_add_filter(struct ddtrace_tracer *tracer, struct ddtrace_filter *filter);

/**
 * Removes a filter from a tracer. Calls that are under way on other threads go on to use it.
 *
 * @param tracer     borrowed
 * @param filter  borrowed
 * @return DDTRACE_OK; DDTRACE_ERR_NOT_FOUND: it is not registered; DDTRACE_ERR_SHUTDOWN; DDTRACE_ERR_NULL; DDTRACE_ERR_HANDLE;
 *         DDTRACE_ERR_FORKED
 *
 * Threads: any. Since: 0.1
 */
DDTRACE_API ddtrace_status ddtrace_tracer_remove_filter(struct ddtrace_tracer *tracer, struct ddtrace_filter *filter);

/**
 * Makes an exporter of functions of the program: finished spans go to them instead of the agent. Several tracers may feed it.
 *
 * @param callbacks       borrowed, copied
 * @param user_data       the first argument of all of them
 * @param free_user_data  called once with `user_data`, when nobody has the exporter any more, or at once if this call fails; may be NULL
 * @param out             receives the exporter, owned by the caller: free it with `ddtrace_exporter_free`
 * @return DDTRACE_OK; DDTRACE_ERR_NULL: also without `export_chunk`; DDTRACE_ERR_UNSUPPORTED or DDTRACE_ERR_INVALID for the callbacks;
 *         DDTRACE_ERR_LIMIT when memory is out
 *
 * Threads: any. Since: 0.1
 */
DDTRACE_API ddtrace_status ddtrace_exporter_new_callbacks(const struct ddtrace_exporter_callbacks *callbacks,
    void *user_data,
    void (*free_user_data)(void *user_data),
    struct ddtrace_exporter **out);

/**
 * Makes a pin: what an integration is to say of the spans of one object, such as a client of a database. It never changes, and threads share
 * it freely. Which object has which pin is for the binding to know.
 *
 * @param service, len     copied; `(NULL, 0)`: the usual service
 * @param tags, tags_len   copied; no arrays and no maps; may be NULL with 0
 * @param out              receives the pin, owned by the caller: free it with `ddtrace_pin_free`
 * @return DDTRACE_OK; DDTRACE_ERR_NULL; DDTRACE_ERR_INVALID for a tag of another kind; DDTRACE_ERR_LIMIT when memory is out
 *
 * Threads: any. Since: 0.1
 */
DDTRACE_API ddtrace_status ddtrace_pin_new(const char *service,
    size_t len,
    const struct ddtrace_tag *tags,
    size_t tags_len,
    struct ddtrace_pin **out);

/**
 * Makes a copy of a pin with another service, other tags, or both.
 *
 * @param pin             borrowed
 * @param service, len    copied; `(NULL, 0)`: the same service
 * @param tags, tags_len  copied, in place of all tags; NULL: the same tags; not NULL with 0: none
 * @param out             receives the copy, owned by the caller: free it with `ddtrace_pin_free`
 * @return as `ddtrace_pin_new`; DDTRACE_ERR_HANDLE; DDTRACE_ERR_FORKED
 *
 * Threads: any. Since: 0.1
 */
DDTRACE_API ddtrace_status ddtrace_pin_copy(const struct ddtrace_pin *pin,
    const char *service,
    size_t len,
    const struct ddtrace_tag *tags,
    size_t tags_len,
    struct ddtrace_pin **out);

/**
 * Adds a reference to a pin.
 *
 * @param pin  borrowed
 * @return the same handle, to be freed once more; NULL if it is none
 *
 * Threads: any. Since: 0.1
 */
DDTRACE_API struct ddtrace_pin *ddtrace_pin_ref(struct ddtrace_pin *pin);

/**
 * Gives a reference back.
 *
 * @param pin  owned by this call; NULL and handles that were freed are ignored
 *
 * Threads: any. Since: 0.1
 */
DDTRACE_API void ddtrace_pin_free(struct ddtrace_pin *pin);

/**
 * Copies the service of a pin out.
 *
 * @param pin       borrowed
 * @param buf, cap  receives the text and a NUL, cut to `cap` bytes; may be NULL with 0
 * @return the text's length; DDTRACE_ABSENT if the pin has none, and for handles that are no pin
 *
 * Threads: any. Since: 0.1
 */
DDTRACE_API size_t ddtrace_pin_get_service(const struct ddtrace_pin *pin, char *buf, size_t cap);

/**
 * Copies a tag of a pin out; a number in decimal.
 *
 * @param pin           borrowed
 * @param key, key_len  borrowed
 * @param buf, cap      receives the text and a NUL, cut to `cap` bytes; may be NULL with 0
 * @return the text's length; DDTRACE_ABSENT if there is no such tag, and for handles that are no pin
 *
 * Threads: any. Since: 0.1
 */
DDTRACE_API size_t ddtrace_pin_get_tag(const struct ddtrace_pin *pin, const char *key, size_t key_len, char *buf, size_t cap);

/**
 * Sets the service and the tags of a pin on a span.
 *
 * @param pin   borrowed
 * @param span  borrowed
 * @return DDTRACE_OK; DDTRACE_ERR_FINISHED; DDTRACE_ERR_LIMIT for tags that were left out; DDTRACE_ERR_NULL; DDTRACE_ERR_HANDLE;
 *         DDTRACE_ERR_FORKED
 *
 * Threads: any. Since: 0.1
 */
DDTRACE_API ddtrace_status ddtrace_pin_apply(const struct ddtrace_pin *pin, struct ddtrace_span *span);

/**
 * Makes an exporter that writes to a stream of the process.
 *
 * @param format  one of DDTRACE_CONSOLE_*
 * @param fd      1: standard output, 2: standard error, whatever these are at the time of each write; any other descriptor is duplicated,
 *                so that the caller may close it
 * @param out     receives the exporter, owned by the caller: free it with `ddtrace_exporter_free`
 * @return DDTRACE_OK; DDTRACE_ERR_INVALID: no such format; DDTRACE_ERR_IO: the descriptor is not open; DDTRACE_ERR_NULL; DDTRACE_ERR_LIMIT
 *
 * Threads: any. Since: 0.1
 */
DDTRACE_API ddtrace_status ddtrace_exporter_console_new(int32_t format, int32_t fd, struct ddtrace_exporter **out);

/**
 * Makes an exporter that appends each span as a line of JSON to a file. The file is made if need be, readable by its owner only.
 *
 * @param path, len    a regular file; links, pipes and devices are refused
 * @param out          receives the exporter, owned by the caller: free it with `ddtrace_exporter_free`
 * @param err_or_null  receives an error if the call fails, else NULL; free it with `ddtrace_error_free`
 * @return DDTRACE_OK; DDTRACE_ERR_IO: the file cannot be opened; DDTRACE_ERR_NULL; DDTRACE_ERR_INVALID; DDTRACE_ERR_LIMIT
 *
 * Threads: any. Since: 0.1
 */
DDTRACE_API ddtrace_status ddtrace_exporter_file_new(const char *path,
    size_t len,
    struct ddtrace_exporter **out,
    struct ddtrace_error **err_or_null);

/**
 * Makes an exporter that keeps spans in memory, for tests and for programs that look at their own traces.
 *
 * @param max_spans  when there are more, the oldest go; 0: no limit
 * @param out        receives the exporter, owned by the caller: free it with `ddtrace_exporter_free`
 * @return DDTRACE_OK; DDTRACE_ERR_NULL; DDTRACE_ERR_LIMIT when memory is out
 *
 * Threads: any. Since: 0.1
 */
DDTRACE_API ddtrace_status ddtrace_exporter_memory_new(size_t max_spans, struct ddtrace_exporter **out);

/**
 * Makes an exporter that takes spans and forgets them.
 *
 * @param out  receives the exporter, owned by the caller: free it with `ddtrace_exporter_free`
 * @return DDTRACE_OK; DDTRACE_ERR_NULL; DDTRACE_ERR_LIMIT when memory is out
 *
 * Threads: any. Since: 0.1
 */
DDTRACE_API ddtrace_status ddtrace_exporter_null_new(struct ddtrace_exporter **out);

/**
 * Adds a reference to an exporter.
 *
 * @param exporter  borrowed
 * @return the same handle, to be freed once more; NULL if it is none
 *
 * Threads: any. Since: 0.1
 */
DDTRACE_API struct ddtrace_exporter *ddtrace_exporter_ref(struct ddtrace_exporter *exporter);

/**
 * Gives a reference back. Tracers and configurations that have the exporter keep it alive.
 *
 * @param exporter  owned by this call; NULL and handles that were freed are ignored
 *
 * Threads: any. Since: 0.1
 */
DDTRACE_API void ddtrace_exporter_free(struct ddtrace_exporter *exporter);

/**
 * Copies out the spans of an in-memory exporter as a JSON array, oldest first. What is finished by now is in it: the tracers that feed the
 * exporter are flushed first, for 2 s at most each.
 *
 * @param exporter                     borrowed
 * @param trace_id_high, trace_id_low  only the spans of this trace; both 0: all
 * @param buf, cap                     receives the text and a NUL, cut to `cap` bytes; may be NULL with 0. Between asking for the length
 *                                     and asking for the text, spans may come
 * @return the text's length; DDTRACE_ABSENT for other exporters, for NULL and for other handles
 *
 * Threads: any. Since: 0.1
 */
DDTRACE_API size_t ddtrace_exporter_memory_json(struct ddtrace_exporter *exporter,
    uint64_t trace_id_high,
    uint64_t trace_id_low,
    char *buf,
    size_t cap);

/**
 * How many spans an in-memory exporter keeps, after flushing as `ddtrace_exporter_memory_json` does.
 *
 * @param exporter  borrowed
 * @return 0 also for other exporters, for NULL and for other handles
 *
 * Threads: any. Since: 0.1
 */
DDTRACE_API size_t ddtrace_exporter_memory_count(struct ddtrace_exporter *exporter);

/**
 * Makes an in-memory exporter forget all spans that are finished by now.
 *
 * @param exporter  borrowed
 * @return DDTRACE_OK; DDTRACE_ERR_INVALID: this exporter has no memory; DDTRACE_ERR_NULL; DDTRACE_ERR_HANDLE; DDTRACE_ERR_FORKED
 *
 * Threads: any. Since: 0.1
 */
DDTRACE_API ddtrace_status ddtrace_exporter_memory_clear(struct ddtrace_exporter *exporter);

/**
 * The request's method.
 *
 * @param exchange  borrowed
 * @return `"POST"` or `"GET"`, valid until the exchange ends; DDTRACE_STR_NONE for NULL and for other handles
 *
 * Threads: any. Since: 0.1
 */
DDTRACE_API struct ddtrace_str ddtrace_exchange_method(const struct ddtrace_exchange *exchange);

/**
 * The request's path on the agent, such as `/v0.4/traces`; where the agent is, is for the host to know. A request to another server has
 * the whole URL here, such as `http://localhost:4318/v1/traces` for traces by OTLP: what begins with a slash is the agent's.
 *
 * @param exchange  borrowed
 * @return valid until the exchange ends; DDTRACE_STR_NONE for NULL and for other handles
 *
 * Threads: any. Since: 0.1
 */
DDTRACE_API struct ddtrace_str ddtrace_exchange_path(const struct ddtrace_exchange *exchange);

/**
 * The request's body: bytes, not text.
 *
 * @param exchange  borrowed
 * @return valid until the exchange ends; DDTRACE_STR_NONE for NULL and for other handles
 *
 * Threads: any. Since: 0.1
 */
DDTRACE_API struct ddtrace_str ddtrace_exchange_body(const struct ddtrace_exchange *exchange);

/**
 * Shows the request's headers. `Host`, `Content-Length` and what else frames a request is for the host to add.
 *
 * @param exchange   borrowed
 * @param visit      called on this thread, once per header; the texts are valid until the exchange ends
 * @param user_data  passed to `visit`
 * @return DDTRACE_OK; DDTRACE_ERR_NULL; DDTRACE_ERR_HANDLE; DDTRACE_ERR_FORKED
 *
 * Threads: any. Since: 0.1
 */
DDTRACE_API ddtrace_status ddtrace_exchange_each_header(const struct ddtrace_exchange *exchange,
    void (*visit)(void *user_data, struct ddtrace_str name, struct ddtrace_str value),
    void *user_data);

/**
 * Notes a header of the response, before `ddtrace_exchange_complete`. Responses without any are fine.
 *
 * @param exchange          borrowed
 * @param name, name_len    in any case
 * @param value, value_len  the header's value
 * @return DDTRACE_OK; DDTRACE_ERR_TIMEOUT: the library waits no longer, and the exchange has still to be ended; DDTRACE_ERR_LIMIT: more
 *         than 100 headers, or more than 16 KiB in one; DDTRACE_ERR_NULL; DDTRACE_ERR_HANDLE; DDTRACE_ERR_FORKED
 *
 * Threads: any. Since: 0.1
 */
DDTRACE_API ddtrace_status ddtrace_exchange_respond_header(struct ddtrace_exchange *exchange,
    const char *name,
    size_t name_len,
    const char *value,
    size_t value_len);

/**
 * Ends an exchange with the response that came, whatever its status. May be called at once, later, or long after the tracer is gone, from
 * any thread. In host-driven mode, call `ddtrace_tracer_tick` soon after.
 *
 * @param exchange        ends with this call, and with it all that was read of it, unless the answer is DDTRACE_ERR_NULL,
 *                        DDTRACE_ERR_HANDLE, DDTRACE_ERR_FORKED or DDTRACE_ERR_INVALID
 * @param http_status     from 100 to 599
 * @param body, body_len  the response's body, copied; of most what is beyond 1 MiB is not looked at, of
 *                        remote configuration's what is beyond 64 MiB
 * @return DDTRACE_OK; DDTRACE_ERR_TIMEOUT: the library waits no longer for this response; DDTRACE_ERR_INVALID: no HTTP status;
 *         DDTRACE_ERR_NULL; DDTRACE_ERR_HANDLE; DDTRACE_ERR_FORKED
 *
 * Threads: any. Since: 0.1
 */
DDTRACE_API ddtrace_status ddtrace_exchange_complete(struct ddtrace_exchange *exchange,
    int32_t http_status,
    const uint8_t *body,
    size_t body_len);

/**
 * Ends an exchange that brought no response. The library will try again, as it does when its own connections fail.
 *
 * @param exchange     ends with this call, and with it all that was read of it, unless the answer is DDTRACE_ERR_NULL, DDTRACE_ERR_HANDLE
 *                     or DDTRACE_ERR_FORKED
 * @param reason, len  for the log; may be NULL and 0
 * @return DDTRACE_OK; DDTRACE_ERR_TIMEOUT: the library waits no longer for this response; DDTRACE_ERR_NULL; DDTRACE_ERR_HANDLE;
 *         DDTRACE_ERR_FORKED
 *
 * Threads: any. Since: 0.1
 */
DDTRACE_API ddtrace_status ddtrace_exchange_fail(struct ddtrace_exchange *exchange, const char *reason, size_t len);

/**
 * Whether an HTTP status is an error by the settings (`DD_TRACE_HTTP_SERVER_ERROR_STATUSES`, `DD_TRACE_HTTP_CLIENT_ERROR_STATUSES`). Server
 * spans with such an `http.status_code` are marked as failed when they end; for client spans the integration does so, if it wants to.
 *
 * @param tracer       borrowed
 * @param kind         DDTRACE_SPAN_KIND_SERVER or DDTRACE_SPAN_KIND_CLIENT; false for others
 * @param http_status  the status, 100 to 599
 * @return false for NULL and handles that were freed, too
 *
 * Threads: any. Since: 0.1
 */
DDTRACE_API bool ddtrace_tracer_is_http_error(const struct ddtrace_tracer *tracer, int32_t kind, int32_t http_status);

/**
 * Copies a stack out as the tag `error.stack` may have it, a line per frame: the most recent frames, `DD_TRACE_SPAN_TRACEBACK_MAX_SIZE` of
 * them, or half as many, and so on, if the text would have more than 25,000 characters.
 *
 * @param tracer             borrowed
 * @param frames, len        borrowed
 * @param most_recent_first  0: the most recent frame is the last one, anything else: it is the first
 * @param buf, cap           receives the text and a NUL, cut to `cap` bytes; may be NULL with 0
 * @return the text's length without the NUL; DDTRACE_ABSENT if an argument is wrong
 *
 * Threads: any. Since: 0.1
 */
DDTRACE_API size_t ddtrace_tracer_limit_stack(const struct ddtrace_tracer *tracer,
    const struct ddtrace_str *frames,
    size_t len,
    int32_t most_recent_first,
    char *buf,
    size_t cap);

/**
 * Calls `visit` with every service other than the configured one that finished spans have named in this process, 64 at most.
 *
 * @param tracer     borrowed
 * @param visit      called on this thread; no lock is held meanwhile
 * @param user_data  its first argument
 * @return DDTRACE_OK, DDTRACE_ERR_NULL, DDTRACE_ERR_HANDLE, DDTRACE_ERR_FORKED
 *
 * Threads: any. Since: 0.1
 */
DDTRACE_API ddtrace_status ddtrace_tracer_each_extra_service(const struct ddtrace_tracer *tracer,
    ddtrace_text_visitor visit,
    void *user_data);

/**
 * Adds a service to those of `ddtrace_tracer_each_extra_service`, for an integration that knows of it before there are spans.
 *
 * @param tracer        borrowed
 * @param service, len  copied; empty ones, the configured one, and those beyond the limit are not remembered
 * @return DDTRACE_OK, DDTRACE_ERR_NULL, DDTRACE_ERR_HANDLE, DDTRACE_ERR_FORKED
 *
 * Threads: any. Since: 0.1
 */
DDTRACE_API ddtrace_status ddtrace_tracer_add_extra_service(const struct ddtrace_tracer *tracer, const char *service, size_t len);

/**
 * Copies the tags that describe this process out (`_dd.tags.process`): `key:value` in order, with commas between them.
 *
 * @param tracer    borrowed
 * @param buf, cap  receives the text and a NUL, cut to `cap` bytes; may be NULL with 0
 * @return the text's length without the NUL; DDTRACE_ABSENT if they are not reported
 *         (`DD_EXPERIMENTAL_PROPAGATE_PROCESS_TAGS_ENABLED`), or the handle is none
 *
 * Threads: any. Since: 0.1
 */
DDTRACE_API size_t ddtrace_tracer_get_process_tags(const struct ddtrace_tracer *tracer, char *buf, size_t cap);

/**
 * Copies the hash of an object out, for `ddtrace_span_add_pointer`: 32 hexadecimal digits of the SHA-256 over the object's parts (bucket, key
 * and tag of an S3 object, say) with `|` between them.
 *
 * @param parts, len  borrowed
 * @param buf, cap    receives the text and a NUL, cut to `cap` bytes; may be NULL with 0
 * @return 32; DDTRACE_ABSENT if an argument is wrong
 *
 * Threads: any. Since: 0.1
 */
DDTRACE_API size_t ddtrace_pointer_hash(const struct ddtrace_str *parts,
    size_t len,
    char *buf,
    size_t cap);

/**
 * Copies out the tag that a header becomes by `DD_TRACE_HEADER_TAGS`.
 *
 * @param tracer       borrowed
 * @param header, len  the header's name, in any case
 * @param is_response  0: a header of a request, anything else: of a response
 * @param buf, cap     receives the tag and a NUL, cut to `cap` bytes; may be NULL with 0
 * @return the tag's length without the NUL; DDTRACE_ABSENT if the header becomes none, or an argument is wrong
 *
 * Threads: any. Since: 0.1
 */
DDTRACE_API size_t ddtrace_tracer_header_tag(const struct ddtrace_tracer *tracer,
    const char *header,
    size_t len,
    int32_t is_response,
    char *buf,
    size_t cap);

/**
 * Sets the tags of those headers that `DD_TRACE_HEADER_TAGS` names. Values are trimmed; those of a repeated header are joined with commas.
 *
 * @param span              borrowed
 * @param pairs, pairs_len  borrowed: as for `ddtrace_propagator_extract`
 * @param is_response       0: headers of a request, anything else: of a response
 * @return as `ddtrace_span_set_tag`
 *
 * Threads: any. Since: 0.1
 */
DDTRACE_API ddtrace_status ddtrace_span_set_header_tags(struct ddtrace_span *span,
    const struct ddtrace_str *pairs,
    size_t pairs_len,
    int32_t is_response);

/**
 * Copies out a URL as the tag `http.url` may have it: without user and password, and with its query as the settings want it
 * (`DD_HTTP_SERVER_TAG_QUERY_STRING`, `DD_TRACE_HTTP_CLIENT_TAG_QUERY_STRING`, `DD_TRACE_OBFUSCATION_QUERY_STRING_REGEXP`).
 *
 * @param tracer    borrowed
 * @param kind      DDTRACE_SPAN_KIND_CLIENT: of a client; anything else: of a server
 * @param url, len  the URL, or a part of it from the path on
 * @param buf, cap  receives the URL and a NUL, cut to `cap` bytes; may be NULL with 0
 * @return its length without the NUL; DDTRACE_ABSENT if an argument is wrong
 *
 * Threads: any. Since: 0.1
 */
DDTRACE_API size_t ddtrace_tracer_clean_url(const struct ddtrace_tracer *tracer,
    int32_t kind,
    const char *url,
    size_t len,
    char *buf,
    size_t cap);

/**
 * Copies out the query of a URL with what looks like a secret hidden, see `DD_TRACE_OBFUSCATION_QUERY_STRING_REGEXP`.
 *
 * @param tracer      borrowed
 * @param query, len  the query, without the question mark
 * @param buf, cap    receives the query and a NUL, cut to `cap` bytes; may be NULL with 0
 * @return its length without the NUL; DDTRACE_ABSENT if spans must not show it, because the pattern of the settings cannot be used, or if an
 *         argument is wrong
 *
 * Threads: any. Since: 0.1
 */
DDTRACE_API size_t ddtrace_tracer_obfuscate_query(const struct ddtrace_tracer *tracer,
    const char *query,
    size_t len,
    char *buf,
    size_t cap);

/**
 * Copies out the address of a request's client, as the tag `http.client_ip` has it: from the headers that proxies set, or the peer's.
 *
 * @param tracer              borrowed
 * @param pairs, pairs_len    borrowed: the request's headers, as for `ddtrace_propagator_extract`
 * @param peer_or_null, peer_len  the address of the other end of the connection
 * @param buf, cap            receives the address and a NUL; 46 bytes are enough
 * @return its length without the NUL; DDTRACE_ABSENT if `DD_TRACE_CLIENT_IP_ENABLED` is off, there is no address, or an argument is wrong
 *
 * Threads: any. Since: 0.1
 */
DDTRACE_API size_t ddtrace_tracer_client_ip(const struct ddtrace_tracer *tracer,
    const struct ddtrace_str *pairs,
    size_t pairs_len,
    const char *peer_or_null,
    size_t peer_len,
    char *buf,
    size_t cap);

/**
 * Registers a listener to an event.
 *
 * Listeners of an event are called in the order of their registration, on the thread that publishes, with no lock held: they may call the
 * library. One of the same name, or without a name one of the same function and `user_data`, is replaced at its place, and keeps its number.
 *
 * Besides what programs publish there are events of the library: `trace.span_start` and `trace.span_finish` (a span), `trace.chunk_ready` (a
 * chunk), `writer.flush` (whether everything was sent), `tracer.configured` (a tracer), `service.started` and `service.stopped` (a name),
 * `config.changed` (a setting's name, its former and its present value or nothing, where that comes from), `rc.applied` (product, path and
 * state of a file of remote configuration), `rc.removed` (product and path), `telemetry.sent` (type of the request, status of the answer or 0),
 * `integration.patched` (a name that `ddtrace_telemetry_add_integration` got, and whether it works), `context.started.NAME` and
 * `context.ended.NAME` (an execution), and with the id of the process `fork.prepare` and `fork.parent`, on the thread that forks, right before
 * and after, and `fork.child`, when the child uses the library first. Handles among the arguments are borrowed for the time of the call.
 *
 * @param event, event_len        the event's name, not empty
 * @param name_or_null, name_len  the listener's name
 * @param listener                called until it is removed; one that is being called on another thread goes on
 * @param user_data               passed to `listener`
 * @param free_user_data          called once with `user_data`, when the listener is removed or replaced and no thread calls it any more, or at
 *                                once if this call fails; may be NULL
 * @param id_or_null              receives the listener's number
 * @return DDTRACE_OK; DDTRACE_ERR_INVALID for an empty name of an event; DDTRACE_ERR_LIMIT: there are 1024 listeners, or events; DDTRACE_ERR_NULL
 *
 * Threads: any. Since: 0.1
 */
DDTRACE_API ddtrace_status ddtrace_hub_on(const char *event,
    size_t event_len,
    const char *name_or_null,
    size_t name_len,
    ddtrace_listener listener,
    void *user_data,
    void (*free_user_data)(void *user_data),
    uint64_t *id_or_null);

/**
 * Removes a listener. It may still be running on another thread.
 *
 * @param id  its number
 * @return DDTRACE_OK; DDTRACE_ERR_NOT_FOUND
 *
 * Threads: any. Since: 0.1
 */
DDTRACE_API ddtrace_status ddtrace_hub_off(uint64_t id);

/**
 * Removes all listeners of an event, or one of them; without an event all listeners of all events. One listener without its event: nothing.
 *
 * @param event_or_null, len  the event's name
 * @param id                  the number of a listener; 0: all of them
 * @return DDTRACE_OK; DDTRACE_ERR_NULL
 *
 * Threads: any. Since: 0.1
 */
DDTRACE_API ddtrace_status ddtrace_hub_reset(const char *event_or_null, size_t len, uint64_t id);

/**
 * Whether somebody listens to an event.
 *
 * @param event, len  the event's name
 *
 * Threads: any. Since: 0.1
 */
DDTRACE_API bool ddtrace_hub_has_listeners(const char *event, size_t len);

/**
 * Gives an event a number, which it keeps as long as the process lives, to publish it often.
 *
 * @param event, len  the event's name, not empty
 * @param out         receives the number
 * @return DDTRACE_OK; DDTRACE_ERR_INVALID for an empty name; DDTRACE_ERR_LIMIT: 1024 events have one; DDTRACE_ERR_NULL
 *
 * Threads: any. Since: 0.1
 */
DDTRACE_API ddtrace_status ddtrace_hub_event_id(const char *event, size_t len, uint32_t *out);

/**
 * Publishes an event. Errors of listeners are logged at debug level, and the others are called all the same.
 *
 * @param event, len            the event's name
 * @param arguments, arguments_len  borrowed
 * @param flags                 0 or DDTRACE_DISPATCH_RAISE
 * @return DDTRACE_OK, also if nobody listens; DDTRACE_ERR_LISTENER if one failed and the flag is set, or DD_TESTING_RAISE is on;
 *         DDTRACE_ERR_INVALID for arguments that are no values; DDTRACE_ERR_NULL
 *
 * Threads: any. Since: 0.1
 */
DDTRACE_API ddtrace_status ddtrace_hub_dispatch(const char *event,
    size_t len,
    const struct ddtrace_value *arguments,
    size_t arguments_len,
    uint32_t flags);

/**
 * Publishes an event by its number, as `ddtrace_hub_dispatch` does by its name.
 *
 * @param event                 a number of `ddtrace_hub_event_id`
 * @param arguments, arguments_len  borrowed
 * @param flags                 0 or DDTRACE_DISPATCH_RAISE
 * @return as `ddtrace_hub_dispatch`
 *
 * Threads: any. Since: 0.1
 */
DDTRACE_API ddtrace_status ddtrace_hub_dispatch_id(uint32_t event,
    const struct ddtrace_value *arguments,
    size_t arguments_len,
    uint32_t flags);

/**
 * Publishes an event and keeps what the listeners answer.
 *
 * @param event, len            the event's name
 * @param arguments, arguments_len  borrowed
 * @param out                   receives the answers, owned by the caller: free them with `ddtrace_event_results_free`
 * @return DDTRACE_OK, also if nobody listens or listeners fail; DDTRACE_ERR_INVALID for arguments that are no values; DDTRACE_ERR_NULL;
 *         DDTRACE_ERR_LIMIT when memory is out
 *
 * Threads: any. Since: 0.1
 */
DDTRACE_API ddtrace_status ddtrace_hub_dispatch_with_results(const char *event,
    size_t len,
    const struct ddtrace_value *arguments,
    size_t arguments_len,
    struct ddtrace_event_results **out);

/**
 * Looks up what the listener of a name answered. For one that is not there the answer is DDTRACE_RESULT_UNDEFINED.
 *
 * @param results    borrowed
 * @param name, len  the listener's name
 * @param out        receives the answer; its text is valid until the results are freed
 * @return DDTRACE_OK; DDTRACE_ERR_NULL; DDTRACE_ERR_HANDLE; DDTRACE_ERR_FORKED
 *
 * Threads: any. Since: 0.1
 */
DDTRACE_API ddtrace_status ddtrace_event_results_get(const struct ddtrace_event_results *results,
    const char *name,
    size_t len,
    struct ddtrace_event_result *out);

/**
 * Looks up what the listener of a number answered.
 *
 * @param results  borrowed
 * @param id       the number of the listener
 * @param out      receives the answer; its text is valid until the results are freed
 * @return as `ddtrace_event_results_get`
 *
 * Threads: any. Since: 0.1
 */
DDTRACE_API ddtrace_status ddtrace_event_results_get_id(const struct ddtrace_event_results *results,
    uint64_t id,
    struct ddtrace_event_result *out);

/**
 * How many listeners were called; 0 for NULL and handles that were freed, too.
 *
 * @param results  borrowed
 *
 * Threads: any. Since: 0.1
 */
DDTRACE_API size_t ddtrace_event_results_count(const struct ddtrace_event_results *results);

/**
 * Frees answers.
 *
 * @param results  owned by this call; NULL and handles that were freed are ignored
 *
 * Threads: any. Since: 0.1
 */
DDTRACE_API void ddtrace_event_results_free(struct ddtrace_event_results *results);

/**
 * Begins an execution, and publishes `context.started.NAME` with its handle.
 *
 * Which one is the current one is for the caller to keep. An execution keeps those above it alive.
 *
 * @param name, len       its name; empty: `__root`
 * @param parent_or_null  borrowed: the one above it
 * @param flags           0, DDTRACE_EXECUTION_DEFER_END, DDTRACE_DISPATCH_RAISE, or both
 * @param out             receives the execution, owned by the caller: free it with `ddtrace_execution_free`
 * @return DDTRACE_OK; DDTRACE_ERR_LISTENER with DDTRACE_DISPATCH_RAISE: a listener failed, and nothing has begun; DDTRACE_ERR_LIMIT: there are
 *         1000 above it, or memory is out; DDTRACE_ERR_NULL; DDTRACE_ERR_HANDLE; DDTRACE_ERR_FORKED
 *
 * Threads: any. Since: 0.1
 */
DDTRACE_API ddtrace_status ddtrace_execution_enter(const char *name,
    size_t len,
    const struct ddtrace_execution *parent_or_null,
    uint32_t flags,
    struct ddtrace_execution **out);

/**
 * Leaves an execution, and publishes `context.ended.NAME` with its handle and the error, once, unless that is deferred.
 *
 * @param execution           borrowed
 * @param error_or_null, len  what went wrong in it, if anything
 * @return DDTRACE_OK, also if it was left before; DDTRACE_ERR_NULL; DDTRACE_ERR_HANDLE; DDTRACE_ERR_FORKED
 *
 * Threads: any. Since: 0.1
 */
DDTRACE_API ddtrace_status ddtrace_execution_exit(const struct ddtrace_execution *execution, const char *error_or_null, size_t len);

/**
 * Publishes the end of an execution, once: for those that defer it.
 *
 * @param execution           borrowed
 * @param error_or_null, len  what went wrong in it, if anything
 * @return as `ddtrace_execution_exit`
 *
 * Threads: any. Since: 0.1
 */
DDTRACE_API ddtrace_status ddtrace_execution_end(const struct ddtrace_execution *execution, const char *error_or_null, size_t len);

/**
 * Puts an execution that has no parent below another one.
 *
 * @param execution, parent  borrowed
 * @return DDTRACE_OK; DDTRACE_ERR_STATE: it has a parent, or is above the other one itself; DDTRACE_ERR_LIMIT; DDTRACE_ERR_NULL;
 *         DDTRACE_ERR_HANDLE; DDTRACE_ERR_FORKED
 *
 * Threads: any. Since: 0.1
 */
DDTRACE_API ddtrace_status ddtrace_execution_set_parent(const struct ddtrace_execution *execution, const struct ddtrace_execution *parent);

/**
 * Sets an item of an execution.
 *
 * @param execution     borrowed
 * @param key, key_len  copied
 * @param value         copied; what pointers point to is the caller's
 * @return DDTRACE_OK; DDTRACE_ERR_LIMIT: it has 1000 items; DDTRACE_ERR_INVALID for what is no value; DDTRACE_ERR_NULL; DDTRACE_ERR_HANDLE;
 *         DDTRACE_ERR_FORKED
 *
 * Threads: any. Since: 0.1
 */
DDTRACE_API ddtrace_status ddtrace_execution_set(const struct ddtrace_execution *execution,
    const char *key,
    size_t key_len,
    const struct ddtrace_value *value);

/**
 * Sets an item of an execution that has none of this key.
 *
 * @param execution     borrowed
 * @param key, key_len  copied
 * @param value         copied
 * @return as `ddtrace_execution_set`; DDTRACE_ERR_STATE: it has one, which stays
 *
 * Threads: any. Since: 0.1
 */
DDTRACE_API ddtrace_status ddtrace_execution_set_new(const struct ddtrace_execution *execution,
    const char *key,
    size_t key_len,
    const struct ddtrace_value *value);

/**
 * Shows an item of an execution.
 *
 * @param execution     borrowed
 * @param key, key_len  the item's key
 * @param upwards       0: only its own, anything else: of the nearest above it that has one
 * @param visit         called on this thread, once if the item is there; no lock is held meanwhile
 * @param user_data     passed to `visit`
 * @return DDTRACE_OK; DDTRACE_ERR_NOT_FOUND; DDTRACE_ERR_NULL; DDTRACE_ERR_HANDLE; DDTRACE_ERR_FORKED
 *
 * Threads: any. Since: 0.1
 */
DDTRACE_API ddtrace_status ddtrace_execution_get(const struct ddtrace_execution *execution,
    const char *key,
    size_t key_len,
    int32_t upwards,
    ddtrace_value_visitor visit,
    void *user_data);

/**
 * Removes an item.
 *
 * @param execution     borrowed
 * @param key, key_len  the item's key
 * @param upwards       0: only its own, anything else: of the nearest above it that has one
 * @return DDTRACE_OK, also if there was none; DDTRACE_ERR_NULL; DDTRACE_ERR_HANDLE; DDTRACE_ERR_FORKED
 *
 * Threads: any. Since: 0.1
 */
DDTRACE_API ddtrace_status ddtrace_execution_discard(const struct ddtrace_execution *execution,
    const char *key,
    size_t key_len,
    int32_t upwards);

/**
 * Frees an execution, without a word. Those below it keep it alive.
 *
 * @param execution  owned by this call; NULL and handles that were freed are ignored
 *
 * Threads: any. Since: 0.1
 */
DDTRACE_API void ddtrace_execution_free(struct ddtrace_execution *execution);

/**
 * Makes a service, which does not run yet. One whose function answers DDTRACE_SERVICE_END at its first turn is a timer: starting sets it,
 * stopping it before cancels it, and once it has ended it can be started again. A thread of a service is not waited for before a fork, which
 * would keep the forking thread waiting; the child's service starts with fresh locks.
 *
 * @param name, len       its name, for messages
 * @param interval_ms     the time between two turns, at least 1
 * @param function        called on the service's thread, in forked children first on the thread that uses the library there
 * @param user_data       passed to `function`
 * @param free_user_data  called once with `user_data`, when the service is freed and its thread has ended, or at once if this call fails; may
 *                        be NULL
 * @param flags           0, DDTRACE_SERVICE_AT_ONCE, DDTRACE_SERVICE_NOT_IN_CHILDREN, or both
 * @param out             receives the service, owned by the caller: free it with `ddtrace_service_free`
 * @return DDTRACE_OK; DDTRACE_ERR_INVALID for an empty name or no interval; DDTRACE_ERR_NULL; DDTRACE_ERR_LIMIT when memory is out
 *
 * Threads: any. Since: 0.1
 */
DDTRACE_API ddtrace_status ddtrace_service_new(const char *name,
    size_t len,
    uint32_t interval_ms,
    ddtrace_service_function function,
    void *user_data,
    void (*free_user_data)(void *user_data),
    uint32_t flags,
    struct ddtrace_service **out);

/**
 * Starts a service. One that was stopped may be started again.
 *
 * @param service      borrowed
 * @param err_or_null  receives an error if the call fails, else NULL; free it with `ddtrace_error_free`
 * @return DDTRACE_OK; DDTRACE_ERR_STATE: it is running; DDTRACE_ERR_IO: the system refused a thread; DDTRACE_ERR_NULL; DDTRACE_ERR_HANDLE;
 *         DDTRACE_ERR_FORKED
 *
 * Threads: any. Since: 0.1
 */
DDTRACE_API ddtrace_status ddtrace_service_start(const struct ddtrace_service *service, struct ddtrace_error **err_or_null);

/**
 * Lets a service end after the turn that it is in. Does not wait: `ddtrace_service_join` does.
 *
 * @param service      borrowed
 * @param err_or_null  receives an error if the call fails, else NULL; free it with `ddtrace_error_free`
 * @return DDTRACE_OK; DDTRACE_ERR_STATE: it does not run; DDTRACE_ERR_NULL; DDTRACE_ERR_HANDLE; DDTRACE_ERR_FORKED
 *
 * Threads: any, the service's own included. Since: 0.1
 */
DDTRACE_API ddtrace_status ddtrace_service_stop(const struct ddtrace_service *service, struct ddtrace_error **err_or_null);

/**
 * Waits until the thread of a service has ended.
 *
 * @param service     borrowed
 * @param timeout_ms  how long to wait
 * @return DDTRACE_OK, also if it never ran; DDTRACE_ERR_TIMEOUT; DDTRACE_ERR_STATE: the caller is the service itself; DDTRACE_ERR_NULL;
 *         DDTRACE_ERR_HANDLE; DDTRACE_ERR_FORKED
 *
 * Threads: any. Since: 0.1
 */
DDTRACE_API ddtrace_status ddtrace_service_join(const struct ddtrace_service *service, uint32_t timeout_ms);

/**
 * Lets a service take a turn at once, and waits until one that began after this call has ended. Callers at the same time share turns. A service
 * that does not run does nothing; from inside of itself it takes another turn afterwards.
 *
 * @param service     borrowed
 * @param timeout_ms  how long to wait
 * @return DDTRACE_OK; DDTRACE_ERR_TIMEOUT; DDTRACE_ERR_NULL; DDTRACE_ERR_HANDLE; DDTRACE_ERR_FORKED
 *
 * Threads: any. Since: 0.1
 */
DDTRACE_API ddtrace_status ddtrace_service_awake(const struct ddtrace_service *service,
    uint32_t timeout_ms);

/**
 * Sets the time between two turns, from the next wait on.
 *
 * @param service      borrowed
 * @param interval_ms  at least 1
 * @return DDTRACE_OK; DDTRACE_ERR_INVALID; DDTRACE_ERR_NULL; DDTRACE_ERR_HANDLE; DDTRACE_ERR_FORKED
 *
 * Threads: any. Since: 0.1
 */
DDTRACE_API ddtrace_status ddtrace_service_set_interval(const struct ddtrace_service *service, uint32_t interval_ms);

/**
 * Whether a service runs; false for NULL and handles that were freed, too.
 *
 * @param service  borrowed
 *
 * Threads: any. Since: 0.1
 */
DDTRACE_API bool ddtrace_service_is_running(const struct ddtrace_service *service);

/**
 * Frees a service, and stops it if it runs. Does not wait for its thread.
 *
 * @param service  owned by this call; NULL and handles that were freed are ignored
 *
 * Threads: any. Since: 0.1
 */
DDTRACE_API void ddtrace_service_free(struct ddtrace_service *service);

/**
 * Gives out the client of DogStatsD that the tracers of the process share, which also carries the metrics of the library itself. Its tags are
 * service, environment and version, and it sends no metrics about itself. It is shut down with the last tracer.
 *
 * @param tracer  borrowed
 * @param out     receives the client with a reference of its own, owned by the caller: free it with `ddtrace_statsd_free`
 * @return DDTRACE_OK; DDTRACE_ERR_SHUTDOWN; DDTRACE_ERR_NULL; DDTRACE_ERR_HANDLE; DDTRACE_ERR_FORKED; DDTRACE_ERR_LIMIT when memory is out
 *
 * Threads: any. Since: 0.1
 */
DDTRACE_API ddtrace_status ddtrace_tracer_get_statsd(struct ddtrace_tracer *tracer,
    struct ddtrace_statsd **out);

/**
 * Switches metrics of the runtime on or off for the process, whatever `DD_RUNTIME_METRICS_ENABLED` says. They are collected every ten seconds.
 *
 * @param tracer  borrowed
 * @param on      0: off
 * @return DDTRACE_OK; DDTRACE_ERR_SHUTDOWN; DDTRACE_ERR_NULL; DDTRACE_ERR_HANDLE; DDTRACE_ERR_FORKED
 *
 * Threads: any. Since: 0.1
 */
DDTRACE_API ddtrace_status ddtrace_tracer_set_runtime_metrics(struct ddtrace_tracer *tracer,
    int32_t on);

/**
 * Lets the library collect and send its own metrics soon, without waiting for the ten seconds to pass; in host-driven mode at the next tick.
 *
 * @param tracer  borrowed
 * @return as `ddtrace_tracer_set_runtime_metrics`
 *
 * Threads: any. Since: 0.1
 */
DDTRACE_API ddtrace_status ddtrace_tracer_collect_metrics(struct ddtrace_tracer *tracer);

/**
 * Registers a collector of runtime metrics, for the process and the children that it forks. It is asked every ten seconds while such metrics are
 * on; service, environment, version and the like are added to what it gives. What grows for ever is best given as its growth. One that
 * fails three times in a row is not asked any more, and one that takes its time delays telemetry and other metrics of the library.
 *
 * @param name, name_len  for messages
 * @param collect         fills `out`, whose items are initialised, with up to `cap` metrics, and returns how many, or DDTRACE_ABSENT if it
 *                        failed. Texts and tags have to stay until it is called again. Called by a thread of the library
 * @param user_data       the first argument of the function
 * @param free_user_data  called once with `user_data`, when the library needs it no longer, or at once if this call fails; may be NULL
 * @param id              receives the collector's number; may be NULL
 * @return DDTRACE_OK; DDTRACE_ERR_NULL; DDTRACE_ERR_LIMIT: there are 64
 *
 * Threads: any. Since: 0.1
 */
DDTRACE_API ddtrace_status ddtrace_runtime_metrics_add_collector(const char *name,
    size_t name_len,
    size_t (*collect)(void *user_data, struct ddtrace_metric *out, size_t cap),
    void *user_data,
    void (*free_user_data)(void *user_data),
    uint64_t *id);

/**
 * Registers the collector of what the kernel tells of the process: `process.cpu.percent`, `process.cpu.time.user` and `.sys` in seconds,
 * `process.cpu.ctx_switch.voluntary` and `.involuntary`, `process.mem.rss`, `process.thread_count`, `process.open_file_descriptors`.
 * Programs in C and C++ (`LIBDDTRACE_LANGUAGE` is `cpp`) have it anyway.
 *
 * @param id  receives the collector's number; may be NULL
 * @return as `ddtrace_runtime_metrics_add_collector`
 *
 * Threads: any. Since: 0.1
 */
DDTRACE_API ddtrace_status ddtrace_runtime_metrics_add_process_collector(uint64_t *id);

/**
 * Takes a collector back. A call that is under way goes on.
 *
 * @param id  its number
 * @return DDTRACE_OK; DDTRACE_ERR_NOT_FOUND
 *
 * Threads: any. Since: 0.1
 */
DDTRACE_API ddtrace_status ddtrace_runtime_metrics_remove_collector(uint64_t id);

/**
 * Shows what a tracer counted, under the names of its health metrics (`datadog.tracer.*`, with `DD_TRACE_HEALTH_METRICS_ENABLED` sent every ten
 * seconds as growth): counts since it was made, and gauges. `LIBDDTRACE_HEALTH_METRIC_NAMES` chooses other names.
 *
 * @param tracer    borrowed
 * @param callback  called for each metric on this thread; the metric is borrowed for the time of the call
 * @param user_data the first argument of the callback
 * @return DDTRACE_OK; DDTRACE_ERR_NULL; DDTRACE_ERR_HANDLE; DDTRACE_ERR_FORKED
 *
 * Threads: any. Since: 0.1
 */
DDTRACE_API ddtrace_status ddtrace_tracer_each_health_metric(struct ddtrace_tracer *tracer,
    void (*callback)(void *user_data, const struct ddtrace_metric *metric),
    void *user_data);

/**
 * Copies out the id of the container that the process runs in.
 *
 * @param buf, cap  receives the text and a NUL, cut to `cap` bytes; may be NULL with 0
 * @return the text's length; DDTRACE_ABSENT outside of containers
 *
 * Threads: any. Since: 0.1
 */
DDTRACE_API size_t ddtrace_container_id(char *buf, size_t cap);

/**
 * Copies out what the agent knows the container of the process by: `ci-` and its id, or `in-` and the inode of its control group.
 *
 * @param buf, cap  receives the text and a NUL, cut to `cap` bytes; may be NULL with 0
 * @return the text's length; DDTRACE_ABSENT if nothing is known
 *
 * Threads: any. Since: 0.1
 */
DDTRACE_API size_t ddtrace_entity_id(char *buf, size_t cap);

/**
 * Makes a client that sends metrics, events and checks by DogStatsD. Tags are those of the settings (`DD_ENV`, `DD_SERVICE`, `DD_VERSION`),
 * then the options', then those of each call. Nothing is opened before there is something to send; then a thread of the client's own sends,
 * unless `LIBDDTRACE_HOST_DRIVEN` is set: there, `ddtrace_statsd_flush` does.
 *
 * No call waits for the network, and none fails because nobody takes what is sent: that is dropped and counted.
 *
 * @param config_or_null   the settings as they are now; NULL: the environment decides
 * @param options_or_null  borrowed, copied; NULL: as the settings say
 * @param out              receives the client, owned by the caller: free it with `ddtrace_statsd_free`
 * @param err_or_null      receives an error if the call fails, else NULL; free it with `ddtrace_error_free`
 * @return DDTRACE_OK; DDTRACE_ERR_INVALID: an option is none; DDTRACE_ERR_UNSUPPORTED; DDTRACE_ERR_NULL; DDTRACE_ERR_HANDLE;
 *         DDTRACE_ERR_FORKED; DDTRACE_ERR_LIMIT when memory is out
 *
 * Threads: any. Since: 0.1
 */
DDTRACE_API ddtrace_status ddtrace_statsd_new(const struct ddtrace_config *config_or_null,
    const struct ddtrace_statsd_options *options_or_null,
    struct ddtrace_statsd **out,
    struct ddtrace_error **err_or_null);

/**
 * Adds a reference to a client.
 *
 * @param statsd  borrowed
 * @return the same handle, to be freed once more; NULL if it is none
 *
 * Threads: any. Since: 0.1
 */
DDTRACE_API struct ddtrace_statsd *ddtrace_statsd_ref(struct ddtrace_statsd *statsd);

/**
 * Gives a reference back. The last one sends what waits, for `LIBDDTRACE_SHUTDOWN_TIMEOUT_MS` at most.
 *
 * @param statsd  owned by this call; NULL and handles that were freed are ignored
 *
 * Threads: any. Since: 0.1
 */
DDTRACE_API void ddtrace_statsd_free(struct ddtrace_statsd *statsd);

/**
 * Sends what was taken by now, sums that still grow included, and waits until it is sent, or dropped because nobody takes it. In host-driven
 * mode this thread sends.
 *
 * @param statsd      borrowed
 * @param timeout_ms  how long to wait
 * @return DDTRACE_OK; DDTRACE_ERR_TIMEOUT: the sending goes on; DDTRACE_ERR_NULL; DDTRACE_ERR_HANDLE; DDTRACE_ERR_FORKED
 *
 * Threads: any. Since: 0.1
 */
DDTRACE_API ddtrace_status ddtrace_statsd_flush(struct ddtrace_statsd *statsd,
    uint32_t timeout_ms);

/**
 * Sends what was taken by now, and ends the client's thread. The handle stays valid; from now on every call answers DDTRACE_ERR_SHUTDOWN.
 *
 * @param statsd      borrowed
 * @param timeout_ms  how long to wait
 * @return DDTRACE_OK; DDTRACE_ERR_TIMEOUT: the thread is still busy and left alone; DDTRACE_ERR_NULL; DDTRACE_ERR_HANDLE; DDTRACE_ERR_FORKED
 *
 * Threads: any. Since: 0.1
 */
DDTRACE_API ddtrace_status ddtrace_statsd_shutdown(struct ddtrace_statsd *statsd,
    uint32_t timeout_ms);

/**
 * Copies out where messages go, such as `udp://localhost:8125` or `unix:///var/run/datadog/dsd.socket`.
 *
 * @param statsd    borrowed
 * @param buf, cap  receives the text and a NUL, cut to `cap` bytes; may be NULL with 0
 * @return the text's length; DDTRACE_ABSENT for handles that are no client
 *
 * Threads: any. Since: 0.1
 */
DDTRACE_API size_t ddtrace_statsd_get_address(const struct ddtrace_statsd *statsd, char *buf, size_t cap);

/**
 * Tells what the client took, sent and dropped in this process.
 *
 * @param statsd  borrowed
 * @param out     receives the numbers; its `struct_size` is set by the caller, with DDTRACE_STATSD_COUNTERS_INIT, and stays
 * @return DDTRACE_OK; DDTRACE_ERR_INVALID: the size is none; DDTRACE_ERR_NULL; DDTRACE_ERR_HANDLE; DDTRACE_ERR_FORKED
 *
 * Threads: any. Since: 0.1
 */
DDTRACE_API ddtrace_status ddtrace_statsd_get_counters(const struct ddtrace_statsd *statsd, struct ddtrace_statsd_counters *out);

/**
 * Gives datagrams to a function instead of sending them, for tests. It is called by the client's thread, or by the one that flushes or shuts
 * down; the bytes are borrowed. A forked child goes on with the same function.
 *
 * @param statsd          borrowed
 * @param sink            NULL: datagrams are sent again
 * @param user_data       the first argument of the function
 * @param free_user_data  called once with `user_data`, when the library needs it no longer, or at once if this call fails; may be NULL
 * @return DDTRACE_OK; DDTRACE_ERR_NULL; DDTRACE_ERR_HANDLE; DDTRACE_ERR_FORKED
 *
 * Threads: any. Since: 0.1
 */
DDTRACE_API ddtrace_status ddtrace_statsd_set_sink(struct ddtrace_statsd *statsd,
    void (*sink)(void *user_data, const uint8_t *payload, size_t len),
    void *user_data,
    void (*free_user_data)(void *user_data));

/**
 * Counts. Counts are added up and sent every two seconds, whatever `rate` says, unless the client does not aggregate.
 *
 * @param statsd          borrowed
 * @param name, name_len  letters, digits, `_` and `.`, beginning with a letter; others are replaced; below the client's prefix
 * @param value           how many; may be negative
 * @param tags, tags_len  `key:value` or a word each, copied; may be NULL with 0
 * @param rate            which part of the calls is sent: 1 all of them, 0 or less none
 * @return DDTRACE_OK, also where nobody takes what is sent; DDTRACE_ERR_INVALID: the name is empty, or the value no finite number;
 *         DDTRACE_ERR_LIMIT: the message is too large; DDTRACE_ERR_SHUTDOWN; DDTRACE_ERR_NULL; DDTRACE_ERR_HANDLE; DDTRACE_ERR_FORKED
 *
 * Threads: any. Since: 0.1
 */
DDTRACE_API ddtrace_status ddtrace_statsd_count(struct ddtrace_statsd *statsd,
    const char *name,
    size_t name_len,
    double value,
    const struct ddtrace_str *tags,
    size_t tags_len,
    double rate);

/**
 * Says how large something is now. The last value in two seconds is sent, unless the client does not aggregate.
 *
 * @param statsd          borrowed
 * @param name, name_len  letters, digits, `_` and `.`, beginning with a letter; others are replaced; below the client's prefix
 * @param value           the value
 * @param tags, tags_len  `key:value` or a word each, copied; may be NULL with 0
 * @param rate            which part of the calls is sent: 1 all of them, 0 or less none
 * @return as `ddtrace_statsd_count`
 *
 * Threads: any. Since: 0.1
 */
DDTRACE_API ddtrace_status ddtrace_statsd_gauge(struct ddtrace_statsd *statsd,
    const char *name,
    size_t name_len,
    double value,
    const struct ddtrace_str *tags,
    size_t tags_len,
    double rate);

/**
 * Adds a value to a distribution that the agent computes for this host.
 *
 * @param statsd          borrowed
 * @param name, name_len  letters, digits, `_` and `.`, beginning with a letter; others are replaced; below the client's prefix
 * @param value           the value
 * @param tags, tags_len  `key:value` or a word each, copied; may be NULL with 0
 * @param rate            which part of the calls is sent: 1 all of them, 0 or less none
 * @return as `ddtrace_statsd_count`
 *
 * Threads: any. Since: 0.1
 */
DDTRACE_API ddtrace_status ddtrace_statsd_histogram(struct ddtrace_statsd *statsd,
    const char *name,
    size_t name_len,
    double value,
    const struct ddtrace_str *tags,
    size_t tags_len,
    double rate);

/**
 * Adds a value to a distribution that is computed for all hosts together.
 *
 * @param statsd          borrowed
 * @param name, name_len  letters, digits, `_` and `.`, beginning with a letter; others are replaced; below the client's prefix
 * @param value           the value
 * @param tags, tags_len  `key:value` or a word each, copied; may be NULL with 0
 * @param rate            which part of the calls is sent: 1 all of them, 0 or less none
 * @return as `ddtrace_statsd_count`
 *
 * Threads: any. Since: 0.1
 */
DDTRACE_API ddtrace_status ddtrace_statsd_distribution(struct ddtrace_statsd *statsd,
    const char *name,
    size_t name_len,
    double value,
    const struct ddtrace_str *tags,
    size_t tags_len,
    double rate);

/**
 * Adds a duration to a distribution that the agent computes for this host.
 *
 * @param statsd          borrowed
 * @param name, name_len  letters, digits, `_` and `.`, beginning with a letter; others are replaced; below the client's prefix
 * @param value           milliseconds
 * @param tags, tags_len  `key:value` or a word each, copied; may be NULL with 0
 * @param rate            which part of the calls is sent: 1 all of them, 0 or less none
 * @return as `ddtrace_statsd_count`
 *
 * Threads: any. Since: 0.1
 */
DDTRACE_API ddtrace_status ddtrace_statsd_timing(struct ddtrace_statsd *statsd,
    const char *name,
    size_t name_len,
    double value,
    const struct ddtrace_str *tags,
    size_t tags_len,
    double rate);

/**
 * Adds a member to a set, of which the different ones are counted.
 *
 * @param statsd            borrowed
 * @param name, name_len    as for `ddtrace_statsd_count`
 * @param value, value_len  the member, not empty
 * @param tags, tags_len    `key:value` or a word each, copied; may be NULL with 0
 * @return as `ddtrace_statsd_count`
 *
 * Threads: any. Since: 0.1
 */
DDTRACE_API ddtrace_status ddtrace_statsd_set(struct ddtrace_statsd *statsd,
    const char *name,
    size_t name_len,
    const char *value,
    size_t value_len,
    const struct ddtrace_str *tags,
    size_t tags_len);

/**
 * Counts at a time that was. It is sent as it is, and the agent does not add it to anything.
 *
 * @param statsd          borrowed
 * @param name, name_len  as for `ddtrace_statsd_count`
 * @param value           the value
 * @param tags, tags_len  `key:value` or a word each, copied; may be NULL with 0
 * @param unix_seconds    when; above 0
 * @return as `ddtrace_statsd_count`
 *
 * Threads: any. Since: 0.1
 */
DDTRACE_API ddtrace_status ddtrace_statsd_count_at(struct ddtrace_statsd *statsd,
    const char *name,
    size_t name_len,
    double value,
    const struct ddtrace_str *tags,
    size_t tags_len,
    int64_t unix_seconds);

/**
 * Says how large something was at a time. It is sent as it is.
 *
 * @param statsd          borrowed
 * @param name, name_len  as for `ddtrace_statsd_count`
 * @param value           the value
 * @param tags, tags_len  `key:value` or a word each, copied; may be NULL with 0
 * @param unix_seconds    when; above 0
 * @return as `ddtrace_statsd_count`
 *
 * Threads: any. Since: 0.1
 */
DDTRACE_API ddtrace_status ddtrace_statsd_gauge_at(struct ddtrace_statsd *statsd,
    const char *name,
    size_t name_len,
    double value,
    const struct ddtrace_str *tags,
    size_t tags_len,
    int64_t unix_seconds);

/**
 * Takes one value of a metric of any kind, with all that can be said about it.
 *
 * @param statsd  borrowed
 * @param metric  borrowed, copied
 * @return as `ddtrace_statsd_count`; DDTRACE_ERR_INVALID also for a kind that is none, and for a time that a kind does not have;
 *         DDTRACE_ERR_UNSUPPORTED
 *
 * Threads: any. Since: 0.1
 */
DDTRACE_API ddtrace_status ddtrace_statsd_send(struct ddtrace_statsd *statsd, const struct ddtrace_metric *metric);

/**
 * Takes an event.
 *
 * @param statsd  borrowed
 * @param event   borrowed, copied
 * @return DDTRACE_OK, also where nobody takes what is sent; DDTRACE_ERR_INVALID: the title is empty, or priority, alert or time are none;
 *         DDTRACE_ERR_LIMIT: the message has more than 8 KiB; DDTRACE_ERR_UNSUPPORTED; DDTRACE_ERR_SHUTDOWN; DDTRACE_ERR_NULL;
 *         DDTRACE_ERR_HANDLE; DDTRACE_ERR_FORKED
 *
 * Threads: any. Since: 0.1
 */
DDTRACE_API ddtrace_status ddtrace_statsd_send_event(struct ddtrace_statsd *statsd, const struct ddtrace_statsd_event *event);

/**
 * Takes the state of a service.
 *
 * @param statsd  borrowed
 * @param check   borrowed, copied
 * @return as `ddtrace_statsd_send_event`; DDTRACE_ERR_INVALID: the name is empty, or status or time are none
 *
 * Threads: any. Since: 0.1
 */
DDTRACE_API ddtrace_status ddtrace_statsd_send_check(struct ddtrace_statsd *statsd, const struct ddtrace_statsd_check *check);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* DDTRACE_H */
