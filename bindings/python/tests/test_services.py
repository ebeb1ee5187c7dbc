"""Settings, logs, pins, the event hub, DogStatsD, telemetry and remote configuration."""

import base64
import hashlib
import json
import logging

import pytest

from quiet import QUIET
from libddtrace import Config, DogStatsd, LiveConfig, Pin, Tracer, events, exporters, get_tracer, logs, remote_config, telemetry
from libddtrace import tracer as default


def test_config():
    config = Config({"DD_SERVICE": "shop", "DD_TAGS": {"team": "cart"}, "DD_TRACE_SAMPLE_RATE": 0.5})
    assert (config["DD_SERVICE"], config.origin("DD_SERVICE")) == ("shop", "code")
    assert config["DD_TAGS"] == "team:cart" and config["DD_NO_SUCH_THING"] is None
    config["DD_SERVICE"] = None
    assert config.origin("DD_SERVICE") != "code"
    assert any(name == "DD_ENV" for name, _, _ in config)


def test_live_config(tracer):
    live = LiveConfig(tracer)
    assert live.service == "tests" and live.origin("DD_SERVICE") == "code" and live.env is None
    assert live.get_bool("DD_TRACE_ENABLED") and live.get("DD_ENV", "none") == "none"


def test_reconfiguring_goes_on_with_other_settings(tracer):
    other = exporters.MemoryExporter()
    tracer.configure({**QUIET, "DD_SERVICE": "after"}, exporter=other)
    with tracer.trace("span"):
        pass
    assert other.find("span")["service"] == "after"


def test_the_default_tracer_is_lazy_and_named_ones_are_it():
    assert get_tracer() is default is get_tracer("default")
    assert get_tracer("one") is get_tracer("one") is not default


def test_log_records_have_the_fields(tracer):
    record = logging.LogRecord("name", logging.INFO, "", 0, "text", (), None)
    with tracer.trace("span") as span:
        assert logs.CorrelationFilter(tracer).filter(record)
        assert logs.correlation(tracer)["dd.trace_id"] == f"{span.trace_id:032x}"
    assert record.dd_trace_id == f"{span.trace_id:032x}" and record.dd_span_id == str(span.span_id) and record.dd_service == "tests"


def test_the_record_factory(tracer):
    logs.install(tracer)
    logs.install(tracer)
    try:
        with tracer.trace("span") as span:
            record = logging.getLogRecordFactory()("name", logging.INFO, "", 0, "text", (), None)
        assert getattr(record, "dd.span_id") == str(span.span_id)
    finally:
        logs.uninstall()
    assert not hasattr(logging.getLogRecordFactory()("n", 20, "", 0, "", (), None), "dd_trace_id")


def test_messages_of_the_library_go_to_a_logger(caplog):
    logs.capture("messages")
    try:
        with caplog.at_level(logging.DEBUG, "messages"):
            # Another test may have caused the same message a moment ago.
            tracer = Tracer({**QUIET, "DD_TRACE_LOGGING_RATE": "0"}, exporters.NullExporter())
            span = tracer.start_span("never.finished")
            tracer.shutdown(20)
            assert "never.finished" in caplog.text
            del span
    finally:
        logs.release()


class Target:
    pass


def test_pins():
    target, other = Target(), Target()
    pin = Pin(service="db", tags={"a": "b"}, config={"c": 1})
    pin.onto(target)
    assert Pin.get_from(target) is pin and Pin.get_from(other) is None and Pin.find(other, target) is pin
    assert Pin.get_config(target) == {"c": 1}
    Pin.override(target, service="replica")
    assert Pin.get_from(target).service == "replica" and Pin.get_from(target).tags == {"a": "b"} and pin.service == "db"
    with pytest.raises(AttributeError):
        pin.service = "x"
    pin.tags["more"] = "x"
    assert "more" not in pin.tags
    Pin.get_from(target).remove_from(target)
    pin.remove_from(target)
    assert Pin.get_from(target) is None
    pin.onto(5)


def test_a_pin_of_a_class_becomes_that_of_its_object():
    class Driver:
        pass

    Pin(service="drivers").onto(Driver)
    driver = Driver()
    mine = Pin.get_from(driver)
    assert mine.service == "drivers" and mine is not Pin.get_from(Driver)
    Pin.override(driver, service="mine")
    assert Pin.get_from(Driver).service == "drivers"


