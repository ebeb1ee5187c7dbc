"""Measures W1 to W4 through each binding, beside the plain C ABI. See benches/README.md."""

import argparse
import json
import os
import subprocess
import sys

from . import hot_path
from .build import BENCHES, ROOT, build, compile_cpp, linkable, programs, run
from .results import align, number, write
from .sink import Sink
from .subjects import base_settings

# The figure that others are compared with.
BASE = "c"
# What a unit may cost: CPU ns, or a factor of the C ABI's, or how much quicker than a peer it has to be.
FACTORS = {"cpp": 1.05}
GOALS = {"python": {"W1": 250, "W2s": 500, "W2b": 500, "W3": 400, "W4": 700}}
PEERS = {"python": ("ddtrace-py", 20)}


class Subject:
    """A program that understands `hot WORKLOAD ITERATIONS`, and prints one line of JSON as `benches/c` does: at least `units`, `thread_ns`
    and `process_ns`."""

    def __init__(self, name, command, is_ready, settings=None):
        self.name = name
        self.command = command
        # Builds what is missing; answers why the subject cannot take part, or None.
        self.is_ready = is_ready
        self.settings = settings or (lambda sink_url: base_settings(LIBDDTRACE_EXPORTER="null"))


def subjects(built):
    return [
        Subject("c", [str(built.bench)], lambda: None),
        Subject("cpp", [str(built.out / "cpp")], lambda: build_cpp(built)),
        *python_subjects(built),
    ]


def build_cpp(built):
    folder = linkable(built)
    measure = built.out / "measure.o"
    run([os.environ.get("CC", "cc"), "-O2", "-g", "-std=gnu11", "-c", str(BENCHES / "c" / "measure.c"), "-o", str(measure)])
    include = ["-I", str(ROOT / "include"), "-I", str(ROOT / "bindings" / "cpp" / "include")]
    compile_cpp(built.out / "cpp", [BENCHES / "bindings" / "cpp.cpp", measure], [*include, "-L", folder, f"-Wl,-rpath,{folder}", "-lddtrace"])
    return None


def python_subjects(built):
    """`benches/bindings/python` prepares what it needs and measures: `python prepare`, then `python libddtrace|ddtrace hot …`."""
    program = BENCHES / "bindings" / "python"

    def is_ready(which):
        if not program.exists():
            return "benches/bindings/python is not there"
        done = subprocess.run([str(program), "prepare", which], env=environment(built), check=False)
        return None if done.returncode == 0 else f"exit status {done.returncode}"

    def settings(sink_url):
        return {**environment(built), **base_settings(LIBDDTRACE_EXPORTER="null")}

    def to_sink(sink_url):
        return {**environment(built), **base_settings(DD_TRACE_AGENT_URL=sink_url)}

    return [
        Subject("python", [str(program), "libddtrace"], lambda: is_ready("libddtrace"), settings),
        Subject("ddtrace-py", [str(program), "ddtrace"], lambda: is_ready("ddtrace"), to_sink),
    ]


def environment(built):
    """Where a subject finds the optimised library, and where it may put things."""
    return {**os.environ, "LIBDDTRACE_PATH": str(built.library), "BENCH_OUT": str(built.out)}


class Runner:
    def __init__(self, chosen, sink):
        self.by_name = {subject.name: subject for subject in chosen}
        self.sink = sink

    def measure(self, name, workload, iterations):
        subject = self.by_name[name]
        done = subprocess.run(
            [*subject.command, "hot", workload, str(iterations)],
            env=subject.settings(self.sink.url),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            timeout=900,
            check=False,
        )
        if done.returncode != 0:
            raise SystemExit(f"{name} {workload}: exit status {done.returncode}\n{done.stderr}")
        return json.loads(done.stdout.strip().splitlines()[-1])


def main():
    options = parse()
    built = programs()
    build(built, True, False)
    chosen = []
    for subject in subjects(built):
        if options.subjects and subject.name not in options.subjects:
            continue
        missing = subject.is_ready()
        if missing is None:
            chosen.append(subject)
        else:
            say(f"without {subject.name}: {missing}")
            if subject.name in options.subjects:
                raise SystemExit(1)
    with Sink(built) as sink:
        values = measure(Runner(chosen, sink), [subject.name for subject in chosen], options)
    print(table(values, [subject.name for subject in chosen], options.workloads))
    path = ROOT / "target" / "bench-bindings.json"
    write(path, [{"workload": workload, "subject": name, "metric": "cpu_ns", "value": round(value, 6)} for (workload, name), value in sorted(values.items())])
    print(f"written: {path}")


def measure(runner, names, options):
    """Medians over rounds in which the subjects take turns."""
    pairs = [(workload, name) for workload in options.workloads for name in names]
    iterations = {}
    for workload, name in pairs:
        few = 500
        iterations[workload, name] = hot_path.enough(runner.measure(name, workload, few), few, options.milliseconds)
    samples = {pair: [] for pair in pairs}
    for turn in range(options.rounds):
        say(f"round {turn + 1} of {options.rounds}")
        for workload, name in pairs if turn % 2 == 0 else reversed(pairs):
            samples[workload, name].append(runner.measure(name, workload, iterations[workload, name]))
    return {pair: hot_path.median(taken, "thread_ns") for pair, taken in samples.items()}


def table(values, names, workloads):
    rows = [["CPU ns", *names, "goals"]]
    for workload in workloads:
        base = values.get((workload, BASE))
        cells = []
        for name in names:
            value = values[workload, name]
            cells.append(number(value) if name == BASE or not base else f"{number(value)} ({value / base:.2f}×)")
        rows.append([workload, *cells, ", ".join(verdicts(values, names, workload))])
    return align(rows)


def verdicts(values, names, workload):
    base = values.get((workload, BASE))
    for name in names:
        value = values[workload, name]
        if name in FACTORS and base:
            yield f"{name} ≤ {FACTORS[name]}×: {met(value <= FACTORS[name] * base)}"
        if workload in GOALS.get(name, {}):
            goal = GOALS[name][workload]
            yield f"{name} ≤ {goal}: {met(value <= goal)}"
        peer, factor = PEERS.get(name, (None, None))
        if (workload, peer) in values:
            times = values[workload, peer] / value
            yield f"{name} ≥ {factor}× quicker than {peer}: {times:.1f}×, {met(times >= factor)}"


def met(is_met):
    return "met" if is_met else "MISSED"


def parse():
    parser = argparse.ArgumentParser(prog="benches/run-bindings", description=__doc__)
    parser.add_argument("--subjects", type=lambda text: text.split(","), default=[], help="c,cpp,python,ddtrace-py; all that are there by default")
    parser.add_argument("--workloads", type=lambda text: text.split(","), default=list(hot_path.WORKLOADS), help=",".join(hot_path.WORKLOADS))
    parser.add_argument("--rounds", type=int, default=15, help="15 by default")
    parser.add_argument("--milliseconds", type=int, default=250, help="that a thread is kept busy in a round; 250 by default")
    return parser.parse_args()


def say(text):
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
