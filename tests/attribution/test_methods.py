"""What all methods have in common, and what each promises."""

from __future__ import annotations

import copy
import gc

import pytest
import torch
import torchvision
from torch import Tensor, nn

from cfwidgets.attribution import METHODS, Attribution, attribute
from cfwidgets.images import ImageError
from cfwidgets.models.classifier import Classifier, ClassifierError

# Captum says at each call that it hangs hooks, here on a copy.
pytestmark = pytest.mark.filterwarnings("ignore:Setting forward, backward hooks")

FAST = {"integrated_gradients": {"steps": 8}, "occlusion": {"window": 4}}


def network(*, inplace: bool = True, bias: bool = True, classes: int = 5) -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(3, 6, 3, padding=1, bias=bias),
        nn.ReLU(inplace),
        nn.MaxPool2d(2),
        nn.Conv2d(6, 8, 3, padding=1, bias=bias),
        nn.ReLU(inplace),
        nn.AdaptiveAvgPool2d(2),
        nn.Flatten(),
        nn.Linear(32, 12, bias=bias),
        nn.ReLU(inplace),
        nn.Dropout(),
        nn.Linear(12, classes, bias=bias),
    )


def pictures(count: int) -> Tensor:
    return torch.rand(7, 3, 12, 10, generator=torch.Generator().manual_seed(1))[:count].clone()


def maps_of(method: str, net: nn.Module, images: Tensor, target=1, **more) -> Attribution:
    clf = Classifier(net, mean=[0.4, 0.5, 0.6], std=0.3)
    return attribute(clf, images, target, method, **FAST.get(method, {}), **more)


every = pytest.mark.parametrize("method", METHODS)


@every
def test_what_comes_back(method: str) -> None:
    net = network()
    found = maps_of(method, net, pictures(3), [1, 0, 4])
    assert found.maps.shape == (3, 12, 10)
    assert found.maps.dtype == torch.float32
    assert not found.maps.requires_grad
    assert found.maps.isfinite().all()
    assert found.maps.abs().amax((1, 2)).min() > 0
    assert found.targets.tolist() == [1, 0, 4]
    assert found.method == method
    logits = Classifier(net, mean=[0.4, 0.5, 0.6], std=0.3).logits(pictures(3))
    assert torch.allclose(found.logits, logits.gather(1, found.targets[:, None])[:, 0], atol=1e-5)
    promises = method in {"rap", "lrp", "integrated_gradients", "deep_lift"}
    assert (found.convergence_delta is not None) == promises


@pytest.mark.costly
@every
def test_a_map_does_not_depend_on_its_company(method: str) -> None:
    targets = [1, 0, 4, 2, 3, 0, 1]
    net = network()
    alone = torch.cat([maps_of(method, net, pictures(7)[i : i + 1], targets[i]).maps for i in range(7)])
    scale = alone.abs().max()
    for count in (2, 7):
        together = maps_of(method, net, pictures(count), targets[:count]).maps
        assert torch.allclose(together, alone[:count], rtol=1e-4, atol=1e-5 * scale)
    in_chunks = maps_of(method, net, pictures(7), targets, batch_size=3).maps
    assert torch.allclose(in_chunks, alone, rtol=1e-4, atol=1e-5 * scale)


@every
def test_in_place_activations_change_nothing(method: str) -> None:
    found = [maps_of(method, network(inplace=inplace), pictures(2)).maps for inplace in (False, True)]
    assert torch.allclose(*found, rtol=1e-5, atol=1e-7)


