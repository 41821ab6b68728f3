"""The state of widgets, as a page brings it back."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ipywidgets.embed import dependency_state

if TYPE_CHECKING:
    from collections.abc import Mapping

    import ipywidgets as w

__all__ = ["State", "modules", "packed", "state_of"]

_BASE, _CONTROLS = "@jupyter-widgets/base", "@jupyter-widgets/controls"
# What the script of a page has of the controls: js/src/page/manager.ts.
_KNOWN = frozenset(
    {
        "BoxModel",
        "DirectionalLinkModel",
        "HBoxModel",
        "LabelModel",
        "LabelStyleModel",
        "LinkModel",
        "VBoxModel",
    }
)

_TEXTS = ("_esm", "_css")
_ENDED = {"state": "stopped", "activity": "", "time_left": ""}


@dataclass(frozen=True)
class State:
    """The state of widgets and of all that they refer to.

    Attributes
    ----------
    models
        In the widget manager's format, by id.
    texts
        Texts that it refers to by their place: the scripts and style sheets of views, each once.
    """

    models: dict[str, Any]
    texts: list[str]

    @property
    def length(self) -> int:
        """Characters of the models as JSON."""
        return len(json.dumps(self.models))

    def answering(self, answers: Mapping[str, tuple[str, ...]]) -> dict[str, Any]:
        """Return what the widget manager reads, for a page that answers these traits, by the view's id."""
        # js/src/shared/kernel.ts tells by `page_answers` that a page shows the view
        views = {name: model for name, model in self.models.items() if "_esm" in model["state"]}
        told = {
            name: {**model, "state": {**model["state"], "page_answers": list(answers.get(name, ()))}}
            for name, model in views.items()
        }
        return {"version_major": 2, "version_minor": 0, "state": {**self.models, **told}}


def state_of(*widgets: w.Widget, told: Mapping[str, Mapping[str, Any]] | None = None) -> State:
    """Collect the state of widgets and of all that they refer to, as it is in a page.

    Parameters
    ----------
    widgets
        One or more.
    told
        Traits that are other ones in a page, by the ids of the models.
    """
    # Defaults must be in it: the script of a view is one.
    models: dict[str, Any] = dependency_state(widgets, drop_defaults=False)
    for name, traits in (told or {}).items():
        models[name]["state"].update(traits)
    return packed(models)


def packed(models: dict[str, Any]) -> State:
    """Return the state of a page. A run that goes on is told as stopped.

    Parameters
    ----------
    models
        In the widget manager's format, by id; they are changed.
    """
    texts: dict[str, int] = {}
    for model in models.values():
        state = model["state"]
        if "_esm" not in state:
            continue
        for key in _TEXTS:
            state[key] = texts.setdefault(str(state.get(key, "")), len(texts))
        if state.get("state") == "running":
            state.update(_ENDED)
    return State(_plain(models), list(texts))


def modules(state: State) -> list[str]:
    """Name the packages of a state whose front ends the page needs besides its own.

    Raises
    ------
    ValueError
        A widget of ipywidgets that a page cannot show.
    """
    for model in state.models.values():
        name = model["model_name"]
        if model["model_module"] == _CONTROLS and name not in _KNOWN:
            raise ValueError(f"no page can show a {name.removesuffix('Model')} of ipywidgets")
    found = {
        model["state"].get(key)
        for model in state.models.values()
        for key in ("_model_module", "_view_module")
    }
    return sorted(name for name in found if name and name not in (_BASE, _CONTROLS))


def _plain(value: Any) -> Any:
    """Make of a number that JSON does not know none."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {key: _plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    return value
