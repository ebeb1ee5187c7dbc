"""W9: what an event costs its publisher while nobody listens, while somebody listens to another one, and while somebody listens."""

from .hot_path import CALIBRATION, enough, median
from .subjects import LIBDDTRACE, hot_path_settings

AUDIENCES = ["nobody", "other", "one"]
PUBLISHERS = {"id": "cpu_ns", "name": "cpu_ns_by_name", "spans": "span_cpu_ns"}


def events(subjects, results, rounds, milliseconds, say):
    pairs = [(publisher, audience) for publisher in PUBLISHERS for audience in AUDIENCES]
    iterations = {pair: enough(measure(subjects, *pair, 10 * CALIBRATION), 10 * CALIBRATION, milliseconds) for pair in pairs}
    samples = {pair: [] for pair in pairs}
    for turn in range(rounds):
        say(f"events, round {turn + 1} of {rounds}")
        for pair in pairs if turn % 2 == 0 else reversed(pairs):
            samples[pair].append(measure(subjects, *pair, iterations[pair]))
    medians = {pair: median(taken, "thread_ns") for pair, taken in samples.items()}
    for (publisher, audience), value in medians.items():
        suffix = "" if audience == "nobody" else f"_{audience}"
        results.add("W9", LIBDDTRACE, PUBLISHERS[publisher] + suffix, value)
    for audience in AUDIENCES[1:]:
        results.add("W9", LIBDDTRACE, f"span_ratio_{audience}", medians["spans", audience] / medians["spans", "nobody"])


def measure(subjects, publisher, audience, iterations):
    environment = hot_path_settings(LIBDDTRACE, None)
    return subjects.run(LIBDDTRACE, "events", publisher, audience, iterations, environment=environment)