@every
def test_the_network_is_left_as_it_was(method: str) -> None:
    net = network()
    net[4].eval()
    net[0].weight.requires_grad = False
    for parameter in net.parameters():
        parameter.grad = torch.ones_like(parameter)
    calls: list[int] = []
    net[1].register_forward_hook(lambda *_: calls.append(1))
    net[10].register_full_backward_hook(lambda *_: None)
    state = copy.deepcopy(net.state_dict())
    training = [part.training for part in net.modules()]
    attributes = [set(vars(part)) for part in net.modules()]
    data = [p.data_ptr() for p in net.parameters()]
    rng = torch.get_rng_state()
    images = pictures(2)
    maps_of(method, net, images)
    assert calls
    assert torch.equal(images, pictures(2))
    assert torch.equal(torch.get_rng_state(), rng)
    assert all(torch.equal(state[name], value) for name, value in net.state_dict().items())
    assert [part.training for part in net.modules()] == training
    assert [set(vars(part)) for part in net.modules()] == attributes
    assert [p.data_ptr() for p in net.parameters()] == data
    assert [p.requires_grad for p in net.parameters()] == [False] + [True] * 7
    assert all(torch.equal(p.grad, torch.ones_like(p)) for p in net.parameters())
    assert net[1].inplace
    hooks = [len(part._forward_hooks) + len(part._forward_pre_hooks) for part in net.modules()]
    assert sum(hooks) == 1
    assert [len(part._backward_hooks) for part in net.modules()].count(1) == 1


class Breaks(nn.Module):
    """Answers so many times, and no more."""

    def __init__(self, times: int) -> None:
        super().__init__()
        self.left = times
        self.net = network()

    def forward(self, images: Tensor) -> Tensor:
        rows = self.net(images)
        self.left -= 1
        if self.left < 0:
            raise RuntimeError("broken")
        return rows


FORWARDS = dict.fromkeys(METHODS, 3) | {"rap": 1, "saliency": 1, "input_x_gradient": 1, "occlusion": 2}


@pytest.mark.parametrize(
    ("method", "times"), [(method, times) for method in METHODS for times in range(FORWARDS[method])]
)
def test_an_error_leaves_nothing_behind(method: str, times: int) -> None:
    net = Breaks(times)
    with pytest.raises(RuntimeError, match="broken"):
        maps_of(method, net, pictures(1))
    assert all(part.training for part in net.modules())
    assert all(not part._forward_hooks and not part._forward_pre_hooks for part in net.modules())
    assert all(not hasattr(part, name) for part in net.modules() for name in ("rule", "activations", "input"))
    assert net.net[1].inplace


@every
def test_a_single_unit_speaks_for_both_classes(method: str) -> None:
    net = network(classes=1)
    # The reference rule treats positive and negative relevance of a convolution differently.
    options = {"rule": "equal"} if method == "rap" else {}
    yes, no = (maps_of(method, net, pictures(2), target, **options) for target in (1, 0))
    assert torch.allclose(yes.logits, -no.logits)
    if method == "saliency":
        assert torch.allclose(yes.maps, no.maps)
    elif method == "grad_cam":
        assert not torch.allclose(yes.maps, no.maps)
    else:
        assert torch.allclose(yes.maps, -no.maps, atol=1e-6)


@every
def test_gradients_switched_off_outside_do_not_matter(method: str) -> None:
    net = network()
    expected = maps_of(method, net, pictures(2)).maps
    for off in (torch.no_grad, torch.inference_mode):
        with off():
            assert torch.allclose(maps_of(method, net, pictures(2)).maps, expected, atol=1e-7)


def test_images_are_seen_as_the_classifier_sees_them() -> None:
    net = network()
    clf = Classifier(net, labels=list("abcde"), input_size=(12, 10))
    large = torch.rand(2, 3, 30, 40, generator=torch.Generator().manual_seed(0))
    seen = torch.stack([clf.view(image) for image in large])
    found = attribute(clf, large, "c")
    assert torch.equal(found.maps, attribute(clf, seen, ["c", 2]).maps)
    assert found.targets.tolist() == [2, 2]


@every
def test_nothing_stays_in_memory(method: str) -> None:
    net = network()
    maps_of(method, net, pictures(1))
    counts = []
    gc.collect()
    gc.disable()  # what only the collector finds keeps a device's memory for long
    try:
        for _ in range(2):
            maps_of(method, net, pictures(1))
            counts.append(sum(issubclass(type(thing), Tensor) for thing in gc.get_objects()))
    finally:
        gc.enable()
    assert counts[0] == counts[1]


def test_what_is_found_out_about_the_network_is_found_out_once() -> None:
    net = Breaks(100)
    maps_of("grad_cam", net, pictures(5), batch_size=1)
    assert 100 - net.left == 3 + 5


