// SPDX-License-Identifier: Apache-2.0
// libddtrace for C++17: header-only classes over the C API. Include this; the headers in ddtrace/ are its parts.
//
//     auto tracer = ddtrace::tracer::create({{"DD_SERVICE", "shop"}}).value();
//     {
//         auto request = tracer.trace(ddtrace::span_options("http.request").resource("GET /items"), {{"http.method", "GET"}});
//         auto query = tracer.trace("db.query");                        // a child: what is active is the parent
//         query.set_tag("db.rows", 17);
//     }                                                                 // both have ended
//     tracer.shutdown();
//
// What holds for all classes is said here, once; ddtrace.h says the rest.
//
// Handles are values: they are moved, not copied, give back what they own at the end of their life, and `share()` makes another reference where
// there can be one. One that was moved from, or ended, or could not be made, is empty: its calls do nothing and answer a status.
//
// Text is std::string_view in, std::string out. What is passed in is copied before the call returns. Tags are lists, `{{"key", value}, …}`.
//
// Nothing throws, but for std::bad_alloc where a std::string is returned; the headers also serve -fno-exceptions and -fno-rtti. Calls answer a
// `status`, or a `result` with a value and a message. Setters may be called without looking at it.
//
// Callbacks are lambdas, which the library owns until it needs them no more. What they throw is contained and counted, see
// `contained_exceptions()`.
//
// Threads: as in ddtrace.h. Objects of these classes are no more thread-safe than other values: one thread must not move or end an object
// that another one is using.
#ifndef DDTRACE_HPP
#define DDTRACE_HPP

#include <ddtrace/callback.hpp>
#include <ddtrace/config.hpp>
#include <ddtrace/context.hpp>
#include <ddtrace/events.hpp>
#include <ddtrace/exporters.hpp>
#include <ddtrace/hooks.hpp>
#include <ddtrace/propagator.hpp>
#include <ddtrace/remote_config.hpp>
#include <ddtrace/result.hpp>
#include <ddtrace/scope.hpp>
#include <ddtrace/span.hpp>
#include <ddtrace/statsd.hpp>
#include <ddtrace/tag.hpp>
#include <ddtrace/telemetry.hpp>
#include <ddtrace/tracer.hpp>

#endif
