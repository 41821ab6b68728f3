"""The network of a classifier as it travels in a page."""

from __future__ import annotations

import base64
import gzip
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import numpy as np
import torch

from cfwidgets.export.refusal import CannotTravelError
from cfwidgets.models.backends.base import ClassifierError, Interface
from cfwidgets.models.backends.onnx_file import OnnxFile
from cfwidgets.models.backends.onnx_runtime import onnx_runtime
from cfwidgets.models.backends.outputs import Activation, to_probabilities

if TYPE_CHECKING:
    from torch import Tensor

    from cfwidgets.models.classifier import Classifier

__all__ = [
    "TOLERANCE",
    "Network",
    "Precision",
    "halved",
    "in_half_precision",
    "in_planes",
    "network_for",
    "network_of",
    "outputs_of",
    "packed_numbers",
]

Precision: TypeAlias = Literal["full", "half"]
"""The precision in which weights are stored."""

TOLERANCE = 1e-4
"""The largest accepted difference of probabilities."""

# What onnxruntime-web 1.30 opens: the newest form of files, and the newest opset of each domain.
_IR = 13
_DOMAINS = {"": 26, "ai.onnx": 26, "ai.onnx.ml": 5, "com.microsoft": 1}
_LEAST = 256  # numbers of a weight that is worth storing in half precision
_LEVELS = 255
_ONE_SIZE = "its network takes batches of one size only"


@dataclass(frozen=True)
class Network:
    """A network in ONNX.

    Attributes
    ----------
    name
        The classifier's.
    model
        The file's content.
    activation
        The function that makes probabilities of its outputs.
    difference
        The largest difference of probabilities to those of the classifier, on the pictures compared.
    half
        True where the weights are stored in half precision.
    """

    name: str
    model: bytes
    activation: Activation
    difference: float
    half: bool = False

    @property
    def width(self) -> int:
        """Bytes of a stored weight."""
        return 2 if self.half else 4


def network_for(clf: Classifier, pictures: Tensor, precision: Precision) -> Network:
    """Export the network of a classifier, with weights in full or in half precision: see the two below."""
    found = network_of(clf, pictures)
    return halved(found, clf, pictures) if precision == "half" else found


def network_of(clf: Classifier, pictures: Tensor) -> Network:
    """Export the network of a classifier, and compare it with the classifier.

    Parameters
    ----------
    clf
        The classifier.
    pictures
        ``(n, 3, H, W)`` in [0, 1], n at least 1, of the size that it takes.

    Raises
    ------
    CannotTravelError
        A black box, a network with operators that ONNX lacks or of one batch size, or one that answers
        otherwise in ONNX Runtime.
    """
    size = (pictures.shape[2], pictures.shape[3])
    expected = clf.probabilities(pictures)
    difference = float("nan")
    try:
        for model in clf.onnx(size):
            _require_runtime(model)
            difference = _difference(model, pictures, clf.activation, expected)
            if difference <= TOLERANCE:
                return Network(clf.name, model, clf.activation, difference)
    except (ClassifierError, ImportError) as error:
        raise CannotTravelError(str(error)) from error
    raise CannotTravelError(
        f"in ONNX Runtime {clf.name} answers otherwise: probabilities differ by up to {difference:.2g}"
    )


def _require_runtime(model: bytes) -> None:
    """Refuse a model that the runtime of pages cannot open, though a newer one can."""
    import onnx

    read = onnx.load_model_from_string(model)
    for one in read.opset_import:
        if one.domain not in _DOMAINS:
            raise CannotTravelError(f"no page knows its operators of {one.domain!r:.60}")
        if one.version > _DOMAINS[one.domain]:
            raise CannotTravelError(
                f"its operators are of opset {one.version}, and pages know those up to {_DOMAINS[one.domain]}"
            )
    if read.ir_version > _IR:
        raise CannotTravelError(
            f"its file is of ONNX's form {read.ir_version}, and pages know those up to {_IR}"
        )


