/* The answers of an agent that takes every trace format and client-side stats. */
#ifndef BENCH_AGENT_INFO_H
#define BENCH_AGENT_INFO_H

#define AGENT_RATES "{\"rate_by_service\":{}}"
#define AGENT_INFO                                                                                                       \
    "{\"version\":\"7.60.0\",\"endpoints\":[\"/v0.4/traces\",\"/v0.5/traces\",\"/v1.0/traces\",\"/v0.6/stats\"],"        \
    "\"client_drop_p0s\":true,\"long_running_spans\":true,\"config\":{\"max_request_bytes\":10485760}}"

#endif
