"""A torch module that ONNX Runtime runs, checked against the module itself."""

from __future__ import annotations

import math
from typing import Any

from torch import Tensor

from cfwidgets.models.backends import cache
from cfwidgets.models.backends.base import ClassifierError, Interface
from cfwidgets.models.backends.export import export
from cfwidgets.models.backends.onnx_file import OnnxFile
from cfwidgets.models.backends.outputs import Activation, to_probabilities
from cfwidgets.models.backends.torch_module import TorchModule
from cfwidgets.models.guard import FairLock
from cfwidgets.models.parts import uncompiled
from cfwidgets.progress import progress_bar
from cfwidgets.warn import warn_user

__all__ = ["Accelerated"]

# The largest accepted difference of probabilities, and the images of the first batch that are compared.
_TOLERANCE = 1e-3
_COMPARED = 8
_EXPORTED = 0.9  # share of the time that the exporter takes, for the progress


class Accelerated:
    """Runs an ONNX copy of a module, or the module itself where the copy does not agree with it.

    Parameters
    ----------
    original
        The module on the CPU.
    input_size
        Height and width of all images.
    activation
        The meaning of the outputs.
    name
        For messages.
    progress
        See `cfwidgets.progress.progress_bar`.

    Raises
    ------
    ClassifierError
        The module cannot be exported.
    ImportError
        The exporter or ONNX Runtime is not installed.

    Notes
    -----
    The exported copy is saved in the user's cache folder. Its key holds weights and settings but not the code
    of ``forward``, so a cached copy that disagrees is exported again before it is abandoned.
    """

    def __init__(
        self,
        original: TorchModule,
        input_size: tuple[int, int],
        activation: Activation,
        name: str,
        *,
        progress: bool | None = False,
    ) -> None:
        self.original = original
        self.name = name
        self.device = original.device
        self._input_size = input_size
        self._activation: Activation = activation
        self._key = cache.key(uncompiled(original.module), input_size, original.interface)
        self._checked = False
        self._open(progress)

    def _open(self, progress: bool | None = False) -> None:
        self._lock = FairLock()
        cached = self._load()
        self._from_cache = cached is not None
        self._runs: OnnxFile | TorchModule = cached or self._export(progress)

    def __getstate__(self) -> dict[str, Any]:
        """Travel to another process, where the session is opened again, from the cache if it has the file."""
        return {name: value for name, value in vars(self).items() if name not in ("_lock", "_runs")} | {
            "_abandoned": self._runs is self.original
        }

    def __setstate__(self, state: dict[str, Any]) -> None:
        abandoned = state.pop("_abandoned")
        vars(self).update(state)
        if abandoned:
            self._lock, self._runs = FairLock(), self.original
        else:
            self._open()

    def batch_size(self, height: int, width: int) -> int:
        """Return the batch size of the model that runs."""
        return self._runs.batch_size(height, width)

    def __call__(self, images: Tensor) -> Tensor:
        """Compute raw outputs ``(n, C)``."""
        if not self._checked:
            with self._lock:
                if not self._checked:
                    self._check(images[:_COMPARED])
                    self._checked = True
        return self._runs(images)

    def _load(self) -> OnnxFile | None:
        content = cache.read(self._key)
        if content is None:
            return None
        try:
            return OnnxFile(content, Interface(), self.name)
        except ClassifierError:  # written by another version of ONNX Runtime's or of the exporter's
            return None

    def _export(self, progress: bool | None = False) -> OnnxFile:
        with progress_bar(progress, at_once=True) as report:
            report(0, f"exporting {self.original.name} to ONNX, some seconds")
            content = export(uncompiled(self.original.module), self._input_size, self.original.interface)
            report(_EXPORTED, "opening the file")
            cache.write(self._key, content)
            opened = OnnxFile(content, Interface(), self.name)
            report(1, "exported")
            return opened

    def _check(self, images: Tensor) -> None:
        expected = to_probabilities(self.original(images), self._activation)
        difference = self._difference(images, expected)
        if difference > _TOLERANCE and self._from_cache:
            self._runs = self._export()
            difference = self._difference(images, expected)
        if difference > _TOLERANCE:
            warn_user(
                f"{self.name} disagrees with the network itself: probabilities differ by up to "
                f"{difference:.2g}, and {_TOLERANCE:g} is accepted. The network itself is used instead.",
                RuntimeWarning,
            )
            cache.discard(self._key)
            self._runs = self.original

    def _difference(self, images: Tensor, expected: Tensor) -> float:
        try:
            found = to_probabilities(self._runs(images), self._activation)
        except Exception:  # noqa: BLE001 (whatever stops it, the network itself can answer)
            return math.inf
        if found.shape != expected.shape:
            return math.inf
        return float((found - expected).abs().max())
