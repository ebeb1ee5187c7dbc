"""Programs that run beside a test: started, waited for until they are ready, and ended whatever happens."""

import os
import subprocess
import time


class Program:
    """A program in the background, whose output is kept. Use it in a `with` block."""

    def __init__(self, command, log, is_ready, environment=None, seconds=60):
        """`log`: the file for its output. `is_ready`: asked again and again, for so many seconds."""
        self._command, self._log_path, self._is_ready = command, log, is_ready
        self._environment, self._seconds = environment, seconds

    def __enter__(self):
        with open(self._log_path, "wb") as log:
            self._process = subprocess.Popen(
                self._command, env=self._environment, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT
            )
        try:
            self._wait_until_ready()
        except BaseException:
            self.end()
            raise
        return self

    def __exit__(self, *_):
        self.end()

    def end(self):
        """Lets it end by itself, within some seconds. Returns all that it wrote."""
        self._process.terminate()
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        return self.log()

    def log(self):
        with open(self._log_path, errors="replace") as file:
            return file.read()

    def _wait_until_ready(self):
        name = os.path.basename(self._command[0])
        end = time.monotonic() + self._seconds
        while time.monotonic() < end:
            if self._process.poll() is not None:
                raise RuntimeError(f"{name} ended with {self._process.returncode}:\n{self.log()}")
            if self._is_ready():
                return
            time.sleep(0.1)
        raise RuntimeError(f"{name} was not ready within {self._seconds} s:\n{self.log()}")
