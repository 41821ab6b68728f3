"""A notebook that is open in JupyterLab, and a second client of its kernel."""

from __future__ import annotations

import ast
import json
import os
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from jupyter_client import BlockingKernelClient
from playwright.sync_api import Locator, Page, expect

from harness.lab import KERNEL, Lab
from harness.patience import PATIENCE
from harness.problems import Problems

LIGHT, DARK = "JupyterLab Light", "JupyterLab Dark"

# Cells for `Notebook.waiting_in`. A busy kernel still hears what the page says; a held one, in which no
# thread runs, does not.
BUSY = "open(gate + '.reached', 'w').close()\nopen(gate).close()"
HELD = "import ctypes\nopen(gate + '.reached', 'w').close()\nctypes.PyDLL(None).open(gate.encode(), 0)"


class Notebook:
    """A notebook with these code cells, opened, with its kernel running."""

    def __init__(self, lab: Lab, page: Page, problems: Problems, name: str, cells: tuple[str, ...]) -> None:
        self.page = page
        self._lab = lab
        self._problems = problems
        self._name = name
        self._client: BlockingKernelClient | None = None
        self._subshell: str | None = None
        import nbformat  # takes seconds, which a collection without these tests is spared

        content = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
        content.metadata["kernelspec"] = {"name": KERNEL, "display_name": KERNEL, "language": "python"}
        nbformat.write(content, lab.notebooks / name)
        self.kernel: str = page.evaluate("(path) => tests.open(path)", name)
        self._open = True

    # the page

    def run_all(self, *, seconds: float = 120) -> None:
        """Run all cells; an error in one of them fails the test."""
        self._run(None, wait=True, seconds=seconds)

    def run_cell(self, index: int, *, wait: bool = True, seconds: float = 120) -> None:
        """Run one cell. With ``wait`` an error in it fails the test; without, the cell goes on by itself."""
        self._run(index, wait=wait, seconds=seconds)

    def _run(self, index: int | None, *, wait: bool, seconds: float) -> None:
        self.page.evaluate("(how) => tests.run(how)", [self.kernel, index, wait, seconds])
        if wait:
            errors = self.page.evaluate("(id) => tests.cellErrors(id)", self.kernel)
            assert not errors, _plain("\n".join(errors))

    def models(self) -> int:
        """Count the widget models that the page holds, and would save with the notebook."""
        count: int = self.page.evaluate("(id) => tests.models(id)", self.kernel)
        return count

    @contextmanager
    def waiting_in(self, cell: int) -> Iterator[None]:
        """Run the cell, `BUSY` or `HELD`, which waits at a gate until the block ends."""
        gate = self._lab.runtime / f"gate-{self.kernel}-{cell}"
        os.mkfifo(gate)
        self.exec(f"gate = {str(gate)!r}")
        prompt = self.page.locator(".jp-Cell .jp-InputPrompt").nth(cell)
        self.run_cell(cell, wait=False)
        reached, end = gate.with_name(f"{gate.name}.reached"), time.monotonic() + PATIENCE
        while not reached.exists():
            assert time.monotonic() < end, "the kernel does not run the cell"
            time.sleep(0.01)
        try:
            yield
            expect(prompt).to_have_text("[*]:")
        finally:
            with gate.open("wb"):  # opens as soon as the kernel waits for it
                pass
        expect(prompt).not_to_have_text("[*]:")

    def set_theme(self, theme: str) -> None:
        """Change the theme of JupyterLab: "JupyterLab Light", "JupyterLab Dark"."""
        self.page.evaluate("(theme) => tests.setTheme(theme)", theme)
        self.page.locator(f'body[data-jp-theme-name="{theme}"]').wait_for(state="attached")
        # Lab covers the page while it changes; a second change before it is gone is an error of Lab's.
        self.page.locator("#jupyterlab-splash").wait_for(state="detached")

    def screenshot(self, path: Path, of: Locator | None = None) -> Path:
        """Save a picture of an element, or of the whole page, as PNG."""
        path.parent.mkdir(parents=True, exist_ok=True)
        (of or self.page).screenshot(path=path, animations="disabled")
        return path

    # the kernel

    def eval(self, expression: str, *, timeout: float = PATIENCE, aside: bool = False) -> Any:
        """Return the value of a Python expression in the kernel, as JSON carries it; no cell is run.

        With ``aside`` it is asked in a thread of its own, and so answered while a cell runs.
        """
        asked = {"value": f"__import__('json').dumps({expression})"}
        answer = self._execute("", asked, timeout, aside=aside)["user_expressions"]["value"]
        if answer["status"] != "ok":
            raise RuntimeError(f"{expression}: {answer['ename']}: {answer['evalue']}")
        return json.loads(ast.literal_eval(answer["data"]["text/plain"]))

    def exec(self, code: str, *, timeout: float = PATIENCE, aside: bool = False) -> None:
        """Run Python statements in the kernel, without a cell."""
        answer = self._execute(code, {}, timeout, aside=aside)
        assert answer["status"] == "ok", _plain("\n".join(answer["traceback"]))

    def errors(self) -> list[str]:
        """Return what callbacks have raised, and what was written to stderr."""
        return [_plain(text) for text in self.page.evaluate("(id) => tests.kernelErrors(id)", self.kernel)]

    def wait(self, expression: str, *, timeout: float = PATIENCE, aside: bool = False) -> Any:
        """Ask the kernel until the expression is true, and return its value."""
        end = time.monotonic() + timeout
        while not (value := self.eval(expression, timeout=timeout, aside=aside)):
            assert time.monotonic() < end, f"not true within {timeout} s: {expression} (last: {value!r})"
            time.sleep(0.01)
        return value

    def _connect(self) -> BlockingKernelClient:
        # No wait_for_ready(): the page has waited, and that call first empties the channel of outputs, which
        # never ends while a thread streams progress.
        if self._client is None:
            file = self._lab.runtime / f"kernel-{self.kernel}.json"
            self._client = BlockingKernelClient(connection_file=str(file))
            self._client.load_connection_file()
            self._client.start_channels(shell=True, iopub=False, stdin=False, hb=False, control=True)
        return self._client

    def _execute(
        self, code: str, expressions: dict[str, str], timeout: float, *, aside: bool
    ) -> dict[str, Any]:
        client = self._connect()
        message = client.session.msg(
            "execute_request",
            {
                "code": code,
                "silent": False,
                "store_history": False,
                "user_expressions": expressions,
                "allow_stdin": False,
                "stop_on_error": False,
            },
        )
        if aside:
            if self._subshell is None:
                asked = client.session.msg("create_subshell_request")
                self._subshell = _ask(client.control_channel, asked, timeout)["subshell_id"]
            message["header"]["subshell_id"] = self._subshell
        return _ask(client.shell_channel, message, timeout)

    def restart(self) -> None:
        """Restart the kernel, which then knows nothing of what the cells show."""
        self.page.evaluate("(id) => tests.restart(id)", self.kernel)

    # the end

    def save(self) -> Path:
        """Save the notebook with its widgets, and return the file."""
        self.page.evaluate("(id) => tests.save(id)", self.kernel)
        return self._lab.notebooks / self._name

    def reopen(self, *, kernel: bool = True) -> None:
        """Save the notebook with its widgets, end its kernel, open it again with a new one; run no cell.

        Without ``kernel`` it is opened with "No Kernel".
        """
        self.save()
        self.close()
        opening = "tests.open" if kernel else "tests.openAlone"
        self.kernel = self.page.evaluate(f"(path) => {opening}(path)", self._name)
        self._open = True

    def close(self) -> None:
        """Close the notebook and end its kernel; what callbacks raised or wrote to stderr is a problem."""
        if not self._open:
            return
        self._open = False
        if self._client is not None:
            self._client.stop_channels()
            self._client = self._subshell = None
        for text in self.errors():
            self._problems.add("kernel", text)
        self.page.evaluate("(id) => tests.close(id)", self.kernel)
        with suppress(OSError):  # a test may have ended the kernel, or there is none
            self._lab.request(f"/api/kernels/{self.kernel}", "DELETE")


def _ask(channel: Any, message: dict[str, Any], timeout: float) -> dict[str, Any]:
    channel.send(message)
    end = time.monotonic() + timeout
    while True:
        reply = channel.get_msg(timeout=max(0.0, end - time.monotonic()))
        if reply["parent_header"].get("msg_id") == message["header"]["msg_id"]:
            content: dict[str, Any] = reply["content"]
            return content


def _plain(text: str) -> str:
    """Return a traceback without its colours."""
    return re.sub(r"\x1b\[[0-9;]*m", "", text)
