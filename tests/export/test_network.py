"""Networks that travel: equal to the classifier's, in half precision where that keeps the class."""

from __future__ import annotations

import base64
import copy
import gzip

import numpy as np
import onnx
import pytest
import torch
from torch import nn

from cfwidgets import Classifier
from cfwidgets.export.network import halved, in_planes, network_of, packed_numbers
from cfwidgets.export.refusal import CannotTravelError


def network(seed: int = 0) -> nn.Module:
    torch.manual_seed(seed)
    return nn.Sequential(
        nn.Conv2d(3, 32, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(32, 4)
    )


PICTURES = torch.rand(3, 3, 8, 8, generator=torch.Generator().manual_seed(0))


def test_a_network_takes_batches_of_any_size_and_answers_as_the_classifier():
    clf = Classifier(network(), mean=(0.4, 0.5, 0.6), std=0.2)
    found = network_of(clf, PICTURES)
    assert found.difference <= 1e-4
    assert found.activation == "softmax"
    read = onnx.load_model_from_string(found.model)
    assert read.graph.input[0].type.tensor_type.shape.dim[0].dim_param


def test_a_network_of_float64_travels_in_float32():
    net = network(4).double()
    before = copy.deepcopy(net.state_dict())
    found = network_of(Classifier(net), PICTURES)
    assert found.difference <= 1e-6
    assert {value.dtype for value in net.state_dict().values()} == {torch.float64}
    assert all(torch.equal(net.state_dict()[name], value) for name, value in before.items())


def test_a_black_box_cannot_travel():
    clf = Classifier(lambda images: images.mean((2, 3)).softmax(1))
    with pytest.raises(CannotTravelError, match="a function"):
        network_of(clf, PICTURES)


def test_operators_that_onnx_lacks_are_named():
    class Unknown(nn.Module):
        def forward(self, images):
            return torch.linalg.eigvalsh(images.mean(1) + images.mean(1).mT)

    with pytest.raises(CannotTravelError, match="cannot be exported to ONNX"):
        network_of(Classifier(Unknown()), PICTURES)


def onnx_file(
    path, *, mean=None, last=False, channels=3, kind=onnx.TensorProto.FLOAT, batch="n", opset=17, output=True
):
    """A file with a small network of another form, whose weights are in a file beside it."""
    helper, tensors = onnx.helper, onnx.numpy_helper
    shape = [batch, 8, 8, 3] if last else [batch, channels, 8, 8]
    element = np.float32 if kind == onnx.TensorProto.FLOAT else np.float16
    lots = np.random.default_rng(0)
    weight = tensors.from_array(lots.normal(size=(64 * channels, 4)).astype(element), "weight")
    nodes = [
        helper.make_node("Flatten", ["x"], ["flat"]),
        helper.make_node("MatMul", ["flat", "weight"], ["y"]),
    ]
    outputs = [helper.make_tensor_value_info("y", kind, [batch, 4])]
    if output:
        outputs.insert(0, helper.make_tensor_value_info("flat", kind, [batch, 64 * channels]))
    graph = helper.make_graph(
        nodes, "graph", [helper.make_tensor_value_info("x", kind, shape)], outputs, [weight]
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)])
    model.ir_version = 10
    onnx.save(model, path, save_as_external_data=True, location=f"{path.name}.data", size_threshold=0)
    return Classifier(
        path, mean=mean, std=None if mean is None else 0.3, output="y" if output else None, channels=channels
    )


@pytest.mark.parametrize(
    "form",
    [{}, {"mean": (0.4, 0.5, 0.6)}, {"last": True}, {"kind": onnx.TensorProto.FLOAT16}, {"batch": 1}],
    ids=str,
)
def test_an_onnx_file_travels_with_its_own_graph(tmp_path, form):
    clf = onnx_file(tmp_path / "model.onnx", **form)
    found = network_of(clf, PICTURES)
    assert found.difference <= 1e-4
    read = onnx.load_model_from_string(found.model)
    assert [one.name for one in read.graph.output] in (["y"], ["y.float"])
    assert not any(one.data_location for one in read.graph.initializer)
    assert halved(found, clf, PICTURES).half


def test_an_onnx_file_of_grey_pictures_travels(tmp_path):
    clf = onnx_file(tmp_path / "grey.onnx", channels=1)
    assert network_of(clf, PICTURES).difference <= 1e-4


def test_an_onnx_file_that_no_page_can_open_says_why(tmp_path):
    fixed = onnx_file(tmp_path / "fixed.onnx", batch=4)
    with pytest.raises(CannotTravelError, match="batches of one size"):
        network_of(fixed, PICTURES)
    newer = onnx_file(tmp_path / "newer.onnx", opset=27)
    with pytest.raises(CannotTravelError, match="opset 27, and pages know those up to 26"):
        network_of(newer, PICTURES)


def test_half_precision_takes_half_the_space_and_the_answer_stays():
    clf = Classifier(network(), input_size=8)
    whole = network_of(clf, PICTURES)
    half = halved(whole, clf, PICTURES)
    assert half.half
    assert 0 < half.difference < 1e-3
    assert len(half.model) < len(whole.model)
    stored = [
        i for i in onnx.load_model_from_string(half.model).graph.initializer if i.name.endswith(".half")
    ]
    assert stored
    assert all(i.data_type == onnx.TensorProto.FLOAT16 for i in stored)


def test_half_precision_that_changes_the_class_is_refused():
    """Two classes that differ by less than half precision tells apart."""

    class Close(nn.Module):
        def __init__(self):
            super().__init__()
            weight = torch.full((2, 3 * 8 * 8), 1 / 3)
            weight[1] += 1e-5
            weight[1, :100] += 1e-5
            self.linear = nn.Linear(3 * 8 * 8, 2)
            self.linear.weight = nn.Parameter(weight)
            self.linear.bias = nn.Parameter(torch.tensor([1e-4, 0.0]))

        def forward(self, images):
            return self.linear(images.flatten(1))

    clf = Classifier(Close(), input_size=8)
    found = network_of(clf, PICTURES)
    assert clf.probabilities(PICTURES).argmax(1).tolist() == [1, 1, 1]
    with pytest.raises(CannotTravelError, match="predicts another class"):
        halved(found, clf, PICTURES)


@pytest.mark.parametrize(("length", "width"), [(8, 4), (7, 4), (5, 2), (0, 4)])
def test_planes_hold_all_bytes(length, width):
    content = bytes(range(length))
    planes = gzip.decompress(in_planes(content, width))
    back = np.frombuffer(planes, "u1").reshape(width, -1).T.tobytes()
    assert back[:length] == content
    assert len(back) - length < width


@pytest.mark.parametrize(
    ("values", "kind"),
    [(torch.arange(256).float() / 255, "uint8"), (torch.tensor([0.1, 1.5, -2.0]), "float32")],
)
def test_numbers_come_back_as_they_were(values, kind):
    packed = packed_numbers(values)
    assert packed["type"] == kind
    content = gzip.decompress(base64.b64decode(packed["data"]))
    back = (
        np.frombuffer(content, "<f4") if kind == "float32" else np.frombuffer(content, "u1") / np.float32(255)
    )
    assert np.array_equal(back.astype("f4"), values.numpy())
