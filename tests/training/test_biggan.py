from __future__ import annotations

import base64
import copy
import io
import re
from dataclasses import replace
from itertools import count
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from PIL import Image
from torch import Tensor, nn

from cfwidgets.networks import BigGAN
from cfwidgets.results import ResultError
from cfwidgets.run import Run
from cfwidgets.training import biggan
from cfwidgets.training.biggan import BigGANTraining, TrainedBigGAN, _Work

pytestmark = pytest.mark.slow

TINY = BigGANTraining(updates=5, batch_size=4, channels=2, latent_size=8, shared_size=4, report_every=2)


def examples() -> tuple[Tensor, Tensor]:
    """Dark images of class 0, and bright ones of class 1."""
    labels = torch.arange(20) % 2
    noise = torch.rand(20, 1, 32, 32, generator=torch.Generator().manual_seed(0))
    return labels[:, None, None, None] * 0.7 + noise * 0.3, labels


def work(training: BigGANTraining) -> _Work:
    images, labels = examples()
    return _Work(training, training._shape(images, labels), images, labels, None)


def same(a: dict[str, Tensor], b: dict[str, Tensor]) -> bool:
    return a.keys() == b.keys() and all(torch.equal(a[name], b[name]) for name in a)


@pytest.fixture(scope="module")
def trained() -> TrainedBigGAN:
    return TINY.train(*examples())


def test_the_losses_are_hinges() -> None:
    """By hand, from copies of the networks, with a discriminator that does not move."""
    at_work = work(replace(TINY, discriminator_rate=0, shift=0, cutout=0))
    with torch.no_grad():
        at_work._d.judge.parametrizations.weight.original.mul_(30)
        at_work._d.judge.bias.fill_(0.3)
    g, d = copy.deepcopy(at_work._g), copy.deepcopy(at_work._d)
    random = torch.Generator()
    random.set_state(at_work._random.get_state())
    at_work.update()

    images, labels = examples()
    places = torch.randint(20, (4,), generator=random)
    real, real_c = images[places] * 2 - 1, torch.eye(2)[labels[places]]
    z, c = torch.randn(4, 8, generator=random), torch.eye(2)[torch.randint(2, (4,), generator=random)]
    with torch.no_grad():
        on = d(torch.cat([real, g(z, c)]), torch.cat([real_c, c]))
    of_real = [max(0.0, 1 - value) for value in on[:4].tolist()]
    of_fake = [max(0.0, 1 + value) for value in on[4:].tolist()]
    assert at_work._losses_d == [pytest.approx(sum(of_real) / 4 + sum(of_fake) / 4, abs=1e-5)]
    torch.rand(4, 8, generator=random)  # what the augmentation drew, and draws for naught
    z, c = torch.randn(4, 8, generator=random), torch.eye(2)[torch.randint(2, (4,), generator=random)]
    with torch.no_grad():
        expected = -sum(d(g(z, c), c).tolist()) / 4
    assert at_work._losses_g == [pytest.approx(expected, abs=1e-5)]


def test_stopped_and_resumed_it_gives_the_weights_of_one_run(trained: TrainedBigGAN, tmp_path: Path) -> None:
    steps = TINY.steps(*examples())
    half = next(steps).partial
    steps.close()
    assert half.step == 2
    half.save(tmp_path / "half")
    resumed = TINY.train(*examples(), resume=TrainedBigGAN.load(tmp_path / "half"))
    assert same(resumed.weights, trained.weights)
    assert same(resumed.state, trained.state)
    assert torch.equal(resumed.generator_loss, trained.generator_loss)
    assert torch.equal(resumed.discriminator_loss, trained.discriminator_loss)
    assert len(resumed.generator_loss) == len(resumed.discriminator_loss) == 5
    assert resumed.seconds > half.seconds


def test_a_training_that_ended_can_be_made_longer(trained: TrainedBigGAN) -> None:
    short = replace(TINY, updates=3).train(*examples())
    longer = TINY.train(*examples(), resume=short)
    assert same(longer.weights, trained.weights)
    assert same(longer.state, trained.state)


