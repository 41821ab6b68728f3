"""The transition view: candidates on both sides of a decision, and the transition between two of them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import torch
import traitlets as t

from cfwidgets.checkpoint import checkpoint_path
from cfwidgets.engines.transitions.engine import Transitions
from cfwidgets.engines.transitions.result import TransitionResult
from cfwidgets.images import as_bytes, as_image
from cfwidgets.models.classifier import Classifier, require_classifier
from cfwidgets.models.generator import require_generator
from cfwidgets.text import quoted
from cfwidgets.widgets.checks import foreign, require_kind, whole
from cfwidgets.widgets.lifetime import closed_on_failure
from cfwidgets.widgets.linking import LINKED, Linked
from cfwidgets.widgets.view import View, bundle
from cfwidgets.widgets.wire import encode_frames, encode_maps, likeliest, map_scale, pack

if TYPE_CHECKING:
    import pathlib
    from collections.abc import Generator as Steps
    from collections.abc import Sequence

    from cfwidgets.engines.base import Update
    from cfwidgets.engines.transitions.path import Path
    from cfwidgets.engines.transitions.path_attribution import PathAttribution
    from cfwidgets.engines.transitions.result import Candidates
    from cfwidgets.export.words import About
    from cfwidgets.images import ImageLike
    from cfwidgets.models.generator import Generator

_ROW = 24  # candidates of each class that the browser gets
_TOP = 5


class TransitionView(Linked, View[TransitionResult]):
    """Why was it misclassified? Look-alikes on both sides of the decision, and the transition to scrub.

    It returns at once and fills in while the engine runs. It is complete by itself, with mouse and keyboard,
    wherever anywidgets work; the phases that were generated are in the browser and need no kernel. Scrub
    through them; click two look-alikes to make them the ends of the transition.

    Parameters
    ----------
    clf
        The classifier.
    generator
        Generates the look-alikes: see `cfwidgets.models.generator.Generator`.
    image
        An image that `images.as_image` accepts; None with ``result``.
    target
        The class that the image really has, as an index or a label; must be given with an image.
    wrong
        The class that the image was taken for; None for the predicted one.
    feature_model
        A network whose features are compared; None for the explained one.
    engine
        `Transitions`, with its settings.
    result
        A finished result to show instead of a run.
    checkpoint
        A file to write the result for ``target`` to, and to resume from where it is there. The results for
        targets that are chosen later stay in memory.

    Attributes
    ----------
    target
        The class that the image really has. It can be set, to an index or a label: that starts a search for
        the class, or shows its earlier result.
    phase
        The phase shown, 0 (the end of the wrong class) to the last. It can be set.
    phases
        The number of phases of a transition.
    picked
        The two candidates chosen as the ends of the transition; empty while the best ones are followed.
    flip_phase
        The first phase at which the target is likelier than the wrong class.
    point, region
        The crosshair and the region that linked views share: see `Linked`.
    result
        What is found so far, a `TransitionResult`.
    run
        The `Run` of the search: ``run.result()`` waits for its end.

    Methods
    -------
    stop, resume
        Stop the search, and keep what was found; resume it.
    export
        Write one HTML file that plays from disk, and answers where the network can travel in it.
    save
        Write a file that `cfwidgets.open` brings back, with what was clicked.
    close
        Stop, free everything, and take it off the page.
    name_of
        Label of a class by its number.

    Examples
    --------
    >>> from cfwidgets import zoo
    >>> from cfwidgets.data import digits
    >>> from cfwidgets.networks import BigGAN
    >>> clf = zoo.classifier("digits", device="cpu")
    >>> generator = BigGAN(size=32, classes=10, channels=2, latent_size=8).eval()
    >>> quick = Transitions(starts=2, updates=2, phases=5, trust=False)
    >>> view = TransitionView(clf, generator, digits("test").images[473], "4", engine=quick)
    >>> len(view.run.result().path_frame())
    5
    >>> view.phase = 3
    >>> view.close()
    """

    _esm = bundle("transitions.js")
    _css = bundle("transitions.css")

    from_page = frozenset({"correct", "picked", "following", "phase"})
    linked = LINKED | {"cursor"}
    needs = ("generator",)
    also = ("feature_model",)
    clicked = ("following", "picked", "phase", *sorted(LINKED))

    # The explained image, and the model's prediction for it.
    picture = t.Bytes().tag(sync=True)
    picture_maps = t.Bytes().tag(sync=True)
    size = t.List(t.Int(), [0, 0]).tag(sync=True)
    labels = t.List(t.Unicode()).tag(sync=True)
    predicted = t.Int(-1).tag(sync=True)
    wrong = t.Int(-1).tag(sync=True)
    whole = t.List(t.List()).tag(sync=True)
    # The candidates, their images and maps.
    gallery = t.List(t.Dict()).tag(sync=True)
    gallery_tiles = t.Bytes().tag(sync=True)
    gallery_maps = t.Bytes().tag(sync=True)
    gallery_scale = t.Float(1.0).tag(sync=True)
    best = t.List(t.Int()).tag(sync=True)
    # The user's choices. No echo: a late one would undo a newer choice. `correct` is `target` on the wire.
    correct = t.Int(-1).tag(sync=True, echo_update=False)
    picked = t.List(t.Int(), maxlen=2).tag(sync=True, echo_update=False)
    following = t.Bool(default_value=True).tag(sync=True, echo_update=False)
    phase = t.Int(0).tag(sync=True, echo_update=False)
    # The transition: the phases generated so far, their frames and maps, and the path attribution.
    path = t.Dict().tag(sync=True)
    frames = t.Bytes().tag(sync=True)
    maps = t.Bytes().tag(sync=True)
    answer = t.Dict().tag(sync=True)
    # The phase shown in the browser, twice: for the line of a chart.
    cursor = t.List(t.Float(), [0.0, 0.0]).tag(sync=True, echo_update=False)

    @closed_on_failure
    def __init__(
        self,
        clf: Classifier,
        generator: Generator,
        image: ImageLike | None = None,
        target: int | str | None = None,
        *,
        wrong: int | str | None = None,
        feature_model: Classifier | None = None,
        engine: Transitions | None = None,
        result: TransitionResult | None = None,
        checkpoint: str | pathlib.Path | None = None,
    ) -> None:
        require_classifier("clf", clf)
        if feature_model is not None:
            require_classifier("feature_model", feature_model)
        if engine is None:
            engine = Transitions() if result is None else Transitions.of(result)
        require_kind("engine", engine, Transitions, "Transitions(…)")
        self._clf, self._engine = clf, engine
        self._feature_model = feature_model
        self._checkpoint = None if checkpoint is None else checkpoint_path(checkpoint)
        self._wrong = None if wrong is None else clf.class_index(wrong)
        if result is not None and image is None:
            require_kind("result", result, TransitionResult, "a TransitionResult")
            self._image, self._target, self._wrong = result.image, result.target, result.wrong
        elif image is None or result is not None:
            raise ValueError("give either an image to explain or a finished result to show, result=…")
        elif target is None:
            raise ValueError("target: name the class that the image really has, such as target='4'")
        else:
            self._image, self._target = as_image(image), clf.class_index(target)
        self._foreign = "" if result is None else foreign(result, clf)
        self._generator = require_generator(generator, clf.classes)
        self._found: dict[int, TransitionResult] = {}
        self._ended: set[int] = set()
        self._shown: TransitionResult | None = None
        self._candidates: Candidates | None = None
        self._painted: Path | None = None
        super().__init__()
        with self.together():
            seen = clf.view(self._image)
            self.picture = encode_frames(as_bytes(seen.cpu())[None])[0]
            self.size = list(seen.shape[1:])
            self.labels = [] if clf.labels is None else list(clf.labels)
            self.measures = engine.trust
            self.correct = self._target
        if result is None:
            self.start(self._steps())
        else:
            self._ended.add(result.target)
            self.show(result)

    @property
    def target(self) -> int:
        """The class that the image really has; it can be set, to an index or a label."""
        return self.correct

    @target.setter
    def target(self, target: int | str) -> None:
        index = self._clf.class_index(target)
        self._require_two(index)
        self.correct = index

    @property
    def result(self) -> TransitionResult | None:
        """The result for the target, with the transition shown; None before the first step."""
        found, shown = self._result, self._shown
        if found is None or shown is None or shown.path is None or shown.candidates is not found.candidates:
            return found
        if found.path is not None and found.path.ends == shown.path.ends:
            return found
        return replace(
            found,
            path=shown.path,
            attribution=shown.attribution,
            agreement=None,
            randomised_model=None,
        )

    @property
    def flip_phase(self) -> int | None:
        """The first phase at which the target is likelier than the wrong class; None if there is none."""
        flip: int | None = self.path.get("flip")
        return flip

    @property
    def phases(self) -> int:
        """Number of phases of the transition that is shown or will be, both ends included."""
        return int(self.path.get("phases", self._engine.phases))

    def name_of(self, index: int) -> str:
        """Return the label of a class, or "" where the class is not known yet."""
        return self._clf.label(index) if index >= 0 else ""

    def _steps(self) -> Steps[Update[TransitionResult], None, None]:
        return self._engine.steps(
            self._clf,
            self._generator,
            self._image,
            self.correct,
            wrong=self._wrong,
            feature_model=self._feature_model,
            resume=self._found.get(self.correct),
            checkpoint=self._checkpoint if self.correct == self._target else None,
        )

    def account(self) -> About:
        """Say what the view shows, for an exported page."""
        from cfwidgets.export.words import account

        result = self._found_so_far
        return account(
            f"Why {quoted(result.labels[result.wrong])} rather than {quoted(result.label)}?",
            "Transition explorer",
            result,
            self,
            asks="other candidates, other classes and a longer search need the notebook",
        )

    def findings(self) -> list[tuple[TransitionResult, bool]]:
        """See `View.findings`: the one with the transition that is shown comes last."""
        rows = super().findings()
        shown = self.result
        return rows if shown is None or shown is self._result else [*rows, (shown, rows[-1][1])]

    def _others(self) -> list[tuple[TransitionResult, bool]]:
        return [(one, one.target in self._ended) for one in self._found.values() if one is not self._result]

    def _take_over(self, others: Sequence[TransitionResult]) -> None:
        for one in others:
            if one.target != self.correct or self._candidates is None:
                self._found[one.target] = one
            else:  # of the same search, with the transition between the best candidates
                self._result = self._found[one.target] = replace(one, candidates=self._candidates)
            if one.fraction == 1:
                self._ended.add(one.target)

    def _release(self) -> None:
        super()._release()
        self._found.clear()
        self._shown = self._candidates = self._painted = None

    def _publish(self, partial: TransitionResult) -> None:
        ended = self.run is not None and self.run.state == "done"
        self._found[partial.target] = partial
        if ended:
            self._ended.add(partial.target)
        if (self.predicted, self.wrong) != (partial.predicted, partial.wrong):
            self.predicted, self.wrong = partial.predicted, partial.wrong
        self.whole = likeliest(partial.prediction, _TOP, (partial.wrong, partial.target))
        self._publish_candidates(partial)
        walk = partial.walk
        self.counts = (
            f"update {max(0, walk.update):,} of {partial.settings['updates']:,} · {len(walk.best)} candidates"
        )
        if not self.following:
            if ended:
                self._answers.ask(None)  # the candidates picked may have improved since they were generated
        elif partial.path is not None:
            self._publish_path(partial)
        elif partial.stopped:  # there may be no path to judge it with
            self._judge(partial)
        elif self._painted is None and self.gallery:
            self._answers.ask(None)  # a first transition to scrub through during the search

    def _publish_candidates(self, result: TransitionResult) -> None:
        found = result.candidates
        if found is self._candidates or result.walk.update < 0:
            return
        self._candidates = found
        rows = [self._row(result, index) for index in (result.wrong, result.target)]
        places = torch.tensor([entry["id"] for row in rows for entry in row])
        self.gallery_tiles = pack(encode_frames(found.images[places]))
        if found.maps is not None:
            self.gallery_scale = map_scale(found.maps[places])
            self.gallery_maps = pack(encode_maps(found.maps[places], self.gallery_scale))
        entries = [entry for row in rows for entry in row]
        self.gallery = [{**entry, "tile": tile} for tile, entry in enumerate(entries)]
        missing = [self.name_of(row[0]["class"]) for row in rows if row[0].get("nearest")]
        nearest = [f"No candidate is predicted {name}: the nearest one is shown." for name in missing]
        self.notes = " ".join(filter(None, (self._foreign, *nearest)))
        ends = list(result.best_ends)
        if ends != self.best:
            self.best = ends
            self._painted = None

    def _row(self, result: TransitionResult, index: int) -> list[dict[str, Any]]:
        found, right = result.candidates, index == result.target
        places = result.row(index)
        nearest = not places
        if nearest:
            places = [result.best_ends[right]]
        keep = places[:_ROW]
        keep += [end for end in (*result.best_ends, *self.picked) if end in places and end not in keep]
        return [
            {
                "id": place,
                "right": right,
                "cosine": float(found.cosine[place]),
                "called": int(found.predicted[place]),
                "confidence": float(found.probabilities[place].max()),
                "class": index,
                **({"nearest": True} if nearest else {}),
            }
            for place in keep
        ]

    def _publish_path(self, result: TransitionResult) -> None:
        self._shown = result
        path = result.path
        if path is not None and path is not self._painted:
            same = self._painted is not None and self._painted.ends == path.ends
            self._painted = path
            scale = 1.0
            if path.maps is None:
                self.maps = self.picture_maps = b""
            else:
                scale = map_scale(path.maps)
                self.maps = pack(encode_maps(path.maps, scale))
                if result.image_maps is not None:
                    self.picture_maps = pack(encode_maps(result.image_maps, scale))
            self.frames = pack(encode_frames(path.frames))
            self.path = {
                "ends": list(path.ends),
                "phases": path.phases,
                "at": path.at.tolist(),
                "wrong": _short(path.wrong),
                "correct": _short(path.target),
                "called": path.predicted.tolist(),
                "flip": path.flip,
                "strip": path.strip,
                "scale": scale,
            }
            if not same and self.phase >= path.phases:
                self.phase = path.phases - 1
        if result.attribution is not None:
            share = result.attribution.share
            self.answer = {
                "cells": list(share.shape),
                "share": _short(share.flatten()),
                "total": result.attribution.total,
                "off": result.attribution.convergence_delta,
            }
        else:
            self.answer = {}
        self._judge(result)

    def _checked(self, changed: dict[str, Any]) -> dict[str, Any]:
        if "correct" in changed:
            classes = len(self._result.labels) if self._result is not None else self._clf.classes or 0
            whole("target", changed["correct"], 0, classes - 1)
            self._require_two(changed["correct"])
        picked = changed.get("picked", [])
        if not isinstance(picked, list) or len(picked) not in (0, 2):
            raise ValueError("picked must be two candidates, one for each end, or none")
        count = 0 if self._candidates is None else len(self._candidates.start)
        for end in picked:
            whole("each candidate picked", end, 0, count - 1)
        whole("phase", changed.get("phase", 0), 0, self._last_phase)
        return changed

    def _require_two(self, target: int) -> None:
        if target == self.wrong:
            raise ValueError(
                f"{self.name_of(target)!r} is the class that the image was taken for: choose another target"
            )

    @property
    def _last_phase(self) -> int:
        return max(0, self.path.get("phases", 1) - 1)

    @t.validate("phase")
    def _a_phase(self, proposal: Any) -> int:
        if not 0 <= proposal.value <= self._last_phase:
            raise t.TraitError(f"phase must be from 0 to {self._last_phase}; got {proposal.value}")
        phase: int = proposal.value
        return phase

    @t.observe("correct")
    def _other_target(self, change: Any) -> None:
        """Show the result for another target, or start or resume its search."""
        if not self._open or change.old < 0:
            return
        with self.together():
            self.following, self.picked, self.best = True, [], []
            self.path, self.frames, self.maps, self.answer, self.trust = {}, b"", b"", {}, []
            self.gallery, self.phase = [], 0
            self._shown = self._candidates = self._painted = None
            self._result = self._found.get(change.new)
        if self._result is not None and change.new in self._ended:
            self.show(self._result)
        else:
            self.start(self._steps())

    @t.observe("picked", "following")
    def _other_ends(self, _change: Any) -> None:
        if self._candidates is not None:
            self._answers.ask(None)

    def _ends(self) -> list[int]:
        return self.best if self.following or not self.picked else self.picked

    def _answer(self, _question: None) -> None:
        """Generate the transition between the ends as they are now; only coarsely during the search."""
        with self._wire:
            result, ends = self._result, self._ends()
        if result is None or self._candidates is None or len(ends) != 2:
            return
        if result.path is not None and list(result.path.ends) == ends:
            with self.together():
                self._publish_path(result)
            return
        if self._shows(result, ends):
            return
        shown: tuple[Path | None, PathAttribution | None] = (None, None)
        for update in self._engine.path(self._clf, self._generator, result, *ends):
            if self._answers.superseded or not self._open:
                return
            now = (update.partial.path, update.partial.attribution)
            if now == shown:
                continue
            shown = now
            with self.together():
                latest = self._result
                if latest is None or latest.target != result.target or self._ends() != ends:
                    return
                if latest.path is not None and list(latest.path.ends) == ends:
                    return  # meanwhile the run has generated it, at the end of the search
                self._publish_path(update.partial)
            if self.state == "running" and self.following and now[1] is not None:
                return  # more would keep the search from the model

    def _shows(self, result: TransitionResult, ends: list[int]) -> bool:
        """Return True if the whole transition between these candidates, as they are now, is shown."""
        shown = self._shown
        if shown is None or shown.path is None or not shown.path.complete:
            return False
        same = torch.equal(shown.candidates.latents[ends], result.candidates.latents[ends])
        return same and list(shown.path.ends) == ends


def _short(values: torch.Tensor) -> list[float]:
    """Round to the digits that can be seen: a thousand numbers travel as text."""
    return [round(value, 5) for value in values.double().tolist()]
