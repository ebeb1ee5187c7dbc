"""Log records that say which trace they belong to.

    logging.getLogger().handlers[0].addFilter(logs.CorrelationFilter())      # record.dd_trace_id, and "dd.trace_id" for JSON formatters
    logs.install()                                                            # for all records, by the record factory
    structlog.configure(processors=[logs.structlog_processor, ...])
"""

from __future__ import annotations

import logging
from collections.abc import Callable, MutableMapping
from typing import Any

from ._load import native
from ._tracer import Tracer, default_tracer

_former_factory: Callable[..., logging.LogRecord] | None = None

#: logging levels of the library's levels
_LEVELS = {1: logging.ERROR, 2: logging.WARNING, 3: logging.INFO, 4: logging.DEBUG, 5: logging.DEBUG}


def correlation(tracer: Tracer | None = None) -> dict[str, str]:
    """`dd.trace_id`, `dd.span_id`, `dd.service`, `dd.env`, `dd.version` of the active span; ids are 0 where there is none."""
    return (tracer or default_tracer()).log_correlation()


def add_to_record(record: logging.LogRecord, tracer: Tracer | None = None) -> None:
    """Sets each field twice: as it is called, and as a name that a format string can have (`dd_trace_id`)."""
    for name, value in correlation(tracer).items():
        setattr(record, name, value)
        setattr(record, name.replace(".", "_"), value)


class CorrelationFilter(logging.Filter):
    """A filter for loggers and handlers that lets every record pass, with the fields."""

    def __init__(self, tracer: Tracer | None = None) -> None:
        super().__init__()
        self._tracer = tracer

    def filter(self, record: logging.LogRecord) -> bool:
        add_to_record(record, self._tracer)
        return True


def install(tracer: Tracer | None = None) -> None:
    """Gives the fields to every record that is made from now on. A second call does nothing."""
    global _former_factory
    if _former_factory is not None:
        return
    former = logging.getLogRecordFactory()

    def factory(*args: Any, **kwargs: Any) -> logging.LogRecord:
        record = former(*args, **kwargs)
        add_to_record(record, tracer)
        return record

    logging.setLogRecordFactory(factory)
    _former_factory = former


def uninstall() -> None:
    """Brings back the factory that was there before."""
    global _former_factory
    if _former_factory is not None:
        logging.setLogRecordFactory(_former_factory)
        _former_factory = None


def structlog_processor(logger: object, method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """A processor for structlog, and for whatever passes events in this way."""
    event.update(correlation())
    return event


def capture(name: str = "libddtrace") -> None:
    """Sends the library's own messages to a logger instead of standard error."""
    logger = logging.getLogger(name)
    native.set_log_callback(lambda level, message: logger.log(_LEVELS.get(level, logging.DEBUG), "%s", message))


def release() -> None:
    """The library's own messages go to standard error again."""
    native.set_log_callback(None)
