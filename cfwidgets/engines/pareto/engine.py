"""Believable edits of an image that change a classifier's mind: a search with three objectives."""

from __future__ import annotations

import time
from collections.abc import Generator as Steps
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Literal

import torch
from torch import Tensor

from cfwidgets.checks import choice, positive_int
from cfwidgets.engines.base import Update, run_to_end
from cfwidgets.engines.pareto.edit_task import OBJECTIVES, EditTask, asked, edit_box
from cfwidgets.engines.pareto.result import ParetoResult
from cfwidgets.engines.pareto.survey import ParetoSurvey
from cfwidgets.images import ImageLike
from cfwidgets.models.classifier import Classifier
from cfwidgets.models.editor import Editor, require_editor
from cfwidgets.search import GDE3, NSGA2, SMPSO, Front, Fronts

__all__ = ["PlausibleCounterfactuals"]

_SHOWN_EVERY = 10  # generations between two results, after the first few
_FIRST = 5
_SEARCH = 0.95  # the share of the work that the search takes, for the progress
_SEARCHING = "searching"


@dataclass(frozen=True)
class PlausibleCounterfactuals:
    """Search the edits of an image that look real, are small, and change a classifier's mind.

    Barredo-Arrieta and Del Ser 2020, "Plausible Counterfactuals", whose three objectives, all to be low, are:
    *plausibility*, what the critic of the editor gives the image less what it gives the
    edited one; *success*, the logarithm of the probability of the original class; *intensity*, the length of
    the change of attributes, in which 1 is from absent to present. The classifier may be a black box: only
    probabilities are asked for.

    Parameters
    ----------
    search
        `SMPSO`, `NSGA2` or `GDE3` of `cfwidgets.search`, with its settings.
    evaluations
        Candidates that are asked about.
    frozen
        Attributes that stay as they are.
    reach
        How far an attribute may be changed.
    limits
        Lowest and highest value that an attribute may have then, such as ``(0, 1)``; None for any.
    baseline
        What the critic compares with: the ``"image"``, or the ``"reconstruction"``, which takes out what
        painting anew costs by itself.
    seed
        Same seed, same device, same answer.

    Examples
    --------
    >>> class Tint:
    ...     attributes = ("red", "green")
    ...     def encode(self, image):
    ...         return image
    ...     def decode(self, image, attributes):
    ...         colour = torch.cat([attributes, torch.zeros(len(attributes), 1)], 1)
    ...         return (image + colour[:, :, None, None]).clamp(0, 1)
    >>> def redness(images):
    ...     red = images[:, 0].mean((1, 2))
    ...     return torch.stack([1 - red, red], 1)
    >>> engine = PlausibleCounterfactuals(SMPSO(population=20, archive=20), evaluations=400)
    >>> result = engine.explain(Classifier(redness), Tint(), torch.zeros(3, 8, 8), attributes=(0, 0))
    >>> result.flipped, bool(result.deltas[-1, 0] > 0.5)
    (True, True)
    """

    search: SMPSO | NSGA2 | GDE3 = field(default_factory=SMPSO)
    evaluations: int = 25_000
    frozen: tuple[str, ...] = ()
    reach: float = 1.0
    limits: tuple[float, float] | None = None
    baseline: Literal["image", "reconstruction"] = "image"
    seed: int = 0

    def __post_init__(self) -> None:
        if not isinstance(self.search, SMPSO | NSGA2 | GDE3):
            raise ValueError(f"search must be SMPSO(…), NSGA2(…) or GDE3(…), not {self.search!r:.60}")  # noqa: TRY004
        positive_int("evaluations", self.evaluations, minimum=self.search.population)
        positive_int("seed", self.seed, minimum=0)
        choice("baseline", self.baseline, ("image", "reconstruction"))
        if not 0 < self.reach < float("inf"):
            raise ValueError(f"reach must be a positive number, not {self.reach!r}")
        if self.limits is not None and not self.limits[0] < self.limits[1]:
            raise ValueError(f"limits must be the lowest and the highest value, not {self.limits!r}")

    def explain(
        self,
        clf: Classifier,
        editor: Editor,
        image: ImageLike,
        attributes: Mapping[str, float] | Sequence[float] | Tensor | None = None,
        *,
        second: Classifier | None = None,
        resume: ParetoResult | None = None,
    ) -> ParetoResult:
        """Run to the end and return the result: see `steps`."""
        return run_to_end(self.steps(clf, editor, image, attributes, second=second, resume=resume))

    def steps(
        self,
        clf: Classifier,
        editor: Editor,
        image: ImageLike,
        attributes: Mapping[str, float] | Sequence[float] | Tensor | None = None,
        *,
        second: Classifier | None = None,
        resume: ParetoResult | None = None,
    ) -> Steps[Update[ParetoResult], None, None]:
        """Yield the front as it grows.

        Parameters
        ----------
        clf
            The classifier.
        editor
            Paints the image with other attributes.
        image
            What `cfwidgets.images.as_image` reads; scaled to the editor's size.
        attributes
            That the image has, 0 or 1 each: by name, or in the editor's order. None: the editor recognises
            them.
        second
            Another classifier of the same classes, which is asked about the front: does it flip too?
        resume
            An earlier result to go on from.

        Raises
        ------
        ClassifierError, EditorError, ImageError, ValueError
            What was given, and what is accepted.
        """
        started = time.perf_counter()
        editor = require_editor(editor)
        task = EditTask(clf, editor, image, attributes, self.baseline)
        if second is not None and (other := len(second.probabilities(task.image[None])[0])) != len(
            task.before
        ):
            raise ValueError(f"second has {other} classes, and the classifier {len(task.before)}")
        names = tuple(editor.attributes)
        lower, upper = edit_box(names, task.has, self.frozen, self.reach, self.limits)
        spent, state = 0.0, None
        if resume is not None:
            known = resume.attributes[None], resume.image[None], resume.before[None]
            self._require_same(resume, *known, names, [task])
            spent, state = resume.seconds, resume.state

        def shown(front: Front) -> ParetoResult:
            seconds = spent + time.perf_counter() - started
            return replace(self._result(clf, editor, task, front, second), seconds=seconds)

        fronts = self.search.steps(
            lambda deltas: asked(clf, editor, [task], [deltas])[0][0],
            lower,
            upper,
            evaluations=self.evaluations,
            seed=self.seed,
            resume=state,
        )
        for front in fronts:
            if front.generation < _FIRST or front.generation % _SHOWN_EVERY == 0:
                yield Update(
                    _SEARCH * min(1.0, front.evaluations / self.evaluations), shown(front), _SEARCHING
                )
        result = shown(front)
        yield Update(_SEARCH, result, "taking changes back")
        undone = _undone(clf, editor, task, result)
        yield Update(1.0, replace(result, undone=undone, seconds=spent + time.perf_counter() - started))

    def explain_many(
        self,
        clf: Classifier,
        editor: Editor,
        images: Sequence[ImageLike] | Tensor,
        attributes: Sequence[Any] | Tensor | None = None,
        *,
        resume: ParetoSurvey | None = None,
    ) -> ParetoSurvey:
        """Run to the end and return which changes flip the model: see `steps_many`."""
        return run_to_end(self.steps_many(clf, editor, images, attributes, resume=resume))

    def steps_many(
        self,
        clf: Classifier,
        editor: Editor,
        images: Sequence[ImageLike] | Tensor,
        attributes: Sequence[Any] | Tensor | None = None,
        *,
        resume: ParetoSurvey | None = None,
    ) -> Steps[Update[ParetoSurvey], None, None]:
        """Search for many images side by side, and yield what flips the model as it stands.

        Each image finds what it would find alone with the same seed.

        Parameters
        ----------
        clf, editor
            As in `steps`.
        images, attributes
            One of each for each image: see `steps`.
        resume
            An earlier survey of these images to go on from.

        Raises
        ------
        ClassifierError, EditorError, ImageError, ValueError
            What was given, and what is accepted.
        """
        started = time.perf_counter()
        editor = require_editor(editor)
        if not len(images):
            raise ValueError("there are no images")
        if attributes is not None and len(attributes) != len(images):
            raise ValueError(
                f"attributes must be one row for each of {len(images)} images; got {len(attributes)}"
            )
        names = tuple(editor.attributes)
        tasks = [
            EditTask(clf, editor, image, None if attributes is None else attributes[place], self.baseline)
            for place, image in enumerate(images)
        ]
        boxes = [edit_box(names, task.has, self.frozen, self.reach, self.limits) for task in tasks]
        lower, upper = (torch.stack(bounds) for bounds in zip(*boxes, strict=True))

        spent, state = 0.0, None
        if resume is not None:
            self._require_same(resume, resume.attributes, resume.images, resume.before, names, tasks)
            spent, state = resume.seconds, resume.state

        def evaluated(deltas: Tensor) -> Tensor:
            return torch.stack([objectives for objectives, _, _ in asked(clf, editor, tasks, list(deltas))])

        def shown(fronts: Fronts) -> ParetoSurvey:
            seconds = spent + time.perf_counter() - started
            return replace(self._survey(clf, editor, tasks, fronts), seconds=seconds)

        search = self.search.steps_many(
            evaluated, lower, upper, evaluations=self.evaluations, seed=self.seed, resume=state
        )
        for now in search:
            if now.generation < _FIRST or now.generation % _SHOWN_EVERY == 0:
                done = _SEARCH * min(1.0, now.evaluations / self.evaluations)
                yield Update(done, shown(now), _SEARCHING)
        found = shown(now)
        yield Update(_SEARCH, found, "taking changes back")
        needed, alone = _needed(clf, editor, tasks, found), _alone(clf, editor, tasks, lower, upper)
        seconds = spent + time.perf_counter() - started
        yield Update(1.0, replace(found, needed=needed, alone=alone, seconds=seconds))

    def _survey(
        self, clf: Classifier, editor: Editor, tasks: Sequence[EditTask], fronts: Fronts
    ) -> ParetoSurvey:
        """The smallest flip of each image among its front."""
        deltas = torch.zeros(len(tasks), len(editor.attributes))
        flipped = torch.zeros(len(tasks), dtype=torch.bool)
        solutions = [front.solutions.cpu() for front in fronts]
        for place, (_, _, answers) in enumerate(asked(clf, editor, tasks, solutions)):
            flips = (answers.argmax(1) != tasks[place].original).nonzero()[:, 0]
            if len(flips):
                flipped[place] = True
                smallest = solutions[place][flips].norm(dim=1).argmin()
                deltas[place] = solutions[place][flips[smallest]]
        repainted = torch.stack([task.repainted_answer for task in tasks]).argmax(1)
        original = torch.tensor([task.original for task in tasks])
        return ParetoSurvey(
            settings=self._told(),
            model=clf.name,
            labels=tuple(clf.label(place) for place in range(len(tasks[0].before))),
            names=tuple(editor.attributes),
            images=torch.stack([_bytes(task.image) for task in tasks]),
            attributes=torch.stack([task.has for task in tasks]),
            before=torch.stack([task.before for task in tasks]),
            original=original,
            repaint_flips=repainted != original,
            flipped=flipped,
            deltas=deltas,
            needed=None,
            alone=None,
            evaluations=fronts.evaluations,
            invalid=int(fronts.invalid.sum()),
            state=dict(fronts.state),
        )

    def _told(self) -> dict[str, Any]:
        return {**asdict(self), "search": repr(self.search)}

    def _result(
        self, clf: Classifier, editor: Editor, task: EditTask, front: Front, second: Classifier | None
    ) -> ParetoResult:
        """What there is of a front."""
        solutions = front.solutions.cpu()
        objectives, images, answers = asked(clf, editor, [task], [solutions])[0]
        order = answers[:, task.original].argsort(descending=True, stable=True)
        images = images.cpu()[order]
        return ParetoResult(
            settings=self._told(),
            model=clf.name,
            labels=tuple(clf.label(place) for place in range(len(task.before))),
            original=task.original,
            image=_bytes(task.image),
            names=tuple(editor.attributes),
            attributes=task.has,
            before=task.before,
            repainted=_bytes(task.repainted),
            repainted_answer=task.repainted_answer,
            objective_names=OBJECTIVES if task.critical else OBJECTIVES[1:],
            deltas=solutions[order],
            objectives=objectives[order],
            images=_bytes(images),
            answers=answers[order],
            second_answers=None if second is None or not len(images) else second.probabilities(images),
            undone=None,
            evaluations=front.evaluations,
            invalid=front.invalid,
            state=dict(front.state),
        )

    def _require_same(
        self,
        resume: ParetoResult | ParetoSurvey,
        attributes: Tensor,
        images: Tensor,
        before: Tensor,
        names: tuple[str, ...],
        tasks: Sequence[EditTask],
    ) -> None:
        """Refuse to go on from the search of something else, of which there is one row for each image."""
        for name, value in self._told().items():
            there = resume.settings.get(name)
            if name != "evaluations" and there != value:
                raise ValueError(f"resume: that search had {name}={there!r}; here it is {value!r}")
        if len(images) != len(tasks):
            raise ValueError(f"resume: that search was of {len(images)} images; here are {len(tasks)}")
        for place, task in enumerate(tasks):
            where = f" at place {place}" if len(tasks) > 1 else ""
            if resume.names != names or not torch.equal(attributes[place], task.has):
                raise ValueError(f"resume: that search was of other attributes{where}")
            if not torch.equal(images[place], _bytes(task.image)):
                raise ValueError(f"resume: that search was of another image{where}")
            same = before[place].shape == task.before.shape
            if not same or not torch.allclose(before[place], task.before, atol=1e-4):
                raise ValueError(
                    f"resume: that search was of another model, whose answer to the image{where} differs"
                )


