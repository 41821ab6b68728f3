"""Where the change comes from: exact where the answer is known, complete where it is not."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from cfwidgets import zoo
from cfwidgets.data import digits
from cfwidgets.engines.transitions.path_attribution import attribute_path
from cfwidgets.models.classifier import Classifier, ClassifierError


def linear(height, width, classes=3, **settings):
    torch.manual_seed(0)
    net = nn.Sequential(nn.Flatten(), nn.Linear(3 * height * width, classes))
    return net, Classifier(net, device="cpu", **settings)


def crooked(n, height, width):
    """A path that is not straight."""
    return torch.rand(n, 3, height, width, generator=torch.Generator().manual_seed(1))


def test_a_linear_network_is_explained_exactly():
    net, clf = linear(6, 4)
    path = crooked(9, 6, 4)
    found = attribute_path(clf, path, 0, 2, cells=2)
    weights = (net[1].weight[2] - net[1].weight[0]).detach().reshape(3, 6, 4)
    expected = (weights * (path[-1] - path[0])).sum(dim=0)
    assert torch.allclose(found.pixels, expected, atol=1e-6)
    logits = clf.logits(path[[0, -1]])
    change = (logits[1, 2] - logits[1, 0]) - (logits[0, 2] - logits[0, 0])
    assert found.total == pytest.approx(float(change), abs=1e-5)
    assert abs(found.convergence_delta) < 1e-4
    cells = expected.reshape(2, 3, 2, 2).sum(dim=(1, 3))
    assert torch.allclose(found.share, cells / cells.sum(), atol=1e-4)


def test_the_answer_turns_round_with_the_path_and_with_the_classes():
    _, clf = linear(4, 4)
    path = crooked(5, 4, 4)
    there, back = attribute_path(clf, path, 0, 1), attribute_path(clf, path.flip(0), 0, 1)
    other = attribute_path(clf, path, 1, 0)
    assert torch.allclose(there.pixels, -back.pixels, atol=1e-6)
    assert torch.allclose(there.pixels, -other.pixels, atol=1e-6)
    assert there.total == pytest.approx(-other.total, abs=1e-6)
    assert torch.allclose(there.share, other.share, atol=1e-4)


def test_the_parts_sum_to_the_change_on_the_digit_network():
    clf = zoo.classifier("digits", device="cpu")
    images = digits("test").images[[473, 4]]
    along = torch.linspace(0, 1, 129)[:, None, None, None]
    path = images[0] + (1 - torch.cos(torch.pi * along)) / 2 * (images[1] - images[0])
    p = clf.probabilities(path[[0, -1]])
    wrong, target = p.argmax(dim=1).tolist()
    assert wrong != target
    found = attribute_path(clf, path, wrong, target)
    odds = (p[:, target] / p[:, wrong]).log()
    assert found.total == pytest.approx(float(odds[1] - odds[0]), rel=1e-3)
    assert float(found.pixels.double().sum()) == pytest.approx(
        found.total * (1 + found.convergence_delta), rel=1e-4
    )
    assert abs(found.convergence_delta) < 0.01
    assert found.share.shape == (8, 8)
    assert float(found.share.sum()) == pytest.approx(1, abs=1e-5)
    # a coarser sum misses more
    assert abs(attribute_path(clf, path[::16], wrong, target).convergence_delta) > abs(
        found.convergence_delta
    )


def test_pixels_that_do_not_change_have_no_part():
    clf = zoo.classifier("digits", device="cpu")
    path = digits("test").images[:1].repeat(5, 1, 1, 1)
    path[:, :, 8:16, 16:24] += torch.linspace(0, 0.5, 5)[:, None, None, None]
    found = attribute_path(clf, path, 0, 1)
    assert found.pixels[8:16, 16:24].abs().max() > 0
    outside = found.pixels.clone()
    outside[8:16, 16:24] = 0
    assert (outside == 0).all()
    # cells of 4 x 4 pixels: rows 2 and 3, columns 4 and 5
    assert (found.share != 0).nonzero().tolist() == [[2, 4], [2, 5], [3, 4], [3, 5]]


@pytest.mark.parametrize(("height", "width", "cells"), [(7, 5, 3), (10, 9, 8), (5, 6, 8), (1, 3, 2)])
def test_cells_of_sizes_that_do_not_divide(height, width, cells):
    _, clf = linear(height, width)
    path = crooked(3, height, width)
    found = attribute_path(clf, path, 0, 1, cells=cells)
    rows, columns = min(cells, height), min(cells, width)
    assert found.share.shape == (rows, columns)
    assert float(found.share.sum()) == pytest.approx(1, abs=1e-4)
    expected = torch.zeros(rows, columns)
    sizes = torch.zeros(rows, columns)
    for y in range(height):
        for x in range(width):
            expected[y * rows // height, x * columns // width] += found.pixels[y, x]
            sizes[y * rows // height, x * columns // width] += 1
    assert torch.allclose(found.share, expected / expected.sum(), atol=1e-4)
    assert sizes.min() >= 1


def test_a_path_that_stands_still_has_no_answer():
    _, clf = linear(4, 4)
    found = attribute_path(clf, torch.rand(1, 3, 4, 4).repeat(4, 1, 1, 1), 0, 1, cells=2)
    assert found.total == 0
    assert found.convergence_delta == 0
    assert (found.share == 0).all()


def log_odds(clf, image, wrong, target):
    p = clf.probabilities(image[None])[0].double()
    return float((p[target] / p[wrong]).log())


@pytest.mark.parametrize(
    ("classes", "last", "activation"),
    [
        (1, nn.Identity(), "sigmoid"),
        (1, nn.Sigmoid(), "none"),
        (3, nn.Identity(), "softmax"),
        (3, nn.Softmax(dim=1), "none"),
    ],
)
def test_the_total_is_in_log_odds_whatever_the_model_returns(classes, last, activation):
    torch.manual_seed(0)
    net = nn.Sequential(nn.Flatten(), nn.Linear(48, classes), last)
    clf = Classifier(net, activation=activation, device="cpu")
    path = torch.linspace(0, 1, 9)[:, None, None, None] * torch.rand(3, 4, 4)
    for wrong, target in ((0, 1), (1, 0)):
        found = attribute_path(clf, path, wrong, target)
        expected = log_odds(clf, path[-1], wrong, target) - log_odds(clf, path[0], wrong, target)
        assert found.total == pytest.approx(expected, rel=1e-4)
        assert abs(found.convergence_delta) < 1e-3
        weights = net[1].weight.detach().reshape(classes, 3, 4, 4)
        row = weights[0] * (2 * target - 1) if classes == 1 else weights[target] - weights[wrong]
        assert torch.allclose(found.pixels, (row * (path[-1] - path[0])).sum(dim=0), atol=1e-4)


def test_more_phases_than_go_together():
    _, clf = linear(4, 4)
    path = crooked(71, 4, 4)
    found = attribute_path(clf, path, 0, 1)
    assert torch.allclose(found.pixels, attribute_path(clf, path[[0, -1]], 0, 1).pixels, atol=1e-5)


def test_a_black_box_and_no_gradient_are_refused():
    with pytest.raises(ClassifierError, match="needs a torch module"):
        attribute_path(
            Classifier(lambda images: torch.full((len(images), 2), 0.5)), torch.rand(2, 3, 4, 4), 0, 1
        )

    class Silent(nn.Module):
        @torch.no_grad()
        def forward(self, x):
            return x.mean(dim=(2, 3))

    with pytest.raises(ClassifierError, match="no gradient leads from the model's answer"):
        attribute_path(Classifier(Silent(), device="cpu"), torch.rand(2, 3, 4, 4), 0, 1)


def test_the_network_is_left_as_it_was_found():
    clf = Classifier(nn.Sequential(nn.Flatten(), nn.Dropout(0.9), nn.Linear(48, 2)).train(), device="cpu")
    net = clf.require_module()
    with torch.inference_mode():
        found = attribute_path(clf, crooked(5, 4, 4), 0, 1)
    assert abs(found.convergence_delta) < 1e-4  # dropout was off
    assert net.training
    assert net[1].training
    assert all(p.grad is None and p.requires_grad for p in net.parameters())


def test_rounding_is_no_answer():
    clf = zoo.classifier("digits", device="cpu")
    path = digits("test").images[:1] + 1e-8 * crooked(9, 32, 32)
    found = attribute_path(clf, path, 0, 1)
    assert (found.share == 0).all()
    assert found.convergence_delta == 0


def test_the_sum_is_by_the_trapezoid_rule():
    class Squares(nn.Module):
        def forward(self, x):
            return torch.stack([torch.zeros(len(x)), x.square().sum(dim=(1, 2, 3))], dim=1)

    path = crooked(2, 4, 4)
    found = attribute_path(Classifier(Squares(), device="cpu"), path, 0, 1)
    # exact with two phases already, as the slope goes linearly
    assert torch.allclose(found.pixels, path.square().sum(dim=1).diff(dim=0)[0], atol=1e-5)
    assert abs(found.convergence_delta) < 1e-4
