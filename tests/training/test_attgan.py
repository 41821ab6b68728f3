"""The training of AttGAN: its losses, its going on, and that it learns."""

from __future__ import annotations

from dataclasses import replace
from itertools import count
from types import SimpleNamespace

import pytest
import torch
from torch import nn

from cfwidgets.run import Run
from cfwidgets.training import attgan
from cfwidgets.training.attgan import AttGANTraining, TrainedAttGAN, _penalty

pytestmark = pytest.mark.slow

FAST = AttGANTraining(
    updates=6, batch_size=4, critic_updates=2, dim=4, layers=3, hidden=8, report_every=2, seed=1
)
NAMES = ("bright", "left")


def faces(n=24, seed=0):
    """Squares that are bright or dark, on the left or on the right."""
    generator = torch.Generator().manual_seed(seed)
    has = torch.rand(n, 2, generator=generator) > 0.5
    images = torch.full((n, 3, 16, 16), 0.4) + torch.rand(n, 3, 1, 1, generator=generator) * 0.1
    for image, (bright, left) in zip(images, has.tolist(), strict=True):
        image[:, 4:12, (0 if left else 8) : (8 if left else 16)] = 0.9 if bright else 0.1
    return images, has


def same(a, b):
    return all(torch.equal(a.weights[name], b.weights[name]) for name in a.weights) and all(
        torch.equal(a.judge[name], b.judge[name]) for name in a.judge
    )


def test_a_linear_critic_has_the_penalty_of_its_slope():
    slope = torch.randn(3 * 8 * 8)

    class Linear(nn.Module):
        def forward(self, images):
            return (2 * images - 1).flatten(1) @ slope, torch.zeros(len(images), 1)

    real, fake = torch.rand(5, 3, 8, 8), torch.rand(5, 3, 8, 8)
    found = _penalty(Linear(), real, fake, torch.rand(5, 1, 1, 1))
    assert float(found) == pytest.approx(float((slope.norm() - 1) ** 2), rel=1e-5)


def test_stopped_and_resumed_it_is_the_same(tmp_path):
    images, has = faces()
    whole = FAST.train(images, has, NAMES)
    assert whole.step == 6
    assert whole.losses.shape == (6, 6)
    for update in FAST.steps(images, has, NAMES):
        if update.partial.step == 4:
            update.partial.save(tmp_path / "half")
            break
    half = TrainedAttGAN.load(tmp_path / "half")
    again = FAST.train(images, has, NAMES, resume=half, checkpoint=tmp_path / "end")
    assert same(again, whole)
    assert torch.equal(again.losses, whole.losses)
    assert same(TrainedAttGAN.load(tmp_path / "end"), whole)
    assert not same(replace(FAST, seed=2).train(images, has, NAMES), whole)


def test_a_run_that_is_stopped_and_goes_on_is_the_same():
    images, has = faces()
    run = Run(
        replace(FAST, report_every=1).steps(images, has, NAMES),
        on_update=lambda run: run.cancel() if run.partial.step == 1 else None,
        interval=0,
    )
    assert run.wait(60) == "stopped"
    assert run.partial.step == 2
    run.resume()
    whole, stopped = FAST.train(images, has, NAMES), run.result(60)
    assert same(stopped, whole)
    assert torch.equal(stopped.losses, whole.losses)


def test_closed_it_saves_what_it_yielded_and_that_goes_on_the_same(tmp_path):
    images, has = faces()
    path = tmp_path / "kept"
    steps = FAST.steps(images, has, NAMES, checkpoint=path)
    next(steps)
    kept = next(steps).partial
    assert not path.exists()
    steps.close()
    saved = TrainedAttGAN.load(path)
    assert saved.step == kept.step == 4
    whole = FAST.train(images, has, NAMES)
    again = FAST.train(images, has, NAMES, resume=saved, checkpoint=path)
    assert same(again, whole)
    assert torch.equal(again.losses, whole.losses)


def test_failing_within_an_update_it_saves_what_it_yielded(tmp_path, monkeypatch):
    images, has = faces()
    steps = FAST.steps(images, has, NAMES, checkpoint=tmp_path / "kept")
    next(steps)

    def fail(_self):
        raise MemoryError("no room")

    # the discriminator has then been updated, and the generator not
    monkeypatch.setattr(attgan._Work, "_painter_learns", fail)
    with pytest.raises(MemoryError, match="no room"):
        next(steps)
    monkeypatch.undo()
    saved = TrainedAttGAN.load(tmp_path / "kept")
    assert saved.step == 2
    assert same(FAST.train(images, has, NAMES, resume=saved), FAST.train(images, has, NAMES))


