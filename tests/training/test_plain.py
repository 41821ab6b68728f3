from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from cfwidgets.evaluation import segmentation_curve
from cfwidgets.run import Run
from cfwidgets.training import plain
from cfwidgets.training.plain import PlainTraining
from cfwidgets.training.trained_plainly import TrainedPlainly


def spots(n: int = 40, seed: int = 0) -> tuple[Tensor, Tensor, Tensor]:
    """Noise, every other with a bright square; labels and masks."""
    generator = torch.Generator().manual_seed(seed)
    images, masks = 0.5 * torch.rand(n, 3, 12, 12, generator=generator), torch.zeros(n, 12, 12).bool()
    for place in range(1, n, 2):
        top, left = torch.randint(0, 8, (2,), generator=generator).tolist()
        masks[place, top : top + 4, left : left + 4] = True
    return images + 0.4 * masks[:, None], torch.arange(n) % 2, masks


def classifier() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(3, 8, 3), nn.ReLU(), nn.AdaptiveMaxPool2d(1), nn.Flatten(), nn.Linear(8, 2)
    )


def weights(network: nn.Module) -> list[Tensor]:
    return [value.clone() for value in network.state_dict().values()]


def equal(a: nn.Module, b: nn.Module) -> bool:
    return all(torch.equal(x, y) for x, y in zip(weights(a), weights(b), strict=True))


@pytest.mark.slow
def test_it_learns_classes() -> None:
    images, labels, _ = spots()
    others, truth, _ = spots(seed=1)
    network = PlainTraining(updates=150, batch_size=16, rate=2e-2, light=0.02).train(
        classifier(), images, labels
    )
    assert not network.training
    assert float((network(others).argmax(1) == truth).float().mean()) > 0.9


@pytest.mark.slow
def test_it_learns_masks() -> None:
    images, labels, masks = spots()
    torch.manual_seed(0)
    network = nn.Sequential(nn.Conv2d(3, 8, 3, padding=1), nn.ReLU(), nn.Conv2d(8, 1, 1))
    PlainTraining(updates=200, batch_size=16, rate=2e-2, light=0.02).train(network, images, labels, masks)
    others, _, truth = spots(seed=1)
    with torch.no_grad():
        maps = network(others).sigmoid()[:, 0]
    assert float(segmentation_curve(maps[1::2], truth[1::2]).iou.max()) > 0.6


def test_a_seed_repeats_it_and_bytes_are_as_good_as_floats() -> None:
    images, labels, _ = spots()
    fast = {"updates": 3, "batch_size": 4, "halved": 0.5}
    first = PlainTraining(**fast).train(classifier(), images, labels)
    assert equal(first, PlainTraining(**fast).train(classifier(), images, labels))
    assert not equal(first, PlainTraining(**fast, seed=1).train(classifier(), images, labels))
    pixels = (images * 255).round().to(torch.uint8)
    by_bytes = PlainTraining(**fast).train(classifier(), pixels, labels)
    for theirs, ours in zip(weights(by_bytes), weights(first), strict=True):
        torch.testing.assert_close(theirs, ours, atol=1e-2, rtol=1e-2)
    before = torch.get_rng_state()
    PlainTraining(**fast).train(first, images, labels)
    assert torch.equal(torch.get_rng_state(), before)


