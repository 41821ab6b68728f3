"""Graphs of ONNX files with the preparation of their input inside."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from cfwidgets.models.backends.base import ClassifierError, Grey, Interface, Normalise

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["from_images"]

_NAME = "cfwidgets.images"
_LARGEST = 2 * 10**9  # bytes of one ONNX file


def from_images(
    source: Path | bytes, interface: Interface, channels_last: bool, given: str, output: str
) -> bytes:
    """Return a model from images to the classes as the content of one file.

    Parameters
    ----------
    source
        An ONNX file, or its content. Weights in files beside it are read, too.
    interface
        The form of its input.
    channels_last
        True where it takes ``(n, H, W, 3)``.
    given, output
        The names of its input and of the output that holds the classes.

    Returns
    -------
    bytes
        A model from float32 images ``(n, 3, H, W)`` in [0, 1] to float32 outputs.

    Raises
    ------
    ClassifierError
        It cannot be read as a whole, or has operators from before opset 7, which broadcast in another way.
    ImportError
        The package onnx is not installed.
    """
    try:
        import onnx
        from onnx import TensorProto, helper, numpy_helper
    except ImportError as error:
        raise ImportError('onnx is not installed: pip install "cfwidgets[onnx]"') from error
    try:
        model: Any = onnx.load_model_from_string(source) if isinstance(source, bytes) else onnx.load(source)
    except Exception as error:  # protobuf's own, and whatever weights beside it raise
        raise ClassifierError(f"it cannot be read as a whole: {error}") from error
    if any(one.domain in ("", "ai.onnx") and one.version < 7 for one in model.opset_import):
        raise ClassifierError("its operators are from before opset 7")
    graph = model.graph
    read = next(one for one in graph.input if one.name == given)
    element = read.type.tensor_type.elem_type
    axes = [axis.dim_value or axis.dim_param or None for axis in read.type.tensor_type.shape.dim]
    batch, height, width = (axes[0], *(axes[1:3] if channels_last else axes[2:]))
    steps = list(_steps(interface, numpy_helper, graph))
    if channels_last:
        steps.append(("Transpose", [], {"perm": [0, 2, 3, 1]}))
    steps.append(("Cast", [], {"to": element}))  # the last step has another name in any case
    nodes, now = [], _NAME
    for place, (kind, constants, settings) in enumerate(steps):
        after = given if place == len(steps) - 1 else f"{_NAME}.{place}"
        nodes.append(helper.make_node(kind, [now, *constants], [after], **settings))
        now = after
    kept = next(one for one in graph.output if one.name == output)
    told = output
    ends = []
    if kept.type.tensor_type.elem_type != TensorProto.FLOAT:
        told = f"{output}.float"
        ends.append(helper.make_node("Cast", [output], [told], to=TensorProto.FLOAT))
    nodes = [*nodes, *graph.node, *ends]
    others = [one for one in graph.input if one.name != given]
    for field in (graph.node, graph.input, graph.output):
        del field[:]
    graph.node.extend(nodes)
    graph.input.extend(
        [helper.make_tensor_value_info(_NAME, TensorProto.FLOAT, [batch or "n", 3, height, width]), *others]
    )
    graph.output.append(helper.make_tensor_value_info(told, TensorProto.FLOAT, None))
    if model.ByteSize() > _LARGEST:
        raise ClassifierError(f"it has {model.ByteSize() / 1e9:.1f} GB")
    return bytes(model.SerializeToString())


def _steps(
    interface: Interface, numpy_helper: Any, graph: Any
) -> Iterator[tuple[str, list[str], dict[str, Any]]]:
    """Give the operators of the preparation, with their constants, which are added to the graph."""

    def constant(name: str, values: Any) -> str:
        graph.initializer.append(numpy_helper.from_array(np.asarray(values, np.float32), f"{_NAME}.{name}"))
        return f"{_NAME}.{name}"

    if interface.normalisation is not None:
        normalise = Normalise(*interface.normalisation)
        yield "Mul", [constant("scale", normalise.scale)], {}
        yield "Add", [constant("shift", normalise.shift)], {}
    if interface.channels == 1:
        yield "Conv", [constant("grey", Grey().weights)], {}