def test_a_training_that_is_over_stays_as_it_is(trained: TrainedBigGAN) -> None:
    (update,) = TINY.steps(*examples(), resume=trained)
    assert update.fraction == 1
    assert same(update.partial.weights, trained.weights)


def test_the_checkpoint_is_written_as_it_goes_on(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, trained: TrainedBigGAN
) -> None:
    monkeypatch.setattr(biggan, "_SAVED_EVERY", 2)
    path = tmp_path / "kept.safetensors"
    steps = replace(TINY, report_every=1).steps(*examples(), checkpoint=path)
    saved = [TrainedBigGAN.load(path).step if path.exists() else None for _ in steps]
    assert saved == [None, 2, 2, 4, 5]
    last = TrainedBigGAN.load(path)
    assert same(last.weights, trained.weights)
    assert last.training["updates"] == 5
    assert last.shape == {
        "size": 32,
        "classes": 2,
        "channels": 2,
        "latent_size": 8,
        "shared_size": 4,
        "colours": 1,
    }


def test_closed_it_saves_what_it_yielded_last(tmp_path: Path, trained: TrainedBigGAN) -> None:
    path = tmp_path / "kept.safetensors"
    steps = TINY.steps(*examples(), checkpoint=path)
    next(steps)
    assert not path.exists()
    steps.close()
    saved = TrainedBigGAN.load(path)
    assert saved.step == 2
    assert same(TINY.train(*examples(), resume=saved).weights, trained.weights)


