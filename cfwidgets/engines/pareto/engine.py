"""Plausible counterfactuals: a search with three objectives for edits that change a prediction."""

from __future__ import annotations

import time
from collections.abc import Generator as Steps
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any, ClassVar

import torch
from torch import Tensor

from cfwidgets.checks import names_checked
from cfwidgets.engines.base import Update, to_the_end
from cfwidgets.engines.pareto.coherence import Coherence
from cfwidgets.engines.pareto.controls import random_edits
from cfwidgets.engines.pareto.edit_task import (
    OBJECTIVES,
    EditTask,
    edit_box,
    evaluate,
    is_flip,
    of_second,
    predictions,
)
from cfwidgets.engines.pareto.many import SurveySearch
from cfwidgets.engines.pareto.result import ParetoResult
from cfwidgets.engines.pareto.settings import SEARCHED, EditSearch, is_shown
from cfwidgets.engines.pareto.simplest import Simplest, simplified
from cfwidgets.engines.pareto.single_changes import measure_single_changes
from cfwidgets.engines.pareto.survey import ParetoSurvey
from cfwidgets.images import ImageLike, as_bytes
from cfwidgets.models.backends.base import NotFiniteError
from cfwidgets.models.classifier import Classifier, require_classifier
from cfwidgets.models.editor import Editor, require_editor, weights_fingerprint
from cfwidgets.models.fingerprint import fingerprint
from cfwidgets.search import Front

__all__ = ["PlausibleCounterfactuals"]

_RANDOM = 100  # random edits that are evaluated as a control: as many as one generation
_STARTS = 10  # flips that the simplest may be made of: the best and those nearest to it
_SAME = 1e-3  # how far apart pictures and answers of one model may be, in two batches or on two devices