def test_what_is_saved_is_not_saved_again(tmp_path, monkeypatch):
    times = []
    monkeypatch.setattr(TrainedAttGAN, "save", lambda trained, _path: times.append(trained.step))
    FAST.train(*faces(), NAMES, checkpoint=tmp_path / "end")
    assert times == [6]
    steps = FAST.steps(*faces(), NAMES)
    next(steps)
    steps.close()
    assert times == [6]


def test_a_pause_takes_no_time(monkeypatch):
    clock = count()
    monkeypatch.setattr(attgan, "time", SimpleNamespace(perf_counter=lambda: float(next(clock))))
    steps = FAST.steps(*faces(), NAMES)
    assert next(steps).partial.seconds == 2  # a tick an update
    for _ in range(100):
        next(clock)
    half = next(steps).partial
    assert half.seconds == 4
    assert FAST.train(*faces(), NAMES, resume=half).seconds == 6


def test_losses_and_the_sheet_s_columns_have_names():
    trained = FAST.train(*faces(), NAMES)
    assert len(trained.loss_names) == trained.losses.shape[1]
    assert trained.sheet_columns == ("original", "reconstructed", "bright", "left")
    assert len(trained.sheet_columns) == trained.sheet().shape[1]


def test_torch_s_random_state_is_left_alone():
    before = torch.get_rng_state()
    FAST.train(*faces(), NAMES)
    assert torch.equal(torch.get_rng_state(), before)


def test_bytes_are_the_same_as_floats():
    images, has = faces()
    assert same(
        FAST.train(images, has, NAMES), FAST.train((images * 255).round().to(torch.uint8), has.int(), NAMES)
    )


def test_it_learns_to_edit():
    images, has = faces(200)
    training = replace(FAST, updates=150, batch_size=16, dim=8, hidden=32, rate=1e-3, report_every=50)
    trained = training.train(images, has, NAMES)
    reconstruction = trained.losses[:, 0]
    assert reconstruction[-10:].mean() < reconstruction[:10].mean() / 2
    network = trained.generator()
    left_out, is_so = faces(60, seed=5)
    asked = is_so.float()
    asked[:, 0] = 1 - asked[:, 0]
    with torch.no_grad():
        painted = network(left_out, asked)

    def square(of):
        halves = torch.stack([of[:, :, 5:11, 9:15].mean((1, 2, 3)), of[:, :, 5:11, 1:7].mean((1, 2, 3))], 1)
        return halves.gather(1, is_so[:, 1:].long())[:, 0]

    moved = (square(painted) - square(left_out)) * (1 - 2 * is_so[:, 0].float())
    assert (moved > 0.1).float().mean() > 0.9


def test_a_run_watches_it():
    images, has = faces()
    run = Run(FAST.steps(images, has, NAMES))
    trained = run.result(60)
    text = trained._repr_html_()
    assert "update 6 of 6" in text
    assert "bright, left" in text
    assert repr(trained) == "<TrainedAttGAN: update 6 of 6>"
    assert trained.sheet().shape == (4, 4, 3, 16, 16)
    critic, logits = trained.discriminator()(images[:2])
    assert critic.shape == (2,)
    assert logits.shape == (2, 2)


def test_names_are_text():
    images, has = faces()
    trained = replace(FAST, updates=1, report_every=1).train(images, has, ("<b>", "y"))
    assert "<b>" not in trained._repr_html_()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"faces": torch.rand(4, 1, 16, 16)}, r"\(N, 3, H, H\)"),
        ({"faces": torch.rand(4, 3, 16, 16) * 2}, r"in \[0, 1\]"),
        ({"faces": torch.full((4, 3, 16, 16), float("nan"))}, r"in \[0, 1\]"),
        ({"faces": torch.zeros(4, 3, 16, 16, dtype=torch.int64)}, "uint8"),
        ({"faces": torch.rand(4, 3, 20, 20)}, r"multiple of 2 \*\* layers"),
        ({"attributes": torch.zeros(4, 3)}, "2 names"),
        ({"attributes": torch.full((4, 2), 0.5)}, "bool, or 0 and 1"),
    ],
)
def test_what_does_not_fit(changes, message):
    given = {"faces": torch.rand(4, 3, 16, 16), "attributes": torch.zeros(4, 2), "names": NAMES, **changes}
    with pytest.raises(ValueError, match=message):
        FAST.train(**given)