def test_a_pause_takes_no_time(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = count()
    monkeypatch.setattr(biggan, "time", SimpleNamespace(perf_counter=lambda: float(next(clock))))
    steps = TINY.steps(*examples())
    assert next(steps).partial.seconds == 2  # a tick an update
    for _ in range(100):
        next(clock)
    half = next(steps).partial
    assert half.seconds == 4
    assert TINY.train(*examples(), resume=half).seconds == 5


def test_losses_have_names_and_the_sheet_is_of_samples(trained: TrainedBigGAN) -> None:
    assert trained.loss_names == ("generator", "discriminator")
    assert torch.equal(trained.losses[:, 0], trained.generator_loss)
    assert torch.equal(trained.losses[:, 1], trained.discriminator_loss)
    assert torch.equal(trained.sheet(), trained.samples())
    assert trained.sheet_columns == ()


def test_what_is_no_checkpoint_is_refused(tmp_path: Path) -> None:
    (tmp_path / "noise").write_bytes(b"noise")
    with pytest.raises(ResultError, match="is not a saved result"):
        TrainedBigGAN.load(tmp_path / "noise")


def test_it_reports_as_often_as_asked_and_at_the_end() -> None:
    updates = list(TINY.steps(*examples()))
    assert [update.partial.step for update in updates] == [2, 4, 5]
    assert [update.fraction for update in updates] == [0.4, 0.8, 1]
    assert updates[0].activity == "update 2 of 5"
    assert len(updates[0].partial.generator_loss) == 2, "what was yielded stays as it was"


def test_a_run_of_it_is_stopped_between_updates_and_goes_on(trained: TrainedBigGAN) -> None:
    def stop_once(run: Run[TrainedBigGAN]) -> None:
        if run.partial is not None and run.partial.step == 1 and run.state == "running":
            run.cancel()

    run = Run(replace(TINY, report_every=1).steps(*examples()), on_update=stop_once, interval=0)
    assert run.wait(60) == "stopped"
    assert run.partial is not None
    assert run.partial.step in (1, 2)
    run.resume()
    assert same(run.result(60).weights, trained.weights)


def test_the_mean_follows_and_then_averages() -> None:
    at_work = work(replace(TINY, mean_from=2, mean_decay=0.75))

    def now() -> tuple[Tensor, Tensor]:
        at_work._g.eval()
        weights = at_work._g.paint.weight.detach().clone(), at_work._g.norm.running_mean.clone()
        at_work._g.train()
        return weights

    for _ in range(2):
        at_work.update()
        expected = now()
        assert torch.equal(at_work._mean.paint.weight, expected[0])
        assert torch.equal(at_work._mean.norm.running_mean, expected[1])
    at_work.update()
    expected = tuple(0.75 * a + 0.25 * b for a, b in zip(expected, now(), strict=True))
    assert torch.allclose(at_work._mean.paint.weight, expected[0], atol=1e-7)
    assert torch.allclose(at_work._mean.norm.running_mean, expected[1], atol=1e-7)
    assert not torch.allclose(at_work._mean.paint.weight, now()[0], atol=1e-6)


def test_following_leaves_the_trained_network_alone() -> None:
    at_work = work(TINY)
    before = {name: value.clone() for name, value in at_work._g.state_dict().items()}
    at_work._follow()
    assert same(at_work._g.state_dict(), before)
    assert all(part.training for part in at_work._g.modules())


def test_in_the_end_the_normalisations_know_what_they_see() -> None:
    at_work = work(TINY)
    at_work.update()
    random = torch.Generator()
    random.set_state(at_work._random.get_state())
    at_work._measure_norms()
    assert torch.equal(at_work._random.get_state(), random.get_state()), "as if it had not been"
    mean = at_work._mean
    assert not any(part.training for part in mean.modules())
    batches = []
    for _ in range(32):
        z = torch.randn(4, 8, generator=random)
        torch.randint(2, (4,), generator=random)
        batches.append(mean.start(z[:, :2]).detach().unflatten(1, (-1, 16)))
    seen = torch.stack(batches)
    norm = mean.blocks[0].norm1.norm
    assert torch.allclose(norm.running_mean, seen.mean(dim=(0, 1, 3)), atol=1e-5)
    assert torch.allclose(norm.running_var, seen.var(dim=(1, 3)).mean(dim=0), atol=1e-2, rtol=1e-2)
    assert int(norm.num_batches_tracked) == 32


def test_torch_and_the_images_are_left_alone() -> None:
    images, labels = examples()
    kept, state = images.clone(), torch.get_rng_state()
    first = TINY.train(images, labels)
    assert torch.equal(torch.get_rng_state(), state)
    assert torch.equal(images, kept)
    torch.rand(3)
    assert same(TINY.train(images, labels).weights, first.weights)
    assert not same(replace(TINY, seed=1).train(images, labels).weights, first.weights)


def test_the_discriminator_learns() -> None:
    training = replace(TINY, updates=40, generator_rate=0, discriminator_rate=5e-3)
    loss = training.train(*examples()).discriminator_loss
    assert loss[-8:].mean() < 0.7 * loss[:8].mean()


def test_the_generator_learns_what_the_discriminator_likes() -> None:
    training = replace(TINY, updates=40, generator_rate=5e-3, discriminator_rate=0, shift=0, cutout=0)
    loss = training.train(*examples()).generator_loss
    assert loss[-8:].mean() < loss[:8].mean() - 0.1


def test_the_discriminator_may_learn_more_often() -> None:
    state = replace(TINY, updates=2, critic_updates=3).train(*examples()).state
    assert int(state["adam_d.0.step"]) == 6
    assert int(state["adam_g.0.step"]) == 2


def test_half_the_precision_keeps_the_weights_whole(trained: TrainedBigGAN) -> None:
    half = replace(TINY, precision="bfloat16").train(*examples())
    assert {value.dtype for value in half.weights.values()} == {torch.float32, torch.int64}
    assert not same(half.weights, trained.weights)
    for name, value in half.weights.items():
        if value.ndim > 1:
            assert torch.allclose(value, trained.weights[name], atol=0.05)


def test_samples_are_of_the_generator_as_it_stands(trained: TrainedBigGAN) -> None:
    samples = trained.samples(each=3, seed=5)
    assert samples.shape == (2, 3, 3, 32, 32)
    network = BigGAN(**trained.shape)
    network.load_state_dict(trained.weights)
    state = torch.get_rng_state()
    assert trained.samples(each=1).shape == (2, 1, 3, 32, 32)
    assert torch.equal(torch.get_rng_state(), state)
    before = trained.weights["paint.bias"].clone()
    with torch.no_grad():
        trained.network().paint.bias.add_(1)
    assert torch.equal(trained.weights["paint.bias"], before)
    z, c = network.sample(6, seed=5), torch.eye(2)[[0, 0, 0, 1, 1, 1]]
    with torch.no_grad():
        assert torch.equal(samples.flatten(0, 1), network.eval().generate(z, c))
    assert trained.samples(each=1, classes=[1]).shape == (1, 1, 3, 32, 32)
    assert torch.allclose(trained.samples(each=4, classes=[0])[0], trained.samples(each=4)[0], atol=1e-6)
    assert not trained.network().training
    with pytest.raises(ValueError, match="each must be"):
        trained.samples(each=0)


def test_a_notebook_shows_a_sheet_and_the_losses(trained: TrainedBigGAN) -> None:
    page = trained._repr_html_()
    assert repr(trained) == "<TrainedBigGAN: update 5 of 5>"
    assert page.startswith("<p>update 5 of 5 in ")
    assert f"generator {trained.generator_loss.mean():.3f}" in page
    assert f"discriminator {trained.discriminator_loss.mean():.3f} (mean of the last 5 updates)" in page
    data = re.search(r'src="data:image/png;base64,([^"]+)"', page)
    assert data is not None
    sheet = Image.open(io.BytesIO(base64.b64decode(data[1])))
    assert sheet.size == (8 * 32, 2 * 32)
    second = trained.samples(classes=[0, 1])[1, 2]
    tile = torch.tensor(list(sheet.crop((64, 32, 96, 64)).tobytes())).view(32, 32, 3)
    assert (tile / 255 - second.permute(1, 2, 0)).abs().max() <= 0.5 / 255 + 1e-6


def test_of_many_classes_the_sheet_shows_some() -> None:
    labels = torch.arange(12)
    training = replace(TINY, updates=1)
    page = training.train(torch.rand(12, 1, 32, 32), labels)._repr_html_()
    data = re.search(r'base64,([^"]+)"', page)
    assert data is not None
    assert Image.open(io.BytesIO(base64.b64decode(data[1]))).size == (8 * 32, 10 * 32)


def test_colours_and_larger_images_will_do() -> None:
    training = replace(TINY, updates=1, latent_size=10)
    trained = training.train(torch.rand(4, 3, 64, 64), torch.tensor([0, 1, 2, 2]))
    assert trained.samples(each=1).shape == (3, 1, 3, 64, 64)
    assert not torch.equal(*trained.samples(each=1)[0, 0, :2])


def test_the_discriminator_may_be_wider(trained: TrainedBigGAN) -> None:
    wide = replace(TINY, updates=1, critic_channels=6).train(*examples())
    assert wide.weights.keys() == trained.weights.keys()
    assert all(wide.weights[name].shape == value.shape for name, value in trained.weights.items())
    first = "discriminator.blocks.0.conv1.bias"
    assert (len(trained.state[first]), len(wide.state[first])) == (4 * 2, 4 * 6)
    as_wide = replace(TINY, critic_channels=2).train(*examples())
    assert same(as_wide.weights, trained.weights)  # as wide as the generator, which is what None means


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"channels": 4}, "trained with channels=2; here it is 4"),
        ({"critic_channels": 4}, "trained with critic_channels=None; here it is 4"),
        ({"seed": 3}, "trained with seed=0; here it is 3"),
        ({"cutout": 0.25}, "trained with cutout=0.5; here it is 0.25"),
    ],
)
def test_a_checkpoint_of_another_training_is_refused(
    trained: TrainedBigGAN, change: Any, message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        replace(TINY, **change).train(*examples(), resume=trained)


def test_a_checkpoint_of_other_images_is_refused(trained: TrainedBigGAN) -> None:
    images, labels = examples()
    with pytest.raises(ValueError, match="trained with classes=2; here it is 3"):
        TINY.train(images, labels.clamp(min=0) + (torch.arange(20) == 0) * 2, resume=trained)
    older = replace(trained, training={k: v for k, v in trained.training.items() if k != "shift"})
    with pytest.raises(ValueError, match=r"trained with shift=None; here it is 0\.125"):
        TINY.train(images, labels, resume=older)
    for other in ((images.flip(3), labels), (images, labels.flip(0))):
        with pytest.raises(ValueError, match="trained on other images or labels"):
            TINY.train(*other, resume=trained)
    before = replace(trained, step=4, data="")  # as earlier versions saved it
    assert TINY.train(images.flip(3), labels, resume=before).step == 5


def test_it_goes_on_with_more_updates_and_other_reports(trained: TrainedBigGAN) -> None:
    longer = replace(TINY, updates=6, report_every=7).train(*examples(), resume=trained)
    assert longer.step == len(longer.generator_loss) == 6


@pytest.mark.parametrize(
    ("images", "labels", "message"),
    [
        (torch.zeros(4, 1, 32, 16), torch.zeros(4).long(), r"got \(4, 1, 32, 16\) and \(4,\)"),
        (torch.zeros(4, 1, 32, 32), torch.zeros(3).long(), r"got \(4, 1, 32, 32\) and \(3,\)"),
        (torch.zeros(0, 1, 32, 32), torch.zeros(0).long(), "at least one, of floats; got 0"),
        (torch.zeros(4, 1, 32, 32).byte(), torch.zeros(4).long(), "of floats; got 4 of torch.uint8"),
        (torch.full((4, 1, 32, 32), 255.0), torch.zeros(4).long(), r"in \[0, 1\]; got 255 to 255"),
        (torch.full((4, 1, 32, 32), torch.nan), torch.zeros(4).long(), r"in \[0, 1\]; got nan"),
        (torch.zeros(4, 1, 32, 32), torch.zeros(4), "labels must be int64"),
        (torch.zeros(4, 1, 32, 32), -torch.ones(4).long(), "at least 0; got torch.int64 from -1"),
        (torch.zeros(4, 1, 28, 28), torch.zeros(4).long(), "size must be one of 32, 64, 128, not 28"),
        (torch.zeros(4, 2, 32, 32), torch.zeros(4).long(), "colours must be one of 1, 3, not 2"),
    ],
)
def test_images_that_cannot_be_learned_are_named(images: Tensor, labels: Tensor, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        TINY.train(images, labels)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"updates": 0}, "updates must be"),
        ({"batch_size": 0}, "batch_size must be"),
        ({"critic_updates": 0}, "critic_updates must be"),
        ({"critic_channels": 0}, "critic_channels must be"),
        ({"report_every": 0}, "report_every must be"),
        ({"seed": -1}, "seed must be"),
        ({"mean_from": -1}, "mean_from must be"),
        ({"generator_rate": -1e-4}, "generator_rate must be"),
        ({"discriminator_rate": float("nan")}, "discriminator_rate must be"),
        ({"mean_decay": 1.5}, "mean_decay must be"),
        ({"shift": 2}, "shift must be"),
        ({"cutout": -1}, "cutout must be"),
        ({"precision": "float16"}, "precision must be one of 'float32', 'bfloat16', not 'float16'"),
    ],
)
def test_settings_out_of_range_are_named(settings: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        BigGANTraining(**settings)


@pytest.mark.cuda
def test_it_trains_on_cuda_and_its_generator_comes_back() -> None:
    trained = replace(TINY, device="cuda", precision="bfloat16").train(*examples())
    assert {value.device.type for value in (*trained.weights.values(), *trained.state.values())} == {"cpu"}
    assert bool(torch.isfinite(trained.samples(each=2)).all())
    assert isinstance(trained.network(), nn.Module)
