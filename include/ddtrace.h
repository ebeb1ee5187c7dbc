/* SPDX-License-Identifier: Apache-2.0
 *
 * ddtrace.h: the C API of libddtrace. Generated from the library's source; do not edit.
 *
 * A program makes a tracer, starts spans with it, ends them, and shuts the tracer down:
 *
 *     ddtrace_tracer *tracer;
 *     if (ddtrace_tracer_new(NULL, &tracer, NULL) != DDTRACE_OK) return 1;
 *     ddtrace_span_options options = DDTRACE_SPAN_OPTIONS_INIT;
 *     options.name.ptr = "http.request";
 *     options.name.len = DDTRACE_NTS;
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
 * Handles are opaque. _new, _get and _start functions return one that the caller owns, _ref adds a reference, _free gives one back, and
 * _free(NULL) does nothing. Handles may be freed in any order: a span keeps alive what it needs of its tracer. Freeing never finishes
 * a span; a span that is freed unfinished is abandoned and never sent. A handle of the wrong kind, or one that was freed, is answered
 * with DDTRACE_ERR_HANDLE, as long as the library can tell. It is never memory-unsafe.
 *
 * Errors are statuses. Outputs are the last parameters; they are written on success only, except where the function says otherwise. Every
 * pointer may be NULL: a required one is answered with DDTRACE_ERR_NULL, and functions without a status answer 0, false or NULL.
 * Functions that read settings also give out a ddtrace_error with a message, which the caller frees. Tracing never fails the program:
 * after a failed start, and after a shutdown, all calls are cheap and do nothing.
 *
 * Structs that begin with struct_size may grow at their end. Begin with their _INIT macro, which sets the size and clears the rest. A
 * library that is older than the program refuses fields that it does not know with DDTRACE_ERR_UNSUPPORTED, if they are set.
 *
 * Threads: every function may be called from any thread, and calls on the same handle are safe. A thread must not free a reference that
 * another one is using: take a _ref to share a handle. Only _flush, _shutdown, and freeing a tracer's last reference wait for
 * the network. Callbacks may come from any thread, the library's own included, unless the function says otherwise; user_data is passed
 * through, and free_user_data, which may be NULL, is called once when the library needs it no longer. A callback must not throw or jump
 * out. It may call the library.
 *
 * Signals: no function may be called from a signal handler.
 *
 * Fork: nothing has to be done. The child has a new runtime id, and threads of its own when they are first needed. Spans begun before the
 * fork belong to the parent, which sends them: in the child they can be read, injected and used as parents, and finishing them does nothing.
 * Between fork and exec of a program with several threads, call nothing but async-signal-safe functions, as ever.
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

/* Initialise the structs that begin with their size. */
#define DDTRACE_LINK_INIT { sizeof(ddtrace_link), 0, 0, 0, 0, 0, DDTRACE_STR_NONE, NULL, 0 }
#define DDTRACE_SPAN_OPTIONS_INIT \
    { sizeof(ddtrace_span_options), DDTRACE_STR_NONE, DDTRACE_STR_NONE, DDTRACE_STR_NONE, DDTRACE_STR_NONE, \
      NULL, NULL, 0, 0, 0, NULL, 0, NULL, 0 }
#define DDTRACE_SPAN_END_OPTIONS_INIT \
    { sizeof(ddtrace_span_end_options), 0, DDTRACE_STR_NONE, DDTRACE_STR_NONE, DDTRACE_STR_NONE, DDTRACE_STR_NONE, \
      0, 0, DDTRACE_STR_NONE, DDTRACE_STR_NONE, DDTRACE_STR_NONE, NULL, 0, NULL, 0 }
#define DDTRACE_COUNTERS_INIT \
    { sizeof(ddtrace_counters), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 }


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

/** Settings for tracers and propagators. */
typedef struct ddtrace_config ddtrace_config;

/** What a trace carries from one service to the next: ids, sampling decision, origin, propagated tags, baggage. */
typedef struct ddtrace_context ddtrace_context;

/** Why a call failed, in words. */
typedef struct ddtrace_error ddtrace_error;

/** One HTTP request that the host sends for the library. */
typedef struct ddtrace_exchange ddtrace_exchange;

/** Where finished spans go. */
typedef struct ddtrace_exporter ddtrace_exporter;

