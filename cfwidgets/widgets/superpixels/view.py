"""The superpixel view, and the explorer that puts a chart of the search beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import torch
import traitlets as t
from torchvision.transforms.functional import center_crop, resize

from cfwidgets.engines.superpixels.base import SuperpixelEngine
from cfwidgets.engines.superpixels.elime import ELime
from cfwidgets.engines.superpixels.masking import MaskedPicture
from cfwidgets.images import as_image, encode, encode_labels
from cfwidgets.models.classifier import Classifier
from cfwidgets.widgets.view import View, bundle
from cfwidgets.widgets.wire import likeliest, trust_rows

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike
    from torch import Tensor

    from cfwidgets.engines.superpixels.result import SuperpixelResult
    from cfwidgets.images import ImageLike

_TOP = 5
_WHOLE = 50  # classes whose probability on the whole picture the browser knows, to mark it beside the new one
_FROM_THE_BROWSER = {"target", "following", "shown", "cursor"}
_SHARPEST = 768  # pixels a side of the picture that the browser gets: twice the stage, for dense screens


class SuperpixelView(View):
    """Which superpixels carry the prediction? A picture whose superpixels one shows and hides.

    It returns at once and fills in while the engine runs. It is complete by itself, with mouse and keyboard,
    wherever anywidgets work.

    Parameters
    ----------
    clf
        The classifier.
    image
        What `images.as_image` accepts; None with ``result``.
    target
        The explained class, as an index or a label; None for the one that the model gives the whole picture.
    engine
        `ELime` or `Lime`, with its settings.
    segments
        Superpixels of one's own: an integer map of the size of ``clf.view(image)``.
    result
        A finished result to look at, in the place of a run.

    Attributes
    ----------
    shown
        The superpixels that are shown, ascending. Setting it asks the model.
    target
        The explained class. Setting it starts a run for that class, or shows what was found for it before.
    best, importance, whole, answer, history
        What the browser draws: see the comments on the traits.
    """

    _esm = bundle("superpixels.js")
    _css = bundle("superpixels.css")

    # In the browser's formats: what is explained, what stands where it is hidden, and the superpixels.
    picture = t.Bytes().tag(sync=True)
    hidden_picture = t.Bytes().tag(sync=True)
    label_map = t.Bytes().tag(sync=True)
    size = t.List(t.Int(), [0, 0]).tag(sync=True)
    count = t.Int(0).tag(sync=True)
    labels = t.List(t.Unicode()).tag(sync=True)
    objective = t.Unicode("sufficient").tag(sync=True)
    # What the user plays with. No echo: a late one would undo what was clicked since. While `following`,
    # what is shown is `best`, and changes with it; an edit ends that.
    target = t.Int(-1).tag(sync=True, echo_update=False)
    following = t.Bool(default_value=True).tag(sync=True, echo_update=False)
    shown = t.List(t.Int(), maxlen=2**16).tag(sync=True, echo_update=False)
    # What was found.
    best = t.List(t.Int()).tag(sync=True)
    importance = t.List(t.Float()).tag(sync=True)
    generation = t.Int(0).tag(sync=True)
    generations = t.Int(0).tag(sync=True)
    evaluations = t.Int(0).tag(sync=True)
    history = t.Dict().tag(sync=True)
    history_masks = t.Bytes().tag(sync=True)
    trust = t.List(t.Dict()).tag(sync=True)
    measures = t.Bool(default_value=True).tag(sync=True)  # whether `trust` will have rows at the end
    continuable = t.Bool(default_value=True).tag(sync=True)
    # What the model says: of the whole picture [[class, probability], …], and of the one that is shown.
    whole = t.List(t.List()).tag(sync=True)
    answer = t.Dict(default_value=None, allow_none=True).tag(sync=True)
    # The generation that the browser looks at, twice: for the line of a chart.
    cursor = t.List(t.Float(), [0.0, 0.0]).tag(sync=True, echo_update=False)

    def __init__(
        self,
        clf: Classifier,
        image: ImageLike | None = None,
        target: int | str | None = None,
        engine: SuperpixelEngine | None = None,
        *,
        segments: Tensor | ArrayLike | None = None,
        result: SuperpixelResult | None = None,
    ) -> None:
        if not isinstance(clf, Classifier):
            raise TypeError(
                f"clf must be a Classifier, not {type(clf).__name__}: wrap it, `Classifier(model, …)`"
            )
        engine = ELime() if engine is None else engine
        if not isinstance(engine, SuperpixelEngine):
            raise TypeError(f"engine must be ELime(…) or Lime(…), not {type(engine).__name__}")
        self._clf = clf
        self._engine = engine
        self._segments = segments
        if image is not None and result is None:
            self._image = as_image(image)
        elif result is not None and image is None:
            self._image, self._segments = result.image, result.segments
        else:
            raise ValueError("give either an image to explain or a finished result to look at")
        self._found: dict[int, SuperpixelResult] = {}
        self._ended: set[int] = set()
        self._masked: MaskedPicture | None = None
        self._asked: tuple[tuple[int, ...], Tensor] | None = None
        self._whole: Tensor | None = None
        wanted = None if target is None else clf.class_index(target)
        seen = clf.view(self._image)
        super().__init__()
        with self.together():
            self.picture = encode(_sharp(self._image, seen))
            self.size = list(seen.shape[1:])
            self.labels = [] if clf.labels is None else list(clf.labels)
            self.continuable, self.measures = self._engine.resumable, self._engine.trust
        if result is None:
            self._search(wanted)
        else:
            self._show(result)

    @property
    def result(self) -> SuperpixelResult | None:
        """What was found for the explained class, as it stands; None before the first step."""
        return self._found.get(self.target)

    @property
    def mask(self) -> np.ndarray:
        """``(n,)`` bool: the superpixels that are shown. It can be set."""
        mask = np.zeros(self.count, bool)
        mask[self._now()] = True
        return mask

    @mask.setter
    def mask(self, mask: ArrayLike | Tensor) -> None:
        mask = np.asarray(mask)
        if mask.shape != (self.count,) or mask.dtype != bool:
            raise ValueError(f"mask must be {self.count} booleans, not {mask.dtype} of shape {mask.shape}")
        with self.together():
            self.following = False
            self.shown = np.flatnonzero(mask).tolist()

    @property
    def probabilities(self) -> pd.DataFrame:
        """What the model says of the picture that is shown, likeliest first: class, label, probability."""
        row = self._row(self._now())
        order = row.argsort(descending=True)
        labels = [self._clf.label(index) for index in order.tolist()]
        return pd.DataFrame({"class": order.numpy(), "label": labels, "probability": row[order].numpy()})

    def proceed(self) -> None:
        """Go on where the run was stopped; a search that had ended goes on for as many generations again."""
        if self.state == "stopped":
            super().proceed()
        elif self.state != "running":
            self._search(None if self.target < 0 else self.target, again=True)

    def close(self) -> None:
        """Stop the run, free what it holds and found, and take the view off every page."""
        if self._open:
            super().close()
            self._found.clear()
            self._masked = self._asked = None

    def _search(self, target: int | None, *, again: bool = False) -> None:
        """Start a run for a class, go on with one that was left, or show what it had found."""
        found = None if target is None else self._found.get(target)
        if found is not None and target in self._ended and not again:
            self._show(found)
            return
        resume = {"resume": found} if found is not None and self._engine.resumable else {}
        self.start(self._engine.steps(self._clf, self._image, target, segments=self._segments, **resume))

    def _show(self, result: SuperpixelResult) -> None:
        """Show a result that no run is adding to."""
        with self.together():
            self._turn += 1
            if self.run is not None:
                self.run.close()
            self._ended.add(result.target)
            self._publish(result)
            self.state, self.activity, self.progress, self.error = "done", "", 1.0, ""

    def _publish(self, partial: SuperpixelResult) -> None:
        self._found[partial.target] = partial
        if self._masked is None:
            self._masked = MaskedPicture(self._clf, partial.image, partial.hidden, partial.segments)
            self.label_map = encode_labels(partial.segments)
            self.hidden_picture = encode(partial.hidden)
            self.count = partial.count
            self.objective = partial.objective
        # before the class: to know both is to ask the model
        self.best = torch.nonzero(partial.shown).flatten().tolist()
        if self.target < 0:
            self.target = partial.target
        if self.run is not None and self.run.state == "done":
            self._ended.add(partial.target)
        self.evaluations = partial.evaluations
        self.importance = partial.importance.tolist()
        self.trust = trust_rows(partial.trust())
        if partial.searches:
            search = partial.searches[partial.watched]
            masks = search.masks if partial.objective == "sufficient" else ~search.masks
            self.history = {"best": search.best.tolist(), "mean": search.mean.tolist()}
            self.history_masks = np.packbits(masks.numpy(), axis=1).tobytes()
            self.generation = len(search.best) - 1
            each = partial.settings["generations"]
            self.generations = max(1, -(-self.generation // each)) * each
        else:
            self.history, self.history_masks, self.generation, self.generations = {}, b"", 0, 0

    def _checked(self, sync_data: dict[str, Any]) -> dict[str, Any]:
        shown = sync_data.get("shown", [])
        if not isinstance(shown, list) or len(shown) > self.count:
            raise ValueError(f"shown must be a list of at most {self.count} superpixels")
        for index in shown:
            if not isinstance(index, int) or isinstance(index, bool) or not 0 <= index < self.count:
                raise ValueError(f"shown must hold superpixels from 0 to {self.count - 1}, not {index!r:.40}")
        if len(set(shown)) < len(shown):
            raise ValueError("shown names a superpixel twice")
        target = sync_data.get("target", 0)
        if not isinstance(target, int) or not 0 <= target < self._classes:
            raise ValueError(f"target must be a class from 0 to {self._classes - 1}, not {target!r:.40}")
        foreign = sync_data.keys() - _FROM_THE_BROWSER
        if foreign:
            raise ValueError(f"the page may not set {', '.join(sorted(foreign))}")
        return sync_data

    @property
    def _classes(self) -> int:
        # None only before the first answer; then no class can be chosen either
        return self._clf.classes or 0

    def _now(self) -> list[int]:
        return self.best if self.following else self.shown

    @t.observe("best", "shown", "following")
    def _ask(self, _change: Any) -> None:
        self._answers.ask((tuple(self._now()), self.target))

    @t.observe("target")
    def _retarget(self, change: Any) -> None:
        if change.old >= 0:
            with self.together():
                self.following = True
            self._search(change.new)
        self._ask(change)

    def _answer(self, question: tuple[tuple[int, ...], int]) -> None:
        shown, target = question
        if self._masked is None or target < 0:
            return  # nothing to ask about yet: `best` will change
        row = self._row(shown)
        if self._whole is None:
            self._whole = self._masked.probabilities(torch.ones(1, self.count, dtype=torch.bool))[0]
            self.whole = likeliest(self._whole, _WHOLE)
        self.answer = {
            "shown": list(shown),
            "target": target,
            "top": likeliest(row, _TOP),
            "probability": float(row[target]),
            "whole": float(self._whole[target]),
        }

    def _row(self, shown: Sequence[int]) -> Tensor:
        """``(C,)``: what the model says of the picture with these superpixels."""
        if self._masked is None:
            raise ValueError("there are no superpixels yet: the run has just begun")
        key = tuple(shown)
        if self._asked is None or self._asked[0] != key:
            mask = torch.zeros(1, self.count, dtype=torch.bool)
            mask[0, list(key)] = True
            self._asked = (key, self._masked.probabilities(mask)[0])
        return self._asked[1]


def _sharp(image: Tensor, seen: Tensor) -> Tensor:
    """The part of the picture that the model sees, as sharp as the picture is and the stage can show."""
    height, width = image.shape[1:]
    aspect = seen.shape[2] / seen.shape[1]
    across, down = min(width, round(height * aspect)), min(height, round(width / aspect))
    cut = center_crop(image, [down, across])
    if max(down, across) > _SHARPEST:
        cut = resize(cut, _SHARPEST * min(down, across) // max(down, across), antialias=True).clamp(0, 1)
    return cut
