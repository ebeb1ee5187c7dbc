"""The example, and what README.md shows, as they stand there."""

import re
import subprocess
import sys
from pathlib import Path

from processes import CLEAN, run

PACKAGE = Path(__file__).resolve().parents[1]


def test_the_shop():
    done = subprocess.run(
        [sys.executable, PACKAGE / "examples" / "shop.py"], env=CLEAN, cwd="/", capture_output=True, text=True, timeout=60, check=True
    )
    assert "49.90" in done.stdout
    for name in ("buy", "http.request", "price"):
        assert name in done.stdout, done.stdout


# Integrations are shown with libraries that are not here.
def test_the_code_of_the_readme_runs():
    blocks = re.findall(r"```python\n(.*?)```", (PACKAGE / "README.md").read_text().split("## Integrations")[0], re.S)
    assert len(blocks) >= 5
    for block in blocks:
        run(block, LIBDDTRACE_EXPORTER="null")
