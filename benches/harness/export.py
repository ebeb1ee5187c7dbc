"""W5: sustained export to the sink: CPU of the whole process per million spans that arrived, peak memory, spans lost."""

from .subjects import EVERYTHING, EXPORTING, LIBDDTRACE, export_settings
from .hot_path import SPANS_PER_TRACE
from .sink import Sink

# What goes into the result without a suffix is the rate of the goal.
GOAL_RATE = "100k"
RATES = {"20k": 20_000, "100k": 100_000, "500k": 500_000, "flat_out": 0}


def export(subjects, results, seconds, rounds, rates, sink, say):
    chosen = [subject for subject in subjects.names if subject in EXPORTING]
    for rate in rates:
        samples = {subject: [] for subject in chosen}
        for _ in range(rounds):
            for subject in chosen:
                say(f"W5: {subject} at {rate}, {seconds} s")
                samples[subject].append(load(subjects, subject, RATES[rate], seconds, sink))
        for subject in chosen:
            report(results, subject, rate, usual(samples[subject]))
    if LIBDDTRACE in chosen and GOAL_RATE in rates:
        say(f"W5: {LIBDDTRACE} with stats")
        with_stats = {"DD_TRACE_STATS_COMPUTATION_ENABLED": "true"}
        sample = usual([load(subjects, LIBDDTRACE, RATES[GOAL_RATE], seconds, sink, **with_stats) for _ in range(rounds)])
        results.add("W5", LIBDDTRACE, "cpu_s_per_million_100k_stats", sample["cpu_s_per_million"])
        results.add("W5", LIBDDTRACE, "stats_requests", sample["stats_requests"])
        say(f"W5: {LIBDDTRACE} with everything on")
        sample = usual([load(subjects, LIBDDTRACE, RATES[GOAL_RATE], seconds, sink, **EVERYTHING) for _ in range(rounds)])
        results.add("W5", LIBDDTRACE, "cpu_s_per_million_100k_everything", sample["cpu_s_per_million"])
        results.add("W5", LIBDDTRACE, "rss_mb_100k_everything", sample["peak_rss_kb"] / 1024)
        results.add("W5", LIBDDTRACE, "lost_100k_everything", sample["lost"])
    for subject in chosen:
        say(f"W5: {subject}, an agent that never answers")
        with Sink(subjects.built, "silent") as silent:
            environment = export_settings(subject, silent.url, LIBDDTRACE_SHUTDOWN_TIMEOUT_MS="1000")
            sample = subjects.run(subject, "load", RATES[GOAL_RATE], seconds, environment=environment)
        results.add("W5", subject, "rss_mb_silent_agent", sample["peak_rss_kb"] / 1024)


def load(subjects, subject, rate, seconds, sink, **settings):
    sink.reset()
    sample = subjects.run(subject, "load", rate, seconds, environment=export_settings(subject, sink.url, **settings))
    counts = sink.counts()
    accepted = counts["otlp_spans"] + counts["traces"] * SPANS_PER_TRACE
    sample["lost"] = sample["spans"] - accepted
    sample["bytes_per_span"] = counts["trace_bytes"] / accepted if accepted else None
    sample["cpu_s_per_million"] = sample["process_ns"] / 1e9 / accepted * 1e6 if accepted else None
    sample["accepted_per_second"] = accepted / (sample["wall_ns"] / 1e9)
    sample["stats_requests"] = counts["stats_requests"]
    return sample


def usual(samples):
    """The sample with the median of CPU time, and of losses and memory the worst: those are not for noise to excuse."""
    arrived = sorted((sample for sample in samples if sample["cpu_s_per_million"] is not None), key=lambda sample: sample["cpu_s_per_million"])
    chosen = dict(arrived[len(arrived) // 2] if arrived else samples[0])
    worst = max(samples, key=lambda sample: sample["lost"] - (sample["dropped"] or 0))
    chosen.update(lost=worst["lost"], dropped=worst["dropped"], peak_rss_kb=max(sample["peak_rss_kb"] for sample in samples))
    return chosen


def report(results, subject, rate, sample):
    suffixes = ["", f"_{rate}"] if rate == GOAL_RATE else [f"_{rate}"]
    for suffix in suffixes:
        results.add("W5", subject, f"cpu_s_per_million{suffix}", sample["cpu_s_per_million"])
        results.add("W5", subject, f"rss_mb{suffix}", sample["peak_rss_kb"] / 1024)
        results.add("W5", subject, f"lost{suffix}", sample["lost"])
    results.add("W5", subject, f"accepted_per_second_{rate}", sample["accepted_per_second"])
    results.add("W5", subject, f"wire_bytes_per_span_{rate}", sample["bytes_per_span"])
    if sample["dropped"] is not None:
        # Not a retry counted twice or a loss that nobody noticed: what did not arrive is what the library says it dropped.
        results.add("W5", subject, f"lost_unreported_{rate}", sample["lost"] - sample["dropped"])
