"""The figures, as a table for people and as JSON for programs."""

import json

from .goals import BELOW, GOALS
from .subjects import ALL, LIBDDTRACE

# Those of bench.json. What else is measured goes to bench-more.json beside it, in the same form.
METRICS = [
    "cpu_ns",
    "encode_ns",
    "encode_ns_v05",
    "encode_ns_v1",
    "encode_ns_otlp",
    "encode_ns_v04_stats",
    "wire_bytes",
    "wire_bytes_v05",
    "wire_bytes_v1",
    "instructions",
    "allocations",
    "cpu_s_per_million",
    "rss_mb",
    "lost",
]


class Results:
    def __init__(self):
        self.values = {}

    def add(self, workload, subject, metric, value):
        if value is not None:
            self.values[workload, metric, subject] = value

    def write(self, path):
        entries = [
            {"workload": workload, "subject": subject, "metric": metric, "value": round(value, 6)}
            for (workload, metric, subject), value in sorted(self.values.items())
        ]
        write(path, [entry for entry in entries if entry["metric"] in METRICS])
        write(path.with_name("bench-more.json"), [entry for entry in entries if entry["metric"] not in METRICS])

    def table(self):
        subjects = [subject for subject in ALL if any(key[2] == subject for key in self.values)]
        rows = [["", "", *subjects, "goal (stretch)", ""]]
        for workload, metric in sorted({key[:2] for key in self.values}, key=order):
            values = [self.values.get((workload, metric, subject)) for subject in subjects]
            own = self.values.get((workload, metric, LIBDDTRACE))
            cells = [cell(value, own, subject) for value, subject in zip(values, subjects)]
            rows.append([workload, metric, *cells, *self.judge(workload, metric, own)])
        return align(rows)

    def judge(self, workload, metric, own):
        goal = GOALS.get((workload, metric))
        if goal is None:
            return "", ""
        below = BELOW.get((workload, metric))
        peer = self.values.get((workload, metric, below))
        text = str(goal) if below is None else f"{goal}, below {below}"
        if own is None:
            return text, ""
        verdict = goal.verdict(own)
        if peer is not None and own >= peer:
            verdict = f"MISSED: not below {below}"
        return text, verdict

    def missed(self):
        keys = sorted({key[:2] for key in self.values if key[2] == LIBDDTRACE}, key=order)
        return [key for key in keys if self.judge(*key, self.values[(*key, LIBDDTRACE)])[1].startswith("MISSED")]


def order(key):
    workload, metric = key
    return workload, METRICS.index(metric) if metric in METRICS else len(METRICS), metric


def cell(value, own, subject):
    if value is None:
        return "–"
    text = number(value)
    if subject == LIBDDTRACE or not own:
        return text
    return f"{text} ({value / own:.2f}×)"


def number(value):
    if value >= 1000:
        return f"{value:,.0f}"
    return f"{value:.4g}"


def align(rows):
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = ["  ".join(text.ljust(width) for text, width in zip(row, widths)).rstrip() for row in rows]
    return "\n".join(lines)


def write(path, entries):
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = ",\n".join(json.dumps(entry) for entry in entries)
    path.write_text(f"[\n{lines}\n]\n" if entries else "[]\n")
