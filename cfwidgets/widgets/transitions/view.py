"""The transition view, and the explorer that puts the curves of both confidences beside it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import torch
import traitlets as t

from cfwidgets.engines.transitions.engine import Transitions
from cfwidgets.images import as_image
from cfwidgets.models.classifier import Classifier
from cfwidgets.widgets.view import View, bundle
from cfwidgets.widgets.wire import encode_frames, encode_maps, likeliest, map_scale, pack, trust_rows

if TYPE_CHECKING:
    from cfwidgets.engines.transitions.path import Path
    from cfwidgets.engines.transitions.path_attribution import Answer
    from cfwidgets.engines.transitions.result import Candidates, TransitionResult
    from cfwidgets.images import ImageLike
    from cfwidgets.models.generator import Generator

_ROW = 24  # candidates of each class that the browser gets
_TOP = 5
_FROM_THE_BROWSER = {"correct", "picked", "following", "phase", "cursor"}


class TransitionView(View):
    """Why was it misread? Look-alikes on both sides of the decision, and the transition that one scrubs.

    It returns at once and fills in while the engine runs. It is complete by itself, with mouse and keyboard,
    wherever anywidgets work; what has been painted is in the browser and needs no kernel.

    Parameters
    ----------
    clf
        The classifier.
    generator
        Paints the look-alikes: see `cfwidgets.models.generator.Generator`.
    image
        What `images.as_image` accepts; None with ``result``.
    wrong
        The class that the image was taken for; None for the one that the model gives it.
    correct
        The class that it has, as an index or a label; must be given with an image.
    engine
        `Transitions`, with its settings.
    feature_model
        A network whose features say what looks alike; None for the explained one.
    result
        A finished result to look at, in the place of a run.

    Attributes
    ----------
    phase
        The phase that is looked at, 0 (the wrong end) to the last. It can be set.
    correct
        The right class. Setting it starts a search for that class, or shows what was found for it before.
    picked
        The two candidates that one chose to walk between; empty while the best are followed.
    """

    _esm = bundle("transitions.js")
    _css = bundle("transitions.css")

    # What is explained, and what the model says of it.
    picture = t.Bytes().tag(sync=True)
    picture_maps = t.Bytes().tag(sync=True)
    size = t.List(t.Int(), [0, 0]).tag(sync=True)
    labels = t.List(t.Unicode()).tag(sync=True)
    predicted = t.Int(-1).tag(sync=True)
    wrong = t.Int(-1).tag(sync=True)
    whole = t.List(t.List()).tag(sync=True)
    # The candidates, their pictures and maps.
    gallery = t.List(t.Dict()).tag(sync=True)
    gallery_tiles = t.Bytes().tag(sync=True)
    gallery_maps = t.Bytes().tag(sync=True)
    gallery_scale = t.Float(1.0).tag(sync=True)
    best = t.List(t.Int()).tag(sync=True)
    # What the user plays with. No echo: a late one would undo what was done since.
    correct = t.Int(-1).tag(sync=True, echo_update=False)
    picked = t.List(t.Int(), maxlen=2).tag(sync=True, echo_update=False)
    following = t.Bool(default_value=True).tag(sync=True, echo_update=False)
    phase = t.Int(0).tag(sync=True, echo_update=False)
    # The transition: what is known of its phases, their pictures and maps.
    path = t.Dict().tag(sync=True)
    frames = t.Bytes().tag(sync=True)
    maps = t.Bytes().tag(sync=True)
    answer = t.Dict().tag(sync=True)
    trust = t.List(t.Dict()).tag(sync=True)
    measures = t.Bool(default_value=True).tag(sync=True)  # whether `trust` will have more rows at the end
    counts = t.Unicode().tag(sync=True)
    notes = t.Unicode().tag(sync=True)
    # The phase that the browser looks at, twice: for the line of a chart.
    cursor = t.List(t.Float(), [0.0, 0.0]).tag(sync=True, echo_update=False)

    def __init__(
        self,
        clf: Classifier,
        generator: Generator,
        image: ImageLike | None = None,
        wrong: int | str | None = None,
        correct: int | str | None = None,
        engine: Transitions | None = None,
        *,
        feature_model: Classifier | None = None,
        result: TransitionResult | None = None,
    ) -> None:
        if not isinstance(clf, Classifier):
            raise TypeError(
                f"clf must be a Classifier, not {type(clf).__name__}: wrap it, `Classifier(model, …)`"
            )
        engine = Transitions() if engine is None else engine
        if not isinstance(engine, Transitions):
            raise TypeError(f"engine must be Transitions(…), not {type(engine).__name__}")
        self._clf, self._generator, self._engine = clf, generator, engine
        self._feature_model = feature_model
        self._wrong = None if wrong is None else clf.class_index(wrong)
        if result is not None and image is None:
            self._image, right = result.image, result.correct
        elif image is None or result is not None:
            raise ValueError("give either an image to explain or a finished result to look at")
        elif correct is None:
            raise ValueError("correct: name the class that the image has, such as correct='4'")
        else:
            self._image, right = as_image(image), clf.class_index(correct)
        self._found: dict[int, TransitionResult] = {}
        self._ended: set[int] = set()
        self._shown: TransitionResult | None = None
        self._candidates: Candidates | None = None
        self._painted: Path | None = None
        super().__init__()
        with self.together():
            seen = clf.view(self._image)
            self.picture = encode_frames((seen.cpu() * 255).round().to(torch.uint8)[None])[0]
            self.size = list(seen.shape[1:])
            self.labels = [] if clf.labels is None else list(clf.labels)
            self.measures = engine.trust
            self.correct = right
        if result is None:
            self._search(right)
        else:
            self._show(result)

    @property
    def result(self) -> TransitionResult | None:
        """What was found, with the transition that is shown; None before the first step."""
        found, shown = self._found.get(self.correct), self._shown
        if found is None or shown is None or shown.path is None or shown.candidates is not found.candidates:
            return found
        if found.path is not None and found.path.ends == shown.path.ends:
            return found
        return replace(found, path=shown.path, answer=shown.answer, agreement=None, random_network=None)

    @property
    def flip_phase(self) -> int | None:
        """The first phase at which the right class is likelier than the wrong one; None if there is none."""
        flip: int | None = self.path.get("flip")
        return flip

    def name_of(self, index: int) -> str:
        """The label of a class, or "" where it is not known yet."""
        return self._clf.label(index) if index >= 0 else ""

    def proceed(self) -> None:
        """Go on where the run was stopped, or had come to when it failed."""
        if self.state == "failed":
            self._search(self.correct)
        else:
            super().proceed()

    def close(self) -> None:
        """Stop the run, free what it holds and found, and take the view off every page."""
        if self._open:
            super().close()
            self._found.clear()
            self._shown = self._candidates = self._painted = None

    def _search(self, correct: int) -> None:
        """Start a search for the right class, go on with one that was left, or show what it had found."""
        found = self._found.get(correct)
        if found is not None and correct in self._ended:
            self._show(found)
            return
        self.start(
            self._engine.steps(
                self._clf,
                self._generator,
                self._image,
                self._wrong,
                correct,
                feature_model=self._feature_model,
                resume=found,
            )
        )

    def _show(self, result: TransitionResult) -> None:
        """Show a result that no run is adding to."""
        with self.together():
            self._turn += 1
            if self.run is not None:
                self.run.close()
            self._ended.add(result.correct)
            self._publish(result)
            self.state, self.activity, self.progress, self.error = "done", "", 1.0, ""

    def _publish(self, partial: TransitionResult) -> None:
        self._found[partial.correct] = partial
        if self.run is not None and self.run.state == "done":
            self._ended.add(partial.correct)
        if (self.predicted, self.wrong) != (partial.predicted, partial.wrong):
            self.predicted, self.wrong = partial.predicted, partial.wrong
        self.whole = likeliest(partial.probabilities, _TOP, (partial.wrong, partial.correct))
        self._publish_candidates(partial)
        walk = partial.walk
        self.counts = (
            f"update {max(0, walk.update):,} of {partial.settings['updates']:,} · {len(walk.best)} candidates"
        )
        if not self.following:
            if self.run is not None and self.run.state == "done":
                self._answers.ask(None)  # what was picked may have got better since it was painted
        elif partial.path is not None:
            self._publish_path(partial)
        elif self._painted is None and self.gallery:
            self._answers.ask(None)  # something to scrub already, while the search goes on

    def _publish_candidates(self, result: TransitionResult) -> None:
        found = result.candidates
        if found is self._candidates or result.walk.update < 0:
            return
        self._candidates = found
        rows = [self._row(result, target) for target in (result.wrong, result.correct)]
        places = torch.tensor([entry["id"] for row in rows for entry in row])
        self.gallery_tiles = pack(encode_frames(found.images[places]))
        if found.maps is not None:
            self.gallery_scale = map_scale(found.maps[places])
            self.gallery_maps = pack(encode_maps(found.maps[places], self.gallery_scale))
        entries = [entry for row in rows for entry in row]
        self.gallery = [{**entry, "tile": tile} for tile, entry in enumerate(entries)]
        missing = [self.name_of(row[0]["class"]) for row in rows if row[0].get("nearest")]
        self.notes = " ".join(f"No candidate is called {name}: shown is the nearest." for name in missing)
        ends = list(result.best_ends)
        if ends != self.best:
            self.best = ends
            self._painted = None

    def _row(self, result: TransitionResult, target: int) -> list[dict[str, Any]]:
        found, right = result.candidates, target == result.correct
        places = result.row(target)
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
                "called": int(found.called[place]),
                "confidence": float(found.probabilities[place].max()),
                "class": target,
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
                "correct": _short(path.correct),
                "called": path.called.tolist(),
                "flip": path.flip,
                "strip": path.strip,
                "scale": scale,
            }
            if not same and self.phase >= path.phases:
                self.phase = path.phases - 1
        if result.answer is not None:
            share = result.answer.share
            self.answer = {
                "cells": list(share.shape),
                "share": _short(share.flatten()),
                "total": result.answer.total,
                "off": result.answer.off,
            }
        else:
            self.answer = {}
        self.trust = trust_rows(result.trust())

    def _checked(self, sync_data: dict[str, Any]) -> dict[str, Any]:
        foreign = sync_data.keys() - _FROM_THE_BROWSER
        if foreign:
            raise ValueError(f"the page may not set {', '.join(sorted(foreign))}")
        classes = self._clf.classes or 0
        correct = sync_data.get("correct", self.correct)
        if not _is_int(correct) or not 0 <= correct < classes:
            raise ValueError(f"correct must be a class from 0 to {classes - 1}, not {correct!r:.40}")
        if correct == self.wrong:
            raise ValueError(
                f"{self.name_of(correct)!r} is what the image was taken for: choose another class"
            )
        picked = sync_data.get("picked", [])
        count = 0 if self._candidates is None else len(self._candidates.start)
        if not isinstance(picked, list) or len(picked) not in (0, 2):
            raise ValueError("picked must be two candidates, the wrong end and the right end, or none")
        for end in picked:
            if not _is_int(end) or not 0 <= end < count:
                raise ValueError(f"picked must hold candidates from 0 to {count - 1}, not {end!r:.40}")
        phase, last = sync_data.get("phase", 0), max(0, self.path.get("phases", 1) - 1)
        if not _is_int(phase) or not 0 <= phase <= last:
            raise ValueError(f"phase must be from 0 to {last}, not {phase!r:.40}")
        return sync_data

    @t.validate("phase")
    def _a_phase(self, proposal: Any) -> int:
        last = max(0, self.path.get("phases", 1) - 1)
        if not 0 <= proposal.value <= last:
            raise t.TraitError(f"phase must be from 0 to {last}; got {proposal.value}")
        phase: int = proposal.value
        return phase

    @t.observe("correct")
    def _other_class(self, change: Any) -> None:
        if not self._open or change.old < 0:
            return
        with self.together():
            self.following, self.picked, self.best = True, [], []
            self.path, self.frames, self.maps, self.answer, self.trust = {}, b"", b"", {}, []
            self.gallery, self.phase = [], 0
            self._shown = self._candidates = self._painted = None
        self._search(change.new)

    @t.observe("picked", "following")
    def _other_ends(self, _change: Any) -> None:
        if self._candidates is not None:
            self._answers.ask(None)

    def _ends(self) -> list[int]:
        return self.best if self.following or not self.picked else self.picked

    def _answer(self, _question: None) -> None:
        """Paint the transition between the ends as they are now; only coarsely while the search goes on."""
        with self._wire:
            result, ends = self._found.get(self.correct), self._ends()
        if result is None or self._candidates is None or len(ends) != 2:
            return
        if result.path is not None and list(result.path.ends) == ends:
            with self.together():
                self._publish_path(result)
            return
        if self._shows(result, ends):
            return
        shown: tuple[Path | None, Answer | None] = (None, None)
        for update in self._engine.path(self._clf, self._generator, result, *ends):
            if self._answers.superseded or not self._open:
                return
            now = (update.partial.path, update.partial.answer)
            if now == shown:
                continue
            shown = now
            with self.together():
                latest = self._found.get(self.correct)
                if latest is None or self._ends() != ends:
                    return
                if latest.path is not None and list(latest.path.ends) == ends:
                    return  # meanwhile the run has painted it, from where the search ended
                self._publish_path(update.partial)
            if self.state == "running" and self.following and now[1] is not None:
                return  # more would keep the search from the model

    def _shows(self, result: TransitionResult, ends: list[int]) -> bool:
        """Whether what is shown is the whole transition between these candidates as they are now."""
        shown = self._shown
        if shown is None or shown.path is None or not shown.path.complete:
            return False
        same = torch.equal(shown.candidates.latents[ends], result.candidates.latents[ends])
        return same and list(shown.path.ends) == ends


def _is_int(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _short(values: torch.Tensor) -> list[float]:
    """As many digits as can be seen: a thousand numbers travel as text."""
    return [round(value, 5) for value in values.double().tolist()]