/** Reads contexts from headers and writes them. */
typedef struct ddtrace_propagator ddtrace_propagator;

/** Remembers the active span. */
typedef struct ddtrace_provider ddtrace_provider;

/** One timed operation. */
typedef struct ddtrace_span ddtrace_span;

/** Makes spans and sends them. */
typedef struct ddtrace_tracer ddtrace_tracer;

/**
 * The outcome of a call: `DDTRACE_OK`, or one of the `DDTRACE_ERR_*` values. A later library may answer values that this header does
 * not know; `ddtrace_status_text` has a text for all of its own.
 */
typedef int32_t ddtrace_status;

/** Text inside a struct: `len` bytes at `ptr`, UTF-8. `len` may be `DDTRACE_NTS`. As an optional field, `ptr` NULL means "not given". */
typedef struct ddtrace_str {
    /** The first byte; not NUL-terminated unless `len` is `DDTRACE_NTS` */
    const char *ptr;
    /** The number of bytes */
    size_t len;
} ddtrace_str;

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

/** A link from a span to another one, for `ddtrace_span_add_link`. Begin with `DDTRACE_LINK_INIT`. */
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

/**
 * How a span begins, for `ddtrace_span_start`. Begin with `DDTRACE_SPAN_OPTIONS_INIT`; all fields but the first may stay zero.
 *
 * Packed tags are records without padding, one after the other: `u8` kind (`DDTRACE_TAG_*` without arrays and maps), `u32` length of the
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

/**
 * How a span ends, for `ddtrace_span_end` and `ddtrace_span_finish`. Begin with `DDTRACE_SPAN_END_OPTIONS_INIT`; all fields but the first
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

/** What a tracer counted since it was made, for `ddtrace_tracer_counters`. Begin with `DDTRACE_COUNTERS_INIT`. */
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
    /** Requests that failed for good */
    uint64_t payloads_failed;
    /** Bytes of the requests that were accepted */
    uint64_t bytes_sent;
    /** Bytes that wait now */
    uint64_t buffered_bytes;
} ddtrace_counters;

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

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

/**
 * The library's version, to be compared with `DDTRACE_VERSION`, the header's.
 *
 * @return a static text such as `"0.1.0"`, never NULL and never freed
 *
 * Since: 0.1
 */
DDTRACE_API const char *ddtrace_version(void);

/**
 * The library's version as a number that grows, `0xMMmmpp` (major, minor, patch), to be compared with `DDTRACE_VERSION_NUM`.
 *
 * Since: 0.1
 */
DDTRACE_API uint32_t ddtrace_version_num(void);

/**
 * The version of the ABI, to be compared with `DDTRACE_ABI_VERSION`. A program works with a library of another version as long as this
 * number is the same and the library's `ddtrace_version_num` is not smaller than that of the functions that the program uses.
 *
 * Since: 0.1
 */
DDTRACE_API uint32_t ddtrace_abi_version(void);

/**
 * Whether this build of the library has a feature: `tracing`, `propagation`, `sampling-rules`, `console`, `file`, `memory`,
 * `unix-sockets`, `host-driven`.
 *
 * @param name, len  the feature's name
 * @return false for names that the library does not know, and for NULL
 *
 * Since: 0.1
 */
DDTRACE_API bool ddtrace_has_feature(const char *name, size_t len);

/**
 * Sends the library's own messages to the host instead of stderr, for the whole process. Which levels there are to see is a setting.
 *
 * The callback may be called from any thread, the library's own included, and by several at once. It must not throw. It may call
 * the library, but what it calls may log again. A message that is being delivered while the callback is replaced may still reach the former one;
 * the former one's data is freed after that.
 *
 * @param callback  gets `user_data`, one of `DDTRACE_LOG_*`, and the message: one line of UTF-8 without a NUL at its end, valid during
 *        the call. NULL: messages go to stderr again
 * @param user_data  passed to the callback
 * @param free_user_data  called once with `user_data` when the callback is replaced or could not be registered; may be NULL
 * @return `DDTRACE_OK`; `DDTRACE_ERR_FORKED` if another thread was changing the callback when this process was forked
 *
 * Since: 0.1
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
 * Since: 0.1
 */
DDTRACE_API const char *ddtrace_status_text(ddtrace_status status);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* DDTRACE_H */
