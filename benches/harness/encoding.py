"""What the background spends per span of W2, by format, without sockets. libddtrace alone: the peers offer no such seam."""

import statistics

from .subjects import LIBDDTRACE, base_settings

# 20,000 spans stay well within the default budget for what waits.
TRACES, ROUNDS = 2000, 5
FORMATS = {
    "encode_ns": {"DD_TRACE_AGENT_PROTOCOL_VERSION": "0.4"},
    "encode_ns_v05": {"DD_TRACE_AGENT_PROTOCOL_VERSION": "0.5"},
    "encode_ns_v1": {"DD_TRACE_AGENT_PROTOCOL_VERSION": "1.0"},
    "encode_ns_otlp": {"OTEL_TRACES_EXPORTER": "otlp"},
    "encode_ns_v04_stats": {"DD_TRACE_AGENT_PROTOCOL_VERSION": "0.4", "DD_TRACE_STATS_COMPUTATION_ENABLED": "true"},
}


def encoding(subjects, results, rounds, say):
    samples = {metric: [] for metric in FORMATS}
    for turn in range(rounds):
        say(f"encoding, round {turn + 1} of {rounds}")
        for metric, settings in FORMATS.items():
            samples[metric].append(subjects.run(LIBDDTRACE, "encode", TRACES, ROUNDS, environment=base_settings(**settings)))
    for metric, taken in samples.items():
        report(results, metric, [sample for sample in taken if sample["sent"] == sample["spans"]], say)


def report(results, metric, whole, say):
    if not whole:
        say(f"{metric}: not all spans left in any round, so there is no figure")
        return
    results.add("W2b", LIBDDTRACE, metric, statistics.median(sample["process_ns"] / sample["sent"] for sample in whole))
    results.add("W2b", LIBDDTRACE, metric.replace("encode_ns", "wire_bytes"), whole[0]["bytes"] / whole[0]["sent"])
