"""What the background spends per span of W2, by format, without sockets. libddtrace alone: the peers offer no such seam."""

import statistics

from .subjects import LIBDDTRACE, base_settings

# 20,000 spans stay well within the default budget for what waits.
TRACES, ROUNDS = 2000, 5
FORMATS = {
    "encode_ns": ("/v0.4/traces", {"DD_TRACE_AGENT_PROTOCOL_VERSION": "0.4"}),
    "encode_ns_v05": ("/v0.5/traces", {"DD_TRACE_AGENT_PROTOCOL_VERSION": "0.5"}),
    "encode_ns_v1": ("/v1.0/traces", {"DD_TRACE_AGENT_PROTOCOL_VERSION": "1.0"}),
    "encode_ns_otlp": ("/v1/traces", {"OTEL_TRACES_EXPORTER": "otlp"}),
    "encode_ns_v04_stats": (
        "/v0.4/traces",
        {"DD_TRACE_AGENT_PROTOCOL_VERSION": "0.4", "DD_TRACE_STATS_COMPUTATION_ENABLED": "true"},
    ),
}


def encoding(subjects, results, rounds, say):
    samples = {metric: [] for metric in FORMATS}
    for turn in range(rounds):
        say(f"encoding, round {turn + 1} of {rounds}")
        for metric, (_, settings) in FORMATS.items():
            samples[metric].append(subjects.run(LIBDDTRACE, "encode", TRACES, ROUNDS, environment=base_settings(**settings)))
    for metric, taken in samples.items():
        report(results, metric, taken, say)


def report(results, metric, taken, say):
    path, _ = FORMATS[metric]
    whole = [sample for sample in taken if sample["sent"] == sample["spans"] and sample["path"].endswith(path)]
    if not whole:
        last = taken[-1]
        seen = f"the last sent {last['sent']} of {last['spans']} spans, to {last['path'] or 'nowhere'}"
        say(f"no {metric}: no round sent all its spans to {path}; {seen}")
        return
    results.add("W2b", LIBDDTRACE, metric, statistics.median(sample["process_ns"] / sample["sent"] for sample in whole))
    results.add("W2b", LIBDDTRACE, metric.replace("encode_ns", "wire_bytes"), whole[0]["bytes"] / whole[0]["sent"])
