"""A classifier of any network: what it takes, what it gives, how it is run, and how it travels."""

from __future__ import annotations

import copy
import io
import pickle
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import onnx
import pytest
import timm
import torch
import torch.nn.functional as F
import travelling
from onnx import TensorProto, helper, numpy_helper
from torch import Tensor, nn
from torchvision import models

from cfwidgets.attribution import METHODS, Attributor, attribute
from cfwidgets.models.classifier import Classifier, ClassifierError


def pictures(count: int = 5, size: int = 32) -> Tensor:
    coarse = torch.rand(count, 3, 5, 5, generator=torch.Generator().manual_seed(count))
    return F.interpolate(coarse, size=size, mode="bilinear")


def network(channels: int = 3) -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(channels, 8, 3, padding=1), nn.BatchNorm2d(8), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(8, 8, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, 4),
    ).eval()  # fmt: skip


class Ends(nn.Module):
    def __init__(self, end: Any, channels: int = 3) -> None:
        super().__init__()
        self.net, self.end = network(channels), end

    def forward(self, x: Tensor) -> Any:
        return self.end(self.net(x))


# Outputs


@pytest.mark.costly
@pytest.mark.parametrize("count", [5, 1])
@pytest.mark.parametrize(
    "end",
    [
        lambda y: {"logits": y},
        lambda y: {"scores": y, "features": y[:, :, None, None].expand(-1, -1, 3, 3)},
        lambda y: (y,),
        lambda y: [y],
        lambda y: (y[:, :, None, None].expand(-1, -1, 3, 3), y),
        lambda y: y.squeeze(),
        lambda y: y[:, :, None, None],
    ],
)
def test_outputs_of_one_reading_are_accepted(end, count):
    x = pictures(count)
    clf, plain = Classifier(Ends(end).eval(), input_size=32), Classifier(network(), input_size=32)
    assert torch.allclose(clf.logits(x), plain.logits(x), atol=1e-6)
    for method in ("grad_cam", "saliency", "occlusion"):
        assert torch.allclose(
            attribute(clf, x, 1, method).maps, attribute(plain, x, 1, method).maps, atol=1e-5
        ), method


def test_a_single_unit_that_is_squeezed():
    clf = Classifier(Ends(lambda y: y[:, :1].squeeze()).eval(), activation="sigmoid")
    together = clf.probabilities(pictures())
    assert together.shape == (5, 2)
    assert torch.allclose(clf.probabilities(pictures()[:1]), together[:1], atol=1e-6)
    assert list(clf.top(pictures()[0])["class"]) in ([0, 1], [1, 0])


def test_of_several_one_is_named_or_found_by_the_labels():
    net, x = Ends(lambda y: (y[:, :3], y)).eval(), pictures()
    with pytest.raises(ClassifierError, match=r"0 \(5, 3\), 1 \(5, 4\); 2 may be the classes.*output=0\)"):
        Classifier(net).logits(x)
    want = Classifier(network()).logits(x)
    for clf in (Classifier(net, output=1), Classifier(net, output=-1), Classifier(net, labels=list("abcd"))):
        assert torch.allclose(clf.logits(x), want, atol=1e-6)
        assert attribute(clf, x, 3, "grad_cam").maps.shape == (5, 32, 32)
    with pytest.raises(ClassifierError, match=r"no output 'logits'; it returns 0 \(5, 3\), 1 \(5, 4\)"):
        Classifier(net, output="logits").logits(x)
    named = Ends(lambda y: {"a": y[:, :3], "b": y}).eval()
    with pytest.raises(ClassifierError, match=r"'a' \(5, 3\), 'b' \(5, 4\).*output='a'"):
        Classifier(named).logits(x)
    assert torch.allclose(Classifier(named, output="b").logits(x), want, atol=1e-6)


class Four(nn.Module):
    """A network that takes batches of four, and no others."""

    def __init__(self, net: nn.Sequential | None = None) -> None:
        super().__init__()
        self.net = network() if net is None else net

    def forward(self, x: Tensor) -> Tensor:
        if len(x) != 4:
            raise RuntimeError(f"shape '[4, 8]' is invalid for a batch of {len(x)}")
        return self.net(x)


