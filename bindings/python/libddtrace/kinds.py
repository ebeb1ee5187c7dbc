"""Numbers that have names."""

from __future__ import annotations

from enum import IntEnum, IntFlag


class SpanKind(IntEnum):
    """Which side of a conversation a span is."""

    UNSPECIFIED = 0
    INTERNAL = 1
    SERVER = 2
    CLIENT = 3
    PRODUCER = 4
    CONSUMER = 5

    @classmethod
    def of(cls, kind: object) -> SpanKind:
        """A kind by its name in any case, or by its number; UNSPECIFIED for what is none."""
        if isinstance(kind, str):
            return cls.__members__.get(kind.upper(), cls.UNSPECIFIED)
        try:
            return cls(int(kind))  # type: ignore[call-overload]
        except (TypeError, ValueError):
            return cls.UNSPECIFIED


class SpanStatus(IntEnum):
    """Whether an operation succeeded, by OpenTelemetry's rules."""

    UNSET = 0
    OK = 1
    ERROR = 2


class SpanFlag(IntFlag):
    """What start_span can be told about a span besides."""

    MEASURED = 1
    OTEL = 2
    OPENTRACING = 4
    INTEGRATION_SERVICE = 8