# What each promises


def linear(weight: Tensor) -> nn.Sequential:
    layer = nn.Linear(weight.shape[1], len(weight))
    with torch.no_grad():
        layer.weight.copy_(weight)
    return nn.Sequential(nn.Flatten(), layer)


def test_on_a_linear_network_the_gradient_methods_are_its_weights() -> None:
    torch.manual_seed(0)
    weight = torch.randn(2, 27)
    clf = Classifier(linear(weight), mean=0.5, std=0.25)
    image = torch.rand(1, 3, 3, 3)
    per_pixel = (weight[1] / 0.25).view(3, 3, 3)
    product = (image[0] * per_pixel).sum(0)
    for method in ("input_x_gradient", "integrated_gradients", "deep_lift"):
        assert torch.allclose(attribute(clf, image, 1, method).maps[0], product, atol=1e-5), method
    assert torch.allclose(attribute(clf, image, 1, "saliency").maps[0], per_pixel.abs().amax(0), atol=1e-5)
    occluded = attribute(clf, image, 1, "occlusion", window=1, stride=1).maps[0]
    assert torch.allclose(occluded, product, atol=1e-5)
    from_grey = attribute(clf, image, 1, "integrated_gradients", baseline=0.5)
    assert torch.allclose(from_grey.maps[0], ((image[0] - 0.5) * per_pixel).sum(0), atol=1e-5)
    assert from_grey.convergence_delta.abs() < 1e-4


def test_convergence_delta_is_the_error_of_the_sum() -> None:
    net = network()
    clf = Classifier(net)
    images = pictures(2)
    difference = clf.logits(images)[:, 1] - clf.logits(torch.zeros_like(images))[:, 1]
    for method, options in (("deep_lift", {}), ("integrated_gradients", {"steps": 3})):
        found = attribute(clf, images, 1, method, **options)
        assert torch.allclose(found.convergence_delta, found.maps.sum((1, 2)) - difference, atol=1e-6)
    assert attribute(clf, images, 1, "deep_lift").convergence_delta.abs().max() < 1e-5
    few, many = (
        attribute(clf, images, 1, "integrated_gradients", steps=n).convergence_delta.abs().max()
        for n in (2, 200)
    )
    assert many < few


def test_lrp_conserves_without_biases_and_says_what_they_take() -> None:
    images = pictures(2)
    clf = Classifier(network(bias=False))
    found = attribute(clf, images, 1, "lrp")
    assert torch.allclose(found.maps.sum((1, 2)), found.logits, rtol=1e-3, atol=1e-5)
    assert found.convergence_delta.abs().max() < 1e-4
    biased = attribute(Classifier(network()), images, 1, "lrp")
    assert torch.allclose(biased.convergence_delta, biased.maps.sum((1, 2)) - biased.logits, atol=1e-5)
    assert biased.convergence_delta.abs().max() > 1e-3


def test_lrp_of_rectified_networks_without_biases_is_input_times_gradient() -> None:
    clf = Classifier(network(bias=False))
    by_lrp, by_gradient = (attribute(clf, pictures(2), 1, m).maps for m in ("lrp", "input_x_gradient"))
    assert torch.allclose(by_lrp, by_gradient, rtol=1e-3, atol=1e-5)


# What they refuse


class Functional(nn.Module):
    """An activation that no module stands for."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3)
        self.head = nn.Linear(4, 2)

    def forward(self, images: Tensor) -> Tensor:
        return self.head(torch.relu(self.conv(images)).mean((2, 3)))


class Shared(nn.Module):
    """One ReLU in two places."""

    def __init__(self) -> None:
        super().__init__()
        self.act = nn.ReLU()
        self.first, self.second = nn.Linear(360, 4), nn.Linear(4, 2)

    def forward(self, images: Tensor) -> Tensor:
        return self.act(self.second(self.act(self.first(torch.flatten(images, 1)))))


class Sum(nn.Module):
    """A residual sum with a module for each activation."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.block = nn.Conv2d(3, 4, 3), nn.Conv2d(4, 4, 3, padding=1)
        self.act, self.act2 = nn.ReLU(inplace=True), nn.ReLU(inplace=True)
        self.head = nn.Linear(320, 2)

    def forward(self, images: Tensor) -> Tensor:
        x = self.act(self.conv(images))
        out = self.block(x)
        out += x
        return self.head(torch.flatten(self.act2(out), 1))