@pytest.mark.parametrize("count", [4, 8, 5, 1])
def test_a_fixed_batch_is_filled(count):
    x = pictures(count)
    clf, plain = Classifier(Four().eval(), input_size=32, batch_size=4), Classifier(network())
    assert torch.allclose(clf.logits(x), plain.logits(x), atol=1e-5)
    assert clf.fixed_batch(x) == 4
    assert not torch.allclose(clf.randomised().logits(x), clf.logits(x))
    assert Classifier(network(), batch_size=4).fixed_batch(x) is None


@pytest.mark.parametrize("given", ["auto", None])
@pytest.mark.parametrize("count", [1, 4, 5, 10])
def test_the_size_of_a_fixed_batch_is_found(count, given):
    x = pictures(count)
    clf, plain = Classifier(Four().eval(), input_size=32, batch_size=given), Classifier(network())
    assert torch.allclose(clf.logits(x), plain.logits(x), atol=1e-5)
    assert torch.allclose(clf.logits(x[:3]), plain.logits(x[:3]), atol=1e-5)
    assert clf.fixed_batch(x) == 4
    found, want = (attribute(one, x, 1, "saliency").maps for one in (clf, plain))
    torch.testing.assert_close(found, want, atol=1e-5, rtol=1e-4)


def test_a_network_that_takes_one_image_at_a_time():
    class One(Four):
        def forward(self, x):
            return self.net(x).view(1, 4)

    clf, x = Classifier(One().eval()), pictures(3)
    want = Classifier(network()).logits(x)
    assert torch.allclose(clf.logits(x[:1]), want[:1], atol=1e-5)  # alone it says nothing of several
    assert torch.allclose(clf.logits(x), want, atol=1e-5)
    assert clf.fixed_batch(x) == 1


def test_a_network_that_takes_no_batch_says_why_at_first():
    class Broken(nn.Module):
        def forward(self, x):
            raise ValueError(f"no batch of {len(x)}")

    with pytest.raises(ValueError, match="no batch of 3"):
        Classifier(Broken()).logits(pictures(3))


@pytest.mark.costly
@pytest.mark.parametrize("asked_before", [False, True])
@pytest.mark.parametrize("count", [4, 5, 1])
@pytest.mark.parametrize("method", METHODS)
def test_a_fixed_batch_is_filled_for_maps_too(method, count, asked_before):
    x = pictures(count)
    clf, plain = Classifier(Four().eval(), input_size=32, batch_size=4), Classifier(network(), batch_size=4)
    if asked_before:
        clf.logits(x)
    if method == "deep_lift":
        with pytest.raises(ClassifierError, match=r"DeepLIFT passes .* Four takes batches of 4 images only"):
            attribute(clf, x, 1, method)
        return
    found, want = attribute(clf, x, 1, method), attribute(plain, x, 1, method)
    assert found.maps.shape == (count, 32, 32)
    assert found.maps.abs().max() > 0
    torch.testing.assert_close(found.maps, want.maps, atol=1e-5, rtol=1e-4)
    torch.testing.assert_close(found.logits, want.logits, atol=1e-5, rtol=1e-4)
    if count == 5:  # by parts of the user's own size
        again = attribute(clf, x, 1, method, batch_size=3).maps
        torch.testing.assert_close(again, want.maps, atol=1e-5, rtol=1e-4)


@pytest.mark.costly
@pytest.mark.parametrize("method", [method for method in METHODS if method != "deep_lift"])
def test_the_size_of_a_fixed_batch_is_found_for_maps_too(method):
    x = pictures(5)
    want = attribute(Classifier(network()), x, 1, method).maps
    never_asked, asked_for_four = Classifier(Four().eval()), Classifier(Four().eval())
    asked_for_four.logits(x[:4])
    for clf in (never_asked, asked_for_four):
        torch.testing.assert_close(attribute(clf, x, 1, method).maps, want, atol=1e-5, rtol=1e-4)
        assert clf.fixed_batch(x) == 4


