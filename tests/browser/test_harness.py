"""The harness itself: it shows a widget, and it notices what goes wrong without a word."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from harness.notebook import Notebook
from harness.problems import Problems
from playwright.sync_api import expect

COUNTER = """
import anywidget, traitlets

class Counter(anywidget.AnyWidget):
    _esm = '''export default { render({ model, el }) {
      const button = document.createElement("button");
      button.dataset.testid = "counter";
      const show = () => { button.textContent = `${model.get("count")}`; };
      button.onclick = () => { model.set("count", model.get("count") + 1); model.save_changes(); };
      model.on("change:count", show);
      show();
      el.append(button);
    } };'''
    count = traitlets.Int(3).tag(sync=True)

counter = Counter()
"""

OpenNotebook = Callable[..., Notebook]


def test_a_widget_and_its_kernel_talk(open_notebook: OpenNotebook) -> None:
    nb = open_notebook(COUNTER + "counter")
    nb.run_all()
    button = nb.page.get_by_test_id("counter")
    expect(button).to_have_text("3")
    button.click()
    nb.wait("counter.count == 4")
    nb.exec("counter.count = 40")
    expect(button).to_have_text("40")


def test_the_kernel_runs_in_the_interpreter_of_the_tests(open_notebook: OpenNotebook) -> None:
    assert open_notebook().eval("__import__('sys').executable") == sys.executable


def test_the_kernel_answers_aside_while_a_cell_runs(open_notebook: OpenNotebook) -> None:
    nb = open_notebook("import threading; go = threading.Event(); began = True; go.wait(20)")
    nb.run_cell(0, wait=False)
    nb.wait("'began' in globals()", aside=True)
    expect(nb.page.locator(".jp-InputPrompt").first).to_have_text("[*]:")
    nb.exec("go.set()", aside=True)
    expect(nb.page.locator(".jp-InputPrompt").first).to_have_text("[1]:")


def test_the_theme_and_a_screenshot(open_notebook: OpenNotebook, tmp_path: Path) -> None:
    nb = open_notebook()
    body = nb.page.locator("body")
    nb.set_theme("JupyterLab Dark")
    expect(body).to_have_attribute("data-jp-theme-light", "false")
    dark = nb.screenshot(tmp_path / "dark.png").read_bytes()
    nb.set_theme("JupyterLab Light")
    expect(body).to_have_attribute("data-jp-theme-light", "true")
    light = nb.screenshot(tmp_path / "light.png").read_bytes()
    assert dark.startswith(b"\x89PNG")
    assert dark != light


def test_two_notebooks_at_once(open_notebook: OpenNotebook) -> None:
    one, two = open_notebook("x = 1"), open_notebook("x = 2")
    one.run_all()
    two.run_all()
    assert (one.eval("x"), two.eval("x")) == (1, 2)


def test_an_error_in_a_cell_is_noticed(open_notebook: OpenNotebook) -> None:
    nb = open_notebook("1 / 0", ignore=("ZeroDivisionError",))
    with pytest.raises(AssertionError, match="ZeroDivisionError"):
        nb.run_all()


def test_a_cell_that_does_not_end_is_noticed(open_notebook: OpenNotebook) -> None:
    nb = open_notebook("import threading; go = threading.Event(); go.wait(20)")
    with pytest.raises(Exception, match=r"not within 0\.2 s"):
        nb.run_all(seconds=0.2)
    nb.exec("go.set()", aside=True)


def test_an_error_in_the_front_end_is_noticed(open_notebook: OpenNotebook, problems: Problems) -> None:
    page = open_notebook().page
    page.evaluate("() => console.error('told on the console')")
    page.evaluate("() => { Promise.reject(new Error('nobody caught it')); }")
    page.evaluate("() => fetch('/api/contents/not-there')")
    page.evaluate("() => fetch('http://192.0.2.1/').catch(() => 0)")  # RFC 5737: nobody's address
    with pytest.raises(AssertionError) as noticed:
        problems.check()
    for problem in ("told on the console", "nobody caught it", "HTTP 404", "request off the machine"):
        assert problem in str(noticed.value)
    problems.start()


@pytest.mark.parametrize(
    "hook", ["counter.observe(lambda change: 1 / 0, 'count')", "counter.on_msg(lambda *_: 1 / 0)"]
)
def test_an_error_in_a_callback_is_noticed(
    open_notebook: OpenNotebook, problems: Problems, hook: str
) -> None:
    nb = open_notebook(
        f"{COUNTER}counter".replace("model.save_changes();", "model.save_changes(); model.send({});")
    )
    nb.run_all()
    nb.exec(hook)
    nb.page.get_by_test_id("counter").click()
    nb.page.wait_for_function(
        "(id) => tests.kernelErrors(id).some((e) => /ZeroDivision/.test(e))", arg=nb.kernel
    )
    nb.close()
    with pytest.raises(AssertionError, match="ZeroDivisionError"):
        problems.check()
    problems.start()