@pytest.mark.parametrize(
    ("method", "net", "words"),
    [
        ("deep_lift", Functional(), r"the network itself \(Functional\) calls relu by itself"),
        ("deep_lift", Shared(), r"'act' \(ReLU\) is used 2 times"),
        (
            "deep_lift",
            nn.Sequential(nn.Conv2d(3, 2, 3), nn.GELU(), nn.Flatten(), nn.Linear(160, 2)),
            "calls gelu",
        ),
        ("lrp", Functional(), "calls relu, for which Captum has no rule"),
        ("lrp", Shared(), r"'act' \(ReLU\) is used 2 times"),
        ("lrp", Sum(), r"adds two paths.*method='rap'"),
        ("lrp", torchvision.models.resnet18(), r"'layer1.0' \(BasicBlock\) adds two paths"),
        ("deep_lift", torchvision.models.resnet18(), r"'layer1.0.relu' \(ReLU\) is used 2 times"),
    ],
)
def test_what_captum_would_get_wrong_is_refused_by_name(method: str, net: nn.Module, words: str) -> None:
    with pytest.raises(ClassifierError, match=words):
        attribute(Classifier(net), pictures(1), 0, method)


def test_deep_lift_is_complete_on_residual_sums_with_modules_of_their_own() -> None:
    torch.manual_seed(0)
    found = attribute(Classifier(Sum()), pictures(2), 0, "deep_lift")
    assert found.convergence_delta.abs().max() < 1e-5
    assert found.maps.abs().max() > 1e-4