def test_one_image_at_a_time_is_found_for_maps_too():
    class One(Four):
        def forward(self, x):
            return self.net(x).view(1, 4)

    x = pictures(3)
    want = attribute(Classifier(network()), x, 1, "grad_cam").maps
    found = attribute(Classifier(One().eval()), x, 1, "grad_cam").maps
    torch.testing.assert_close(found, want, atol=1e-5, rtol=1e-4)


@pytest.mark.costly
@pytest.mark.parametrize("method", ["grad_cam", "input_x_gradient", "integrated_gradients"])
def test_a_fixed_batch_is_filled_for_maps_against_a_class(method):
    x = pictures(5)
    clf, plain = Classifier(Four().eval(), batch_size=4), Classifier(network(), batch_size=4)
    found, want = (attribute(one, x, 1, method, against=0) for one in (clf, plain))
    assert found.against == 0
    torch.testing.assert_close(found.maps, want.maps, atol=1e-5, rtol=1e-4)


def test_parts_of_a_network_of_a_fixed_batch_are_randomised():
    x, clf = pictures(4), Classifier(Four().eval(), input_size=32, batch_size=4)
    module = clf.require_module()
    last = [name for name, _ in module.named_parameters()][-1].rpartition(".")[0]
    copy = clf.randomised(parts=[last])
    changed = {
        name.rpartition(".")[0]
        for name, weights in copy.require_module().named_parameters()
        if not torch.equal(weights, module.get_parameter(name))
    }
    assert changed == {last}
    assert not torch.allclose(copy.logits(x), clf.logits(x))


