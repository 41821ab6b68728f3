"""Sections of docstrings, for what documents itself by another's."""

from __future__ import annotations

import inspect
import re

__all__ = ["section"]


def section(documented: object, title: str) -> str:
    r"""Cut a section out of the docstring of a class or a function, with its title; empty without one.

    Examples
    --------
    >>> def double(x):
    ...     '''Double it.
    ...
    ...     Parameters
    ...     ----------
    ...     x
    ...         A number.
    ...
    ...     Returns
    ...     -------
    ...     float
    ...     '''
    >>> section(double, "Parameters")
    'Parameters\n----------\nx\n    A number.\n'
    """
    line = f"{title}\n{'-' * len(title)}\n"
    _, found, rest = (inspect.getdoc(documented) or "").partition(line)
    body = re.split(r"\n\n\w+\n-+\n", rest)[0].rstrip()
    return f"{found}{body}\n" if found else ""