@pytest.mark.parametrize(
    "wrong",
    [
        {"updates": 0},
        {"batch_size": 1},
        {"rate": -1.0},
        {"decay_from": 2.0},
        {"precision": "half"},
        {"b_distribution": "normal"},
        {"seed": -1},
    ],
)
def test_settings_that_cannot_be(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        AttGANTraining(**wrong)


def test_only_the_same_training_is_gone_on_with():
    images, has = faces()
    trained = next(FAST.steps(images, has, NAMES)).partial
    for other, names, named in (
        (replace(FAST, dim=8), NAMES, "dim=4"),
        (FAST, ("bright", "right"), "names"),
        (replace(FAST, updates=9), NAMES, "updates=6"),
    ):
        with pytest.raises(ValueError, match=f"resume: that checkpoint was trained with .*{named}"):
            other.train(images, has, names, resume=trained)


@pytest.mark.cuda
def test_it_trains_on_cuda_and_goes_on_anywhere():
    images, has = faces()
    on_cuda = replace(FAST, device="cuda", precision="bfloat16")
    updates = on_cuda.steps(images, has, NAMES)
    half = next(update.partial for update in updates if update.partial.step == 4)
    for device in ("cuda", "cpu"):
        trained = replace(on_cuda, device=device).train(images, has, NAMES, resume=half)
        for found in (trained.weights, trained.judge, trained.state):
            assert {value.device.type for value in found.values()} == {"cpu"}
        assert trained.step == 6
        assert torch.isfinite(trained.losses).all()


def strengths(distribution, count=4000):
    """How strongly attributes that are there, and those that are not, are painted."""
    settings = replace(FAST, b_distribution=distribution)
    images, has = faces()
    work = attgan._Work(settings, {"size": 16, "attributes": 2}, NAMES, (images * 255).byte(), has, None)
    there = torch.tensor([[1.0, 0.0]]).expand(count, 2)
    drawn = work._strengths(there)
    return drawn[:, 0], drawn[:, 1]


def test_attributes_of_another_face_are_painted_as_strongly_as_asked():
    there, absent = strengths("none")
    assert (there == 1).all()
    assert (absent == 0).all()
    # u = (2b - 1) / 2 is what the network is given: in the port, ±U(0, 1) ...
    there, absent = strengths("uniform")
    quantiles = torch.tensor([0.0, 0.25, 0.5, 0.75, 1.0])
    for distances in (there - 0.5, 0.5 - absent):
        assert torch.allclose(distances.quantile(quantiles), quantiles, atol=0.03)
    assert abs(torch.corrcoef(torch.stack([there, absent]))[0, 1]) < 0.05
    # ... or ±(fmod(N(0, 1), 2) + 2) / 4
    there, absent = strengths("truncated_normal")
    random = torch.Generator().manual_seed(5)
    expected = (torch.randn(100_000, generator=random).fmod(2) + 2) / 4
    for distances in (there - 0.5, 0.5 - absent):
        assert torch.allclose(
            distances.quantile(quantiles[1:4]), expected.quantile(quantiles[1:4]), atol=0.02
        )
        assert 0 <= distances.min() <= distances.max() <= 1
    assert float((there - 0.5).mean()) == pytest.approx(0.5, abs=0.02)


@pytest.mark.parametrize("distribution", ["uniform", "truncated_normal"])
def test_a_training_with_strengths_is_resumed_the_same(distribution):
    images, has = faces()
    training = replace(FAST, b_distribution=distribution)
    whole = training.train(images, has, NAMES)
    for update in training.steps(images, has, NAMES):
        if update.partial.step == 4:
            half = update.partial
            break
    assert same(training.train(images, has, NAMES, resume=half), whole)
    assert not same(FAST.train(images, has, NAMES), whole)
    with pytest.raises(ValueError, match="b_distribution"):
        FAST.train(images, has, NAMES, resume=half)


def test_a_checkpoint_from_before_there_were_strengths_is_resumed():
    images, has = faces()
    for update in FAST.steps(images, has, NAMES):
        if update.partial.step == 4:
            half = update.partial
            break
    before = {name: value for name, value in half.training.items() if name != "b_distribution"}
    old = replace(half, training=before)
    assert same(FAST.train(images, has, NAMES, resume=old), FAST.train(images, has, NAMES))


def test_the_classifier_is_to_see_whole_attributes(monkeypatch):
    targets = []
    entropy = attgan.F.binary_cross_entropy_with_logits
    monkeypatch.setattr(
        attgan.F,
        "binary_cross_entropy_with_logits",
        lambda logits, target: targets.append(target) or entropy(logits, target),
    )
    images, has = faces()
    replace(FAST, updates=2, b_distribution="uniform").train(images, has, NAMES)
    assert len(targets) == 2 * (FAST.critic_updates + 1)
    assert all(bool(((target == 0) | (target == 1)).all()) for target in targets)
