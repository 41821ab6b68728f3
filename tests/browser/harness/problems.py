"""What goes wrong in the page without any assertion noticing it."""

from __future__ import annotations

import re
from collections.abc import Iterable

from playwright.sync_api import BrowserContext, Page, Route

HARMLESS = (
    r"favicon",
    # Lab asks for the widgets of a kernel that has not imported ipywidgets yet.
    r"No such comm",
    # It asks a new kernel for several things; a notebook that is closed soon does not wait for the answers.
    r"Canceled future for \w+ message before replies were done",
    # A message that reaches a kernel while it shuts down is dropped by ipykernel, which then says so.
    r"coro(utine )?\W*'?_async_in_context\.<locals>\.run_in_context",
)
BAD_REQUEST = 400


class Problems:
    """Collects console errors, uncaught exceptions, failed requests and requests that leave the machine."""

    def __init__(self, page: Page, url: str) -> None:
        self.found: list[str] = []
        self._ignored: list[str] = []
        self._here = (url, url.replace("http", "ws", 1), "blob:", "data:")
        self._watch(page.context, page)

    def start(self) -> None:
        """Forget the last test."""
        self.found.clear()
        self._ignored = list(HARMLESS)

    def ignore(self, patterns: Iterable[str]) -> None:
        """Take no notice of what matches one of the patterns, until the next start."""
        self._ignored += patterns

    def add(self, kind: str, text: str) -> None:
        """Note a problem, unless it is to be ignored."""
        if not any(re.search(pattern, text) for pattern in self._ignored):
            self.found.append(f"{kind}: {text}")

    def check(self) -> None:
        """Raise if there is a problem."""
        assert not self.found, "\n".join(self.found)

    def _watch(self, context: BrowserContext, page: Page) -> None:
        def refuse(route: Route) -> None:
            self.add("request off the machine", route.request.url)
            route.abort()

        context.route(lambda url: not url.startswith(self._here), refuse)
        page.on("console", lambda m: self.add("console.error", m.text) if m.type == "error" else None)
        page.on("pageerror", lambda error: self.add("uncaught", error.stack or str(error)))
        page.on("crash", lambda _: self.add("crash", "the page crashed"))
        page.on(
            "response",
            lambda r: self.add(f"HTTP {r.status}", r.url) if r.status >= BAD_REQUEST else None,
        )
