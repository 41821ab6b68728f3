"""Edits of images, and what a classifier and a critic say of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import torch
from torch import Tensor

from cfwidgets.images import ImageLike, as_image, fit
from cfwidgets.models.backends.base import NotFiniteError
from cfwidgets.models.classifier import Classifier
from cfwidgets.models.editor import Editor, criticised, painted, recognised

__all__ = ["OBJECTIVES", "EditTask", "asked", "edit_box"]

OBJECTIVES = ("plausibility", "success", "intensity")
"""Their names, in their order; without a critic there is no first."""

_LEAST = 1e-7  # the smallest probability that counts: 5 % is -3, and nothing is below -16.1


class EditTask:
    """One image with all that stays the same while its edits are searched.

    Parameters
    ----------
    clf
        Whose mind is to change.
    editor
        Paints.
    image
        What `cfwidgets.images.as_image` reads; scaled to the editor's size.
    attributes
        That it has, by name or in order; None: as the editor recognises.
    baseline
        What the critic compares with: the image, or what is painted without a change.

    Attributes
    ----------
    image
        ``(3, H, W)`` in [0, 1], as the editor sees it.
    has
        ``(A,)`` in [0, 1].
    repainted
        ``(3, H, W)``: painted anew without a change.
    before, repainted_answer
        ``(C,)``: the classifier's answers to the two.
    original
        The class to be left.
    critical
        Whether the editor has a critic.
    """

    def __init__(
        self,
        clf: Classifier,
        editor: Editor,
        image: ImageLike,
        attributes: Mapping[str, float] | Sequence[float] | Tensor | None = None,
        baseline: Literal["image", "reconstruction"] = "image",
    ) -> None:
        self._editor = editor
        self.image = fit(as_image(image).cpu()[None], getattr(editor, "size", None))[0]
        self.has = _attributes(editor, self.image, attributes)
        self._encoded = editor.encode(self.image)
        self.repainted = painted(editor, self._encoded, self.has[None])[0].cpu()
        both = torch.stack([self.image, self.repainted])
        self.before, self.repainted_answer = clf.probabilities(both)
        self.original = int(self.before.argmax())
        critic = criticised(editor, both)
        self.critical = critic is not None
        self._baseline = 0.0 if critic is None else float(critic[int(baseline == "reconstruction")])

    def paint(self, deltas: Tensor) -> Tensor:
        """Paint ``(n, 3, H, W)`` with attributes changed by ``(n, A)``."""
        return painted(self._editor, self._encoded, self.has + deltas)

    def objectives(self, deltas: Tensor, answers: Tensor, critic: Tensor | None) -> Tensor:
        """What is to be low, ``(n, m)`` in the order of `OBJECTIVES`; NaN where an answer is not finite."""
        kept = answers[:, self.original].clamp_min(_LEAST).log()  # NaN stays NaN
        columns = [kept, deltas.norm(dim=1).cpu()]
        if critic is not None:
            columns.insert(0, self._baseline - critic)
        return torch.stack(columns, dim=1)


def asked(
    clf: Classifier, editor: Editor, tasks: Sequence[EditTask], deltas: Sequence[Tensor]
) -> list[tuple[Tensor, Tensor, Tensor]]:
    """Paint changes of some images, and ask about all of them together.

    Parameters
    ----------
    clf, editor
        As in `EditTask`.
    tasks, deltas
        For each image ``(n, A)`` changes; n may differ, and be 0.

    Returns
    -------
    list of tuple
        For each image: objectives ``(n, m)``, pictures ``(n, 3, H, W)`` and answers ``(n, C)``.
    """
    pictures = [
        task.paint(some) if len(some) else task.image[None][:0]
        for task, some in zip(tasks, deltas, strict=True)
    ]
    counts = [len(some) for some in pictures]
    together = torch.cat([some for some in pictures if len(some)]) if any(counts) else pictures[0]
    answers = (
        _answers(clf, together, len(tasks[0].before)) if len(together) else tasks[0].before[None][:0]
    ).split(counts)
    critic = criticised(editor, together) if len(together) and tasks[0].critical else None
    critics = [None] * len(tasks) if critic is None else critic.split(counts)
    return [
        (task.objectives(some, answer, of), picture, answer)
        for task, some, answer, of, picture in zip(tasks, deltas, answers, critics, pictures, strict=True)
    ]


def _answers(clf: Classifier, images: Tensor, classes: int) -> Tensor:
    """The classifier's answers; NaN for images at which it has none that is finite."""
    try:
        return clf.probabilities(images)
    except NotFiniteError:
        if len(images) == 1:
            return torch.full((1, classes), torch.nan)
        return torch.cat([_answers(clf, half, classes) for half in images.tensor_split(2)])


def edit_box(
    names: Sequence[str],
    has: Tensor,
    frozen: Sequence[str],
    reach: float,
    limits: tuple[float, float] | None,
) -> tuple[Tensor, Tensor]:
    """Between which changes is searched, ``(A,)`` each: a frozen attribute has no room.

    Raises
    ------
    ValueError
        An unknown name, or nothing left to change.

    Examples
    --------
    >>> edit_box(("Bald", "Young"), torch.tensor([0.0, 1.0]), ("Bald",), 1.0, (0.0, 1.0))
    (tensor([ 0., -1.]), tensor([0., 0.]))
    """
    unknown = [name for name in frozen if name not in names]
    if unknown:
        raise ValueError(f"frozen: there is no attribute {unknown[0]!r}; the editor has {', '.join(names)}")
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
            raise ValueError(f"attributes: {wrong}; the editor has {', '.join(names)}")
        given = [given[name] for name in names]
    values = torch.as_tensor(given).float().cpu()
    if values.shape != (len(names),):
        raise ValueError(f"attributes must be {len(names)} numbers, one a name; got {tuple(values.shape)}")
    if not bool(((values >= 0) & (values <= 1)).all()):
        raise ValueError(f"attributes are from 0 (absent) to 1 (present); got {values.tolist()}")
    return values