@pytest.mark.parametrize("method", [m for m in METHODS if m not in {"occlusion", "rap", "grad_cam"}])
def test_a_network_without_gradients_is_told(method: str) -> None:
    class Cut(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.net = network()

        def forward(self, images: Tensor) -> Tensor:
            with torch.no_grad():
                return self.net(images)

    with pytest.raises(ClassifierError, match="no gradient leads"):
        maps_of(method, Cut(), pictures(1))


@every
def test_a_black_box_is_refused(method: str) -> None:
    clf = Classifier(lambda images: images.mean((2, 3)).softmax(1))
    with pytest.raises(ClassifierError, match=f"method='{method}' needs a torch module"):
        attribute(clf, pictures(1), 0, method)


def test_wrong_settings_are_named() -> None:
    clf = Classifier(network(), labels=list("abcde"))
    images = pictures(2)
    with pytest.raises(ValueError, match="method must be one of 'rap'"):
        attribute(clf, images, 0, "gradcam")
    with pytest.raises(ValueError, match="method 'rap' has no option 'steps': it takes rule"):
        attribute(clf, images, 0, steps=3)
    with pytest.raises(ValueError, match="it takes none"):
        attribute(clf, images, 0, "saliency", steps=3)
    with pytest.raises(ValueError, match="one for each of 2 images; got 3"):
        attribute(clf, images, [0, 1, 2])
    with pytest.raises(ValueError, match="one for each of 2 images; got 0"):
        attribute(clf, images, [])
    with pytest.raises(ClassifierError, match="no class has the label 'z'"):
        attribute(clf, images, ["a", "z"])
    with pytest.raises(ClassifierError, match="numbered from 0 to 4; got 5"):
        attribute(Classifier(network()), images, [0, 5])
    with pytest.raises(ClassifierError, match="numbered from 0 to 4; got 9"):
        attribute(Classifier(network()), images, 9, "grad_cam")
    with pytest.raises(ImageError):
        attribute(clf, images * 300, 0)
    with pytest.raises(ValueError, match="batch_size must be a whole number"):
        attribute(clf, images, 0, batch_size=0)
    with pytest.raises(ValueError, match="steps must be a whole number"):
        attribute(clf, images, 0, "integrated_gradients", steps=0)
    with pytest.raises(ValueError, match="baseline must be a number from 0 to 1"):
        attribute(clf, images, 0, "deep_lift", baseline=2)
    with pytest.raises(ValueError, match="epsilon must be above 0"):
        attribute(clf, images, 0, "lrp", epsilon=0)
    with pytest.raises(ValueError, match="shorter side, 10"):
        attribute(clf, images, 0, "occlusion", window=11)
    with pytest.raises(ValueError, match="stride must be at most the window"):
        attribute(clf, images, 0, "occlusion", window=2, stride=3)


def test_a_model_that_returns_nan_or_no_rows_is_refused() -> None:
    class Odd(nn.Module):
        def __init__(self, change) -> None:
            super().__init__()
            self.net, self.change = network(), change

        def forward(self, images: Tensor) -> Tensor:
            return self.change(self.net(images))

    with pytest.raises(ClassifierError, match="NaN"):
        maps_of("saliency", Odd(lambda rows: rows * float("nan")), pictures(1))
    with pytest.raises(ClassifierError, match=r"one row of classes for each image, \(1, C\)"):
        maps_of("saliency", Odd(lambda rows: rows[None]), pictures(1))


def test_a_batch_that_does_not_fit_is_halved_until_it_does() -> None:
    class Small(nn.Module):
        def __init__(self, fits: int) -> None:
            super().__init__()
            self.net, self.fits, self.asked = network(), fits, []

        def forward(self, images: Tensor) -> Tensor:
            self.asked.append(len(images))
            if len(images) > self.fits:
                raise torch.OutOfMemoryError("too many")
            return self.net(images)

    net = Small(2)
    found = maps_of("rap", net, pictures(7))
    assert net.asked == [2, 1, 7, 3, 1, 1, 1, 1, 1, 1, 1]
    assert torch.allclose(found.maps, maps_of("rap", net.net, pictures(7)).maps, rtol=1e-4, atol=1e-7)
    with pytest.raises(ClassifierError, match="runs out of memory on cpu with one image"):
        maps_of("rap", Small(0), pictures(2))


@pytest.mark.parametrize("method", METHODS)
def test_parameters_and_buffers_keep_their_versions(method: str) -> None:
    module = network()
    before = [tensor._version for tensor in module.state_dict(keep_vars=True).values()]
    attribute(Classifier(module), pictures(2), 1, method)
    assert [tensor._version for tensor in module.state_dict(keep_vars=True).values()] == before


@pytest.mark.parametrize("method", sorted(METHODS.keys() - {"rap", "grad_cam", "saliency"}))
def test_maps_against_a_class_are_the_difference_where_the_method_is_linear(method: str) -> None:
    first, second = (maps_of(method, network(), pictures(3), target) for target in ([1, 0, 4], 2))
    both = maps_of(method, network(), pictures(3), [1, 0, 4], against=2)
    assert torch.allclose(both.maps, first.maps - second.maps, atol=1e-5)
    assert torch.allclose(both.logits, first.logits - second.logits, atol=1e-5)
    assert (both.exact, both.against, both.targets.tolist()) == (True, 2, [1, 0, 4])
    if first.convergence_delta is not None:
        delta = first.convergence_delta - second.convergence_delta
        assert torch.allclose(both.convergence_delta, delta, atol=1e-4)


@pytest.mark.parametrize("method", ["rap", "grad_cam", "saliency"])
def test_maps_against_a_class_are_marked_where_the_method_is_not_linear(method: str) -> None:
    first, second = (maps_of(method, network(), pictures(2), target) for target in (1, 2))
    both = maps_of(method, network(), pictures(2), 1, against=2)
    assert torch.equal(both.maps, first.maps - second.maps)
    assert not both.exact
    assert first.exact
    assert first.against is None


def test_a_single_unit_against_its_other_class_is_twice_the_map() -> None:
    alone = maps_of("input_x_gradient", network(classes=1), pictures(2), 1)
    both = maps_of("input_x_gradient", network(classes=1), pictures(2), 1, against=0)
    assert torch.allclose(both.maps, 2 * alone.maps, atol=1e-6)
