"""The translation view: each image beside its twin of the other class, and what differs."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any, ClassVar, cast

import torch
import traitlets as t

from cfwidgets.checkpoint import checkpoint_path
from cfwidgets.engines.translation.engine import CounterfactualTranslator
from cfwidgets.engines.translation.given import Given, read, second_columns
from cfwidgets.engines.translation.result import TranslationResult
from cfwidgets.engines.translation.stress import KINDS, Kind, stressed
from cfwidgets.evaluation.attacks import noisy
from cfwidgets.evaluation.segmentation import BINS
from cfwidgets.models.classifier import Classifier, require_classifier
from cfwidgets.models.translator import Translator, require_translator
from cfwidgets.widgets.answers import Stressed
from cfwidgets.widgets.checks import foreign, is_whole, require_kind, whole
from cfwidgets.widgets.lifetime import closed_on_failure
from cfwidgets.widgets.linking import LINKED, Linked
from cfwidgets.widgets.translation.entries import entries, spread
from cfwidgets.widgets.translation.pictures import bundle, deflated_levels, picture, tiles
from cfwidgets.widgets.translation.strongest import STRONGEST
from cfwidgets.widgets.view import View
from cfwidgets.widgets.view import bundle as front_end
from cfwidgets.widgets.wire import pack

if TYPE_CHECKING:
    import pathlib
    from collections.abc import Generator as Steps
    from collections.abc import Sequence

    from torch import Tensor

    from cfwidgets.engines.base import Update
    from cfwidgets.export.travel import Travel
    from cfwidgets.export.words import About

_AT_HAND = 64 * 256 * 256  # pixels of images whose twins, variants and masks the browser keeps
_TRAVELLING = 16 * 3 * 256 * 256  # numbers of images that an exported page may disturb
_LEVELS = 7  # of a curve under stress
_MIDDLE = 0.5


class TranslationView(Linked, View[TranslationResult]):
    """Each image beside its twin of the other class, to wipe between; and the mask of what differs.

    It returns at once and fills in while the engine runs. It is complete by itself, with mouse and keyboard,
    wherever anywidgets work; wiping, thresholds, variants and the walk through the images need no kernel.

    Parameters
    ----------
    clf
        The classifier. ``clf, translator = cfwidgets.zoo.translator(…)`` gives one with a class for painted
        images.
    translator
        A `cfwidgets.Translator`.
    images
        A batch or a sequence that `images.as_images` accepts, or a data set with ``images``, and maybe
        ``labels`` and ``masks``; None with ``result``.
    target
        The class that is told from the rest, as an index or a label; None for the second of two.
    truth
        The class that each image really has; None for the data set's.
    masks
        ``(n, H, W)`` bool: the true masks; None for the data set's.
    engine
        `CounterfactualTranslator`, with its settings.
    second
        A classifier of the same classes that was trained in the ordinary way, to compare with.
    result
        A finished result to show instead of a run.
    checkpoint
        A file to write the result to, and to resume from where it is there.

    Attributes
    ----------
    chosen
        Place of the image that is shown, from 0. It can be set.
    threshold
        Of the difference mask, 0 to 255/256. It can be set.
    point, region
        The crosshair and the region that linked views share: see `Linked`.
    result
        What is found so far, a `TranslationResult`.
    run
        The `Run` over the images: ``run.result()`` waits for its end.

    Methods
    -------
    stop, resume
        Stop the run, and keep what was found; resume it.
    export
        Write one HTML file that plays from disk, and answers where the networks can travel in it.
    save
        Write a file that `cfwidgets.open` brings back, with what was clicked.
    close
        Stop, free everything, and take it off the page.

    Examples
    --------
    >>> import cfwidgets as cf
    >>> quick = CounterfactualTranslator(variants=0, trust=False)
    >>> pair = cf.zoo.translator("concrete", device="cpu")
    >>> view = TranslationView(*pair, cf.data.concrete(2, size=128), engine=quick)
    >>> view.run.result().twins.shape
    torch.Size([2, 3, 128, 128])
    >>> view.chosen, view.threshold = 1, 0.25
    >>> view.close()
    """

    _esm = front_end("translation.js")
    _css = front_end("translation.css")

    from_page = frozenset({"chosen", "threshold", "stressed", "curves"})
    linked = LINKED | {"cursor", "curve", "area", "strength"}
    needs = ("translator",)
    also = ("second",)
    clicked = ("chosen", "threshold", "stressed", "curves", *sorted(LINKED))
    answered: ClassVar[dict[str, type[Any]]] = {"stress": Stressed}

    model = t.Unicode().tag(sync=True)
    labels = t.List(t.Unicode()).tag(sync=True)
    target = t.Int(-1).tag(sync=True)
    painted = t.Int(-1).tag(sync=True)
    second = t.Unicode().tag(sync=True)
    # The images: how many, of which size; a small picture of each; of each at hand, all there is of it.
    total = t.Int(0).tag(sync=True)
    size = t.List(t.Int(), [0, 0]).tag(sync=True)
    tiles = t.Bytes().tag(sync=True)
    pictures = t.Bytes().tag(sync=True)
    entries = t.List(t.Dict()).tag(sync=True)
    # All there is of the image shown, where it is not at hand.
    fetched = t.Dict().tag(sync=True)
    # The user's choices. No echo: a late one would undo a newer choice.
    chosen = t.Int(0).tag(sync=True, echo_update=False)
    threshold = t.Float(_MIDDLE).tag(sync=True, echo_update=False)
    stressed = t.List(t.Float(), maxlen=2).tag(sync=True, echo_update=False)
    curves = t.Enum(["", *KINDS], "").tag(sync=True, echo_update=False)
    # The answer under stress; how many levels of each kind's curve are measured; an attack is possible.
    stress = t.Dict().tag(sync=True)
    measured = t.Dict().tag(sync=True)
    attackable = t.Bool(default_value=False).tag(sync=True)
    # For the chart: the threshold twice, and two curves over it.
    cursor = t.List(t.Float(), [_MIDDLE, _MIDDLE]).tag(sync=True, echo_update=False)
    curve = t.List(t.Float()).tag(sync=True, echo_update=False)
    area = t.List(t.Float()).tag(sync=True, echo_update=False)
    # The strength of the noise or the attack, twice.
    strength = t.List(t.Float(), [0.0, 0.0]).tag(sync=True, echo_update=False)

    @closed_on_failure
    def __init__(
        self,
        clf: Classifier,
        translator: Translator,
        images: Any = None,
        target: int | str | None = None,
        *,
        truth: Tensor | Sequence[int] | None = None,
        masks: Tensor | None = None,
        engine: CounterfactualTranslator | None = None,
        second: Classifier | None = None,
        result: TranslationResult | None = None,
        checkpoint: str | pathlib.Path | None = None,
    ) -> None:
        require_classifier("clf", clf)
        require_translator(translator)
        if engine is None:
            # Small batches: pictures appear soon, and a question waits for one batch at most.
            small = CounterfactualTranslator(batch_size=4)
            engine = small if result is None else CounterfactualTranslator.of(result)
        require_kind("engine", engine, CounterfactualTranslator, "CounterfactualTranslator(…)")
        if second is not None:
            require_classifier("second", second)
        self._clf, self._translator, self._second, self._engine = clf, translator, second, engine
        self._checkpoint = None if checkpoint is None else checkpoint_path(checkpoint)
        self._target = None if target is None else clf.class_index(target)
        if result is not None and images is None:
            require_kind("result", result, TranslationResult, "a TranslationResult")
            self._target = result.target
            self._given = Given(result.images, result.truth, result.true_masks)
        elif images is None or result is not None:
            raise ValueError("give either images to translate or a finished result to show, result=…")
        else:
            self._given = read(clf, translator, images, truth, masks)
        total = len(self._given.images)
        self._foreign = "" if result is None else foreign(result, clf)
        self._bundles: list[bytes] = []
        self._sent = -1
        super().__init__()
        with self.together():
            self.total, self.measures = total, engine.trust
            self.threshold = _MIDDLE if translator.threshold is None else _binned(translator.threshold)
            self.cursor = [self.threshold] * 2
            self.second = "" if second is None else second.name
            self.attackable = clf.has_module
            self.notes = self._foreign
        if result is None:
            self.start(self._steps())
        else:
            self.show(result)

    def _steps(self) -> Steps[Update[TranslationResult], None, None]:
        return self._engine.steps(
            self._clf,
            self._translator,
            self._given.images,
            self._target,
            truth=self._given.truth,
            masks=self._given.masks,
            second=self._second,
            resume=self._result,
            checkpoint=self._checkpoint,
        )

    def account(self) -> About:
        """Say what the view shows, for an exported page."""
        from cfwidgets.export.words import account

        result = self._found_so_far
        return account(
            f"What would have to change, for {result.model}?",
            "Explorer of translations",
            result,
            self,
            asks="stress, and pictures of images that were not looked at, need the notebook",
            lacks=(
                "attacks, which follow gradients, curves over the strength, and images that were not looked "
                "at need the notebook"
            ),
        )

    def travel(self) -> Travel:
        """Return what an exported page needs to answer the view: noise on the images that travel with it."""
        from cfwidgets.export.refusal import CannotTravelError
        from cfwidgets.export.translated import translated_network
        from cfwidgets.export.travel import Travel

        result = self._found_so_far
        many = min(result.done, self._at_hand, max(1, _TRAVELLING // result.images[0].numel()))
        if many < 1:
            raise CannotTravelError("no image is translated yet")
        images = result.images[:many]
        compared = torch.cat([images[:2], noisy(images[:2], STRONGEST["noise"])])
        second = None if self._second is None else self._second.in_float32()
        columns = []
        if second is not None:
            classes = second.probabilities(images[:1]).shape[1]
            columns = second_columns(second, result.labels, result.painted, classes)
        return Travel(
            "translation",
            ("stressed", "chosen"),
            functools.partial(translated_network, self._clf.in_float32(), self._translator, second, compared),
            {str(place): image for place, image in enumerate(images)},
            {
                "images": many,
                "columns": columns,
                "real": list(result.real),
                "classes": len(result.labels),
                "second": "none" if second is None else second.activation,
            },
        )

    def _release(self) -> None:
        super()._release()
        self._bundles.clear()
        del self._given

    @property
    def _at_hand(self) -> int:
        """Number of images of which the browser keeps everything."""
        height, width = self.size
        return min(self.total, max(4, _AT_HAND // max(1, height * width)))

    def _publish(self, partial: TranslationResult) -> None:
        if self._sent < 0:
            self._publish_first(partial)
        flipped, done = int(partial.flipped.sum()), partial.done
        self.counts = f"{done:,} of {self.total:,} images · {flipped:,} flipped"
        self.measured = {name: len(of.levels) for name, of in partial.stress.items()}
        self._judge(partial)
        # All that is at hand goes as one: not with each batch, or the last of many would come late.
        running = self.run is not None and self.run.state == "running"
        if done > self._sent and (3 * done >= 4 * self._sent or not running):
            self._publish_pictures(partial)

    def _publish_first(self, partial: TranslationResult) -> None:
        self.model, self.labels = partial.model, list(partial.labels)
        self.target = partial.target
        self.painted = -1 if partial.painted is None else partial.painted
        self.second = partial.second
        self.size = list(partial.images.shape[-2:])
        self.tiles = tiles(partial.images)
        self._bundles = [bundle(partial, index) for index in range(partial.done, self._at_hand)]
        self._bundles = [b""] * (self._at_hand - len(self._bundles)) + self._bundles
        self.pictures = pack(self._bundles)
        self._sent = 0

    def _publish_pictures(self, partial: TranslationResult) -> None:
        for index in range(self._sent, min(partial.done, self._at_hand)):
            self._bundles[index] = bundle(partial, index)
        self.pictures = pack(self._bundles)
        self.entries = [*self.entries[: self._sent], *entries(partial, self._sent)]
        self._sent = partial.done
        self._answers.ask(None)

    def _checked(self, changed: dict[str, Any]) -> dict[str, Any]:
        if "chosen" in changed:
            whole("chosen", changed["chosen"], 0, self.total - 1)
        if "threshold" in changed:
            _require_amount("threshold", changed["threshold"], (BINS - 1) / BINS)
        stressed = changed.get("stressed", [])
        if not isinstance(stressed, list) or len(stressed) not in (0, 2):
            raise ValueError("stressed must be the noise and the step of the attack, or empty")
        for kind, value in zip(KINDS, stressed, strict=False):
            _require_amount(f"the level of {kind}", value, STRONGEST[kind])
        if len(stressed) == 2 and all(stressed):
            raise ValueError("give noise or an attack, not both")
        return changed

    @t.validate("chosen")
    def _an_image(self, proposal: Any) -> int:
        if not is_whole(proposal.value, 0, max(0, self.total - 1)):
            raise t.TraitError(f"chosen must be from 0 to {self.total - 1}; got {proposal.value}")
        chosen: int = proposal.value
        return chosen

    @t.validate("threshold")
    def _a_threshold(self, proposal: Any) -> float:
        if not 0 <= proposal.value <= (BINS - 1) / BINS:
            raise t.TraitError(f"threshold must be from 0 to 255/256; got {proposal.value}")
        return float(proposal.value)

    @t.observe("chosen", "stressed", "curves")
    def _other_question(self, _change: Any) -> None:
        if self._open and self._result is not None:
            self._answers.ask(None)

    def _answer(self, _question: None) -> None:
        """Give what the page lacks of the image that is shown, and its answer under stress."""
        with self._wire:
            result, chosen, asked = self._result, self.chosen, list(self.stressed)
        if result is None:
            return
        if chosen >= self._at_hand and self.fetched.get("key") != [chosen, chosen < result.done]:
            everything = bundle(result, chosen)
            with self.together():
                self.fetched = {
                    "key": [chosen, chosen < result.done],
                    "place": chosen,
                    "pictures": everything,
                }
        known = (self.stress.get("chosen"), self.stress.get("asked")) == (chosen, asked)
        if asked and chosen < result.done and not known:
            answer = self._stress(result, chosen, asked)
            with self.together():
                self.stress = {"chosen": chosen, "asked": asked, **answer}
        if self.curves and self.state != "running":
            self._measure(result, cast("Kind", self.curves))

    def _stress(self, result: TranslationResult, chosen: int, asked: list[float]) -> dict[str, Any]:
        kind = KINDS[asked[1] > 0]
        found = stressed(self._clf, self._translator, result, chosen, kind, max(asked), second=self._second)
        return {
            "picture": picture(found.image),
            "twin": picture(found.twin),
            "difference": deflated_levels(found.mask),
            "image": found.prediction.tolist(),
            "second": [] if found.second is None else spread(result, found.second),
        }

    def _measure(self, result: TranslationResult, kind: Kind) -> None:
        """Measure a curve, a level after the other; a newer question comes first, and the rest after it."""
        levels = [STRONGEST[kind] * place / (_LEVELS - 1) for place in range(_LEVELS)]
        steps = self._engine.stress(self._clf, self._translator, result, kind, levels, second=self._second)
        for update in steps:
            with self.together():
                if self._result is None or self._result.done != result.done:
                    return  # closed, or another run began
                self._result = update.partial
                self.measured = {name: len(of.levels) for name, of in update.partial.stress.items()}
            if self._answers.superseded:
                return


def _binned(threshold: float) -> float:
    """The multiple of 1/256 that a threshold is counted at."""
    return min(BINS - 1, max(0, round(threshold * BINS))) / BINS


def _require_amount(name: str, value: Any, most: float) -> None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= most:
        raise ValueError(f"{name} must be from 0 to {most:.4g}, not {value!r:.40}")