def test_tokens_of_a_fixed_batch_are_found():
    class Tokens(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            with torch.random.fork_rng():
                torch.manual_seed(1)
                self.net = models.VisionTransformer(32, 8, 2, 2, 16, 32, num_classes=5)
                nn.init.normal_(self.net.heads.head.weight)

        def forward(self, x: Tensor) -> Tensor:
            return self.net(x).view(4, 5)

    x = pictures(5)
    found = attribute(Classifier(Tokens().eval(), batch_size=4), x, 0, "grad_cam")
    want = attribute(Classifier(Tokens().net.eval()), x, 0, "grad_cam")
    assert found.layer == f"net.{want.layer}"
    torch.testing.assert_close(found.maps, want.maps, atol=1e-5, rtol=1e-4)


@pytest.mark.filterwarnings("ignore:the answer of Four:RuntimeWarning")
def test_a_fixed_batch_with_statistics_of_the_batch_is_filled_with_copies_of_one():
    def net() -> nn.Sequential:
        made = network()
        made[1] = nn.BatchNorm2d(8, track_running_stats=False)
        return made

    x = pictures(5)
    clf = Classifier(Four(net()).eval(), batch_size=4)
    with pytest.warns(RuntimeWarning, match="depends on the other images in its batch"):
        together = clf.logits(x)
    alone = torch.cat([Classifier(Four(net()).eval(), batch_size=4).logits(one) for one in x.split(1)])
    torch.testing.assert_close(together, alone, atol=1e-4, rtol=1e-4)
    maps = attribute(clf, x, 1, "saliency").maps
    torch.testing.assert_close(maps[:1], attribute(clf, x[:1], 1, "saliency").maps, atol=1e-6, rtol=1e-4)


# Channels


def test_grey_is_offered_and_other_channels_are_refused():
    x = pictures()
    with pytest.raises(ClassifierError, match="Sequential takes images of 1 channel: pass channels=1"):
        Classifier(network(1)).logits(x)
    clf = Classifier(network(1), channels=1, mean=0.5, std=0.25)
    grey = (x * torch.tensor([0.299, 0.587, 0.114]).view(3, 1, 1)).sum(1, keepdim=True)
    assert torch.allclose(clf.logits(x), network(1)((grey - 0.5) / 0.25), atol=1e-5)
    for method in METHODS:
        assert attribute(clf, x[:2], 1, method).maps.shape == (2, 32, 32), method
    assert not torch.allclose(clf.randomised(0).logits(x), clf.logits(x))
    for channels in (4, 13):
        with pytest.raises(ClassifierError, match=f"takes images of {channels} channels; pictures of three"):
            Classifier(network(channels)).logits(x)
    with pytest.raises(ValueError, match="channels must be"):
        Classifier(network(), channels=4)  # type: ignore[arg-type]
    with pytest.raises(ClassifierError, match="takes images of 1 channel"):
        Classifier(timm.create_model("resnet18", in_chans=1).eval()).logits(x)
    with pytest.raises(ClassifierError, match="on the device 'meta'"):
        Classifier(network().to("meta")).logits(x)


# Half precision


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_maps_of_half_precision_are_those_of_float32(dtype):
    x, half = pictures(2), network().to(dtype)
    clf, plain = Classifier(half, input_size=32), Classifier(copy.deepcopy(half).float(), input_size=32)
    for method in METHODS:
        found = attribute(clf, x, 0, method).maps
        assert found.isfinite().all()
        assert torch.allclose(found, attribute(plain, x, 0, method).maps, atol=1e-5), method
    assert next(half.parameters()).dtype == dtype


def test_a_map_that_is_not_finite_is_refused():
    class Broken(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return (x - x).sqrt().sum((2, 3)) + x.mean((2, 3))  # the derivative of a root at 0

    for method in ("saliency", "input_x_gradient", "integrated_gradients"):
        with pytest.raises(ClassifierError, match="2 of 2 relevance maps have NaN or infinite values"):
            attribute(Classifier(Broken()), pictures(2), 0, method)


# Scripts


def scripts() -> dict[str, nn.Module]:
    net = network()
    return {
        "scripted": torch.jit.script(net),
        "traced": torch.jit.trace(net, pictures(2)),
        "frozen": torch.jit.freeze(torch.jit.script(net)),
    }


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")
@pytest.mark.parametrize("kind", ["scripted", "traced", "frozen"])
def test_a_script_is_a_black_box_that_answers(kind, tmp_path):
    net, x = scripts()[kind], pictures()
    want = Classifier(network()).logits(x)
    clf = Classifier(net, input_size=32)
    assert torch.allclose(clf.logits(x), want, atol=1e-5)
    assert not clf.has_module
    assert clf.fingerprint() == ""
    for method in METHODS:
        with pytest.raises(ClassifierError, match="needs a torch module; this classifier wraps TorchScript"):
            attribute(clf, x, 0, method)
    with pytest.raises(ClassifierError, match="wraps TorchScript"):
        clf.randomised()
    torch.jit.save(net, tmp_path / "net.pt")
    loaded = Classifier(tmp_path / "net.pt", input_size=32)
    assert loaded.name == "net.pt"
    assert torch.allclose(loaded.logits(x), want, atol=1e-5)
    for again in (copy.deepcopy(clf), pickle.loads(pickle.dumps(loaded))):
        assert torch.allclose(again.logits(x), want, atol=1e-5)


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")
def test_a_scripted_part_is_refused_by_name():
    net = nn.Sequential(torch.jit.script(network()[:6]), *network()[6:])
    with pytest.raises(ClassifierError, match="RAP cannot follow the image"):
        attribute(Classifier(net), pictures(), 0, "rap")
    assert attribute(Classifier(net), pictures(), 0, "saliency").maps.isfinite().all()


def test_weights_and_damaged_scripts_are_refused(tmp_path):
    torch.save(network().state_dict(), tmp_path / "weights.pt")
    with pytest.raises(ClassifierError, match="holds weights of torch"):
        Classifier(tmp_path / "weights.pt")


# Compiled


@pytest.mark.costly
@pytest.mark.parametrize("where", ["whole", "part", "in place"])
def test_a_compiled_network_gives_the_same_maps_as_fast(where):
    plain, x = network(), pictures(1)
    net = network()
    if where == "whole":
        net = torch.compile(net, backend="eager")
    elif where == "part":
        net[0] = torch.compile(net[0], backend="eager")
    else:
        net.compile(backend="eager")
    clf, other = Classifier(net, input_size=32), Classifier(plain, input_size=32)
    assert torch.allclose(clf.logits(x), other.logits(x), atol=1e-5)
    if where == "whole":
        assert clf.name == "Sequential"
        assert clf.fingerprint() == other.fingerprint()
        assert clf.require_module() is net._orig_mod
    for method in ("grad_cam", "rap", "deep_lift", "lrp"):
        want = attribute(other, x, 0, method)
        attribute(clf, x, 0, method)  # what is loaded once
        before = time.perf_counter()
        found = attribute(clf, x, 0, method)
        assert time.perf_counter() - before < 2
        assert torch.allclose(found.maps, want.maps, atol=1e-5), method
    assert not torch.allclose(clf.randomised(0).logits(x), clf.logits(x))
    again = pickle.loads(pickle.dumps(clf))
    assert torch.allclose(again.logits(x), other.logits(x), atol=1e-5)


# Company


def batch_statistics() -> nn.Sequential:
    net = network()
    net[1] = nn.BatchNorm2d(8, track_running_stats=False)
    return net.eval()


@pytest.mark.parametrize("size", [1, 3, 6])
def test_an_answer_that_depends_on_company_is_asked_for_alone(size):
    x, net = pictures(6), batch_statistics()
    with torch.no_grad():
        alone = torch.cat([net(image) for image in x.split(1)])
        assert (net(x) - alone).abs().max() > 0.01
    clf = Classifier(net, input_size=32, batch_size=size)
    if size == 1:
        assert torch.allclose(clf.logits(x), alone, atol=1e-5)
        return
    with pytest.warns(
        RuntimeWarning, match="Sequential to an image depends on the other images in its batch"
    ):
        rows = clf.logits(x)
    assert torch.allclose(rows, alone, atol=1e-5)


def test_maps_that_depend_on_company_are_made_alone():
    x = pictures(3)
    for method in ("saliency", "integrated_gradients", "occlusion", "grad_cam"):
        fresh = Attributor(Classifier(batch_statistics(), input_size=32), method)
        with pytest.warns(RuntimeWarning, match="depends on the other images"):
            together = fresh(x, 0).maps
        one = torch.cat([fresh(image, 0).maps for image in x.split(1)])
        assert torch.allclose(together, one, atol=1e-6), method
    with (
        pytest.raises(ClassifierError, match="DeepLIFT passes an image together"),
        pytest.warns(RuntimeWarning),
    ):
        attribute(Classifier(batch_statistics(), input_size=32), x, 0, "deep_lift")


def test_an_answer_that_is_random_is_said():
    clf = Classifier(Ends(lambda y: F.dropout(y.repeat(1, 20), 0.5)).eval())
    # not in the main thread, where the same numbers are drawn each time
    with (
        ThreadPoolExecutor(1) as pool,
        pytest.warns(RuntimeWarning, match="differs from one pass to the next"),
    ):
        pool.submit(clf.logits, pictures()).result()


def test_nothing_is_said_of_real_networks():
    for net in (
        models.resnet18(num_classes=4),
        models.mobilenet_v3_small(num_classes=4),
        models.convnext_tiny(),
    ):
        torch.manual_seed(0)
        Classifier(net.eval()).logits(pictures(4))


# Files


def onnx_file(path: Path, outputs: list[str], shape: list[Any], *, last: bool = False) -> Path:
    first = (
        helper.make_node("Transpose", ["x"], ["y"], perm=[0, 3, 1, 2])
        if last
        else helper.make_node("Identity", ["x"], ["y"])
    )
    nodes = [
        first,
        helper.make_node("GlobalAveragePool", ["y"], ["g"]),
        helper.make_node("Flatten", ["g"], ["features"]),
        helper.make_node("MatMul", ["features", "W"], ["logits"]),
        helper.make_node("Softmax", ["logits"], ["probs"]),
        helper.make_node("ArgMax", ["logits"], ["label"], axis=1, keepdims=0),
        helper.make_node("Identity", ["features"], ["embedding"]),
    ]
    kinds = {
        "features": (TensorProto.FLOAT, ["n", 3]), "embedding": (TensorProto.FLOAT, ["n", 3]),
        "logits": (TensorProto.FLOAT, ["n", 4]), "probs": (TensorProto.FLOAT, ["n", 4]),
        "label": (TensorProto.INT64, ["n"]),
    }  # fmt: skip
    channels = shape[1] if isinstance(shape[1], int) and not last else 3
    generator = torch.Generator().manual_seed(0)
    weights = torch.randn(channels, 4, generator=generator).numpy()
    graph = helper.make_graph(
        nodes,
        "g",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info(name, *kinds[name]) for name in outputs],
        [numpy_helper.from_array(weights, "W")],
    )
    opset = [helper.make_opsetid("", 17)]
    onnx.save(helper.make_model(graph, opset_imports=opset, ir_version=9), path / "m.onnx")
    return path / "m.onnx"


USUAL = ["n", 3, 8, 8]


def probabilities(x: Tensor) -> Tensor:
    weights = torch.randn(3, 4, generator=torch.Generator().manual_seed(0))
    return (x.mean((2, 3)) @ weights).softmax(1)


@pytest.mark.parametrize(
    ("outputs", "settings"),
    [
        (["label", "probs"], {}),
        (["features", "probs"], {}),
        (["label", "logits"], {}),
        (["logits", "probs"], {}),
        (["features", "embedding", "logits"], {}),
        (["features", "probs"], {"output": "probs"}),
        (["features", "probs"], {"output": 1}),
        (["features", "label", "probs"], {"labels": list("abcd")}),
    ],
)
def test_of_several_outputs_of_a_file_the_right_one(outputs, settings, tmp_path):
    x = pictures(3, 8)
    clf = Classifier(onnx_file(tmp_path, outputs, USUAL), **settings)
    assert torch.allclose(clf.probabilities(x), probabilities(x), atol=1e-5)


def test_outputs_of_a_file_that_cannot_be_told_apart_are_listed(tmp_path):
    file = onnx_file(tmp_path, ["features", "embedding"], USUAL)
    with pytest.raises(ClassifierError, match=r"'features' tensor\(float\) \['n', 3\].*output='features'"):
        Classifier(file)
    with pytest.raises(ClassifierError, match="has no output 'probs'; it has 'features'"):
        Classifier(file, output="probs")


@pytest.mark.parametrize("shape", [["n", 8, 8, 3], ["n", "h", "w", 3], [2, 8, 8, 3]])
def test_channels_last_in_a_file(shape, tmp_path):
    x = pictures(3, 8)
    clf = Classifier(onnx_file(tmp_path, ["probs"], shape, last=True))
    want = probabilities(x)
    assert torch.allclose(clf.probabilities(x), want, atol=1e-5)


def test_a_file_whose_axes_say_nothing_is_tried_both_ways(tmp_path):
    kernel = torch.randn(4, 3, 3, 3, generator=torch.Generator().manual_seed(0))
    nodes = [
        helper.make_node("Transpose", ["x"], ["y"], perm=[0, 3, 1, 2]),
        helper.make_node("Conv", ["y", "W"], ["c"]),
        helper.make_node("GlobalAveragePool", ["c"], ["g"]),
        helper.make_node("Flatten", ["g"], ["logits"]),
    ]
    graph = helper.make_graph(
        nodes,
        "g",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", "a", "b", "c"])],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["n", 4])],
        [numpy_helper.from_array(kernel.numpy(), "W")],
    )
    opset = [helper.make_opsetid("", 17)]
    onnx.save(helper.make_model(graph, opset_imports=opset, ir_version=9), tmp_path / "m.onnx")
    x = pictures(3, 8)
    want = F.conv2d(x, kernel).mean((2, 3))
    assert torch.allclose(Classifier(tmp_path / "m.onnx").logits(x), want, atol=1e-5)


@pytest.mark.parametrize(
    ("shape", "words"),
    [
        (["n", 1, 8, 8], "takes images of 1 channel: pass channels=1"),
        (["n", 4, 8, 8], "takes images of 4 channels"),
        (["n", 3, 8], "must|cannot be read take one batch of images"),
        (["n", 3, 8, 8, 8], "must take one batch of images"),
    ],
)
def test_other_files_are_refused_in_words(shape, words, tmp_path):
    with pytest.raises(ClassifierError, match=words):
        Classifier(onnx_file(tmp_path, ["probs"], shape))


def test_a_size_that_the_file_does_not_take_is_said(tmp_path):
    torch.manual_seed(0)
    buffer = io.BytesIO()
    net = nn.Sequential(nn.Conv2d(3, 2, 3), nn.Flatten(), nn.Linear(2 * 36, 4)).eval()
    torch.onnx.export(
        net, (pictures(2, 8),), buffer, dynamo=False, input_names=["x"], dynamic_axes={"x": [0, 2, 3]}
    )
    (tmp_path / "m.onnx").write_bytes(buffer.getvalue())
    clf = Classifier(tmp_path / "m.onnx")
    assert clf.probabilities(pictures(3, 8)).shape == (3, 4)
    with pytest.raises(ClassifierError, match=r"fails on \(3, 3, 9, 9\): does it need another input_size"):
        clf.probabilities(pictures(3, 9))


# Travelling


def made(kind: str, path: Path) -> Classifier:
    match kind:
        case "module":
            return Classifier(network(), input_size=8)
        case "accelerated":
            return Classifier(network(), input_size=8).accelerated()
        case "function":
            return Classifier(travelling.red, input_size=8)
        case _:
            return Classifier(onnx_file(path, ["probs"], USUAL))


KINDS = ["module", "function", "file", pytest.param("accelerated", marks=pytest.mark.slow)]


@pytest.mark.parametrize("kind", KINDS)
def test_classifiers_are_copied_and_travel(kind, tmp_path, monkeypatch):
    monkeypatch.setenv("CFWIDGETS_CACHE", str(tmp_path / "cache"))
    clf, x = made(kind, tmp_path), pictures(3, 8)
    want = clf.probabilities(x)
    for again in (copy.deepcopy(clf), pickle.loads(pickle.dumps(clf))):
        assert torch.equal(again.probabilities(x), want)
    view = pickle.loads(pickle.dumps(clf.view))
    assert torch.equal(view(x[0]), clf.view(x[0]))


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["function", "file"])
def test_a_spawned_worker_gets_them(kind, tmp_path):
    clf = made(kind, tmp_path)
    loader = torch.utils.data.DataLoader(
        travelling.Viewed(clf.view, pictures(4, 8)),
        batch_size=2,
        num_workers=1,
        multiprocessing_context="spawn",
    )
    assert torch.allclose(torch.cat(list(loader)), pictures(4, 8))


# Classes that change


def test_a_number_of_classes_that_changes_is_said_at_once():
    class Changes(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.net, self.times = network(), 0

        def forward(self, x: Tensor) -> Tensor:
            self.times += 1
            return self.net(x)[:, : 4 if self.times < 4 else 3]

    clf = Classifier(Changes().eval(), batch_size=2)
    with pytest.raises(ClassifierError, match="returned 3 classes, and 4 before"):
        clf.probabilities(pictures(8))
    clf = Classifier(Changes().eval(), labels=list("abcd"))
    explain = Attributor(clf, "saliency")
    for _ in range(3):
        explain(pictures(1), 1)
    with pytest.raises(ClassifierError, match="returned 3 classes, and 4 before"):
        explain(pictures(1), 1)
    with pytest.raises(ClassifierError, match="3 classes"):
        clf.read(torch.zeros(2, 3), 2)
