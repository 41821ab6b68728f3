"""The head of an open case: its question, the model's answer, the tabs, and the answer without a region."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any, NamedTuple

import torch
import traitlets as t

from cfwidgets.engines.survey.truth import UNKNOWN
from cfwidgets.evaluation.hiding import FILLS, fills, hidden
from cfwidgets.images import as_bytes
from cfwidgets.regions import region_mask
from cfwidgets.widgets.lifetime import closed_on_failure
from cfwidgets.widgets.linking import Linked
from cfwidgets.widgets.view import View, bundle
from cfwidgets.widgets.wire import encode_frames, likeliest
from cfwidgets.widgets.workbench.asking import TABS
from cfwidgets.widgets.workbench.question import in_text, question_of

if TYPE_CHECKING:
    from collections.abc import Generator

    from torch import Tensor

    from cfwidgets.engines.base import Update
    from cfwidgets.export.travel import Travel
    from cfwidgets.models.classifier import Classifier
    from cfwidgets.widgets.workbench.kept import Case
    from cfwidgets.widgets.workbench.pictures import Picture

__all__ = ["CaseView"]

_TOP = 4


class _Shown(NamedTuple):
    """The picture of a case as the model sees it, and what may stand for its pixels."""

    picture: Picture
    seen: Tensor
    contents: dict[str, Tensor]


class CaseView(Linked, View[None]):
    """The head of an open case: the question in words, top probabilities, tabs, and the picture.

    The picture can be pointed at, and a region drawn in it; both are shared with the explorers of the case
    (`ipywidgets.jslink`). The model is asked at once about the picture without the region.

    Parameters
    ----------
    clf
        The classifier.
    second
        The name of a second one, whose answer stands beside; empty for none.

    Attributes
    ----------
    number
        The number of the picture in the data set; -1 where no case is open.
    tab
        The open tab. It can be set.
    point, region
        See `Linked`. Setting the region asks the model about the picture without it.
    fill
        What stands in the place of the region: ``blur``, ``mean``, ``black``, ``noise`` or ``inpaint``. It
        can be set.
    without
        The answer: the classes with their probabilities, and the picture that the model was shown.
    """

    from_page = frozenset({"tab", "region", "fill"})
    linked = frozenset({"point"})

    _esm = bundle("case.js")
    _css = bundle("case.css")

    number = t.Int(-1).tag(sync=True)
    path = t.Unicode().tag(sync=True)
    question = t.List(t.Dict()).tag(sync=True)
    labels = t.List(t.Unicode()).tag(sync=True)
    truth = t.Int(UNKNOWN).tag(sync=True)
    predicted = t.Int(UNKNOWN).tag(sync=True)
    # Probabilities for the picture, [[class, probability], …], and those of the second model.
    top = t.List(t.List()).tag(sync=True)
    second = t.Unicode().tag(sync=True)
    second_top = t.List(t.List()).tag(sync=True)
    # The picture as the model sees it, and its height and width.
    picture = t.Bytes().tag(sync=True)
    size = t.List(t.Int(), [0, 0]).tag(sync=True)
    # The tabs, with what may be asked in each: name, title, and why not and how, where it cannot be.
    tabs = t.List(t.Dict()).tag(sync=True)
    tab = t.Unicode().tag(sync=True, echo_update=False)
    # In an exported page, which turns to the tabs by itself.
    travels = t.Bool(default_value=False).tag(sync=True)
    fill = t.Enum(FILLS, "blur").tag(sync=True, echo_update=False)
    without = t.Dict().tag(sync=True)

    @closed_on_failure
    def __init__(self, clf: Classifier, second: str = "") -> None:
        self._clf = clf
        self._shown: _Shown | None = None
        super().__init__()
        self.second, self.measures, self.state = second, False, "done"

    def _steps(self) -> Generator[Update[None], None, None]:
        raise NotImplementedError("a case is no run: its explorers are")

    def open_case(
        self, picture: Picture, name: str, tabs: list[dict[str, Any]], kept: Case | None = None
    ) -> None:
        """Show a case, whose point and answer are none yet.

        Parameters
        ----------
        picture, name
            The picture, and what it is called.
        tabs
            See ``tabs`` of the view.
        kept
            The same case as it was kept, whose tab, region and fill are shown.
        """
        seen = picture.seen
        shown = None if seen is None else _Shown(picture, seen, fills(seen))
        classes = range(len(picture.probabilities))
        with self.together():
            self._shown = shown
            self.region, self.point, self.without = [], [], {}
            self.labels = [self._clf.label(index) for index in classes]
            self.number, self.path, self.tabs = picture.number, picture.path, tabs
            self.question = question_of(self._clf, name, picture.truth, picture.predicted)
            self.tab = (kept.tab if kept is not None else "") or next(iter(TABS))
            self.truth, self.predicted = picture.truth, picture.predicted
            self.top = likeliest(picture.probabilities, _TOP, _always(picture))
            self.second_top = [] if picture.second is None else likeliest(picture.second, 1)
            self.picture = b"" if seen is None else encode_frames(as_bytes(seen)[None])[0]
            self.size = [0, 0] if seen is None else list(seen.shape[1:])
            self.error = ""
            if kept is not None:
                self.fill, self.region = kept.fill, kept.region

    def close_case(self) -> None:
        """Show that no case is open."""
        with self.together():
            self._shown = None
            self.number, self.path, self.question, self.tabs, self.top = -1, "", [], [], []
            self.region, self.point, self.without, self.second_top = [], [], {}, []
            self.picture, self.size, self.tab = b"", [0, 0], ""
            self.truth = self.predicted = UNKNOWN

    def say(self, failure: BaseException) -> None:
        """Show an error where the case is, or would be."""
        self._fail(failure)

    def __repr__(self) -> str:
        return (
            f"<CaseView: {in_text(self.question) or 'no case is open'}>"
            if self._open
            else "<CaseView closed>"
        )

    def _release(self) -> None:
        super()._release()
        self._shown = None

    def _checked(self, changed: dict[str, Any]) -> dict[str, Any]:
        if "tab" in changed and changed["tab"] not in [one["name"] for one in self.tabs]:
            raise ValueError(f"tab must be one of {', '.join(TABS)}, not {changed['tab']!r:.40}")
        return changed

    @t.observe("region", "fill")
    def _ask(self, _change: Any) -> None:
        if not self._open or self._shown is None:
            return
        if self.region:
            self._answers.ask(None)
        else:
            self.without = {}

    def _answer(self, _question: None) -> None:
        with self._wire:
            shown, region, fill = self._shown, [list(ring) for ring in self.region], self.fill
        if shown is None or not region:
            return
        answer = self._without(shown, region, fill)
        with self.together():
            if self._shown is shown and not self._answers.superseded:
                self.without = answer

    def settle(self) -> None:
        """Answer what is asked now, not on another thread."""
        shown, region = self._shown, [list(ring) for ring in self.region]
        if shown is not None and region:
            self.without = self._without(shown, region, self.fill)

    def _without(self, shown: _Shown, region: list[list[float]], fill: str) -> dict[str, Any]:
        """Ask the model about the picture without a region."""
        picture, seen, contents = shown
        mask = region_mask(region, seen.shape[1], seen.shape[2])
        left = hidden(seen, mask, fill, contents)
        row = self._clf.probabilities(left[None])[0].cpu()
        return {
            "region": region,
            "fill": fill,
            "share": float(mask.float().mean()),
            "top": [
                [*one, float(picture.probabilities[int(one[0])])]
                for one in likeliest(row, _TOP, _always(picture))
            ],
            "picture": encode_frames(as_bytes(left)[None])[0],
        }

    def travel(self) -> Travel:
        """Return what an exported page needs to answer the view."""
        from cfwidgets.export.network import network_for
        from cfwidgets.export.refusal import CannotTravelError
        from cfwidgets.export.travel import Travel

        if self._shown is None:
            raise CannotTravelError("the picture is gone")
        picture, seen, contents = self._shown
        some = torch.stack([seen, *((seen + content) / 2 for content in contents.values())])
        return Travel(
            "case",
            ("region", "fill"),
            functools.partial(network_for, self._clf.in_float32(), some),
            {"image": seen, **contents},
            {"prediction": picture.probabilities.tolist(), "always": _always(picture)},
        )


def _always(picture: Picture) -> list[int]:
    """The classes that every answer names."""
    return [index for index in (picture.predicted, picture.truth) if index != UNKNOWN]
