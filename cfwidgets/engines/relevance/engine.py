"""The engine of relevance maps: one method after another, and how far to trust each map."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

import torch
from torch import Tensor

from cfwidgets.attribution.layers import Layer, layers_with_maps
from cfwidgets.attribution.maps import METHODS, Attributor, method_of
from cfwidgets.attribution.network import network_of
from cfwidgets.checks import choice, mapping, names_checked, positive_int
from cfwidgets.engines.base import Attempt, Engine, Update, to_the_end
from cfwidgets.engines.relevance.cascade import Stage, stages_of
from cfwidgets.engines.relevance.maps import LayerMap, RandomisedMap, RelevanceMap
from cfwidgets.engines.relevance.result import RelevanceResult
from cfwidgets.evaluation.deletion import faithfulness_steps
from cfwidgets.evaluation.masking import FILLS, Fill, MaskedPicture, complete, filled
from cfwidgets.evaluation.overlap import rank_correlation
from cfwidgets.models.backends.base import ClassifierError
from cfwidgets.models.classifier import Classifier, require_classifier
from cfwidgets.models.fingerprint import fingerprint
from cfwidgets.search.memo import Memo

if TYPE_CHECKING:
    from pathlib import Path

    from cfwidgets.images import ImageLike

__all__ = ["Relevance"]

_SLOW = ("integrated_gradients", "occlusion")  # of many passes: not checked unless asked for
_LAYERS, _MEASURES = "Grad-CAM of layers", "deletion and insertion"
_CURVES = 3  # the cost of deletion and insertion in maps: for the progress, nothing else


@names_checked
@dataclass(frozen=True)
class Relevance(Engine[RelevanceResult]):
    """Map the evidence for a class to pixels, by several methods side by side.

    Parameters
    ----------
    methods
        Names in `cfwidgets.attribution.METHODS`. One that refuses the network stands in the result with its
        reason.
    options
        Settings of methods, by the name of the method: ``{"integrated_gradients": {"steps": 20}}``.
    layers
        Layers of which Grad-CAM is computed too, spread evenly from the first with maps to the last; 0 for
        none.
    checked
        Methods whose maps are compared with those of randomised models, of those in ``methods``. None: all
        but ``integrated_gradients`` and ``occlusion``, which take many passes each time.
    stages
        Steps of that check (Adebayo et al. 2018, cascading): the last layer alone has random weights, then
        layers further down too, and at last the whole network. At most one a layer.
    cells
        Cells a side of the grid by which deletion and insertion are measured.
    fill
        Content of a hidden cell: ``black``, ``grey``, ``mean`` or ``blur``.
    trust
        True to measure how far the maps can be trusted: deletion and insertion against random orders, and the
        randomisation check.
    seed
        Same seed, same device, same answer.

    Examples
    --------
    >>> from torch import nn
    >>> net = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(144, 2))
    >>> clf = Classifier(net, labels=["cat", "dog"])
    >>> found = Relevance(("saliency", "rap"), trust=False).explain(clf, torch.rand(3, 8, 8), "dog")
    >>> found.map_of("rap").pixels.shape
    torch.Size([8, 8])
    """

    result_type: ClassVar[type[RelevanceResult]] = RelevanceResult
    harmless: ClassVar[frozenset[str]] = frozenset({"methods", "layers", "checked", "trust"})

    methods: Sequence[str] = ("rap", "grad_cam", "integrated_gradients")
    options: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    layers: int = 0
    checked: Sequence[str] | None = None
    stages: int = 4
    cells: int = 14
    fill: Fill = "black"
    trust: bool = True
    seed: int = 0

    def __post_init__(self) -> None:
        super().__post_init__()
        _names("methods", self.methods, tuple(METHODS))
        if not self.methods:
            raise ValueError(f"methods must name at least one of {', '.join(map(repr, METHODS))}")
        mapping("options", self.options)
        for method, options in self.options.items():
            choice("options", method, tuple(self.methods))
            mapping(f"options[{method!r}]", options)
            method_of(method, options)
        positive_int("layers", self.layers, minimum=0)
        if self.checked is not None:
            _names("checked", self.checked, tuple(self.methods))
        positive_int("stages", self.stages)
        positive_int("cells", self.cells, minimum=2)
        choice("fill", self.fill, FILLS)

    def steps(
        self,
        clf: Classifier,
        image: ImageLike,
        target: int | str | None = None,
        *,
        against: int | str | None = None,
        resume: RelevanceResult | None = None,
        checkpoint: str | Path | None = None,
    ) -> Generator[Update[RelevanceResult], None, None]:
        """Yield the result as it stands after each map and measure, and at last the whole.

        Parameters
        ----------
        clf
            The classifier. Every method refuses a black box.
        image
            Anything that `images.as_image` accepts. The part that the model sees, ``clf.view(image)``, is
            explained.
        target
            The explained class, as an index or a label; None for the class that the model predicts.
        against
            A second class: the maps speak for the target and against this class. They are of the difference
            of the two outputs, exact where the method is linear in the output (see `attribute`), and else the
            difference of two maps, which is said. Deletion and insertion are then measured by the target's
            share of the two probabilities.
        resume
            An earlier result of the same model, image, classes and settings. The answer is the one that an
            uninterrupted run gives; ``methods`` that it lacks are added.
        checkpoint
            A file that the result is written to, twice a minute and at the end. Where it exists and no
            ``resume`` is given, it is resumed.

        Yields
        ------
        Update
            With a `RelevanceResult`.

        Raises
        ------
        ImageError, ClassifierError, ValueError
            Names the argument that was given, and what is accepted.
        ResultError
            The checkpoint is damaged, or of another kind.
        """
        began = time.perf_counter()
        require_classifier("clf", clf)
        view = clf.view(image).cpu()
        prediction = clf.probabilities(view[None])[0]
        index = int(prediction.argmax()) if target is None else clf.class_index(target)
        other = None if against is None else clf.class_index(against)
        if other == index:
            raise ValueError(f"against must be another class than the explained one, {clf.label(index)!r}")
        names = tuple(clf.label(i) for i in range(len(prediction)))
        fresh = RelevanceResult(
            settings={
                **self.settings_with(target=names[index]),
                "against": None if other is None else names[other],
                "against_class": other,
            },
            model=clf.name,
            labels=names,
            prediction=prediction,
            fingerprints={"model": clf.fingerprint(), "image": fingerprint({"image": view})},
            image=view,
            target=index,
            against=other,
        )
        work = partial(self._work, clf)
        yield from self.driven(
            fresh, work, clf=clf, image=view, began=began, resume=resume, checkpoint=checkpoint
        )

    explain = to_the_end(steps)

    def resumed(self, earlier: RelevanceResult, fresh: RelevanceResult) -> RelevanceResult:
        """See `Engine.resumed`; the maps are in the order of this run's methods."""
        return replace(super().resumed(earlier, fresh), maps=self._ordered(earlier.maps))

    def _ordered(self, maps: Iterable[RelevanceMap]) -> tuple[RelevanceMap, ...]:
        place = {method: number for number, method in enumerate(self.methods)}
        return tuple(sorted(maps, key=lambda found: place.get(found.method, len(place))))

    def _work(
        self, clf: Classifier, result: RelevanceResult
    ) -> Generator[Update[RelevanceResult], None, None]:
        known = {found.method for found in result.maps}
        count = len(known | set(self.methods))
        measures = self.trust * (_CURVES * count + len(self._checked) * self.stages)
        total = len(self.methods) + self.layers + measures + 1  # and the answers to other pictures
        done = 0.0

        def update(activity: str, more: float = 0.0) -> Update[RelevanceResult]:
            return Update((done + more) / total, result, activity)

        yield update(self.methods[0])
        for number, method in enumerate(self.methods, start=1):
            if method not in known:
                maps = self._ordered([*result.maps, self._map(clf, result, method)])
                result = replace(result, maps=maps)
            done = number
            yield update((*self.methods, _LAYERS if self.layers else _MEASURES)[number])
        for more, result in enumerate(self._layer_maps(clf, result), start=1):  # noqa: B007, B020
            yield update(_LAYERS, more)
        done += self.layers
        if self.trust:
            for share, result in self._curves(clf, result):  # noqa: B007, B020
                yield update(_MEASURES, share * _CURVES * count)
            done += _CURVES * count
            for more, result in enumerate(self._cascade(clf, result), start=1):  # noqa: B007, B020
                yield update("maps of randomised layers", more)
        yield Update(1.0, result)

    @property
    def _checked(self) -> tuple[str, ...]:
        if self.checked is None:
            return tuple(method for method in self.methods if method not in _SLOW)
        return tuple(self.checked)

    def _attributor(self, clf: Classifier, method: str) -> Attributor:
        return Attributor(clf, method, **self.options.get(method, {}))

    def _map(self, clf: Classifier, result: RelevanceResult, method: str) -> RelevanceMap:
        """Compute a map, or keep the reason why the method refuses."""
        began = time.perf_counter()
        try:
            found = self._attributor(clf, method)(result.image[None], result.target, result.against)
        except Exception as error:  # noqa: BLE001 - whatever torch or Captum raise at an unusual network
            clf.probabilities(result.image[None])  # raises where it is the network that is broken
            reason = str(error) if isinstance(error, ClassifierError) else f"{type(error).__name__}: {error}"
            return RelevanceMap(method, refusal=reason, seconds=time.perf_counter() - began)
        named = "layer" in self.options.get(method, {})  # who names a layer knows where it is
        delta = found.convergence_delta
        return RelevanceMap(
            method,
            found.maps[0],
            layer=found.layer,
            note="" if named else "".join(f"{caveat}." for caveat in found.caveats),
            exact=found.exact,
            convergence_delta=None if delta is None else float(delta[0]),
            seconds=time.perf_counter() - began,
        )

    def _layer_maps(self, clf: Classifier, result: RelevanceResult) -> Iterator[RelevanceResult]:
        """Yield the result after Grad-CAM of each further layer."""
        if len(result.layers) >= self.layers or not clf.has_module:
            return
        known = {one.layer for one in result.layers}
        try:
            layers = _spread(_layers(clf, result.image), self.layers)
        except ClassifierError as error:
            yield result.without(_LAYERS, error)
            return
        for layer in layers:
            if layer.name in known:
                continue
            try:
                attributor = Attributor(clf, "grad_cam", layer=layer.name)
                pixels = attributor(result.image[None], result.target, result.against).maps[0]
                one = LayerMap(layer.name, layer.after, pixels)
            except ClassifierError as error:
                one = LayerMap(layer.name, layer.after, refusal=str(error))
            entries = sorted((*result.layers, one), key=lambda one: -one.after)
            result = replace(result, layers=tuple(entries))
            yield result

    def _curves(self, clf: Classifier, result: RelevanceResult) -> Iterator[tuple[float, RelevanceResult]]:
        """Yield the share done, and the result, after each curve of deletion and insertion."""
        cells = result.cells
        hidden = filled(result.image, cells, self.fill)
        picture = MaskedPicture(clf, result.image, hidden, cells)
        score = Memo(_score(result, picture), resume=result.evaluated, gaps=True)
        for number, found in enumerate(result.maps):
            if found.pixels is None or found.constant or found.faithfulness is not None:
                continue
            sizes = torch.bincount(cells.flatten().long())
            order = result.order(found.method)
            curves = Attempt(
                faithfulness_steps(partial(complete, score), order, seed=self.seed, weights=sizes)
            )
            for fraction, measured in curves:
                if measured is not None:
                    result = _with(result, replace(found, faithfulness=measured))
                result = replace(result, evaluated=score.state())
                yield (number + fraction) / len(result.maps), result
            if curves.error is not None:
                result = replace(result, evaluated=score.state())
                result = result.without(f"deletion and insertion of {found.method}", curves.error)
                yield (number + 1) / len(result.maps), result

    def _cascade(self, clf: Classifier, result: RelevanceResult) -> Iterator[RelevanceResult]:
        """Yield the result after each map of a randomised copy; of each copy, the maps of all methods."""
        waiting = [name for name in self._checked if _unchecked(result.map_of(name))]
        if not waiting:
            return
        try:
            stages = stages_of(clf, result.image, self.stages)
        except ClassifierError as error:
            yield result.without("randomised model", error)
            return
        size = (result.image.shape[1], result.image.shape[2])
        for number, stage in enumerate(stages):
            names = [name for name in waiting if len(result.map_of(name).randomised) == number]
            try:
                copy = clf.randomised(self.seed, size, parts=stage.parts)
            except ClassifierError as error:
                yield result.without("randomised model", error)
                return
            for name in names:
                try:
                    found = self._randomised(copy, stage, result, name)
                except Exception as error:  # noqa: BLE001 - whatever a network with random weights raises
                    result = result.without(f"randomised model, by {name}", error)
                else:
                    result = _with(result, found)
                yield result

    def _randomised(
        self, copy: Classifier, stage: Stage, result: RelevanceResult, method: str
    ) -> RelevanceMap:
        """Return the entry of a method with the map of a randomised copy."""
        found = result.map_of(method)
        assert found.pixels is not None  # noqa: S101 - `_unchecked` has seen it
        pixels = self._attributor(copy, method)(result.image[None], result.target, result.against).maps[0]
        alike = rank_correlation(found.pixels.flatten(), pixels.flatten())
        one = RandomisedMap(stage.layer, stage.share, pixels, alike)
        return replace(found, randomised=(*found.randomised, one))


