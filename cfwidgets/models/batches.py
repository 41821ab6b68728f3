"""Passing images to a back end in batches of a size that it takes and that fits into memory."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Literal

import torch
from torch import Tensor

from cfwidgets.images import fit
from cfwidgets.models.backends.base import Backend, ClassifierError

__all__ = ["Batches"]

_SIZES = tuple(2**power for power in range(9))  # tried where a model takes batches of one size only


class Batches:
    """A back end, and the batches that it was found to take.

    Parameters
    ----------
    backend
        The back end.
    size
        Images in one forward pass; ``"auto"`` for the back end's choice.
    """

    def __init__(self, backend: Backend, size: int | Literal["auto"]) -> None:
        self._backend = backend
        self._size: int | Literal["auto"] = size
        self._fits: int | None = None  # the batch size that memory was found to hold
        # True where the model takes batches of one size only; None before another one was tried
        self._pads: bool | None = None
        self._passed: int | None = None  # the size of a batch that has passed, with size="auto"

    def of(self, backend: Backend) -> Batches:
        """Return the same for another back end of the model; its memory is measured again."""
        other = copy.copy(self)
        other._backend, other._fits = backend, None  # noqa: SLF001 - its own
        return other

    def rows(self, images: Tensor, input_size: tuple[int, int] | None, name: str) -> Iterator[Tensor]:
        """Yield raw outputs ``(n, C)`` for each batch of images.

        Parameters
        ----------
        images
            ``(N, 3, H, W)`` in [0, 1].
        input_size
            Height and width to which each batch is fitted; None for the images' own.
        name
            The model's, for messages.

        Raises
        ------
        ClassifierError
            Outputs that are no rows, or not enough memory for one image.
        Exception
            An exception of the model passes through, with a note of the images in the batch.
        """
        count, _, *sides = images.shape
        height, width = input_size or sides
        start = 0
        while start < count:
            chunk = images[start : start + self._next_size(height, width)]
            try:
                rows = self._rows_if_they_fit(chunk, input_size, name)
            except ClassifierError:
                raise
            except Exception as error:
                error.add_note(
                    f"raised by the classifier {name}, evaluating {_span(start, len(chunk), count)}"
                )
                raise
            if rows is None:
                self._fits = len(chunk) // 2
                if self._backend.device.type == "cuda":
                    torch.cuda.empty_cache()
                continue
            yield rows
            start += len(chunk)

    def fixed(self, images: Tensor, input_size: tuple[int, int] | None) -> int | None:
        """Return the size of the only batches that the model takes; None for one that takes smaller ones.

        Parameters
        ----------
        images
            ``(N, 3, H, W)`` in [0, 1], N at least 1: where nothing is known yet, the first is passed alone.
        input_size
            As in `rows`.
        """
        if self._size == "auto":
            return None
        if self._pads is None:
            self._filled(fit(images[:1], input_size))
        return self._size if self._pads else None

    def find_fixed(self, images: Tensor, input_size: tuple[int, int] | None) -> int | None:
        """Return what `fixed` does, and find it out where it is not known: for a model that has failed."""
        image = fit(images[:1], input_size)
        for count in (1, 2):
            if self._size == "auto" and self._pads is None and count != self._passed:
                self._filled(image.expand(count, -1, -1, -1))
        return self.fixed(images, input_size)

    def _next_size(self, height: int, width: int) -> int:
        size = self._backend.batch_size(height, width) if self._size == "auto" else self._size
        return size if self._fits is None else min(size, self._fits)

    def _rows_if_they_fit(
        self, chunk: Tensor, input_size: tuple[int, int] | None, name: str
    ) -> Tensor | None:
        """Compute raw outputs; None where memory has run out and fewer images may fit."""
        try:
            return self._filled(fit(chunk, input_size))
        except torch.OutOfMemoryError as error:
            if len(chunk) > 1:
                return None
            raise ClassifierError(
                f"{name} runs out of memory on {self._backend.device} with a single image"
            ) from error

    def _filled(self, images: Tensor) -> Tensor:
        """Compute raw outputs; a batch too small for a model of one batch size is filled with copies."""
        size = self._size
        if size == "auto":
            return self._backend(images) if self._pads is False else self._in_any_size(images)
        missing = size - len(images)
        if missing <= 0:
            return self._backend(images)

        def filled() -> Tensor:
            return self._backend(_filled_up(images, size))[: len(images)]

        if self._pads:
            return filled()
        try:
            rows = self._backend(images)
        except torch.OutOfMemoryError:
            raise
        except (RuntimeError, ValueError) as error:  # torch's for shapes that do not fit, and ours
            try:
                rows = filled()
            except Exception:  # noqa: BLE001 (the first error says more)
                raise error from None
            self._pads = self._fails_again(images)
        else:
            self._pads = False
        return rows

    def _fails_again(self, images: Tensor) -> bool | None:
        """Pass a batch that has failed once more: True, or None for a model that was broken for a moment."""
        try:
            self._backend(images)
        except (RuntimeError, ValueError):
            return True
        return None

    def _in_any_size(self, images: Tensor) -> Tensor:
        """Compute raw outputs; where a first batch fails, find the one batch size that the model takes."""
        try:
            rows = self._backend(images)
        except (torch.OutOfMemoryError, ClassifierError):
            raise
        except (RuntimeError, ValueError) as error:  # for shapes that do not fit
            for size in _SIZES:
                try:
                    # All of them: a model that breaks now and then is none of a fixed batch.
                    rows = torch.cat(
                        [self._backend(_filled_up(some, size))[: len(some)] for some in images.split(size)]
                    )
                except Exception:  # noqa: BLE001, S112 (the first error says more)
                    continue
                if self._fails_again(images):
                    self._size, self._pads = size, True
                return rows
            raise error from None
        if self._passed not in (None, len(images)):
            self._pads = False  # batches of two sizes have passed
        self._passed = len(images)
        return rows


def _filled_up(images: Tensor, size: int) -> Tensor:
    """Fill a batch with copies of its last image."""
    return torch.cat((images, images[-1:].expand(size - len(images), -1, -1, -1)))


def _span(start: int, length: int, count: int) -> str:
    return (
        f"image {start} of {count}" if length == 1 else f"images {start} to {start + length - 1} of {count}"
    )
