"""The notebook that the program runs in, if it does."""

from __future__ import annotations

import sys
from typing import Any

__all__ = ["running_shell"]


def running_shell() -> Any:
    """Return the IPython shell of the kernel that this runs in; None where there is no page to show on."""
    ipython = sys.modules.get("IPython")  # in a kernel it is imported
    shell = ipython and ipython.get_ipython()
    return None if getattr(shell, "kernel", None) is None else shell
