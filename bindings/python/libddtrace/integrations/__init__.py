"""Integrations: libraries and frameworks whose work becomes spans without a change of the program.

`patch_all()` turns on what is on by default, `patch(flask=True)` what is named, and `libddtrace-run` does the former for any program.
"""

from .registry import PatchError, get_version, patch, patch_all, patched, unpatch

__all__ = ["PatchError", "get_version", "patch", "patch_all", "patched", "unpatch"]
