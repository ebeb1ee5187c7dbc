"""load.c as an object: commands go in, counters come out."""

import json
import os
import subprocess
import tempfile
import threading
import time

import native

HERE = os.path.dirname(os.path.abspath(__file__))
# Nothing here takes that long. What hangs is ended, and fails the test.
HANG_SECONDS = 90
OK, ERR_SHUTDOWN, ERR_TIMEOUT, ERR_IO = 0, 11, 12, 13
SPANS_PER_TRACE = 2

SETTINGS = {
    **native.QUIET_SETTINGS,
    "DD_SERVICE": "faults",
    "DD_TRACE_AGENT_TIMEOUT_SECONDS": "10",
    "DD_TRACE_WRITER_INTERVAL_SECONDS": "0.02",
}


def build():
    return native.build(os.path.join(HERE, "load.c"), "faults")


class Tracer:
    """A process with one tracer, or several of which the first one counts."""

    def __init__(self, program, url, *, more_tracers=0, **settings):
        self.made = 0
        self._stderr = tempfile.TemporaryFile("w+")
        self._process = subprocess.Popen(
            [program, str(more_tracers)],
            env=native.environment({**SETTINGS, "DD_TRACE_AGENT_URL": url, **settings}),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._stderr,
            text=True,
            bufsize=1,
        )
        self._watchdog = threading.Timer(HANG_SECONDS, self._process.kill)
        self._watchdog.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait()
        self._watchdog.cancel()
        self._process.stdin.close()
        self._process.stdout.close()
        self._stderr.close()

    def command(self, *words):
        """Gives a command and returns what it answered."""
        self._process.stdin.write(" ".join(map(str, words)) + "\n")
        line = self._process.stdout.readline()
        if not line:
            raise AssertionError(f"the program ended at {words} with {self._process.wait()}:\n{self.messages()}")
        return json.loads(line)

    def traces(self, count, ballast=0, by="traces"):
        """Makes traces with the next numbers, or lets a `crowd` of threads make them."""
        self.made += count
        return self.command(by, self.made - count, count, ballast)

    def flush(self, ms=30000):
        return self.command("flush", ms)

    def shutdown(self, ms=30000):
        return self.command("shutdown", ms)

    def counters(self):
        return self.command("counters")

    def until(self, condition, seconds=30):
        """Waits until the counters are as wanted, and returns them."""
        end = time.monotonic() + seconds
        while not condition(counters := self.counters()):
            if time.monotonic() > end:
                raise AssertionError(f"not within {seconds} s, at last {counters}\n{self.messages()}")
            time.sleep(0.02)
        return counters

    def end(self):
        """Lets the program return from main, without a shutdown; returns the seconds that it took to end."""
        begin = time.monotonic()
        self._process.stdin.close()
        status = self._process.wait()
        seconds = time.monotonic() - begin
        if status != 0:
            raise AssertionError(f"the program ended with {status}:\n{self.messages()}")
        return seconds

    def peak_memory(self):
        """The most resident memory that the process ever had, in bytes."""
        with open(f"/proc/{self._process.pid}/status") as status:
            (peak,) = [line for line in status if line.startswith("VmHWM:")]
        return int(peak.split()[1]) * 1024

    def messages(self):
        """What the library had to say."""
        self._stderr.seek(0)
        return self._stderr.read()
