"""W6: W2 on several threads at once: process CPU per span, and how many more spans a second than one thread."""

import statistics

from .hot_path import calibrate
from .subjects import hot_path_settings

THREADS = [1, 2, 4]
WORKLOAD = "W2b"


def scaling(subjects, results, rounds, milliseconds, sink, say):
    iterations = {subject: calibrate(subjects, WORKLOAD, subject, milliseconds, sink) for subject in subjects.names}
    samples = {(subject, threads): [] for subject in subjects.names for threads in THREADS}
    for turn in range(rounds):
        say(f"W6, round {turn + 1} of {rounds}")
        for (subject, threads), taken in samples.items():
            environment = hot_path_settings(subject, sink.url)
            taken.append(subjects.run(subject, "hot", WORKLOAD, iterations[subject], threads, environment=environment))
    for subject in subjects.names:
        report(results, subject, {threads: samples[subject, threads] for threads in THREADS})


def report(results, subject, samples):
    cpu = {threads: median(taken, "process_ns") for threads, taken in samples.items()}
    wall = {threads: median(taken, "wall_ns") for threads, taken in samples.items()}
    most = THREADS[-1]
    results.add("W6", subject, "cpu_ns", cpu[most])
    for threads in THREADS:
        results.add("W6", subject, f"cpu_ns_{threads}_threads", cpu[threads])
        results.add("W6", subject, f"speedup_{threads}_threads", wall[1] / wall[threads])
    results.add("W6", subject, "cpu_ratio_4_to_1", cpu[most] / cpu[1])


def median(samples, key):
    return statistics.median(sample[key] / sample["units"] for sample in samples)
