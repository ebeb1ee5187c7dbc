"""Measures libddtrace beside its peers. See benches/README.md."""

import argparse
import os
import shutil
import sys

from . import encoding, events, export, hot_path, lifecycle, scaling
from .build import ROOT, build, programs
from .results import Results
from .sink import Sink
from .subjects import ALL, LIBDDTRACE, Subjects

WORKLOADS = [*hot_path.WORKLOADS, "W5", "W6", "W7", "W8", "W9"]


def main():
    options = parse()
    built = programs()
    build(built, LIBDDTRACE in options.subjects, any(subject != LIBDDTRACE for subject in options.subjects))
    subjects = Subjects(built, options.subjects)
    results = Results()
    with Sink(built) as sink:
        hot(subjects, results, options, sink)
        other(subjects, results, options, sink)
    print(results.table())
    print(f"{os.cpu_count()} CPUs, load {os.getloadavg()[0]:.1f}; ratios in brackets are peer / libddtrace")
    path = ROOT / "target" / "bench.json"
    results.write(path)
    print(f"written: {path}")
    if options.strict and results.missed():
        sys.exit(1)


def hot(subjects, results, options, sink):
    workloads = [workload for workload in hot_path.WORKLOADS if workload in options.workloads]
    if not workloads:
        return
    hot_path.cpu(subjects, results, workloads, options.rounds, options.milliseconds, sink, say)
    if not options.no_counts:
        hot_path.allocations(subjects, results, workloads, sink)
        count_instructions(subjects, results, workloads, sink)
    if LIBDDTRACE not in subjects.names:
        return
    if "W1" in workloads:
        hot_path.disabled(subjects, results, options.rounds, options.milliseconds)
    if "W2b" in workloads:
        encoding.encoding(subjects, results, options.rounds, say)


def count_instructions(subjects, results, workloads, sink):
    if shutil.which("valgrind") is None:
        say("no instructions: valgrind is not there")
        return
    hot_path.instructions(subjects, results, workloads, sink, say)


def other(subjects, results, options, sink):
    few = max(1, options.rounds // 3)
    if "W6" in options.workloads:
        scaling.scaling(subjects, results, few, options.milliseconds, sink, say)
    if "W7" in options.workloads:
        lifecycle.start_up(subjects, results, few, sink)
        if LIBDDTRACE in subjects.names:
            lifecycle.library_size(subjects.built, results, say)
    if "W8" in options.workloads:
        lifecycle.exit_time(subjects, results, min(3, few))
    if "W9" in options.workloads and LIBDDTRACE in subjects.names:
        events.events(subjects, results, options.rounds, options.milliseconds, say)
    if "W5" in options.workloads:
        export.export(subjects, results, options.seconds, min(3, few), options.rates, sink, say)


def parse():
    parser = argparse.ArgumentParser(prog="benches/run", description=__doc__)
    parser.add_argument("--workloads", type=names(WORKLOADS), default=WORKLOADS, help=",".join(WORKLOADS))
    parser.add_argument("--subjects", type=names(ALL), default=ALL, help=",".join(ALL))
    parser.add_argument("--rates", type=names(list(export.RATES)), default=list(export.RATES), help="of W5: " + ",".join(export.RATES))
    parser.add_argument("--rounds", type=at_least_one, default=15, help="of each measurement of CPU time; 15 by default")
    parser.add_argument("--milliseconds", type=at_least_one, default=250, help="that a hot path is kept busy in a round; 250 by default")
    parser.add_argument(
        "--seconds",
        type=at_least_one,
        default=at_least_one(os.environ.get("BENCH_SECONDS", "5")),
        help="of each load of W5; BENCH_SECONDS, or 5",
    )
    parser.add_argument("--no-counts", action="store_true", help="leave out instructions and allocations")
    parser.add_argument("--strict", action="store_true", help="exit status 1 when a goal is missed")
    return parser.parse_args()


def names(known):
    def chosen(text):
        asked = [name for name in text.split(",") if name]
        unknown = [name for name in asked if name not in known]
        if unknown or not asked:
            raise argparse.ArgumentTypeError(f"{','.join(unknown) or 'nothing'}: expected some of {','.join(known)}")
        return [name for name in known if name in asked]

    return chosen


def at_least_one(text):
    if not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r}: expected a whole number from 1")
    return int(text)


def say(text):
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
