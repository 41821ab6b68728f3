"""Keep what the cells of a notebook show, until the cell is run again, or deleted.

A front end that sends the id of a cell with it (JupyterLab, Notebook 7, VS Code) shows nothing any more of an
earlier run of that cell. What such a run showed is therefore let go, also from IPython's history of outputs
(``Out``, ``_``); it lives on where the program refers to it. Without an id all is kept.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cfwidgets.notebook import running_shell

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["hold", "let_go"]

_RECENT = ("_", "__", "___")  # IPython's names of the last three outputs
_shown: dict[str, list[Any]] = {}
_watched: list[Any] = []  # the shell whose cells are watched


def hold(widget: Any) -> None:
    """Keep a widget for as long as the cell that is running now shows it."""
    shell = running_shell()
    if shell is None:
        return
    if shell not in _watched:
        _watched[:] = [shell]
        shell.events.register("pre_run_cell", _begin)
    here = _shown.setdefault(_metadata(shell).get("cellId", ""), [])
    if not _has(here, widget):
        here.append(widget)


def let_go(widget: Any) -> None:
    """Keep a widget no longer, whatever shows it."""
    for here in _shown.values():
        here[:] = [one for one in here if one is not widget]


def _begin(info: Any) -> None:
    """Let go of what the cell that begins has shown, and of what cells showed that are deleted."""
    shell = _watched[0]
    ended = [getattr(info, "cell_id", None), *_metadata(shell).get("deletedCells", ())]
    dropped = [widget for cell in ended if cell for widget in _shown.pop(cell, ())]
    for widget in dropped:
        if not any(_has(here, widget) for here in _shown.values()):
            _forget(shell, widget)


def _metadata(shell: Any) -> dict[str, Any]:
    found: dict[str, Any] = shell.kernel.get_parent().get("metadata") or {}
    return found


def _forget(shell: Any, widget: Any) -> None:
    """Remove a widget from the history of outputs; variables of the user's are left alone."""
    history, hook = shell.user_ns.get("_oh", {}), shell.displayhook
    numbers = [number for number, value in history.items() if value is widget]
    for number in numbers:
        del history[number]
    for names in (shell.user_ns, shell.user_ns_hidden):  # the second has the names that IPython itself sets
        for number in numbers:
            names.pop(f"_{number}", None)
        for name in _RECENT:
            if names.get(name) is widget:
                names[name] = ""
    for name in _RECENT:
        if getattr(hook, name, None) is widget:
            setattr(hook, name, "")
    last = shell.last_execution_result
    if last is not None and last.result is widget:
        last.result = None


def _has(widgets: Iterable[Any], widget: Any) -> bool:
    return any(one is widget for one in widgets)
