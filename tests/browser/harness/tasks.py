"""How long a page is kept busy at a time."""

from __future__ import annotations

import json
from collections import Counter

CATEGORIES = ["toplevel", "devtools.timeline", "loading"]
"""To trace, for `tasks`."""
_TASK = "ThreadControllerImpl::RunTask"
# Those who drive the browser have it decode the whole page once more when it has come.
_DRIVERS = "DocumentLoader::BodyLoadingFinished"
_MICROSECONDS = 1000


def tasks(trace: bytes, address: str) -> list[float]:
    """Return the processor time of each task of a page's main thread in ms, the longest first.

    Unlike their duration it does not tell how busy the machine was with others. The task in which the browser
    decodes the page for those who drive it is left out: a reader's has none.

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
    there = [one for one in events if one["pid"] == process and one["tid"] in main and "tdur" in one]
    drivers = [one["ts"] for one in there if one["name"] == _DRIVERS]
    found = [
        one["tdur"] / _MICROSECONDS
        for one in there
        if one["name"] == _TASK and not any(one["ts"] <= at <= one["ts"] + one["dur"] for at in drivers)
    ]
    return sorted(found, reverse=True)