def halved(network: Network, clf: Classifier, pictures: Tensor) -> Network:
    """Store the weights in half precision.

    Raises
    ------
    CannotTravelError
        The likeliest class of one of the pictures becomes another.
    """
    model = in_half_precision(network.model)
    expected = clf.probabilities(pictures)
    found = _answers(model, pictures, network.activation)
    if not torch.equal(found.argmax(1), expected.argmax(1)):
        raise CannotTravelError(f"with weights in half precision {network.name} predicts another class")
    difference = float((found - expected).abs().max())
    return Network(network.name, model, network.activation, difference, half=True)


def outputs_of(model: bytes, given: Tensor) -> list[Tensor]:
    """Return all outputs of a model for a batch, evaluated one by one, as a page asks.

    Raises
    ------
    CannotTravelError
        It takes batches of one size, and of more than one.
    """
    session: Any = onnx_runtime().InferenceSession(model, providers=["CPUExecutionProvider"])
    takes = session.get_inputs()[0]
    if isinstance(takes.shape[0], int) and takes.shape[0] != 1:
        raise CannotTravelError(_ONE_SIZE)
    parts = [session.run(None, {takes.name: one.numpy()}) for one in given.split(1)]
    return [
        torch.cat([torch.from_numpy(one).reshape(1, *one.shape[1:]) for one in out])
        for out in zip(*parts, strict=True)
    ]


def in_planes(content: bytes, width: int) -> bytes:
    """Compress bytes, of each ``width`` the first ones together, then the second ones.

    The exponents of weights are much alike, so that they take less space side by side.
    """
    padded = np.zeros(-(-len(content) // width) * width, np.uint8)
    padded[: len(content)] = np.frombuffer(content, np.uint8)
    return gzip.compress(padded.reshape(-1, width).T.tobytes(), 6, mtime=0)


def packed_numbers(values: Tensor) -> dict[str, Any]:
    """Pack numbers; those that are levels of an 8-bit picture as such: either way none is changed."""
    values = values.detach().cpu().float().contiguous()
    levels = (values * _LEVELS).round()
    if torch.equal(levels / _LEVELS, values) and float(levels.min()) >= 0 and float(levels.max()) <= _LEVELS:
        kind, content = "uint8", levels.to(torch.uint8).numpy().tobytes()
    else:
        kind, content = "float32", values.numpy().astype("<f4").tobytes()
    return {
        "type": kind,
        "shape": list(values.shape),
        "data": base64.b64encode(gzip.compress(content, 6, mtime=0)).decode("ascii"),
    }


def _answers(model: bytes, pictures: Tensor, activation: Activation) -> Tensor:
    file = OnnxFile(model, Interface(), "the exported network")
    if not file.one_by_one:
        raise CannotTravelError(_ONE_SIZE)
    return to_probabilities(torch.cat([file(one) for one in pictures.split(1)]), activation)


def _difference(model: bytes, pictures: Tensor, activation: Activation, expected: Tensor) -> float:
    found = _answers(model, pictures, activation)
    return float((found - expected).abs().max()) if found.shape == expected.shape else float("inf")


def in_half_precision(model: bytes) -> bytes:
    """Store large weights as float16, with a cast that the runtime folds: it computes as before."""
    import onnx
    from onnx import helper, numpy_helper

    read = onnx.load_model_from_string(model)
    casts = []
    for weight in list(read.graph.initializer):
        values = numpy_helper.to_array(weight)
        if values.dtype != np.float32 or values.size < _LEAST:
            continue
        stored = f"{weight.name}.half"
        casts.append(helper.make_node("Cast", [stored], [weight.name], to=onnx.TensorProto.FLOAT))
        read.graph.initializer.remove(weight)
        read.graph.initializer.append(numpy_helper.from_array(values.astype(np.float16), stored))
    nodes = [*casts, *read.graph.node]
    del read.graph.node[:]
    read.graph.node.extend(nodes)
    return bytes(read.SerializeToString())
