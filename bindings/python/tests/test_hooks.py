"""Processors, filters and exporters written in Python."""

import threading

from quiet import QUIET
from libddtrace import Tracer, exporters


def test_a_processor_sees_and_changes_spans(tracer, exporter):
    class Processor:
        seen = []

        def on_start(self, span):
            self.seen.append(("start", span.name))
            span.set_tag("started", "yes")

        def on_finish(self, span):
            self.seen.append(("finish", span.name, span.duration_ns >= 0))
            span.set_tag("finished", "yes")

    processor = Processor()
    tracer.add_processor(processor)
    with tracer.trace("span") as span:
        assert span.get_tag("started") == "yes"
    assert processor.seen == [("start", "span"), ("finish", "span", True)]
    assert exporter.find("span")["meta"]["finished"] == "yes"
    tracer.remove_processor(processor)
    with tracer.trace("other"):
        pass
    assert len(processor.seen) == 2


def test_a_function_is_a_processor_of_finished_spans(tracer):
    seen = []
    tracer.add_processor(seen.append)
    with tracer.trace("span") as span:
        pass
    assert seen == [span]
    seen.clear()


def test_a_filter_drops_keeps_and_changes(tracer, exporter):
    def only_web(spans):
        if spans[0].name == "health":
            return False
        for span in spans:
            span.set_tag("filtered", "yes")
        return [span for span in spans if span.name != "noise"]

    tracer.add_filter(only_web)
    with tracer.trace("health"):
        pass
    with tracer.trace("web"), tracer.trace("noise"):
        pass
    assert [(span["name"], span["meta"]["filtered"]) for span in exporter.spans()] == [("web", "yes")]
    tracer.remove_filter(only_web)
    with tracer.trace("health"):
        pass
    assert exporter.find("health")


def test_spans_that_a_filter_keeps_for_itself_do_no_harm(tracer):
    kept = []
    tracer.add_filter(lambda spans: kept.extend(spans))
    with tracer.trace("span"):
        pass
    kept[0].set_tag("late", "x")
    assert kept[0].name == "span" and kept[0].get_tag("late") is None
    kept.clear()


def test_an_error_of_a_hook_goes_no_further(tracer, exporter, monkeypatch):
    told = []
    monkeypatch.setattr("sys.unraisablehook", lambda error: told.append(type(error.exc_value)))

    def fails(span):
        raise RuntimeError("hook")

    tracer.add_processor(fails)
    tracer.add_filter(fails)
    with tracer.trace("span"):
        pass
    assert exporter.find("span") and set(told) <= {RuntimeError}


def test_an_exporter_in_python():
    class Collecting:
        def __init__(self):
            self.spans, self.threads, self.ended = [], set(), 0

        def export(self, spans):
            self.spans += spans
            self.threads.add(threading.current_thread())

        def shutdown(self):
            self.ended += 1

    exporter = Collecting()
    tracer = Tracer(QUIET, exporter)
    with tracer.trace("root", tags={"a": 1}), tracer.trace("child"):
        pass
    assert tracer.flush(20)
    assert [span["name"] for span in exporter.spans] == ["root", "child"]
    assert exporter.spans[0]["metrics"]["a"] == 1 and exporter.spans[0]["metrics"]["_sampling_priority_v1"] == 1
    assert threading.main_thread() not in exporter.threads
    assert tracer.shutdown(20) and exporter.ended == 1


def test_an_exporter_that_fails_drops(monkeypatch):
    monkeypatch.setattr("sys.unraisablehook", lambda error: None)

    def fails(spans):
        raise OSError("full")

    tracer = Tracer(QUIET, fails)
    with tracer.trace("span"):
        pass
    tracer.shutdown(20)
    assert tracer.counters()["spans_sent"] == 0 and tracer.counters()["spans_dropped"] == 1


def test_memory_evicts_the_oldest():
    exporter = exporters.MemoryExporter(max_spans=3)
    tracer = Tracer(QUIET, exporter)
    for number in range(5):
        with tracer.trace(f"span.{number}") as span:
            pass
    assert [found["name"] for found in exporter.spans()] == ["span.2", "span.3", "span.4"] and len(exporter) == 3
    assert [found["name"] for found in exporter.spans(span.trace_id)] == ["span.4"]
    exporter.clear()
    assert exporter.spans() == []
    tracer.shutdown(20)


def test_console_and_file(tmp_path, capfd):
    path = tmp_path / "spans"
    for exporter in (exporters.ConsoleExporter(), exporters.FileExporter(path)):
        tracer = Tracer(QUIET, exporter)
        with tracer.trace("printed"):
            pass
        tracer.shutdown(20)
    assert '"printed"' in capfd.readouterr().out
    assert '"printed"' in path.read_text()