def _names(setting: str, given: Sequence[str], accepted: tuple[str, ...]) -> None:
    """Raise ValueError unless a setting is a sequence of accepted names, each once."""
    if isinstance(given, str) or not isinstance(given, Sequence):
        raise ValueError(f"{setting} must be several names, such as {accepted[:2]}, not {given!r:.60}")  # noqa: TRY004
    for name in given:
        choice(setting, name, accepted)
    if len(set(given)) < len(given):
        raise ValueError(f"{setting} must name each method once, not {tuple(given)}")


def _unchecked(found: RelevanceMap) -> bool:
    """Tell if the randomisation check of a map is not finished."""
    if found.pixels is None or found.constant:
        return False
    return not found.randomised or found.randomised[-1].share < 1


def _with(result: RelevanceResult, found: RelevanceMap) -> RelevanceResult:
    """Put an entry in the place of the earlier one of its method."""
    maps = tuple(found if one.method == found.method else one for one in result.maps)
    return replace(result, maps=maps)


def _layers(clf: Classifier, image: Tensor) -> list[Layer]:
    """List the layers whose output has places of a known form."""
    network = network_of(clf, "grad_cam")
    images = network.filled(image[None]).to(network.device, network.dtype)
    with network.running():
        return layers_with_maps(network, images)


def _spread(layers: list[Layer], count: int) -> list[Layer]:
    """Choose as many, evenly from the first to the last."""
    if count >= len(layers):
        return layers
    if count == 1:
        return layers[-1:]
    return [layers[round(place * (len(layers) - 1) / (count - 1))] for place in range(count)]


def _score(result: RelevanceResult, picture: MaskedPicture) -> Callable[[Tensor], Tensor]:
    """Return the probability of the class for masks of the cells shown; beside a second class, its share.

    NaN where the model has no finite answer.
    """

    def score(masks: Tensor) -> Tensor:
        rows = picture.finite_or_nan(masks)
        own = rows[:, result.target]
        return own if result.against is None else own / (own + rows[:, result.against]).clamp_min(1e-12)

    return score
