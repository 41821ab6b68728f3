"""The one of several outputs that holds the classes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from torch import Tensor

from cfwidgets.models.backends.base import ClassifierError, Interface

__all__ = ["chosen_output"]


def chosen_output(outputs: Any, count: int, interface: Interface) -> Any:
    """Choose among a model's outputs for `count` images.

    Parameters
    ----------
    outputs
        What the model returned: one output, which is returned as it is; or a mapping, a tuple or list of
        tensors, or an object with attributes.
    count
        Number of images.
    interface
        The output by place or name, if one was named; and the number of classes, where known.

    Returns
    -------
    Any
        The output named; else ``logits``, where there is one of that name; else the only one with a row of
        classes for each image.

    Raises
    ------
    ClassifierError
        No output of that name, or several that may be the classes; the message lists them.

    Examples
    --------
    >>> import torch
    >>> chosen_output((torch.zeros(2, 5), torch.zeros(2, 8, 3, 3)), 2, Interface()).shape
    torch.Size([2, 5])
    """
    if interface.output is not None:
        return _named(outputs, interface.output)
    if hasattr(outputs, "logits"):
        return outputs.logits
    several = _several(outputs, count)
    if several is None:
        return outputs
    if "logits" in several:
        return several["logits"]
    if len(several) == 1:
        return next(iter(several.values()))
    fitting = {name: value for name, value in several.items() if _classes(value, count) > 0}
    if interface.classes is not None:
        right = {
            name: value
            for name, value in fitting.items()
            if max(2, _classes(value, count)) == interface.classes
        }
        fitting = right or fitting
    if len(fitting) == 1:
        return next(iter(fitting.values()))
    example = next(iter(fitting or several))
    kind = "none has a row of classes for each image" if not fitting else f"{len(fitting)} may be the classes"
    raise ClassifierError(
        f"the model returns several outputs, {_listed(several)}; {kind}: choose one, such as "
        f"Classifier(…, output={example!r})"
    )


def _several(outputs: Any, count: int) -> dict[Any, Any] | None:
    """Give the outputs by name or place; None where there is one: a tensor, an array, or nested lists."""
    if isinstance(outputs, Mapping):
        arrays = {name: value for name, value in outputs.items() if _is_array(value)}
        return arrays or None
    if not isinstance(outputs, tuple | list) or not any(_is_array(value) for value in outputs):
        return None
    one_each = len(outputs) == count and all(_is_array(value) and value.ndim < 2 for value in outputs)
    if one_each and not (count == 1 and isinstance(outputs, tuple)):
        return None  # a list of rows
    return {place: value for place, value in enumerate(outputs) if _is_array(value)}


def _is_array(value: Any) -> bool:
    return isinstance(value, Tensor | np.ndarray)


def _classes(value: Any, count: int) -> int:
    """Count the classes that an output would have; 0 for what cannot be the classes."""
    shape = tuple(value.shape)
    if shape == (count,) or (count == 1 and not shape):
        return 1
    fits = len(shape) > 1 and shape[0] == count and shape[2:] == (1,) * (len(shape) - 2)
    return shape[1] if fits else 0


def _named(outputs: Any, output: int | str) -> Any:
    if isinstance(output, str):
        if isinstance(outputs, Mapping) and output in outputs:
            return outputs[output]
        if not isinstance(outputs, Mapping) and hasattr(outputs, output):
            return getattr(outputs, output)
    elif isinstance(outputs, tuple | list) and -len(outputs) <= output < len(outputs):
        return outputs[output]
    if isinstance(outputs, Mapping):
        there = _listed(dict(outputs))
    elif isinstance(outputs, tuple | list):
        there = _listed(dict(enumerate(outputs)))
    else:
        there = f"a single {type(outputs).__name__}"
    raise ClassifierError(f"the model has no output {output!r}; it returns {there}")


def _listed(several: Mapping[Any, Any]) -> str:
    return ", ".join(
        f"{name!r} {tuple(value.shape)}" if _is_array(value) else f"{name!r} ({type(value).__name__})"
        for name, value in several.items()
    )