def test_batches_have_as_many_of_each_class_and_of_one_alone() -> None:
    images, labels, _ = spots()
    seen = []

    class Spy(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.of = classifier()

        def forward(self, given: Tensor) -> Tensor:
            seen.append(given)
            logits: Tensor = self.of(given)
            return logits

    even = PlainTraining(updates=1, batch_size=6, turned=False, light=0, tint=0)
    few = torch.cat([torch.arange(0, 40, 2), torch.tensor([1])])
    images[1::2] = 1
    even.train(Spy(), images[few], labels[few])
    assert (seen[-1].amax((1, 2, 3)) > 0.95).tolist() == [False] * 3 + [True] * 3
    even.train(Spy(), images[::2], labels[::2])
    assert len(seen[-1]) == 6


def test_seconds_end_it_and_the_rate_follows(monkeypatch: Any) -> None:
    images, labels, _ = spots()
    clock = iter(range(1000))
    monkeypatch.setattr(plain.time, "perf_counter", lambda: next(clock))
    rates = []

    class Watched(torch.optim.AdamW):
        def step(self, *given: Any) -> Any:
            rates.append(self.param_groups[0]["lr"])
            return super().step(*given)

    monkeypatch.setattr(plain.torch.optim, "AdamW", Watched)
    PlainTraining(updates=1000, seconds=20, batch_size=4, rate=1.0).train(classifier(), images, labels)
    assert len(rates) == 19
    assert rates[0] < rates[1]
    assert max(rates) == pytest.approx(1, abs=0.02)
    assert rates[2:] == sorted(rates[2:], reverse=True)
    assert rates[-1] < 0.02


@pytest.mark.parametrize("wrong", [{"updates": 0}, {"batch_size": 1}, {"rate": -1.0}])
def test_wrong_settings_are_refused(wrong: Any) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        PlainTraining(**wrong)


@pytest.mark.parametrize(
    ("masks", "words"),
    [
        (
            torch.zeros(40, 24, 24).bool(),
            r"\(40, 12, 12\) bool, of the size of the images; got \(40, 24, 24\)",
        ),
        (torch.zeros(39, 12, 12).bool(), r"got \(39, 12, 12\)"),
        (torch.zeros(40, 12, 12), "got .* torch.float32"),
    ],
)
def test_masks_that_do_not_fit_are_refused_before_anything_is_learned(masks: Tensor, words: str) -> None:
    images, labels, _ = spots()
    network = nn.Conv2d(3, 1, 1)
    before = weights(network)
    with pytest.raises(ValueError, match=words):
        PlainTraining(updates=1).train(network, images, labels, masks)
    assert all(torch.equal(x, y) for x, y in zip(before, weights(network), strict=True))


def test_labels_of_other_images_are_refused() -> None:
    images, labels, _ = spots()
    with pytest.raises(ValueError, match=r"labels are \(40,\) int64"):
        PlainTraining(updates=1).train(classifier(), images, labels[:-1])


def test_a_bar_says_how_far_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    images, labels, _ = spots()
    PlainTraining(updates=3, batch_size=4).train(classifier(), images, labels)
    assert capsys.readouterr().err == ""
    PlainTraining(updates=3, batch_size=4).train(classifier(), images, labels, progress=True)
    assert "update 3 of 3: 100%" in capsys.readouterr().err


def test_an_interrupt_leaves_the_network_as_far_as_it_is() -> None:
    images, labels, _ = spots()
    network, seen = classifier(), []

    def interrupt(_module: Any, given: Any) -> None:
        seen.append(given)
        if len(seen) == 3:
            raise KeyboardInterrupt

    handle = network.register_forward_pre_hook(interrupt)
    with pytest.raises(KeyboardInterrupt):
        PlainTraining(updates=9, batch_size=4).train(network, images, labels)
    handle.remove()
    assert not network.training
    assert not equal(network, classifier())


def steps_of(network: nn.Module, training: PlainTraining, **more: Any) -> list[Any]:
    images, labels, _ = spots()
    others, truth, _ = spots(seed=1)
    groups = {"plain": (others[::2], truth[::2]), "bright": (others[1::2], truth[1::2])}
    return list(training.steps(network, images, labels, **{"held_out": groups, **more}))


def test_steps_train_as_train_does_and_report_what_is_learned() -> None:
    images, labels, _ = spots()
    others, truth, _ = spots(seed=1)
    training = PlainTraining(updates=5, batch_size=4)
    network = classifier()
    updates = steps_of(network, training, report_every=2)
    assert [update.partial.step for update in updates] == [2, 4, 5]
    assert [update.fraction for update in updates] == [0.4, 0.8, 1.0]
    assert not network.training
    assert equal(network, training.train(classifier(), images, labels))
    last = updates[-1].partial
    assert last.measured[:, 0].tolist() == [2, 4, 5]
    right = (network(others).argmax(1) == truth).float()
    torch.testing.assert_close(last.measured[-1, 1:], torch.stack([right[::2].mean(), right[1::2].mean()]))
    assert all(torch.equal(value, last.weights[name]) for name, value in network.state_dict().items())
    assert last.losses.shape == (5, 1)
    assert bool(torch.isfinite(last.losses).all())
    assert last.sheet_columns == ("plain", "bright")
    chance = network(others[1::2]).softmax(1)[:, 1]
    torch.testing.assert_close(
        last.sheet()[:, 1], others[1::2][chance.topk(4, largest=False).indices], atol=3e-3, rtol=0
    )


def test_steps_that_are_closed_leave_the_network_as_far_as_it_is() -> None:
    images, labels, _ = spots()
    network = classifier()
    steps = PlainTraining(updates=9, batch_size=4).steps(
        network, images, labels, held_out={"all": (images, labels)}, report_every=3
    )
    first = next(steps).partial
    assert network.training
    steps.close()
    assert not network.training
    assert all(torch.equal(value, first.weights[name]) for name, value in network.state_dict().items())


def test_what_is_learned_so_far_is_saved(tmp_path: Path) -> None:
    last = steps_of(classifier(), PlainTraining(updates=2, batch_size=4))[-1].partial
    last.save(tmp_path / "network")
    again = TrainedPlainly.load(tmp_path / "network")
    assert (again.step, again.measure_names) == (2, last.measure_names)
    assert torch.equal(again.hardest, last.hardest)


@pytest.mark.parametrize(
    ("held_out", "words"),
    [
        ({}, "at least one group"),
        ({"few": (torch.rand(2, 3, 12, 12), torch.zeros(3, dtype=torch.int64))}, "labels of 'few'"),
        ({"flat": (torch.rand(2, 12, 12), torch.zeros(2, dtype=torch.int64))}, "images of 'flat'"),
        (
            {
                name: (torch.rand(2, 3, side, side), torch.zeros(2, dtype=torch.int64))
                for name, side in (("a", 8), ("b", 9))
            },
            "one size",
        ),
    ],
)
def test_groups_that_do_not_fit_are_refused_at_once(held_out: Any, words: str) -> None:
    images, labels, _ = spots()
    with pytest.raises(ValueError, match=words):
        PlainTraining(updates=1).steps(classifier(), images, labels, held_out=held_out)


def test_a_network_that_is_in_training_is_refused() -> None:
    images, labels, _ = spots()
    network, training = classifier(), PlainTraining(updates=3, batch_size=4)
    steps = training.steps(network, images, labels, held_out={"all": (images, labels)}, report_every=1)
    next(steps)
    before = weights(network)
    with pytest.raises(RuntimeError, match="this network is in training already: wait for its end, or close"):
        training.train(network, images, labels)
    assert all(torch.equal(*pair) for pair in zip(weights(network), before, strict=True))
    assert network.training
    training.train(copy.deepcopy(network), images, labels)
    steps.close()
    assert training.train(network, images, labels) is network


def test_two_threads_train_one_network_one_after_the_other_or_not() -> None:
    images, labels, _ = spots()
    network, training = classifier(), PlainTraining(updates=40, batch_size=8)
    steps = [training.steps(network, images, labels, held_out={"all": (images, labels)}) for _ in range(2)]
    runs = [Run(one) for one in steps]
    failures = [run.exception() for run in runs if run.wait(60) == "failed"]
    assert len(failures) < 2
    assert all("in training already" in str(failure) for failure in failures)