def _undone(clf: Classifier, editor: Editor, task: EditTask, result: ParetoResult) -> Tensor:
    """What each change buys: the success that is lost without it, ``(k, A)``."""
    lost = torch.full_like(result.deltas, torch.nan)
    success = result.objective_names.index("success")
    for place in range(len(result.names)):
        rows = result.deltas[:, place] != 0
        if bool(rows.any()):
            without = result.deltas[rows]
            without[:, place] = 0
            objectives = asked(clf, editor, [task], [without])[0][0]
            lost[rows, place] = objectives[:, success] - result.objectives[rows, success]
    return lost


def _needed(clf: Classifier, editor: Editor, tasks: Sequence[EditTask], found: ParetoSurvey) -> Tensor:
    """Whether a flip is none any more without a change, ``(B, A)``."""
    count = len(found.names)
    without = [row.repeat(count, 1).fill_diagonal_(0) for row in found.deltas]
    back = torch.stack(
        [
            answers.argmax(1) == task.original
            for task, (_, _, answers) in zip(tasks, asked(clf, editor, tasks, without), strict=True)
        ]
    )
    return back & found.flipped[:, None] & (found.deltas != 0)


def _alone(
    clf: Classifier, editor: Editor, tasks: Sequence[EditTask], lower: Tensor, upper: Tensor
) -> Tensor:
    """Whether turning one attribute around, and nothing else, flips, ``(B, A)``."""
    turned = [
        torch.diag((1 - 2 * task.has).clamp(low, high))
        for task, low, high in zip(tasks, lower, upper, strict=True)
    ]
    return torch.stack(
        [
            answers.argmax(1) != task.original
            for task, (_, _, answers) in zip(tasks, asked(clf, editor, tasks, turned), strict=True)
        ]
    )


def _bytes(images: Tensor) -> Tensor:
    return (images * 255).round().to(torch.uint8)
