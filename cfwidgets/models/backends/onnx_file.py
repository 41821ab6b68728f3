"""A model in an ONNX file, run by ONNX Runtime on the CPU."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from cfwidgets.models.backends.base import ClassifierError, Interface, cpu_batch_size
from cfwidgets.models.backends.onnx_graph import from_images
from cfwidgets.models.backends.onnx_runtime import onnx_runtime
from cfwidgets.models.backends.outputs import as_rows
from cfwidgets.models.backends.torch_module import channels_error

__all__ = ["OnnxFile"]

_DTYPES = {"tensor(float)": np.float32, "tensor(float16)": np.float16, "tensor(double)": np.float64}
_OF_CLASSES = ("logits", "probabilities", "probs", "prob", "softmax", "scores", "predictions")
"""Names of outputs that hold classes, the surest first."""


class OnnxFile:
    """Runs an ONNX model from one batch of images to ``(n, C)``.

    Parameters
    ----------
    model
        Path to the file, or its content. Its input is ``(n, 3, H, W)``, or ``(n, H, W, 3)``, to which images
        are then turned.
    interface
        Form of its input and its outputs.
    name
        For reprs and messages.

    Attributes
    ----------
    input_size
        Height and width where the file fixes them, else None.

    Raises
    ------
    ClassifierError
        A file that ONNX Runtime cannot read, a model that does not take one batch of pictures, or several
        outputs that may be the classes.
    ImportError
        ONNX Runtime is not installed.

    Notes
    -----
    Sessions may be used by several threads at once, so there is no lock. The threads of a session do not
    spin while they wait: between two batches the cores belong to torch, which makes the next one (measured
    on two cores with EfficientNet-Lite0 and superpixel masks composed in between: 262 against 200 images per
    second in batches of 8, 220 against 83 one by one).
    """

    def __init__(self, model: Path | bytes, interface: Interface, name: str) -> None:
        self.name = name
        self.device = torch.device("cpu")
        self._model = model
        self._interface = interface
        self._prepare = interface.preparation()
        self._open()
        inputs = self._session.get_inputs()
        axes = inputs[0].shape if len(inputs) == 1 else []
        if len(axes) != 4 or inputs[0].type not in _DTYPES:
            given = ", ".join(f"{i.type} {i.shape}" for i in inputs)
            raise ClassifierError(
                f"{name} must take one batch of images (N, 3, H, W) of floats; it takes {given}"
            )
        self._channels_last = self._is_last(axes)
        channels, height, width = (axes[3], axes[1], axes[2]) if self._channels_last else axes[1:]
        if isinstance(channels, int) and channels != interface.channels:
            raise channels_error(f"{name}, of axes {axes},", channels)
        # Nothing tells the layout: if the model refuses the usual order, the other one is tried.
        self._free = not any(isinstance(axis, int) for axis in axes[1:])
        self.input_size = (height, width) if isinstance(height, int) and isinstance(width, int) else None
        self._input = inputs[0].name
        self._output = self._find_output()
        self._dtype = _DTYPES[inputs[0].type]
        self._fixed_batch: int | None = axes[0] if isinstance(axes[0], int) else None

    def _open(self) -> None:
        onnxruntime = onnx_runtime()
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 3
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        source = self._model if isinstance(self._model, bytes) else str(self._model)
        try:
            self._session: Any = onnxruntime.InferenceSession(
                source, options, providers=["CPUExecutionProvider"]
            )
        except Exception as error:  # ONNX Runtime has an exception class of its own for each kind of failure
            raise ClassifierError(f"{self.name} cannot be read as an ONNX model: {error}") from error

    def __getstate__(self) -> dict[str, Any]:
        """Travel to another process, where the file is opened again."""
        return {name: value for name, value in vars(self).items() if name != "_session"}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state)
        self._open()

    def _is_last(self, axes: list[Any]) -> bool:
        wanted = self._interface.channels
        return axes[3] in (1, 3) and axes[1] != wanted and (axes[3] == wanted or not isinstance(axes[1], int))

    def _find_output(self) -> str:
        """Choose the output that holds the classes: by the name given, else by type, shape and name.

        Raises
        ------
        ClassifierError
            None, or several; the message lists them.
        """
        outputs = self._session.get_outputs()
        listed = ", ".join(f"{o.name!r} {o.type} {o.shape}" for o in outputs)
        wanted = self._interface.output
        if wanted is not None:
            if isinstance(wanted, int) and -len(outputs) <= wanted < len(outputs):
                return str(outputs[wanted].name)
            if wanted in [o.name for o in outputs]:
                return str(wanted)
            raise ClassifierError(f"{self.name} has no output {wanted!r}; it has {listed}")
        if len(outputs) == 1:
            return str(outputs[0].name)
        rows = [o for o in outputs if o.type in _DTYPES and _may_be_classes(o.shape)]
        classes = self._interface.classes
        if classes is not None:
            fixed = [o for o in rows if len(o.shape) > 1 and isinstance(o.shape[1], int)]
            rows = [o for o in fixed if max(2, o.shape[1]) == classes] or rows
        if len(rows) == 1:
            return str(rows[0].name)
        for name in _OF_CLASSES:
            named = [o for o in rows if name in o.name.lower()]
            if len(named) == 1:
                return str(named[0].name)
        example = (rows or outputs)[0].name
        raise ClassifierError(
            f"{self.name} has several outputs, {listed}: name the one that holds the classes, such as "
            f"Classifier(…, output={example!r})"
        )

    @property
    def gives_probabilities(self) -> bool:
        """True where the output's name says so."""
        return any(name in self._output.lower() for name in ("prob", "softmax"))

    @property
    def any_batch(self) -> bool:
        """True where it takes batches of any size."""
        return self._fixed_batch is None

    @property
    def one_by_one(self) -> bool:
        """True where it takes an image alone."""
        return self._fixed_batch in (None, 1)

    def from_images(self) -> bytes:
        """Return the content of a file that takes images as this one is given them: see `onnx_graph`."""
        return from_images(self._model, self._interface, self._channels_last, self._input, self._output)

    def batch_size(self, height: int, width: int) -> int:
        """Return the batch size that the file fixes, or else one that suits a CPU."""
        return self._fixed_batch or cpu_batch_size(height, width)

    def __call__(self, images: Tensor) -> Tensor:
        """Compute the chosen output ``(n, C)``."""
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
        if self._prepare is not None:
            inputs = self._prepare(inputs)
        try:
            found = self._answer(inputs)
        except Exception as error:
            if not self._free:
                raise self._refusal(inputs, error) from error
            self._channels_last = True
            try:
                found = self._answer(inputs)
            except Exception:  # noqa: BLE001 (the first error says more)
                self._channels_last = False
                raise self._refusal(inputs, error) from error
        self._free = False
        return as_rows(found, len(images), Interface(classes=self._interface.classes))

    def _answer(self, inputs: Tensor) -> Any:
        turned = inputs.permute(0, 2, 3, 1) if self._channels_last else inputs
        array = turned.numpy().astype(self._dtype, order="C", copy=False)
        return self._session.run([self._output], {self._input: array})[0]

    def _refusal(self, inputs: Tensor, error: Exception) -> ClassifierError:
        reason = str(error).strip().splitlines()[0]
        axes = self._session.get_inputs()[0].shape
        return ClassifierError(
            f"{self.name} takes {axes} and fails on {tuple(inputs.shape)}: does it need another input_size? "
            f"ONNX Runtime says: {reason}"
        )


def _may_be_classes(axes: list[Any]) -> bool:
    """Tell if an output of these axes may have a row of classes for each image; one axis: a single unit."""
    return len(axes) in (1, 2) or (len(axes) > 2 and all(axis == 1 for axis in axes[2:]))
