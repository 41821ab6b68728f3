from __future__ import annotations

import threading
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import onnx
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from onnx import TensorProto, helper
from torch import Tensor, nn
from torchvision.transforms import v2

from cfwidgets.images import ImageError
from cfwidgets.models.backends.base import Interface, NotFiniteError
from cfwidgets.models.backends.outputs import to_logits
from cfwidgets.models.backends.torch_module import TorchModule
from cfwidgets.models.classifier import Classifier, ClassifierError
from cfwidgets.models.guard import lock_of


class Mean(nn.Module):
    """The mean of each channel: three classes, and an answer that one can work out."""

    def forward(self, images: Tensor) -> Tensor:
        return images.mean(dim=(2, 3))


class Recorder(nn.Module):
    """Remembers what it was asked."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[Tensor] = []

    def forward(self, images: Tensor) -> Tensor:
        self.asked.append(images)
        return images.mean(dim=(2, 3))


def network(classes: int = 5) -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(3, 8, 3),
        nn.BatchNorm2d(8),
        nn.ReLU(inplace=True),
        nn.Dropout(),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(8, classes),
    )


def onnx_file(
    folder: Path,
    shape: tuple[int | str, ...] = ("n", 3, "h", "w"),
    element: int = TensorProto.FLOAT,
    inputs: tuple[str, ...] = ("images",),
) -> Path:
    """A model that gives the mean of each channel."""
    nodes = [helper.make_node("ReduceMean", ["images"], ["means"], axes=[-2, -1], keepdims=0)]
    graph = helper.make_graph(
        nodes,
        "means",
        [helper.make_tensor_value_info(name, element, shape) for name in inputs],
        [helper.make_tensor_value_info("means", element, None)],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=10)
    path = folder / "means.onnx"
    onnx.save(model, path)
    return path


def means(images: Tensor) -> Tensor:
    return images.mean(dim=(2, 3))


def images(count: int = 3, height: int = 8, width: int = 8) -> Tensor:
    return torch.rand(count, 3, height, width, generator=torch.Generator().manual_seed(count))


# What is asked, and what comes back


def test_a_module_answers_with_logits_and_their_softmax() -> None:
    clf = Classifier(Mean())
    batch = images()
    assert torch.allclose(clf.logits(batch), batch.mean(dim=(2, 3)))
    assert torch.allclose(clf.probabilities(batch), batch.mean(dim=(2, 3)).softmax(dim=1))
    assert clf.probabilities(batch).dtype == torch.float32
    assert clf.classes == 3


def test_an_onnx_file_answers_as_a_module_does(tmp_path: Path) -> None:
    batch = images()
    clf = Classifier(onnx_file(tmp_path))
    assert torch.allclose(clf.logits(batch), batch.mean(dim=(2, 3)), atol=1e-6)
    assert torch.allclose(clf.probabilities(batch), batch.mean(dim=(2, 3)).softmax(dim=1), atol=1e-6)
    assert Classifier(str(onnx_file(tmp_path))).name == "means.onnx"


def test_a_function_answers_with_probabilities() -> None:
    batch = images()
    expected = batch.mean(dim=(2, 3)).softmax(dim=1)
    clf = Classifier(lambda given: given.mean(dim=(2, 3)).softmax(dim=1))
    assert torch.allclose(clf.probabilities(batch), expected)
    assert torch.allclose(clf.logits(batch).softmax(dim=1), expected, atol=1e-6)


@pytest.mark.parametrize(
    "convert", [Tensor.numpy, Tensor.tolist, lambda rows: rows.double(), lambda rows: rows.half()]
)
def test_a_function_may_return_tensors_arrays_and_lists(convert: Callable[[Tensor], Any]) -> None:
    batch = images()
    clf = Classifier(lambda given: convert(given.mean(dim=(2, 3)).softmax(dim=1)))
    answer = clf.probabilities(batch)
    assert torch.allclose(answer, batch.mean(dim=(2, 3)).softmax(dim=1), atol=1e-3)
    assert answer.dtype == torch.float32


def test_a_function_may_return_logits_if_one_says_so() -> None:
    batch = images()
    clf = Classifier(means, activation="softmax")
    assert torch.allclose(clf.logits(batch), means(batch))


def test_an_object_with_logits_is_read() -> None:
    batch = images()
    clf = Classifier(lambda given: SimpleNamespace(logits=means(given)), activation="softmax")
    assert torch.allclose(clf.logits(batch), means(batch))


@pytest.mark.parametrize("make", ["module", "function", "onnx"])
def test_normalisation_is_the_mean_taken_off_and_the_deviation_divided_out(make: str, tmp_path: Path) -> None:
    batch = images()
    mean, std = (0.5, 0.4, 0.3), (0.25, 0.2, 0.1)
    model = {"module": Mean(), "function": means, "onnx": onnx_file(tmp_path)}[make]
    clf = Classifier(model, mean=mean, std=std, activation="softmax")  # type: ignore[arg-type]
    expected = (batch.mean(dim=(2, 3)) - torch.tensor(mean)) / torch.tensor(std)
    assert torch.allclose(clf.logits(batch), expected, atol=1e-5)


def test_one_number_normalises_all_channels_and_either_may_be_left_out() -> None:
    batch = images()
    expected = batch.mean(dim=(2, 3))
    assert torch.allclose(Classifier(Mean(), mean=0.5).logits(batch), expected - 0.5, atol=1e-6)
    assert torch.allclose(Classifier(Mean(), std=0.5).logits(batch), expected / 0.5, atol=1e-6)
    given = np.array([0.5, 0.5, 0.5])
    assert torch.allclose(
        Classifier(Mean(), mean=given, std=given).logits(batch), expected * 2 - 1, atol=1e-6
    )


def single(given: Tensor) -> Tensor:
    return given.mean(dim=(1, 2, 3))


def test_one_sigmoid_unit_is_two_classes() -> None:
    batch = images()
    net = nn.Sequential(nn.Flatten(), nn.Linear(192, 1))
    unit = net(batch).detach()
    clf = Classifier(net, activation="sigmoid", labels=["cat"])
    assert clf.labels == ("not cat", "cat")
    assert torch.allclose(clf.probabilities(batch), torch.cat((1 - unit.sigmoid(), unit.sigmoid()), dim=1))
    assert torch.allclose(clf.logits(batch), torch.cat((torch.zeros_like(unit), unit), dim=1))
    assert torch.allclose(clf.logits(batch).softmax(dim=1), clf.probabilities(batch), atol=1e-6)
    assert Classifier(net, activation="sigmoid", labels=["dog", "cat"]).labels == ("dog", "cat")


@pytest.mark.parametrize("function", [single, lambda given: single(given)[:, None]])
def test_one_probability_is_two_classes(function: Callable[[Tensor], Tensor]) -> None:
    batch = images()
    clf = Classifier(function)
    expected = torch.stack((1 - single(batch), single(batch)), dim=1)
    assert torch.allclose(clf.probabilities(batch), expected)
    assert torch.allclose(clf.logits(batch)[:, 1], single(batch).logit(), atol=1e-6)
    assert clf.logits(batch)[:, 0].eq(0).all()
    assert clf.classes == 2
    assert clf.label(1) == "class 1"


def test_several_sigmoid_units_are_independent() -> None:
    batch = images()
    clf = Classifier(Mean(), activation="sigmoid")
    assert torch.allclose(clf.probabilities(batch), means(batch).sigmoid())
    assert torch.allclose(clf.logits(batch), means(batch))


def test_logits_of_certain_probabilities_are_finite() -> None:
    clf = Classifier(lambda given: torch.tensor([[1.0, 0.0]]).expand(len(given), 2))
    assert clf.logits(images()).isfinite().all()
    assert Classifier(lambda given: torch.ones(len(given))).logits(images()).isfinite().all()


MODELS: dict[str, Callable[[Path], Any]] = {
    "module": lambda _: network(),
    "function": lambda _: means,
    "onnx": onnx_file,
    "fixed batch": lambda folder: onnx_file(folder, (2, 3, "h", "w")),
}


@pytest.mark.parametrize("batch_size", ["auto", 1, 3, 100])
@pytest.mark.parametrize("model", list(MODELS))
def test_a_batch_is_answered_as_its_images_one_by_one(model: str, batch_size: Any, tmp_path: Path) -> None:
    clf = Classifier(MODELS[model](tmp_path), activation="softmax", batch_size=batch_size)
    batch = images(64)
    alone = torch.cat([clf.logits(batch[i : i + 1]) for i in range(64)])
    for count in (1, 2, 7, 64):
        assert torch.allclose(clf.logits(batch[:count]), alone[:count], atol=1e-5)


def test_images_go_in_batches_of_the_size_asked_for() -> None:
    net = Recorder()
    Classifier(net, batch_size=3).logits(images(8))
    # the second pass is the first image alone: does its answer depend on the others?
    assert [len(batch) for batch in net.asked] == [3, 1, 3, 2]


# What the model sees


def seen(**settings: Any) -> Recorder:
    net = Recorder()
    batch = settings.pop("batch", images(1, 10, 14))
    Classifier(net, **settings).logits(batch)
    return net


@pytest.mark.parametrize(
    "size", [(224, 224), (300, 451), (451, 300), (225, 224), (97, 64), (400, 401), (1000, 230)]
)
@pytest.mark.parametrize("target", [224, 32])
def test_the_view_is_torchvisions_resize_and_centre_crop(size: tuple[int, int], target: int) -> None:
    picture = images(1, *size)[0]
    usual = v2.Compose([v2.Resize(target, antialias=True), v2.CenterCrop(target)])
    assert torch.allclose(Classifier(Mean(), input_size=target).view(picture), usual(picture), atol=1e-6)


@given(st.integers(2, 60), st.integers(2, 60), st.integers(2, 30), st.integers(2, 30))
def test_the_view_has_the_size_asked_for(height: int, width: int, rows: int, columns: int) -> None:
    view = Classifier(Mean(), input_size=(rows, columns)).view(torch.rand(3, height, width))
    assert view.shape == (3, rows, columns)
    assert view.min() >= 0
    assert view.max() <= 1


def test_the_view_is_what_the_model_gets() -> None:
    batch = images(1, 10, 14)
    net = seen(input_size=(6, 6), batch=batch)
    assert torch.equal(net.asked[0][0], Classifier(Mean(), input_size=(6, 6)).view(batch[0]))
    assert torch.equal(seen(batch=batch).asked[0], batch)


def test_the_view_of_a_model_of_any_size_is_the_image_itself() -> None:
    picture = images(1, 10, 14)[0]
    assert torch.equal(Classifier(Mean()).view(picture), picture)
    assert torch.equal(Classifier(Mean(), input_size=(10, 14)).view(picture), picture)


def test_images_of_all_kinds_are_read() -> None:
    clf = Classifier(Mean())
    picture = np.full((8, 8, 3), 255, dtype=np.uint8)
    assert torch.allclose(clf.logits([picture, torch.zeros(3, 8, 8)]), torch.tensor([[1.0] * 3, [0.0] * 3]))
    assert torch.allclose(clf.logits(picture[None]), torch.ones(1, 3))


@pytest.mark.parametrize(
    "wrong",
    [float("nan"), float("inf"), float("-inf"), -0.01, 1.01, 255.0],
)
def test_a_batch_with_a_single_wrong_value_is_refused(wrong: float) -> None:
    batch = images(64)
    batch[41, 2, 7, 3] = wrong
    with pytest.raises(ImageError):
        Classifier(Mean()).probabilities(batch)


@pytest.mark.parametrize("value", [0.0, -0.0, 1.0, 1e-40, float(np.nextafter(np.float32(1), np.float32(0)))])
def test_the_ends_of_the_range_are_accepted(value: float) -> None:
    answer = Classifier(Mean()).logits(torch.full((2, 3, 4, 4), value))
    assert torch.allclose(answer, torch.full((2, 3), value))


@pytest.mark.parametrize(
    "batch", [torch.rand(3, 8, 8), torch.rand(0, 3, 8, 8), torch.rand(1, 3, 1, 1), "cat.png"]
)
def test_what_is_no_batch_of_images_is_refused(batch: Any) -> None:
    with pytest.raises(ImageError):
        Classifier(Mean()).probabilities(batch)


def test_what_was_checked_already_gets_the_same_answer() -> None:
    clf, batch = Classifier(network(), mean=0.5, std=0.5, input_size=8), torch.rand(5, 3, 12, 10)
    assert torch.equal(clf.evaluate_checked(batch), clf.probabilities(batch))
    assert torch.equal(clf.evaluate_checked(batch, to_logits), clf.logits(batch))


def test_the_answer_to_what_was_checked_already_is_checked() -> None:
    broken = Classifier(lambda given: given.mean((2, 3)) / 0, activation="softmax")
    with pytest.raises(NotFiniteError):
        broken.evaluate_checked(torch.ones(1, 3, 4, 4))
    with pytest.raises(ClassifierError, match="3 classes; got 2 labels"):
        Classifier(Mean(), labels=["a", "b"]).evaluate_checked(torch.ones(1, 3, 4, 4))


class Greedy(nn.Module):
    """Writes into what it gets, as a network does that begins with an in-place operation."""

    def forward(self, images: Tensor) -> Tensor:
        return images.relu_().mul_(0).mean(dim=(2, 3))


@pytest.mark.parametrize("settings", [{}, {"mean": 0.5}])
@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
@pytest.mark.parametrize("model", [Greedy(), Greedy().forward])
def test_the_images_given_are_never_written_into(
    model: Any, layout: torch.memory_format, settings: Any
) -> None:
    batch = images().contiguous(memory_format=layout)
    before = batch.clone()
    clf = Classifier(model, activation="softmax", **settings)
    for _ in range(2):
        clf.probabilities(batch)
    assert torch.equal(batch, before)


def test_convolutions_get_channels_last_and_what_cannot_take_it_does_not() -> None:
    class Viewing(nn.Module):
        def forward(self, images: Tensor) -> Tensor:
            return images.view(len(images), -1)[:, :2]

    assert seen().asked[0].is_contiguous(memory_format=torch.channels_last)
    batch = images()
    clf = Classifier(Viewing())
    for _ in range(2):
        assert torch.equal(clf.logits(batch), batch.flatten(1)[:, :2])


@pytest.mark.parametrize("dtype", [torch.float64, torch.bfloat16])
def test_a_module_gets_the_type_of_its_weights(dtype: torch.dtype) -> None:
    clf = Classifier(network().to(dtype))
    assert torch.allclose(clf.logits(images()), Classifier(network()).logits(images()), atol=0.02)
    assert clf.logits(images()).dtype == torch.float32


def test_bfloat16_is_used_where_asked_for() -> None:
    seen_types: list[torch.dtype] = []
    net = network()
    net[0].register_forward_hook(lambda _module, _inputs, output: seen_types.append(output.dtype))
    rounded = Classifier(net, precision="bfloat16").logits(images())
    assert set(seen_types) == {torch.bfloat16}
    assert rounded.dtype == torch.float32
    assert torch.allclose(rounded, Classifier(net).logits(images()), atol=0.02)


# What is left as it was


def flags(net: nn.Module) -> list[Any]:
    return [
        *(part.training for part in net.modules()),
        *(p.requires_grad for p in net.parameters()),
        *(p.grad is None for p in net.parameters()),
        *(value.tolist() for value in net.state_dict().values()),
        torch.get_rng_state().tolist(),
    ]


def test_the_module_is_as_it_was_after_success_and_error() -> None:
    net = network().train()
    net[1].eval()
    before = flags(net)
    clf = Classifier(net)
    clf.probabilities(images())
    assert flags(net) == before
    net[6].register_forward_hook(lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        clf.probabilities(images())
    assert flags(net) == before


def test_dropout_is_off_whatever_the_mode() -> None:
    clf = Classifier(network().train())
    assert torch.equal(clf.logits(images()), clf.logits(images()))


def test_a_module_that_keeps_a_tensor_can_still_be_trained() -> None:
    class Keeping(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.weight = nn.Parameter(torch.ones(3))
            self.kept: Tensor | None = None

        def forward(self, images: Tensor) -> Tensor:
            if self.kept is None:
                self.kept = torch.arange(3.0)
            return images.mean(dim=(2, 3)) * self.weight * self.kept

    net = Keeping()
    Classifier(net).probabilities(images())
    net(images()).sum().backward()
    assert net.weight.grad is not None


def test_two_classifiers_of_one_module_take_turns() -> None:
    at_once: list[int] = []
    busy: list[int] = []

    class Slow(nn.Module):
        def forward(self, images: Tensor) -> Tensor:
            busy.append(1)
            at_once.append(len(busy))
            time.sleep(0.002)
            busy.pop()
            return images.mean(dim=(2, 3))

    net = Slow()
    clfs = [Classifier(net, batch_size=1), Classifier(net, batch_size=1)]
    threads = [threading.Thread(target=clf.probabilities, args=(images(10),)) for clf in clfs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert at_once == [1] * 20
    del at_once[:]
    shared = Classifier(net.forward, activation="softmax", batch_size=1)
    threads = [threading.Thread(target=shared.probabilities, args=(images(10),)) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert at_once == [1] * 20


def test_a_question_is_answered_in_the_middle_of_a_long_batch() -> None:
    asked: list[int] = []
    begun = threading.Event()

    class Slow(nn.Module):
        def forward(self, images: Tensor) -> Tensor:
            asked.append(images.shape[-1])
            begun.set()
            time.sleep(0.005)
            return images.mean(dim=(2, 3))

    clf = Classifier(Slow(), batch_size=1)
    search = threading.Thread(target=clf.probabilities, args=(images(60, 4, 4),))
    search.start()
    assert begun.wait(10)
    clf.probabilities(images(1, 6, 6))
    before = asked.index(6)
    search.join()
    assert before < 10
    assert len(asked) == 61


def test_the_lock_is_the_modules_own() -> None:
    net = Mean()
    clf = Classifier(net)
    answered = threading.Event()
    thread = threading.Thread(target=lambda: (clf.probabilities(images()), answered.set()))
    with lock_of(net):
        thread.start()
        assert not answered.wait(0.05)
    assert answered.wait(10)
    thread.join()


# Where memory runs out


class Small(Recorder):
    """Has room for so many images."""

    def __init__(self, room: int) -> None:
        super().__init__()
        self.room = room

    def forward(self, images: Tensor) -> Tensor:
        answer = super().forward(images)
        if len(images) > self.room:
            raise torch.OutOfMemoryError("out of memory")
        return answer


def test_batches_are_halved_until_they_fit_and_stay_so() -> None:
    net = Small(room=3)
    batch = images(20)
    clf = Classifier(net, batch_size=16)
    assert torch.allclose(clf.logits(batch), means(batch))
    assert [len(asked) for asked in net.asked] == [16, 8, 4, 2, 1, *[2] * 9]
    net.asked.clear()
    clf.logits(batch[:5])
    assert [len(asked) for asked in net.asked] == [2, 2, 1]


def test_no_room_for_one_image_is_said() -> None:
    with pytest.raises(ClassifierError, match="Small runs out of memory on cpu with a single image"):
        Classifier(Small(room=0)).probabilities(images(4))


# What a model returns that cannot be


def constant(*rows: Any) -> Callable[[Tensor], Any]:
    return lambda _: list(rows)


@pytest.mark.parametrize(
    ("function", "activation", "message"),
    [
        (constant([float("nan"), 1.0]), "none", "NaN or infinite values for 1 of 1 image$"),
        (constant([float("inf"), 1.0]), "softmax", "NaN or infinite"),
        (constant([float("nan"), 1.0]), "sigmoid", "NaN or infinite"),
        (
            constant([-0.2, 1.2]),
            "none",
            "must be probabilities, 0 to 1; got -0.2 to 1.2.*activation='softmax'",
        ),
        (constant([-0.001, 1.0]), "none", "must be probabilities"),
        (constant([0.0, 1.001]), "none", "must be probabilities"),
        (constant([0.5, 0.6]), "none", "must sum to 1; got a sum of 1.1"),
        (constant([0.5, 0.49]), "none", "must sum to 1; got a sum of 0.99"),
        (constant(1.5), "none", "must be probabilities"),
        (constant([0.5, 0.5], [0.5, 0.5]), "none", "returned 2 rows for 1 image;"),
        (constant(), "none", "returned 0 rows for 1 image;"),
        (constant([[0.5, 0.5]]), "none", r"one row of classes for each image, \(1, C\); got \(1, 1, 2\)$"),
        (constant([]), "none", r"got \(1, 0\)"),
        (constant("cat"), "none", "must return numbers.*got a list of str"),
        (lambda _: None, "none", "must return numbers.*got a NoneType"),
        (lambda _: {"cat": 0.5}, "none", "must return numbers.*got a dict"),
        (lambda _: network(), "none", "must return numbers.*got a Sequential"),
        (constant([0.5, 0.5], [1.0]), "none", "must return numbers.*got a list of list"),
        (lambda _: torch.ones(1, 2, dtype=torch.complex64), "none", "real numbers"),
        (constant([3.0]), "softmax", "single output.*activation='sigmoid'"),
    ],
)
def test_answers_that_cannot_be_are_refused(function: Any, activation: Any, message: str) -> None:
    clf = Classifier(function, activation=activation)
    with pytest.raises(ClassifierError, match=message):
        clf.probabilities(images(1))
    with pytest.raises(ClassifierError, match=message):
        clf.logits(images(1))


def test_rounding_is_no_error() -> None:
    clf = Classifier(constant([-5e-5, 1.00005]))
    assert clf.probabilities(images(1)).tolist() == [[0.0, 1.0]]
    assert Classifier(constant([0.5, 0.5009])).probabilities(images(1)).sum() == pytest.approx(1.0009)


def test_only_the_bad_rows_are_counted() -> None:
    clf = Classifier(constant([0.5, 0.5], [float("nan")] * 2, [0.5, 0.5]))
    with pytest.raises(ClassifierError, match="for 1 of 3 images"):
        clf.probabilities(images(3))


def test_the_number_of_classes_may_not_change() -> None:
    widths = iter([3, 3, 4])
    clf = Classifier(lambda given: torch.rand(len(given), next(widths)), activation="softmax")
    for _ in range(2):
        clf.probabilities(images())
    with pytest.raises(ClassifierError, match="returned 4 classes, and 3 before"):
        clf.probabilities(images())


@pytest.mark.parametrize("labels", [["a", "b"], ["a"], ["a", "b", "c", "d"]])
def test_there_must_be_as_many_labels_as_classes(labels: list[str]) -> None:
    clf = Classifier(Mean(), labels=labels)
    with pytest.raises(ClassifierError, match=rf"the model has 3 classes; got {max(2, len(labels))} labels"):
        clf.probabilities(images())


def test_an_error_of_the_model_goes_through_with_a_note() -> None:
    class Broken(nn.Module):
        def forward(self, images: Tensor) -> Tensor:
            if len(images) < 4:
                raise LookupError("my own")
            return images.mean(dim=(2, 3))

    with pytest.raises(LookupError, match="my own") as caught:
        Classifier(Broken(), batch_size=4).probabilities(images(10))
    assert caught.value.__notes__ == ["raised by the classifier Broken, evaluating images 8 to 9 of 10"]
    with pytest.raises(LookupError) as caught:
        Classifier(Broken(), batch_size=4).probabilities(images(9))
    assert caught.value.__notes__ == ["raised by the classifier Broken, evaluating image 8 of 9"]


def test_a_runtime_error_of_the_model_is_its_own() -> None:
    class Broken(nn.Module):
        def forward(self, images: Tensor) -> Tensor:
            raise RuntimeError("my own")

    with pytest.raises(RuntimeError, match="my own") as caught:
        Classifier(Broken()).probabilities(images())
    assert type(caught.value) is RuntimeError
    assert caught.value.__context__ is None


def test_a_second_softmax_is_suspected() -> None:
    net = nn.Sequential(Mean(), nn.Softmax(dim=1))
    clf = Classifier(net)
    with pytest.warns(UserWarning, match="activation='none'") as caught:
        clf.probabilities(images())
    assert caught[0].filename == __file__
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        clf.probabilities(images())
        Classifier(net, activation="none").probabilities(images())
        Classifier(Mean()).probabilities(images())


# Labels


LABELS = ["tabby", "tiger cat", "crane", "Persian cat", "crane"]


def test_classes_are_found_by_number_and_label() -> None:
    clf = Classifier(network(), labels=LABELS)
    assert [clf.class_index(target) for target in (0, np.int64(3), torch.tensor(4), "tiger cat")] == [
        0,
        3,
        4,
        1,
    ]
    assert clf.label(1) == "tiger cat"
    assert clf.labels == tuple(LABELS)
    assert Classifier(network()).label(3) == "class 3"


@pytest.mark.parametrize(
    ("target", "message"),
    [
        ("crane", "2 classes have the label 'crane': pass one of the numbers 2, 4"),
        ("tigercat", "no class has the label 'tigercat'; did you mean 'tiger cat'"),
        ("cat", "did you mean 'tiger cat' or 'Persian cat'"),
        ("persian cat", "did you mean 'Persian cat'"),
        ("xyz", "no class has the label 'xyz'$"),
        (5, "numbered from 0 to 4; got 5"),
        (-1, "numbered from 0 to 4; got -1"),
        (True, "its number or its label; got True"),
        (1.0, "its number or its label; got 1.0"),
        (None, "its number or its label; got None"),
    ],
)
def test_what_is_no_class_is_refused(target: Any, message: str) -> None:
    with pytest.raises(ClassifierError, match=message):
        Classifier(network(), labels=LABELS).class_index(target)


def test_without_labels_classes_have_numbers_only() -> None:
    clf = Classifier(network())
    with pytest.raises(ClassifierError, match=r"has no labels.*got 'cat'"):
        clf.class_index("cat")
    assert clf.class_index(999) == 999
    clf.probabilities(images())
    with pytest.raises(ClassifierError, match="numbered from 0 to 4; got 999"):
        clf.label(999)


def test_the_top_classes_are_a_table() -> None:
    clf = Classifier(constant([0.1, 0.4, 0.4, 0.1]), labels=["a", "b", "c", "d"])
    table = clf.top(torch.rand(3, 8, 8), k=3)
    assert list(table.columns) == ["class", "label", "probability"]
    assert table["class"].tolist() == [1, 2, 0]
    assert table["label"].tolist() == ["b", "c", "a"]
    assert table["probability"].tolist() == pytest.approx([0.4, 0.4, 0.1])
    assert len(clf.top(torch.rand(3, 8, 8), k=9)) == 4
    with pytest.raises(ValueError, match="k must be"):
        clf.top(torch.rand(3, 8, 8), k=0)


# Settings


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"activation": "relu"}, "activation must be one of 'softmax', 'sigmoid', 'none'"),
        ({"precision": "float16"}, "precision must be one of"),
        ({"batch_size": 0}, "batch_size must be"),
        ({"batch_size": 2.5}, "batch_size must be"),
        ({"device": "tpu"}, "device must be 'auto' or a torch device of this machine; got 'tpu'"),
        ({"device": "cuda:99"}, "got 'cuda:99'"),
        ({"labels": "cat"}, "labels must be a list of names.*got 'cat'"),
        ({"labels": {"cat", "dog"}}, "labels must be a list of names"),
        ({"labels": {1: "cat"}}, r"name each class by its number, from 0 to the last; got \{1: 'cat'\}$"),
        ({"labels": {0: "cat", 2: "dog"}}, "name each class by its number, from 0 to the last"),
        (
            {"labels": {"cat": 0, "dog": 1}},
            r"this one is from name to number, turn it round \(such as id2label",
        ),
        ({"labels": {}}, "labels must be a list of names"),
        ({"labels": {0: "cat", 1: 7}}, "labels must be text; label 1 is 7"),
        ({"labels": []}, r"labels must be a list of names in the model's order, .*; got \[\]"),
        ({"labels": ["cat", 7]}, "labels must be text; label 1 is 7"),
        ({"input_size": 1}, "at least 2 pixels each; got 1"),
        ({"input_size": (224,)}, "input_size must be"),
        ({"input_size": (224, 2.5)}, "input_size must be"),
        ({"input_size": "big"}, "input_size must be"),
        ({"mean": (123.7, 116.3, 103.5)}, "divide by 255"),
        ({"mean": -0.1}, "a mean is 0 to 1"),
        ({"std": 58.4}, "divide by 255"),
        ({"std": 0}, "a std above 0"),
        ({"std": float("nan")}, "a std above 0"),
        ({"mean": (0.5, 0.5)}, "mean must be three numbers"),
        ({"std": "wide"}, "std must be three numbers.*got 'wide'"),
    ],
)
def test_wrong_settings_are_named(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Classifier(Mean(), **settings)


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (Mean, "got the class Mean: make one of it first"),
        (3, "a torch module, a path to an ONNX file or a callable; got int"),
        (None, "got NoneType"),
        ("missing.onnx", "there is no file 'missing.onnx'"),
    ],
)
def test_what_is_no_model_is_refused(model: Any, message: str) -> None:
    with pytest.raises(ClassifierError, match=message):
        Classifier(model)


def test_a_model_of_rows_is_told_how_to_get_them() -> None:
    class Forest:
        def predict_proba(self, rows: Any) -> Any: ...

    with pytest.raises(ClassifierError, match=r"got Forest: pass a function .* model\.predict_proba\("):
        Classifier(Forest())  # type: ignore[arg-type]


def test_labels_of_an_array_are_read() -> None:
    assert Classifier(Mean(), labels=np.array(["a", "b", "c"])).labels == ("a", "b", "c")  # type: ignore[arg-type]


def test_reprs_are_short() -> None:
    assert repr(Classifier(network())) == "<Classifier Sequential: cpu>"
    clf = Classifier(Mean(), labels=["r", "g", "b"], input_size=(8, 9))
    assert repr(clf) == "<Classifier Mean: 3 classes, 8 x 9, cpu>"
    assert Classifier(means).name == "means"
    assert Classifier(Mean().forward).name == "forward"


# Modules and black boxes


def test_the_module_is_the_one_given() -> None:
    net = network()
    assert Classifier(net).require_module() is net
    assert Classifier(net, device="cpu").require_module() is net


def test_black_boxes_say_that_they_are(tmp_path: Path) -> None:
    function, file = Classifier(means), Classifier(onnx_file(tmp_path))
    with pytest.raises(
        ClassifierError, match="needs a torch module; this classifier wraps a function, means"
    ):
        function.require_module()
    with pytest.raises(ClassifierError, match="needs a torch module; this classifier wraps an ONNX file"):
        file.require_module()
    with pytest.raises(ClassifierError, match=r"randomised\(\) needs a torch module"):
        file.randomised()


def test_random_weights_are_the_seeds() -> None:
    net = network().train()
    before = flags(net)
    clf = Classifier(net, input_size=8)
    batch = images()
    first = clf.randomised(1).logits(batch)
    assert torch.equal(clf.randomised(1).logits(batch), first)
    assert not torch.equal(clf.randomised(2).logits(batch), first)
    assert not torch.allclose(clf.logits(batch), first)
    assert flags(net) == before


def test_random_weights_have_the_scale_of_the_trained_ones_and_fitting_statistics() -> None:
    net = nn.Sequential(
        nn.Conv2d(3, 64, 3), nn.BatchNorm2d(64), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten()
    )
    with torch.no_grad():
        net[0].weight.mul_(100).add_(5)
        net[1].running_mean.fill_(1e6)
    twin = Classifier(net, input_size=16, mean=0.5, std=0.5).randomised().require_module()
    weight, random = net[0].weight.detach(), twin[0].weight.detach()
    assert random.std().item() == pytest.approx(weight.std().item(), rel=0.1)
    assert random.mean().item() == pytest.approx(weight.mean().item(), rel=0.2)
    assert not any(part.training for part in twin.modules())
    assert twin[1].momentum == net[1].momentum
    assert twin[1].running_mean.abs().max() < 1e4
    assert net[1].running_mean.eq(1e6).all()


def test_a_copy_with_random_weights_has_no_gradients_of_the_original() -> None:
    net = network()
    net(images()).sum().backward()
    assert all(p.grad is None for p in Classifier(net).randomised().require_module().parameters())
    assert all(p.grad is not None for p in net.parameters())


# ONNX files


def test_the_file_may_fix_the_input_size(tmp_path: Path) -> None:
    path = onnx_file(tmp_path, ("n", 3, 6, 4))
    clf = Classifier(path)
    assert clf.input_size == (6, 4)
    assert clf.logits(images(2, 20, 20)).shape == (2, 3)
    with pytest.raises(ClassifierError, match=r"takes images of \(6, 4\); got input_size=\(6, 6\)"):
        Classifier(path, input_size=6)


@pytest.mark.parametrize("element", [TensorProto.FLOAT16, TensorProto.DOUBLE])
def test_the_file_may_want_other_floats(element: int, tmp_path: Path) -> None:
    clf = Classifier(onnx_file(tmp_path, element=element))
    assert torch.allclose(clf.logits(images()), means(images()), atol=1e-3)


@pytest.mark.parametrize(
    "change",
    [
        {"shape": ("n", "h", "w")},
        {"inputs": ("images", "more")},
    ],
)
def test_files_that_do_not_take_images_are_refused(change: Any, tmp_path: Path) -> None:
    with pytest.raises(ClassifierError, match=r"must take one batch of images \(N, 3, H, W\)"):
        Classifier(onnx_file(tmp_path, **change))


def test_what_is_no_onnx_file_is_refused(tmp_path: Path) -> None:
    rubbish = tmp_path / "rubbish.onnx"
    rubbish.write_bytes(b"rubbish")
    with pytest.raises(ClassifierError, match=r"rubbish\.onnx cannot be read as an ONNX model"):
        Classifier(rubbish)
    weights = tmp_path / "weights.pth"
    torch.save({}, weights)
    with pytest.raises(ClassifierError, match="load them into their module"):
        Classifier(weights)


def test_onnx_files_run_on_the_cpu_as_they_are(tmp_path: Path) -> None:
    path = onnx_file(tmp_path)
    with pytest.raises(ClassifierError, match="ONNX files run on the CPU; got device='cuda'"):
        Classifier(path, device="cuda")
    with pytest.raises(ClassifierError, match="needs a torch module"):
        Classifier(path, precision="bfloat16")


def test_without_onnx_runtime_the_message_says_how_to_get_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "onnxruntime", None)
    with pytest.raises(ImportError, match=r'pip install "cfwidgets\[onnx\]"'):
        Classifier(onnx_file(tmp_path))


# CUDA


@pytest.mark.cuda
def test_a_module_is_copied_to_the_device_and_not_moved() -> None:
    net = network()
    clf = Classifier(net, device="cuda")
    assert next(net.parameters()).device.type == "cpu"
    assert next(clf.require_module().parameters()).device.type == "cuda"
    assert clf.logits(images()).device.type == "cpu"
    assert torch.allclose(clf.logits(images()), Classifier(net).logits(images()), atol=0.05)
    assert clf.accelerated() is clf


@pytest.mark.cuda
def test_batches_on_cuda_grow_to_what_memory_holds() -> None:
    net = Recorder().cuda()
    net.register_parameter("weight", nn.Parameter(torch.ones(1, device="cuda")))
    clf = Classifier(net)
    clf.logits(images(600))
    assert max(len(batch) for batch in net.asked) > 8


def close_call(*units: float) -> nn.Module:
    """A layer that gives these outputs for every image."""
    layer = nn.Linear(192, len(units))
    with torch.no_grad():
        layer.weight.zero_()
        layer.bias.copy_(torch.tensor(units))
    return nn.Sequential(nn.Flatten(), layer)


@pytest.mark.parametrize(
    ("net", "activation", "rounds"),
    [
        (close_call(1.0, 2.0), "softmax", True),
        (close_call(1.0, 1.001), "softmax", False),  # one number in bfloat16
        (close_call(0.5), "sigmoid", True),
        (close_call(0.25, 0.75), "none", True),
        (close_call(0.3335, 0.6665), "none", False),  # sums to 1.002 in bfloat16
    ],
)
def test_bfloat16_is_chosen_only_where_the_class_stays(
    net: nn.Module, activation: Any, *, rounds: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The rule of CUDA, on whatever device the tests run.
    monkeypatch.setattr(TorchModule, "_may_round", lambda self: True)
    dtypes: list[torch.dtype] = []
    net[1].register_forward_hook(lambda _module, _inputs, output: dtypes.append(output.dtype))
    clf = Classifier(net, activation=activation)
    first, second = clf.probabilities(images()), clf.probabilities(images())
    assert torch.equal(first, second)  # who compares with an earlier answer finds it again
    assert dtypes == [torch.float32, torch.bfloat16, *[torch.bfloat16 if rounds else torch.float32] * 2]


def test_batches_on_cuda_take_half_of_what_is_free(monkeypatch: pytest.MonkeyPatch) -> None:
    # The rule of CUDA, on whatever device the tests run: what it asks the device is answered here.
    backend = TorchModule(Mean(), torch.device("cpu"), Interface(), "softmax", "auto")
    backend._measured, backend._bytes_per_pixel = 1, 1000.0
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda _: (8_000_000, 0))
    monkeypatch.setattr(torch.cuda, "memory_reserved", lambda _: 3_000_000)
    monkeypatch.setattr(torch.cuda, "memory_allocated", lambda _: 1_000_000)
    assert backend.batch_size(10, 10) == 50
    assert backend.batch_size(1000, 1000) == 1
    assert backend.batch_size(2, 2) == 512


@pytest.mark.parametrize(("classes", "activation"), [(3, "softmax"), (3, "sigmoid"), (1, "sigmoid")])
def test_what_a_module_returned_is_read_as_probabilities_does(classes: int, activation: Any) -> None:
    net = nn.Sequential(nn.Flatten(), nn.Linear(12, classes))
    clf = Classifier(net, activation=activation, device="cpu")
    images = torch.rand(4, 3, 2, 2)
    outputs = net(images.requires_grad_())
    expected = clf.probabilities(images.detach())
    for form in (outputs, SimpleNamespace(logits=outputs), outputs.detach().double()):
        found = clf.read(form, 4)
        assert torch.allclose(found, expected, atol=1e-6)
        assert found.dtype == torch.float32
        assert not found.requires_grad


def test_what_cannot_be_read_is_refused() -> None:
    clf = Classifier(nn.Flatten(), device="cpu")
    with pytest.raises(ClassifierError, match="2 rows for 3 images"):
        clf.read(torch.zeros(2, 4), 3)
    with pytest.raises(ClassifierError, match="NaN"):
        clf.read(torch.full((1, 4), torch.nan), 1)


def test_a_random_copy_of_a_network_of_one_size_is_measured_at_that_size():
    net = nn.Sequential(nn.Conv2d(3, 2, 3), nn.BatchNorm2d(2), nn.Flatten(), nn.Linear(2 * 30 * 30, 3))
    clf = Classifier(net.eval())
    assert clf.randomised(0, size=(32, 32)).logits(torch.rand(2, 3, 32, 32)).shape == (2, 3)
    with pytest.raises(ClassifierError, match="cannot be randomised: mat1 and mat2"):
        clf.randomised(0)


def test_it_says_whether_there_is_a_module():
    assert Classifier(nn.Flatten()).has_module
    assert not Classifier(lambda images: images.mean((2, 3))).has_module


def test_a_label_that_is_no_text_is_made_one() -> None:
    """As of a folder whose name is no UTF-8."""
    clf = Classifier(lambda images: torch.zeros(len(images), 2), labels=["caf\udce9", "✓"])
    assert clf.labels == ("caf�", "✓")
    assert clf.class_index("caf\udce9") == 0


@pytest.mark.parametrize("numbers", [(0, 1, 2), (2, 0, 1), ("2", "0", "1")], ids=str)
def test_labels_may_be_by_number(numbers: tuple[Any, ...]) -> None:
    names = ("cat", "dog", "owl")
    clf = Classifier(nn.Flatten(), labels={number: names[int(number)] for number in numbers})
    assert clf.labels == names


def test_an_address_is_no_file() -> None:
    with pytest.raises(ClassifierError, match=r"'https://example\.org/net\.onnx' is an address: download"):
        Classifier("https://example.org/net.onnx")
