"""Environment variables that are as they were, after something that sets them."""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["restored"]


@contextlib.contextmanager
def restored(*names: str) -> Iterator[None]:
    """Restore environment variables at the end of the block.

    Examples
    --------
    >>> with restored("CFWIDGETS_EXAMPLE"):
    ...     os.environ["CFWIDGETS_EXAMPLE"] = "1"
    >>> "CFWIDGETS_EXAMPLE" in os.environ
    False
    """
    before = {name: os.environ.get(name) for name in names}
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