@names_checked
@dataclass(frozen=True)
class PlausibleCounterfactuals(EditSearch[ParetoResult]):
    """Search for edits of an image that look real, are small, and change a classifier's prediction.

    Barredo-Arrieta and Del Ser 2020, "Plausible Counterfactuals". Three objectives are minimised:
    *plausibility*, the critic's score of the image less its score of the edit; the *log-probability* of the
    original class (the paper's adversarial success); *intensity*, the length of the change of attributes, in
    which 1 is from absent to present. The classifier may be a black box: only probabilities are used.

    To compare fronts by `cfwidgets.search.hypervolume.hypervolume`, choose a reference point that is worse
    than any edit in all three. The one that the paper states, (0, −3, 0), never counts an edit: no intensity
    is below 0, and so the volume of every front is 0.

    Parameters
    ----------
    search
        `SMPSO`, `NSGA2` or `GDE3` of `cfwidgets.search`, with its settings.
    evaluations
        Candidates to evaluate in all, those of a result that is resumed included.
    frozen
        Names of attributes that stay as they are.
    reach
        Largest change of an attribute.
    limits
        Lowest and highest value of an edited attribute, such as ``(0, 1)``; None for any.
    baseline
        The critic's score of an edit is compared with that of the ``"image"``, or of its
        ``"reconstruction"``, which leaves out what painting without any change costs.
    keep_groups
        True to keep the groups of attributes that exclude each other, where the editor knows any
        (``groups``): every edit is made coherent before it is evaluated. At most one attribute of a group is
        raised, the one that is raised most, and the others are lowered to what it leaves: see
        `cfwidgets.engines.pareto.coherence.Coherence`. False for the paper's search, which may raise all.
    tolerance
        To find the simplest flip, changes of the best pick, and of the flips nearest to it in the objectives,
        are taken back one after another. No objective may end worse than the best pick's by more than this
        share of what the front spans.
    trust
        True to measure how far the answer can be trusted: random edits as large as the flips, the flips
        rounded to 8 bits, and each attribute by itself, also in the mirrored image, are evaluated too.
    seed
        Same seed, same device, same answer.

    Examples
    --------
    >>> from cfwidgets.search import SMPSO
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

    result_type: ClassVar[type[ParetoResult]] = ParetoResult

    def steps(
        self,
        clf: Classifier,
        editor: Editor,
        image: ImageLike,
        target: int | str | None = None,
        *,
        attributes: Mapping[str, float] | Sequence[float] | Tensor | None = None,
        second: Classifier | None = None,
        resume: ParetoResult | None = None,
        checkpoint: str | Path | None = None,
    ) -> Steps[Update[ParetoResult], None, None]:
        """Yield the front as it grows.

        Parameters
        ----------
        clf
            The classifier.
        editor
            The editor that paints the image with other attributes.
        image
            Anything that `cfwidgets.images.as_image` reads; scaled to the editor's size.
        target
            The class that the edits are to leave, as an index or a label. It must be the one that the model
            predicts for the image; None for that one.
        attributes
            Attributes of the image, from 0 to 1: by name, or in the editor's order. None: the editor
            recognises them.
        second
            Another classifier of the same classes, which predicts the front too but has no part in the
            search.
        resume
            An earlier result to resume.
        checkpoint
            A file that the result is written to now and then, and resumed from where it is there.

        Raises
        ------
        ClassifierError, EditorError, ImageError, ValueError
            What was given, and what is accepted.
        """
        began = time.perf_counter()
        require_classifier("clf", clf)
        if second is not None:
            require_classifier("second", second)
        editor = require_editor(editor)
        task = EditTask(clf, editor, image, attributes, target, self.baseline)
        fresh = self._fresh(clf, editor, task, second)
        lower, upper = edit_box(fresh.names, task.has, self.frozen, self.reach, self.limits)
        coherence = Coherence(fresh.names, fresh.groups, task.has, lower)

        def work(result: ParetoResult) -> Steps[Update[ParetoResult], None, None]:
            if not result.state or not self.is_searched(result.evaluations):
                for front in self.search.steps(
                    lambda deltas: evaluate(clf, editor, [task], [coherence(deltas)])[0][0],
                    lower,
                    upper,
                    evaluations=self.evaluations,
                    seed=self.seed,
                    resume=result.state or None,
                ):
                    if is_shown(front.generation) or self.is_searched(front.evaluations):
                        edits = coherence(front.solutions.cpu())
                        result = _grown(result, front, edits, clf, editor, task, second)
                        done = SEARCHED * min(1.0, result.evaluations / self.evaluations)
                        yield Update(done, result, "searching")
            yield from self._finished(clf, editor, task, second, result, (lower, upper), coherence)

        yield from self.driven(
            fresh, work, clf=clf, image=task.image, began=began, resume=resume, checkpoint=checkpoint
        )

    explain = to_the_end(steps)

    def steps_many(
        self,
        clf: Classifier,
        editor: Editor,
        images: Sequence[ImageLike] | Tensor,
        *,
        attributes: Sequence[Any] | Tensor | None = None,
        resume: ParetoSurvey | None = None,
        checkpoint: str | Path | None = None,
    ) -> Steps[Update[ParetoSurvey], None, None]:
        """Search for many images side by side, and yield the smallest flips found so far.

        Each image finds what it would find alone with the same seed; the edits are to leave the class that
        the model predicts for it.

        Parameters
        ----------
        clf, editor
            As in `steps`.
        images, attributes
            One of each for each image: see `steps`.
        resume
            An earlier survey of these images to resume.
        checkpoint
            A file that the survey is written to now and then, and resumed from where it is there.

        Raises
        ------
        ClassifierError, EditorError, ImageError, ValueError
            What was given, and what is accepted.
        """
        engine = SurveySearch(**{one.name: getattr(self, one.name) for one in fields(self)})
        yield from engine.steps(
            clf, editor, images, attributes=attributes, resume=resume, checkpoint=checkpoint
        )

    explain_many = to_the_end(steps_many)

    def resumed(self, earlier: ParetoResult, fresh: ParetoResult) -> ParetoResult:
        """Give the result to begin with; an editor and a second model are known by their answers."""
        if not torch.allclose(earlier.reconstruction, fresh.reconstruction, rtol=0, atol=_SAME):
            raise ValueError("resume: the result given is of another editor, whose reconstruction differs")
        self.require_groups(earlier.groups, fresh.groups)
        if earlier.settings.get("tolerance") != self.tolerance:
            earlier = replace(earlier, simplest=None)
        again, before = fresh.second_prediction, earlier.second_prediction
        if again is None:
            return super().resumed(earlier, fresh)
        if before is not None and not torch.allclose(before, again, rtol=0, atol=_SAME):
            raise ValueError("resume: the result given is of another second model, whose answer differs")
        return replace(
            super().resumed(earlier, fresh),
            second_prediction=again if before is None else before,
            fingerprints=fresh.fingerprints,
        )

    def _fresh(
        self, clf: Classifier, editor: Editor, task: EditTask, second: Classifier | None
    ) -> ParetoResult:
        """Make the result with nothing found yet."""
        names, classes = tuple(editor.attributes), len(task.prediction)
        second_prediction = None if second is None else of_second(second, task.image)
        if second_prediction is not None and len(second_prediction) != classes:
            raise ValueError(f"second has {len(second_prediction)} classes, and the classifier {classes}")
        objectives = OBJECTIVES if task.has_critic else OBJECTIVES[1:]
        labels = tuple(clf.label(place) for place in range(classes))
        sums = {
            "model": clf.fingerprint(),
            "editor": weights_fingerprint(editor),
            "image": fingerprint({"image": task.image}),
        }
        if second is not None:
            sums["second model"] = second.fingerprint()
        return ParetoResult(
            settings=self.settings_with(
                target=labels[task.target], attributes=dict(zip(names, task.has.tolist(), strict=True))
            ),
            model=clf.name,
            labels=labels,
            prediction=task.prediction,
            fingerprints=sums,
            target=task.target,
            image=task.image,
            names=names,
            groups=self.groups(editor),
            attributes=task.has,
            reconstruction=task.reconstruction,
            reconstruction_prediction=task.reconstruction_prediction,
            objective_names=objectives,
            deltas=torch.zeros(0, len(names)),
            objectives=torch.zeros(0, len(objectives)),
            images=as_bytes(task.image[None][:0]),
            predictions=torch.zeros(0, classes),
            second_prediction=second_prediction,
        )

    def _finished(
        self,
        clf: Classifier,
        editor: Editor,
        task: EditTask,
        second: Classifier | None,
        result: ParetoResult,
        box: tuple[Tensor, Tensor],
        coherence: Coherence,
    ) -> Steps[Update[ParetoResult], None, None]:
        """Add to the front what is found once the search is over, and yield the whole result at last."""
        if result.ablation is None:
            yield Update(SEARCHED, result, "taking each change back")
            result = replace(result, ablation=_ablation(clf, editor, task, result, coherence))
        if result.simplest is None and result.flipped:
            yield Update(SEARCHED, result, "taking back what is not needed")
            result = replace(result, simplest=self._simplest(clf, editor, task, result, coherence))
        if second is not None:
            result = _with_second(second, task, result)
        if self.trust and (result.random_flips is None or _unrounded(result)):
            yield Update(SEARCHED, result, "measuring how far to trust it")
            result = _rounded(result, clf)
            if result.random_flips is None:
                flips = self._random_flips(clf, editor, task, result, box, coherence)
                result = replace(result, random_flips=flips)
        if self.trust and result.single is None:
            changes = measure_single_changes(clf, task, box)
            result = replace(
                result,
                single=changes.effect,
                single_mirrored=changes.mirrored,
                repainted=changes.repainted,
            )
        yield Update(1.0, result)

    def _random_flips(
        self,
        clf: Classifier,
        editor: Editor,
        task: EditTask,
        result: ParetoResult,
        box: tuple[Tensor, Tensor],
        coherence: Coherence,
    ) -> Tensor:
        """Evaluate random edits as large as the flips: ``(n,)`` bool, True where one flips."""
        edits = coherence(random_edits(result.deltas[result.flips], *box, count=_RANDOM, seed=self.seed))
        return is_flip(evaluate(clf, editor, [task], [edits])[0][2], result.target)

    def _simplest(
        self,
        clf: Classifier,
        editor: Editor,
        task: EditTask,
        result: ParetoResult,
        coherence: Coherence,
    ) -> Simplest | None:
        """Take back what the best flip, and those nearest to it, do not need; None where nothing flips.

        None, too, where the model has no finite answer to what is left, as it may in another batch.
        """
        best = result.best
        if best is None:
            return None
        # In shares of what the front spans, so that one number is a tolerance of all.
        span = (result.objectives.amax(0) - result.objectives.amin(0)).clamp_min(1e-12)
        scaled = result.objectives / span
        far = (scaled - scaled[best]).norm(dim=1).masked_fill(~result.flips, torch.inf)
        places = far.argsort(stable=True)[: min(_STARTS, int(result.flips.sum()))]

        def judged(deltas: Tensor) -> tuple[Tensor, Tensor]:
            objectives, _, rows = evaluate(clf, editor, [task], [deltas])[0]
            return objectives / span, is_flip(rows, result.target)

        which, deltas = simplified(
            result.deltas[places], scaled[places], scaled[best] + self.tolerance, judged, coherence.fewer
        )
        objectives, images, rows = evaluate(clf, editor, [task], [deltas[None]])[0]
        if not is_flip(rows, result.target).all():
            return None
        return Simplest(
            place=int(places[which]),
            deltas=deltas,
            objectives=objectives[0],
            image=as_bytes(images.cpu())[0],
            prediction=rows[0],
        )


def _grown(
    result: ParetoResult,
    front: Front,
    edits: Tensor,
    clf: Classifier,
    editor: Editor,
    task: EditTask,
    second: Classifier | None,
) -> ParetoResult:
    """Put another front into the result, in the order of the probability of the target class."""
    objectives, images, rows = evaluate(clf, editor, [task], [edits])[0]
    order = rows[:, task.target].argsort(descending=True, stable=True)
    order = order[rows[order].isfinite().all(1)]  # in another batch than before, an answer may not be
    images = images.cpu()[order]
    try:
        second_predictions = None if second is None else _second(second, images)
    except NotFiniteError:  # it is asked again at the end, and what is missing is said
        second_predictions = None
    return replace(
        result,
        deltas=edits[order],
        objectives=objectives[order],
        images=as_bytes(images),
        predictions=rows[order],
        second_prediction=None if second is None else result.second_prediction,
        second_predictions=second_predictions,
        ablation=None,
        simplest=None,
        rounded_flips=None,
        random_flips=None,
        evaluations=front.evaluations,
        invalid=front.invalid,
        state=dict(front.state),
    )


def _second(second: Classifier, images: Tensor) -> Tensor | None:
    """Predict counterfactuals with a second model; None where there are none."""
    return second.probabilities(images) if len(images) else None


def _with_second(second: Classifier, task: EditTask, result: ParetoResult) -> ParetoResult:
    """Ask a second model what it was not asked yet; an answer that is not finite is missing."""
    if result.second_predictions is None:
        images = task.paint(result.deltas).cpu() if len(result.deltas) else result.images
        try:
            result = replace(result, second_predictions=_second(second, images))
        except NotFiniteError as error:
            result = result.without("second model flips too", error)
    simplest = result.simplest
    if simplest is not None and simplest.second_prediction is None:
        try:
            answer = second.probabilities(task.paint(simplest.deltas[None]))[0]
        except NotFiniteError as error:
            return result.without("simplest flips second model", error)
        result = replace(result, simplest=replace(simplest, second_prediction=answer))
    return result


def _ablation(
    clf: Classifier, editor: Editor, task: EditTask, result: ParetoResult, coherence: Coherence
) -> Tensor:
    """Take each change back by itself: by how much the log-probability rises, ``(k, A)``."""
    gained = torch.full_like(result.deltas, torch.nan)
    column = result.objective_names.index("log-probability")
    for place in range(len(result.names)):
        without = result.deltas.clone()
        without[:, place] = 0
        # What made room for another attribute cannot be taken back without it.
        rows = (result.deltas[:, place] != 0) & (coherence(without) == without).all(1)
        if bool(rows.any()):
            without = without[rows]
            objectives = evaluate(clf, editor, [task], [without])[0][0]
            gained[rows, place] = objectives[:, column] - result.objectives[rows, column]
    return gained


def _unrounded(result: ParetoResult) -> bool:
    return result.simplest is not None and result.simplest.rounded_flips is None


def _rounded(result: ParetoResult, clf: Classifier) -> ParetoResult:
    """Evaluate the counterfactuals, and the simplest, as they are rounded to 8 bits."""
    simplest = result.simplest
    images = result.images if simplest is None else torch.cat([result.images, simplest.image[None]])
    flips = is_flip(predictions(clf, images / 255, len(result.labels)), result.target)
    if simplest is not None:
        simplest = replace(simplest, rounded_flips=bool(flips[-1]))
    return replace(result, rounded_flips=flips[: len(result.images)], simplest=simplest)
