"""Edits of one image, and their evaluation by a classifier and a critic."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import torch
from torch import Tensor

from cfwidgets.images import ImageLike, as_image, fit
from cfwidgets.models.backends.base import NotFiniteError
from cfwidgets.models.classifier import Classifier
from cfwidgets.models.editor import Editor, criticised, painted, recognised
from cfwidgets.models.finite import finite_or_nan
from cfwidgets.text import did_you_mean

__all__ = [
    "OBJECTIVES",
    "EditTask",
    "edit_box",
    "evaluate",
    "is_flip",
    "log_odds",
    "of_second",
    "predictions",
]

OBJECTIVES = ("plausibility", "log-probability", "intensity")
"""Names of the objectives, in their order; without a critic the first is left out."""

_LEAST = 1e-7  # smaller probabilities count as this one: no log-probability is below -16.1
_LEAST_OF_ODDS = 1e-12


class EditTask:
    """One image with everything that stays the same while its edits are searched.

    Parameters
    ----------
    clf
        The classifier whose prediction is to change.
    editor
        The editor that paints the image with other attributes.
    image
        Anything that `cfwidgets.images.as_image` reads; scaled to the editor's size.
    attributes
        Attributes of the image, from 0 to 1, by name or in the editor's order. None: the editor recognises
        them.
    target
        The class that the edits are to leave, as an index or a label; None for the predicted class.
    baseline
        The critic's score of an edit is compared with that of the ``"image"`` or of its
        ``"reconstruction"``.

    Attributes
    ----------
    image
        ``(3, H, W)`` in [0, 1], at the editor's size.
    has
        ``(A,)`` in [0, 1]: the attributes of the image.
    reconstruction
        ``(3, H, W)`` in [0, 1]: the image as the editor paints it without any change.
    prediction, reconstruction_prediction
        ``(C,)``: the classifier's probabilities for the two.
    target
        Index of the class that the edits are to leave.
    has_critic
        True where the editor has a critic.

    Raises
    ------
    ValueError
        The target is not the predicted class; attributes that do not fit the editor.
    """

    def __init__(
        self,
        clf: Classifier,
        editor: Editor,
        image: ImageLike,
        attributes: Mapping[str, float] | Sequence[float] | Tensor | None = None,
        target: int | str | None = None,
        baseline: Literal["image", "reconstruction"] = "image",
    ) -> None:
        self._editor = editor
        self.image = fit(as_image(image).cpu()[None], getattr(editor, "size", None))[0]
        self.has = _attributes(editor, self.image, attributes)
        self._encoded = editor.encode(self.image)
        self.reconstruction = painted(editor, self._encoded, self.has[None])[0].cpu()
        both = torch.stack([self.image, self.reconstruction])
        self.prediction, self.reconstruction_prediction = clf.probabilities(both)
        self.target = int(self.prediction.argmax())
        if target is not None and (given := clf.class_index(target)) != self.target:
            raise ValueError(
                f"target must be the class that the model predicts for the image, "
                f"{clf.label(self.target)!r}, and not {clf.label(given)!r}: only that class can be left"
            )
        critic = criticised(editor, both)
        self.has_critic = critic is not None
        self._baseline = 0.0 if critic is None else float(critic[int(baseline == "reconstruction")])

    def paint(self, deltas: Tensor) -> Tensor:
        """Paint ``(n, 3, H, W)`` with the attributes changed by ``(n, A)``."""
        return painted(self._editor, self._encoded, self.has + deltas)

    def objectives(self, deltas: Tensor, probabilities: Tensor, critic: Tensor | None) -> Tensor:
        """Compute the objectives ``(n, m)``, all to be minimised; NaN where an answer is not finite.

        Parameters
        ----------
        deltas, probabilities, critic
            ``(n, A)`` changes, ``(n, C)`` probabilities and ``(n,)`` scores of the critic.
        """
        left = probabilities[:, self.target].clamp_min(_LEAST).log()  # NaN stays NaN
        columns = [left, deltas.norm(dim=1).cpu()]
        if critic is not None:
            columns.insert(0, self._baseline - critic)
        return torch.stack(columns, dim=1)


def evaluate(
    clf: Classifier, editor: Editor, tasks: Sequence[EditTask], deltas: Sequence[Tensor]
) -> list[tuple[Tensor, Tensor, Tensor]]:
    """Paint edits of several images, and evaluate all of them in one batch.

    Parameters
    ----------
    clf, editor
        As in `EditTask`.
    tasks, deltas
        For each image its task and ``(n, A)`` changes; n may differ, and be 0.

    Returns
    -------
    list of tuple
        For each image: objectives ``(n, m)``, edited images ``(n, 3, H, W)`` and probabilities ``(n, C)``.
    """
    images = [
        task.paint(some) if len(some) else task.image[None][:0]
        for task, some in zip(tasks, deltas, strict=True)
    ]
    counts = [len(some) for some in images]
    batch = torch.cat([some for some in images if len(some)]) if any(counts) else images[0]
    rows = predictions(clf, batch, len(tasks[0].prediction)).split(counts)
    scores: Sequence[Tensor | None] = [None] * len(tasks)
    if tasks[0].has_critic:
        critic = criticised(editor, batch) if len(batch) else torch.zeros(0)
        scores = [None] * len(tasks) if critic is None else critic.split(counts)
    return [
        (task.objectives(some, row, score), image, row)
        for task, some, row, score, image in zip(tasks, deltas, rows, scores, images, strict=True)
    ]


def predictions(clf: Classifier, images: Tensor, classes: int) -> Tensor:
    """Probabilities ``(n, C)``; NaN for images at which the classifier has no finite answer."""
    return finite_or_nan(clf, images) if len(images) else torch.zeros(0, classes)


def of_second(second: Classifier, image: Tensor) -> Tensor:
    """Predict the explained image with the second model, which is named where it has no finite answer."""
    try:
        return second.probabilities(image[None])[0]
    except NotFiniteError as error:
        raise NotFiniteError(f"second: {error}") from error


def is_flip(probabilities: Tensor, target: int) -> Tensor:
    """``(n,)`` bool: True where the prediction ``(n, C)`` is finite and of another class than the target."""
    return probabilities.isfinite().all(1) & (probabilities.argmax(1) != target)


def log_odds(probabilities: Tensor, target: int) -> Tensor:
    """Log-odds ``(…)`` of the target against all other classes, of probabilities ``(…, C)``.

    Unlike the log-probability it tells answers apart that are near 1.

    Examples
    --------
    >>> log_odds(torch.tensor([[0.5, 0.25, 0.25], [0.9, 0.1, 0.0]]), 0)
    tensor([0.0000, 2.1972])
    """
    others = [place for place in range(probabilities.shape[-1]) if place != target]
    both = torch.stack([probabilities[..., target], probabilities[..., others].sum(-1)])
    own, other = both.clamp_min(_LEAST_OF_ODDS).log()
    return own - other


def edit_box(
    names: Sequence[str],
    has: Tensor,
    frozen: Sequence[str],
    reach: float,
    limits: tuple[float, float] | None,
) -> tuple[Tensor, Tensor]:
    """Bounds of the changes, ``(A,)`` each; both are 0 for a frozen attribute.

    Raises
    ------
    ValueError
        An unknown name, or all attributes are frozen.

    Examples
    --------
    >>> edit_box(("Bald", "Young"), torch.tensor([0.0, 1.0]), ("Bald",), 1.0, (0.0, 1.0))
    (tensor([ 0., -1.]), tensor([0., 0.]))
    """
    unknown = [name for name in frozen if name not in names]
    if unknown:
        raise ValueError(
            f"frozen: there is no attribute {unknown[0]!r}; the editor has {', '.join(names)}"
            f"{did_you_mean(unknown[0], names)}"
        )
    lower, upper = torch.full_like(has, -reach), torch.full_like(has, reach)
    if limits is not None:
        lower = lower.maximum(limits[0] - has).clamp_max(0)
        upper = upper.minimum(limits[1] - has).clamp_min(0)
    free = torch.tensor([name not in frozen for name in names])
    if not bool(free.any()):
        raise ValueError("frozen: all attributes are frozen, and nothing is left to change")
    return lower * free + 0.0, upper * free + 0.0  # no negative zeros


def _attributes(editor: Editor, image: Tensor, given: Any) -> Tensor:
    names = tuple(editor.attributes)
    if given is None:
        return recognised(editor, image)
    if isinstance(given, Mapping):
        unknown = [name for name in given if name not in names]
        missing = [name for name in names if name not in given]
        if unknown or missing:
            wrong = f"there is no {unknown[0]!r}" if unknown else f"{missing[0]!r} is missing"
            hint = did_you_mean(unknown[0], names) if unknown else ""
            raise ValueError(f"attributes: {wrong}; the editor has {', '.join(names)}{hint}")
        given = [given[name] for name in names]
    values = torch.as_tensor(given).float().cpu()
    if values.shape != (len(names),):
        raise ValueError(f"attributes must be {len(names)} numbers, one a name; got {tuple(values.shape)}")
    if not bool(((values >= 0) & (values <= 1)).all()):
        raise ValueError(f"attributes are from 0 (absent) to 1 (present); got {values.tolist()}")
    return values
