"""The protocol of attribute editors: three required names, and optional ones."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, Protocol, runtime_checkable

import torch
from torch import Tensor

from cfwidgets.text import made_by_name

__all__ = [
    "Editor",
    "EditorError",
    "checked_groups",
    "criticised",
    "groups_of",
    "painted",
    "recognised",
    "require_editor",
    "weights_fingerprint",
]

_NOISE = 1e-3  # rounding, in bfloat16 for example, may leave values this far outside [0, 1]


class EditorError(ValueError):
    """An editor or its output cannot be used: the message names what was given and what is accepted."""


@runtime_checkable
class Editor(Protocol):
    """Anything that repaints an image with other attributes.

    An editor may also have

    - ``size``: height and width of its images; without it, images of any size are accepted;
    - ``critic(images)``: from ``(n, 3, H, W)`` to scores ``(n,)``, higher for images that look more real;
      without it, a search has two objectives in the place of three;
    - ``recognise(images)``: from ``(n, 3, H, W)`` to the attributes of the images, ``(n, A)`` in [0, 1];
      without it, the attributes of an image must be given;
    - ``groups``: tuples of names of attributes that exclude each other, such as colours of hair; a name may
      be in several. Without it, any attributes may be present together;
    - ``fingerprint()``: a text that differs for other weights; without it, a search may be resumed as long as
      the editor's reconstruction of the image is the same.

    Attributes
    ----------
    attributes
        Names of the A attributes.

    Examples
    --------
    An editor that makes pictures red or green:

    >>> class Tint:
    ...     attributes = ("red", "green")
    ...     def encode(self, image):
    ...         return image
    ...     def decode(self, image, attributes):
    ...         colour = torch.cat([attributes, torch.zeros(len(attributes), 1)], 1)
    ...         return (image + colour[:, :, None, None]).clamp(0, 1)
    >>> isinstance(Tint(), Editor)
    True
    """

    attributes: Sequence[str]

    def encode(self, image: Tensor) -> Any:
        """Encode an image ``(3, H, W)`` in [0, 1]; `decode` is given what this returns."""
        ...

    def decode(self, encoded: Any, attributes: Tensor) -> Tensor:
        """Paint images ``(n, 3, H, W)`` in [0, 1] with attributes ``(n, A)``: 0 is absent, 1 is present."""
        ...


def require_editor(editor: object) -> Editor:
    """Refuse an object that is no editor.

    Raises
    ------
    EditorError
        Names that are missing.
    """
    missing = [name for name in ("attributes", "encode", "decode") if not hasattr(editor, name)]
    if isinstance(editor, type) or not isinstance(editor, Editor):
        lacks = f" without {', '.join(missing)}" if missing else " itself, not one of it"
        raise EditorError(
            "an editor is an object with attributes, encode(image) and decode(encoded, attributes); got "
            f"{getattr(editor, '__name__', type(editor).__name__)}{lacks}"
            f"{made_by_name(editor, 'attribute_editor')}"
        )
    names = tuple(editor.attributes)
    if not names or len(set(names)) < len(names):
        raise EditorError(f"an editor's attributes are names, each once and at least one; got {names}")
    groups_of(editor)
    return editor


def groups_of(editor: Editor) -> tuple[tuple[str, ...], ...]:
    """Return the editor's groups of attributes that exclude each other; none where it knows of none.

    Raises
    ------
    EditorError
        See `checked_groups`.
    """
    return checked_groups(getattr(editor, "groups", ()), tuple(editor.attributes))


def checked_groups(groups: Any, attributes: Sequence[str]) -> tuple[tuple[str, ...], ...]:
    """Return groups of attributes that exclude each other as tuples.

    Raises
    ------
    EditorError
        A group that is no sequence of at least two of the attributes, each once.
    """
    if isinstance(groups, str) or not isinstance(groups, Sequence):
        raise EditorError(f"an editor's groups are tuples of names; got {groups!r:.60}")
    for group in groups:
        sound = not isinstance(group, str) and isinstance(group, Sequence)
        if not sound or len(group) < 2 or len(set(group)) < len(group):
            raise EditorError(f"a group of attributes is two names or more, each once; got {group!r:.60}")
        unknown = [name for name in group if name not in attributes]
        if unknown:
            raise EditorError(
                f"groups: there is no attribute {unknown[0]!r}; the editor has {', '.join(attributes)}"
            )
    return tuple(tuple(group) for group in groups)


def painted(editor: Editor, encoded: Any, attributes: Tensor) -> Tensor:
    """Paint ``(n, 3, H, W)`` float32 in [0, 1] with attributes ``(n, A)``, and check the images.

    Raises
    ------
    EditorError
        Another shape, NaN or infinite values, or values outside [0, 1].
    """
    images: object = editor.decode(encoded, attributes)
    if not isinstance(images, Tensor) or images.ndim != 4 or images.shape[:2] != (len(attributes), 3):
        got = tuple(images.shape) if isinstance(images, Tensor) else type(images).__name__
        raise EditorError(f"decode must return images ({len(attributes)}, 3, H, W); got {got}")
    low, high = torch.stack(images.detach().aminmax()).tolist()  # a GPU is waited for once
    if not (math.isfinite(low) and math.isfinite(high)):
        raise EditorError("the editor painted NaN or infinite values")
    if low < -_NOISE or high > 1 + _NOISE:
        raise EditorError(
            f"images are in [0, 1]; the editor painted {low:.3g} to {high:.3g}: for a tanh, "
            "return (image + 1) / 2"
        )
    return images.detach().float().clamp(0, 1)


def criticised(editor: Editor, images: Tensor) -> Tensor | None:
    """Score how real images look, ``(n,)`` float32 on the CPU; None for an editor without a critic.

    Raises
    ------
    EditorError
        The scores have another shape.
    """
    critic = getattr(editor, "critic", None)
    if critic is None:
        return None
    return _column("critic", critic(images), (len(images),))


def recognised(editor: Editor, image: Tensor) -> Tensor:
    """Recognise the attributes of an image ``(3, H, W)``: ``(A,)`` of 0 and 1.

    Of attributes that exclude each other only the surest is present.

    Raises
    ------
    EditorError
        The editor recognises none, or returns another shape.
    """
    recognise = getattr(editor, "recognise", None)
    if recognise is None:
        raise EditorError("this editor does not recognise the attributes of an image: give attributes=")
    found = _column("recognise", recognise(image[None]), (1, len(editor.attributes)))[0]
    names = list(editor.attributes)
    groups = [{names.index(name) for name in group} for group in groups_of(editor)]
    present: set[int] = set()
    for place in found.argsort(descending=True, stable=True).tolist():
        excluded = any(place in group and group & present for group in groups)
        if found[place] > 0.5 and not excluded:
            present.add(place)
    return torch.tensor([float(place in present) for place in range(len(names))])


def weights_fingerprint(editor: Editor) -> str:
    """Return the editor's ``fingerprint()``, or an empty text where it has none."""
    summed: Callable[[], str] | None = getattr(editor, "fingerprint", None)
    return "" if summed is None else str(summed())


def _column(name: str, given: object, shape: tuple[int, ...]) -> Tensor:
    if not isinstance(given, Tensor) or tuple(given.shape) != shape:
        got = tuple(given.shape) if isinstance(given, Tensor) else type(given).__name__
        raise EditorError(f"{name} must return {shape}; got {got}")
    return given.detach().to("cpu", torch.float32)
