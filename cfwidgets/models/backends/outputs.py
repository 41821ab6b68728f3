"""The meaning of a model's outputs: checks, probabilities and logits."""

from __future__ import annotations

import math
from typing import Literal, TypeAlias

import numpy as np
import torch
from torch import Tensor

from cfwidgets.models.backends.base import ClassifierError, Interface, NotFiniteError
from cfwidgets.models.backends.selection import chosen_output

__all__ = ["Activation", "are_probabilities", "as_rows", "rows_of", "to_logits", "to_probabilities"]

Activation: TypeAlias = Literal["softmax", "sigmoid", "none"]

# In half precision probabilities exceed [0, 1], and their sums differ from 1, by up to this much.
_RANGE_NOISE = 1e-4
_SUM_NOISE = 1e-3


def as_rows(outputs: object, count: int, interface: Interface | None = None) -> Tensor:
    """Read a model's outputs for `count` images as rows.

    Parameters
    ----------
    outputs
        See `rows_of`.
    count
        The number of images in the batch.
    interface
        The output to take, where there are several.

    Returns
    -------
    Tensor
        ``(count, C)`` float32 on the CPU, without a gradient.

    Raises
    ------
    ClassifierError
        As `rows_of`.

    Examples
    --------
    >>> as_rows([[0.25, 0.75]], 1)
    tensor([[0.2500, 0.7500]])
    """
    return rows_of(outputs, count, interface).detach().to("cpu", torch.float32)


def rows_of(outputs: object, count: int, interface: Interface | None = None) -> Tensor:
    """Read a model's outputs for `count` images as rows, where they are and with their gradient.

    Parameters
    ----------
    outputs
        A tensor, an array or nested lists of numbers, ``(count, C)`` or ``(count,)``, with or without
        further axes of length 1; for a single image also ``(C,)`` or one number, as networks that end with
        ``squeeze()`` give. Or several such outputs: see `chosen_output`.
    count
        The number of images in the batch.
    interface
        The output to take, where there are several.

    Returns
    -------
    Tensor
        ``(count, C)``.

    Raises
    ------
    ClassifierError
        Not numbers, another number of rows or of axes, or several outputs that may be the classes.

    Examples
    --------
    >>> rows_of({"logits": torch.zeros(1, 2), "features": torch.zeros(1, 5, 3, 3)}, 1).shape
    torch.Size([1, 2])
    """
    outputs = chosen_output(outputs, count, interface or Interface())
    rows = outputs if isinstance(outputs, Tensor) else _from_array(outputs)
    if rows.is_complex():
        raise ClassifierError("the model must return real numbers; got complex ones")
    given = tuple(rows.shape)
    if rows.ndim > 2 and given[2:] == (1,) * (rows.ndim - 2):
        rows = rows.flatten(1)
    elif rows.ndim <= 1 and count == 1 and given != (0,):
        rows = rows.reshape(1, -1)
    elif rows.ndim == 1:
        rows = rows[:, None]
    if rows.ndim != 2 or rows.shape[1] == 0:
        raise ClassifierError(
            f"the model must return one row of classes for each image, ({count}, C); got {given}"
        )
    if rows.shape[0] != count:
        raise ClassifierError(
            f"the model returned {len(rows)} rows for {_images(count)}; it must be one for each"
        )
    return rows


def to_probabilities(rows: Tensor, activation: Activation) -> Tensor:
    """Turn raw outputs into probabilities.

    Parameters
    ----------
    rows
        ``(n, C)`` raw outputs.
    activation
        The function to apply: ``"softmax"``, ``"sigmoid"``, or ``"none"`` where they are probabilities
        already.

    Returns
    -------
    Tensor
        ``(n, C)`` in [0, 1]; ``(n, 2)``, no and yes, for a single unit.

    Raises
    ------
    ClassifierError
        Outputs that are not finite; with ``"none"`` outputs that are no probabilities; one unit with
        ``"softmax"``.

    Examples
    --------
    >>> to_probabilities(torch.zeros(1, 1), "sigmoid")
    tensor([[0.5000, 0.5000]])
    """
    _check(rows, activation)
    if activation == "softmax":
        return rows.softmax(dim=1)
    if activation == "none":
        rows = rows.clamp(0, 1)
        return torch.cat((1 - rows, rows), dim=1) if rows.shape[1] == 1 else rows
    return torch.cat((-rows, rows), dim=1).sigmoid() if rows.shape[1] == 1 else rows.sigmoid()


