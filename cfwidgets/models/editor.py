"""What an editor of attributes is to this package: three names, and more that it may have."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Protocol, runtime_checkable

import torch
from torch import Tensor

__all__ = ["Editor", "EditorError", "criticised", "painted", "recognised", "require_editor"]

_NOISE = 1e-3  # what rounding, of bfloat16 for one, may leave outside [0, 1]


class EditorError(ValueError):
    """An editor, or what it painted, that cannot be used; says what was given and is accepted."""


@runtime_checkable
class Editor(Protocol):
    """Anything that paints an image anew with other attributes.

    An editor may also have

    - ``size``, height and width of its images; without it, it takes any;
    - ``critic(images)``, ``(n, 3, H, W)`` to ``(n,)``: how real they look, higher is more; without it, the
      search has two objectives;
    - ``recognise(images)``, ``(n, 3, H, W)`` to ``(n, A)`` in [0, 1]: the attributes that images have;
      without it, the user has to say them.

    Attributes
    ----------
    attributes
        Their names.

    Examples
    --------
    An editor of one's own, here one that makes pictures red or green:

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
        """Make ready to paint an image ``(3, H, W)`` in [0, 1]: what `decode` is given."""
        ...

    def decode(self, encoded: Any, attributes: Tensor) -> Tensor:
        """Paint it ``(n, 3, H, W)`` in [0, 1] with attributes ``(n, A)``: 0 is absent, 1 present."""
        ...


def require_editor(editor: object) -> Editor:
    """Refuse what is no editor.

    Raises
    ------
    EditorError
        With what is missing.
    """
    missing = [name for name in ("attributes", "encode", "decode") if not hasattr(editor, name)]
    if isinstance(editor, type) or not isinstance(editor, Editor):
        lacks = f" without {', '.join(missing)}" if missing else " itself, not one of it"
        raise EditorError(
            "an editor is an object with attributes, encode(image) and decode(encoded, attributes); got "
            f"{getattr(editor, '__name__', type(editor).__name__)}{lacks}"
        )
    names = tuple(editor.attributes)
    if not names or len(set(names)) < len(names):
        raise EditorError(f"an editor's attributes are names, each once and at least one; got {names}")
    return editor


def painted(editor: Editor, encoded: Any, attributes: Tensor) -> Tensor:
    """Paint ``(n, 3, H, W)`` float32 in [0, 1] with attributes ``(n, A)``, and check what was painted.

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
    """Ask how real images look, ``(n,)`` float32 on the CPU; None of an editor without a critic.

    Raises
    ------
    EditorError
        Another shape.
    """
    critic = getattr(editor, "critic", None)
    if critic is None:
        return None
    return _column("critic", critic(images), (len(images),))


def recognised(editor: Editor, image: Tensor) -> Tensor:
    """Ask which attributes an image ``(3, H, W)`` has: ``(A,)`` of 0 and 1.

    Raises
    ------
    EditorError
        It cannot tell, or gives another shape.
    """
    recognise = getattr(editor, "recognise", None)
    if recognise is None:
        raise EditorError("this editor cannot tell which attributes an image has: give attributes=")
    found = _column("recognise", recognise(image[None]), (1, len(editor.attributes)))
    return (found[0] > 0.5).float()


def _column(name: str, given: object, shape: tuple[int, ...]) -> Tensor:
    if not isinstance(given, Tensor) or tuple(given.shape) != shape:
        got = tuple(given.shape) if isinstance(given, Tensor) else type(given).__name__
        raise EditorError(f"{name} must return {shape}; got {got}")
    return given.detach().to("cpu", torch.float32)
