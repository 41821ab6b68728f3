"""The search for edits of many images side by side."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from collections.abc import Generator as Steps
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar, TypeAlias

import torch
from torch import Tensor

from cfwidgets.checks import names_checked
from cfwidgets.engines.base import Update, to_the_end
from cfwidgets.engines.pareto.coherence import Coherence
from cfwidgets.engines.pareto.controls import random_edits
from cfwidgets.engines.pareto.edit_task import EditTask, edit_box, evaluate, is_flip, predictions
from cfwidgets.engines.pareto.settings import SEARCHED, EditSearch, is_shown
from cfwidgets.engines.pareto.survey import ParetoSurvey
from cfwidgets.images import ImageLike, as_bytes
from cfwidgets.models.backends.base import NotFiniteError
from cfwidgets.models.classifier import Classifier, require_classifier
from cfwidgets.models.editor import Editor, require_editor, weights_fingerprint
from cfwidgets.models.fingerprint import fingerprint
from cfwidgets.search import Fronts

__all__ = ["SurveySearch"]

Coherent: TypeAlias = Callable[[Sequence[Tensor]], list[Tensor]]
"""Makes the edits ``(n, A)`` of each image coherent."""

_RANDOM = 10  # random edits of each image that are evaluated as a control
_SAME = 1e-3  # how far apart the answers of one model may be, in two batches or on two devices


@names_checked
@dataclass(frozen=True)
class SurveySearch(EditSearch[ParetoSurvey]):
    """Engine of `PlausibleCounterfactuals.steps_many`, with the same settings."""

    result_type: ClassVar[type[ParetoSurvey]] = ParetoSurvey

    def steps(
        self,
        clf: Classifier,
        editor: Editor,
        images: Sequence[ImageLike] | Tensor,
        *,
        attributes: Sequence[Any] | Tensor | None = None,
        resume: ParetoSurvey | None = None,
        checkpoint: str | Path | None = None,
    ) -> Steps[Update[ParetoSurvey], None, None]:
        """Yield the smallest flips found so far: see `PlausibleCounterfactuals.steps_many`."""
        began = time.perf_counter()
        require_classifier("clf", clf)
        editor = require_editor(editor)
        tasks = self._tasks(clf, editor, images, attributes)
        fresh = self._fresh(clf, editor, tasks)
        boxes = [edit_box(fresh.names, task.has, self.frozen, self.reach, self.limits) for task in tasks]
        lower, upper = (torch.stack(bounds) for bounds in zip(*boxes, strict=True))
        coherences = [
            Coherence(fresh.names, fresh.groups, task.has, low)
            for task, low in zip(tasks, lower, strict=True)
        ]

        def coherent(deltas: Sequence[Tensor]) -> list[Tensor]:
            return [made(some) for made, some in zip(coherences, deltas, strict=True)]

        def work(survey: ParetoSurvey) -> Steps[Update[ParetoSurvey], None, None]:
            if not survey.state or not self.is_searched(survey.evaluations):
                for fronts in self.search.steps_many(
                    lambda deltas: torch.stack(
                        [row[0] for row in evaluate(clf, editor, tasks, coherent(list(deltas)))]
                    ),
                    lower,
                    upper,
                    evaluations=self.evaluations,
                    seed=self.seed,
                    resume=survey.state or None,
                ):
                    if is_shown(fronts.generation) or self.is_searched(fronts.evaluations):
                        edits = coherent([front.solutions.cpu() for front in fronts])
                        survey = _grown(survey, fronts, edits, clf, editor, tasks)
                        done = SEARCHED * min(1.0, survey.evaluations / self.evaluations)
                        yield Update(done, survey, "searching")
            if survey.necessary is None or survey.sufficient is None:
                yield Update(SEARCHED, survey, "taking each change back")
                survey = replace(
                    survey,
                    necessary=_necessary(clf, editor, tasks, survey, coherent),
                    sufficient=_sufficient(clf, editor, tasks, (lower, upper), coherent),
                )
            if self.trust and survey.random_flips is None:
                yield Update(SEARCHED, survey, "measuring how far to trust it")
                survey = replace(
                    survey,
                    rounded_flips=_rounded_flips(clf, tasks, survey),
                    random_flips=self._random_flips(clf, editor, tasks, survey, (lower, upper), coherent),
                )
            yield Update(1.0, survey)

        yield from self.driven(
            fresh, work, clf=clf, image=tasks[0].image, began=began, resume=resume, checkpoint=checkpoint
        )

    explain = to_the_end(steps)

    def resumed(self, earlier: ParetoSurvey, fresh: ParetoSurvey) -> ParetoSurvey:
        """Give the survey to begin with; a black box is known by its answers to all images."""
        for of, name in (("model", "predictions"), ("editor", "reconstruction_predictions")):
            there, here = getattr(earlier, name), getattr(fresh, name)
            other = ((there - here).abs() > _SAME).any(1).nonzero()[:, 0]
            if len(other):
                raise ValueError(
                    f"resume: the survey given is of another {of}, by whose answer the image at place "
                    f"{int(other[0])} differs"
                )
        self.require_groups(earlier.groups, fresh.groups)
        return super().resumed(earlier, fresh)

    def _tasks(
        self,
        clf: Classifier,
        editor: Editor,
        images: Sequence[ImageLike] | Tensor,
        attributes: Sequence[Any] | Tensor | None,
    ) -> list[EditTask]:
        if not len(images):
            raise ValueError("there are no images")
        if attributes is not None and len(attributes) != len(images):
            raise ValueError(
                f"attributes must be one row for each of {len(images)} images; got {len(attributes)}"
            )
        rows = [None] * len(images) if attributes is None else attributes
        tasks = []
        for place, (image, row) in enumerate(zip(images, rows, strict=True)):
            try:
                tasks.append(EditTask(clf, editor, image, row, baseline=self.baseline))
            except NotFiniteError as error:
                raise NotFiniteError(
                    f"the image at place {place}, with its reconstruction: {error}; leave it out"
                ) from error
        return tasks

    def _fresh(self, clf: Classifier, editor: Editor, tasks: Sequence[EditTask]) -> ParetoSurvey:
        """Make the survey with nothing found yet."""
        images = torch.stack([task.image for task in tasks])
        attributes = torch.stack([task.has for task in tasks])
        names = tuple(editor.attributes)
        return ParetoSurvey(
            settings=self.settings_with(attributes=list(names)),
            model=clf.name,
            labels=tuple(clf.label(place) for place in range(len(tasks[0].prediction))),
            prediction=tasks[0].prediction,
            fingerprints={
                "model": clf.fingerprint(),
                "editor": weights_fingerprint(editor),
                "set of images": fingerprint({"images": images}),
                "set of attributes": fingerprint({"attributes": attributes}),
            },
            names=names,
            groups=self.groups(editor),
            images=as_bytes(images),
            attributes=attributes,
            predictions=torch.stack([task.prediction for task in tasks]),
            reconstruction_predictions=torch.stack([task.reconstruction_prediction for task in tasks]),
            flipped=torch.zeros(len(tasks), dtype=torch.bool),
            deltas=torch.zeros_like(attributes),
        )

    def _random_flips(
        self,
        clf: Classifier,
        editor: Editor,
        tasks: Sequence[EditTask],
        survey: ParetoSurvey,
        box: tuple[Tensor, Tensor],
        coherent: Coherent,
    ) -> Tensor:
        """Evaluate random edits as large as each smallest flip: ``(n,)`` bool, True where one flips."""
        edits = [
            random_edits(delta[None][:found], low, high, _RANDOM, self.seed + place)
            for place, (delta, found, low, high) in enumerate(
                zip(survey.deltas, survey.flipped.int().tolist(), *box, strict=True)
            )
        ]
        rows = evaluate(clf, editor, tasks, coherent(edits))
        return torch.cat([is_flip(row, task.target) for task, (_, _, row) in zip(tasks, rows, strict=True)])


def _grown(
    survey: ParetoSurvey,
    fronts: Fronts,
    edits: Sequence[Tensor],
    clf: Classifier,
    editor: Editor,
    tasks: Sequence[EditTask],
) -> ParetoSurvey:
    """Find the smallest flip of each image among its front."""
    deltas, flipped = torch.zeros_like(survey.deltas), torch.zeros_like(survey.flipped)
    for place, (_, _, rows) in enumerate(evaluate(clf, editor, tasks, edits)):
        flips = edits[place][is_flip(rows, tasks[place].target)]
        if len(flips):
            flipped[place] = True
            deltas[place] = flips[flips.norm(dim=1).argmin()]
    return replace(
        survey,
        flipped=flipped,
        deltas=deltas,
        necessary=None,
        sufficient=None,
        rounded_flips=None,
        random_flips=None,
        evaluations=fronts.evaluations,
        invalid=int(fronts.invalid.sum()),
        state=dict(fronts.state),
    )


def _necessary(
    clf: Classifier,
    editor: Editor,
    tasks: Sequence[EditTask],
    survey: ParetoSurvey,
    coherent: Coherent,
) -> Tensor:
    """Take each change of the smallest flips back by itself: ``(B, A)``, True where that undoes the flip."""
    count = len(survey.names)
    # What made room for another attribute stays, since that is what the edit without it is made coherent by.
    without = coherent([row.repeat(count, 1).fill_diagonal_(0) for row in survey.deltas])
    undone = torch.stack(
        [
            rows.isfinite().all(1) & (rows.argmax(1) == task.target)
            for task, (_, _, rows) in zip(tasks, evaluate(clf, editor, tasks, without), strict=True)
        ]
    )
    return undone & survey.flipped[:, None] & (survey.deltas != 0)


def _sufficient(
    clf: Classifier,
    editor: Editor,
    tasks: Sequence[EditTask],
    box: tuple[Tensor, Tensor],
    coherent: Coherent,
) -> Tensor:
    """Reverse each attribute by itself, within the bounds: ``(B, A)``, True where that flips.

    What it excludes ends with it.
    """
    reversed_ = coherent(
        [torch.diag((1 - 2 * task.has).clamp(low, high)) for task, low, high in zip(tasks, *box, strict=True)]
    )
    return torch.stack(
        [
            is_flip(rows, task.target)
            for task, (_, _, rows) in zip(tasks, evaluate(clf, editor, tasks, reversed_), strict=True)
        ]
    )


def _rounded_flips(clf: Classifier, tasks: Sequence[EditTask], survey: ParetoSurvey) -> Tensor:
    """Round the images of the smallest flips to 8 bits: ``(B,)``, True where they still flip."""
    images = torch.cat([task.paint(delta[None]) for task, delta in zip(tasks, survey.deltas, strict=True)])
    rows = predictions(clf, as_bytes(images) / 255, len(survey.labels))
    flips = [is_flip(row[None], task.target) for task, row in zip(tasks, rows, strict=True)]
    return torch.cat(flips) & survey.flipped