def test_the_event_hub(tracer):
    seen = []
    stop = tracer.on(events.SPAN_FINISH, lambda span: seen.append(span.name))
    own = events.on("shop.checkout", lambda *arguments: seen.append(arguments))
    with tracer.trace("span"):
        pass
    assert events.has_listeners("shop.checkout") and events.dispatch("shop.checkout", 1, 2.5, "three", True, None)
    assert stop() and own() and not stop()
    with tracer.trace("after"):
        pass
    assert seen == ["span", (1, 2.5, "three", True, None)] and not events.has_listeners("shop.checkout")


def test_dogstatsd():
    sent = []
    statsd = DogStatsd(prefix="shop", tags=["team:cart"], aggregation="off")
    statsd.set_sink(sent.append)
    assert statsd.increment("checkouts", tags=["a:b"]) and statsd.gauge("stock", 3.5) and statsd.set("users", "7")
    assert statsd.distribution("size", 1) and statsd.count_at("old", 2, 1_700_000_000)
    with statsd.timed("time"):
        pass
    assert statsd.timed("call")(lambda value: value)(5) == 5
    assert statsd.event("title", "text", alert_type="error") and statsd.service_check("up", 0)
    assert not statsd.gauge("", 1) and not statsd.gauge("x", "many") and not statsd.gauge("x", float("nan"))
    assert statsd.flush(20)
    text = b"\n".join(sent).decode()
    for line in ("shop.checkouts:1|c|#", "shop.stock:3.5|g", "shop.users:7|s", "shop.size:1|d", "shop.time:", "_e{5,4}:title|text", "_sc|"):
        assert line in text, (line, text)
    assert "team:cart" in text and "a:b" in text and "|T1700000000" in text
    assert statsd.close(20) and not statsd.increment("late")


def test_telemetry_takes_what_it_is_told():
    tracer = Tracer({**QUIET, "DD_INSTRUMENTATION_TELEMETRY_ENABLED": "true", "DD_TRACE_AGENT_URL": "http://127.0.0.1:1"})
    told = telemetry.Telemetry(tracer)
    assert told.add_integration("flask", "3.0", auto_enabled=True) and told.add_dependency("flask", "3.0")
    assert told.add_config("DD_OWN", "1") and told.set_product("appsec", False) and told.log(telemetry.ERROR, "it failed")
    assert told.record("tracers", "spans_created", 2, tags=["integration_name:flask"])
    with pytest.raises(ValueError):
        told.record("tracers", "", 1)
    assert told.stats().messages_sent == 0
    tracer.shutdown(1)


def response(files):
    """A response of the agent with files of the product MY_PRODUCT."""
    targets = {
        path: {"custom": {"v": 1}, "hashes": {"sha256": hashlib.sha256(content).hexdigest()}, "length": len(content)}
        for path, content in files.items()
    }
    signed = json.dumps({"signatures": [], "signed": {"version": len(files) + 1, "targets": targets, "custom": {}}}).encode()
    return json.dumps(
        {
            "targets": base64.b64encode(signed).decode(),
            "target_files": [{"path": path, "raw": base64.b64encode(content).decode()} for path, content in files.items()],
            "client_configs": list(files),
        }
    ).encode()


def test_remote_configuration():
    tracer = Tracer({**QUIET, "DD_REMOTE_CONFIGURATION_ENABLED": "true", "DD_TRACE_AGENT_URL": "http://127.0.0.1:1"})
    seen, ends = [], []

    def changed(change):
        seen.append((change.is_removed, change.config_id, change.content))
        if change.content == b"bad":
            raise ValueError("cannot use it")

    subscription = remote_config.subscribe("MY_PRODUCT", changed, [1, 2], on_batch_end=lambda: ends.append(1), tracer=tracer)
    path = "datadog/2/MY_PRODUCT/one/config"
    remote_config.process_response(200, response({path: b'{"a": 1}'}), tracer)
    assert seen == [(False, "one", b'{"a": 1}')] and ends
    remote_config.process_response(200, response({}), tracer)
    assert seen[1:] == [(True, "one", b"")]
    assert subscription.cancel() and not subscription.cancel()
    with pytest.raises(ValueError):
        remote_config.process_response(200, b"nonsense", tracer)
    tracer.shutdown(1)
