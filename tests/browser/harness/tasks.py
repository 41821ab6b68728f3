"""How long a page is kept busy at a time."""

from __future__ import annotations

import json
from collections import Counter

CATEGORIES = ["toplevel", "devtools.timeline"]
"""To trace, for `tasks`."""
_MICROSECONDS = 1000


def tasks(trace: bytes, address: str) -> list[float]:
    """Return the processor time of each task of a page's main thread in ms, the longest first.

    Unlike their duration it does not tell how busy the machine was with others.

    Parameters
    ----------
    trace
        By Chromium, of `CATEGORIES`.
    address
        The page's.
    """
    events = json.loads(trace)["traceEvents"]
    of = Counter(one["pid"] for one in events if address in json.dumps(one.get("args", {})))
    ((process, _),) = of.most_common(1)
    main = {
        one["tid"]
        for one in events
        if one["name"] == "thread_name" and one["pid"] == process and one["args"]["name"] == "CrRendererMain"
    }
    found = [
        one["tdur"] / _MICROSECONDS
        for one in events
        if one["pid"] == process
        and one["tid"] in main
        and one["name"] == "ThreadControllerImpl::RunTask"
        and "tdur" in one
    ]
    return sorted(found, reverse=True)
