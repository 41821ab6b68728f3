"""A model in an ONNX file, run by ONNX Runtime on the CPU."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from cfwidgets.models.backends.base import ClassifierError, Normalisation, Normalise, cpu_batch_size
from cfwidgets.models.backends.onnx_runtime import onnx_runtime
from cfwidgets.models.backends.outputs import as_rows

__all__ = ["OnnxFile"]

_DTYPES = {"tensor(float)": np.float32, "tensor(float16)": np.float16, "tensor(double)": np.float64}


class OnnxFile:
    """Runs an ONNX model with one input ``(n, 3, H, W)`` whose first output is ``(n, C)``.

    Parameters
    ----------
    model
        Path to the file, or its content.
    normalisation
        Normalisation that the model expects, or None.
    name
        For reprs and messages.

    Attributes
    ----------
    input_size
        Height and width where the file fixes them, else None.

    Raises
    ------
    ClassifierError
        A file that ONNX Runtime cannot read, or a model that does not take one batch of RGB images.
    ImportError
        ONNX Runtime is not installed.

    Notes
    -----
    Sessions may be used by several threads at once, so there is no lock. The threads of a session do not
    spin while they wait: between two batches the cores belong to torch, which makes the next one (measured
    on two cores with EfficientNet-Lite0 and superpixel masks composed in between: 262 against 200 images per
    second in batches of 8, 220 against 83 one by one).
    """

    def __init__(self, model: Path | bytes, normalisation: Normalisation | None, name: str) -> None:
        onnxruntime = onnx_runtime()
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 3
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        try:
            self._session = onnxruntime.InferenceSession(
                model if isinstance(model, bytes) else str(model), options, providers=["CPUExecutionProvider"]
            )
        except Exception as error:  # ONNX Runtime has an exception class of its own for each kind of failure
            raise ClassifierError(f"{name} cannot be read as an ONNX model: {error}") from error
        inputs = self._session.get_inputs()
        axes = inputs[0].shape if len(inputs) == 1 else []
        if len(axes) != 4 or (isinstance(axes[1], int) and axes[1] != 3) or inputs[0].type not in _DTYPES:
            given = ", ".join(f"{i.type} {i.shape}" for i in inputs)
            raise ClassifierError(
                f"{name} must take one batch of images (N, 3, H, W) of floats; it takes {given}"
            )
        self.name = name
        self.device = torch.device("cpu")
        self.input_size = (
            (axes[2], axes[3]) if isinstance(axes[2], int) and isinstance(axes[3], int) else None
        )
        self._normalise = None if normalisation is None else Normalise(*normalisation)
        self._input = inputs[0].name
        self._output = self._session.get_outputs()[0].name
        self._dtype = _DTYPES[inputs[0].type]
        self._fixed_batch: int | None = axes[0] if isinstance(axes[0], int) else None

    def batch_size(self, height: int, width: int) -> int:
        """Return the batch size that the file fixes, or else one that suits a CPU."""
        return self._fixed_batch or cpu_batch_size(height, width)

    def __call__(self, images: Tensor) -> Tensor:
        """Compute the first output ``(n, C)``."""
        if self._fixed_batch is None:
            return self._run(images)
        # A batch of a fixed size is padded with copies of its last image.
        parts = images.split(self._fixed_batch)
        fill = parts[-1][-1:].expand(self._fixed_batch - len(parts[-1]), -1, -1, -1)
        return torch.cat([self._run(part) for part in (*parts[:-1], torch.cat((parts[-1], fill)))])[
            : len(images)
        ]

    def _run(self, images: Tensor) -> Tensor:
        inputs = images.cpu()
        if self._normalise is not None:
            inputs = self._normalise(inputs)
        array = inputs.numpy().astype(self._dtype, order="C", copy=False)
        return as_rows(self._session.run([self._output], {self._input: array})[0], len(images))
