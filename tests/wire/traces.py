"""Runs traces.c: steps in, headers and the chunks that the test agent received out."""

import agent
import program


class Ran:
    """What one run of traces.c did."""

    def __init__(self, running, executable, steps, **settings):
        session = running.session()
        settings = {"DD_TRACE_AGENT_URL": running.url, "DD_TRACE_LOG_LEVEL": "error", **settings}
        arguments = [str(word) for step in steps for word in (step if isinstance(step, (list, tuple)) else [step])]
        printed, self.messages = program.run(executable, settings, arguments)
        self.chunks = session.traces()
        self.requests = [request for request in session.requests() if request["path"].endswith("/traces")]
        self.injected = injections(printed)

    def span(self, name):
        found = [span for chunk in self.chunks for span in chunk if span["name"] == name]
        assert len(found) == 1, f"{len(found)} spans named {name} in {self.chunks}"
        return found[0]

    def spans(self, name):
        return [span for chunk in self.chunks for span in chunk if span["name"] == name]

    @property
    def root(self):
        """The first span of the only chunk."""
        assert len(self.chunks) == 1, self.chunks
        return self.chunks[0][0]

    @property
    def headers(self):
        """What the only injection wrote."""
        assert len(self.injected) == 1, self.injected
        return self.injected[0]


def injections(printed):
    """The headers of each injection; a line with a dot ends one."""
    found, headers = [], {}
    for line in printed.splitlines():
        if line == ".":
            found.append(headers)
            headers = {}
        else:
            name, value = line.split(" ", 1)
            headers[name] = value
    return found


class Runner:
    """A test agent and the program, for one module of tests."""

    def __init__(self, test_module_cleanup):
        self.executable = program.build("traces")
        self.agent = agent.Agent().__enter__()
        test_module_cleanup(self.agent.__exit__)

    def run(self, *steps, **settings):
        return Ran(self.agent, self.executable, steps, **settings)


def headers(**values):
    """Steps that give headers and extract them; `_` in names stands for `-`."""
    return [*(["header", name.replace("_", "-"), value] for name, value in values.items()), ["extract"]]


def meta(span, key):
    return span.get("meta", {}).get(key)


def metric(span, key):
    return span.get("metrics", {}).get(key)


def priority(span):
    return metric(span, "_sampling_priority_v1")


def decision(span):
    """Priority and decision maker."""
    return priority(span), meta(span, "_dd.p.dm")


def member(injected, key):
    """A member of the injected tracestate."""
    members = [part.split("=", 1) for part in injected.get("tracestate", "").split(",") if part]
    found = [value for name, value in members if name == key]
    return found[0] if found else None


def items(injected):
    """The items of our member of the injected tracestate."""
    return dict(item.split(":", 1) for item in (member(injected, "dd") or "").split(";") if item)
