"""A workbench over small pictures, whose explainers end within a second or two."""

from __future__ import annotations

from typing import Any

import small
import torch
from torch import Tensor
from waiting import until

import cfwidgets as cf

COUNT = 6
LABELS = [0, 1, 0, 1, 0, 1]
ENGINES = {
    "relevance": cf.Relevance(("rap", "saliency"), layers=2, stages=2, cells=4),
    "superpixels": cf.ELime(segments=9, population=8, generations=4, trust=False),
    "transition": cf.Transitions(starts=3, updates=4, phases=12, rate=0.05, trust=False),
    "edits": cf.PlausibleCounterfactuals(
        cf.search.SMPSO(population=10, archive=10), evaluations=60, trust=False
    ),
    "regions": cf.FaceX(patch=4, patches=3, batch_size=3, sampled=4, trust=False),
    "survey": cf.Survey(batch_size=4, trust=False),
}
SQUARE = [[0.0, 0.0, 0.5, 0.0, 0.5, 0.5, 0.0, 0.5]]


def pictures(seed: int = 0) -> Tensor:
    return torch.stack([small.picture(100 * seed + number) for number in range(COUNT)])


def all_given() -> dict[str, Any]:
    """All that lets each explainer be asked."""
    return {"generator": small.Painter(), "editor": small.Tint(), "faces": small.faces(), "engines": ENGINES}


def ended(workbench: cf.Workbench) -> cf.Workbench:
    """Wait until the explorers of the open tab are made and have ended."""

    def over() -> bool:
        made = workbench.explorers
        asked = [
            entry["name"]
            for one in workbench.case.tabs
            if one["name"] == workbench.case.tab
            for entry in one["asked"]
            if not entry["why"]
        ]
        return all(name in made and made[name].view.state in ("done", "failed") for name in asked)

    until(over)
    return workbench


def tell(view: Any, content: dict[str, Any]) -> None:
    """Send a view a message, as the page does."""
    view._handle_msg({"content": {"data": {"method": "custom", "content": content}}})


def refusals(workbench: cf.Workbench) -> dict[str, tuple[str, str]]:
    """Why explainers cannot be asked, and how to make it possible."""
    return {
        entry["name"]: (entry["why"], entry["how"])
        for tab in workbench.case.tabs
        for entry in tab["asked"]
        if entry["why"]
    }