def to_logits(rows: Tensor, activation: Activation) -> Tensor:
    """Turn raw outputs into logits.

    Parameters
    ----------
    rows, activation
        As in `to_probabilities`.

    Returns
    -------
    Tensor
        ``(n, C)``: the outputs themselves; with ``"none"`` log-probabilities, finite also at 0. A single
        unit z becomes ``(0, z)``, whose softmax is its sigmoid.

    Raises
    ------
    ClassifierError
        As `to_probabilities`.

    Examples
    --------
    >>> to_logits(torch.tensor([[3.0]]), "sigmoid")
    tensor([[0., 3.]])
    """
    _check(rows, activation)
    single = rows.shape[1] == 1
    if activation == "none":
        rows = rows.logit(eps=1e-7) if single else rows.clamp(torch.finfo(rows.dtype).tiny, 1).log()
    return torch.cat((torch.zeros_like(rows), rows), dim=1) if single else rows


def are_probabilities(rows: Tensor) -> bool:
    """Tell if raw outputs ``(n, C)`` look like probabilities: not negative, with sums of 1.

    Examples
    --------
    >>> are_probabilities(torch.tensor([[0.25, 0.75]])), are_probabilities(torch.zeros(1, 2))
    (True, False)
    """
    return (
        rows.shape[1] > 1
        and bool((rows >= 0).all())
        and bool(torch.allclose(rows.sum(dim=1), torch.ones(len(rows)), rtol=0, atol=1e-5))
    )


def _from_array(outputs: object) -> Tensor:
    try:
        array = np.asarray(outputs)
    except (TypeError, ValueError, RuntimeError) as error:  # ragged lists, tensors on a device
        raise ClassifierError(
            f"the model must return numbers, (N, C); got {_kind(outputs)}: {error}"
        ) from error
    if array.dtype.kind not in "fiub":
        raise ClassifierError(f"the model must return numbers, (N, C); got {_kind(outputs)}")
    return torch.from_numpy(array.astype(np.float32))


def _kind(outputs: object) -> str:
    name = type(outputs).__name__
    if isinstance(outputs, (tuple, list)) and outputs:
        return f"a {name} of {type(outputs[0]).__name__}"
    return f"{'an' if name[0] in 'aeiouAEIOU' else 'a'} {name}"


def _images(count: int) -> str:
    return f"{count} image{'' if count == 1 else 's'}"


def _check(rows: Tensor, activation: Activation) -> None:
    # By NumPy: torch would wake its threads for this, which costs more than the check where cores are busy.
    numbers = rows.numpy()
    # A sum of squares is finite only where all are, and is one call; it may overflow where all are.
    if not math.isfinite(np.vdot(numbers, numbers)) and not (finite := np.isfinite(numbers)).all():
        bad = int((~finite.all(axis=1)).sum())
        raise NotFiniteError(f"the model returned NaN or infinite values for {bad} of {_images(len(rows))}")
    if activation == "softmax" and rows.shape[1] == 1:
        raise ClassifierError(
            "the model has a single output, whose softmax is always 1: pass activation='sigmoid', or 'none' "
            "where it is a probability"
        )
    if activation == "none":
        _check_probabilities(rows)


def _check_probabilities(rows: Tensor) -> None:
    low, high = float(rows.min()), float(rows.max())
    if low < -_RANGE_NOISE or high > 1 + _RANGE_NOISE:
        raise ClassifierError(
            f"with activation='none' the outputs must be probabilities, 0 to 1; got {low:.4g} to {high:.4g}: "
            "where they are logits, pass activation='softmax'"
        )
    if rows.shape[1] > 1:
        sums = rows.sum(dim=1)
        worst = int((sums - 1).abs().argmax())
        if abs(float(sums[worst]) - 1) > _SUM_NOISE:
            raise ClassifierError(
                "with activation='none' the probabilities of each image must sum to 1; got a sum of "
                f"{float(sums[worst]):.4g}: where classes are independent, return logits and pass "
                "activation='sigmoid'"
            )
