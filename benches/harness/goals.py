"""What libddtrace promises to cost, through its C ABI."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Goal:
    limit: float
    stretch: float = None

    def verdict(self, value):
        if self.stretch is not None and value <= self.stretch:
            return "met, stretch too"
        return "met" if value <= self.limit else "MISSED"

    def __str__(self):
        return f"≤ {self.limit:g}" if self.stretch is None else f"≤ {self.limit:g} ({self.stretch:g})"


# "In steady state": what is left is something now and then, less than one per thousand units.
NONE = Goal(0.001)

GOALS = {
    ("W1", "cpu_ns"): Goal(130, 90),
    ("W1", "instructions"): Goal(1200),
    ("W1", "allocations"): NONE,
    ("W1", "disabled_cpu_ns"): Goal(15, 8),
    # A span that was not recorded says nothing about those that are.
    ("W1", "unrecorded"): NONE,
    ("W2s", "unrecorded"): NONE,
    ("W2b", "unrecorded"): NONE,
    ("W2s", "cpu_ns"): Goal(190, 145),
    ("W2s", "instructions"): Goal(2700),
    ("W2s", "allocations"): NONE,
    ("W2b", "cpu_ns"): Goal(170, 145),
    ("W2b", "instructions"): Goal(2700),
    ("W2b", "allocations"): NONE,
    ("W2b", "encode_ns"): Goal(50, 35),
    ("W2b", "encode_ns_v05"): Goal(90),
    ("W2b", "encode_ns_v1"): Goal(110),
    ("W2b", "encode_ns_otlp"): Goal(800),
    ("W2b", "encode_ns_v04_stats"): Goal(110),
    ("W2b", "wire_bytes"): Goal(400),
    ("W2b", "wire_bytes_v05"): Goal(100),
    ("W2b", "wire_bytes_v1"): Goal(100),
    ("W3", "cpu_ns"): Goal(110, 70),
    ("W3", "allocations"): NONE,
    ("W4", "cpu_ns"): Goal(300, 200),
    ("W5", "cpu_s_per_million"): Goal(0.6, 0.5),
    ("W5", "cpu_s_per_million_100k_stats"): Goal(0.7, 0.6),
    ("W5", "cpu_s_per_million_100k_everything"): Goal(0.7, 0.6),
    ("W5", "lost_100k_everything"): Goal(0),
    ("W5", "cpu_s_per_million_flat_out"): Goal(0.4, 0.32),
    ("W5", "lost"): Goal(0),
    ("W5", "lost_20k"): Goal(0),
    ("W5", "lost_500k"): Goal(0),
    ("W5", "lost_unreported_20k"): Goal(0),
    ("W5", "lost_unreported_100k"): Goal(0),
    ("W5", "lost_unreported_500k"): Goal(0),
    ("W5", "lost_unreported_flat_out"): Goal(0),
    ("W5", "rss_mb"): Goal(8),
    ("W5", "rss_mb_500k"): Goal(32),
    ("W5", "rss_mb_flat_out"): Goal(32),
    ("W5", "rss_mb_silent_agent"): Goal(32),
    ("W6", "cpu_ratio_4_to_1"): Goal(1.15, 1.05),
    ("W7", "cpu_ns"): Goal(500_000),
    ("W7", "first_span_cpu_ns"): Goal(3_000_000),
    ("W7", "rss_mb"): Goal(2),
    ("W7", "threads"): Goal(1),
    ("W7", "library_mb"): Goal(4),
    ("W7", "libraries_beyond_libc"): Goal(0),
    ("W8", "exit_ms_refused"): Goal(100),
    # The configured shutdown timeout, one second here, and time to notice.
    ("W8", "exit_ms_silent"): Goal(1100),
    # Publishing by number while nobody listens: the call itself, and one look.
    ("W9", "cpu_ns"): Goal(10, 5),
    # Of a root span, to that of one in a process without listeners.
    ("W9", "span_ratio_other"): Goal(1.05),
}

# Goals that name a peer: libddtrace has to be below it.
BELOW = {("W2s", "cpu_ns"): "opentelemetry_sdk", ("W2b", "cpu_ns"): "opentelemetry_sdk"}
