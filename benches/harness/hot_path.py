"""W1 to W4: CPU time of the calling thread, its allocations, its instructions.

Every measurement is a process of its own. Subjects take turns within a round, so that what disturbs the machine disturbs all of
them; the medians over the rounds are what is reported.
"""

import pathlib
import statistics
import tempfile

from .subjects import LIBDDTRACE, base_settings, hot_path_settings

WORKLOADS = ["W1", "W2s", "W2b", "W3", "W4"]
SPANS_PER_TRACE = 10
CALIBRATION = 2000


def cpu(subjects, results, workloads, rounds, milliseconds, sink, say):
    pairs = [(workload, subject) for workload in workloads for subject in subjects.names]
    iterations = {pair: calibrate(subjects, *pair, milliseconds, sink) for pair in pairs}
    samples = {pair: [] for pair in pairs}
    for turn in range(rounds):
        say(f"CPU time, round {turn + 1} of {rounds}")
        for pair in pairs if turn % 2 == 0 else reversed(pairs):
            samples[pair].append(measure(subjects, *pair, iterations[pair], sink))
    for (workload, subject), taken in samples.items():
        results.add(workload, subject, "cpu_ns", median(taken, "thread_ns"))
        results.add(workload, subject, "process_cpu_ns", median(taken, "process_ns"))
        if subject == LIBDDTRACE:
            unrecorded = sum(sample["unrecorded"] for sample in taken) / sum(sample["units"] for sample in taken)
            results.add(workload, subject, "unrecorded", unrecorded)


def disabled(subjects, results, rounds, milliseconds):
    """Start and finish with tracing switched off."""
    environment = base_settings(DD_TRACE_ENABLED="false")
    first = subjects.run(LIBDDTRACE, "hot", "W1", 10 * CALIBRATION, environment=environment)
    iterations = enough(first, 10 * CALIBRATION, milliseconds)
    taken = [subjects.run(LIBDDTRACE, "hot", "W1", iterations, environment=environment) for _ in range(rounds)]
    results.add("W1", LIBDDTRACE, "disabled_cpu_ns", median(taken, "thread_ns"))


def calibrate(subjects, workload, subject, milliseconds, sink):
    """Iterations that keep the thread busy for about that long."""
    return enough(measure(subjects, workload, subject, CALIBRATION, sink), CALIBRATION, milliseconds)


def enough(sample, iterations, milliseconds):
    return max(100, int(iterations * milliseconds * 1e6 / max(1, sample["thread_ns"])))


def measure(subjects, workload, subject, iterations, sink):
    return subjects.run(subject, "hot", workload, iterations, environment=hot_path_settings(subject, sink.url))


def median(samples, key):
    return statistics.median(sample[key] / sample["units"] for sample in samples)


def allocations(subjects, results, workloads, sink):
    """Of the calling thread, per unit: the difference of two run lengths, both long enough for memory to go round."""
    for workload in workloads:
        for subject in subjects.names:
            environment = hot_path_settings(subject, sink.url)
            environment["LD_PRELOAD"] = str(subjects.built.alloc_count)
            few, many = (
                subjects.run(subject, "hot", workload, iterations, environment=environment)
                for iterations in (25 * CALIBRATION, 50 * CALIBRATION)
            )
            spent = max(0, many["allocations"] - few["allocations"])
            results.add(workload, subject, "allocations", spent / (many["units"] - few["units"]))


def instructions(subjects, results, workloads, sink, say):
    """Of the calling thread, per unit: the difference of two run lengths, so that the first time through cancels out."""
    for workload in workloads:
        for subject in subjects.names:
            say(f"instructions: {workload} of {subject}")
            few, many = (100, 300) if workload.startswith("W2") else (500, 2500)
            spent = count(subjects, subject, workload, many, sink) - count(subjects, subject, workload, few, sink)
            units = iterations_in_all(many) - iterations_in_all(few)
            if workload.startswith("W2"):
                units *= SPANS_PER_TRACE
            results.add(workload, subject, "instructions", spent / units)


def iterations_in_all(iterations):
    """With those that every run makes first to warm up."""
    return iterations + iterations // 10 + 1


def count(subjects, subject, workload, iterations, sink):
    with tempfile.TemporaryDirectory() as folder:
        out = pathlib.Path(folder) / "out"
        valgrind = [
            "valgrind",
            "--tool=callgrind",
            "--separate-threads=yes",
            # Only what happens inside: constructors that calibrate a clock take another number of instructions every time.
            "--toggle-collect=*measured_work*",
            f"--callgrind-out-file={out}",
        ]
        subjects.run(
            subject, "hot", workload, iterations, before=valgrind, environment=hot_path_settings(subject, sink.url)
        )
        return main_thread_total(pathlib.Path(folder))


def main_thread_total(folder):
    for path in sorted(folder.glob("out*-01")):
        for line in path.read_text(errors="replace").splitlines():
            if line.startswith(("totals:", "summary:")):
                return int(line.split()[1])
    raise SystemExit("callgrind left no total for the first thread")
