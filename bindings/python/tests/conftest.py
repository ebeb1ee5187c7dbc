"""A tracer per test that keeps its spans, and a check that nothing is left behind."""

import gc

import pytest

from libddtrace import Tracer
from libddtrace._load import native
from libddtrace.exporters import MemoryExporter
from quiet import QUIET

SPAN, CONTEXT = 3, 4


@pytest.fixture
def exporter():
    return MemoryExporter()


@pytest.fixture
def tracer(exporter):
    tracer = Tracer(QUIET, exporter)
    yield tracer
    tracer.activate(None)
    tracer.shutdown(5)


@pytest.fixture(autouse=True)
def nothing_is_left():
    """Spans and contexts that a test made are gone after it."""
    before = native.live_handles(SPAN), native.live_handles(CONTEXT)
    yield
    gc.collect()
    assert (native.live_handles(SPAN), native.live_handles(CONTEXT)) <= before
